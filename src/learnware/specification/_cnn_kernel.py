"""The kernel of image specifications: that of a convolutional network of infinite width (CNN-GP).

Three blocks of a 3x3 convolution, a ReLU and the mean of 2x2 pixels, then the mean of all pixels (Garriga-Alonso,
Rasmussen, Aitchison: Deep Convolutional Networks as shallow Gaussian Processes, ICLR 2019). As there, covariances are
followed between equal places of two images only. With u the covariance of two images at a place, and v and w their
variances there,

    convolution   u' = sqrt(2) mean_3x3(u) + 0.1                       (outside of the image u = 0)
    ReLU          u' = sqrt(v w) (sin t + (pi - t) cos t) / (2 pi),    cos t = u / sqrt(v w)      (Cho and Saul 2009)
    pooling       u' = mean_2x2(u)

and likewise for v and w, which a ReLU halves. The constants are those of the published package, whose figures this
reproduces up to the rounding of its single precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CnnImages", "cnn_gradient", "cnn_kernel", "gradient_of_images"]

_BLOCKS = 3
_WEIGHT, _BIAS = math.sqrt(2.0), 0.1
_PATCH = 3


@dataclass(frozen=True)
class CnnImages:
    """Images as the kernel takes them.

    Attributes
    ----------
    patches : ndarray of shape (height * width, n, 9 * channels + 1)
        The surroundings of each pixel, and a constant for the bias: products of these are covariances after the first
        convolution, divided by both standard deviations.
    variances : tuple of ndarray of shape (height, width, n)
        Variances after the convolution of each block.
    """

    patches: NDArray[np.floating]
    variances: tuple[NDArray[np.floating], ...]

    @classmethod
    def of(cls, images: NDArray[np.floating]) -> CnnImages:
        """Prepare images of shape (n, channels, height, width), in their precision."""
        n, channels, height, width = images.shape
        variance = np.square(images).mean(axis=1).transpose(1, 2, 0)
        variances = []
        for _ in range(_BLOCKS):
            variances.append(_convolved(variance))
            variance = _pooled(0.5 * variances[-1])
        padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (_PATCH, _PATCH), axis=(2, 3))
        patches = np.empty((height * width, n, _PATCH * _PATCH * channels + 1), dtype=images.dtype)
        patches[..., :-1] = windows.transpose(2, 3, 0, 1, 4, 5).reshape(height * width, n, -1)
        patches[..., :-1] *= math.sqrt(_WEIGHT / (_PATCH * _PATCH * channels))
        patches[..., -1] = math.sqrt(_BIAS)
        patches /= np.sqrt(variances[0]).reshape(height * width, n, 1)
        return cls(patches, tuple(variances))


def cnn_kernel(A: CnnImages, B: CnnImages) -> NDArray[np.floating]:
    """Return the kernel of all pairs of images, shape (n, m)."""
    pooled, _, _ = _block(_cosines(A, B), _deviations(A, B, 0))
    for block in range(1, _BLOCKS):
        deviations = _deviations(A, B, block)
        pooled, _, _ = _block(_convolved(pooled) / deviations, deviations)
    mean: NDArray[np.floating] = pooled.mean(axis=(0, 1))
    return mean


def cnn_gradient(
    A: CnnImages, B: CnnImages, weights: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the kernel of all pairs, and the gradient of sum_nm weights_nm k(a_n, b_m) by the images b.

    Parameters
    ----------
    A, B : CnnImages
        n and m images.
    weights : ndarray of shape (n, m)

    Returns
    -------
    kernel : ndarray of shape (n, m)
    by_patches : ndarray of shape (height * width, m, 9 * channels)
        The gradient by the surroundings of each pixel of the images b. Parts of it add up over parts of the images a,
        and `gradient_of_images` makes one with respect to the images of it.
    """
    deviations = [_deviations(A, B, block) for block in range(_BLOCKS)]
    pooled, angle, sine = _block(_cosines(A, B), deviations[0])
    angles, sines = [angle], [sine]
    for block in range(1, _BLOCKS):
        pooled, angle, sine = _block(_convolved(pooled) / deviations[block], deviations[block])
        angles.append(angle)
        sines.append(sine)
    kernel = pooled.mean(axis=(0, 1))
    # Backwards: `back` is the derivative by the pooled covariances of a block, `back_own` that by the pooled variances
    # of the images b, which all later blocks depend on.
    back = np.broadcast_to(weights / (pooled.shape[0] * pooled.shape[1]), pooled.shape)
    back_own: NDArray[np.floating] | None = None
    for block in reversed(range(_BLOCKS)):
        back = _unpooled(back)
        sines[block] *= deviations[block]
        sines[block] *= back
        own = sines[block].sum(axis=2)
        own /= 4.0 * np.pi * B.variances[block]
        if back_own is not None:
            own += 0.5 * _unpooled(back_own)
        np.subtract(np.pi, angles[block], out=angles[block])
        angles[block] *= 0.5 / np.pi
        back = back * angles[block]
        if block:
            back, back_own = _WEIGHT * _mean_3x3(back), _WEIGHT * _mean_3x3(own)
    height, width, n, m = back.shape
    scale_a, scale_b = (np.sqrt(one.variances[0]).reshape(height * width, -1, 1) for one in (A, B))
    # Through covariances: products of patches, of which those of b are the variables. Through variances: their squares.
    by_patches = np.matmul(back.reshape(height * width, n, m).transpose(0, 2, 1), A.patches[..., :-1] * scale_a)
    by_patches += 2.0 * own.reshape(height * width, m, 1) * (B.patches[..., :-1] * scale_b)
    return kernel, by_patches


