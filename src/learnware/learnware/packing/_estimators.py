"""Packing scikit-learn estimators, and whatever follows their conventions."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import PackError
from learnware.learnware.packing._code import ModelCode
from learnware.learnware.packing._plan import ModelPlan, import_library
from learnware.learnware.packing._requirements import modules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["plan_estimator", "plan_skops"]


def plan_estimator(model: Any) -> ModelPlan:
    """Return how to pack an estimator, saved with joblib."""
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


def plan_skops(path: Path) -> ModelPlan:
    """Return how to pack an estimator in a skops file."""
    skops_io = import_library("skops.io", path)
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


def _as_given(X: Any) -> Any:
    """Return texts as the list that they are, anything else as an array."""
    return X if isinstance(X, list) else np.asarray(X)


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
    frame: Callable[[Any], Any] = _as_given
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

    def reference(X: Any, output: str) -> Any:
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
