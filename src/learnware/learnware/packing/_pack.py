"""Making a learnware's package from a trained model and its training data."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from learnware.errors import ModelError, PackError, SandboxError
from learnware.learnware._manifest import MANIFEST_NAME, SEMANTIC_NAME, dump_yaml, stat_spec_entries
from learnware.learnware._package import read_package, unpack, write_package
from learnware.learnware.packing._code import model_code
from learnware.learnware.packing._information import collect
from learnware.learnware.packing._requirements import pinned_requirements
from learnware.runtime import ModelProcess
from learnware.runtime.sandbox import choose_sandbox
from learnware.specification import generate_semantic_spec

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.learnware.packing._information import Descriptions, Information
    from learnware.learnware.packing._plan import ModelPlan
    from learnware.learnware.packing._samples import ImageSize
    from learnware.specification.encoding import TextEncoder

__all__ = ["pack"]

Output = Literal["labels", "probabilities"]
PixelValues = Literal["0-255", "0-1"]

_STAT_FILE = "stat.json"
_CHECKED_SAMPLES = 100
# Tasks of images whose answers are a number or several to an image.
_FLAT_TASKS = ("Regression", "Feature Extraction")


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
    data_type: str | None = None,
    text_column: str | None = None,
    encoder: str | os.PathLike[str] | TextEncoder | None = None,
    pixel_values: PixelValues | None = None,
    image_size: ImageSize | None = None,
    spec_types: Sequence[str] | None = None,
    seed: int = 0,
) -> Path:
    """Pack a trained model and the specification of its training data as a learnware.

    The package is checked before it appears: its model is loaded in a process of its own and must answer as the
    given model does.

    A packed model of images takes arrays of shape (images, channels, height, width) in the size that it was trained
    on. Whole numbers are from 0 to 255, as pictures have them, and become what the model takes; floating-point numbers
    are handed to the model as they are. A packed model of texts takes a list of them.

    Parameters
    ----------
    model : object, str or path
        A fitted scikit-learn estimator, a LightGBM or XGBoost model, an ONNX model, a TorchScript module, or a file of
        one: ``.joblib``, ``.pkl``, ``.skops``; ``.txt``; ``.json``, ``.ubj``; ``.onnx``; ``.pt``. A pickle runs its own
        code when it is loaded: pack your own files only.
    data : array_like, data frame, list, str or path
        The training data; only their statistical specification is packed. A table, or a ``.csv``, ``.parquet`` or
        ``.npy`` file of one. Images: an array or a tensor of shape (images, channels, height, width), a list of
        pictures of pillow, a ``.npy`` file, a folder of pictures, or a ``.parquet`` file with encoded ones. Texts: a
        list or a column of them, a ``.txt`` file (a text a line), or a ``.jsonl``, ``.csv`` or ``.parquet`` file.
    path : str or path
        The zip to write.
    name, description : str
        What the learnware is called (5 to 50 characters) and what it does (Markdown, 10 to 10 000 characters).
    scenarios, license : str or list of str
        One or more scenarios and one licence of `learnware.specification.semantic_vocabulary`.
    task_type : str, optional
        "Classification", "Regression", "Feature Extraction" or "Others"; found from the model where it tells.
    input_description : list of str or dict, optional
        What each input column of a table means; by default the names of the columns.
    output_description : str, list of str or dict, optional
        Names of the classes in order, or meaning of the predicted numbers; by default the classes that the model knows
        and the name of the target.
    target : str or int, optional
        The column of `data` that is predicted; it is left out of the inputs.
    output : {"labels", "probabilities"}, default="labels"
        What `predict` of a packed classifier answers: class numbers from 0 in the order of the output description,
        shape (n_samples,), or one score to a class, shape (n_samples, n_classes). `predict_proba` is there in both
        cases where the model has probabilities.
    data_type : {"Table", "Image", "Text"}, optional
        What the data are, where it cannot be told from them.
    text_column : str, optional
        The column of `data` that holds the texts, where there are several.
    encoder : str, path or TextEncoder, optional
        The encoder that texts are described with, as for `learnware.specification.generate_rkme_text_spec`.
    pixel_values : {"0-255", "0-1"}, optional
        What the model takes the whole numbers of pictures as: as they are, or divided by 255. What floating-point
        images of `data` show if not given; needed for a network where they are whole numbers, or come from pictures.
    image_size : int or (int, int), optional
        The size that the model takes pictures in, one number or height and width, where neither the model tells nor the
        pictures, which are of several sizes: they are brought to it. Arrays of images must have it already.
    spec_types : list of str, optional
        Types of the statistical specifications, the main one first; by default all that `learnware.specification` has
        for the kind of data, so that whoever searches by one of them finds the learnware.
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
        data_type=data_type,
        text_column=text_column,
        encoder=encoder,
        pixel_values=pixel_values,
        image_size=image_size,
    )
    missing = tuple(map(str, given.missing()))
    if missing:
        raise PackError("the learnware cannot be packed yet; missing are:\n  " + "\n  ".join(missing), missing=missing)
    samples = given.samples.first(_CHECKED_SAMPLES)
    if not len(samples):
        raise PackError("the data has no rows")
    files, expected = _build(given, samples, output, spec_types, seed)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        scratch = write_package(files, Path(folder) / "learnware.zip")
        _verify(scratch, Path(folder) / "unpacked", samples, expected)
        scratch.replace(path)
    return path


