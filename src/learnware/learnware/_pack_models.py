"""Models that can be packed: what each kind says of itself, its files, and the code that runs it."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import tempfile
import warnings
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import MissingDependencyError, PackError
from learnware.learnware._pack_code import ModelCode
from learnware.learnware._requirements import modules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = ["ModelPlan", "plan_model"]

_KNOWN = (
    "a fitted scikit-learn estimator (or .joblib, .pkl, .skops), a LightGBM model (or .txt),"
    " an XGBoost model (or .json, .ubj), an ONNX model (or .onnx), a TorchScript module (or .pt, .ts)"
)
_ROWS = "np.asarray(X, dtype=float)"


@dataclass(frozen=True)
class ModelPlan:
    """How one model is packed.

    Attributes
    ----------
    code : ModelCode
        What its ``__init__.py`` says, without the methods.
    files : mapping of str to bytes or Path
        Its files in the package.
    modules : frozenset of str
        Modules that it needs to be installed.
    library : str
        Value of the semantic specification.
    reference : callable
        The model's own answer to rows of inputs: its "labels" (class numbers), "scores" or "values".
    values : str
        Expression of the outputs as they are; what `predict` gives for anything but classification.
    labels : str or None
        Expression of the class numbers; the largest score by default.
    scores : str or None
        Statements that return one score to a class.
    probabilities : bool
        Whether the scores are probabilities.
    task : str or None
        Where the model tells.
    n_features : int or None
        Number of inputs, where the model tells.
    feature_names : tuple of str or None
        Their names, where the model knows them.
    classes : tuple of str or None
        Names of the classes, where the model knows them.
    n_classes : int or None
        Number of classes, where the model tells.
    """

    code: ModelCode
    files: Mapping[str, bytes | Path]
    modules: frozenset[str]
    library: str
    reference: Callable[[NDArray[np.floating], str], Any]
    values: str
    labels: str | None = None
    scores: str | None = None
    probabilities: bool = False
    task: str | None = None
    n_features: int | None = None
    feature_names: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    n_classes: int | None = None


def plan_model(model: Any) -> ModelPlan:
    """Return how to pack a model object or file.

    Raises
    ------
    PackError
        If its kind is not known, or it is not fitted.
    MissingDependencyError
        If the library of a model file is not installed.
    """
    if isinstance(model, (str, os.PathLike)):
        return _plan_file(Path(model))
    library = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    if "lightgbm" in library:
        return _plan_lightgbm_object(model)
    if "xgboost" in library:
        return _plan_xgboost_object(model)
    if "torch" in library and hasattr(model, "save") and hasattr(model, "code"):
        buffer = io.BytesIO()
        import_module("torch").jit.save(model, buffer)
        return _plan_torchscript(buffer.getvalue())
    if "onnx" in library and hasattr(model, "SerializeToString"):
        return _plan_onnx(model.SerializeToString())
    if hasattr(model, "get_params") and (hasattr(model, "predict") or hasattr(model, "transform")):
        return _plan_estimator(model)
    raise PackError(f"a {type(model).__module__}.{type(model).__qualname__} cannot be packed; what can: {_KNOWN}")


def _plan_file(path: Path) -> ModelPlan:
    if not path.is_file():
        raise PackError(f"there is no model file {str(path)!r}")
    suffix = path.suffix.lower()
    if suffix in {".joblib", ".pkl", ".pickle"}:
        try:
            model = _library("joblib", path).load(path)
        except (pickle.UnpicklingError, EOFError, ValueError, LookupError, AttributeError, ImportError) as error:
            raise PackError(f"{path.name!r} cannot be loaded: {error}") from error
        plan = plan_model(model)
        # An estimator stays in the user's own file; a booster in it is written in its library's own format.
        return replace(plan, files={"model.joblib": path}) if "model.joblib" in plan.files else plan
    if suffix == ".skops":
        return _plan_skops(path)
    if suffix == ".txt":
        lightgbm = _library("lightgbm", path)
        try:
            return _plan_lightgbm(lightgbm.Booster(model_file=str(path)))
        except lightgbm.basic.LightGBMError as error:
            raise PackError(f"{path.name!r} is no LightGBM model: {error}") from error
    if suffix in {".json", ".ubj"}:
        xgboost = _library("xgboost", path)
        try:
            return _plan_xgboost(xgboost.Booster(model_file=str(path)))
        except xgboost.core.XGBoostError as error:
            raise PackError(f"{path.name!r} is no XGBoost model: {str(error)[:500]}") from error
    if suffix == ".onnx":
        return _plan_onnx(path.read_bytes())
    if suffix in {".pt", ".ts", ".pth", ".torchscript"}:
        _library("torch", path)
        return _plan_torchscript(path.read_bytes())
    raise PackError(f"{path.name!r} is no model file that can be packed; what can: {_KNOWN}")


def _library(name: str, path: Path | str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        extra = "torch" if name == "torch" else "models"
        purpose = f"to read {path.name!r}" if isinstance(path, Path) else path
        raise MissingDependencyError(name, purpose=purpose, extra=extra) from error


# --- scikit-learn ---


def _plan_estimator(model: Any) -> ModelPlan:
    buffer = io.BytesIO()
    modules = modules_of(model)
    import_module("joblib").dump(model, buffer)
    code = ModelCode(
        title="A scikit-learn estimator, saved with joblib.",
        libraries=("joblib",),
        load='self.model = joblib.load(os.path.join(HERE, "model.joblib"))',
        methods=(),
    )
    return _estimator_plan(model, code, {"model.joblib": buffer.getvalue()}, modules | {"joblib"})


_DENSE = """
def _dense(self, rows):
    return rows.toarray() if hasattr(rows, "toarray") else rows
