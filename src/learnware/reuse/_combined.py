"""What reusers share that answer with one space of classes or values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._base import BaseReuser, as_labels
from learnware.reuse._classes import ClassSpace
from learnware.reuse._outputs import ask, labelled_space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.reuse._outputs import ValueSpace

__all__ = ["CombinedReuser"]


class CombinedReuser(BaseReuser):
    """A reuser whose answers are rows in the space of the learnwares' outputs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in the order of the columns of probabilities; only where the learnwares are classifiers.
    class_names_ : ndarray of shape (n_classes,), str
        Names of these classes.
    """

    _space: ClassSpace | ValueSpace

    def predict(self, user_data: Any) -> NDArray[Any]:
        """Return predictions.

        Parameters
        ----------
        user_data : array, data frame or tensor of shape (n_samples, ...), or list of str
            Inputs of the learnwares.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_values) for several targets
            Labels for classifiers, also where the learnwares answer probabilities; numbers otherwise.

        Raises
        ------
        ReuseError
            If it needs to be fitted first, or the learnwares cannot answer these data together.
        """
        rows = self._rows(user_data)
        return self._space.decode(rows)

    def predict_proba(self, user_data: Any) -> NDArray[np.float64]:
        """Return class probabilities, shape (n_samples, n_classes) in the order of `classes_`.

        Raises
        ------
        ReuseError
            If it needs to be fitted first, or the learnwares are no classifiers.
        """
        rows = self._rows(user_data)
        if not isinstance(self._space, ClassSpace):
            raise ReuseError("these learnwares answer numbers, not classes, so there are no probabilities; use predict")
        return rows

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        """Return the answers as rows in the space, shape (n_samples, n_columns)."""
        raise NotImplementedError

    def _set_space(self, space: ClassSpace | ValueSpace) -> None:
        self._space = space
        if isinstance(space, ClassSpace):
            self.classes_ = space.labels
            self.class_names_ = np.array(space.names)

    def _learn_space(
        self, data: NDArray[Any] | list[str], y: Any, mode: str | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take the space from the learnwares' answers and the labels; return both in it.

        Answers have shape (n_learnwares, n_samples, n_columns), labels (n_samples, n_columns).
        """
        learnwares = self._learnwares()
        outputs = ask(learnwares, data)
        space, targets = labelled_space(learnwares, outputs, as_labels(y, len(data)), mode)
        self._set_space(space)
        return space.encode(outputs), targets
