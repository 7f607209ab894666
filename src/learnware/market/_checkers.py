"""Checkers: what is wrong with a learnware, where, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import LearnwareError, ModelError
from learnware.market._base import BaseChecker
from learnware.specification import semantic_vocabulary
from learnware.specification._vocabulary import LENGTH_LIMITS, TASKS_BY_DATA_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["CondaChecker", "EasySemanticChecker", "EasyStatChecker"]

# Keys that learnwares from before the key existed do not have.
_LATER_KEYS = frozenset({"Model"})
# Tasks whose outputs have a known form.
_DESCRIBED_TASKS = frozenset({"Classification", "Regression", "Feature Extraction"})
_SPEC_TYPES = {
    "Table": "RKMETableSpecification",
    "Image": "RKMEImageSpecification",
    "Text": "RKMETextSpecification",
}
_TRIALS = 10


def _value(semantic_spec: Any, key: str) -> str | None:
    """Return the single value of a key, None where there is none."""
    entry = semantic_spec.get(key) if isinstance(semantic_spec, dict) else None
    values = entry.get("Values") if isinstance(entry, dict) else None
    return values[0] if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str) else None


def _dimension(semantic_spec: dict[str, Any], key: str) -> int:
    return int(semantic_spec[key]["Dimension"])


class EasySemanticChecker(BaseChecker):
    """Checks a semantic specification against the vocabulary: keys, kinds, values, lengths, dimensions."""

    @staticmethod
    def check_semantic_spec(semantic_spec: Any) -> tuple[int, str]:
        """Check a semantic specification.

        Parameters
        ----------
        semantic_spec : dict
            As `learnware.specification.generate_semantic_spec` makes it. Specifications from before the key ``Model``
            existed are valid.

        Returns
        -------
        tuple of (int, str)
            -1 and everything that is wrong, one finding a line; or 0 (valid, and nothing known about the model).

        Examples
        --------
        >>> from learnware.specification import generate_semantic_spec
        >>> status, message = EasySemanticChecker.check_semantic_spec(generate_semantic_spec(name="Iris"))
        >>> status
        -1
        >>> print(message.splitlines()[0])
        Data has no value; choose one of: Table, Image, Text
        """
        if not isinstance(semantic_spec, dict):
            kind = type(semantic_spec).__name__
            return BaseChecker.INVALID_LEARNWARE, f"the semantic specification is {kind}; expected a dict"
        findings = []
        for key, rule in semantic_vocabulary().items():
            if key in semantic_spec:
                findings += _check_entry(key, semantic_spec[key], rule["Type"], rule["Values"])
            elif key not in _LATER_KEYS:
                findings.append(f"the key {key} is missing; generate_semantic_spec makes all keys")
        data_type, task = _value(semantic_spec, "Data"), _value(semantic_spec, "Task")
        allowed_tasks = TASKS_BY_DATA_TYPE.get(data_type or "", ())
        if allowed_tasks and task in semantic_vocabulary()["Task"]["Values"] and task not in allowed_tasks:
            findings.append(
                f"Task is {task!r}, which is no task for {data_type}; choose one of: {', '.join(allowed_tasks)}"
            )
        if data_type == "Table":
            findings += _check_dimension(semantic_spec, "Input", least=1, of="columns of the table")
        if task == "Classification":
            findings += _check_dimension(semantic_spec, "Output", least=2, of="classes")
        elif task == "Regression":
            findings += _check_dimension(semantic_spec, "Output", least=1, of="targets")
        if findings:
            return BaseChecker.INVALID_LEARNWARE, "\n".join(findings)
        return BaseChecker.NONUSABLE_LEARNWARE, "the semantic specification is valid"

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Check the semantic specification of a learnware: (-1, findings), or (0, message) if it is valid."""
        return self.check_semantic_spec(learnware.get_specification().get_semantic_spec())


def _check_entry(key: str, entry: Any, kind: str, allowed: list[str] | None) -> list[str]:
    if not isinstance(entry, dict) or "Type" not in entry or "Values" not in entry:
        return [f'{key} is {entry!r:.80}; expected {{"Values": ..., "Type": "{kind}"}}']
    findings = [f"{key} has Type {entry['Type']!r:.80}; expected {kind!r}"] if entry["Type"] != kind else []
    values = entry["Values"]
    if allowed is None:
        return findings + _check_text(key, values)
    choice = f"one{' or more' if kind == 'Tag' else ''} of: {', '.join(allowed)}"
    if not isinstance(values, list):
        return [*findings, f"{key} is {values!r:.80}; expected a list of {choice}"]
    if not values and kind != "Optional":
        return [*findings, f"{key} has no value; choose {choice}"]
    if len(values) > 1 and kind != "Tag":
        return [*findings, f"{key} has {len(values)} values; choose {choice}"]
    unknown = [value for value in values if value not in allowed]
    if unknown:
        findings.append(f"{key} has the value {unknown[0]!r:.80}, which is not known; choose {choice}")
    elif len(set(values)) < len(values):
        findings.append(f"{key} names a value twice; name each once")
    return findings


