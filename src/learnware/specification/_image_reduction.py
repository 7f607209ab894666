"""From images to a reduced set of images, under the kernel of a convolutional network.

The published generator lowers the squared MMD under random networks, with Adam from noise. The kernel of these networks
is known in closed form, so that the search here goes down its own gradient (L-BFGS): nothing is random in it, and
weights belong to their points. It starts from sums of random images, which have the spread of single ones and show
none of them.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._cnn_kernel import CnnImages, cnn_gradient, cnn_kernel
from learnware.specification._generate import check_whole, progress_bar
from learnware.specification._image_device import choose_device, opened
from learnware.specification._image_whitening import Whitening
from learnware.specification._images import IMAGE_WIDTH, ImageReader
from learnware.specification._limits import MOST_IMAGES, MOST_ROWS
from learnware.specification._privacy import rows_in_cells
from learnware.specification._reduction import minimise
from learnware.specification._report import ReductionReport
from learnware.specification._simplex import solve_simplex_qp
from learnware.specification._states import ReducedSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from learnware.specification._cnn_kernel import Array, CnnGradient
    from learnware.specification._image_device import Device

__all__ = ["EVALUATIONS", "FITTED", "CnnMean", "kernel_matrix", "lowered", "reduce_images", "start_images"]

# Images of one block, at least.
_BLOCK = 16
# Sums that are left to add up in the end.
_PARTS = 16
# Images that the points are fitted to; the weights are against all of the sample.
FITTED = 1_000
EVALUATIONS, _TOLERANCE = 16, 0.01
# Images that the data's own product is estimated from.
_OWN_PRODUCT = 300
# A point nearer to an image than this share of the image's distance to its nearest neighbour would show it.
_ON_AN_IMAGE = 0.05
_RIDGE = 1e-8


class CnnMean:
    """The kernel mean embedding of images, as `minimise` takes it.

    Parameters
    ----------
    images : ndarray of shape (n, channels, height, width), float32
        Standardised images.
    device : Device
        Where the arithmetic runs.
    """

    def __init__(self, images: NDArray[np.float32], device: Device) -> None:
        self._device, self._shape = device, images.shape[1:]
        self.n = len(images)
        self._images = device.put(images)

    def products(self, Z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the kernel of images and points, shape (n, K)."""
        points = CnnImages.of(self._device.put(Z.astype(np.float32)))

        def part(rows: slice) -> NDArray[np.float32]:
            return self._device.get(cnn_kernel(CnnImages.of(self._images[rows]), points))

        return np.concatenate(list(self._device.map(part, self._blocks(self.n, len(Z))))).astype(np.float64)

    def objective(
        self, Z: NDArray[np.float64], b: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return the squared MMD without the images' own product, and its gradients by the points and the weights.

        Parameters
        ----------
        Z : ndarray of shape (K, n_pixels)
            Points.
        b : ndarray of shape (K,)
            Weights.
        """
        put, pixels = self._device.put, Z.reshape(len(Z), *self._shape)
        shares = np.full(self.n, -1.0 / self.n, dtype=np.float32)
        points = CnnImages.of(put(pixels.astype(np.float32)))
        less, across = self._weighted(self._images, shares, points, b.astype(np.float32))
        # The points' own product, in double precision, because its difference from the other products is small.
        points = CnnImages.of(put(pixels))
        own, within = self._weighted(put(pixels), b, points, b)
        within.add(across)
        gradient = 2.0 * self._device.get(within.by_images(points)).reshape(Z.shape)
        return float((own + 2.0 * less) @ b), gradient, 2.0 * (own + less)

    def _weighted(
        self, images: Array, shares: NDArray[np.floating], points: CnnImages, b: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], CnnGradient]:
        """Return s_m = sum_n shares_n k(x_n, z_m), shape (K,), and the gradient of sum_m b_m s_m by the points."""
        put, get = self._device.put, self._device.get

        def one(rows: slice) -> tuple[NDArray[np.float64], CnnGradient]:
            weights = put(np.outer(shares[rows], b))
            kernel, gradient = cnn_gradient(CnnImages.of(images[rows]), points, weights)
            return shares[rows].astype(np.float64) @ get(kernel).astype(np.float64), gradient

        blocks = self._blocks(len(images), len(b))
        # Added up in parts by the workers, in an order that is the same for any number of them.
        length = max(1, len(blocks) // _PARTS)
        parts = [blocks[i : i + length] for i in range(0, len(blocks), length)]
        return _added(self._device.map(lambda part: _added(map(one, part)), parts))

    def _blocks(self, n: int, K: int) -> list[slice]:
        size = max(_BLOCK, self._device.pairs // K)
        return [slice(i, i + size) for i in range(0, n, size)]


def _added(
    parts: Iterable[tuple[NDArray[np.float64], CnnGradient]],
) -> tuple[NDArray[np.float64], CnnGradient]:
    """Return the sums of sums and gradients, in the place of the first."""
    rest = iter(parts)
    sums, gradient = next(rest)
    for more, other in rest:
        sums += more
        gradient.add(other)
    return sums, gradient


def kernel_matrix(A: NDArray[np.floating], B: NDArray[np.floating], device: Device) -> NDArray[np.float64]:
    """Return the kernel of all pairs of images, shape (len(A), len(B)), in double precision and in blocks."""
    columns = [CnnImages.of(device.put(B[i : i + _BLOCK].astype(np.float64))) for i in range(0, len(B), _BLOCK)]
    same = A is B

    def row(index: int) -> NDArray[np.float64]:
        start = index * _BLOCK
        part = columns[index] if same else CnnImages.of(device.put(A[start : start + _BLOCK].astype(np.float64)))
        # Of a matrix that is symmetric, what is right of the diagonal.
        later = columns[index:] if same else columns
        return np.concatenate([device.get(cnn_kernel(part, column)) for column in later], axis=1)

    kernel = np.empty((len(A), len(B)))
    for index, values in enumerate(device.map(row, range(-(-len(A) // _BLOCK)))):
        start = index * _BLOCK
        kernel[start : start + _BLOCK, len(B) - values.shape[1] :] = values
        if same:
            kernel[start:, start : start + _BLOCK] = values.T
    return kernel


def reduce_images(
    X: Any,
    *,
    K: int,
    steps: int,
    resize: bool,
    sample_size: int,
    nonnegative_beta: bool,
    reduce: bool,
    whitening: bool,
    seed: int,
    privacy_floor: int | None,
    progress: bool | None,
    device: str | None,
    cuda_idx: int | None,
) -> ReducedSet:
    """Return at most `K` weighted images for the images of `X`; parameters as in `generate_rkme_image_spec`."""
    check_whole("the size of the reduced set", K, 1, MOST_IMAGES)
    check_whole("sample_size", sample_size, 1)
    check_whole("steps", steps, 0)
    check_whole("seed", seed, 0)
    check_whole("privacy_floor", privacy_floor or 0, 0)
    shape = tuple(getattr(X, "shape", ()))[2:]
    if not resize and shape not in {(), (IMAGE_WIDTH, IMAGE_WIDTH)}:
        raise SpecificationError(
            f"images are described at {IMAGE_WIDTH}x{IMAGE_WIDTH}, these are {'x'.join(map(str, shape))}: pass"
            " resize=True"
        )
    reader, floor = ImageReader(X), int(privacy_floor or 0)
    rng = np.random.default_rng([seed, 2])
    if device is not None:
        choose_device(device, cuda_idx, 0)
    with progress_bar(progress) as tick, ExitStack() as stack:
        images = _sample(reader, sample_size, rng, tick)
        on = stack.enter_context(opened(choose_device(device, cuda_idx, len(images))))
        images = Whitening.of(images, on, whiten=whitening)(images)
        size = min(K, len(images)) if floor == 0 else max(1, min(K, len(images) // floor))
        held = images[-_OWN_PRODUCT:]
        own = kernel_matrix(held, held, on)
        Z = start_images(images, size, rng)
        if reduce and steps:
            Z = lowered(CnnMean(images[:FITTED], on), Z, own, min(steps, EVALUATIONS), tick)
        Z = _off_the_images(Z, images, rng) if floor else Z
        # Pixels are written in single precision, in which they were found, and weighed as they are written.
        Z = Z.astype(np.float32).astype(np.float64)
        products = CnnMean(images, on).products(Z)
        tick(len(images))
        gram, c = kernel_matrix(Z, Z, on), products.mean(axis=0)
        beta = solve_simplex_qp(gram, c) if nonnegative_beta else np.linalg.solve(gram + _RIDGE * np.eye(len(c)), c)
        used = beta != 0.0
        fit = _Fit(Z[used], beta[used], gram[np.ix_(used, used)], products[:, used])
        report = _report(fit, images, own, reader, floor, size - len(Z))
    return ReducedSet(fit.Z, fit.beta, reader.n_images, report)


@dataclass(frozen=True)
class _Fit:
    """Points, weights, the kernel of the points with each other, and that of images and points."""

    Z: NDArray[np.float64]
    beta: NDArray[np.float64]
    gram: NDArray[np.float64]
    products: NDArray[np.float64]


def lowered(
    mean: CnnMean, Z: NDArray[np.float64], own: NDArray[np.float64], evaluations: int, tick: Callable[[int], None]
) -> NDArray[np.float64]:
    """Return points with a lower, never a higher, squared MMD than these have; `own` is the kernel of some images."""
    rows, _ = minimise(
        mean,
        Z.reshape(len(Z), -1),
        np.full(len(Z), 1.0 / len(Z)),
        _mean_of_all(own, mean.n),
        evaluations,
        _TOLERANCE,
        lambda: tick(mean.n),
    )
    return rows.reshape(Z.shape)


def _off_the_images(
    Z: NDArray[np.float64], images: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the points that show no image; where none is left the mean of the images, off which it is moved."""
    near = _nearest(Z, images)
    safe = (near > _ON_AN_IMAGE) & (_images_behind(Z, images, near) > 1.0)
    if safe.any():
        return Z[safe]
    noise = rng.normal(size=(1, *Z.shape[1:]))
    return np.asarray(images.mean(axis=0, keepdims=True) + 0.1 * noise, dtype=np.float64)


def _report(
    fit: _Fit, images: NDArray[np.float32], own: NDArray[np.float64], reader: ImageReader, floor: int, dropped: int
) -> ReductionReport:
    mean = fit.products.mean(axis=0)
    # With the points' embedding as control variate: its product with all images is known.
    known = 2.0 * float((mean - fit.products[-len(own) :].mean(axis=0)) @ fit.beta)
    gain = float(fit.beta @ fit.gram @ fit.beta - 2.0 * (mean @ fit.beta))
    near = _nearest(fit.Z, images)
    nearest = float(near.min())
    return ReductionReport(
        mmd2=max(0.0, _mean_of_all(own, len(images)) + known + gain),
        mmd2_rows=len(own),
        mean_kernel=_mean_of_all(own, MOST_ROWS) / float(np.trace(own) / len(own)),
        kernel_gamma=0.0,
        kernel_scale=None,
        rows_per_point=reader.n_images / len(fit.Z),
        fewest_rows=float(_images_behind(fit.Z, images, near).min()) * reader.n_images / len(images),
        nearest_row=nearest if np.isfinite(nearest) else None,
        privacy_rows=len(images),
        privacy_floor=floor,
        dropped_points=dropped,
        missing=reader.missing,
        infinite=reader.infinite,
        limited=0,
    )


def _mean_of_all(gram: NDArray[np.float64], n: int) -> float:
    """Return the mean kernel of all pairs of n images, those of an image with itself included, from some of them."""
    alike, m = float(np.trace(gram)) / len(gram), len(gram)
    others = (float(gram.sum()) - m * alike) / (m * (m - 1)) if m > 1 else alike
    return alike / n + (1.0 - 1.0 / n) * others


def _sample(
    reader: ImageReader, size: int, rng: np.random.Generator, tick: Callable[[int], None]
) -> NDArray[np.float32]:
    """Return a uniform sample of the images, in random order: those with the smallest random keys."""
    kept: list[NDArray[np.float32]] = []
    keys: list[NDArray[np.float64]] = []
    for block in reader.blocks():
        kept.append(block)
        keys.append(rng.random(len(block)))
        tick(len(block))
        if sum(map(len, keys)) > 2 * size:
            kept, keys = _smallest(kept, keys, size)
    return _smallest(kept, keys, size)[0][0]


def _smallest(
    kept: list[NDArray[np.float32]], keys: list[NDArray[np.float64]], size: int
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float64]]]:
    key = np.concatenate(keys)
    order = np.argsort(key, kind="stable")[:size]
    return [np.concatenate(kept)[order]], [key[order]]


