"""The ways to solve one user's task, and their errors."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.market import BaseUserInfo
from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    JobSelectorReuser,
    RoutingReuser,
    StackingReuser,
)
from learnware.specification import generate_rkme_table_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.quality.worlds import User, World
    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket

__all__ = ["DATA_FREE", "LABELLED", "REFERENCES", "data_free_errors", "labelled_errors"]

REFERENCES = ("mean in market", "best in market")
DATA_FREE = ("top-1", "job selector", "averaging", "routing")
LABELLED = ("top-1", "own model", "pruning", "augmentation", "stacking")
# Learnwares that are averaged, and that routing, the job selector and the labelled methods may use.
_AVERAGED, _COMBINED = 5, 10


def _error(way: Any, X: NDArray[np.float64], y: NDArray[Any], classes: bool) -> float:
    """Return the root mean squared error, or the share of wrong classes, which are compared by name."""
    predictions = np.asarray(way.predict(X)).reshape(len(y), -1)[:, 0]
    if not classes:
        return float(np.sqrt(np.mean(np.square(predictions - y))))
    if hasattr(way, "class_names_"):
        position = {label: number for number, label in enumerate(way.classes_.tolist())}
        predictions = way.class_names_[[position[label] for label in predictions.tolist()]]
    return float(np.mean(predictions.astype(str) != y.astype(str)))


def search(market: LearnwareMarket, user: User, seed: int) -> list[Learnware]:
    """Return the learnwares for a user, nearest first, found by the specification of the rows alone."""
    spec = generate_rkme_table_spec(user.X, seed=seed)
    results = market.search_learnware(BaseUserInfo(stat_info={spec.type: spec}))
    return [item.learnware for item in results.get_single_results()]


def data_free_errors(world: World, everybody: list[Learnware], found: list[Learnware], user: User) -> dict[str, float]:
    """Return the errors on all of a user's rows of the methods that see no label, and of all learnwares.

    Parameters
    ----------
    world : World
    everybody : list of Learnware
        All learnwares of the market that take the user's columns.
    found : list of Learnware
        The search result, nearest first.
    user : User
    """
    vote = "vote_by_label" if world.classes else "mean"
    alone = [_error(AveragingReuser([one], vote), user.X, user.y, world.classes) for one in everybody]
    ways = {
        "top-1": AveragingReuser(found[:1], vote),
        "job selector": JobSelectorReuser(found[:_COMBINED]),
        "averaging": AveragingReuser(found[:_AVERAGED], vote),
        "routing": RoutingReuser(found[:_COMBINED]),
    }
    errors = {"mean in market": float(np.mean(alone)), "best in market": float(np.min(alone))}
    return errors | {name: _error(way, user.X, user.y, world.classes) for name, way in ways.items()}


def labelled_errors(world: World, found: list[Learnware], user: User, seed: int, n_labels: int) -> dict[str, float]:
    """Return the errors of the methods that learn from some labelled rows, on the user's other rows.

    At most half of the rows are labelled.
    """
    order = np.random.default_rng(seed).permutation(len(user.y))
    labelled, rest = np.split(order, [min(n_labels, len(order) // 2)])
    X, y, found = user.X[labelled], user.y[labelled], found[:_COMBINED]
    mode = "classification" if world.classes else "regression"
    stacking = StackingReuser(found, mode, seed=seed).fit(X, y)
    ways = {
        "top-1": AveragingReuser(found[:1], "vote_by_label" if world.classes else "mean"),
        "own model": _own_model(stacking, X, y, world.classes, seed),
        "pruning": EnsemblePruningReuser(found, mode, seed=seed).fit(X, y),
        "augmentation": FeatureAugmentReuser(found, mode).fit(X, y),
        "stacking": stacking,
    }
    return {name: _error(way, user.X[rest], user.y[rest], world.classes) for name, way in ways.items()}


def _own_model(stacking: StackingReuser, X: NDArray[np.float64], y: NDArray[Any], classes: bool, seed: int) -> Any:
    """Return the own model that cross-validation finds best, among the same that stacking tries."""
    from sklearn.exceptions import ConvergenceWarning

    from learnware.reuse._models import classifiers, regressors

    models = classifiers(seed) if classes else regressors(len(y), seed)
    best = min(models, key=lambda name: stacking.errors_[f"own {name}"])
    with warnings.catch_warnings():
        # A Gaussian process of few rows often ends at a bound of its search.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return models[best].fit(X, y)
