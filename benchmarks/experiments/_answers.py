"""Answers of learnwares that are remembered: every way of reuse asks the same questions again."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from learnware.model import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

__all__ = ["RememberedModel", "positions"]


class RememberedModel(BaseModel):
    """A learnware's model, whose answers to some samples are known.

    Parameters
    ----------
    known : mapping of bytes to int
        Rows of `answers` by sample, as `positions` makes it.
    answers : ndarray of shape (n_known, n_classes)
        What the model answered.
    input_shape : tuple of int or None
        The model's.
    """

    def __init__(self, known: Mapping[bytes, int], answers: NDArray[Any], input_shape: tuple[int, ...] | None) -> None:
        super().__init__(input_shape, answers.shape[1:])
        self._known = known
        self._answers = answers

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the answers to `X`, all of which are known."""
        answers: NDArray[Any] = self._answers[[self._known[key] for key in _keys(X)]]
        return answers


def positions(samples: Iterable[Any]) -> dict[bytes, int]:
    """Return at which position each sample is; of equal ones the last."""
    return {key: number for number, key in enumerate(_keys(samples))}


def _keys(samples: Iterable[Any]) -> list[bytes]:
    return [
        blake2b(
            one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one.tobytes(), digest_size=16
        ).digest()
        for one in samples
    ]
