"""Pictures as models take them: arrays of whole numbers of one shape, from pillow's images, folders and files.

`_images` reads images of any size and range for specifications; models have a size of their own.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import MissingDependencyError, SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = [
    "PictureFiles",
    "SeveralSizesError",
    "array_of_pictures",
    "channels_of_pictures",
    "holds_pictures",
    "is_pictures",
]

# Files of a folder that are pictures; others, such as notes and lists, are left alone.
_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_CHUNK = 256
_GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"})
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_MOST_SIZES = 3
_AXES = 4

# Channels, height and width, None for what is open.
_Shape = tuple[int | None, ...]


class SeveralSizesError(SpecificationError):
    """Pictures are of several sizes, and nothing says which they get."""


def is_pictures(X: Any) -> bool:
    """Return whether these are images of pillow in a list."""
    return isinstance(X, (list, tuple)) and len(X) > 0 and all(hasattr(one, "getbands") for one in X)


def array_of_pictures(pictures: Sequence[Any], shape: _Shape | None = None) -> NDArray[np.uint8]:
    """Return images of pillow as an array of whole numbers from 0 to 255.

    What is transparent is on white, unless the model takes the alpha channel.

    Parameters
    ----------
    pictures : sequence of PIL.Image.Image
    shape : tuple of int or None, optional
        Channels, height and width that they get. By default one channel if all are grey, else three, and the size that
        they have.

    Returns
    -------
    ndarray of shape (n_images, channels, height, width), uint8

    Raises
    ------
    SpecificationError
        If they differ in size, and it is not said which they get.
    """
    channels, *size = shape or (None, None, None)
    height, width = _one_size({(one.height, one.width) for one in pictures}, *size)
    channels = channels or _channels({one.mode for one in pictures})
    return np.stack([_array(one, channels, height, width) for one in pictures])


def channels_of_pictures(pictures: Sequence[Any]) -> int:
    """Return 1 if all of these images of pillow are grey, else 3."""
    return _channels({one.mode for one in pictures})


def _one_size(sizes: set[tuple[int, int]], height: int | None, width: int | None) -> tuple[int, int]:
    if height is not None and width is not None:
        return height, width
    if len(sizes) != 1:
        known = ", ".join(f"{h}×{w}" for h, w in sorted(sizes)[:_MOST_SIZES])
        more = ", …" if len(sizes) > _MOST_SIZES else ""
        raise SeveralSizesError(
            f"the pictures are of several sizes ({known}{more}), and nothing says which the model takes: bring them to "
            "one size first"
        )
    return next(iter(sizes))


def _channels(modes: set[str]) -> int:
    return 1 if modes <= _GREY else 3


def _array(picture: Any, channels: int, height: int, width: int) -> NDArray[np.uint8]:
    from PIL import Image

    if channels not in _MODES:
        raise SpecificationError(f"pictures become arrays of 1, 3 or 4 channels, not of {channels}")
    if picture.mode.startswith("I;16"):
        # Pillow cuts off what is above 255.
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in {"I", "F"}:
        raise SpecificationError(
            f"pictures of mode {picture.mode!r} have no range of values; save them as 8 or 16 bits"
        )
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if channels != 4:
            ground = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(ground, picture)
    picture = picture.convert(_MODES[channels])
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(picture, dtype=np.uint8)
    return pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


@dataclass(frozen=True)
class PictureFiles:
    """The pictures of a folder, of a parquet file with encoded ones, or the images of a ``.npy`` file.

    Attributes
    ----------
    path : Path
        The folder or file.
    labels : str or None
        Column of a parquet file with labels; for a folder, any text: the folder that a picture lies in is its label.
    """

    path: Path
    labels: str | None = None

    def chunks(self, shape: _Shape | None = None) -> Iterator[tuple[list[str], NDArray[Any]]]:
        """Yield the names of some images, and the images as `array_of_pictures` gives them.

        Those of a ``.npy`` file have no names, and the shape and type that they have there.

        Raises
        ------
        SpecificationError
            If there are no pictures, one cannot be read, or they are of several sizes and none is given.
        MissingDependencyError
            If pillow or pyarrow is needed and not installed.
        """
        if self._is_array:
            array = _open_images(self.path)
            for start in range(0, len(array), _CHUNK):
                yield [], array[start : start + _CHUNK]
            return
        if shape is None or None in shape:
            shape = self._shape(shape or (None, None, None))
        names: list[str] = []
        pictures: list[Any] = []
        for name, picture in self._pictures(_decoded):
            names.append(name)
            pictures.append(picture)
            if len(names) == _CHUNK:
                yield names, array_of_pictures(pictures, shape)
                names, pictures = [], []
        if names:
            yield names, array_of_pictures(pictures, shape)

    def samples(self) -> Iterator[Any]:
        """Yield lists of pillow's images of any size, or parts of the array of a ``.npy`` file: what is described.

        Errors are those of `chunks`.
        """
        if self._is_array:
            yield from (images for _, images in self.chunks())
            return
        pictures: list[Any] = []
        for _, picture in self._pictures(_decoded):
            pictures.append(picture)
            if len(pictures) == _CHUNK:
                yield pictures
                pictures = []
        if pictures:
            yield pictures

    def read(self, shape: _Shape | None = None) -> tuple[list[str], NDArray[Any]]:
        """Return the names and the images, all at once; parameters and errors are those of `chunks`."""
        parts = list(self.chunks(shape))
        return [name for names, _ in parts for name in names], np.concatenate([images for _, images in parts])

    def read_labels(self) -> NDArray[Any]:
        """Return the label of each image, in order: a column of a parquet file, or the folder that it lies in.

        Raises
        ------
        SpecificationError
            If the parquet file has no such column, or it is a ``.npy`` file.
        """
        if self.path.is_dir():
            return np.array([Path(name).parent.name for name in _files_of(self.path)], dtype=object)
        if self._is_array:
            raise SpecificationError("a .npy file of images holds no labels")
        with _parquet(self.path) as file:
            names = file.schema_arrow.names
            if self.labels not in names:
                raise SpecificationError(f"no column is called {self.labels!r}; the columns are: {', '.join(names)}")
            values = file.read(columns=[self.labels]).column(0)
        return np.asarray(values.to_numpy(zero_copy_only=False))

    @property
    def _is_array(self) -> bool:
        return self.path.suffix.lower() == ".npy" and not self.path.is_dir()

    def _shape(self, wanted: _Shape) -> tuple[int, ...]:
        """Return the shape that all pictures have, from their first bytes, with what is wanted of it."""
        sizes, modes = set(), set()
        for _, (size, mode) in self._pictures(_header):
            sizes.add(size)
            modes.add(mode)
        channels, *size_wanted = wanted
        return (channels or _channels(modes), *_one_size(sizes, *size_wanted))

    def _pictures(self, read: Callable[[Any, str], Any]) -> Iterator[tuple[str, Any]]:
        """Yield the name of each picture and what `read` makes of it."""
        if self.path.is_dir():
            for name in _files_of(self.path):
                yield name, read(self.path / name, name)
            return
        with _parquet(self.path) as file:
            column = _encoded_column(file.schema_arrow, self.path, self.labels)
            number = 0
            for batch in file.iter_batches(_CHUNK, columns=[column]):
                for value in batch.column(0).to_pylist():
                    number += 1
                    content = value.get("bytes") if isinstance(value, dict) else value
                    if content is None:
                        raise SpecificationError(f"row {number} of {self.path.name!r} has no picture")
                    own = (value.get("path") if isinstance(value, dict) else None) or str(number)
                    yield own, read(io.BytesIO(content), f"{self.path.name}, row {number}")


def _files_of(folder: Path) -> list[str]:
    """Return the names of the pictures in a folder and those in it, in order."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not found:
        raise SpecificationError(f"there are no pictures in {str(folder)!r}; known are {', '.join(sorted(_SUFFIXES))}")
    return [path.relative_to(folder).as_posix() for path in found]


