"""The base class of models, and PyTorch modules as models."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from learnware.model import BaseModel


@pytest.mark.parametrize(("method", "arguments"), [("predict", 1), ("fit", 2), ("finetune", 2), ("get_model", 0)])
def test_a_model_says_what_it_does_not_do(method, arguments):
    model = BaseModel(input_shape=(3,), output_shape=None)
    assert (model.input_shape, model.output_shape) == ((3,), None)
    with pytest.raises(NotImplementedError, match="BaseModel does not"):
        getattr(model, method)(*[None] * arguments)


def test_both_published_imports_are_one_class_and_torch_stays_out():
    script = (
        "import sys\nfrom learnware.model import BaseModel, TorchModel\nimport learnware.model.base\n"
        "assert BaseModel is learnware.model.base.BaseModel and issubclass(TorchModel, BaseModel)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.torch
def test_torch_model():
    torch = pytest.importorskip("torch")
    from learnware.model import TorchModel

    module = torch.nn.Sequential(torch.nn.Dropout(0.9), torch.nn.Linear(3, 2)).train()
    model = TorchModel(module, (3,), (2,))
    X = np.arange(12.0).reshape(4, 3)
    outputs = model.predict(X)
    assert isinstance(outputs, np.ndarray)
    expected = X @ module[1].weight.detach().numpy().T + module[1].bias.detach().numpy()
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
    assert model.nn_model is module is model.get_model()
    assert module.training
    with pytest.raises(NotImplementedError):
        model.fit(X, X)


@pytest.mark.torch
def test_a_torch_model_takes_any_array_and_leaves_it():
    torch = pytest.importorskip("torch")
    from learnware.model import TorchModel

    class WritesIntoItsInput(torch.nn.Module):
        def forward(self, X):
            return X.mul_(2)

    module = WritesIntoItsInput()
    module.register_parameter("scale", torch.nn.Parameter(torch.ones(1)))
    model = TorchModel(module, (2,), (2,))
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    fixed = X.copy()
    fixed.flags.writeable = False
    tensor = torch.tensor(X, requires_grad=True)
    for rows in (X, fixed, X.astype(">f4"), X[::-1][::-1], np.asfortranarray(X), X.tolist(), tensor, tensor.bfloat16()):
        np.testing.assert_array_equal(model.predict(rows), 2 * fixed)
    np.testing.assert_array_equal(model.predict(X[::-1]), 2 * fixed[::-1])
    np.testing.assert_array_equal(X, fixed)
    np.testing.assert_array_equal(tensor.detach().numpy(), fixed)
    outputs = TorchModel(module.bfloat16(), (2,), (2,)).predict(X)
    assert outputs.dtype == np.float32
    np.testing.assert_array_equal(outputs, 2 * fixed)
    indices = np.ones((3, 2), dtype=np.int32)
    assert TorchModel(torch.nn.EmbeddingBag(4, 5), (2,), (5,)).predict(indices).shape == (3, 5)
