"""A PyTorch module as a learnware's model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.model.base import BaseModel

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TorchModel"]


class TorchModel(BaseModel):
    """A PyTorch module as a learnware's model; `fit` and `finetune` are for subclasses.

    Parameters
    ----------
    model : torch.nn.Module
        The module.
    input_shape, output_shape : tuple of int or None
        Shapes of one input and one output.
    """

    def __init__(self, model: Any, input_shape: tuple[int, ...] | None, output_shape: tuple[int, ...] | None) -> None:
        super().__init__(input_shape, output_shape)
        self.model = model

    @property
    def nn_model(self) -> Any:
        """The module."""
        return self.model

    def get_model(self) -> Any:
        """Return the module."""
        return self.model

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the module's outputs in evaluation mode.

        Parameters
        ----------
        X : array or tensor of shape (n_samples, ...)
            Inputs; moved to where the module's parameters are, floats in the parameters' precision.

        Returns
        -------
        ndarray of shape (n_samples, ...)
        """
        import torch

        inputs = torch.as_tensor(X)
        parameter = next(self.model.parameters(), None)
        if parameter is not None:
            inputs = inputs.to(parameter.device)
            if inputs.is_floating_point():
                inputs = inputs.to(parameter.dtype)
        training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                outputs: np.ndarray[Any, Any] = self.model(inputs).cpu().numpy()
        finally:
            self.model.train(training)
        return outputs
