"""Making a learnware's package from a trained model and its training data."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from learnware.errors import ModelError, PackError
from learnware.learnware._manifest import MANIFEST_NAME, SEMANTIC_NAME, dump_yaml
from learnware.learnware._pack_code import model_code
from learnware.learnware._pack_models import plan_model
from learnware.learnware._package import read_package, unpack, write_package
from learnware.learnware._requirements import pinned_requirements
from learnware.runtime import ModelProcess
from learnware.specification import generate_semantic_spec
from learnware.specification._table_files import read_table
from learnware.specification._tables import TableReader
from learnware.specification._vocabulary import LENGTH_LIMITS, LICENSES, SCENARIOS, TASKS_BY_DATA_TYPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.learnware._pack_plan import ModelPlan

__all__ = ["MissingField", "missing_information", "pack"]

Output = Literal["labels", "probabilities"]
Descriptions = str | Sequence[str] | Mapping[str, str]

_STAT_FILE = "stat.json"
_CHECKED_ROWS = 100
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
class _Given:
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
    return _collect(model, data, **given).missing()


def pack(
    model: Any,
    data: Any,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    description: str | None = None,
    scenarios: str | Sequence[str] | None = None,
    license: str | Sequence[str] | None = None,
    task_type: str | None = None,
    input_description: Descriptions | None = None,
    output_description: Descriptions | None = None,
    target: str | int | None = None,
    output: Output = "labels",
    seed: int = 0,
) -> Path:
    """Pack a trained model and the specification of its training data as a learnware.

    The package is checked before it appears: its model is loaded in a process of its own and must answer as the
    given model does.

    Parameters
    ----------
    model : object, str or path
        A fitted scikit-learn estimator, a LightGBM or XGBoost model, an ONNX model, a TorchScript module, or a file of
        one: ``.joblib``, ``.pkl``, ``.skops``; ``.txt``; ``.json``, ``.ubj``; ``.onnx``; ``.pt``. A pickle runs its own
        code when it is loaded: pack your own files only.
    data : array_like, data frame, str or path
        The training data, or a ``.csv``, ``.parquet`` or ``.npy`` file. Only its statistical specification is packed.
    path : str or path
        The zip to write.
    name, description : str
        What the learnware is called (5 to 50 characters) and what it does (Markdown, 10 to 10 000 characters).
    scenarios, license : str or list of str
        One or more scenarios and one licence of `learnware.specification.semantic_vocabulary`.
    task_type : str, optional
        "Classification", "Regression", "Feature Extraction" or "Others"; found from the model where it tells.
    input_description : list of str or dict, optional
        What each input column means; by default the names of the columns.
    output_description : str, list of str or dict, optional
        Names of the classes in order, or meaning of the predicted numbers; by default the classes that the model knows
        and the name of the target.
    target : str or int, optional
        The column of `data` that is predicted; it is left out of the inputs.
    output : {"labels", "probabilities"}, default="labels"
        What `predict` of a packed classifier answers: class numbers from 0 in the order of the output description,
        shape (n_samples,), or one score to a class, shape (n_samples, n_classes). `predict_proba` is there in both
        cases where the model has probabilities.
    seed : int, default=0
        Seed of the statistical specification.

    Returns
    -------
    Path
        The zip.

    Raises
    ------
    PackError
        If something is missing (`missing` lists all of it), does not fit together, or the packed model answers
        otherwise than the given one.
    SpecificationError
        If the data cannot be described; the error names the column.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> iris = load_iris()
    >>> classifier = LogisticRegression(max_iter=1000).fit(iris.data, iris.target_names[iris.target])
    >>> pack(classifier, iris.data, "iris.zip")
    Traceback (most recent call last):
    learnware.errors.PackError: the learnware cannot be packed yet; missing are:
      name: what the learnware is called, 5 to 50 characters
      ...
    """
    given = _collect(
        model,
        data,
        name=name,
        description=description,
        scenarios=scenarios,
        license=license,
        task_type=task_type,
        input_description=input_description,
        output_description=output_description,
        target=target,
    )
    missing = tuple(map(str, given.missing()))
    if missing:
        raise PackError("the learnware cannot be packed yet; missing are:\n  " + "\n  ".join(missing), missing=missing)
    blocks = TableReader(given.table).blocks()
    rows = next(blocks, np.empty((0, given.n_features)))[:_CHECKED_ROWS]
    if not len(rows):
        raise PackError("the data has no rows")
    files, expected = _build(given, rows, output, seed)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        scratch = write_package(files, Path(folder) / "learnware.zip")
        _verify(scratch, Path(folder) / "unpacked", rows, expected)
        scratch.replace(path)
    return path


def _collect(
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
) -> _Given:
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
    return _Given(
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


def _build(
    given: _Given, rows: NDArray[np.floating], output: Output, seed: int
) -> tuple[dict[str, bytes | Path], NDArray[Any]]:
    """Return the package's files, and what its model must answer to `rows`."""
    from learnware.specification import generate_rkme_table_spec

    plan = given.plan
    methods = list(plan.code.methods)
    if given.task == "Classification":
        kind, predict = _classifier_methods(plan, methods, output)
        expected = _ask(plan, rows, kind)
        width = len(given.outputs or ())
        if kind == "scores" and expected.shape[1:] != (width,):
            raise PackError(f"output_description names {width} classes; the model scores {expected.shape[-1]}")
        if kind == "labels" and not ((expected >= 0) & (expected < width)).all():
            raise PackError(f"the model answers classes outside of 0 to {width - 1}, which output_description names")
        output_shape = (width,) if kind == "scores" else (1,)
    else:
        expected = _ask(plan, rows, "values")
        expected = expected.reshape(len(rows), -1)
        output_shape = (expected.shape[1],)
        predict = f"return np.asarray({plan.values}).reshape(len(X), -1)"
        n_texts = len(given.outputs or ())
        if given.task == "Regression" and n_texts != output_shape[0]:
            raise PackError(f"output_description has {n_texts} texts; the model predicts {output_shape[0]} numbers")
    methods.append(_method("predict", predict))
    code = model_code(replace(plan.code, methods=tuple(methods)), (given.n_features,), output_shape)
    spec = generate_rkme_table_spec(given.table, seed=seed)
    files: dict[str, bytes | Path] = dict(plan.files)
    files["__init__.py"] = code.encode()
    files["requirements.txt"] = ("\n".join(pinned_requirements(plan.modules)) + "\n").encode()
    files[SEMANTIC_NAME] = (json.dumps(_semantic_spec(given), ensure_ascii=False, indent=1) + "\n").encode()
    files[_STAT_FILE] = spec.to_json().encode()
    files[MANIFEST_NAME] = dump_yaml(
        {
            "model": {"class_name": "Model", "kwargs": {}},
            "stat_specifications": [
                {
                    "module_path": "learnware.specification",
                    "class_name": spec.type,
                    "file_name": _STAT_FILE,
                    "kwargs": {},
                }
            ],
            "semantic_specification": {"file_name": SEMANTIC_NAME},
        }
    ).encode()
    return files, expected


