"""Models of the user's own, for some tens to some thousands of labelled rows of a table.

Everything here answers rows of shape (n_samples, n_columns): one column for each target, or probabilities of classes.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from learnware.errors import ReuseError
from learnware.specification._threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Predictor", "classifiers", "correctors", "fit_classifier", "fit_linear", "fit_regressor", "regressors"]

# A Gaussian process takes cubic time in the rows, support vectors about quadratic; above these numbers the trees have
# data enough to be the better model anyway.
_MOST_ROWS_OF_A_PROCESS = 200
_MOST_ROWS_OF_VECTORS = 2000
# Standard deviations of the labelled rows after which a feature is cut off: a column that hardly varies in a few rows
# (rain, in a dry sample) must not throw a linear answer a thousand times too far.
_REACH = 5.0
_RIDGES = np.logspace(-3, 3, 13)


def _prepared(*steps: Any) -> Any:
    """Return a pipeline that fills missing values with medians before its steps."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), *steps)


def _standardised(model: Any) -> Any:
    """Return a pipeline that standardises the features and bounds them, before a model that extrapolates."""
    import sklearn.preprocessing

    bounds = sklearn.preprocessing.FunctionTransformer(np.clip, kw_args={"a_min": -_REACH, "a_max": _REACH})
    return _prepared(sklearn.preprocessing.StandardScaler(), bounds, model)


def _linear_regressor() -> Any:
    """Return a ridge regression on standardised features; leave-one-out chooses the ridge."""
    from sklearn.linear_model import RidgeCV

    return _standardised(RidgeCV(_RIDGES))


def _linear_classifier() -> Any:
    """Return a logistic regression on standardised features."""
    from sklearn.linear_model import LogisticRegression

    return _standardised(LogisticRegression(max_iter=1000))


def _forest_regressor(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return _prepared(ExtraTreesRegressor(100, max_features=1.0, random_state=seed))


def _gaussian_process(seed: int) -> Any:
    """Return a Gaussian process with a linear and a smooth part."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

    kernel = ConstantKernel() * RBF(3.0) + ConstantKernel() * DotProduct() + WhiteKernel()
    return _standardised(GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed))


def regressors(n_rows: int, seed: int) -> dict[str, Any]:
    """Return unfitted regressors of different kinds, by name."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    models = {"ridge regression": _linear_regressor(), "trees": _forest_regressor(seed)}
    if n_rows <= _MOST_ROWS_OF_VECTORS:
        vectors = _standardised(SVR(C=3.0, epsilon=0.05))
        models["support vectors"] = TransformedTargetRegressor(vectors, transformer=StandardScaler())
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


class Predictor(Protocol):
    """What answers rows of features with rows of columns."""

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return shape (n_samples, n_columns)."""
        ...


@dataclass(frozen=True)
class _Regressor:
    """Regressors, one for each column or one for all."""

    models: list[Any]

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = [np.asarray(one.predict(rows), dtype=np.float64).reshape(len(rows), -1) for one in self.models]
        return np.concatenate(columns, axis=1)


@dataclass(frozen=True)
class _Classifier:
    """A classifier that was fitted on the numbers of some of the columns."""

    model: Any
    n_columns: int

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        if not hasattr(self.model, "predict_proba"):
            columns = np.asarray(self.model.predict(rows), dtype=np.intp).reshape(-1)
            return np.eye(self.n_columns)[columns]
        probabilities = np.zeros((len(rows), self.n_columns))
        probabilities[:, np.asarray(self.model.classes_, dtype=np.intp)] = self.model.predict_proba(rows)
        return probabilities


@dataclass(frozen=True)
class _Constant:
    """The same answer for all rows: where there is one class, which many classifiers refuse."""

    answer: NDArray[np.float64]

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.tile(self.answer, (len(rows), 1))


def fit_regressor(model: Any, X: NDArray[np.float64], targets: NDArray[np.float64]) -> Predictor:
    """Fit copies of a regressor, one for each column of the targets."""
    return _Regressor([_fit(model, X, column) for column in targets.T])


def fit_classifier(model: Any, X: NDArray[np.float64], targets: NDArray[np.float64]) -> Predictor:
    """Fit a copy of a classifier on one-hot rows."""
    codes = targets.argmax(axis=1)
    if (codes == codes[0]).all():
        return _Constant(targets[0])
    return _Classifier(_fit(model, X, codes), targets.shape[1])


def fit_linear(
    X: NDArray[np.float64], targets: NDArray[np.float64], *, classes: bool
) -> tuple[Predictor, NDArray[np.float64]]:
    """Fit the linear model; return it, and the sum of absolute coefficients of each standardised feature."""
    codes = targets.argmax(axis=1)
    if classes and (codes == codes[0]).all():
        return _Constant(targets[0]), np.zeros(X.shape[1])
    model = _fit(_linear_classifier(), X, codes) if classes else _fit(_linear_regressor(), X, targets)
    sizes: NDArray[np.float64] = np.abs(np.atleast_2d(model[-1].coef_)).sum(axis=0)
    return (_Classifier(model, targets.shape[1]) if classes else _Regressor([model])), sizes


def _fit(model: Any, X: NDArray[np.float64], y: NDArray[Any]) -> Any:
    from sklearn.exceptions import ConvergenceWarning

    if not (callable(getattr(model, "fit", None)) and callable(getattr(model, "predict", None))):
        raise ReuseError(f"model is {model!r}; allowed are estimators with fit and predict")
    own = copy.deepcopy(model)
    # Hundreds of small factorisations: threads would wait for each other longer than they work.
    with warnings.catch_warnings(), single_threaded_blas():
        # A search that stops early is one candidate among several, judged by cross-validation like the others.
        warnings.simplefilter("ignore", ConvergenceWarning)
        own.fit(X, y)
    return own
