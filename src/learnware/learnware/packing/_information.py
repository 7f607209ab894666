"""What a learnware needs to be packed: what the caller says, what model and data tell, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._models import plan_model
from learnware.specification._table_files import read_table
from learnware.specification._tables import TableReader
from learnware.specification._vocabulary import LENGTH_LIMITS, LICENSES, SCENARIOS, TASKS_BY_DATA_TYPE

if TYPE_CHECKING:
    from learnware.learnware.packing._plan import ModelPlan

__all__ = ["Descriptions", "Information", "MissingField", "collect", "missing_information"]

Descriptions = str | Sequence[str] | Mapping[str, str]

_TASKS = TASKS_BY_DATA_TYPE["Table"]


@dataclass(frozen=True)
class MissingField:
    """Something that a learnware needs and that cannot be found out from its model and data.

    Attributes
    ----------
    field : str
        The parameter of `pack`.
    question : str
        What to ask a person.
    choices : tuple of str
        The possible values, where there is a list.
    several : bool
        Whether several values may be given.
    """

    field: str
    question: str
    choices: tuple[str, ...] = ()
    several: bool = False

    def __str__(self) -> str:
        choices = f" ({', '.join(self.choices)})" if self.choices else ""
        return f"{self.field}: {self.question}{choices}"


@dataclass(frozen=True)
class Information:
    """What the caller says, and what model and data tell where the caller says nothing."""

    plan: ModelPlan
    table: Any
    columns: tuple[str, ...] | None
    n_features: int
    name: str | None
    description: str | None
    scenarios: tuple[str, ...]
    license: tuple[str, ...]
    task: str | None
    inputs: dict[str, str] | None
    outputs: dict[str, str] | None

    def missing(self) -> tuple[MissingField, ...]:
        """Return what is still needed."""
        fields = []
        if self.name is None:
            fields.append(MissingField("name", "what the learnware is called, 5 to 50 characters"))
        if self.description is None:
            fields.append(MissingField("description", "what it does and on which data it was trained"))
        if not self.scenarios:
            fields.append(MissingField("scenarios", "where it is used", SCENARIOS, several=True))
        if not self.license:
            fields.append(MissingField("license", "the licence it is given out under", LICENSES))
        if self.task is None:
            fields.append(MissingField("task_type", "the task that it does", _TASKS))
        if self.inputs is None:
            fields.append(
                MissingField(
                    "input_description", f"what each of the {self.n_features} input columns means", several=True
                )
            )
        if self.outputs is None and self.task == "Classification":
            fields.append(MissingField("output_description", "the names of the classes, in order", several=True))
        if self.outputs is None and self.task == "Regression":
            fields.append(MissingField("output_description", "what the predicted number means", several=True))
        return tuple(fields)


def missing_information(model: Any, data: Any, **given: Any) -> tuple[MissingField, ...]:
    """Return what `pack` would miss, so that a program can ask for it.

    Parameters
    ----------
    model, data
        As for `pack`.
    **given
        What of `pack`'s other parameters is known already.

    Raises
    ------
    PackError, SpecificationError
        If model and data cannot be packed whatever else is given.
    """
    return collect(model, data, **given).missing()


def collect(
    model: Any,
    data: Any,
    *,
    name: str | None = None,
    description: str | None = None,
    scenarios: str | Sequence[str] | None = None,
    license: str | Sequence[str] | None = None,
    task_type: str | None = None,
    input_description: Descriptions | None = None,
    output_description: Descriptions | None = None,
    target: str | int | None = None,
) -> Information:
    """Return all that is known; parameters and errors are those of `pack`."""
    plan = plan_model(model)
    table, columns, n_features = _inputs(plan, data, target)
    task = _one_of("task_type", task_type, _TASKS) or plan.task
    if plan.task is not None and task != plan.task:
        raise PackError(f"task_type is {task!r}; the model's own is {plan.task!r}")
    if task == "Classification" and not (plan.scores or plan.labels):
        raise PackError("task_type is 'Classification', but the model answers neither classes nor a score to each")
    outputs = None if output_description is None else _numbered(output_description)
    if outputs is None and task == "Classification" and plan.classes is not None:
        outputs = _numbered(plan.classes)
    if outputs is None and task == "Regression" and isinstance(target, str):
        outputs = {"0": target}
    n_classes = len(plan.classes) if plan.classes is not None else plan.n_classes
    if task == "Classification" and outputs is not None and n_classes not in (None, len(outputs)):
        raise PackError(f"output_description names {len(outputs)} classes; the model has {n_classes}")
    licenses = _all_of("license", license, LICENSES)
    if len(licenses) > 1:
        raise PackError(f"license names {len(licenses)} licences; a learnware has one")
    inputs = None
    if input_description is not None:
        inputs = _numbered(input_description)
        outside = [key for key in inputs if int(key) >= n_features]
        if outside:
            raise PackError(f"input_description describes column {outside[0]}; the model takes {n_features} columns")
    elif columns is not None:
        inputs = _numbered(columns)
    return Information(
        plan=plan,
        table=table,
        columns=columns,
        n_features=n_features,
        name=_sized("Name", name),
        description=_sized("Description", description),
        scenarios=_all_of("scenarios", scenarios, SCENARIOS),
        license=licenses,
        task=task,
        inputs=inputs,
        outputs=outputs,
    )


def _one_of(field: str, value: str | None, allowed: Sequence[str]) -> str | None:
    if value is not None and value not in allowed:
        raise PackError(f"{field} is {value!r}; expected one of {', '.join(allowed)}")
    return value


def _all_of(field: str, values: str | Sequence[str] | None, allowed: Sequence[str]) -> tuple[str, ...]:
    values = (values,) if isinstance(values, str) else tuple(values or ())
    for value in values:
        _one_of(field, value, allowed)
    return values


def _sized(field: str, text: str | None) -> str | None:
    shortest, longest = LENGTH_LIMITS[field]
    if text is not None and not shortest <= len(text) <= longest:
        raise PackError(f"{field.lower()} has {len(text)} characters; expected {shortest} to {longest}")
    return text


def _numbered(descriptions: Descriptions) -> dict[str, str]:
    """Return descriptions by column number, as text."""
    if isinstance(descriptions, Mapping):
        result = {str(key): str(value) for key, value in descriptions.items()}
        wrong = [key for key in result if not key.isdecimal()]
        if wrong:
            raise PackError(f"the description {wrong[0]!r} is not under a column number; expected '0', '1', …")
        return result
    if isinstance(descriptions, str):
        descriptions = [descriptions]
    return {str(number): str(value) for number, value in enumerate(descriptions)}


def _inputs(plan: ModelPlan, data: Any, target: str | int | None) -> tuple[Any, tuple[str, ...] | None, int]:
    """Return the columns of `data` that the model takes, their names if they have any, and their number."""
    table = read_table(data) if isinstance(data, (str, os.PathLike)) else data
    reader = TableReader(table)
    if reader.one_pass:
        raise PackError("the data can be read only once; pass a table, an array or a file")
    names = reader.columns
    if names is None:
        if not isinstance(table, np.ndarray):
            table = np.concatenate(list(reader.blocks()))
        width = table.shape[1]
    else:
        width = len(names)
    chosen = list(range(width))
    if names is not None and plan.feature_names is not None and set(plan.feature_names) <= set(names):
        chosen = [names.index(feature) for feature in plan.feature_names]
    elif target is not None:
        chosen.remove(_target_number(target, names, width))
    n_features = len(chosen) if plan.n_features is None else plan.n_features
    if len(chosen) != n_features:
        hint = "; name the column that is predicted as target" if len(chosen) == n_features + 1 else ""
        raise PackError(f"the data has {len(chosen)} columns, the model takes {n_features}{hint}")
    if chosen == list(range(width)):
        return table, plan.feature_names if names is None else tuple(names), n_features
    if names is None:
        return table[:, chosen], plan.feature_names, n_features
    return _select(table, chosen, names), tuple(names[i] for i in chosen), n_features


def _target_number(target: str | int, names: list[str] | None, width: int) -> int:
    if isinstance(target, str) and names is not None and target in names:
        return names.index(target)
    if isinstance(target, int) and -width <= target < width:
        return target % width
    known = f"one of {', '.join(names)}" if names else f"a number below {width}"
    raise PackError(f"target is {target!r}; expected {known}")


def _select(table: Any, chosen: list[int], names: list[str]) -> Any:
    if hasattr(table, "iloc"):
        return table.iloc[:, chosen]
    return table.select([names[i] for i in chosen])
