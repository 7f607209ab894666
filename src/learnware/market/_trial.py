"""Trying a learnware: whether its model answers as its specifications promise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import LearnwareError, ModelError, ModelTimeoutError, ResourceLimitError
from learnware.market._problems import Problem
from learnware.market._trial_inputs import trial_inputs
from learnware.specification import spec_types
from learnware.texts import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from learnware.market._semantic_rules import Promise
    from learnware.runtime import ModelProcess

__all__ = ["Trial", "stat_spec_problems", "try_model"]

# Tasks whose outputs have a known form.
_DESCRIBED_TASKS = frozenset({"Classification", "Regression", "Feature Extraction"})
# Of one image: channels, height, width.
_IMAGE_DIMENSIONS = 3
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
# What a sandbox or its limits keep from a model reaches its code as an ordinary error, which says nothing of them.
_HELD_BACK = (
    (r"MemoryError", "trial-memory"),
    (r"Too many open files", "trial-open-files"),
    (r"BlockingIOError|can't start new thread", "trial-processes"),
    (r"URLError|HTTPError|ConnectionError|gaierror|name resolution|Network is unreachable", "trial-network"),
    (r"No space left on device|File too large", "trial-scratch"),
    (r"FileNotFoundError|PermissionError|Read-only file system", "trial-no-file"),
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
    wanted = spec_types(promise.data_type)
    if wanted and not set(wanted) & set(stat_specs):
        values: dict[str, Any] = {
            "data_type": promise.data_type,
            "wanted": joined(wanted, "{first} or {rest}"),
            "present": ", ".join(stat_specs),
        }
        code = "stat-spec-other" if stat_specs else "stat-spec-missing"
        problems.append(Problem.of(code, {"file": "learnware.yaml"}, **values))
    for name, spec in stat_specs.items():
        try:
            self_distance = float(spec.dist(spec)) if distances else 0.0
        except LearnwareError as error:
            problems.append(Problem.of("stat-spec-broken", name=name, reason=str(error)))
            continue
        if not np.isfinite(self_distance):
            problems.append(Problem.of("stat-spec-distance", distance=str(self_distance)))
        if name in spec_types("Table") and promise.inputs is not None and spec.get_z().shape[1] != promise.inputs:
            values = {"found": spec.get_z().shape[1], "expected": promise.inputs}
            problems.append(Problem.of("stat-spec-columns", {"key": "Input.Dimension"}, **values))
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
        Of tables and images, some of their points are among the inputs.
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
    problems = _check_input_shape(shape, promise, stat_specs)
    if "predict" not in methods:
        problems.append(Problem.of("trial-no-predict"))
        return Trial(tuple(problems))
    parts = trial_inputs(shape, promise, stat_specs, np.random.default_rng(seed))
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
    code, module = "trial-failed", ""
    if missing is not None:
        code, module = "trial-module", missing[1]
    elif isinstance(error, ModelTimeoutError):
        code = "trial-slow"
    elif isinstance(error, ResourceLimitError):
        code = "trial-printed" if error.limit == "printed_bytes" else "trial-limit"
    elif error.traceback_text:
        code = next((one for pattern, one in _HELD_BACK if re.search(pattern, str(error))), "trial-raised")
    return Problem.of(code, {"traceback_text": error.traceback_text}, reason=str(error), module=module)


def _check_input_shape(shape: tuple[int, ...] | None, promise: Promise, stat_specs: Mapping[str, Any]) -> list[Problem]:
    if promise.data_type == "Table" and promise.inputs is not None and shape != (promise.inputs,):
        values: dict[str, Any] = {"found": str(shape), "expected": promise.inputs}
        return [Problem.of("trial-input-shape", {"key": "Input.Dimension"}, **values)]
    if promise.data_type == "Image" and not (shape and all(size > 0 for size in shape)):
        return [Problem.of("trial-image-shape", found=str(shape))]
    if promise.data_type == "Image" and shape is not None and len(shape) == _IMAGE_DIMENSIONS:
        described = [spec.channels for name, spec in stat_specs.items() if name in spec_types("Image")]
        return [
            Problem.of("trial-image-channels", found=str(shape), expected=channels)
            for channels in dict.fromkeys(described)
            if channels != shape[0]
        ]
    return []


def _joined(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    return [one for part in parts for one in part] if isinstance(parts[0], list) else np.concatenate(parts)


def _check_outputs(outputs: NDArray[Any], count: int, shape: tuple[int, ...] | None, promise: Promise) -> list[Problem]:
    """Return what is wrong with the answers to `count` inputs."""
    if outputs.ndim == 0 or len(outputs) != count:
        if outputs.ndim == 0:
            return [Problem.of("trial-one-output", count=count)]
        return [Problem.of("trial-count", found=len(outputs), count=count)]
    if promise.task not in _DESCRIBED_TASKS and shape is None:
        return []
    if outputs.dtype.kind not in "biuf":
        return [Problem.of("trial-type", found=str(outputs.dtype))]
    problems = []
    if not np.isfinite(outputs).all():
        problems.append(Problem.of("trial-not-finite"))
    rows = outputs.reshape(count, 1) if outputs.ndim == 1 else outputs
    if shape is not None and rows.shape[1:] != shape:
        problems.append(Problem.of("trial-output-shape", found=str(rows.shape[1:]), expected=str(shape)))
    if promise.outputs is not None and promise.task == "Classification":
        problems += _check_classes(rows, promise.outputs)
    elif promise.outputs is not None and rows.shape[1:] != (promise.outputs,):
        values: dict[str, Any] = {"found": str(rows.shape[1:]), "expected": promise.outputs}
        problems.append(Problem.of("trial-targets", {"key": "Output.Dimension"}, **values))
    return problems


def _check_classes(rows: NDArray[Any], classes: int) -> list[Problem]:
    if rows.shape[1:] != (1,):
        if rows.shape[1:] == (classes,):
            return []
        values: dict[str, Any] = {"found": str(rows.shape[1:]), "classes": classes}
        return [Problem.of("trial-classes", {"key": "Output.Dimension"}, **values)]
    wrong = rows[(rows < 0) | (rows >= classes) | (rows != np.floor(rows))]
    if wrong.size:
        values = {"found": str(wrong[0]), "classes": classes, "last": classes - 1}
        return [Problem.of("trial-label", {"key": "Output.Dimension"}, **values)]
    return []


def _check_probabilities(process: ModelProcess, inputs: Any, promise: Promise) -> list[Problem]:
    """Return what is odd about probabilities, which reusers ask for and learnwares need not give."""
    try:
        rows = process.predict_proba(inputs)
    except ModelError as error:
        place = {"traceback_text": error.traceback_text}
        return [Problem.of("trial-proba-failed", place, serious=False, reason=str(error))]
    problems = []
    if promise.outputs is not None and rows.shape[1] != promise.outputs:
        place = {"key": "Output.Dimension"}
        values: dict[str, Any] = {"found": rows.shape[1], "expected": promise.outputs}
        problems.append(Problem.of("trial-proba-columns", place, serious=False, **values))
    if (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        problems.append(Problem.of("trial-proba-sums", serious=False))
    return problems
