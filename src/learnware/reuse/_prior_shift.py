"""Prior shift: classifiers that know different classes, and a user whose classes are others, or others in number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._classes import ClassSpace
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._density import mixture_weights
from learnware.reuse._outputs import ask, output_space
from learnware.reuse._spaces import in_space

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.specification._metric import KernelMetric

__all__ = ["PriorShiftReuser"]

# Power of the estimated priors, which are estimates: 0 forgets them, 1 trusts them wholly. Chosen on stand-ins for
# networks of images, where 0.25 to 0.75 differ little (docs/experiments.md).
_TRUST = 0.5
# Rows that the belief in equal priors is worth.
_PRIOR_ROWS = 20.0


class PriorShiftReuser(CombinedReuser):
    """Average the learnwares class by class, and weight classes by how much of them the user's data seem to have.

    With p_i(c | x) the answer of learnware i, C_i the classes that it knows, and w_i its weight in the mixture of
    learnwares that is nearest to the user's data in MMD,

        score(c | x) = prior(c)^(1/2) * mean of p_i(c | x) over all i that know c,
        prior(c) = sum of w_i / |C_i| over these i.

    A learnware that does not know a class abstains on it: its silence is no vote against the class. The prior is that
    of kernel mean matching (Iyer, Nath, Sarawagi: Maximum Mean Discrepancy for Class Ratio Estimation, ICML 2014), with
    learnwares for classes; a few rows leave it near equal priors. Expectation maximisation on the answers (Saerens,
    Latinne, Decaestecker, 2002) was measured, too, and is worse: learnwares answer with certainty where none of their
    classes is right.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        Classifiers with specifications of the data's kind in one space.
    metric : KernelMetric, optional
        The metric of the learnwares' island; by default it is estimated from these learnwares.

    Attributes
    ----------
    weights_ : ndarray of shape (n_learnwares,)
        Weights of the learnwares in the mixture; after `fit`.
    prior_ : ndarray of shape (n_classes,)
        What is believed of the user's classes, in the order of `classes_`; after a prediction.
    classes_ : ndarray of shape (n_classes,)
        Labels, after a prediction.
    """

    def __init__(self, learnware_list: list[Learnware] | None = None, metric: KernelMetric | None = None) -> None:
        super().__init__(learnware_list)
        self.metric = metric

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn passes it
        """Estimate the mixture from data; without it, every call of `predict` does so from its own data.

        Parameters
        ----------
        X : array, data frame or tensor of shape (n_samples, ...), or list of str
        y : ignored

        Raises
        ------
        ReuseError
            If the learnwares have no specification of data of this kind in a space that they share.
        """
        data = self._input(X)
        self.weights_, self._n_rows = self._mixture(data), len(data)
        return self

    def _mixture(self, data: NDArray[Any] | list[str]) -> NDArray[np.float64]:
        learnwares = self._learnwares()
        # One alone needs no specification.
        return np.ones(1) if len(learnwares) == 1 else mixture_weights(*in_space(learnwares, data), self.metric)

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        learnwares, data = self._learnwares(), self._input(user_data)
        fitted = hasattr(self, "weights_")
        weights, n_rows = (self.weights_, self._n_rows) if fitted else (self._mixture(data), len(data))
        outputs = ask(learnwares, data)
        space = output_space(learnwares, outputs, "classification")
        if not isinstance(space, ClassSpace):  # pragma: no cover  # asked for by the mode
            raise ReuseError(f"{type(self).__name__} is for classifiers")
        self._set_space(space)
        answers = space.encode(outputs)
        knows = np.zeros((len(learnwares), answers.shape[2]))
        for row, columns in zip(knows, space.columns, strict=True):
            row[columns] = 1.0
        self.prior_ = _prior(weights, knows, n_rows)
        scores = answers.sum(axis=0) / np.maximum(knows.sum(axis=0), 1.0) * self.prior_**_TRUST
        sums = scores.sum(axis=1, keepdims=True)
        # Where all scores are 0, nobody has said anything.
        rows: NDArray[np.float64] = np.divide(
            scores, sums, out=np.full_like(scores, 1.0 / scores.shape[1]), where=sums > 0
        )
        self.report_ = self._report(_shares(answers, rows), "a share is that of the votes for what was answered")
        return rows


def _prior(weights: NDArray[np.float64], knows: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    """Return the prior of the classes: the mixture's, shrunk towards equal ones of all that somebody knows."""
    mixed = weights @ (knows / knows.sum(axis=1, keepdims=True))
    known = knows.any(axis=0)
    trust = n_rows / (n_rows + _PRIOR_ROWS)
    prior: NDArray[np.float64] = trust * mixed + (1.0 - trust) * known / known.sum()
    return prior


def _shares(answers: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each learnware's share of the probability of the classes that were answered."""
    chosen = rows.argmax(axis=1)
    votes = answers[:, np.arange(len(chosen)), chosen]
    sums = votes.sum(axis=0)
    shares = np.divide(votes, sums, out=np.full_like(votes, 1.0 / len(votes)), where=sums > 0)
    mean: NDArray[np.float64] = shares.mean(axis=1)
    return mean