def _build(
    given: Information, samples: Any, output: Output, spec_types: Sequence[str] | None, seed: int
) -> tuple[dict[str, bytes | Path], NDArray[Any]]:
    """Return the package's files, and what its model must answer to `samples`."""
    plan = given.plan
    taken, prologue = samples, ""
    methods = list(plan.code.methods)
    if given.samples.data_type == "Image" and given.pixel_values == "0-1":
        methods.append(_PIXELS)
        prologue = "X = self._pixels(X)\n"
        taken = _pixels(samples)
    if given.task == "Classification":
        kind, predict = _classifier_methods(plan, methods, output, prologue)
        expected = _ask(plan, taken, kind)
        width = len(given.outputs or ())
        if kind == "scores" and expected.shape[1:] != (width,):
            raise PackError(f"output_description names {width} classes; the model scores {expected.shape[-1]}")
        if kind == "labels" and not ((expected >= 0) & (expected < width)).all():
            raise PackError(f"the model answers classes outside of 0 to {width - 1}, which output_description names")
        output_shape: tuple[int, ...] | None = (width,) if kind == "scores" else (1,)
    else:
        expected, output_shape, values = _outputs(given, _ask(plan, taken, "values"))
        predict = f"{prologue}return {values}"
        n_texts = len(given.outputs or ())
        if given.task == "Regression" and (n_texts,) != output_shape:
            width = expected.shape[1]
            raise PackError(f"output_description has {n_texts} texts; the model predicts {width} numbers")
    methods.append(_method("predict", predict))
    code = model_code(replace(plan.code, methods=tuple(methods)), given.samples.input_shape, output_shape)
    files: dict[str, bytes | Path] = dict(plan.files)
    files["__init__.py"] = code.encode()
    files["requirements.txt"] = ("\n".join(pinned_requirements(plan.modules)) + "\n").encode()
    files[SEMANTIC_NAME] = (json.dumps(_semantic_spec(given), ensure_ascii=False, indent=1) + "\n").encode()
    entries: list[dict[str, Any]] = []
    for spec in given.samples.specifications(seed, spec_types):
        name = f"stat-{spec.type}.json" if entries else _STAT_FILE
        files[name] = spec.to_json().encode()
        entries.append(
            {"module_path": "learnware.specification", "class_name": spec.type, "file_name": name, "kwargs": {}}
        )
    manifest = {
        "model": {"class_name": "Model", "kwargs": {}},
        **stat_spec_entries(entries),
        "semantic_specification": {"file_name": SEMANTIC_NAME},
    }
    files[MANIFEST_NAME] = dump_yaml(manifest).encode()
    return files, expected


