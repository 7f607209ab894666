"""A fitted predictor for a task, whose learnwares run in processes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._classes import class_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.runtime import ModelRunner
    from learnware.solution._report import SolutionReport

__all__ = ["Solution", "predict_labels"]


class Solution:
    """A fitted predictor for the user's task.

    Attributes
    ----------
    report : SolutionReport
        How the task was solved.
    learnwares : list of Learnware
        The learnwares in use, best fit first.
    reuser : BaseReuser
        What combines them.
    runner : ModelRunner
        What runs the learnwares, in processes of their own, until the solution is closed or forgotten.
    classes_ : ndarray of shape (n_classes,) or None
        Labels of a classification, in the order of the columns of probabilities.
    """

    def __init__(
        self,
        reuser: Any,
        learnwares: list[Learnware],
        report: SolutionReport,
        labels: Mapping[str, Any] | None,
        runner: ModelRunner,
    ) -> None:
        self.reuser = reuser
        self.learnwares = learnwares
        self.report = report
        self.runner = runner
        self._labels = labels
        self.classes_ = None if labels is None else _as_labels(reuser.class_names_, labels)

    def __repr__(self) -> str:
        return f"Solution({self.report.task} by {self.report.way}, {len(self.learnwares)} learnwares)"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the learnwares' processes; the solution answers no more."""
        self.runner.close()

    def predict(self, X: Any) -> NDArray[Any]:
        """Return predictions, shape (n_samples,), or (n_samples, n_outputs) where there are several outputs.

        Classes are answered in the vocabulary of the labels that were given, else by name, as whole numbers where all
        names are numerals.
        """
        return predict_labels(self.reuser, X, self._labels)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities of the classes, shape (n_samples, n_classes).

        Raises
        ------
        ReuseError
            If the task is no classification.
        """
        predict_proba = getattr(self.reuser, "predict_proba", None)
        if self._labels is None or predict_proba is None:
            raise ReuseError(f"a solution of a {self.report.task.lower()} task has no probabilities of classes")
        probabilities: NDArray[np.float64] = predict_proba(X)
        return probabilities


def predict_labels(reuser: Any, X: Any, vocabulary: Mapping[str, Any] | None) -> NDArray[Any]:
    """Return predictions; classes in the user's vocabulary, whatever labels the reuser has for them."""
    predictions = np.asarray(reuser.predict(X))
    if vocabulary is not None:
        position = {label: number for number, label in enumerate(reuser.classes_.tolist())}
        names = reuser.class_names_[[position[label] for label in predictions.tolist()]]
        return _as_labels(names, vocabulary)
    return predictions[:, 0] if predictions.ndim == 2 and predictions.shape[1] == 1 else predictions


def _as_labels(names: NDArray[Any], vocabulary: Mapping[str, Any]) -> NDArray[Any]:
    return np.array([vocabulary[class_key(name)] for name in names.tolist()])
