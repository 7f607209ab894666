"""Packing ONNX models of tables, images and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._code import ModelCode
from learnware.learnware.packing._plan import BATCH, ModelPlan, import_library

__all__ = ["plan_onnx"]

_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(string)": "object",
}
_FLOATS = ("tensor(float)", "tensor(double)")
_IMAGE_AXES = 4
# Numbers of channels that pictures have: grey, grey and alpha, RGB, RGBA.
_CHANNELS = (1, 2, 3, 4)


@dataclass(frozen=True)
class _Input:
    """The one input of a model, and how samples become what it takes.

    Attributes
    ----------
    data_type : str
        "Table", "Image" or "Text".
    feed : str
        Expression of the input for a batch of samples.
    shape : tuple of int or None
        Columns of a row; channels, height and width of an image.
    single : bool
        Whether it takes one sample at a time only.
    """

    name: str
    dtype: str
    data_type: str
    feed: str
    shape: tuple[int | None, ...] = ()
    axes: tuple[int, ...] | None = None
    single: bool = False

    def make(self, X: Any) -> Any:
        """Return samples as the model takes them, by the rule that `feed` writes down."""
        if self.data_type == "Text":
            texts = np.array(X, dtype=object)
            return texts if self.axes is None else texts.reshape(-1, 1)
        samples = np.asarray(X, dtype=self.dtype)
        return samples if self.axes is None else np.ascontiguousarray(samples.transpose(self.axes))


def plan_onnx(content: bytes) -> ModelPlan:
    """Return how to pack an ONNX model that takes a table of numbers, images, or texts."""
    runtime = import_library("onnxruntime", "to pack an ONNX model")
    state = runtime.capi.onnxruntime_pybind11_state
    broken = (state.InvalidProtobuf, state.InvalidGraph, state.InvalidArgument, state.NotImplemented, state.Fail)
    try:
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except (*broken, RuntimeError) as error:
        raise PackError(f"the ONNX model cannot be loaded: {error}") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    taken = _the_input(inputs)

    # Converters of classifiers write the label first and then the probabilities.
    labelled = outputs[0].type in {"tensor(int64)", "tensor(string)"}
    scored = next((item for item in outputs if item.type in _FLOATS), None)
    if outputs[0].type == "tensor(string)" and scored is None:
        raise PackError("the ONNX classifier gives no array of probabilities; export it without ZipMap")
    in_batches = taken.data_type == "Image"

    def expression(name: str) -> str:
        if in_batches:
            return f"self._run(X, {name!r})"
        return f"self.session.run([{name!r}], {{{taken.name!r}: {taken.feed}}})[0]"

    def run(name: str, X: Any) -> Any:
        size = 1 if taken.single else max(1, len(X))
        starts = range(0, max(1, len(X)), size)
        parts = [session.run([name], {taken.name: taken.make(X[start : start + size])})[0] for start in starts]
        return np.concatenate(parts)

    def reference(X: Any, output: str) -> Any:
        if output == "labels" and scored is None:
            return run(outputs[0].name, X).reshape(-1)
        answer = run(scored.name if scored is not None else outputs[0].name, X)
        return answer.argmax(axis=1) if output == "labels" else answer

    n_classes = scored.shape[-1] if scored is not None and len(scored.shape) == 2 else None
    run_method = f"""
    def _run(self, X, name):
        parts = []
        for start in range(0, max(1, len(X)), BATCH):
            batch = X[start : start + BATCH]
            parts.append(self.session.run([name], {{{taken.name!r}: {taken.feed}}})[0])
        return np.concatenate(parts)
    """
    single = "# The graph takes one image at a time.\nBATCH = 1\n"
    return ModelPlan(
        code=ModelCode(
            title="An ONNX model.",
            libraries=("onnxruntime",),
            load="""
            path = os.path.join(HERE, "model.onnx")
            self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            """,
            methods=(run_method,) if in_batches else (),
            constants=(single if taken.single else BATCH) if in_batches else "",
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
        data_type=taken.data_type,
        n_features=taken.shape[0] if taken.data_type == "Table" else None,
        image_shape=taken.shape if taken.data_type == "Image" else None,
        scales_pixels=taken.dtype.startswith("float"),
        n_classes=n_classes if isinstance(n_classes, int) else None,
    )


def _the_input(inputs: Any) -> _Input:
    """Return what the model takes.

    Raises
    ------
    PackError
        If that is neither a table, nor images, nor texts, or a fixed number of them.
    """
    found = ", ".join(f"{item.name}: {item.type} {item.shape}" for item in inputs)
    allowed = (
        "numbers, shape (rows, columns) or (images, channels, height, width), or of texts, shape (rows) or (rows, 1)"
    )
    if len(inputs) != 1 or inputs[0].type not in _TYPES:
        raise PackError(f"the ONNX model must have one input of {allowed}; it has {found}")
    name, dtype = inputs[0].name, _TYPES[inputs[0].type]
    n_samples, *sizes = inputs[0].shape or [None]
    shape = tuple(size if isinstance(size, int) else None for size in sizes)
    is_image = len(shape) == _IMAGE_AXES - 1 and dtype != "object"
    single = is_image and n_samples == 1
    if isinstance(n_samples, int) and not single:
        raise PackError(f"the ONNX model takes exactly {n_samples} rows; export it with a free first axis")
    if dtype == "object" and shape in {(), (1,)}:
        texts = "np.array(X, dtype=object)"
        return _Input(name, dtype, "Text", f"{texts}.reshape(-1, 1)" if shape else texts, axes=(0,) if shape else None)
    if len(shape) == 1 and dtype != "object":
        return _Input(name, dtype, "Table", f"np.asarray(X, dtype=np.{dtype})", shape)
    if not is_image:
        raise PackError(f"the ONNX model must have one input of {allowed}; it has {found}")
    batch = f"np.asarray(batch, dtype=np.{dtype})"
    if shape[0] not in _CHANNELS and shape[2] in _CHANNELS:
        # As TensorFlow has images; learnwares take them with the channels first.
        feed = f"np.ascontiguousarray({batch}.transpose(0, 2, 3, 1))"
        return _Input(name, dtype, "Image", feed, (shape[2], shape[0], shape[1]), (0, 2, 3, 1), single)
    return _Input(name, dtype, "Image", batch, shape, None, single)