def start_images(images: NDArray[np.float32], size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the mean of all images, plus the deviation from it of the mean of each of `size` groups, scaled up."""
    order = rng.permutation(len(images))
    mean = images.mean(axis=0, dtype=np.float64)
    groups = np.array_split(order, size)
    return np.stack([
        mean + np.sqrt(len(group)) * (images[group].mean(axis=0, dtype=np.float64) - mean) for group in groups
    ])  # fmt: skip


def _images_behind(
    Z: NDArray[np.float64], images: NDArray[np.float32], near: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the number of images that each point stands for; `near` is from `_nearest`."""
    return rows_in_cells(images.reshape(len(images), -1), Z.reshape(len(Z), -1).astype(np.float32), near)


def _nearest(Z: NDArray[np.float64], images: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the distance of each point to the nearest image, in units of that one's to its own nearest neighbour."""
    rows, points = images.reshape(len(images), -1), Z.reshape(len(Z), -1).astype(np.float32)
    norms = np.square(rows).sum(axis=1)
    index = (norms - 2.0 * (points @ rows.T)).argmin(axis=1)
    distance = np.sqrt(np.square(points - rows[index]).sum(axis=1, dtype=np.float64))
    own = norms[index][:, None]
    squared = own + norms - 2.0 * (rows[index] @ rows.T)
    # Equal images differ by rounding in this form.
    squared[squared <= 1e-5 * (own + norms)] = np.inf
    apart = np.sqrt(squared.min(axis=1).astype(np.float64))
    near: NDArray[np.float64] = np.where(np.isfinite(apart), distance / apart, np.inf)
    return near
