"""RKME specifications of texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._base import register_stat_specification
from learnware.specification._limits import PRIVACY_FLOOR
from learnware.specification._states import check_type
from learnware.specification._table import RKMETableSpecification
from learnware.texts import text

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.specification._generate import Quality
    from learnware.specification.encoding import TextEncoder

__all__ = ["RKMETextSpecification"]

# Codes of languages: ISO 639, and zh-cn and zh-tw.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,4})?")
_MOST_LANGUAGES = 200


@register_stat_specification
class RKMETextSpecification(RKMETableSpecification):
    """Reduced kernel mean embedding (RKME) of texts: weighted points in the space of a sentence encoder.

    Specifications compare where they were made with the same encoder, and never else.

    Parameters
    ----------
    gamma : float, default=0.1
        Inverse squared length scale of the Gaussian kernel on the encoder's points.
    cuda_idx : int, optional
        Accepted for programs written for the published package; the computation runs on the CPU.
    encoder : str, default="hashing"
        Identity of the encoder, `TextEncoder.name`. A file without one was made by the published package, with
        "paraphrase-multilingual-MiniLM-L12-v2".

    Attributes
    ----------
    z : ndarray of shape (K, dimension), float64
        The reduced set.
    beta : ndarray of shape (K,), float64
        Weights of its points.
    num_points : int
        Number of texts that the specification stands for.
    language : list of str
        Languages of the texts, the most frequent first: ISO 639-1 codes, "zh-cn" and "zh-tw". Empty if the texts were
        too short to tell.
    encoder : str
        Identity of the encoder.
    report : TextReport or None
        Fit, privacy and what was found in the texts, if the specification was made here.
    """

    means_tell_most = True
    traits_entry = "language"

    def __init__(self, gamma: float = 0.1, cuda_idx: int | None = None, *, encoder: str = "hashing") -> None:
        super().__init__(gamma, cuda_idx)
        self.type = "RKMETextSpecification"
        self.language: list[str] = []
        self.encoder = encoder

    def __repr__(self) -> str:
        points = "empty" if self.z is None else f"{len(self.z)} points"
        languages = "+".join(self.language) or "unknown"
        return (
            f"{type(self).__name__}({points}, encoder={self.encoder!r}, language={languages},"
            f" num_points={self.num_points}, gamma={self.gamma})"
        )

    @property
    def space(self) -> str:
        """The type, the encoder and its dimension."""
        return f"{self.type}/{self.encoder}/{self.get_z().shape[1]}"

    def describe_space(self) -> str:
        """Return "texts" and the encoder, in brackets."""
        return text("texts ({encoder} encoder)", encoder=self.encoder)

    def describe_needs(self) -> str:
        """Return "texts", the encoder and the languages, as far as they are known."""
        if not self.language:
            return self.describe_space()
        return text("{data} in {languages}", data=self.describe_space(), languages=", ".join(self.language))

    def to_points(self, X: Any) -> NDArray[np.float64]:
        """Return texts as points of the specification's own encoder, shape (n_texts, dimension).

        Parameters
        ----------
        X : list, tuple, array, column, data frame of one column, or iterator of texts or of chunks of these

        Raises
        ------
        SpecificationError
            If these are no texts.
        EncoderUnavailableError
            If the encoder is not known here, or cannot be downloaded.
        IncompatibleSpecificationError
            If the encoder of this name has another dimension.
        """
        from learnware.specification._texts import TextReader
        from learnware.specification.encoding._names import encoder_of_name

        encoder, width = encoder_of_name(self.encoder), self.get_z().shape[1]
        if encoder.dimension != width:
            raise IncompatibleSpecificationError(
                f"the specification has points of {width} dimensions, its encoder {self.encoder!r} gives"
                f" {encoder.dimension}"
            )
        return np.concatenate([encoder.encode(chunk) for chunk in TextReader(X).chunks()]).astype(np.float64)

    def generate_stat_spec_from_data(
        self,
        X: Any,
        K: int = 100,
        step_size: float = 0.1,  # noqa: ARG002 - published parameter
        steps: int = 3,  # noqa: ARG002 - published parameter
        nonnegative_beta: bool = True,
        reduce: bool = True,
        *,
        encoder: str | os.PathLike[str] | TextEncoder | None = None,
        language: Sequence[str] | None = None,
        quality: Quality = "default",
        seed: int = 0,
        privacy_floor: int | None = PRIVACY_FLOOR,
        progress: bool | None = None,
    ) -> None:
        """Fill the specification from texts.

        Parameters are those of `generate_rkme_text_spec`, where `K` is called `reduced_set_size`. Without `encoder` it
        is the one that the specification names.

        Raises
        ------
        SpecificationError
            If these are no texts, or all are empty.
        EncoderUnavailableError
            If the encoder is not known, or cannot be downloaded.
        """
        from learnware.specification._text_reduction import reduce_texts

        reduction = reduce_texts(
            X,
            encoder=self.encoder if encoder is None else encoder,
            language=language,
            K=K,
            gamma=self.gamma,
            nonnegative_beta=nonnegative_beta,
            reduce=reduce,
            quality=quality,
            seed=seed,
            privacy_floor=privacy_floor,
            progress=progress,
        )
        self.z, self.beta, self.num_points = reduction.z, reduction.beta, reduction.n_texts
        self.encoder, self.language, self.report = reduction.encoder, reduction.language, reduction.report

    def inner_prod(self, Phi2: RKMETableSpecification) -> float:
        """Return the inner product of the two embeddings.

        Raises
        ------
        IncompatibleSpecificationError
            If the other specification is none of texts, or was made with another encoder.
        """
        if not isinstance(Phi2, RKMETextSpecification) or Phi2.encoder != self.encoder:
            other = Phi2.encoder if isinstance(Phi2, RKMETextSpecification) else Phi2.type
            raise IncompatibleSpecificationError(
                f"specifications of texts compare where their encoders are the same, not {self.encoder!r} and {other!r}"
            )
        return super().inner_prod(Phi2)

    @staticmethod
    def get_language_ids(X: Any) -> list[str]:
        """Return the languages of texts, the most frequent first: ISO 639-1 codes, "zh-cn" and "zh-tw".

        A sample of the texts is looked at. Texts too short to tell say nothing, and a language counts where at least
        one in twenty of those that tell is in it.

        Examples
        --------
        >>> RKMETextSpecification.get_language_ids(["The fox jumps over the lazy dog, and then it sleeps."])
        ['en']
        """
        from learnware.specification._languages import LanguageSample
        from learnware.specification._texts import TextReader

        sample = LanguageSample(seed=0)
        for chunk in TextReader(X).chunks():
            sample.add(chunk)
        return sample.languages()

    @staticmethod
    def get_sentence_embedding(X: Any) -> NDArray[np.float32]:
        """Return texts as points of the encoder that the published package uses, shape (n_texts, 384).

        It is downloaded at its first use; see `learnware.specification.encoding.text_encoder`.
        """
        from learnware.specification._texts import TextReader
        from learnware.specification.encoding import PUBLISHED, text_encoder

        encoder = text_encoder(PUBLISHED)
        return np.concatenate([encoder.encode(chunk) for chunk in TextReader(X).chunks()])

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> Self:
        """Return the specification that parsed JSON describes.

        Parameters
        ----------
        states : mapping
            `z`, `beta` and `gamma`; `num_points`, `type`, `language`, `encoder` and `report` may be absent, unknown
            keys are ignored. Without `encoder` the specification is one of the published package.

        Raises
        ------
        SpecificationError
            If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
        """
        from learnware.specification._text_report import TextReport
        from learnware.specification.encoding._names import DIMENSIONS, PUBLISHED, is_encoder_name

        check_type(states, "RKMETextSpecification")
        spec = super().from_states({name: states[name] for name in states if name != "type"})
        encoder, language = states.get("encoder", PUBLISHED), states.get("language", [])
        if not is_encoder_name(encoder):
            raise SpecificationError(f"'encoder' must be the name of a text encoder, not {encoder!r:.80}")
        wanted = DIMENSIONS.get(encoder)
        width = spec.get_z().shape[1]
        if wanted is not None and wanted != width:
            raise SpecificationError(f"the encoder {encoder!r} gives {wanted} dimensions, z has {width}")
        language = [language] if isinstance(language, str) else language
        if not (
            isinstance(language, list | tuple)
            and len(language) <= _MOST_LANGUAGES
            and all(isinstance(code, str) and _LANGUAGE.fullmatch(code) for code in language)
        ):
            raise SpecificationError(f"'language' must be a list of language codes, not {language!r:.80}")
        spec.encoder, spec.language = encoder, list(dict.fromkeys(language))
        spec.report = TextReport.from_states(states.get("report")) or spec.report
        return spec
