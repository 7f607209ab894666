"""Reading images of any kind for specifications: blocks of 32x32 pixels, whatever their size and range of values.

Images are an array or tensor of shape (n_images, channels, height, width), a list of pillow's images or of arrays of
shape (channels, height, width), or an iterator of chunks of these. Sizes other than 32x32 need pillow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, MissingDependencyError, SpecificationError
from learnware.specification._tables import without_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["IMAGE_WIDTH", "MOST_CHANNELS", "ImageReader", "read_all"]

# Height and width that specifications describe images at, as in the published package.
IMAGE_WIDTH = 32
# Channels beyond these are no image but a transposed or a stacked one.
MOST_CHANNELS = 64
# Images that are converted at a time, which bounds the memory beside the caller's.
_BLOCK = 256
# Values beyond this have no squares in single precision.
_LARGEST = 1e15


class ImageReader:
    """Uniform access to images.

    Grey images have one channel, coloured ones three; what is transparent is on white. The first chunk of an iterator
    says which: grey images that come later count as coloured ones, coloured ones among grey ones are refused.

    Parameters
    ----------
    X : array, tensor, list, or iterator of chunks of these
        The images; the caller's data is only read.

    Attributes
    ----------
    channels : int or None
        Number of channels, once the first block was read.
    n_images : int
        Images read so far.
    missing, infinite : int
        Values that were NaN or infinite so far; the mean of the image's other values stands for them.

    Raises
    ------
    SpecificationError
        While reading: no images, or an image without a finite value; the message names it.
    MissingDependencyError
        If images must be resized and pillow is not installed.
    """

    def __init__(self, X: Any) -> None:
        self.channels: int | None = None
        self.n_images = self.missing = self.infinite = 0
        self._X = X

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the images in order, in arrays of shape (at most 256, channels, 32, 32)."""
        chunks = self._X if isinstance(self._X, Iterator) else [self._X]
        for chunk in chunks:
            for block in _open(chunk):
                yield self._take(block)
        if self.n_images == 0:
            raise SpecificationError("there are no images")

    def read(self) -> NDArray[np.float32]:
        """Return all images, shape (n_images, channels, 32, 32)."""
        return np.concatenate(list(self.blocks()))

    def _take(self, block: NDArray[Any] | Sequence[Any]) -> NDArray[np.float32]:
        if isinstance(block, np.ndarray):
            images = _resized(self._cleaned(_on_white(block)))
        elif hasattr(block[0], "getbands"):
            images = self._pictures(block)
        else:
            images = np.concatenate([self._take_one(one) for one in block])
        if self.channels is None:
            self.channels = images.shape[1]
        if images.shape[1] != self.channels:
            if images.shape[1] != 1 or self.channels != 3:
                raise SpecificationError(
                    f"image {self.n_images} has {images.shape[1]} channels, others have {self.channels}: bring all"
                    " images to the same channels"
                )
            images = np.repeat(images, 3, axis=1)
        self.n_images += len(images)
        return images

    def _take_one(self, image: NDArray[Any]) -> NDArray[np.float32]:
        return _resized(self._cleaned(_on_white(image[None])))

    def _pictures(self, pictures: Sequence[Any]) -> NDArray[np.float32]:
        from learnware.specification._pictures import array_of_pictures, channels_of_pictures

        channels = max(channels_of_pictures(pictures), self.channels or 1)
        if self.channels == 1 < channels:
            raise SpecificationError(
                f"images {self.n_images} and following are coloured, those before them grey: bring all images to the"
                " same channels"
            )
        return array_of_pictures(pictures, (min(channels, 3), IMAGE_WIDTH, IMAGE_WIDTH)).astype(np.float32)

    def _cleaned(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return finite values in single precision; the mean of an image's finite values stands for the others."""
        if images.dtype.kind in "bui":
            return images.astype(np.float32)
        finite = np.isfinite(images)
        if not finite.all():
            counts = finite.sum(axis=(1, 2, 3))
            if not counts.all():
                first = self.n_images + int(np.flatnonzero(counts == 0)[0])
                raise SpecificationError(f"image {first} has no finite value: leave it out")
            holes = int(np.isnan(images).sum())
            self.missing += holes
            self.infinite += int(finite.size - finite.sum()) - holes
            images = images.astype(np.float64)
            means = np.where(finite, images, 0.0).sum(axis=(1, 2, 3)) / counts
            images = np.where(finite, images, means[:, None, None, None])
        if np.abs(images).max(initial=0.0) > _LARGEST:
            raise SpecificationError(f"the images have values beyond {_LARGEST:g}: rescale them")
        return images.astype(np.float32)


def read_all(X: Any, channels: int) -> NDArray[np.float32]:
    """Return images of so many channels, shape (n_images, channels, 32, 32); for a specification that has them.

    Raises
    ------
    SpecificationError
        If these are no images.
    IncompatibleSpecificationError
        If they have other channels.
    """
    reader = ImageReader(X)
    images = reader.read()
    if reader.channels == 1 and channels == 3:
        images = np.repeat(images, 3, axis=1)
    elif reader.channels != channels:
        raise IncompatibleSpecificationError(
            f"the specification describes images of {channels} channels, these have {reader.channels}"
        )
    return images


def _open(X: Any) -> Iterator[NDArray[Any] | Sequence[Any]]:
    """Yield the images of a chunk in arrays of four dimensions, or in lists."""
    images: Any
    if isinstance(X, (list, tuple)) and len(X):
        images = X if all(hasattr(one, "getbands") for one in X) else [_one_image(i, one) for i, one in enumerate(X)]
    else:
        try:
            images = np.asarray(without_tensor(X))
        except (TypeError, ValueError, RuntimeError) as error:  # torch raises all three
            raise SpecificationError(f"these are no images: {error}") from error
        _check_array(images.shape, images.dtype, 4)
    for start in range(0, len(images), _BLOCK):
        yield images[start : start + _BLOCK]


def _one_image(index: int, image: Any) -> NDArray[Any]:
    try:
        array = np.asarray(without_tensor(image))
        _check_array(array.shape, array.dtype, 3)
    except (TypeError, ValueError, RuntimeError) as error:  # torch raises all three; a SpecificationError is one
        raise SpecificationError(f"image {index} of the list: {error}") from error
    return array


def _check_array(shape: tuple[int, ...], dtype: np.dtype[Any], dimensions: int) -> None:
    axes = ("images", "channels", "height", "width")[-dimensions:]
    if len(shape) != dimensions:
        raise SpecificationError(f"{dimensions} dimensions are needed ({', '.join(axes)}), these are {len(shape)}")
    if dtype.kind not in "buif":
        raise SpecificationError(f"images are numbers, these are values of type {dtype}")
    channels, height, width = shape[-3:]
    if 0 in shape[-3:]:
        raise SpecificationError(f"images of {channels}×{height}×{width} have no pixels")
    if channels > MOST_CHANNELS or (channels > 4 >= width):
        hint = "; if the channels come last, pass numpy.moveaxis(X, -1, -3)" if width <= MOST_CHANNELS else ""
        raise SpecificationError(
            f"images have at most {MOST_CHANNELS} channels, these have {channels} ({', '.join(axes)} are {shape}){hint}"
        )


def _on_white(images: NDArray[Any]) -> NDArray[Any]:
    """Return images of red, green, blue and opacity on white; others as they are."""
    if images.shape[1] != 4:
        return images
    white = float(np.iinfo(images.dtype).max) if images.dtype.kind in "ui" else 1.0
    opacity = images[:, 3:].astype(np.float64)
    if images.dtype.kind == "f" and np.nanmax(opacity, initial=0.0) > 1.0:
        white = 255.0
    opacity /= white
    blended: NDArray[np.float64] = images[:, :3] * opacity + white * (1.0 - opacity)
    return blended


def _resized(images: NDArray[np.float32]) -> NDArray[np.float32]:
    if images.shape[2:] == (IMAGE_WIDTH, IMAGE_WIDTH):
        return images
    try:
        from PIL import Image
    except ImportError as error:
        size = f"{images.shape[2]}x{images.shape[3]}"
        raise MissingDependencyError("pillow", purpose=f"to resize images of {size}", extra="images") from error
    planes = images.reshape(-1, *images.shape[2:])
    # Pillow's filter widens with the reduction, so that fine patterns do not become coarse ones.
    smaller = [
        np.asarray(Image.fromarray(plane).resize((IMAGE_WIDTH, IMAGE_WIDTH), Image.Resampling.BILINEAR))
        for plane in planes
    ]
    return np.stack(smaller).reshape(*images.shape[:2], IMAGE_WIDTH, IMAGE_WIDTH)
