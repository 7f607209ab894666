"""Packing LightGBM and XGBoost models in their libraries' own formats."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._code import ModelCode
from learnware.learnware.packing._estimators import plan_estimator
from learnware.learnware.packing._plan import ROWS, ModelPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["plan_lightgbm", "plan_lightgbm_object", "plan_xgboost", "plan_xgboost_object"]


def _as_wrapper(plan: ModelPlan, model: Any, classes: Any) -> ModelPlan:
    """Return a booster's plan with the class names and the answers of the estimator around it."""

    def reference(X: NDArray[np.floating], output: str) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            answer = model.predict_proba(X) if output == "scores" else model.predict(X)
        return np.searchsorted(classes, answer) if output == "labels" else answer

    return replace(plan, reference=reference, classes=None if classes is None else tuple(map(str, classes)))


# --- LightGBM ---

_LIGHTGBM_REGRESSION = {
    "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie",
}  # fmt: skip


def plan_lightgbm_object(model: Any) -> ModelPlan:
    """Return how to pack a LightGBM booster or the estimator around one."""
    if not hasattr(model, "booster_") and hasattr(model, "fit"):
        raise PackError(f"the {type(model).__name__} is not fitted: call its fit first")
    if hasattr(model, "model_to_string"):
        return plan_lightgbm(model)
    plan = plan_lightgbm(model.booster_)
    classes: Any = getattr(model, "classes_", None)
    if plan.task is None or (classes is not None) != (plan.task == "Classification"):
        return plan_estimator(model)  # an objective of its own; only the whole object knows what to do with it

    return _as_wrapper(plan, model, classes)


def plan_lightgbm(booster: Any) -> ModelPlan:
    """Return how to pack a LightGBM booster, saved as text."""
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
    values = f"self.booster.predict({ROWS})"

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


def plan_xgboost_object(model: Any) -> ModelPlan:
    """Return how to pack an XGBoost booster or the estimator around one."""
    if not hasattr(model, "get_booster"):
        return plan_xgboost(model)
    from sklearn.exceptions import NotFittedError

    try:
        booster = model.get_booster()
    except NotFittedError as error:
        raise PackError(f"the {type(model).__name__} is not fitted: call its fit first") from error
    if booster.attr("best_iteration") is not None:
        booster = booster[: int(booster.attr("best_iteration")) + 1]  # what its predict uses
    plan = plan_xgboost(booster, model.missing)
    classes: Any = getattr(model, "classes_", None)
    if plan.task is None or (classes is not None) != (plan.task == "Classification"):
        return plan_estimator(model)

    return _as_wrapper(plan, model, classes)


def plan_xgboost(booster: Any, missing: float = math.nan) -> ModelPlan:
    """Return how to pack an XGBoost booster, saved as UBJSON."""
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
    values = f"self.booster.predict(xgboost.DMatrix({ROWS}, missing={hole}), validate_features=False)"
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
