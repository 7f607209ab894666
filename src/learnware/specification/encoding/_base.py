"""What a text encoder is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TextEncoder"]


class TextEncoder(ABC):
    """A fixed map from texts to points, the same in every process and on every machine.

    Attributes
    ----------
    name : str
        Its identity: specifications compare only where their encoders have one name.
    dimension : int
        Dimension of the points.
    """

    name: str
    dimension: int

    @abstractmethod
    def encode_counted(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], int]:
        """Return one point a text, shape (n_texts, dimension), and of how many only the beginning was read."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one point a text, shape (n_texts, dimension)."""
        return self.encode_counted(texts)[0]