# What is written into the package, and the same for the given model.
_PIXELS = """
def _pixels(self, X):
    # Whole numbers are from 0 to 255, the model takes pixels from 0 to 1.
    X = np.asarray(X)
    return X.astype(np.float32) / 255 if X.dtype.kind in "biu" else X
"""


def _pixels(X: NDArray[Any]) -> NDArray[Any]:
    return X.astype(np.float32) / 255 if X.dtype.kind in "biu" else X


def _outputs(given: Information, answers: NDArray[Any]) -> tuple[NDArray[Any], tuple[int, ...] | None, str]:
    """Return the answers of a model that is no classifier, the shape of one, and the expression that gives them."""
    values = f"np.asarray({given.plan.values})"
    if answers.dtype.kind in "OUT":
        return answers.astype(str), None, values
    if given.samples.data_type == "Image" and given.task not in _FLAT_TASKS and answers.ndim > 1:
        # Masks and boxes keep their form.
        return answers, answers.shape[1:], values
    answers = answers.reshape(len(answers), -1)
    return answers, (answers.shape[1],), f"{values}.reshape(len(X), -1)"


def _ask(plan: ModelPlan, samples: Any, kind: str) -> NDArray[Any]:
    """Return the given model's own answer."""
    try:
        answers = np.asarray(plan.reference(samples, kind))
    except Exception as error:  # the edge to the caller's model, which may raise anything
        raise PackError(f"the model does not answer to rows of the data: {type(error).__name__}: {error}") from error
    if answers.ndim == 0 or len(answers) != len(samples):
        raise PackError(f"the model gives answers of shape {answers.shape} to {len(samples)} samples of the data")
    return answers


def _classifier_methods(plan: ModelPlan, methods: list[str], output: Output, prologue: str) -> tuple[str, str]:
    """Add the method that scores classes; return what `predict` answers and its statements."""
    scores = "predict_proba" if plan.probabilities else "_scores"
    if plan.scores is not None:
        methods.append(_method(scores, prologue + plan.scores))
    if output == "probabilities":
        if plan.scores is None:
            raise PackError("output is 'probabilities', but the model has none; use 'labels'")
        return "scores", f"return self.{scores}(X)"
    if plan.labels is not None:
        return "labels", f"{prologue}return {plan.labels}"
    return "labels", f"return self.{scores}(X).argmax(axis=1)"


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
        data_type=given.samples.data_type,
        task_type=given.task,
        library_type=given.plan.library,
        scenarios=list(given.scenarios),
        license=list(given.license),
        input_description=_described_columns(given),
        output_description=outputs,
    )


def _described_columns(given: Information) -> dict[str, Any]:
    """Return what the columns of a table mean; nothing for images and texts, which have none."""
    if given.samples.data_type != "Table":
        return {}
    return {"Dimension": (given.samples.input_shape or (0,))[0], "Description": given.inputs or {}}


def _verify(zip_path: Path, folder: Path, samples: Any, expected: NDArray[Any]) -> None:
    """Raise unless the package's model, in a process of its own, answers what the given one does."""
    contents = read_package(zip_path)
    unpack(zip_path, folder)
    try:
        with ModelProcess(folder, contents.manifest.model.to_config(), sandbox=_trial_sandbox()) as process:
            answer = process.predict(samples)
    except ModelError as error:
        raise PackError(f"the packed model does not work: {error}\n{error.traceback_text or ''}".rstrip()) from error
    same = answer.shape == expected.shape
    if same and expected.dtype.kind == "U":
        same = bool((answer == expected).all())
    elif same:
        same = answer.dtype.kind in "biuf" and np.allclose(answer, expected, rtol=1e-4, atol=1e-6)
    if not same:
        raise PackError("the packed model answers otherwise than the given one: it depends on something outside of it")


def _trial_sandbox() -> str:
    """Return the best sandbox, which shows best what the model depends on; none where there is none.

    The model is the caller's own, and has just answered in this process.
    """
    try:
        return choose_sandbox()
    except SandboxError:
        return "none"
