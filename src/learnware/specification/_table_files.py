"""Tables in files: CSV, parquet and npy, whole or in chunks of fixed memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import MissingDependencyError, SpecificationError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["index_columns", "iter_table_chunks", "read_table"]

_SUFFIXES = (".csv", ".parquet", ".npy")
_CHUNK_ROWS = 1 << 16


def read_table(path: str | os.PathLike[str]) -> Any:
    """Return the table in a file.

    Parameters
    ----------
    path : str or path
        A ``.csv`` file with a header line, a ``.parquet`` file, or a ``.npy`` file of a two-dimensional array.

    Returns
    -------
    pyarrow.Table or ndarray of shape (n_samples, n_features)
        A table with column names from CSV and parquet; an array, mapped into memory, from npy.

    Raises
    ------
    SpecificationError
        If the file is missing, of another kind or broken.
    MissingDependencyError
        If pyarrow is needed and not installed.
    """
    path, suffix = _check(path)
    if suffix == ".npy":
        return _open_array(path)
    arrow = _import_arrow(path)
    try:
        if suffix == ".csv":
            from pyarrow import csv

            return csv.read_csv(path)
        from pyarrow import parquet

        return _without_index(parquet.read_table(path))
    except (arrow.ArrowException, OSError) as error:
        raise SpecificationError(f"{path.name!r} is no readable {suffix} table: {error}") from error


def iter_table_chunks(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Yield the table in a file in chunks of rows, of any length in fixed memory.

    Parameters and errors are those of `read_table`; errors of later rows are raised when they are reached.

    Yields
    ------
    pyarrow.RecordBatch or ndarray of shape (n_rows, n_features)
    """
    path, suffix = _check(path)
    if suffix == ".npy":
        array = _open_array(path)
        for start in range(0, len(array), _CHUNK_ROWS):
            yield array[start : start + _CHUNK_ROWS]
        return
    arrow = _import_arrow(path)
    try:
        if suffix == ".csv":
            from pyarrow import csv

            with csv.open_csv(path) as reader:
                types = {field.name: _widened(field.type) for field in reader.schema}
            with csv.open_csv(path, convert_options=csv.ConvertOptions(column_types=types)) as reader:
                yield from reader
        else:
            from pyarrow import parquet

            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(_CHUNK_ROWS):
                    yield _without_index(batch)
    except (arrow.ArrowException, OSError) as error:
        raise SpecificationError(f"{path.name!r} is no readable {suffix} table: {error}") from error


def _check(path: str | os.PathLike[str]) -> tuple[Path, str]:
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise SpecificationError(f"{path.name!r} is no table that can be read; known are {', '.join(_SUFFIXES)}")
    if not path.is_file():
        raise SpecificationError(f"there is no file {str(path)!r}")
    return path, suffix


def _widened(kind: Any) -> Any:
    """Return a column's type as its first rows tell it, so that whole or missing numbers may be followed by others."""
    import pyarrow as pa

    return pa.float64() if pa.types.is_integer(kind) or pa.types.is_null(kind) else kind


def _without_index(table: Any) -> Any:
    """Return an arrow table without the columns in which pandas keeps the index of a data frame."""
    return table.drop_columns(index_columns(table.schema))


def index_columns(schema: Any) -> list[str]:
    """Return the names of the columns of an arrow schema in which pandas keeps the index of a data frame."""
    about = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    return [name for name in about.get("index_columns", []) if isinstance(name, str)]


def _open_array(path: Path) -> np.ndarray[Any, Any]:
    try:
        array: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise SpecificationError(f"{path.name!r} is no readable array of numbers: {error}") from error
    if array.ndim != 2:
        raise SpecificationError(f"{path.name!r} holds an array of {array.ndim} dimensions; a table has 2")
    return array


def _import_arrow(path: Path) -> Any:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingDependencyError("pyarrow", purpose=f"to read {path.name!r}", extra="tables") from error
    return pa
