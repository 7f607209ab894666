"""Reading tables of any kind: blocks of numbers, a uniform sample, and what is known of each column.

A table is a numpy array, a pandas or polars data frame, a pyarrow table, a torch tensor, a list of rows, or an
iterator of chunks of these. None of the libraries is imported here: who passes their objects has imported them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["ColumnSummary", "TableReader", "without_tensor"]

# Rows that are converted at a time, which bounds the memory beside the caller's table.
_BLOCK_ROWS = 1 << 16


@dataclass
class ColumnSummary:
    """What one pass over a table found.

    Attributes
    ----------
    n_rows : int
        Rows seen.
    low, high : ndarray of shape (n_features,)
        Smallest and largest finite value of each column.
    missing, infinite : int
        Number of missing and of infinite values.
    sample : ndarray of shape (n_sample, n_features), float64
        A uniform sample without replacement, as it was read; all rows where they are few enough. Its rows are in
        random order, so that any leading part is a uniform sample too.
    """

    n_rows: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    missing: int
    infinite: int
    sample: NDArray[np.float64]


class TableReader:
    """Uniform access to a table.

    Parameters
    ----------
    X : array_like, data frame, tensor or iterator of chunks of these
        The rows; the caller's data is only read.

    Attributes
    ----------
    columns : list of str or None
        Column names, where the table has them; an iterator's are known once it was read.
    n_rows : int or None
        Number of rows; None for an iterator.
    one_pass : bool
        Whether the rows can be read only once.

    Raises
    ------
    SpecificationError
        While reading: not a table of numbers, or empty. The message names the column.
    """

    def __init__(self, X: Any) -> None:
        self.one_pass = isinstance(X, Iterator)
        self.columns: list[str] | None = None
        self.n_rows: int | None = None
        self._X = X
        if not self.one_pass:
            self._slice, self.n_rows, self.columns = _open(X)

    def blocks(self) -> Iterator[NDArray[np.floating]]:
        """Yield the rows in order, as float32 or float64 arrays of shape (at most 65536, n_features)."""
        if not self.one_pass:
            for start in range(0, self.n_rows or 0, _BLOCK_ROWS):
                yield self._slice(start, start + _BLOCK_ROWS)
            return
        width: int | None = None
        for number, chunk in enumerate(self._X):
            part = TableReader(chunk)
            for block in part.blocks():
                if width is not None and block.shape[1] != width:
                    raise SpecificationError(f"chunk {number} has {block.shape[1]} columns, the chunks before {width}")
                width = block.shape[1]
                if self.columns and part.columns and part.columns != self.columns:
                    raise SpecificationError(
                        f"chunk {number} has the columns {part.columns!r:.200}, those before it {self.columns!r:.200};"
                        " give all chunks the same columns in the same order"
                    )
                self.columns = self.columns or part.columns
                yield block

    def name(self, column: int) -> str | int:
        """Return the name of a column, or its number where the table has no names."""
        return self.columns[column] if self.columns else column

    def summarise(self, sample_bytes: int, max_sample: int, seed: int, tick: Callable[[int], None]) -> ColumnSummary:
        """Read all rows once.

        The sample is the rows with the smallest random keys, one key a row in order. So it depends on the rows and
        the seed only, not on the kind of table nor on the chunks.

        Parameters
        ----------
        sample_bytes, max_sample : int
            Largest size of the sample.
        seed : int
            Seed of the sample.
        tick : callable
            Called with the number of rows of each block when it was read.

        Raises
        ------
        SpecificationError
            If there is no row or no column, or a column has no finite value.
        """
        rng = np.random.default_rng(seed)
        n_rows = missing = infinite = size = 0
        kept: list[NDArray[np.floating]] = []
        keys: list[NDArray[np.float64]] = []
        low = high = np.empty(0)
        threshold = np.inf
        for block in self.blocks():
            if n_rows == 0:
                size = max(1, min(max_sample, sample_bytes // (8 * block.shape[1])))
                low, high = np.full(block.shape[1], np.inf), np.full(block.shape[1], -np.inf)
            n_rows += len(block)
            block_low, block_high = block.min(axis=0), block.max(axis=0)
            if not (np.isfinite(block_low).all() and np.isfinite(block_high).all()):
                finite = np.isfinite(block)
                holes = int(np.isnan(block).sum())
                missing += holes
                infinite += finite.size - int(finite.sum()) - holes
                block_low = np.where(finite, block, np.inf).min(axis=0)
                block_high = np.where(finite, block, -np.inf).max(axis=0)
            low, high = np.minimum(low, block_low), np.maximum(high, block_high)
            key = rng.random(len(block))
            chosen = np.flatnonzero(key < threshold)
            kept.append(block[chosen])
            keys.append(key[chosen])
            if sum(map(len, keys)) > 2 * size:
                rows, key = _smallest(np.concatenate(kept), np.concatenate(keys), size)
                kept, keys, threshold = [rows], [key], float(key[-1])
            tick(len(block))
        if n_rows == 0:
            raise SpecificationError("the table has no rows")
        for column in np.flatnonzero(low > high):
            name = self.name(int(column))
            raise SpecificationError(
                f"column {name!r} has no finite value: leave it out of the table and of the model", column=name
            )
        sample, _ = _smallest(np.concatenate(kept), np.concatenate(keys), size)
        return ColumnSummary(n_rows, low, high, missing, infinite, sample.astype(np.float64, copy=False))


def _smallest(
    rows: NDArray[np.floating], keys: NDArray[np.float64], size: int
) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
    """Return the `size` rows with the smallest keys, in the order of their keys."""
    order = np.argsort(keys, kind="stable")[:size]
    return rows[order], keys[order]


def _open(X: Any) -> tuple[Callable[[int, int], NDArray[np.floating]], int, list[str] | None]:
    """Return how to read rows [start, stop) of a table, its number of rows and its column names."""
    library = {base.__module__.partition(".")[0] for base in type(X).__mro__}
    if library & {"pandas", "polars", "pyarrow"}:
        return _open_frame(X, library)
    if "scipy" in library and hasattr(X, "toarray"):
        raise SpecificationError("sparse matrices are not tables of points; pass X.toarray(), or chunks of it")
    if isinstance(X, np.ma.MaskedArray):
        X = np.ma.filled(X.astype(np.float64), np.nan)
    else:
        try:
            X = np.asarray(without_tensor(X))
        except (TypeError, ValueError, RuntimeError) as error:  # torch raises all three
            raise SpecificationError(f"the rows do not form a table: {error}") from error
    if X.ndim != 2:
        hint = "; pass X.reshape(-1, 1) for a single column" if X.ndim == 1 else ""
        raise SpecificationError(f"a table has 2 dimensions (rows, columns), this has {X.ndim}{hint}")
    _check_width(X.shape[1])
    if X.dtype.kind == "f" and X.dtype.itemsize in {4, 8}:
        return lambda start, stop: X[start:stop], len(X), None
    if X.dtype.kind in "biuf":
        return lambda start, stop: X[start:stop].astype(np.float64), len(X), None
    return (
        lambda start, stop: np.column_stack([_numbers(column, j) for j, column in enumerate(X[start:stop].T)]),
        len(X),
        None,
    )


def _open_frame(X: Any, library: set[str]) -> tuple[Callable[[int, int], NDArray[np.floating]], int, list[str]]:
    if hasattr(X, "collect") and not hasattr(X, "to_numpy"):
        raise SpecificationError("this is a lazy table; pass what its collect() returns")
    if not hasattr(X, "columns") or len(X.shape) != 2:
        raise SpecificationError("a table has 2 dimensions (rows, columns), this is a single column; pass a data frame")
    names = [str(name) for name in (X.schema.names if "pyarrow" in library else X.columns)]
    _check_width(len(names))

    def read(start: int, stop: int) -> NDArray[np.floating]:
        if "pandas" in library:
            part = X.iloc[start:stop]
            columns = (part.iloc[:, j] for j in range(len(names)))
        else:
            part = X.slice(start, max(0, min(stop, X.shape[0]) - start))
            columns = iter(part.columns if "pyarrow" in library else part.get_columns())
        return np.column_stack([_numbers(column, name) for column, name in zip(columns, names, strict=True)])

    return read, int(X.shape[0]), names


def without_tensor(X: Any) -> Any:
    """Return the values of a torch tensor, wherever it is, as an array; anything else as it is.

    Raises
    ------
    TypeError, RuntimeError
        If the tensor has no values that can be read: a sparse one, one on the meta device.
    """
    if not hasattr(X, "detach"):
        return X
    # In precisions that numpy does not have (bfloat16 and shorter) numbers are read as float32.
    known = {"torch.float16", "torch.float32", "torch.float64"}
    return (X.float() if X.is_floating_point() and str(X.dtype) not in known else X).numpy(force=True)


def _check_width(n_columns: int) -> None:
    if n_columns == 0:
        raise SpecificationError("the table has no columns")


def _numbers(column: Any, name: str | int) -> NDArray[np.floating]:
    """Return a column as float32 or float64, missing values as NaN."""
    values = column if isinstance(column, np.ndarray) else _values(column)
    if values.dtype.kind == "f" and values.dtype.itemsize in {4, 8}:
        return values
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    if values.dtype.kind == "O":
        numbers = np.empty(len(values))
        for i, value in enumerate(values):
            if value is None or type(value).__name__ == "NAType":
                numbers[i] = np.nan
            elif isinstance(value, str | bytes):
                break
            else:
                try:
                    numbers[i] = float(value)
                except (TypeError, ValueError, OverflowError):
                    break
        else:
            return numbers
    raise SpecificationError(
        f"column {name!r} holds {_kind(values)}, not numbers: encode it as numbers as the model does, or leave it out",
        column=name,
    )


def _values(column: Any) -> NDArray[Any]:
    """Return the values of a column of a data frame; nullable columns give NaN or None where a value is missing."""
    if type(column).__module__.partition(".")[0] == "pandas" and getattr(column.dtype, "kind", "O") in "biuf":
        # Nullable types of pandas refuse NaN unless told so.
        exact = column.dtype if isinstance(column.dtype, np.dtype) else np.float64
        return np.asarray(column.to_numpy(dtype=exact, na_value=np.nan) if exact is np.float64 else column.to_numpy())
    if type(column).__module__.partition(".")[0] == "pyarrow":
        # Columns of a batch, unlike those of a table, refuse to copy unless told so.
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.asarray(column.to_numpy())


def _kind(values: NDArray[Any]) -> str:
    if values.dtype.kind == "O":
        sample = next((v for v in values if v is not None and not isinstance(v, int | float)), None)
        return "text" if isinstance(sample, str) else f"values of type {type(sample).__name__}"
    return {"U": "text", "S": "text", "T": "text", "M": "dates", "m": "durations", "c": "complex numbers"}.get(
        values.dtype.kind, f"values of type {values.dtype}"
    )
