"""Reading texts of any kind: chunks of strings, and what had to be done to them.

Texts are a list or tuple, a numpy array of strings, a column of pandas, polars or pyarrow, a frame with one column, or
an iterator of texts or of chunks of these. None of the libraries is imported here: who passes their objects has
imported them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from learnware.errors import SpecificationError

__all__ = ["TextReader"]

# Texts that are converted and encoded at a time, which bounds the memory beside the caller's data.
_CHUNK_TEXTS = 1 << 13
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_FRAMES = {"pandas", "polars", "pyarrow"}


class TextReader:
    """Uniform access to texts.

    Parameters
    ----------
    X : list, tuple, array, column, data frame of one column, or iterator of texts or of chunks of these
        The texts; the caller's data is only read. Bytes are read as UTF-8.

    Attributes
    ----------
    n_texts : int or None
        Number of texts; None for an iterator.
    n_read, empty, missing, replaced : int
        While reading: texts so far, those without any character but white space, those that are missing (None, NaN),
        which count as empty, and those with U+FFFD, which replaces bytes that are no UTF-8.

    Raises
    ------
    SpecificationError
        While reading: not texts, or none at all.
    """

    def __init__(self, X: Any) -> None:
        self.n_read = self.empty = self.missing = self.replaced = 0
        self.n_texts: int | None = None
        self._X: Any = X
        if not isinstance(X, Iterator):
            self._X = _column(X)
            self.n_texts = len(self._X)

    def chunks(self) -> Iterator[list[str]]:
        """Yield the texts in order, in lists of at most 8192.

        Raises
        ------
        SpecificationError
            If a value is no text, or there is none.
        """
        for chunk in self._raw_chunks():
            texts = [self._text(value, self.n_read + i) for i, value in enumerate(chunk)]
            self.n_read += len(texts)
            if texts:
                yield texts
        if self.n_read == 0:
            raise SpecificationError("there are no texts")

    def _raw_chunks(self) -> Iterator[list[Any]]:
        if self.n_texts is not None:
            for start in range(0, self.n_texts, _CHUNK_TEXTS):
                yield _values(self._X, start, start + _CHUNK_TEXTS)
            return
        single: list[Any] = []
        for item in self._X:
            if item is None or isinstance(item, str | bytes | float):
                single.append(item)
                if len(single) == _CHUNK_TEXTS:
                    yield single
                    single = []
            else:
                if single:
                    yield single
                    single = []
                part = _column(item)
                for start in range(0, len(part), _CHUNK_TEXTS):
                    yield _values(part, start, start + _CHUNK_TEXTS)
        if single:
            yield single

    def _text(self, value: Any, number: int) -> str:
        if isinstance(value, str | bytes):
            text = _as_unicode(value)
            self.replaced += not text.isascii() and _REPLACEMENT in text
        elif value is None or (isinstance(value, float | np.floating) and np.isnan(value)) or _is_na(value):
            self.missing += 1
            return ""
        else:
            raise SpecificationError(
                f"text {number} is of type {type(value).__name__}, not a text: pass a list or column of texts"
            )
        self.empty += not text or text.isspace()
        return text


def _as_unicode(value: str | bytes) -> str:
    """Return a text with U+FFFD in place of bytes that are no UTF-8, and of halves of surrogate pairs."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _is_na(value: Any) -> bool:
    return type(value).__name__ in {"NAType", "NaTType"}


def _column(X: Any) -> Any:
    """Return texts as something with a length that can be cut: a list, an array, or a column of a data frame."""
    library = {base.__module__.partition(".")[0] for base in type(X).__mro__}
    if isinstance(X, str | bytes):
        raise SpecificationError("this is a single text; pass a list of texts")
    if library & _FRAMES:
        if hasattr(X, "collect") and not hasattr(X, "to_numpy"):
            raise SpecificationError("this is a lazy table; pass what its collect() returns")
        if hasattr(X, "columns"):
            names = [str(name) for name in (X.schema.names if "pyarrow" in library else X.columns)]
            if len(names) != 1:
                raise SpecificationError(
                    f"a table of {len(names)} columns ({', '.join(names)!s:.100}) is no list of texts; pass its column"
                    " of texts"
                )
            if "pyarrow" in library:
                return X.column(0)
            return X.iloc[:, 0] if "pandas" in library else X.get_column(names[0])
        return X
    if isinstance(X, np.ndarray):
        if X.ndim == 2 and X.shape[1] == 1:
            X = X[:, 0]
        if X.ndim != 1:
            raise SpecificationError(f"texts are an array of 1 dimension, this has {X.ndim}")
        return X
    if isinstance(X, dict) or not isinstance(X, Iterable) or hasattr(X, "detach"):
        raise SpecificationError(f"this is of type {type(X).__name__}, not a list or column of texts")
    return X if isinstance(X, list | tuple) else list(X)


def _values(column: Any, start: int, stop: int) -> list[Any]:
    """Return some values of what `_column` returned."""
    if isinstance(column, list | tuple):
        return list(islice(column, start, stop))
    library = {base.__module__.partition(".")[0] for base in type(column).__mro__}
    if "pandas" in library:
        return list(column.iloc[start:stop])
    if "pyarrow" in library:
        values: list[Any] = column.slice(start, stop - start).to_pylist()
        return values
    part = column.slice(start, stop - start) if "polars" in library else column[start:stop]
    if isinstance(part, np.ndarray) and part.dtype.kind == "S":
        # Each value is bytes of its own length; `tolist` gives them.
        return list(part.tolist())
    listed: list[Any] = part.to_list() if "polars" in library else part.tolist()
    return listed
