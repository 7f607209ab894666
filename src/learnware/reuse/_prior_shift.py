"""Prior shift: classifiers that know different classes, and a user whose classes are others, or others in number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._class_ratios import ClassMeans
from learnware.reuse._classes import ClassSpace, class_key
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._density import GAMMA_OF_CLASSES, routing_posterior
from learnware.reuse._outputs import ask, output_space
from learnware.reuse._spaces import in_space
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.specification import RKMESpecification

__all__ = ["PriorShiftReuser"]

# Power of the prior, which is an estimate: 0 forgets it, 1 trusts it wholly. Flat around this value on the images and
# the texts of benchmarks/experiments.
_TRUST = 0.25


class PriorShiftReuser(CombinedReuser):
    """Average the learnwares class by class, and weight classes by how much of them the user's data seem to have.

    With p_i(c | x) the answer of learnware i and r_i(x) the weight that routing gives it at x (`RoutingReuser`, here
    with equal parts),

        score(c | x) = prior(c)^(1/4) * mean of r_i(x) p_i(c | x) over all i that know c.

    A learnware that does not know a class abstains on it: its silence is no vote against the class. Where learnwares'
    data lie apart, routing decides whose class it is; where they do not, its weights are nearly equal. The prior is the
    class ratio of the user's data that matches their mean, as `class_ratios` finds it. Expectation maximisation on the
    answers (Saerens, Latinne, Decaestecker, 2002) was measured, too, and is worse: learnwares answer with certainty
    where none of their classes is right.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        Classifiers; several need specifications of the data's kind in one space.
    prior : mapping of str to float, optional
        Share of each class in the user's data, by name, for example `ClassRatios.shares`: more learnwares than those
        that are asked make it better. A class that is not in it has share 0. By default it is estimated from the
        specifications of these learnwares.

    Attributes
    ----------
    prior_ : ndarray of shape (n_classes,)
        What is believed of the user's classes, in the order of `classes_`; after a prediction.
    classes_ : ndarray of shape (n_classes,)
        Labels, after a prediction.
    """

    def __init__(self, learnware_list: list[Learnware] | None = None, prior: Mapping[str, float] | None = None) -> None:
        super().__init__(learnware_list)
        self.prior = prior
        self._points: NDArray[np.float64] | None = None

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn passes it
        """Take data to estimate the prior from; without it, every call of `predict` does so from its own data.

        Parameters
        ----------
        X : array, data frame or tensor of shape (n_samples, ...), or list of str
        y : ignored

        Raises
        ------
        ReuseError
            If the learnwares have no specification of data of this kind in a space that they share.
        """
        if self.prior is None and len(self._learnwares()) > 1:
            self._points = in_space(self._learnwares(), self._input(X))[0]
        return self

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        learnwares, data = self._learnwares(), self._input(user_data)
        outputs = ask(learnwares, data)
        space = output_space(learnwares, outputs, "classification")
        if not isinstance(space, ClassSpace):  # pragma: no cover  # asked for by the mode
            raise ReuseError(f"{type(self).__name__} is for classifiers")
        self._set_space(space)
        answers = space.encode(outputs)
        knows = np.zeros((len(learnwares), answers.shape[2]))
        for row, columns in zip(knows, space.columns, strict=True):
            row[columns] = 1.0
        if len(learnwares) > 1:
            points, specs = in_space(learnwares, data)
            self.prior_ = self._prior(space, knows, specs, points)
            answers *= _routes(points, specs).T[:, :, None]
        else:
            # One has its own prior, and needs no specification.
            self.prior_ = knows[0] / knows[0].sum()
        scores = answers.sum(axis=0) / np.maximum(knows.sum(axis=0), 1.0) * self.prior_**_TRUST
        sums = scores.sum(axis=1, keepdims=True)
        # Where all scores are 0, nobody has said anything.
        rows: NDArray[np.float64] = np.divide(
            scores, sums, out=np.full_like(scores, 1.0 / scores.shape[1]), where=sums > 0
        )
        self.report_ = self._report(_shares(answers, rows), "a share is that of the votes for what was answered")
        return rows

    def _prior(
        self,
        space: ClassSpace,
        knows: NDArray[np.float64],
        specs: Sequence[RKMESpecification],
        points: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        if self.prior is None:
            known = knows.sum(axis=0) > 0
            prior = np.zeros(knows.shape[1])
            means = ClassMeans.estimate(specs, knows[:, known])
            prior[known] = means.user_shares(points if self._points is None else self._points)
            return prior
        shares = {class_key(name): share for name, share in self.prior.items()}
        prior = np.array([max(0.0, shares.get(class_key(name), 0.0)) for name in space.names])
        if not prior.any():
            raise ReuseError(f"the prior gives no share to any of the classes {', '.join(space.names)}")
        return prior / float(prior.sum())


def _routes(points: NDArray[np.float64], specs: Sequence[RKMESpecification]) -> NDArray[np.float64]:
    """Return how much each learnware's data are like each row, shape (n_samples, n_learnwares), rows on the simplex."""
    equal = np.full(len(specs), 1.0 / len(specs))
    scale = KernelMetric.estimate(specs).scale
    return routing_posterior(points, specs, equal, scale, GAMMA_OF_CLASSES / points.shape[1])


def _shares(answers: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each learnware's share of the probability of the classes that were answered."""
    chosen = rows.argmax(axis=1)
    votes = answers[:, np.arange(len(chosen)), chosen]
    sums = votes.sum(axis=0)
    shares = np.divide(votes, sums, out=np.full_like(votes, 1.0 / len(votes)), where=sums > 0)
    mean: NDArray[np.float64] = shares.mean(axis=1)
    return mean
