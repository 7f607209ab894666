"""What a worker answers, checked: it may have written anything."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from learnware.errors import ModelError

__all__ = ["Answers", "check_description", "check_missing_packages"]

_MAX_SHAPE = 8
_METHODS = ("predict", "predict_proba", "fit", "finetune")
_TABLE_PACKAGES = ("pandas", "pyarrow")


def check_description(description: Any) -> dict[str, Any]:
    """Return a model's description as plain values of the expected kinds.

    Raises
    ------
    ModelError
        If it is no description.
    """

    def shape(value: Any) -> tuple[int, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > _MAX_SHAPE or not all(type(size) is int for size in value):
            raise ModelError(f"the model's shape is {reprlib.repr(value)}; expected a tuple of integers or None")
        return tuple(value)

    if not isinstance(description, dict):
        raise ModelError("the model's process did not describe the model")
    methods = description.get("methods")
    return {
        "input_shape": shape(description.get("input_shape")),
        "output_shape": shape(description.get("output_shape")),
        "methods": tuple(name for name in _METHODS if isinstance(methods, list) and name in methods),
    }


def check_missing_packages(names: Any) -> tuple[str, ...]:
    """Return which of the packages for tables are not in the worker's environment."""
    return tuple(name for name in _TABLE_PACKAGES if not isinstance(names, list) or name in names)


class Answers:
    """The outputs of one call, put together from those of its batches.

    Parameters
    ----------
    method : str
        The method that was called.
    n_rows : int
        How many inputs it was given.
    max_bytes : int
        Largest size of all outputs.
    """

    def __init__(self, method: str, n_rows: int, max_bytes: int) -> None:
        self._method = method
        self._n_rows = n_rows
        self._max_bytes = max_bytes
        self._size = 0
        self._filled = 0
        # Outputs of one type have their place before they come; others are joined at the end.
        self._array: np.ndarray[Any, Any] | None = None
        self._pieces: list[np.ndarray[Any, Any]] = []

    def add(self, values: list[Any], count: int) -> None:
        """Take the outputs for the next `count` inputs.

        Raises
        ------
        ModelError
            If they are not one output each, finite, and of the same kind as those before.
        """
        output = self._check(values, count)
        self._size += output.nbytes
        if self._size > self._max_bytes:
            raise ModelError(f"{self._method} answered more than {self._max_bytes} bytes in all batches together")
        if self._array is None and not self._pieces:
            if count == self._n_rows or output.dtype.kind == "U":
                self._pieces = [output]
                return
            expected = output.nbytes // max(1, count) * self._n_rows
            if expected > self._max_bytes:
                raise ModelError(f"{self._method} answers {expected} bytes; at most {self._max_bytes} are allowed")
            self._array = np.empty((self._n_rows, *output.shape[1:]), dtype=output.dtype)
        first = self._pieces[0] if self._array is None else self._array
        if output.shape[1:] != first.shape[1:] or (output.dtype.kind in "OU") != (first.dtype.kind in "OU"):
            raise ModelError(
                f"{self._method} answered outputs of shape {first.shape[1:]} and type {first.dtype} in one batch, of"
                f" shape {output.shape[1:]} and type {output.dtype} in another"
            )
        if self._array is not None and output.dtype != self._array.dtype:
            self._pieces, self._array = [self._array[: self._filled]], None
        if self._array is None:
            self._pieces.append(output)
        else:
            self._array[self._filled : self._filled + count] = output
        self._filled += count

    def result(self) -> np.ndarray[Any, Any]:
        """Return all outputs."""
        if self._array is not None:
            return self._array
        return self._pieces[0] if len(self._pieces) == 1 else np.concatenate(self._pieces)

    def _check(self, values: list[Any], count: int) -> np.ndarray[Any, Any]:
        output = values[0] if len(values) == 1 else None
        if isinstance(output, list):
            output = self._to_array(output)
        if output is None or output.ndim == 0 or len(output) != count:
            answer = "nothing" if output is None else f"an array of shape {output.shape}"
            raise ModelError(f"{self._method} answered {answer} for {count} inputs; expected one output each")
        if output.dtype.kind == "f" and not np.isfinite(output).all():
            raise ModelError(f"{self._method} answered values that are NaN or infinite")
        result: np.ndarray[Any, Any] = output
        return result

    def _to_array(self, texts: list[str]) -> np.ndarray[Any, Any]:
        # A numpy array of texts gives each the room of the longest one.
        if 4 * len(texts) * max(map(len, texts), default=0) > self._max_bytes:
            raise ModelError(f"{self._method} answered texts that are too long")
        return np.array(texts, dtype=np.str_)