def _check_text(key: str, text: Any) -> list[str]:
    least, most = LENGTH_LIMITS[key]
    if not isinstance(text, str):
        return [f"{key} is {text!r:.80}; expected a text"]
    if not least <= len(text.strip()) <= most:
        return [f"{key} has {len(text.strip())} characters; expected {least} to {most}"]
    return []


def _check_dimension(semantic_spec: dict[str, Any], key: str, *, least: int, of: str) -> list[str]:
    entry = semantic_spec.get(key)
    if not isinstance(entry, dict) or not {"Dimension", "Description"} <= entry.keys():
        form = f'{{"Dimension": number of {of}, "Description": {{"0": "meaning of the first", ...}}}}'
        state = "missing" if entry is None else f"{entry!r:.80}"
        return [f"{key} is {state}; expected {form}"]
    dimension, description = entry["Dimension"], entry["Description"]
    if isinstance(dimension, bool) or not isinstance(dimension, int) or dimension < least:
        return [f"{key}.Dimension is {dimension!r:.80}; expected the number of {of}, at least {least}"]
    if not isinstance(description, dict):
        return [f'{key}.Description is {description!r:.80}; expected {{"0": "meaning of the first", ...}}']
    findings = []
    for name, text in description.items():
        position = str(name)
        if not (position.isascii() and position.isdigit() and int(position) < dimension):
            findings.append(
                f"{key}.Description has the key {name!r:.80}; expected a position from 0 to {dimension - 1}"
            )
        elif not isinstance(text, str):
            findings.append(f"{key}.Description[{position}] is {text!r:.80}; expected a text")
    return findings


