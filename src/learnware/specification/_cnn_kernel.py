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

Arrays are numpy's or torch's; all that is used here both libraries know by the same name. Images come last but one, or
last, in all of them, and pixels first.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Array", "CnnGradient", "CnnImages", "cnn_gradient", "cnn_kernel", "library"]

# A numpy array or a torch tensor.
Array = Any

_BLOCKS = 3
_WEIGHT, _BIAS = math.sqrt(2.0), 0.1
_PATCH = 3


def library(array: Array) -> Any:
    """Return the library that an array is of: numpy, or torch."""
    return np if isinstance(array, np.ndarray) else sys.modules["torch"]


@dataclass(frozen=True)
class CnnImages:
    """Images as the kernel takes them.

    Attributes
    ----------
    patches : array of shape (height * width, 9 * channels + 1, n)
        The surroundings of each pixel, and a constant for the bias: products of these are covariances after the first
        convolution, divided by both standard deviations.
    variances : tuple of arrays of shape (height, width, n)
        Variances after the convolution of each block.
    """

    patches: Array
    variances: tuple[Array, ...]

    @classmethod
    def of(cls, images: Array) -> CnnImages:
        """Prepare images of shape (n, channels, height, width), in their precision."""
        xp = library(images)
        pixels = xp.moveaxis(xp.moveaxis(images, 1, -1), 0, -1)
        height, width, channels, n = pixels.shape
        # Also in memory: pixels first.
        pixels = pixels.reshape(-1).reshape(pixels.shape)
        variance = (pixels * pixels).mean(axis=2)
        variances = []
        for _ in range(_BLOCKS):
            variances.append(_convolved(variance))
            variance = _pooled(0.5 * variances[-1])
        deviation = xp.sqrt(variances[0])[:, :, None]
        padded = _padded(_padded(pixels * math.sqrt(_WEIGHT / (_PATCH * _PATCH * channels)), 0), 1)
        parts = [padded[i : i + height, j : j + width] for i in range(_PATCH) for j in range(_PATCH)]
        parts.append(xp.full_like(deviation, math.sqrt(_BIAS)))
        patches = xp.concatenate(parts, axis=2)
        patches /= deviation
        return cls(patches.reshape(height * width, -1, n), tuple(variances))

    def surroundings(self) -> Array:
        """Return the surroundings of each pixel, shape (height * width, 9 * channels, n): patches as they were."""
        return self.patches[:, :-1] * library(self.patches).sqrt(self.variances[0]).reshape(len(self.patches), 1, -1)


@dataclass(frozen=True)
class CnnGradient:
    """The gradient of a sum of kernels by the images b, as parts that add up over images a.

    Attributes
    ----------
    by_patches : array of shape (height * width, 9 * channels, m)
        That through the covariances with images a.
    by_variances : array of shape (height, width, m)
        That through the images' own variances after the first convolution.
    """

    by_patches: Array
    by_variances: Array

    def add(self, other: CnnGradient) -> None:
        """Add another gradient to this one, in its place."""
        by_patches, by_variances = self.by_patches, self.by_variances
        by_patches += other.by_patches
        by_variances += other.by_variances

    def by_images(self, images: CnnImages) -> Array:
        """Return the gradient by the pixels of the images b, shape (m, channels, height, width)."""
        xp = library(self.by_patches)
        height, width, m = self.by_variances.shape
        # Variances are squares of the surroundings.
        total = images.surroundings()
        total *= 2.0 * self.by_variances.reshape(height * width, 1, m)
        total += self.by_patches
        channels = total.shape[1] // (_PATCH * _PATCH)
        parts = total.reshape(height, width, _PATCH, _PATCH, channels, m)
        gradient = _padded(_padded(xp.zeros_like(parts[:, :, 0, 0]), 0), 1)
        for i in range(_PATCH):
            for j in range(_PATCH):
                gradient[i : i + height, j : j + width] += parts[:, :, i, j]
        gradient *= math.sqrt(_WEIGHT / (_PATCH * _PATCH * channels))
        return xp.moveaxis(xp.moveaxis(gradient[1:-1, 1:-1], -1, 0), -1, 1)


def cnn_kernel(A: CnnImages, B: CnnImages) -> Array:
    """Return the kernel of all pairs of images, shape (n, m)."""
    pooled, _, _ = _block(_cosines(A, B), _deviations(A, B, 0))
    for block in range(1, _BLOCKS):
        deviations = _deviations(A, B, block)
        pooled, _, _ = _block(_convolved(pooled) / deviations, deviations)
    return pooled.mean(axis=(0, 1))


