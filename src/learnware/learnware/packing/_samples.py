"""The training data of a model that is packed, as the model takes them: rows of a table, images or texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware._columns import column_names
from learnware.specification._data_files import data_type_of_file, text_column_of_file
from learnware.specification._kinds import data_type_of, generate, spec_types
from learnware.specification._pictures import PictureFiles, array_of_pictures, is_pictures
from learnware.specification._table_files import read_table
from learnware.specification._tables import TableReader, without_tensor
from learnware.specification._texts import TextReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.learnware.packing._plan import ModelPlan
    from learnware.specification._rkme import RKMESpecification

__all__ = ["PIXEL_VALUES", "Samples", "open_samples"]

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

    def specifications(self, seed: int) -> list[RKMESpecification]:
        """Return the statistical specifications of all types that there are for such data."""
        return [generate(name, self.read(), seed=seed, **self.options) for name in spec_types(self.data_type)]


def open_samples(
    plan: ModelPlan,
    data: Any,
    *,
    data_type: str | None,
    target: str | int | None,
    text_column: str | None,
    encoder: Any,
) -> Samples:
    """Return the data that the model takes; parameters and errors are those of `pack`."""
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
    for name, value in (("text_column", text_column), ("encoder", encoder)):
        if value is not None and kind != "Text":
            raise PackError(f"{name} is for texts, and the data are {_PLURALS[kind]}")
    if kind == "Table":
        return _rows(plan, data, target)
    if kind == "Image":
        return _images_that_fit(plan, _images_of_file(plan, Path(data)) if from_file else _images(data))
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


def _images_of_file(plan: ModelPlan, path: Path) -> Samples:
    """Return the images of files in the shape that the model takes."""
    files = PictureFiles(path)
    _, first = next(files.chunks(plan.image_shape))
    if path.suffix.lower() == ".npy" and not path.is_dir():
        return _images(np.load(path, mmap_mode="r", allow_pickle=False))

    def read() -> Iterator[NDArray[Any]]:
        return (images for _, images in files.chunks(first.shape[1:]))

    return Samples("Image", read, first.shape[1:], pixels="0-255", whole=True, encoded=True)


def _images(data: Any) -> Samples:
    """Return images in memory; pictures of pillow are read as whole numbers."""
    array = array_of_pictures(data) if is_pictures(data) else np.asarray(without_tensor(data))
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


def _images_that_fit(plan: ModelPlan, images: Samples) -> Samples:
    """Raise unless the images are of the shape that the model takes."""
    shape = images.input_shape or ()
    wanted = plan.image_shape
    if wanted is not None and any(size not in (None, found) for size, found in zip(wanted, shape, strict=True)):
        told = "×".join("any" if size is None else str(size) for size in wanted)
        raise PackError(
            f"the images are of {'×'.join(map(str, shape))}, the model takes {told} (channels×height×width)"
        )
    return images
