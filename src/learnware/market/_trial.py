"""Trying a learnware: whether its model answers as its specifications promise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import LearnwareError, ModelError, ModelTimeoutError, ResourceLimitError
from learnware.market._problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from learnware.market._semantic_rules import Promise
    from learnware.runtime import ModelProcess

__all__ = ["SPEC_TYPES", "Trial", "stat_spec_problems", "try_model"]

SPEC_TYPES = {
    "Table": "RKMETableSpecification",
    "Image": "RKMEImageSpecification",
    "Text": "RKMETextSpecification",
}
# Tasks whose outputs have a known form.
_DESCRIBED_TASKS = frozenset({"Classification", "Regression", "Feature Extraction"})
_TRIALS = 10
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
# What a sandbox or its limits keep from a model reaches its code as an ordinary error, which says nothing of them.
_HELD_BACK = (
    (r"MemoryError", "the memory of the trial is limited; let the model take less at a time"),
    (r"Too many open files", "the number of open files is limited; close those that are done with"),
    (
        r"BlockingIOError|can't start new thread",
        "the number of processes and threads is limited; start fewer, or none",
    ),
    (
        r"URLError|HTTPError|ConnectionError|gaierror|name resolution|Network is unreachable",
        "sandboxes have no network; put what the model needs into the package",
    ),
    (r"No space left on device|File too large", "the scratch folder is limited; write less"),
    (
        r"FileNotFoundError|PermissionError|Read-only file system",
        (
            "a sandbox shows models only the files of their package and environment, and a scratch folder to write to; "
            "put what this one needs into the package"
        ),
    ),
)


@dataclass(frozen=True)
class Trial:
    """How a trial went.

    Attributes
    ----------
    problems : tuple of Problem
        What is wrong with the model.
    rows : int
        Inputs that it was asked to answer; 0 where it is not known what it takes.
    """

    problems: tuple[Problem, ...]
    rows: int = 0


def stat_spec_problems(promise: Promise, stat_specs: Mapping[str, Any], *, distances: bool = True) -> list[Problem]:
    """Return what is wrong with statistical specifications.

    Parameters
    ----------
    promise : Promise
        What the semantic specification says.
    stat_specs : mapping of str to BaseStatSpecification
        By type name.
    distances : bool, default=True
        Whether distances are computed, too, which takes seconds for thousands of points.
    """
    problems = []
    wanted = SPEC_TYPES.get(promise.data_type or "")
    if wanted is not None and wanted not in stat_specs:
        message = f"data of type {promise.data_type} needs a statistical specification {wanted}; the package has: "
        mend = "make one with generate_stat_spec and name it in learnware.yaml"
        problems.append(Problem(message + (", ".join(stat_specs) or "none"), mend, file="learnware.yaml"))
    for name, spec in stat_specs.items():
        try:
            self_distance = float(spec.dist(spec)) if distances else 0.0
        except LearnwareError as error:
            problems.append(Problem(f"the statistical specification {name} is broken: {error}", "generate it anew"))
            continue
        if not np.isfinite(self_distance):
            message = f"the statistical specification's distance to itself is {self_distance}"
            problems.append(Problem(message, "generate it anew"))
        if name == SPEC_TYPES["Table"] and promise.inputs is not None and spec.get_z().shape[1] != promise.inputs:
            found = spec.get_z().shape[1]
            message = f"the statistical specification has {found} columns, Input.Dimension is {promise.inputs}"
            mend = "both must be the number of columns that the model takes"
            problems.append(Problem(message, mend, key="Input.Dimension"))
    return problems


def try_model(process: ModelProcess, promise: Promise, stat_specs: Mapping[str, Any], *, seed: int) -> Trial:
    """Let a model answer a few inputs, and return what is wrong with it.

    Parameters
    ----------
    process : ModelProcess
        The model.
    promise : Promise
        What the semantic specification says; what it leaves open is not checked.
    stat_specs : mapping of str to BaseStatSpecification
        For a table, some of its points are among the inputs.
    seed : int
        Seed of the random inputs.

    Raises
    ------
    SandboxError, EnvironmentBuildError
        If the model cannot be run on this machine.
    """
    try:
        described = process.describe()
    except ModelError as error:
        return Trial((_failure(error),))
    shape, methods = described["input_shape"], described["methods"]
    problems = _check_input_shape(shape, promise)
    if "predict" not in methods:
        problems.append(
            Problem("the model has no predict of its own", "write predict(self, X), which all learnwares have")
        )
        return Trial(tuple(problems))
    parts = _inputs(shape, promise, stat_specs, np.random.default_rng(seed))
    if not parts:
        return Trial(tuple(problems))
    inputs = _joined(parts)
    asked = [_ask(process, inputs)]
    failure = asked[0][2]
    if len(parts) > 1 and failure is not None and failure.traceback_text is None and process.running:
        # Parts of a malformed answer may be well-formed, or malformed in another way.
        asked += [_ask(process, part) for part in parts]
    for count, answer, failed in asked:
        if failed is not None:
            problems.append(failed)
        elif answer is not None:
            problems += _check_outputs(answer, count, described["output_shape"], promise)
    if "predict_proba" in methods and promise.task == "Classification" and failure is None and process.running:
        problems += _check_probabilities(process, inputs, promise)
    return Trial(tuple(dict.fromkeys(problems)), len(inputs))


def _ask(process: ModelProcess, inputs: Any) -> tuple[int, NDArray[Any] | None, Problem | None]:
    """Return the number of inputs, and the answer or what was wrong with it."""
    try:
        return len(inputs), np.asarray(process.predict(inputs)), None
    except ModelError as error:
        return len(inputs), None, _failure(error)


def _failure(error: ModelError) -> Problem:
    missing = _MISSING_MODULE.search(str(error))
    mend = ""
    if missing is not None:
        mend = f"name the package that has {missing[1]!r} in requirements.txt or environment.yaml"
    elif isinstance(error, ModelTimeoutError):
        mend = "make it faster, or allow more time"
    elif isinstance(error, ResourceLimitError):
        mend = "let it print less" if error.limit == "printed_bytes" else "let it use less, or allow more"
    elif error.traceback_text:
        mend = next((words for pattern, words in _HELD_BACK if re.search(pattern, str(error))), "see the traceback")
    message = f"the model did not pass the trial prediction: {error}"
    return Problem(message, mend, traceback_text=error.traceback_text)


def _check_input_shape(shape: tuple[int, ...] | None, promise: Promise) -> list[Problem]:
    if promise.data_type == "Table" and promise.inputs is not None and shape != (promise.inputs,):
        message = f"the model's input_shape is {shape}; Input.Dimension says ({promise.inputs},)"
        return [Problem(message, "make them agree", key="Input.Dimension")]
    if promise.data_type == "Image" and not (shape and all(size > 0 for size in shape)):
        mend = "expected the shape of one image, such as (3, 32, 32)"
        return [Problem(f"the model's input_shape is {shape}", mend)]
    return []


def _inputs(
    shape: tuple[int, ...] | None, promise: Promise, stat_specs: Mapping[str, Any], rng: np.random.Generator
) -> list[Any]:
    """Return inputs of one or two kinds; none where it is not known what the model takes."""
    data_type = promise.data_type or next((kind for kind, name in SPEC_TYPES.items() if name in stat_specs), None)
    if data_type == "Table":
        spec: Any = stat_specs.get(SPEC_TYPES["Table"])
        z = None if spec is None else spec.get_z()
        columns = shape[0] if shape is not None and len(shape) == 1 and shape[0] > 0 else promise.inputs
        if columns is None:
            columns = None if z is None else z.shape[1]
        fitting = [] if z is None or z.shape[1] != columns else [rng.permutation(z)[:_TRIALS]]
        return [] if columns is None else [*fitting, rng.standard_normal((_TRIALS, columns))]
    if data_type == "Image" and shape and all(size > 0 for size in shape):
        return [rng.integers(0, 256, size=(_TRIALS, *shape)).astype(np.float32)]
    if data_type == "Text":
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz     "))
        return [["".join(rng.choice(letters, size=int(n))) for n in rng.integers(5, 80, size=_TRIALS)]]
    return []


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _check_outputs(outputs: NDArray[Any], count: int, shape: tuple[int, ...] | None, promise: Promise) -> list[Problem]:
    """Return what is wrong with the answers to `count` inputs."""
    if outputs.ndim == 0 or len(outputs) != count:
        found = len(outputs) if outputs.ndim else "one"
        return [Problem(f"the model gave {found} outputs for {count} inputs", "expected one each")]
    if promise.task not in _DESCRIBED_TASKS and shape is None:
        return []
    if outputs.dtype.kind not in "biuf":
        return [Problem(f"the model's outputs are of type {outputs.dtype}", "expected numbers")]
    problems = []
    if not np.isfinite(outputs).all():
        problems.append(Problem("the model's outputs hold NaN or infinite values", "expected finite numbers"))
    rows = outputs.reshape(count, 1) if outputs.ndim == 1 else outputs
    if shape is not None and rows.shape[1:] != shape:
        message = f"one output has shape {rows.shape[1:]}, the model's output_shape is {shape}"
        problems.append(Problem(message, "make them agree"))
    if promise.outputs is not None and promise.task == "Classification":
        problems += _check_classes(rows, promise.outputs)
    elif promise.outputs is not None and rows.shape[1:] != (promise.outputs,):
        message = f"one output has shape {rows.shape[1:]}; Output.Dimension says ({promise.outputs},)"
        problems.append(Problem(message, "make them agree", key="Output.Dimension"))
    return problems


def _check_classes(rows: NDArray[Any], classes: int) -> list[Problem]:
    if rows.shape[1:] != (1,):
        if rows.shape[1:] == (classes,):
            return []
        mend = f"a classifier of Output.Dimension {classes} answers one label (shape (1,)) or {classes} scores"
        return [Problem(f"one output has shape {rows.shape[1:]}", mend, key="Output.Dimension")]
    wrong = rows[(rows < 0) | (rows >= classes) | (rows != np.floor(rows))]
    if wrong.size:
        mend = f"with Output.Dimension {classes} labels are the whole numbers from 0 to {classes - 1}"
        return [Problem(f"the model answered the label {wrong[0]}", mend, key="Output.Dimension")]
    return []


def _check_probabilities(process: ModelProcess, inputs: Any, promise: Promise) -> list[Problem]:
    """Return what is odd about probabilities, which reusers ask for and learnwares need not give."""
    try:
        rows = process.predict_proba(inputs)
    except ModelError as error:
        mend = "mend predict_proba, or leave it out"
        text = error.traceback_text
        return [Problem(f"the model's predict_proba fails: {error}", mend, serious=False, traceback_text=text)]
    problems = []
    if promise.outputs is not None and rows.shape[1] != promise.outputs:
        message = f"predict_proba answers {rows.shape[1]} columns, Output.Dimension is {promise.outputs}"
        problems.append(Problem(message, "give one column to a class", key="Output.Dimension", serious=False))
    if (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        message = "the rows of predict_proba are no probabilities"
        problems.append(Problem(message, "they are at least 0 and sum to 1", serious=False))
    return problems
