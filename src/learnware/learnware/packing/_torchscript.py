"""Packing torch's two kinds of model files: TorchScript modules, and exported programs."""

from __future__ import annotations

import io
import tempfile
import warnings
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._code import ModelCode
from learnware.learnware.packing._plan import BATCH, ModelPlan

__all__ = ["plan_exported", "plan_torch_object", "plan_torchscript"]

# TorchScript is deprecated from torch 2.13 on; a package names the version that has read its file.
_LOAD_SCRIPT = """
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    self.module = torch.jit.load(os.path.join(HERE, "model.pt"), map_location="cpu").eval()
"""
_LOAD_EXPORTED = """
with open(os.path.join(HERE, "model.pt"), "rb") as file:
    self.module = torch.export.load(file).module()
"""


def plan_torch_object(model: Any) -> ModelPlan:
    """Return how to pack a TorchScript module or an exported program, by way of its file."""
    torch, buffer = import_module("torch"), io.BytesIO()
    if hasattr(model, "graph_signature"):
        torch.export.save(model, buffer)
        return plan_exported(buffer.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(model, buffer)
    return plan_torchscript(buffer.getvalue())


def plan_torchscript(content: bytes) -> ModelPlan:
    """Return how to pack a TorchScript module that takes rows or images of single-precision numbers."""
    torch = import_module("torch")
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            file = Path(folder) / "model.pt"
            file.write_bytes(content)
            module = torch.jit.load(str(file), map_location="cpu").eval()
    except RuntimeError as error:
        raise PackError(
            "the file is no TorchScript module: save torch.jit.script(model) or torch.jit.trace(model, inputs), or"
            " torch.export.export(model, ...) as .pt2"
        ) from error
    return _plan(torch, module, content, "A TorchScript module.", _LOAD_SCRIPT, ("torch", "warnings"))


def plan_exported(content: bytes) -> ModelPlan:
    """Return how to pack an exported program that takes rows or images of single-precision numbers, in any number."""
    torch = import_module("torch")
    wrong = "the file is no exported program: save torch.export.export(model, ...)"
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise PackError(wrong)
    try:
        program = torch.export.load(io.BytesIO(content))
    except (RuntimeError, ValueError, LookupError) as error:
        raise PackError(wrong) from error
    inputs = [node for node in program.graph.nodes if node.name in program.graph_signature.user_inputs]
    if len(inputs) != 1 or isinstance(inputs[0].meta["val"].shape[0], int):
        raise PackError(
            "the exported program must take one tensor with any number of rows: export it with"
            " dynamic_shapes=({0: torch.export.Dim.AUTO},)"
        )
    return _plan(torch, program.module(), content, "A program that torch exported.", _LOAD_EXPORTED, ("torch",))


def _plan(torch: Any, module: Any, content: bytes, title: str, load: str, libraries: tuple[str, ...]) -> ModelPlan:
    values = "self._run(X)"

    def reference(X: Any, output: str) -> Any:
        with torch.inference_mode():
            answer = module(torch.from_numpy(np.array(X, dtype=np.float32))).numpy()
        return answer.argmax(axis=1) if output == "labels" else answer

    return ModelPlan(
        code=ModelCode(
            title=title,
            libraries=libraries,
            load=load,
            methods=(
                """
                def _run(self, X):
                    parts = []
                    with torch.inference_mode():
                        for start in range(0, max(1, len(X)), BATCH):
                            batch = np.array(X[start : start + BATCH], dtype=np.float32)
                            parts.append(self.module(torch.from_numpy(batch)).numpy())
                    return np.concatenate(parts)
                """,
            ),
            constants=BATCH,
        ),
        files={"model.pt": content},
        modules=frozenset({"torch", "numpy"}),
        library="PyTorch",
        reference=reference,
        values=values,
        scores=f"return {values}",
        scales_pixels=True,
    )
