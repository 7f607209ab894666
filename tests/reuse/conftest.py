"""Learnwares made on the spot: small classifiers of digits that know different classes, and shifted regressors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge

from learnware.learnware import Learnware
from learnware.model import BaseModel
from learnware.specification import RKMETableSpecification, Specification, generate_semantic_spec

if TYPE_CHECKING:
    from collections.abc import Callable

Make = "Callable[..., Learnware]"


class FunctionModel(BaseModel):
    """A model that is a function."""

    def __init__(self, function: Callable[[Any], Any], n_features: int) -> None:
        super().__init__((n_features,), None)
        self.function = function

    def predict(self, X: Any) -> Any:
        return self.function(X)


def make(
    id: str,
    function: Callable[[Any], Any],
    points: Any = None,
    *,
    task: str | None = None,
    names: dict[str, str] | None = None,
    dimension: int | None = None,
) -> Learnware:
    """Make a learnware; `points` are its reduced set with equal weights."""
    output = None if names is None and dimension is None else {"Description": names or {}}
    if output is not None and dimension is not None:
        output["Dimension"] = dimension
    specification = Specification(generate_semantic_spec(task_type=task, output_description=output))
    if points is not None:
        rkme = RKMETableSpecification(gamma=0.1)
        rkme.z = np.array(points, dtype=np.float64)
        rkme.beta = np.full(len(points), 1.0 / len(points))
        rkme.num_points = len(points)
        specification.update_stat_spec(rkme)
    return Learnware(id, FunctionModel(function, 0), specification, "")


@pytest.fixture(scope="session")
def make_learnware() -> Callable[..., Learnware]:
    return make


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    return load_digits(return_X_y=True)


@pytest.fixture(scope="session")
def digit_learnwares(digits: tuple[np.ndarray, np.ndarray]) -> list[Learnware]:
    """Five classifiers of six digits each; every other one answers probabilities of its own numbering of them."""
    X, y = digits
    learnwares = []
    for number in range(5):
        known = np.sort((2 * number + np.arange(6)) % 10)
        rows = np.flatnonzero(np.isin(y, known))[number::5]
        model = LogisticRegression(C=0.01, max_iter=2000).fit(X[rows], y[rows])
        if number % 2:
            names = {str(index): f"digit {digit}" for index, digit in enumerate(known)}
            learnwares.append(
                make(f"lw{number}", model.predict_proba, X[rows][::2], task="Classification", names=names, dimension=6)
            )
        else:
            # Labels 0 to 5 from the top down, so that no two learnwares number the classes alike.
            order = known[::-1]
            names = {str(index): f"Digit {digit} " for index, digit in enumerate(order)}
            index = {digit: position for position, digit in enumerate(order)}

            def label(rows: Any, model: Any = model, index: Any = index) -> np.ndarray:
                return np.array([index[digit] for digit in model.predict(rows)]).reshape(-1, 1)

            learnwares.append(make(f"lw{number}", label, X[rows][::2], task="Classification", names=names, dimension=6))
    return learnwares


def target(X: np.ndarray) -> np.ndarray:
    """A smooth function of three columns."""
    return np.sin(X[:, 0]) + 0.5 * X[:, 1] ** 2 + X[:, 2]


@pytest.fixture(scope="session")
def table() -> tuple[np.ndarray, np.ndarray]:
    """A regression task whose rows come from all regions that the learnwares know."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(centre, 0.6, (100, 3)) for centre in (-2.0, 0.0, 2.0)])
    X = X[rng.permutation(len(X))]
    return X, target(X) + 0.1 * rng.normal(size=len(X))


@pytest.fixture(scope="session")
def regression_learnwares() -> list[Learnware]:
    """Three linear models, each good in its own region only."""
    rng = np.random.default_rng(1)
    learnwares = []
    for number, centre in enumerate((-2.0, 0.0, 2.0)):
        X = rng.normal(centre, 0.6, (200, 3))
        model = Ridge().fit(X, target(X))
        learnwares.append(
            make(f"region{number}", model.predict, X[:50], task="Regression", names={"0": "y"}, dimension=1)
        )
    return learnwares