def gradient_of_images(by_patches: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.floating]:
    """Return the gradient by images of the given shape from that by the surroundings of their pixels."""
    m, channels, height, width = shape
    parts = by_patches.reshape(height, width, m, channels, _PATCH, _PATCH)
    gradient = np.zeros((m, channels, height + 2, width + 2), dtype=by_patches.dtype)
    for i in range(_PATCH):
        for j in range(_PATCH):
            gradient[:, :, i : i + height, j : j + width] += parts[..., i, j].transpose(2, 3, 0, 1)
    gradient *= math.sqrt(_WEIGHT / (_PATCH * _PATCH * channels))
    return gradient[:, :, 1:-1, 1:-1]


def _cosines(A: CnnImages, B: CnnImages) -> NDArray[np.floating]:
    height, width = A.variances[0].shape[:2]
    cosines: NDArray[np.floating] = np.matmul(A.patches, B.patches.transpose(0, 2, 1))
    return cosines.reshape(height, width, *cosines.shape[1:])


def _deviations(A: CnnImages, B: CnnImages, block: int) -> NDArray[np.floating]:
    """Return the products of both standard deviations, shape (height, width, n, m)."""
    products: NDArray[np.floating] = np.sqrt(A.variances[block])[..., None] * np.sqrt(B.variances[block])[:, :, None]
    return products


def _block(
    cosines: NDArray[np.floating], deviations: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Return covariances after ReLU and pooling, from cosines, which are changed; the angles and their sines."""
    angles: NDArray[np.floating] = np.arccos(np.clip(cosines, -1.0, 1.0, out=cosines))
    sines: NDArray[np.floating] = np.sqrt(1.0 - cosines * cosines)
    covariances = np.subtract(np.pi, angles)
    covariances *= cosines
    covariances += sines
    covariances *= deviations
    covariances *= 0.5 / np.pi
    return _pooled(covariances), angles, sines


def _convolved(values: NDArray[np.floating]) -> NDArray[np.floating]:
    convolved: NDArray[np.floating] = _WEIGHT * _mean_3x3(values) + _BIAS
    return convolved


def _mean_3x3(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return means of 3x3 places along the first two axes, with zeros outside; the transpose is the same."""
    rows: NDArray[np.floating] = values.copy()
    rows[1:] += values[:-1]
    rows[:-1] += values[1:]
    total: NDArray[np.floating] = rows.copy()
    total[:, 1:] += rows[:, :-1]
    total[:, :-1] += rows[:, 1:]
    total /= _PATCH * _PATCH
    return total


def _pooled(values: NDArray[np.floating]) -> NDArray[np.floating]:
    pooled: NDArray[np.floating] = values[::2, ::2] + values[1::2, ::2]
    pooled += values[::2, 1::2]
    pooled += values[1::2, 1::2]
    pooled *= 0.25
    return pooled


def _unpooled(values: NDArray[np.floating]) -> NDArray[np.floating]:
    unpooled: NDArray[np.floating] = np.asarray((0.25 * values).repeat(2, axis=0).repeat(2, axis=1))
    return unpooled