class EasyStatChecker(BaseChecker):
    """Checks that a learnware's model and statistical specification keep what its semantic specification promises.

    The specification's kind must suit the data type, its distance to itself be finite, its dimension agree with the
    table's. Then the model answers a few inputs in a process of its own, for a table some points of the specification
    and some random rows; number, shape, type and range of the answers are checked.

    Parameters
    ----------
    timeout : float, default=60
        Seconds for loading the model, and for the trial.
    seed : int, default=0
        Seed of the random inputs.
    """

    def __init__(self, *, timeout: float = 60.0, seed: int = 0) -> None:
        self.timeout = timeout
        self.seed = seed

    def reset(self, **kwargs: Any) -> None:
        """Change settings: `timeout`, `seed`."""
        self.timeout = kwargs.pop("timeout", self.timeout)
        self.seed = kwargs.pop("seed", self.seed)
        super().reset(**kwargs)

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Check a learnware: (-1, findings) or (1, message).

        A learnware whose semantic specification is not valid is not tried: then it is not known what to expect.
        """
        semantic_spec = learnware.get_specification().get_semantic_spec()
        status, message = EasySemanticChecker.check_semantic_spec(semantic_spec)
        if status == self.INVALID_LEARNWARE:
            return status, message
        findings = self._check_specification(learnware, semantic_spec) or self._try(learnware, semantic_spec)
        if findings:
            return self.INVALID_LEARNWARE, "\n".join(findings)
        return self.USABLE_LEARNWARE, "the model answers as its specification says"

    def _check_specification(self, learnware: Learnware, semantic_spec: dict[str, Any]) -> list[str]:
        data_type = str(_value(semantic_spec, "Data"))
        wanted = _SPEC_TYPES[data_type]
        spec: Any = learnware.get_specification().get_stat_spec_by_name(wanted)
        if spec is None:
            found = ", ".join(learnware.get_specification().get_stat_spec()) or "none"
            return [f"data of type {data_type} needs a statistical specification {wanted}; the package has: {found}"]
        try:
            self_distance = float(spec.dist(spec))
        except LearnwareError as error:
            return [f"the statistical specification is broken: {error}"]
        if not np.isfinite(self_distance):
            return [f"the statistical specification's distance to itself is {self_distance}; generate it anew"]
        if data_type == "Table" and spec.get_z().shape[1] != _dimension(semantic_spec, "Input"):
            found, said = spec.get_z().shape[1], _dimension(semantic_spec, "Input")
            both = "both must be the number of columns that the model takes"
            return [f"the statistical specification has {found} columns, Input.Dimension is {said}; {both}"]
        return []

    def _try(self, learnware: Learnware, semantic_spec: dict[str, Any]) -> list[str]:
        from learnware.learnware import read_package
        from learnware.runtime import ModelProcess

        folder = learnware.get_dirpath()
        try:
            config = read_package(folder).manifest.model.to_config()
            with ModelProcess(folder, config, timeout=self.timeout) as process:
                shapes = process.describe()
                findings = _check_input_shape(shapes["input_shape"], semantic_spec)
                if findings:
                    return findings
                inputs = self._inputs(learnware, semantic_spec, shapes["input_shape"])
                outputs = np.asarray(process.predict(inputs))
        except ModelError as error:
            trace = f"\n{error.traceback_text.strip()}" if error.traceback_text else ""
            return [f"the model did not pass the trial prediction: {error}{trace}"]
        except LearnwareError as error:
            return [str(error)]
        return _check_outputs(outputs, len(inputs), shapes["output_shape"], semantic_spec)

    def _inputs(self, learnware: Learnware, semantic_spec: dict[str, Any], shape: tuple[int, ...] | None) -> Any:
        rng = np.random.default_rng(self.seed)
        data_type = _value(semantic_spec, "Data")
        if data_type == "Table":
            spec: Any = learnware.get_specification().get_stat_spec_by_name(_SPEC_TYPES["Table"])
            points = rng.permutation(spec.get_z())[:_TRIALS]
            return np.concatenate([points, rng.standard_normal((_TRIALS, points.shape[1]))])
        if data_type == "Image":
            return rng.integers(0, 256, size=(_TRIALS, *(shape or ()))).astype(np.float32)
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz     "))
        return ["".join(rng.choice(letters, size=int(n))) for n in rng.integers(5, 80, size=_TRIALS)]


def _check_input_shape(shape: tuple[int, ...] | None, semantic_spec: dict[str, Any]) -> list[str]:
    data_type = _value(semantic_spec, "Data")
    if data_type == "Table":
        expected = (_dimension(semantic_spec, "Input"),)
        if shape != expected:
            return [f"the model's input_shape is {shape}; Input.Dimension says {expected}"]
    elif data_type == "Image" and not (shape and all(size > 0 for size in shape)):
        return [f"the model's input_shape is {shape}; expected the shape of one image, such as (3, 32, 32)"]
    return []


def _check_outputs(
    outputs: NDArray[Any], count: int, shape: tuple[int, ...] | None, semantic_spec: dict[str, Any]
) -> list[str]:
    """Return what is wrong with the answers to `count` inputs."""
    if outputs.ndim == 0 or len(outputs) != count:
        return [
            f"the model gave {len(outputs) if outputs.ndim else 'one'} outputs for {count} inputs; expected one each"
        ]
    task = _value(semantic_spec, "Task")
    if task not in _DESCRIBED_TASKS and shape is None:
        return []
    if outputs.dtype.kind not in "biuf":
        return [f"the model's outputs are of type {outputs.dtype}; expected numbers"]
    if not np.isfinite(outputs).all():
        return ["the model's outputs hold NaN or infinite values; expected finite numbers"]
    rows = outputs.reshape(count, 1) if outputs.ndim == 1 else outputs
    if shape is not None and rows.shape[1:] != shape:
        return [f"one output has shape {rows.shape[1:]}, the model's output_shape is {shape}; make them agree"]
    check: Callable[[NDArray[Any], int], list[str]] | None = {
        "Classification": _check_classes,
        "Regression": _check_targets,
    }.get(str(task))
    return check(rows, _dimension(semantic_spec, "Output")) if check is not None else []


def _check_classes(rows: NDArray[Any], classes: int) -> list[str]:
    if rows.shape[1:] != (1,):
        if rows.shape[1:] == (classes,):
            return []
        expected = f"a classifier of Output.Dimension {classes} answers one label (shape (1,)) or {classes} scores"
        return [f"one output has shape {rows.shape[1:]}; {expected}"]
    wrong = rows[(rows < 0) | (rows >= classes) | (rows != np.floor(rows))]
    if wrong.size:
        expected = f"with Output.Dimension {classes} labels are the whole numbers from 0 to {classes - 1}"
        return [f"the model answered the label {wrong[0]}; {expected}"]
    return []


def _check_targets(rows: NDArray[Any], targets: int) -> list[str]:
    if rows.shape[1:] != (targets,):
        return [f"one output has shape {rows.shape[1:]}; Output.Dimension says ({targets},)"]
    return []


class CondaChecker(BaseChecker):
    """Runs another checker; the learnware's code runs in a child process with the packages of this environment.

    Parameters
    ----------
    inner_checker : BaseChecker
        The checker to run.
    """

    def __init__(self, inner_checker: BaseChecker, **kwargs: Any) -> None:
        self.inner_checker = inner_checker
        self.reset(**kwargs)

    def reset(self, **kwargs: Any) -> None:
        """Change settings of the inner checker."""
        self.inner_checker.reset(**kwargs)

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Return what the inner checker finds."""
        return self.inner_checker(learnware)
