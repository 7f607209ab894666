"""What is handed to a model in another process: arrays, texts and tables, whole or in batches of rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from learnware.errors import ModelError, SpecificationError
from learnware.runtime._worker.frames import encode_value
from learnware.specification._pictures import array_of_pictures, is_pictures
from learnware.specification._tables import TableReader, without_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from learnware.runtime._worker.frames import Part

__all__ = ["Rows", "open_rows"]

# Rows that become Arrow's at a time: what is copied of a table at once.
_CHUNK_ROWS = 1 << 16


class Rows(Protocol):
    """Inputs that can be handed over."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def encode(self, start: int, stop: int) -> Part:
        """Return some rows as the protocol's value."""
        ...


def open_rows(what: str, X: Any, missing_packages: Sequence[str]) -> Rows:
    """Return inputs as they travel; the caller's object is only read.

    Parameters
    ----------
    what : str
        What they are, for messages.
    X : array, data frame, arrow table, tensor, list of str, column of texts, or list of pillow's images
        The inputs. Texts that are missing count as empty ones, as they do in specifications.
    missing_packages : sequence of str
        What the model's environment lacks for taking tables as they are; a table of numbers travels as an array then.

    Raises
    ------
    ModelError
        If they are nothing that can be handed over.
    """
    library = {base.__module__.partition(".")[0] for base in type(X).__mro__}
    try:
        if library & {"pandas", "polars", "pyarrow"} and len(getattr(X, "shape", ())) == 2:
            if not missing_packages and (schema := _arrow_schema(X)) is not None:
                return _TableRows(X, schema)
            return _ArrayRows(_numbers(what, X, missing_packages))
        # Not by way of an array of numpy, in which every text is as long as the longest.
        if isinstance(X, (list, tuple)) and (texts := _texts(X)) is not None:
            return _ArrayRows(texts)
        if is_pictures(X):
            return _ArrayRows(array_of_pictures(X))
        array = np.asarray(without_tensor(X))
        if array.ndim == 1 and array.dtype.kind in "OUT" and (texts := _texts(array.tolist())) is not None:
            return _ArrayRows(texts)
    except (TypeError, ValueError, RuntimeError, SpecificationError) as error:  # torch raises the first three
        raise ModelError(f"{what} cannot be handed over: {error}") from error
    if array.ndim == 0:
        raise ModelError(f"{what} is a single value; expected one row to a sample")
    return _ArrayRows(array)


def _texts(values: Sequence[Any]) -> Sequence[str] | None:
    """Return texts, those that are missing as empty ones; None if there is no text.

    Raises
    ------
    TypeError
        If some of the values are texts and others are not.
    """
    if not any(isinstance(value, str) for value in values):
        return None
    others = [value for value in values if not isinstance(value, str)]
    if not others:
        return values
    # An array of numpy would make texts of numbers in silence.
    if (other := next((value for value in others if not _is_missing(value)), None)) is not None:
        raise TypeError(f"there are texts among them, and others of type {type(other).__name__}")
    return [value if isinstance(value, str) else "" for value in values]


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))


class _ArrayRows:
    """An array, or texts."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def encode(self, start: int, stop: int) -> Part:
        return encode_value(self._values[start:stop])


class _TableRows:
    """A table that becomes Arrow's a few rows at a time."""

    def __init__(self, table: Any, schema: Any) -> None:
        self._table = table
        self._schema = schema

    def __len__(self) -> int:
        return int(self._table.shape[0])

    def encode(self, start: int, stop: int) -> Part:
        import pyarrow as pa

        # Measured by writing into nothing, so that no copy is kept only to be counted.
        counter = pa.MockOutputStream()
        for _ in self._written(counter, start, stop):
            pass
        return {"kind": "arrow", "bytes": counter.size()}, self._pieces(start, stop)

    def _pieces(self, start: int, stop: int) -> Iterator[Any]:
        import pyarrow as pa

        sink = _Sink()
        for _ in self._written(pa.PythonFile(sink, mode="w"), start, stop):
            yield from sink.take()

    def _written(self, sink: Any, start: int, stop: int) -> Iterator[None]:
        """Write the rows to a sink, and give way after every few of them."""
        import pyarrow as pa

        with pa.ipc.new_stream(sink, self._schema) as writer:
            for first in range(start, min(stop, len(self)), _CHUNK_ROWS):
                writer.write_table(_to_arrow(self._table, first, min(stop, first + _CHUNK_ROWS), self._schema))
                yield
        yield


class _Sink:
    """A file that keeps what is written until somebody takes it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[Any] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(piece)
        return len(piece)

    def flush(self) -> None:
        """Do nothing: there is nothing behind it."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def take(self) -> list[Any]:
        """Return what was written since the last call."""
        taken, self._pieces = self._pieces, []
        return taken


def _arrow_schema(table: Any) -> Any:
    """Return the types of a table's columns, by all of its rows; None where pyarrow is not installed here."""
    try:
        import pyarrow as pa
    except ImportError:
        return None
    if hasattr(table, "iloc"):
        return pa.Schema.from_pandas(table, preserve_index=False)
    return table.schema if isinstance(table, (pa.Table, pa.RecordBatch)) else table.head(0).to_arrow().schema


def _to_arrow(table: Any, start: int, stop: int, schema: Any) -> Any:
    import pyarrow as pa

    if hasattr(table, "iloc"):
        part = pa.Table.from_pandas(table.iloc[start:stop], preserve_index=False)
        # A few rows may look otherwise than all of them, where a column holds objects.
        return part.cast(schema)
    part = table.slice(start, stop - start)
    if isinstance(part, pa.RecordBatch):
        return pa.Table.from_batches([part])
    return part if isinstance(part, pa.Table) else part.to_arrow()


def _numbers(what: str, table: Any, missing_packages: Sequence[str]) -> Any:
    """Return a table of numbers as an array."""
    array = np.asarray(table)
    if array.dtype.kind in "biuf" and array.ndim == 2:
        return array
    try:
        return np.concatenate(list(TableReader(table).blocks()))
    except SpecificationError as error:
        lacking = f"the model's environment lacks {' and '.join(missing_packages)}"
        if not missing_packages:
            lacking = "pyarrow is not installed here"
        raise ModelError(
            f"{what} cannot be handed over: {error}; {lacking}, which a table of anything but numbers needs"
        ) from error