def _ask(plan: ModelPlan, rows: NDArray[np.floating], kind: str) -> NDArray[Any]:
    """Return the given model's own answer."""
    try:
        return np.asarray(plan.reference(rows, kind))
    except Exception as error:  # the edge to the caller's model, which may raise anything
        raise PackError(f"the model does not answer to rows of the data: {type(error).__name__}: {error}") from error


def _classifier_methods(plan: ModelPlan, methods: list[str], output: Output) -> tuple[str, str]:
    """Add the method that scores classes; return what `predict` answers and its statements."""
    scores = "predict_proba" if plan.probabilities else "_scores"
    if plan.scores is not None:
        methods.append(_method(scores, plan.scores))
    if output == "probabilities":
        if plan.scores is None:
            raise PackError("output is 'probabilities', but the model has none; use 'labels'")
        return "scores", f"return self.{scores}(X)"
    return "labels", f"return {plan.labels or f'self.{scores}(X).argmax(axis=1)'}"


def _method(name: str, statements: str) -> str:
    lines = "\n".join(f"    {line}" for line in statements.splitlines())
    return f"def {name}(self, X):\n{lines}"


def _semantic_spec(given: _Given) -> dict[str, Any]:
    outputs = None
    if given.outputs is not None and given.task in ("Classification", "Regression"):
        outputs = {"Dimension": len(given.outputs), "Description": given.outputs}
    return generate_semantic_spec(
        name=given.name,
        description=given.description,
        data_type="Table",
        task_type=given.task,
        library_type=given.plan.library,
        scenarios=list(given.scenarios),
        license=list(given.license),
        input_description={"Dimension": given.n_features, "Description": given.inputs or {}},
        output_description=outputs,
    )


def _verify(zip_path: Path, folder: Path, rows: NDArray[np.floating], expected: NDArray[Any]) -> None:
    """Raise unless the package's model, in a process of its own, answers what the given one does."""
    contents = read_package(zip_path)
    unpack(zip_path, folder)
    try:
        with ModelProcess(folder, contents.manifest.model.to_config()) as process:
            answer = process.predict(rows)
    except ModelError as error:
        raise PackError(f"the packed model does not work: {error}\n{error.traceback_text or ''}".rstrip()) from error
    if answer.shape != expected.shape or not np.allclose(answer, expected, rtol=1e-4, atol=1e-6):
        raise PackError("the packed model answers otherwise than the given one: it depends on something outside of it")