"""


def _plan_skops(path: Path) -> ModelPlan:
    skops_io = _library("skops.io", path)
    # The owner packs the owner's own file. Who loads it elsewhere reads in the code which types it names.
    trusted = sorted(skops_io.get_untrusted_types(file=path))
    model = skops_io.load(path, trusted=trusted)
    code = ModelCode(
        title="A scikit-learn estimator, saved with skops.",
        libraries=("skops.io",),
        load='self.model = skops.io.load(os.path.join(HERE, "model.skops"), trusted=TRUSTED)',
        methods=(),
        constants=f"# Types beyond those that skops trusts by itself.\nTRUSTED = {trusted!r}\n",
    )
    return _estimator_plan(model, code, {"model.skops": path}, modules_of(model) | {"skops"})


def _estimator_plan(model: Any, code: ModelCode, files: Mapping[str, bytes | Path], modules: set[str]) -> ModelPlan:
    from sklearn.base import is_classifier, is_regressor
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError) as error:
        raise PackError(f"the {type(model).__name__} is not fitted: call its fit first") from error
    classes: Any = getattr(model, "classes_", None) if is_classifier(model) else None
    if isinstance(classes, list) or np.ndim(classes) > 1:
        raise PackError("a classifier of several outputs cannot be packed: pack one for each output")
    names = getattr(model, "feature_names_in_", None)
    rows = "X"
    frame: Callable[[Any], Any] = np.asarray
    if names is not None:
        # It was fitted on a data frame and may select columns by name.
        pandas = import_module("pandas")
        rows = "pandas.DataFrame(np.asarray(X), columns=COLUMNS)"
        code = replace(
            code,
            libraries=(*code.libraries, "pandas"),
            constants=f"{code.constants}COLUMNS = {list(map(str, names))!r}\n",
        )
        modules = modules | {"pandas"}

        def frame(X: Any) -> Any:
            return pandas.DataFrame(np.asarray(X), columns=names)

    transforms = not hasattr(model, "predict")
    if transforms:
        code = replace(code, methods=(_DENSE,))
    method = "transform" if transforms else "predict"
    values = f"self.model.{method}({rows})"
    task = "Classification" if classes is not None else "Regression" if is_regressor(model) else None
    has_scores = classes is not None and hasattr(model, "predict_proba")

    def reference(X: NDArray[np.floating], output: str) -> Any:
        if output == "scores":
            return model.predict_proba(frame(X))
        answer = getattr(model, method)(frame(X))
        if output == "labels":
            return np.searchsorted(classes, answer)
        return answer.toarray() if hasattr(answer, "toarray") else answer

    return ModelPlan(
        code=code,
        files=files,
        modules=frozenset(modules | {"numpy"}),
        library="Scikit-learn",
        reference=reference,
        values=f"self._dense({values})" if transforms else values,
        labels=f"np.searchsorted(self.model.classes_, {values})" if classes is not None else None,
        scores=f"return self.model.predict_proba({rows})" if has_scores else None,
        probabilities=has_scores,
        task="Feature Extraction" if transforms else task,
        n_features=getattr(model, "n_features_in_", None),
        feature_names=None if names is None else tuple(map(str, names)),
        classes=None if classes is None else tuple(map(str, classes)),
    )


# --- LightGBM ---


def _as_wrapper(plan: ModelPlan, model: Any, classes: Any) -> ModelPlan:
    """Return a booster's plan with the class names and the answers of the estimator around it."""

    def reference(X: NDArray[np.floating], output: str) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            answer = model.predict_proba(X) if output == "scores" else model.predict(X)
        return np.searchsorted(classes, answer) if output == "labels" else answer

    return replace(plan, reference=reference, classes=None if classes is None else tuple(map(str, classes)))


