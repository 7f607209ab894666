"""The function that makes specifications of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.specification._limits import PRIVACY_FLOOR
from learnware.specification._text import RKMETextSpecification

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from learnware.specification._generate import Quality
    from learnware.specification.encoding import TextEncoder

__all__ = ["generate_rkme_text_spec"]


def generate_rkme_text_spec(
    X: Any,
    gamma: float = 0.1,
    reduced_set_size: int = 100,
    step_size: float = 0.1,
    steps: int = 3,
    nonnegative_beta: bool = True,
    reduce: bool = True,
    cuda_idx: int | None = None,
    *,
    encoder: str | os.PathLike[str] | TextEncoder = "hashing",
    language: Sequence[str] | None = None,
    quality: Quality = "default",
    seed: int = 0,
    privacy_floor: int | None = PRIVACY_FLOOR,
    progress: bool | None = None,
) -> RKMETextSpecification:
    """Make the statistical specification of texts, on the owner's machine.

    An encoder turns each text into a point, and a few weighted points take their place, as `generate_rkme_table_spec`
    does with the rows of a table. Only specifications of one encoder compare.

    Missing texts count as empty ones, bytes that are no UTF-8 are replaced, and of very long texts the encoder reads
    the beginning (the built-in one 8192 characters); `spec.report` counts all three.

    Parameters
    ----------
    X : list, tuple, array, column, data frame of one column, or iterator of texts or of chunks of these
        The texts: strings, or bytes in UTF-8. Columns are those of pandas, polars and pyarrow. An iterator may have any
        length: memory is fixed, and a uniform sample of it is used. The texts are only read.
    gamma : float, default=0.1
        Inverse squared length scale of the kernel exp(-gamma ||x - y||^2) on the encoder's points. Only specifications
        of equal gamma compare, so leave it.
    reduced_set_size : int, default=100
        Largest number of points K. Fewer come back where the privacy floor or the number of distinct texts asks for it.
    step_size, steps : float, int
        Accepted for programs written for the published package, and not used.
    nonnegative_beta : bool, default=True
        Weights on the simplex; else weights of any sign and sum.
    reduce : bool, default=True
        Search for better points than the start's. False keeps those and finds their weights only.
    cuda_idx : int, optional
        Accepted for programs written for the published package; the computation runs on the CPU.
    encoder : str, path or TextEncoder, default="hashing"
        What `text_encoder` knows: "hashing" is built in and serves any language without a download;
        "paraphrase-multilingual-MiniLM-L12-v2" is that of the published package; or the folder of a model.
    language : sequence of str, optional
        Languages of the texts as ISO 639-1 codes, "zh-cn" or "zh-tw". By default they are found in a sample.
    quality : {"default", "best"}, default="default"
        "best" searches several times longer for a slightly closer fit.
    seed : int, default=0
        Seed of the samples and of the start.
    privacy_floor : int or None, default=5
        Texts to a point, at least, on average. 0 or None switches it off.
    progress : bool, optional
        Show a progress bar; by default only on a terminal and only for long work.

    Returns
    -------
    RKMETextSpecification

    Raises
    ------
    SpecificationError
        If these are no texts, or all are empty.
    EncoderUnavailableError
        If the encoder is not known, or cannot be downloaded.
    MissingDependencyError
        If the encoder needs a package that is not installed.

    Examples
    --------
    >>> texts = [f"The weather of day {day} was {'fine' if day % 3 else 'bad'}." for day in range(100)]
    >>> spec = generate_rkme_text_spec(texts, reduced_set_size=10)
    >>> spec.language, spec.space
    (['en'], 'RKMETextSpecification/hashing/384')
    """
    spec = RKMETextSpecification(gamma=gamma, cuda_idx=cuda_idx)
    spec.generate_stat_spec_from_data(
        X,
        K=reduced_set_size,
        step_size=step_size,
        steps=steps,
        nonnegative_beta=nonnegative_beta,
        reduce=reduce,
        encoder=encoder,
        language=language,
        quality=quality,
        seed=seed,
        privacy_floor=privacy_floor,
        progress=progress,
    )
    return spec
