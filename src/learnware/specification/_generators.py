"""The functions that make statistical specifications from data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import SpecificationError
from learnware.specification._kinds import DATA_TYPES, generate, spec_types
from learnware.specification._limits import PRIVACY_FLOOR
from learnware.specification._table import RKMETableSpecification

if TYPE_CHECKING:
    from learnware.specification._generate import Quality
    from learnware.specification._rkme import RKMESpecification

__all__ = ["generate_rkme_table_spec", "generate_stat_spec"]


def generate_rkme_table_spec(
    X: Any,
    gamma: float = 0.1,
    reduced_set_size: int = 100,
    step_size: float = 0.1,
    steps: int = 3,
    nonnegative_beta: bool = True,
    reduce: bool = True,
    cuda_idx: int | None = None,
    *,
    quality: Quality = "default",
    seed: int = 0,
    privacy_floor: int | None = PRIVACY_FLOOR,
    progress: bool | None = None,
) -> RKMETableSpecification:
    """Make the statistical specification of a table, on the owner's machine.

    A few weighted points take the place of the rows; their kernel mean embedding is as near as possible to that of the
    rows (Wu, Xu, Liu, Zhou: Model Reuse with RKME Specification, TKDE 35(1), 2023). `spec.report` says how near, and
    what the points give away of single rows.

    Missing values count as their column's median and infinite ones as its largest or smallest finite value; both are
    counted in the report. Integers and booleans are numbers, constant columns stay constant. Where the kernel on raw
    columns cannot tell rows apart, points and weights are found under a robustly scaled kernel; the points are in the
    table's units in any case, and the report says which kernel was used.

    Parameters
    ----------
    X : array_like, data frame, tensor or iterator of shape (n_samples, n_features)
        A numpy array, list of rows, pandas or polars data frame, pyarrow table, torch tensor, or an iterator of chunks
        of these, of any length: memory is fixed, and what the iterator gives is used from a uniform sample of it. It
        is only read.
    gamma : float, default=0.1
        Inverse squared length scale of the kernel exp(-gamma ||x - y||^2) on raw columns. Only specifications of equal
        gamma compare, so leave it.
    reduced_set_size : int, default=100
        Largest number of points K. Fewer come back where the privacy floor or the number of distinct rows asks for it.
    step_size, steps : float, int
        Accepted for programs written for the published package, whose descent they controlled, and not used: the search
        chooses its own steps, and `quality` says how far it goes.
    nonnegative_beta : bool, default=True
        Weights on the simplex; else weights of any sign and sum, which fit closer but are no distribution.
    reduce : bool, default=True
        Search for better points than the start's (means of clusters). False keeps those and finds their weights only.
    cuda_idx : int, optional
        Accepted for programs written for the published package; the computation runs on the CPU.
    quality : {"default", "best"}, default="default"
        "best" searches several times longer for a slightly closer fit.
    seed : int, default=0
        Seed of the sample and of the start. Equal data and seed give equal bytes on one machine, with any number of
        threads; another processor's arithmetic rounds differently, and the search may end at slightly other points.
    privacy_floor : int or None, default=5
        Rows to a point, at least, on average; K shrinks to keep it. A point that falls on a row is moved, unless at
        least so many rows share that value. 0 or None switches both off.
    progress : bool, optional
        Show a progress bar; by default only on a terminal and only for long work.

    Returns
    -------
    RKMETableSpecification

    Raises
    ------
    SpecificationError
        If `X` is empty, not two-dimensional, or a column is not of numbers, all missing or beyond 1e150; the message
        and the attribute ``column`` name the column.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> spec = generate_rkme_table_spec(rows, reduced_set_size=20)
    >>> spec
    RKMETableSpecification(20 points, 3 features, num_points=500, gamma=0.1)
    >>> spec.report.mmd2 < 1e-3
    True
    """
    spec = RKMETableSpecification(gamma=gamma, cuda_idx=cuda_idx)
    spec.generate_stat_spec_from_data(
        X,
        K=reduced_set_size,
        step_size=step_size,
        steps=steps,
        nonnegative_beta=nonnegative_beta,
        reduce=reduce,
        quality=quality,
        seed=seed,
        privacy_floor=privacy_floor,
        progress=progress,
    )
    return spec


def generate_stat_spec(type: str, X: Any, *args: Any, **kwargs: Any) -> RKMESpecification:
    """Make the default statistical specification of data of a type.

    Parameters
    ----------
    type : {"table", "image", "text"}
        The kind of data.
    X : array, data frame, column, tensor or list
        The data, see `generate_rkme_table_spec`, `generate_rkme_image_feature_spec`, `generate_rkme_text_spec`.
    *args, **kwargs
        Further arguments of that function.

    Raises
    ------
    SpecificationError
        If the type has no generator, or the data cannot be described.

    Examples
    --------
    >>> generate_stat_spec("table", [[0.0, 1.0], [1.0, 0.0]] * 50).num_points
    100
    """
    types = spec_types(type.capitalize())
    if not types or type != type.lower():
        known = ", ".join(repr(one.lower()) for one in DATA_TYPES)
        raise SpecificationError(f"no specification can be made for data of type {type!r}; known are: {known}")
    return generate(types[0], X, *args, **kwargs)
