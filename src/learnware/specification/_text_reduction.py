"""From texts to their reduced set: reading, encoding, languages, and the reduction of the points."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._generate import reduce_table
from learnware.specification._languages import LanguageSample
from learnware.specification._text_report import TextReport
from learnware.specification._texts import TextReader
from learnware.specification.encoding._names import text_encoder

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from learnware.specification._generate import Quality
    from learnware.specification.encoding._base import TextEncoder

__all__ = ["TextReduction", "reduce_texts"]

# Digits after the point that are written of the points: encoders compute in single precision, and files stay small.
_DECIMALS = 6


@dataclass(frozen=True)
class TextReduction:
    """A reduced set of texts."""

    z: NDArray[np.float64]
    beta: NDArray[np.float64]
    n_texts: int
    encoder: str
    language: list[str]
    report: TextReport


def reduce_texts(
    X: Any,
    *,
    encoder: str | os.PathLike[str] | TextEncoder,
    language: Sequence[str] | None,
    K: int,
    gamma: float,
    nonnegative_beta: bool,
    reduce: bool,
    quality: Quality,
    seed: int,
    privacy_floor: int | None,
    progress: bool | None,
) -> TextReduction:
    """Return at most `K` weighted points for the texts of `X`; parameters as in `generate_rkme_text_spec`."""
    if isinstance(language, str):
        raise SpecificationError(f"language must be a list of codes, not {language!r}")
    texts = _EncodedTexts(X, text_encoder(encoder), seed, detect=language is None)
    # Encoded as they are read: any number of texts in fixed memory, and progress shows in between.
    reduction = reduce_table(
        iter(texts),
        K=K,
        gamma=gamma,
        nonnegative_beta=nonnegative_beta,
        reduce=reduce,
        quality=quality,
        seed=seed,
        privacy_floor=privacy_floor,
        progress=progress,
        cells=True,
    )
    reader = texts.reader
    if reader.missing + reader.empty == reader.n_read:
        raise SpecificationError(f"all {reader.n_read} texts are empty")
    return TextReduction(
        z=np.round(reduction.z, _DECIMALS),
        beta=reduction.beta,
        n_texts=reduction.n_rows,
        encoder=texts.encoder.name,
        language=texts.sample.languages() if language is None else list(dict.fromkeys(language)),
        report=TextReport(
            **asdict(reduction.report),
            missing_texts=reader.missing,
            empty_texts=reader.empty,
            replaced_texts=reader.replaced,
            shortened_texts=texts.shortened,
        ),
    )


class _EncodedTexts:
    """Texts as points, chunk by chunk, and what was seen on the way."""

    def __init__(self, X: Any, encoder: TextEncoder, seed: int, *, detect: bool) -> None:
        self.reader, self.encoder = TextReader(X), encoder
        self.sample = LanguageSample(seed)
        self.shortened = 0
        self._detect = detect

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for chunk in self.reader.chunks():
            if self._detect:
                self.sample.add(chunk)
            points, shortened = self.encoder.encode_counted(chunk)
            self.shortened += shortened
            yield points
