"""The ways to solve one user's task, and their accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    JobSelectorReuser,
    PriorShiftReuser,
    RoutingReuser,
    StackingReuser,
    class_ratios,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["DATA_FREE", "LABELLED", "REFERENCES", "accuracy", "alone", "data_free", "labelled"]

REFERENCES = ("mean in market", "best in market")
DATA_FREE = ("top-1", "top-1 by classes", "job selector", "averaging", "routing", "prior shift")
LABELLED = ("own model", "top-1", "pruning", "augmentation", "stacking")


def accuracy(way: Any, X: Any, names: NDArray[np.str_]) -> float:
    """Return the share of right answers of a fitted reuser; classes are compared by name."""
    labels = way.predict(X)
    position = {label: number for number, label in enumerate(way.classes_.tolist())}
    answered = way.class_names_[[position[label] for label in labels.tolist()]]
    return float(np.mean(answered == names))


def alone(learnware: Learnware, X: Any, names: NDArray[np.str_]) -> float:
    """Return the accuracy of one learnware."""
    return accuracy(AveragingReuser([learnware], "vote_by_label"), X, names)


def data_free(found: Sequence[Learnware], X: Any, names: NDArray[np.str_], combined: int) -> dict[str, float]:
    """Return the accuracies of the methods that see no label.

    Parameters
    ----------
    found : sequence of Learnware
        The search result, nearest first.
    X : list of str, or ndarray of shape (n_samples, channels, height, width)
        The user's samples.
    names : ndarray of shape (n_samples,), str
        Their true classes, which only the accuracies see.
    combined : int
        How many learnwares are combined.
    """
    several = list(found[:combined])
    ratios = class_ratios(found, X)
    by_classes = list(ratios.learnwares[:combined])
    ways: dict[str, Any] = {
        "top-1": AveragingReuser([found[0]], "vote_by_label"),
        "top-1 by classes": AveragingReuser(by_classes[:1], "vote_by_label"),
        "job selector": JobSelectorReuser(several),
        "averaging": _ByProbability(several),
        "routing": RoutingReuser(several),
        "prior shift": PriorShiftReuser(by_classes, ratios.shares),
    }
    return {name: accuracy(way, X, names) for name, way in ways.items()}


def labelled(
    found: Sequence[Learnware], X: Any, y: NDArray[np.str_], test: Any, truth: NDArray[np.str_], seed: int
) -> dict[str, float]:
    """Return the accuracies on `test` of the methods that learn from labelled samples.

    Parameters
    ----------
    found : sequence of Learnware
        The learnwares that are combined, nearest first.
    X, y : samples and the names of their classes
        What the user has labelled.
    test, truth : samples and the names of their classes
        What all methods are measured on.
    seed : int
    """
    several = list(found)
    ways: dict[str, Any] = {
        "top-1": AveragingReuser(several[:1], "vote_by_label"),
        "pruning": EnsemblePruningReuser(several, "classification", seed=seed).fit(X, y),
        "augmentation": FeatureAugmentReuser(several, "classification").fit(X, y),
        "stacking": StackingReuser(several, "classification", seed=seed).fit(X, y),
    }
    return {name: accuracy(way, test, truth) for name, way in ways.items()}


class _ByProbability(AveragingReuser):
    """Averages probabilities and answers labels."""

    def __init__(self, learnware_list: list[Learnware] | None = None) -> None:
        super().__init__(learnware_list, "vote_by_prob")

    def predict(self, user_data: Any) -> NDArray[Any]:
        """Return the label of the largest mean probability."""
        best = self.predict_proba(user_data).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels
