"""What kind of data a file or a folder holds, as far as it can be told without reading all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._pictures import holds_pictures
from learnware.specification._table_files import index_columns

if TYPE_CHECKING:
    import os

__all__ = ["data_type_of_file", "text_column_of_file"]

_IMAGE_AXES = 4
_COLUMNS = frozenset({".csv", ".parquet"})
# The column of texts where there are several, as their reader has it.
_USUAL_NAME = "text"
_KNOWN = (
    "tables are .csv, .parquet or .npy files; images a folder of pictures, a .parquet file with encoded ones or a .npy "
    "file of (images, channels, height, width); texts a .txt or .jsonl file, or a column of a .csv or .parquet file"
)


def data_type_of_file(path: str | os.PathLike[str], *, target: str | int | None = None) -> str:
    """Return what kind of data a file or a folder holds: "Table", "Image" or "Text".

    A folder holds images; a ``.npy`` file of four dimensions, too, and a ``.parquet`` file with a column of bytes. A
    ``.txt`` or ``.jsonl`` file holds texts, and so does a ``.csv`` or ``.parquet`` file all of whose columns do. All
    other files that can be read hold tables, also such as are broken: who reads them says how.

    Parameters
    ----------
    path : str or path
        The file or folder.
    target : str or int, optional
        A column that does not count.

    Raises
    ------
    SpecificationError
        If nothing of this kind can be read, or several columns of texts leave it open which is meant.

    Examples
    --------
    >>> data_type_of_file("reviews.txt"), data_type_of_file("measurements.csv")
    ('Text', 'Table')
    """
    path = Path(path)
    if path.is_dir():
        return "Image"
    suffix = path.suffix.lower()
    if suffix in {".txt", ".jsonl"}:
        return "Text"
    if suffix == ".npy":
        return _kind_of_array(path)
    if suffix in _COLUMNS:
        return _kind_of_columns(path, target)
    raise SpecificationError(f"{path.name!r} is nothing that can be read; {_KNOWN}")


def _kind_of_array(path: Path) -> str:
    try:
        array: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return "Table"
    return "Image" if array.ndim == _IMAGE_AXES else "Table"


def _kind_of_columns(path: Path, target: str | int | None) -> str:
    columns = _columns(path, target)
    # Bytes in a .csv file are text that is not in UTF-8.
    if path.suffix.lower() == ".parquet" and any(holds_pictures(column.type) for column in columns):
        return "Image"
    texts = [column.name for column in columns if _is_text(column.type)]
    if not texts or len(texts) < len(columns):
        return "Table"
    if len(texts) > 1 and _USUAL_NAME not in texts:
        named = ", ".join(map(repr, texts))
        raise SpecificationError(
            f"{path.name!r} has several columns of texts ({named:.200}): name the one that is meant with text_column"
        )
    return "Text"


def text_column_of_file(path: str | os.PathLike[str], target: str | int | None) -> str | None:
    """Return the one column of texts of a file that is not the target; None if it takes no target to tell it.

    Parameters
    ----------
    path : str or path
        A file of texts.
    target : str or int or None
        A column that does not count.
    """
    path = Path(path)
    if target is None or path.suffix.lower() not in _COLUMNS:
        return None
    texts = [column.name for column in _columns(path, target) if _is_text(column.type)]
    return texts[0] if len(texts) == 1 else None


def _columns(path: Path, target: str | int | None) -> list[Any]:
    """Return the fields of a file with columns, the target and indices left out; none if it cannot be read."""
    try:
        import pyarrow as pa
        from pyarrow import csv, parquet
    except ImportError:
        return []  # whose reader says what is missing
    try:
        if path.suffix.lower() == ".csv":
            with csv.open_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True)) as reader:
                schema = reader.schema
        else:
            schema = parquet.read_schema(path)
        left_out = {target, *index_columns(schema)}
        return [column for column in schema if column.name not in left_out]
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return []  # whose reader says what is wrong


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
