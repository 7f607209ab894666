"""The fixed feature map of images, and its version: no download, and nothing in it comes from data.

An image is brought to mean 0 and variance 1, as a whole, so that brightness, contrast and the range of values do not
count and colours do; then its lowest 8x8 frequencies (two-dimensional cosine transform, DCT-II) of each mixture of
channels (the cosine transform over channels, which for red, green and blue is brightness and two opponent colours).
Amplitudes of natural images fall with the frequency f about as 1/f (Field, Relations between the statistics of natural
images and the response properties of cortical cells, JOSA A 1987), and the cosine transform nearly decorrelates them
(Ahmed, Natarajan, Rao: Discrete Cosine Transform, 1974). So features are multiplied by f, and a market's metric, which
has a scale for each feature, sees nearly independent ones of like size.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from learnware.specification._images import IMAGE_WIDTH
from learnware.specification._threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FEATURE_MAP", "image_features", "n_features"]

# Name of this map; another one would make another island.
FEATURE_MAP = "dct8"
_FREQUENCIES = 8
# Typical size of a feature before scaling: of brightness, and of colour beside it.
_AMPLITUDE, _COLOUR = 25.0, 0.15
# Squared distance between two typical images: the file's kernel exp(-0.1 ||x - y||^2) of these is broad.
_SPREAD = 2.5
# A contrast below this share of the largest value is rounding.
_LEAST_CONTRAST = 1e-5
_BLOCK = 512


def n_features(channels: int) -> int:
    """Return the number of features of images with so many channels."""
    return channels * _FREQUENCIES * _FREQUENCIES


def image_features(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of images.

    Parameters
    ----------
    images : ndarray of shape (n, channels, 32, 32), float32

    Returns
    -------
    ndarray of shape (n, 64 * channels), float32
        Equal in every process; an image of one colour has none, all are 0.
    """
    basis, mixtures, scale = _bases(images.shape[1])

    def features(start: int) -> NDArray[np.float32]:
        block = images[start : start + _BLOCK]
        block = block - block.mean(axis=(1, 2, 3), keepdims=True)
        deviation = block.std(axis=(1, 2, 3), keepdims=True)
        largest = np.abs(images[start : start + _BLOCK]).max(axis=(1, 2, 3), keepdims=True)
        flat = deviation <= _LEAST_CONTRAST * largest
        block = np.where(flat, np.float32(0.0), block / np.where(flat, np.float32(1.0), deviation))
        coefficients = np.matmul(np.matmul(basis, block), basis.T).reshape(len(block), images.shape[1], -1)
        mixed: NDArray[np.float32] = np.matmul(mixtures, coefficients).reshape(len(block), -1)
        mixed *= scale
        return mixed

    with single_threaded_blas(), ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(features, range(0, len(images), _BLOCK))))


@lru_cache(maxsize=16)
def _bases(channels: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the cosine transforms of pixels and of channels, and the scale of each feature."""
    basis, mixtures = _cosines(IMAGE_WIDTH)[:_FREQUENCIES], _cosines(channels)
    steps = np.arange(_FREQUENCIES)
    frequency = np.maximum(np.hypot(steps[:, None], steps[None, :]), 0.7).ravel()
    amplitude = np.where(np.arange(channels) == 0, 1.0, _COLOUR)
    scale = np.outer(1.0 / amplitude, frequency).ravel() / _AMPLITUDE
    scale *= np.sqrt(0.5 * _SPREAD / len(scale))
    return basis.astype(np.float32), mixtures.astype(np.float32), scale.astype(np.float32)


def _cosines(n: int) -> NDArray[np.float64]:
    """Return the orthonormal cosine transform (DCT-II), shape (n, n)."""
    places, frequencies = np.arange(n)[None, :] + 0.5, np.arange(n)[:, None]
    cosines: NDArray[np.float64] = np.cos(np.pi * places * frequencies / n) * np.sqrt(2.0 / n)
    cosines[0] = np.sqrt(1.0 / n)
    return cosines
