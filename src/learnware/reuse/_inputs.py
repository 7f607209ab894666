"""What reusers take of the user's data: arrays of numbers or images, and lists of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.specification import data_type_of
from learnware.specification._tables import without_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["as_features", "as_input", "take"]


def as_input(data: Any) -> NDArray[Any] | list[str]:
    """Return inputs as an array of shape (n_samples, ...), or texts as a list; the caller's object is only read.

    Data frames, arrow tables and tensors become arrays, columns of texts a list in which missing texts are empty ones,
    and lists of PIL images arrays of shape (n_samples, channels, height, width), uint8, as models of images take them.

    Raises
    ------
    ReuseError
        If there are no rows, single values instead of rows, or images of different sizes.
    """
    data_type = data_type_of(data)
    if data_type == "Text":
        return _texts(data)
    if data_type == "Image" and isinstance(data, (list, tuple)):
        return _images(data)
    data = without_tensor(data)
    if hasattr(data, "schema") and hasattr(data, "columns") and not hasattr(data, "to_numpy"):  # pyarrow
        data = np.column_stack([column.to_numpy(zero_copy_only=False) for column in data.columns])
    array = np.asarray(data.to_numpy() if hasattr(data, "to_numpy") else data)
    if array.dtype.kind in "OUS" and array.ndim > 1:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ReuseError(f"the data are not numbers: {error}") from None
    if array.ndim < 2:
        raise ReuseError(
            f"the data have shape {array.shape}; allowed are (n_samples, n_features, ...), or a list of texts"
        )
    if len(array) == 0:
        raise ReuseError("the data have no rows")
    # One order in memory, so that a data frame gives the same bytes as the array in it.
    return np.ascontiguousarray(array)


def _texts(data: Any) -> list[str]:
    if hasattr(data, "columns"):  # a data frame of one column
        data = data.columns[0] if hasattr(data, "drop_null") else data[data.columns[0]]
    if isinstance(data, np.ndarray):
        data = data.reshape(-1)
    to_list = next((name for name in ("to_pylist", "to_list", "tolist") if hasattr(data, name)), None)
    values = list(data) if to_list is None else getattr(data, to_list)()
    missing = [value is None or value != value or type(value).__name__ == "NAType" for value in values]  # noqa: PLR0124  # NaN
    texts = ["" if gone else value for value, gone in zip(values, missing, strict=True)]
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in texts]
    other = next((value for value in texts if not isinstance(value, str)), None)
    if other is not None:
        raise ReuseError(f"there are texts among the data, and others of type {type(other).__name__}")
    return [str(value) for value in texts]


def _images(images: Sequence[Any]) -> NDArray[Any]:
    arrays = []
    for image in images:
        if hasattr(image, "getbands"):  # a PIL image
            pixels = np.asarray(image if image.mode == "L" else image.convert("RGB"))
            arrays.append(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))
        else:
            arrays.append(np.asarray(without_tensor(image)))
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise ReuseError(
            f"the images have different shapes (channels, height, width), such as {shapes[0]} and {shapes[-1]}; "
            "give all of them the shape that the learnwares take"
        )
    return np.stack(arrays)


def as_features(data: NDArray[Any], what: str, width: int | None = None) -> NDArray[np.float64]:
    """Return inputs as float64 rows for a model of the user's own, shape (n_samples, n_features); NaN is missing.

    `width` is the number of features that the model was trained on.
    """
    features = data.reshape(len(data), -1).astype(np.float64)
    if width not in (None, features.shape[1]):
        raise ReuseError(f"{what}: the data have {features.shape[1]} columns, those given to fit had {width}")
    # Trees work in single precision: what is infinite there says as little as infinity.
    return np.where(np.abs(features) <= np.finfo(np.float32).max, features, np.nan)


def take(data: NDArray[Any] | list[str], rows: NDArray[np.intp]) -> NDArray[Any] | list[str]:
    """Return some rows of the data, by their positions."""
    return [data[row] for row in rows] if isinstance(data, list) else data[rows]