def cnn_gradient(A: CnnImages, B: CnnImages, weights: Array) -> tuple[Array, CnnGradient]:
    """Return the kernel of all pairs, and the gradient of sum_nm weights_nm k(a_n, b_m) by the images b.

    Parameters
    ----------
    A, B : CnnImages
        n and m images.
    weights : array of shape (n, m)

    Returns
    -------
    kernel : array of shape (n, m)
    gradient : CnnGradient
    """
    steps = []
    pooled: Array = None
    for block in range(_BLOCKS):
        deviations = _deviations(A, B, block)
        cosines = _convolved(pooled) / deviations if block else _cosines(A, B)
        pooled, angles, sines = _block(cosines, deviations)
        # The derivatives by the own variances, up to a factor.
        sines *= deviations
        steps.append((angles, sines))
    kernel = pooled.mean(axis=(0, 1))
    # Backwards: `back` is the derivative by the pooled covariances of a block, `back_own` that by the pooled variances
    # of the images b, which all later blocks depend on.
    xp = library(weights)
    back: Array = (weights / (pooled.shape[0] * pooled.shape[1]))[None, None]
    back_own: Array = None
    for block in reversed(range(_BLOCKS)):
        angles, sines = steps.pop()
        for quarter in _quarters(sines):
            xp.multiply(quarter, back, out=quarter)
        own = sines.sum(axis=2)
        own /= 16.0 * math.pi * B.variances[block]
        if back_own is not None:
            for quarter in _quarters(own):
                xp.add(quarter, 0.125 * back_own, out=quarter)
        back = back * (0.125 / math.pi)
        for quarter in _quarters(angles):
            xp.multiply(quarter, back, out=quarter)
        back = angles
        if block:
            back, back_own = _WEIGHT * _mean_3x3(back), _WEIGHT * _mean_3x3(own)
    height, width, n, m = back.shape
    return kernel, CnnGradient(A.surroundings() @ back.reshape(height * width, n, m), own)


def _cosines(A: CnnImages, B: CnnImages) -> Array:
    height, width = A.variances[0].shape[:2]
    cosines = A.patches.swapaxes(1, 2) @ B.patches
    return cosines.reshape(height, width, *cosines.shape[1:])


def _deviations(A: CnnImages, B: CnnImages, block: int) -> Array:
    """Return the products of both standard deviations, shape (height, width, n, m)."""
    sqrt = library(A.patches).sqrt
    return sqrt(A.variances[block])[..., None] * sqrt(B.variances[block])[:, :, None]


def _block(cosines: Array, deviations: Array) -> tuple[Array, Array, Array]:
    """Return covariances after ReLU and pooling, from cosines, which are changed; pi less the angles, and the sines."""
    xp = library(cosines)
    xp.clip(cosines, -1.0, 1.0, out=cosines)
    xp.negative(cosines, out=cosines)
    angles = xp.arccos(cosines)
    sines = 1.0 - cosines * cosines
    xp.sqrt(sines, out=sines)
    cosines *= angles
    covariances = xp.subtract(sines, cosines, out=cosines)
    covariances *= deviations
    pooled = _pooled(covariances)
    pooled *= 0.5 / math.pi
    return pooled, angles, sines


def _convolved(values: Array) -> Array:
    return _WEIGHT * _mean_3x3(values) + _BIAS


def _mean_3x3(values: Array) -> Array:
    """Return means of 3x3 places along the first two axes, with zeros outside; the transpose is the same."""
    values = values / (_PATCH * _PATCH)
    rows = 1.0 * values
    rows[1:] += values[:-1]
    rows[:-1] += values[1:]
    total = 1.0 * rows
    total[:, 1:] += rows[:, :-1]
    total[:, :-1] += rows[:, 1:]
    return total


def _padded(values: Array, axis: int) -> Array:
    """Return values with a zero before and after those along an axis."""
    xp = library(values)
    edge = xp.zeros_like(values[:1] if axis == 0 else values[:, :1])
    return xp.concatenate([edge, values, edge], axis=axis)


def _pooled(values: Array) -> Array:
    first, second, third, fourth = _quarters(values)
    pooled = first + second
    pooled += third
    pooled += fourth
    pooled *= 0.25
    return pooled


def _quarters(values: Array) -> tuple[Array, ...]:
    """Return views of the four places that each place after pooling is made of."""
    return values[::2, ::2], values[1::2, ::2], values[::2, 1::2], values[1::2, 1::2]
