"""The training data of a model that is packed, as the model takes them: rows of a table, images or texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware._columns import column_names
from learnware.specification._data_files import data_type_of_file, text_column_of_file
from learnware.specification._kinds import data_type_of, generate, spec_types
from learnware.specification._pictures import PictureFiles, SeveralSizesError, array_of_pictures, is_pictures
from learnware.specification._table_files import read_table
from learnware.specification._tables import TableReader, without_tensor
from learnware.specification._texts import TextReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.learnware.packing._plan import ModelPlan
    from learnware.specification._rkme import RKMESpecification

__all__ = ["PIXEL_VALUES", "ImageSize", "Samples", "open_samples"]

# Pixels of each side, or height and width.
ImageSize = int | Sequence[int]
_Shape = tuple[int | None, int | None, int | None]

# What images of whole numbers become before a model takes them.
PIXEL_VALUES = ("0-255", "0-1")
_PLURALS = {"Table": "a table", "Image": "images", "Text": "texts"}
_BLOCK_IMAGES = 1024
_LARGEST_PIXEL = 255
_IMAGE_AXES = 3


@dataclass(frozen=True)
class Samples:
    """Training data.

    Attributes
    ----------
    data_type : str
        "Table", "Image" or "Text".
    read : callable
        Gives the data anew: a table, an array of images or a list of texts, or an iterator of chunks of these.
    input_shape : tuple of int or None
        Shape of one sample; None for texts.
    columns : tuple of str or None
        Names of a table's columns, where they are known.
    pixels : str or None
        What values the images have, of `PIXEL_VALUES`; None where they are others, and for other data.
    whole : bool
        Whether images hold whole numbers, from 0 to 255.
    encoded : bool
        Whether images come from files of pictures, which no model takes as they are.
    options : mapping
        Further arguments for describing them.
    """

    data_type: str
    read: Callable[[], Any]
    input_shape: tuple[int, ...] | None
    columns: tuple[str, ...] | None = None
    pixels: str | None = None
    whole: bool = False
    encoded: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def first(self, count: int) -> Any:
        """Return the first samples as a model may be asked to answer them."""
        data = self.read()
        if self.data_type == "Table":
            rows: Any = next(TableReader(data).blocks(), np.empty((0, *(self.input_shape or ()))))
            return rows[:count]
        first = next(data, []) if isinstance(data, Iterator) else data
        return first[:count]

    def specifications(self, seed: int, types: Sequence[str] | None = None) -> list[RKMESpecification]:
        """Return the statistical specifications of some types, or of all that there are for such data.

        Raises
        ------
        PackError
            If there is no such type for such data.
        """
        known = spec_types(self.data_type)
        types = known if types is None else types
        if not types or not set(types) <= set(known):
            raise PackError(f"spec_types is {types!r}; {_PLURALS[self.data_type]} have one or more of {known!r}")
        return [generate(name, self.read(), seed=seed, **self.options) for name in types]


def open_samples(
    plan: ModelPlan,
    data: Any,
    *,
    data_type: str | None,
    target: str | int | None,
    text_column: str | None,
    encoder: Any,
    image_size: ImageSize | None = None,
) -> Samples:
    """Return the data that the model takes; parameters and errors are those of `pack`.

    What has been opened before is the answer itself, whatever the parameters are.
    """
    if isinstance(data, Samples):
        return data
    if isinstance(data, Iterator):
        raise PackError("the data can be read only once; pass a table, an array, a list or a file")
    from_file = isinstance(data, (str, os.PathLike))
    kind = data_type or ("Text" if text_column is not None else None)
    if kind is None:
        kind = data_type_of_file(data, target=target) if from_file else data_type_of(data)
    if kind not in _PLURALS:
        raise PackError(f"data_type is {kind!r}; expected one of {', '.join(_PLURALS)}")
    if plan.data_type not in (None, kind):
        raise PackError(f"the model takes {_PLURALS[plan.data_type or '']}, and the data are {_PLURALS[kind]}")
    for name, value, whose in (
        ("text_column", text_column, "Text"),
        ("encoder", encoder, "Text"),
        ("image_size", image_size, "Image"),
    ):
        if value is not None and kind != whose:
            raise PackError(f"{name} is for {_PLURALS[whose]}, and the data are {_PLURALS[kind]}")
    if kind == "Table":
        return _rows(plan, data, target)
    if kind == "Image":
        wanted = _wanted_shape(plan, image_size)
        images = _images_of_file(Path(data), wanted) if from_file else _images(data, wanted)
        return _images_that_fit(images, wanted)
    if from_file and text_column is None:
        text_column = text_column_of_file(data, target)
    return _texts(Path(data) if from_file else data, text_column, {} if encoder is None else {"encoder": encoder})


# --- tables ---


def _rows(plan: ModelPlan, data: Any, target: str | int | None) -> Samples:
    """Return the columns of a table that the model takes."""
    table = read_table(data) if isinstance(data, (str, os.PathLike)) else data
    reader = TableReader(table)
    names = reader.columns
    if names is None:
        if not isinstance(table, np.ndarray):
            table = np.concatenate(list(reader.blocks()))
        width = table.shape[1]
    else:
        width = len(names)
    chosen = list(range(width))
    if names is not None and plan.feature_names is not None and set(plan.feature_names) <= set(names):
        chosen = [names.index(feature) for feature in plan.feature_names]
    elif target is not None:
        chosen.remove(_target_number(target, names, width))
    n_features = len(chosen) if plan.n_features is None else plan.n_features
    if len(chosen) != n_features:
        hint = "; name the column that is predicted as target" if len(chosen) == n_features + 1 else ""
        raise PackError(f"the data has {len(chosen)} columns, the model takes {n_features}{hint}")
    columns = plan.feature_names if names is None else tuple(names[i] for i in chosen)
    if chosen != list(range(width)):
        table = table[:, chosen] if names is None else _select(table, chosen, names)
    return Samples("Table", lambda: table, (n_features,), columns)


def _target_number(target: str | int, names: list[str] | None, width: int) -> int:
    if isinstance(target, str) and names is not None and target in names:
        return names.index(target)
    if isinstance(target, int) and -width <= target < width:
        return target % width
    known = f"one of {', '.join(names)}" if names else f"a number below {width}"
    raise PackError(f"target is {target!r}; expected {known}")


def _select(table: Any, chosen: list[int], names: list[str]) -> Any:
    if hasattr(table, "iloc"):
        return table.iloc[:, chosen]
    return table.select([names[i] for i in chosen])


# --- texts ---


def _texts(data: Any, column: str | None, options: Mapping[str, Any]) -> Samples:
    if isinstance(data, Path):
        from learnware.specification._text_files import read_texts

        data = read_texts(data, column)
    elif column is not None:
        names = column_names(data)
        if names is None or column not in names:
            known = "the data have no names of columns" if names is None else f"expected one of {', '.join(names)}"
            raise PackError(f"text_column is {column!r}; {known}")
        data = data[column]
    texts = [text for chunk in TextReader(data).chunks() for text in chunk]
    return Samples("Text", lambda: texts, None, options=options)


# --- images ---


def _wanted_shape(plan: ModelPlan, image_size: ImageSize | None) -> _Shape:
    """Return channels, height and width that images must have, None for what neither model nor caller tells."""
    channels, height, width = plan.image_shape or (None, None, None)
    if image_size is None:
        return channels, height, width
    sizes = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(sizes) != 2 or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise PackError(f"image_size is {image_size!r}; expected one number of pixels, or height and width")
    if any(own not in {None, size} for own, size in zip((height, width), sizes, strict=True)):
        raise PackError(f"image_size is {_told(sizes)}; the model takes {_told((height, width))} (height×width)")
    return channels, *sizes


def _told(sizes: Sequence[int | None]) -> str:
    return "×".join("any" if size is None else str(size) for size in sizes)


def _images_of_file(path: Path, wanted: _Shape) -> Samples:
    """Return the images of files in the shape that the model takes."""
    if path.suffix.lower() == ".npy" and not path.is_dir():
        return _images(np.load(path, mmap_mode="r", allow_pickle=False), wanted)
    files = PictureFiles(path)
    with _of_one_size():
        _, first = next(files.chunks(wanted))

    def read() -> Iterator[NDArray[Any]]:
        return (images for _, images in files.chunks(first.shape[1:]))

    return Samples("Image", read, first.shape[1:], pixels="0-255", whole=True, encoded=True)


@contextmanager
def _of_one_size() -> Iterator[None]:
    """Say what to give where pictures are of several sizes."""
    try:
        yield
    except SeveralSizesError as error:
        raise PackError(f"{error}, or say which as image_size") from error


def _images(data: Any, wanted: _Shape) -> Samples:
    """Return images in memory; pictures of pillow are read as whole numbers."""
    if is_pictures(data):
        with _of_one_size():
            array: NDArray[Any] = array_of_pictures(data, wanted)
    else:
        array = np.asarray(without_tensor(data))
    if array.ndim != 1 + _IMAGE_AXES or array.dtype.kind not in "biuf":
        raise PackError(
            "images are an array of numbers, shape (images, channels, height, width), or pictures of pillow; this is of"
            f" shape {array.shape} and type {array.dtype}"
        )
    low, high = _limits(array)
    pixels = None
    if low >= 0 and high <= _LARGEST_PIXEL:
        pixels = "0-1" if array.dtype.kind == "f" and high <= 1 else "0-255"
    return Samples("Image", lambda: array, array.shape[1:], pixels=pixels, whole=array.dtype.kind != "f")


def _limits(array: NDArray[Any]) -> tuple[float, float]:
    if not array.size:
        raise PackError("the data has no images")
    blocks = [array[start : start + _BLOCK_IMAGES] for start in range(0, len(array), _BLOCK_IMAGES)]
    return min(float(block.min()) for block in blocks), max(float(block.max()) for block in blocks)


def _images_that_fit(images: Samples, wanted: _Shape) -> Samples:
    """Raise unless the images are of the shape that the model takes."""
    shape = images.input_shape or ()
    if any(size not in (None, found) for size, found in zip(wanted, shape, strict=True)):
        raise PackError(f"the images are of {_told(shape)}, the model takes {_told(wanted)} (channels×height×width)")
    return images
