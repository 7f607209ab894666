"""The Gaussian kernel and inner products of weighted point sets under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["gaussian_inner_product", "gaussian_kernel", "in_units"]

# Entries of one kernel block: 8 MB of float64 stay in cache range and bound the memory for any size.
_BLOCK_ENTRIES = 1 << 20


# Scaled values beyond this are cut: their squares overflow or leave no digits for smaller distances.
_FAR = 1e6


def in_units(rows: NDArray[np.float64], origin: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (rows - origin) / scale, cut at a million units: beyond that, far is far."""
    scaled: NDArray[np.float64] = rows - origin
    scaled /= scale
    return np.clip(scaled, -_FAR, _FAR, out=scaled)


def gaussian_kernel(
    A: NDArray[np.float64], B: NDArray[np.float64], gamma: float, *, single: bool = False
) -> NDArray[np.floating]:
    """Return exp(-gamma ||a - b||^2) for all pairs of rows.

    Distances that are small beside the rows themselves lose their digits; `in_units` brings rows around zero.

    Parameters
    ----------
    A : ndarray of shape (n, d)
        Rows of the first set.
    B : ndarray of shape (m, d)
        Rows of the second set.
    gamma : float
        Inverse squared length scale, larger than 0.
    single : bool, default=False
        Take the exponential in single precision, which is as fast as all in single precision and loses nothing where
        rows lie far from each other.

    Returns
    -------
    ndarray of shape (n, m)
    """
    exponent: NDArray[np.floating] = A @ ((2.0 * gamma) * B.T)
    exponent -= gamma * (A * A).sum(axis=1)[:, None]
    exponent -= gamma * (B * B).sum(axis=1)
    # Rounding makes distances of equal rows negative.
    kernel: NDArray[np.floating] = np.minimum(
        exponent, 0.0, out=np.empty(exponent.shape, np.float32) if single else exponent
    )
    np.exp(kernel, out=kernel)
    return kernel


def gaussian_inner_product(
    A: NDArray[np.float64],
    a: NDArray[np.float64],
    B: NDArray[np.float64],
    b: NDArray[np.float64],
    gamma: float,
) -> float:
    """Return sum_ij a_i b_j k(A_i, B_j), the inner product of two kernel mean embeddings, in blocks.

    Parameters
    ----------
    A, B : ndarray of shape (n, d), (m, d)
        Points.
    a, b : ndarray of shape (n,), (m,)
        Weights.
    gamma : float
        Inverse squared length scale of the kernel.
    """
    rows = max(1, _BLOCK_ENTRIES // max(1, len(B)))
    return float(
        sum(a[i : i + rows] @ (gaussian_kernel(A[i : i + rows], B, gamma) @ b) for i in range(0, len(A), rows))
    )
