"""Kernel herding among the points of a reduced set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.errors import SpecificationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["herd"]


def herd(gram: NDArray[np.floating], weights: NDArray[np.float64], T: int) -> NDArray[np.intp]:
    """Return the numbers of `T` points, repeated ones included, that stand for the weighted ones with equal weights.

    Chen, Welling, Smola: Super-Samples from Kernel Herding, UAI 2010. Each step takes the point that the points so far
    cover least.

    Parameters
    ----------
    gram : ndarray of shape (K, K)
        The kernel of all pairs of points.
    weights : ndarray of shape (K,)
    T : int
        Number of points, at least 0.

    Returns
    -------
    ndarray of shape (T,), intp
    """
    if T < 0:
        raise SpecificationError(f"the number of points must be at least 0, not {T}")
    wanted = gram @ weights
    chosen = np.empty(T, dtype=np.intp)
    covered = np.zeros(len(weights))
    for t in range(T):
        chosen[t] = np.argmax(wanted - covered / (t + 1))
        covered += gram[chosen[t]]
    return chosen
