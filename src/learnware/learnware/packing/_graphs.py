"""Packing models that are exported graphs: ONNX and TorchScript."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._code import ModelCode
from learnware.learnware.packing._plan import ModelPlan, import_library

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["plan_onnx", "plan_torchscript"]

# --- ONNX ---

_ONNX_TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}
_ONNX_FLOATS = ("tensor(float)", "tensor(double)")


def plan_onnx(content: bytes) -> ModelPlan:
    """Return how to pack an ONNX model that takes one table of numbers."""
    runtime = import_library("onnxruntime", "to pack an ONNX model")
    try:
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except (runtime.capi.onnxruntime_pybind11_state.InvalidProtobuf, RuntimeError) as error:
        raise PackError(f"the ONNX model cannot be loaded: {error}") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or inputs[0].type not in _ONNX_TYPES or len(inputs[0].shape) != 2:
        found = ", ".join(f"{item.name}: {item.type} {item.shape}" for item in inputs)
        raise PackError(f"the ONNX model must have one input of numbers, shape (rows, columns); it has {found}")
    if isinstance(inputs[0].shape[0], int):
        raise PackError(f"the ONNX model takes exactly {inputs[0].shape[0]} rows; export it with a free first axis")
    width = inputs[0].shape[1]
    dtype = _ONNX_TYPES[inputs[0].type]

    # Converters of classifiers write the label first and then the probabilities.
    labelled = outputs[0].type in {"tensor(int64)", "tensor(string)"}
    scored = next((item for item in outputs if item.type in _ONNX_FLOATS), None)
    if outputs[0].type == "tensor(string)" and scored is None:
        raise PackError("the ONNX classifier gives no array of probabilities; export it without ZipMap")

    def expression(name: str) -> str:
        return f"self.session.run([{name!r}], {{{inputs[0].name!r}: np.asarray(X, dtype=np.{dtype})}})[0]"

    def run(name: str, X: NDArray[np.floating]) -> Any:
        return session.run([name], {inputs[0].name: np.asarray(X, dtype=dtype)})[0]

    def reference(X: NDArray[np.floating], output: str) -> Any:
        if output == "labels" and scored is None:
            return run(outputs[0].name, X).reshape(-1)
        answer = run(scored.name if scored is not None else outputs[0].name, X)
        return answer.argmax(axis=1) if output == "labels" else answer

    n_classes = scored.shape[-1] if scored is not None and len(scored.shape) == 2 else None
    return ModelPlan(
        code=ModelCode(
            title="An ONNX model.",
            libraries=("onnxruntime",),
            load="""
            path = os.path.join(HERE, "model.onnx")
            self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            """,
            methods=(),
        ),
        files={"model.onnx": content},
        modules=frozenset({"onnxruntime", "numpy"}),
        library="Others",
        reference=reference,
        values=expression((scored or outputs[0]).name),
        labels=f"{expression(outputs[0].name)}.reshape(-1)" if scored is None else None,
        scores=None if scored is None else f"return {expression(scored.name)}",
        probabilities=labelled and scored is not None,
        task="Classification" if labelled else None,
        n_features=width if isinstance(width, int) else None,
        n_classes=n_classes if isinstance(n_classes, int) else None,
    )


# --- TorchScript ---


def plan_torchscript(content: bytes) -> ModelPlan:
    """Return how to pack a TorchScript module that takes one table of single-precision numbers."""
    torch = import_module("torch")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.pt"
            file.write_bytes(content)
            module = torch.jit.load(str(file), map_location="cpu").eval()
    except RuntimeError as error:
        raise PackError(
            "the file is no TorchScript module: save torch.jit.script(model) or torch.jit.trace(model, inputs)"
        ) from error
    values = "self._run(X)"

    def reference(X: NDArray[np.floating], output: str) -> Any:
        with torch.inference_mode():
            answer = module(torch.from_numpy(np.array(X, dtype=np.float32))).numpy()
        return answer.argmax(axis=1) if output == "labels" else answer

    return ModelPlan(
        code=ModelCode(
            title="A TorchScript module.",
            libraries=("torch",),
            load='self.module = torch.jit.load(os.path.join(HERE, "model.pt"), map_location="cpu").eval()',
            methods=(
                """
                def _run(self, X):
                    with torch.inference_mode():
                        return self.module(torch.from_numpy(np.array(X, dtype=np.float32))).numpy()
                """,
            ),
        ),
        files={"model.pt": content},
        modules=frozenset({"torch", "numpy"}),
        library="PyTorch",
        reference=reference,
        values=values,
        scores=f"return {values}",
    )
