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
            Inputs; a copy goes to where the module's parameters are, floats in the parameters' precision. Whole numbers
            stay whole: an embedding needs them so.

        Returns
        -------
        ndarray of shape (n_samples, ...)
        """
        import numpy as np
        import torch

        # A copy, because a module may write into its input, and because torch takes no read-only or reversed arrays.
        if isinstance(X, torch.Tensor):
            inputs = X.detach().clone()
        else:
            values = np.asarray(X)
            inputs = torch.from_numpy(values.astype(values.dtype.newbyteorder("="), order="C"))
        parameter = next(self.model.parameters(), None)
        if parameter is not None:
            inputs = inputs.to(parameter.device)
            if inputs.is_floating_point():
                inputs = inputs.to(parameter.dtype)
        training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                outputs = self.model(inputs)
        finally:
            self.model.train(training)
        # numpy has no bfloat16.
        outputs = outputs.float() if outputs.dtype == torch.bfloat16 else outputs
        return np.asarray(outputs.cpu())
