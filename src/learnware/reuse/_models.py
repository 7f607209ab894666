"""Models of the user's own, for some tens to some thousands of labelled rows of a table.

Everything here answers rows of shape (n_samples, n_columns): one column for each target, or probabilities of classes.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["classifiers", "correctors", "fit_classifier", "fit_linear", "fit_regressor", "regressors"]

# A Gaussian process takes cubic time in the rows; above, the trees have enough data to be the better model anyway.
_MOST_ROWS_OF_A_PROCESS = 500
_RIDGES = np.logspace(-3, 3, 13)


def _prepared(*steps: Any) -> Any:
    """Return a pipeline that fills missing values with medians before its steps."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), *steps)


def _linear_regressor() -> Any:
    """Return a ridge regression on standardised features; leave-one-out chooses the ridge."""
    from sklearn.linear_model import RidgeCV
    from sklearn.preprocessing import StandardScaler

    return _prepared(StandardScaler(), RidgeCV(_RIDGES))


def _linear_classifier() -> Any:
    """Return a logistic regression on standardised features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    return _prepared(StandardScaler(), LogisticRegression(max_iter=1000))


def _forest_regressor(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return _prepared(ExtraTreesRegressor(100, max_features=1.0, random_state=seed))


def _gaussian_process(seed: int) -> Any:
    """Return a Gaussian process with a linear and a smooth part."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel
    from sklearn.preprocessing import StandardScaler

    kernel = ConstantKernel() * RBF(3.0) + ConstantKernel() * DotProduct() + WhiteKernel()
    return _prepared(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed))


def regressors(n_rows: int, seed: int) -> dict[str, Any]:
    """Return unfitted regressors of different kinds, by name."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    vectors = TransformedTargetRegressor(
        _prepared(StandardScaler(), SVR(C=3.0, epsilon=0.05)), transformer=StandardScaler()
    )
    models = {"ridge regression": _linear_regressor(), "support vectors": vectors, "trees": _forest_regressor(seed)}
    if n_rows <= _MOST_ROWS_OF_A_PROCESS:
        models["Gaussian process"] = _gaussian_process(seed)
    return models


def correctors(n_rows: int, seed: int) -> dict[str, Any]:
    """Return unfitted regressors for what a combination of learnwares leaves, by name."""
    models = {"trees": _forest_regressor(seed)}
    if n_rows <= _MOST_ROWS_OF_A_PROCESS:
        models["Gaussian process"] = _gaussian_process(seed)
    return models


def classifiers(seed: int) -> dict[str, Any]:
    """Return unfitted classifiers of different kinds, by name."""
    from sklearn.ensemble import ExtraTreesClassifier

    return {
        "logistic regression": _linear_classifier(),
        "trees": _prepared(ExtraTreesClassifier(100, random_state=seed)),
    }


def fit_regressor(
    model: Any, X: NDArray[np.float64], targets: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Fit copies of a regressor, one for each column of the targets, and return what predicts all columns."""
    fitted = [_fit(model, X, column) for column in targets.T]
    return lambda rows: np.stack(
        [np.asarray(one.predict(rows), dtype=np.float64).reshape(-1) for one in fitted], axis=1
    )


def fit_classifier(
    model: Any, X: NDArray[np.float64], targets: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Fit a copy of a classifier on one-hot rows and return what predicts probabilities of all their columns."""
    codes = targets.argmax(axis=1)
    n_columns = targets.shape[1]
    if (codes == codes[0]).all():  # nothing to tell apart, which many classifiers refuse
        return lambda rows: np.tile(targets[0], (len(rows), 1))
    fitted = _fit(model, X, codes)
    return _probabilities_of(fitted, n_columns)


def _probabilities_of(fitted: Any, n_columns: int) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what predicts probabilities of all columns from a classifier that was fitted on some of their numbers."""

    def predict(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        if not hasattr(fitted, "predict_proba"):
            hard: NDArray[np.float64] = np.eye(n_columns)[np.asarray(fitted.predict(rows), dtype=np.intp).reshape(-1)]
            return hard
        probabilities = np.zeros((len(rows), n_columns))
        probabilities[:, np.asarray(fitted.classes_, dtype=np.intp)] = fitted.predict_proba(rows)
        return probabilities

    return predict


def fit_linear(
    X: NDArray[np.float64], targets: NDArray[np.float64], *, classes: bool
) -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], NDArray[np.float64]]:
    """Fit the linear model; return what predicts, and the sum of absolute coefficients of each standardised feature."""
    if classes and len(np.unique(targets.argmax(axis=1))) == 1:
        return fit_classifier(None, X, targets), np.zeros(X.shape[1])
    if not classes:
        model = _fit(_linear_regressor(), X, targets)
        coefficients = model[-1].coef_
        return lambda rows: np.asarray(model.predict(rows)).reshape(len(rows), -1), np.atleast_2d(
            np.abs(coefficients)
        ).sum(axis=0)
    model = _fit(_linear_classifier(), X, targets.argmax(axis=1))
    return _probabilities_of(model, targets.shape[1]), np.abs(model[-1].coef_).sum(axis=0)


def _fit(model: Any, X: NDArray[np.float64], y: NDArray[Any]) -> Any:
    from sklearn.exceptions import ConvergenceWarning

    if not (callable(getattr(model, "fit", None)) and callable(getattr(model, "predict", None))):
        raise ReuseError(f"model is {model!r}; allowed are estimators with fit and predict")
    own = copy.deepcopy(model)
    with warnings.catch_warnings():
        # A search that stops early is one candidate among several, judged by cross-validation like the others.
        warnings.simplefilter("ignore", ConvergenceWarning)
        own.fit(X, y)
    return own
