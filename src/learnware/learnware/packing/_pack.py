"""Making a learnware's package from a trained model and its training data."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from learnware.errors import ModelError, PackError, SandboxError
from learnware.learnware._manifest import MANIFEST_NAME, SEMANTIC_NAME, dump_yaml
from learnware.learnware._package import read_package, unpack, write_package
from learnware.learnware.packing._code import model_code
from learnware.learnware.packing._information import collect
from learnware.learnware.packing._requirements import pinned_requirements
from learnware.runtime import ModelProcess
from learnware.runtime.sandbox import choose_sandbox
from learnware.specification import generate_semantic_spec
from learnware.specification._tables import TableReader

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.learnware.packing._information import Descriptions, Information
    from learnware.learnware.packing._plan import ModelPlan

__all__ = ["pack"]

Output = Literal["labels", "probabilities"]

_STAT_FILE = "stat.json"
_CHECKED_ROWS = 100


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
    given = collect(
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


def _build(
    given: Information, rows: NDArray[np.floating], output: Output, seed: int
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


def _semantic_spec(given: Information) -> dict[str, Any]:
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
        with ModelProcess(folder, contents.manifest.model.to_config(), sandbox=_trial_sandbox()) as process:
            answer = process.predict(rows)
    except ModelError as error:
        raise PackError(f"the packed model does not work: {error}\n{error.traceback_text or ''}".rstrip()) from error
    if answer.shape != expected.shape or not np.allclose(answer, expected, rtol=1e-4, atol=1e-6):
        raise PackError("the packed model answers otherwise than the given one: it depends on something outside of it")


def _trial_sandbox() -> str:
    """Return the best sandbox, which shows best what the model depends on; none where there is none.

    The model is the caller's own, and has just answered in this process.
    """
    try:
        return choose_sandbox()
    except SandboxError:
        return "none"
