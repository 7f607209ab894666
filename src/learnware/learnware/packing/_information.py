"""What a learnware needs to be packed: what the caller says, what model and data tell, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from learnware.errors import PackError
from learnware.learnware.packing._models import plan_model
from learnware.learnware.packing._plan import ModelPlan
from learnware.learnware.packing._samples import PIXEL_VALUES, open_samples
from learnware.specification._vocabulary import LENGTH_LIMITS, LICENSES, SCENARIOS, TASKS_BY_DATA_TYPE

if TYPE_CHECKING:
    from learnware.learnware.packing._samples import ImageSize, Samples

__all__ = ["Descriptions", "Information", "MissingField", "collect", "missing_information"]

Descriptions = str | Sequence[str] | Mapping[str, str]


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
    samples: Samples
    name: str | None
    description: str | None
    scenarios: tuple[str, ...]
    license: tuple[str, ...]
    task: str | None
    inputs: dict[str, str] | None
    outputs: dict[str, str] | None
    pixel_values: str | None
    asks_for_pixels: bool

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
            tasks = TASKS_BY_DATA_TYPE[self.samples.data_type]
            fields.append(MissingField("task_type", "the task that it does", tasks))
        if self.inputs is None:
            columns = f"{(self.samples.input_shape or ())[0]} input columns"
            fields.append(MissingField("input_description", f"what each of the {columns} means", several=True))
        if self.asks_for_pixels:
            question = "which values the model takes pixels of pictures as"
            fields.append(MissingField("pixel_values", question, PIXEL_VALUES))
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
    data_type: str | None = None,
    text_column: str | None = None,
    encoder: Any = None,
    pixel_values: str | None = None,
    image_size: ImageSize | None = None,
) -> Information:
    """Return all that is known; parameters and errors are those of `pack`.

    Model and data may be a `ModelPlan` and `Samples`, which were made of them before.
    """
    plan = model if isinstance(model, ModelPlan) else plan_model(model)
    samples = open_samples(
        plan,
        data,
        data_type=data_type,
        target=target,
        text_column=text_column,
        encoder=encoder,
        image_size=image_size,
    )
    task = _one_of("task_type", task_type, TASKS_BY_DATA_TYPE[samples.data_type]) or plan.task
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
    pixels = _pixel_values(plan, samples, pixel_values)
    return Information(
        plan=plan,
        samples=samples,
        name=_sized("Name", name),
        description=_sized("Description", description),
        scenarios=_all_of("scenarios", scenarios, SCENARIOS),
        license=licenses,
        task=task,
        inputs=_described_inputs(samples, input_description),
        outputs=outputs,
        pixel_values=pixels,
        asks_for_pixels=pixels is None and samples.whole,
    )


def _described_inputs(samples: Samples, descriptions: Descriptions | None) -> dict[str, str] | None:
    """Return what a table's columns mean, None where that is not known; nothing for other data."""
    if samples.data_type != "Table":
        if descriptions is not None:
            raise PackError("input_description is for the columns of tables, and the data are none")
        return {}
    if descriptions is None:
        return None if samples.columns is None else _numbered(samples.columns)
    inputs, (n_features,) = _numbered(descriptions), samples.input_shape or (0,)
    outside = [key for key in inputs if int(key) >= n_features]
    if outside:
        raise PackError(f"input_description describes column {outside[0]}; the model takes {n_features} columns")
    return inputs


def _pixel_values(plan: ModelPlan, samples: Samples, given: str | None) -> str | None:
    """Return what values of pixels the model takes; None where that is not known, or it takes other images or data."""
    _one_of("pixel_values", given, PIXEL_VALUES)
    if given is not None and samples.data_type != "Image":
        raise PackError("pixel_values is for images, and the data are none")
    if not samples.whole:
        if given not in {None, samples.pixels}:
            raise PackError(f"pixel_values is {given!r}; the images have values {samples.pixels or 'of another range'}")
        return samples.pixels
    if not plan.scales_pixels and not samples.encoded:
        if given == "0-1":
            raise PackError("pixel_values is '0-1'; the images are whole numbers, which the model takes as they are")
        return "0-255"
    return given


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