def _header(source: Any, name: str) -> tuple[tuple[int, int], str]:
    """Return height and width, and the mode, of a picture that is not decoded."""
    with _opened(source, name) as picture:
        return _turned(picture), picture.mode


def _turned(picture: Any) -> tuple[int, int]:
    """Return height and width as a camera that was held upright means them."""
    # Orientations 5 to 8 of Exif are turned by a quarter.
    quarter = picture.getexif().get(0x0112, 1) in {5, 6, 7, 8}
    return (picture.width, picture.height) if quarter else (picture.height, picture.width)


def _decoded(source: Any, name: str) -> Any:
    from PIL import ImageOps

    with _opened(source, name) as picture:
        return ImageOps.exif_transpose(picture)


@contextmanager
def _opened(source: Any, name: str) -> Iterator[Any]:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError("pillow", purpose=f"to read {name!r}", extra="images") from error
    try:
        with Image.open(source) as picture:
            yield picture
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # pillow raises all of them
        raise SpecificationError(f"{name!r} is no readable picture: {error}") from error


def _open_images(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SpecificationError(f"{path.name!r} is no readable array of numbers: {error}") from error
    if array.ndim != _AXES or array.dtype.kind not in "biuf" or not len(array):
        raise SpecificationError(
            f"{path.name!r} holds an array of shape {array.shape} and type {array.dtype}; images are numbers of shape "
            "(images, channels, height, width)"
        )
    return array


@contextmanager
def _parquet(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise SpecificationError(f"there is no file or folder {str(path)!r}")
    if path.suffix.lower() != ".parquet":
        raise SpecificationError(
            f"{path.name!r} is no file of images; known are folders of pictures, .parquet files with encoded ones, and "
            ".npy files"
        )
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingDependencyError("pyarrow", purpose=f"to read {path.name!r}", extra="tables") from error
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise SpecificationError(f"{path.name!r} is no readable .parquet file: {error}") from error


def _encoded_column(schema: Any, path: Path, labels: str | None) -> str:
    """Return the name of the one column that holds encoded pictures."""
    found = [column.name for column in schema if column.name != labels and holds_pictures(column.type)]
    if len(found) != 1:
        said = f"several: {', '.join(map(repr, found))}" if found else "none"
        raise SpecificationError(f"{path.name!r} must have one column of encoded pictures; it has {said}")
    return str(found[0])


def holds_pictures(kind: Any) -> bool:
    """Return whether a column of an arrow type may hold encoded pictures: bytes, or, as in data sets, with a path."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return any(field.name == "bytes" and holds_pictures(field.type) for field in kind)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
