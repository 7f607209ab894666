"""Packing TorchScript modules."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._code import ModelCode
from learnware.learnware.packing._plan import BATCH, ModelPlan

__all__ = ["plan_torchscript"]


def plan_torchscript(content: bytes) -> ModelPlan:
    """Return how to pack a TorchScript module that takes rows or images of single-precision numbers."""
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

    def reference(X: Any, output: str) -> Any:
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