_LIGHTGBM_REGRESSION = {
    "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie",
}  # fmt: skip


def _plan_lightgbm_object(model: Any) -> ModelPlan:
    if not hasattr(model, "booster_") and hasattr(model, "fit"):
        raise PackError(f"the {type(model).__name__} is not fitted: call its fit first")
    if hasattr(model, "model_to_string"):
        return _plan_lightgbm(model)
    plan = _plan_lightgbm(model.booster_)
    classes: Any = getattr(model, "classes_", None)
    if plan.task is None or (classes is not None) != (plan.task == "Classification"):
        return _plan_estimator(model)  # an objective of its own; only the whole object knows what to do with it

    return _as_wrapper(plan, model, classes)


def _plan_lightgbm(booster: Any) -> ModelPlan:
    text = booster.model_to_string()
    header = dict(line.split("=", 1) for line in text.split("tree_sizes=", 1)[0].splitlines() if "=" in line)
    objective, *settings = header.get("objective", "").split() or [""]
    n_classes = None
    if objective == "binary":
        n_classes = 2
    elif objective in {"multiclass", "multiclassova"}:
        n_classes = int(next(item for item in settings if item.startswith("num_class:")).partition(":")[2])
    task = "Classification" if n_classes else "Regression" if objective in _LIGHTGBM_REGRESSION else None
    names = tuple(booster.feature_name())
    values = f"self.booster.predict({_ROWS})"

    def reference(X: NDArray[np.floating], output: str) -> Any:
        return _reference(booster.predict(np.asarray(X, dtype=float)), output, n_classes)

    return ModelPlan(
        code=ModelCode(
            title="A LightGBM model.",
            libraries=("lightgbm",),
            load='self.booster = lightgbm.Booster(model_file=os.path.join(HERE, "model.txt"))',
            methods=(),
        ),
        files={"model.txt": text.encode()},
        modules=frozenset({"lightgbm", "numpy"}),
        library="Others",
        reference=reference,
        values=values,
        scores=_score_statements(values, n_classes),
        probabilities=n_classes is not None,
        task=task,
        n_features=booster.num_feature(),
        feature_names=None if names[0] == "Column_0" else names,
        classes=None if n_classes is None else tuple(map(str, range(n_classes))),
    )


def _score_statements(values: str, n_classes: int | None) -> str | None:
    if n_classes is None:
        return None
    if n_classes == 2:
        return f"positive = {values}\nreturn np.column_stack([1 - positive, positive])"
    return f"return {values}"


def _reference(values: Any, output: str, n_classes: int | None) -> Any:
    """Return what a booster's plain predictions mean."""
    if n_classes is None or output == "values":
        return values
    scores = np.column_stack([1 - values, values]) if n_classes == 2 else values
    return scores if output == "scores" else scores.argmax(axis=1)


# --- XGBoost ---


def _plan_xgboost_object(model: Any) -> ModelPlan:
    if not hasattr(model, "get_booster"):
        return _plan_xgboost(model)
    from sklearn.exceptions import NotFittedError

    try:
        booster = model.get_booster()
    except NotFittedError as error:
        raise PackError(f"the {type(model).__name__} is not fitted: call its fit first") from error
    if booster.attr("best_iteration") is not None:
        booster = booster[: int(booster.attr("best_iteration")) + 1]  # what its predict uses
    plan = _plan_xgboost(booster, model.missing)
    classes: Any = getattr(model, "classes_", None)
    if plan.task is None or (classes is not None) != (plan.task == "Classification"):
        return _plan_estimator(model)

    return _as_wrapper(plan, model, classes)


def _plan_xgboost(booster: Any, missing: float = math.nan) -> ModelPlan:
    learner = json.loads(booster.save_config())["learner"]
    objective = learner["objective"]["name"]
    n_classes = None
    if objective == "binary:logistic":
        n_classes = 2
    elif objective in {"multi:softprob", "multi:softmax"}:
        n_classes = int(learner["learner_model_param"]["num_class"])
    regression = objective.startswith(("reg:", "count:")) and objective != "reg:logistic"
    hole = "np.nan" if math.isnan(missing) else repr(missing)
    # The names of its columns are not those of plain rows.
    values = f"self.booster.predict(xgboost.DMatrix({_ROWS}, missing={hole}), validate_features=False)"
    # This objective answers the class itself.
    only_labels = objective == "multi:softmax"

    def reference(X: NDArray[np.floating], output: str) -> Any:
        matrix = import_module("xgboost").DMatrix(np.asarray(X, dtype=float), missing=missing)
        answer = booster.predict(matrix, validate_features=False)
        return answer.astype(int) if only_labels else _reference(answer, output, n_classes)

    names = booster.feature_names
    return ModelPlan(
        code=ModelCode(
            title="An XGBoost model.",
            libraries=("xgboost",),
            load='self.booster = xgboost.Booster(model_file=os.path.join(HERE, "model.ubj"))',
            methods=(),
        ),
        files={"model.ubj": bytes(booster.save_raw("ubj"))},
        modules=frozenset({"xgboost", "numpy"}),
        library="Others",
        reference=reference,
        values=values,
        labels=f"{values}.astype(int)" if only_labels else None,
        scores=None if only_labels else _score_statements(values, n_classes),
        probabilities=n_classes is not None and not only_labels,
        task="Classification" if n_classes else "Regression" if regression else None,
        n_features=booster.num_features(),
        feature_names=None if names is None else tuple(names),
        classes=None if n_classes is None else tuple(map(str, range(n_classes))),
    )


