"""Which classes the user's data have, estimated without labels from what learnwares say of themselves.

A classifier names its classes, and its specification says where its data lie, all classes together. Many learnwares
that know different classes tell where each class lies: with m_i the mean of learnware i's specification, q_i the
unknown shares of its classes and c_k the unknown mean of class k,

    m_i = sum_k q_ik c_k    and for the user's data    m = sum_k p_k c_k.

Means of classes and shares are found by turns, each by least squares: the shares on the simplex of the classes that a
learnware names, from equal ones, the means with a ridge. Then p is the class ratio of the user's data that matches
their mean (Iyer, Nath, Sarawagi: Maximum Mean Discrepancy for Class Ratio Estimation, ICML 2014, with a linear kernel,
and with learnwares in place of labelled samples). A linear kernel, since a difference in the shares of classes moves
means first, and means are what small reduced sets keep best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.reuse._classes import class_key, class_names
from learnware.reuse._inputs import as_input
from learnware.reuse._spaces import in_space
from learnware.specification import solve_simplex_qp
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.specification import RKMESpecification

__all__ = ["ClassMeans", "ClassRatios", "class_ratios"]

# Pull of shares towards equal ones, and of the means of classes towards the mean of all, in units of what one learnware
# says of one class. On the images of benchmarks/experiments 0.003 to 0.01 differ little.
_RIDGE = 0.003
# Turns of shares and means; later ones change little.
_TURNS = 20
# Rows that the belief in equal shares is worth.
_EQUAL_ROWS = 20.0


@dataclass(frozen=True)
class ClassRatios:
    """Shares of classes in the user's data, and the learnwares that know them.

    Attributes
    ----------
    shares : mapping of str to float
        Share of each class that a learnware names, by its name in lower case; together 1. Empty where none names any.
    learnwares : tuple of Learnware
        All that were given, best first: by the sum over classes of the user's share times the root of the learnware's
        own share, since a model gets better with more data, but ever less so. Those that name no classes come last.
    """

    shares: Mapping[str, float]
    learnwares: tuple[Learnware, ...]


def class_ratios(learnwares: Sequence[Learnware], X: Any) -> ClassRatios:
    """Estimate which classes the user's data have, and which learnwares know most of them. Nothing is run.

    The more learnwares with different classes, the better: all that a search finds, not only those that will be asked.

    Parameters
    ----------
    learnwares : sequence of Learnware
        Classifiers with specifications of the data's kind in one space.
    X : array, data frame or tensor of shape (n_samples, ...), or list of str

    Raises
    ------
    ReuseError
        If the learnwares have no space in common, or the data are not of it.
    """
    named = [(learnware, [class_key(name) for name in class_names(learnware)]) for learnware in learnwares]
    knowing = [one for one, names in named if names]
    if not knowing:
        return ClassRatios({}, tuple(learnwares))
    points, specs = in_space(knowing, as_input(X))
    classes = sorted({name for _, names in named for name in names})
    knows = np.array([[float(name in names) for name in classes] for _, names in named if names])
    class_means = ClassMeans.estimate(specs, knows)
    shares = class_means.user_shares(points)
    covered = np.sqrt(class_means.learnware_shares) @ shares
    # The order of the search decides between equals.
    best = [knowing[i] for i in np.argsort(-np.round(covered, 12), kind="stable")]
    rest = [one for one, names in named if not names]
    return ClassRatios(dict(zip(classes, shares.tolist(), strict=True)), (*best, *rest))


@dataclass(frozen=True)
class ClassMeans:
    """Where classes lie, as the specifications of learnwares tell.

    Attributes
    ----------
    origin, scale : ndarray of shape (n_features,)
        Middle of the learnwares, and units of features.
    means : ndarray of shape (n_classes, n_features)
        Means of the classes in these.
    learnware_shares : ndarray of shape (n_learnwares, n_classes)
        Shares of the classes in each learnware's data, rows on the simplex.
    """

    origin: NDArray[np.float64]
    scale: NDArray[np.float64]
    means: NDArray[np.float64]
    learnware_shares: NDArray[np.float64]

    @classmethod
    def estimate(cls, specs: Sequence[RKMESpecification], knows: NDArray[np.float64]) -> Self:
        """Estimate them from specifications.

        Parameters
        ----------
        specs : sequence of RKMESpecification
            Of one space.
        knows : ndarray of shape (n_specs, n_classes)
            1 for each class that a learnware knows, else 0; each knows one or more.
        """
        scale = KernelMetric.estimate(specs).scale
        rows = np.array([spec.get_beta() @ spec.points for spec in specs]) / scale
        origin = np.sort(rows, axis=0).mean(axis=0)
        rows -= origin
        if specs[0].standardised:
            # Means that are alike by construction differ by chance only: shares stay equal.
            rows[:] = 0.0
        n_classes = knows.shape[1]
        # On average one learnware speaks of a class with this weight.
        ridge = _RIDGE * len(specs) / n_classes
        # In an order of their own, so that rounding does not depend on the caller's.
        order = np.lexsort((*rows.T, *knows.T))
        rows, knows = rows[order], knows[order]
        shares = knows / knows.sum(axis=1, keepdims=True)
        for _ in range(_TURNS):
            means = np.linalg.solve(shares.T @ shares + ridge * np.eye(n_classes), shares.T @ rows)
            pull = _pull(means)
            shares = np.zeros_like(knows)
            for row, known, of_learnware in zip(rows, knows.astype(bool), shares, strict=True):
                of_learnware[known] = _on_simplex(means[known], row, pull)
        return cls(origin, scale, means, shares[np.argsort(order)])

    def user_shares(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the shares of the classes among the user's samples, shape (n_classes,); few samples leave them equal.

        Parameters
        ----------
        points : ndarray of shape (n_samples, n_features)
            The samples in the space of the specifications. A missing value says nothing.
        """
        rows = points / self.scale - self.origin
        row = np.where(np.isfinite(rows), rows, 0.0).mean(axis=0)
        trust = len(points) / (len(points) + _EQUAL_ROWS)
        shares: NDArray[np.float64] = trust * _on_simplex(self.means, row, _pull(self.means))
        return shares + (1.0 - trust) / len(shares)


def _pull(means: NDArray[np.float64]) -> float:
    """Return the penalty on squared shares."""
    return _RIDGE * float(np.square(means).sum(axis=1).mean())


def _on_simplex(means: NDArray[np.float64], row: NDArray[np.float64], pull: float) -> NDArray[np.float64]:
    """Return the shares p that minimise ||p means - row||^2 + pull ||p - 1/n||^2."""
    n = len(means)
    # Without any difference among the classes, the pull is all there is, and shares are equal.
    ridge = pull if pull > 0.0 else 1.0
    return solve_simplex_qp(means @ means.T + ridge * np.eye(n), means @ row + ridge / n)
