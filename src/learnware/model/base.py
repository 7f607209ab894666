"""What a learnware's model implements."""

from __future__ import annotations

from typing import Any

__all__ = ["BaseModel"]


class BaseModel:
    """Base class of the model in a learnware package.

    Parameters
    ----------
    input_shape : tuple of int or None
        Shape of one input: ``(n_features,)`` for a table, ``(channels, height, width)`` for an image, None for text.
    output_shape : tuple of int or None
        Shape of one output: ``(1,)`` for labels or one target, ``(n_classes,)`` for scores, None where it varies.
    """

    def __init__(self, input_shape: tuple[int, ...] | None, output_shape: tuple[int, ...] | None) -> None:
        self.input_shape = input_shape
        self.output_shape = output_shape

    def predict(self, X: Any) -> Any:
        """Return the outputs for `X`, one row each."""
        raise NotImplementedError(f"{self.__class__.__name__} does not implement predict")

    def fit(self, X: Any, y: Any) -> None:
        """Train the model anew."""
        raise NotImplementedError(f"{self.__class__.__name__} does not implement fit")

    def finetune(self, X: Any, y: Any) -> None:
        """Go on training the model."""
        raise NotImplementedError(f"{self.__class__.__name__} does not implement finetune")

    def get_model(self) -> Any:
        """Return the underlying model object."""
        raise NotImplementedError(f"{self.__class__.__name__} does not give out its model")
