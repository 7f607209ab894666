"""The rules of semantic specifications: keys, kinds, values, lengths, dimensions."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from learnware.market._problems import Problem
from learnware.specification import semantic_vocabulary
from learnware.specification._vocabulary import LENGTH_LIMITS, TASKS_BY_DATA_TYPE

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Promise", "normalise_semantic_spec", "semantic_problems"]

# Keys that learnwares from before the key existed do not have.
_LATER_KEYS = frozenset({"Model"})
# Of columns, classes or targets; what is beyond is a slip or worse.
_MOST_DIMENSIONS = 1_000_000
_POSITION = re.compile(r"[0-9]{1,9}")
# Tasks that say how many outputs there are.
_LEAST_OUTPUTS = {"Classification": 2, "Regression": 1}


@dataclass(frozen=True)
class Promise:
    """What a semantic specification promises of the model, as far as it is valid.

    Attributes
    ----------
    data_type, task : str or None
        The kind of input, and what the model does with it.
    inputs, outputs : int or None
        Columns of the table; classes or targets.
    """

    data_type: str | None = None
    task: str | None = None
    inputs: int | None = None
    outputs: int | None = None

    @property
    def complete(self) -> bool:
        """Whether it says all that can be checked."""
        return None not in (
            self.data_type,
            self.task,
            self.inputs if self.data_type == "Table" else 0,
            self.outputs if self.task in _LEAST_OUTPUTS else 0,
        )

    @classmethod
    def of(cls, semantic_spec: Any) -> Self:
        """Return the promise of a specification that may be broken."""
        vocabulary = semantic_vocabulary()

        def value(key: str) -> str | None:
            found = _value(semantic_spec, key)
            return found if found in vocabulary[key]["Values"] else None

        data_type, task = value("Data"), value("Task")
        outputs = _LEAST_OUTPUTS.get(task or "")
        return cls(
            data_type,
            task,
            _dimension(semantic_spec, "Input", 1) if data_type == "Table" else None,
            None if outputs is None else _dimension(semantic_spec, "Output", outputs),
        )


def _value(semantic_spec: Any, key: str) -> str | None:
    """Return the single value of a key, None where there is none."""
    entry = semantic_spec.get(key) if isinstance(semantic_spec, dict) else None
    values = entry.get("Values") if isinstance(entry, dict) else None
    return values[0] if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str) else None


def _dimension(semantic_spec: dict[str, Any], key: str, least: int) -> int | None:
    entry = semantic_spec.get(key)
    dimension = entry.get("Dimension") if isinstance(entry, dict) else None
    return dimension if type(dimension) is int and dimension >= least else None


def normalise_semantic_spec(semantic_spec: Any) -> Any:
    """Return a semantic specification as it is kept: what is not part of one, or says nothing, is left out.

    The Type of a key, which the vocabulary knows, may be missing. Input and Output may be given as JSON in a text, as
    the published web app does. Input is kept for tables only, Output for classification and regression. What breaks a
    rule stays as it is, for `semantic_problems` to find.

    Parameters
    ----------
    semantic_spec : dict
        As `learnware.specification.generate_semantic_spec` makes it.

    Examples
    --------
    >>> from learnware.specification import generate_semantic_spec
    >>> given = generate_semantic_spec(name=" Digits ", data_type="Image", input_description={"Dimension": 64})
    >>> kept = normalise_semantic_spec(given)
    >>> kept["Name"]["Values"], "Input" in kept
    ('Digits', False)
    """
    if not isinstance(semantic_spec, dict):
        return semantic_spec
    kept: dict[str, Any] = {}
    for key, rule in semantic_vocabulary().items():
        if key in semantic_spec:
            kept[key] = _normalise_entry(semantic_spec[key], rule["Type"])
    described = {"Input": _value(kept, "Data") == "Table", "Output": _value(kept, "Task") in _LEAST_OUTPUTS}
    for key, wanted in described.items():
        if wanted and key in semantic_spec:
            kept[key] = _normalise_description(semantic_spec[key])
    return kept


def _normalise_entry(entry: Any, kind: str) -> Any:
    if not isinstance(entry, dict) or "Values" not in entry:
        return entry
    kept = {"Values": entry["Values"], "Type": entry.get("Type", kind)}
    if isinstance(kept.get("Values"), str):
        kept["Values"] = kept["Values"].strip()
    return kept


def _normalise_description(entry: Any) -> Any:
    if isinstance(entry, str):
        try:
            entry = json.loads(entry)
        except (ValueError, RecursionError):
            return entry
    if not isinstance(entry, dict):
        return entry
    return {name: entry[name] for name in ("Dimension", "Description") if name in entry}


def semantic_problems(semantic_spec: Any) -> list[Problem]:
    """Return everything that is wrong with a semantic specification."""
    if not isinstance(semantic_spec, dict):
        return [Problem.of("semantic-form", found=type(semantic_spec).__name__)]
    problems = []
    vocabulary = semantic_vocabulary()
    for key, rule in vocabulary.items():
        if key in semantic_spec:
            problems += _check_entry(key, semantic_spec[key], rule["Type"], rule["Values"])
        elif key not in _LATER_KEYS:
            problems.append(Problem.of("semantic-key-missing", {"key": key}, key=key))
    data_type, task = _value(semantic_spec, "Data"), _value(semantic_spec, "Task")
    allowed_tasks = TASKS_BY_DATA_TYPE.get(data_type or "", ())
    if allowed_tasks and task in vocabulary["Task"]["Values"] and task not in allowed_tasks:
        allowed = ", ".join(allowed_tasks)
        problems.append(Problem.of("semantic-task", {"key": "Task"}, task=task, data_type=data_type, allowed=allowed))
    if data_type == "Table":
        problems += _check_dimension(semantic_spec, "Input", "semantic-input", least=1)
    if task == "Classification":
        problems += _check_dimension(semantic_spec, "Output", "semantic-classes", least=2)
    elif task == "Regression":
        problems += _check_dimension(semantic_spec, "Output", "semantic-targets", least=1)
    return problems


def _check_entry(key: str, entry: Any, kind: str, allowed: list[str] | None) -> list[Problem]:
    place = {"key": key}
    if not isinstance(entry, dict) or "Type" not in entry or "Values" not in entry:
        return [Problem.of("semantic-entry", place, key=key, found=_shown(entry), kind=kind)]
    problems = []
    if entry["Type"] != kind:
        problems.append(Problem.of("semantic-type", place, key=key, found=_shown(entry["Type"]), kind=kind))
    values = entry["Values"]
    if allowed is None:
        return problems + _check_text(key, values)
    known, tag = ", ".join(allowed), "tag-" if kind == "Tag" else ""
    if not isinstance(values, list):
        return [*problems, Problem.of(f"semantic-{tag}list", place, key=key, found=_shown(values), allowed=known)]
    if not values and kind != "Optional":
        return [*problems, Problem.of(f"semantic-{tag}empty", place, key=key, allowed=known)]
    if len(values) > 1 and kind != "Tag":
        return [*problems, Problem.of("semantic-several", place, key=key, count=len(values), allowed=known)]
    unknown = [value for value in values if value not in allowed]
    problems += [
        Problem.of(f"semantic-{tag}unknown", place, key=key, found=_shown(value), allowed=known)
        for value in unknown[:5]
    ]
    if not unknown and len(set(values)) < len(values):
        problems.append(Problem.of("semantic-twice", place, key=key))
    return problems


def _check_text(key: str, given: Any) -> list[Problem]:
    least, most = LENGTH_LIMITS[key]
    place = {"key": key}
    if not isinstance(given, str):
        return [Problem.of("semantic-text", place, key=key, found=_shown(given))]
    if not least <= len(given.strip()) <= most:
        return [Problem.of("semantic-length", place, key=key, count=len(given.strip()), least=least, most=most)]
    # A name is one line.
    if not _is_plain(given, but="" if key == "Name" else "\n\r\t"):
        return [Problem.of("semantic-control", place, key=key)]
    return []


def _shown(value: Any) -> str:
    return f"{value!r:.80}"


def _is_plain(text: str, but: str = "\n\r\t") -> bool:
    """Return whether every character of a text can be shown or stored; control characters cannot, `but` for some."""
    return all(char in but or unicodedata.category(char) not in {"Cc", "Cs"} for char in text)


def _check_dimension(semantic_spec: dict[str, Any], key: str, codes: str, *, least: int) -> list[Problem]:
    """Return what is wrong with a description of inputs or outputs; `codes` is how the codes of its problems begin."""
    entry = semantic_spec.get(key)
    if entry is None:
        return [Problem.of(f"{codes}-missing", {"key": key}, key=key)]
    if not isinstance(entry, dict):
        return [Problem.of(f"{codes}-form", {"key": key}, key=key, found=_shown(entry))]
    for part in ("Dimension", "Description"):
        if part not in entry:
            return [Problem.of(f"{codes}-form", {"key": f"{key}.{part}"}, key=key, found=_shown(entry))]
    dimension, description = entry["Dimension"], entry["Description"]
    problems = []
    if isinstance(dimension, bool) or not isinstance(dimension, int) or not least <= dimension <= _MOST_DIMENSIONS:
        where = f"{key}.Dimension"
        values: dict[str, Any] = {"key": where, "found": _shown(dimension), "least": least, "most": _MOST_DIMENSIONS}
        problems.append(Problem.of(f"{codes}-dimension", {"key": where}, **values))
    where = f"{key}.Description"
    if not isinstance(description, dict):
        return [*problems, Problem.of("semantic-description", {"key": where}, key=where, found=_shown(description))]
    return problems or _check_description(where, description, dimension)


def _check_description(where: str, description: dict[Any, Any], dimension: int) -> list[Problem]:
    problems = []
    for name, meaning in description.items():
        position = str(name)
        if not (_POSITION.fullmatch(position) and int(position) < dimension):
            problems.append(
                Problem.of("semantic-position", {"key": where}, key=where, found=_shown(name), most=dimension - 1)
            )
        elif not isinstance(meaning, str) or not _is_plain(meaning):
            place = {"key": where, "column": int(position)}
            problems.append(Problem.of("semantic-meaning", place, key=where, position=position, found=_shown(meaning)))
    return problems
