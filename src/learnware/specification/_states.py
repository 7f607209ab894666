"""Reading reduced sets from parsed JSON of anybody: types, shapes, finite numbers within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._limits import LARGEST_VALUE, LARGEST_WEIGHT, MAX_POINTS, MOST_ROWS
from learnware.specification._report import ReductionReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["ReducedSet", "check_type", "number_array", "read_reduced_set"]


@dataclass(frozen=True)
class ReducedSet:
    """What all kinds of reduced kernel mean embeddings keep in their files.

    Attributes
    ----------
    z : ndarray of shape (K, ...), float64
        Points.
    beta : ndarray of shape (K,), float64
        Weights.
    num_points : int
        Number of samples behind them; 0 where it is not known.
    report : ReductionReport or None
        Fit and privacy.
    """

    z: NDArray[np.float64]
    beta: NDArray[np.float64]
    num_points: int
    report: ReductionReport | None


def check_type(states: Mapping[str, Any], *names: str) -> None:
    """Refuse what is no JSON object or says that it is of a type other than `names`; it need not say so.

    Raises
    ------
    SpecificationError
    """
    if not hasattr(states, "keys"):
        raise SpecificationError("a specification file holds one JSON object")
    kind = states.get("type", names[0])
    if kind not in names:
        raise SpecificationError(f"this is a {kind!r}, not a {names[0]}")


def read_reduced_set(states: Mapping[str, Any], dimensions: int) -> ReducedSet:
    """Return the points and weights of parsed JSON.

    Parameters
    ----------
    states : mapping
        `z` and `beta`; `num_points` and `report` may be absent.
    dimensions : int
        Those of `z`.

    Raises
    ------
    SpecificationError
        If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
    """
    z, beta = number_array(states, "z", dimensions), number_array(states, "beta", 1)
    if z.size == 0 or len(z) != len(beta):
        raise SpecificationError(f"z and beta do not match: shapes {z.shape} and {beta.shape}")
    if len(z) > MAX_POINTS:
        raise SpecificationError(f"a specification has at most {MAX_POINTS} points, this one {len(z)}")
    if not beta.any():
        raise SpecificationError("all weights (beta) are zero")
    for name, values, largest in (("z", z, LARGEST_VALUE), ("beta", beta, LARGEST_WEIGHT)):
        if np.abs(values).max() > largest:
            raise SpecificationError(f"{name!r} has values beyond {largest:g}")
    num_points = states.get("num_points", 0)
    whole = isinstance(num_points, int | np.integer) and not isinstance(num_points, bool)
    if not (whole and 0 <= num_points <= MOST_ROWS):
        raise SpecificationError(f"num_points must be a whole number from 0 to 2**53, not {num_points!r:.40}")
    return ReducedSet(z, beta, int(num_points), ReductionReport.from_states(states.get("report")))


def number_array(states: Mapping[str, Any], name: str, dimensions: int) -> NDArray[np.float64]:
    """Return a value of parsed JSON as a finite array of so many dimensions.

    Raises
    ------
    SpecificationError
        If it is missing or anything else.
    """
    try:
        value = np.asarray(states[name])
    except KeyError:
        raise SpecificationError(f"the specification has no {name!r}") from None
    except ValueError as error:
        raise SpecificationError(f"{name!r} is not an array of numbers: {error}") from error
    if value.dtype.kind not in "iuf" or value.ndim != dimensions:
        raise SpecificationError(f"{name!r} must be numbers in {dimensions} dimensions, not {value.dtype}{value.shape}")
    if not np.isfinite(value).all():
        raise SpecificationError(f"{name!r} has values that are not finite")
    return value.astype(np.float64)