# --- ONNX ---

_ONNX_TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}
_ONNX_FLOATS = ("tensor(float)", "tensor(double)")


def _plan_onnx(content: bytes) -> ModelPlan:
    runtime = _library("onnxruntime", "to pack an ONNX model")
    try:
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except (runtime.capi.onnxruntime_pybind11_state.InvalidProtobuf, RuntimeError) as error:
        raise PackError(f"the ONNX model cannot be loaded: {error}") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or inputs[0].type not in _ONNX_TYPES or len(inputs[0].shape) != 2:
        found = ", ".join(f"{item.name}: {item.type} {item.shape}" for item in inputs)
        raise PackError(f"the ONNX model must have one input of numbers, shape (rows, columns); it has {found}")
    if isinstance(inputs[0].shape[0], int):
        raise PackError(f"the ONNX model takes exactly {inputs[0].shape[0]} rows; export it with a free first axis")
    width = inputs[0].shape[1]
    dtype = _ONNX_TYPES[inputs[0].type]

    # Converters of classifiers write the label first and then the probabilities.
    labelled = outputs[0].type in {"tensor(int64)", "tensor(string)"}
    scored = next((item for item in outputs if item.type in _ONNX_FLOATS), None)
    if outputs[0].type == "tensor(string)" and scored is None:
        raise PackError("the ONNX classifier gives no array of probabilities; export it without ZipMap")

    def expression(name: str) -> str:
        return f"self.session.run([{name!r}], {{{inputs[0].name!r}: np.asarray(X, dtype=np.{dtype})}})[0]"

    def run(name: str, X: NDArray[np.floating]) -> Any:
        return session.run([name], {inputs[0].name: np.asarray(X, dtype=dtype)})[0]

    def reference(X: NDArray[np.floating], output: str) -> Any:
        if output == "labels" and scored is None:
            return run(outputs[0].name, X).reshape(-1)
        answer = run(scored.name if scored is not None else outputs[0].name, X)
        return answer.argmax(axis=1) if output == "labels" else answer

    n_classes = scored.shape[-1] if scored is not None and len(scored.shape) == 2 else None
    return ModelPlan(
        code=ModelCode(
            title="An ONNX model.",
            libraries=("onnxruntime",),
            load="""
            path = os.path.join(HERE, "model.onnx")
            self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            """,
            methods=(),
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
        n_features=width if isinstance(width, int) else None,
        n_classes=n_classes if isinstance(n_classes, int) else None,
    )


# --- TorchScript ---


def _plan_torchscript(content: bytes) -> ModelPlan:
    torch = import_module("torch")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.pt"
            file.write_bytes(content)
            module = torch.jit.load(str(file), map_location="cpu").eval()
    except RuntimeError as error:
        raise PackError(
            "the file is no TorchScript module: save torch.jit.script(model) or torch.jit.trace(model, inputs)"
        ) from error
    values = "self._run(X)"

    def reference(X: NDArray[np.floating], output: str) -> Any:
        with torch.inference_mode():
            answer = module(torch.from_numpy(np.array(X, dtype=np.float32))).numpy()
        return answer.argmax(axis=1) if output == "labels" else answer

    return ModelPlan(
        code=ModelCode(
            title="A TorchScript module.",
            libraries=("torch",),
            load='self.module = torch.jit.load(os.path.join(HERE, "model.pt"), map_location="cpu").eval()',
            methods=(
                """
                def _run(self, X):
                    with torch.inference_mode():
                        return self.module(torch.from_numpy(np.array(X, dtype=np.float32))).numpy()
                """,
            ),
        ),
        files={"model.pt": content},
        modules=frozenset({"torch", "numpy"}),
        library="PyTorch",
        reference=reference,
        values=values,
        scores=f"return {values}",
    )
