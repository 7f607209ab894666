"""Images as `RKMEImageSpecification` describes them: standardised by channel, and whitened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from learnware.specification._cnn_kernel import library

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.specification._cnn_kernel import Array
    from learnware.specification._image_device import Device

__all__ = ["Whitening"]

# Share of the mean variance that is added to all, so that directions without variance are not blown up.
_REGULARISATION = 0.1


@dataclass(frozen=True)
class Whitening:
    """A change of images to mean 0 and variance 1 in each channel and, if there are several, to uncorrelated pixels.

    Whitening is symmetric (ZCA: Bell and Sejnowski, The "independent components" of natural scenes are edge filters,
    Vision Research 1997), with a tenth of the mean variance added to all variances. Images of one channel are only
    standardised, as in the published package.

    Attributes
    ----------
    mean, deviation : ndarray of shape (channels, 1, 1), float32
    matrix : ndarray of shape (n_pixels, n_pixels), float32, or None
        Whitening of the standardised images.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    matrix: NDArray[np.float32] | None

    @classmethod
    def of(cls, images: NDArray[np.float32], device: Device, *, whiten: bool = True) -> Self:
        """Estimate it from images of shape (n, channels, height, width)."""
        mean = images.mean(axis=(0, 2, 3), dtype=np.float64)[:, None, None]
        deviation = images.std(axis=(0, 2, 3), dtype=np.float64, mean=mean[None])[:, None, None]
        # A channel that is constant stays 0.
        deviation = np.where(deviation > 1e-6 * np.abs(mean), deviation, 1.0)
        standard = cls(mean.astype(np.float32), deviation.astype(np.float32), None)
        if not whiten or images.shape[1] == 1:
            return standard
        rows = standard(images).reshape(len(images), -1)
        ridge = _REGULARISATION * max(float(np.square(rows).mean(dtype=np.float64)), 1e-12)
        if len(rows) < rows.shape[1]:
            matrix = device.get(_from_few(device.put(rows.astype(np.float64)), ridge))
            matrix.flat[:: len(matrix) + 1] += 1.0 / np.sqrt(ridge)
        else:
            matrix = device.get(_from_many(device.put(rows), ridge))
        return cls(standard.mean, standard.deviation, matrix.astype(np.float32))

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return images so changed."""
        standard: NDArray[np.float32] = (images - self.mean) / self.deviation
        if self.matrix is None:
            return standard
        white: NDArray[np.float32] = standard.reshape(len(images), -1) @ self.matrix
        return white.reshape(images.shape)


def _from_many(rows: Array, ridge: float) -> Array:
    xp = library(rows)
    values, vectors = xp.linalg.eigh(rows.T @ rows / len(rows))
    return (vectors / xp.sqrt(values + ridge)) @ vectors.T


def _from_few(rows: Array, ridge: float) -> Array:
    """Return the same matrix, less that of no images, from fewer than pixels: their covariance has few directions."""
    xp = library(rows)
    values, vectors = xp.linalg.eigh(rows @ rows.T / len(rows))
    kept = values > 1e-9 * max(float(values[-1]), 1e-300)
    values, directions = values[kept], rows.T @ vectors[:, kept]
    directions = directions / xp.sqrt(len(rows) * values)
    return (directions * (1.0 / xp.sqrt(values + ridge) - ridge**-0.5)) @ directions.T
