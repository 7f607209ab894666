"""Averaging and voting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._base import BaseReuser, check_option
from learnware.reuse._classes import ClassSpace
from learnware.reuse._outputs import ValueSpace, ask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["AveragingReuser"]


class AveragingReuser(BaseReuser):
    """Average the learnwares' outputs, or let them vote.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        The learnwares.
    mode : {"mean", "vote_by_label", "vote_by_prob"}, default="mean"
        ``"mean"`` averages numbers (regression). ``"vote_by_label"`` gives every learnware one vote a row and answers
        labels. ``"vote_by_prob"`` averages class probabilities and answers them, shape (n_samples, n_classes), as the
        published package does; its labels are ``reuser.classes_[predictions.argmax(axis=1)]``. Classes are aligned by
        name; what a learnware cannot know, it does not vote for.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in the order of the columns of probabilities; in the two voting modes.

    Examples
    --------
    >>> import numpy as np
    >>> from learnware.learnware import Learnware
    >>> from learnware.model import BaseModel
    >>> from learnware.specification import Specification
    >>> class Above(BaseModel):
    ...     def __init__(self, limit):
    ...         super().__init__((1,), (1,))
    ...         self.limit = limit
    ...
    ...     def predict(self, X):
    ...         return (X[:, 0] > self.limit).astype(int)
    >>> learnwares = [Learnware(f"above {limit}", Above(limit), Specification(), "") for limit in (1, 2, 3)]
    >>> AveragingReuser(learnwares, mode="vote_by_label").predict(np.array([[0.5], [1.5], [2.5]]))
    array([0, 0, 1])
    """

    def __init__(self, learnware_list: list[Learnware] | None = None, mode: str = "mean") -> None:
        super().__init__(learnware_list)
        self.mode = mode

    def predict(self, user_data: Any) -> NDArray[Any]:
        """Return means, labels or probabilities, as `mode` says.

        Parameters
        ----------
        user_data : array, data frame or tensor of shape (n_samples, ...), or list of str
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_values) for several targets or probabilities

        Raises
        ------
        ReuseError
            If the learnwares' outputs cannot be combined.
        """
        check_option("mode", self.mode, ("mean", "vote_by_label", "vote_by_prob"))
        if self.mode != "mean":
            votes = self.predict_proba(user_data)
            return votes if self.mode == "vote_by_prob" else self._space.decode(votes)
        learnwares = self._learnwares()
        outputs = ask(learnwares, self._input(user_data))
        values = ValueSpace.of(learnwares, outputs)
        self._equal_shares()
        return values.decode(values.encode(outputs).mean(axis=0))

    def predict_proba(self, user_data: Any) -> NDArray[np.float64]:
        """Return shares of the votes, or mean probabilities, shape (n_samples, n_classes) in the order of `classes_`.

        Raises
        ------
        ReuseError
            If the mode is ``"mean"``, or the classes cannot be aligned.
        """
        check_option("mode", self.mode, ("mean", "vote_by_label", "vote_by_prob"))
        if self.mode == "mean":
            raise ReuseError('the mode "mean" has no probabilities; use "vote_by_label" or "vote_by_prob"')
        learnwares = self._learnwares()
        outputs = ask(learnwares, self._input(user_data))
        self._space = ClassSpace.of(learnwares, outputs)
        self.classes_ = self._space.labels
        self.class_names_ = np.array(self._space.names)
        rows = self._space.encode(outputs)
        if self.mode == "vote_by_label":
            rows = (rows == rows.max(axis=2, keepdims=True)).astype(np.float64)
            rows /= rows.sum(axis=2, keepdims=True)
        self._equal_shares()
        mean: NDArray[np.float64] = rows.mean(axis=0)
        return mean

    def _equal_shares(self) -> None:
        n = len(self._learnwares())
        self.report_ = self._report(np.full(n, 1.0 / n))
