"""Density-weighted routing: the learnwares' answers, weighted at every row by how well each knows its region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._density import GAMMA_OF_CLASSES, GAMMA_OF_NUMBERS, mixture_weights, routing_posterior
from learnware.reuse._outputs import ask, output_space, task_of
from learnware.reuse._spaces import in_space
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.specification import RKMESpecification

__all__ = ["RoutingReuser"]


class RoutingReuser(CombinedReuser):
    """Weight the learnwares' answers at every row by p(i | x) ~ w_i sum_m beta_im k(z_im, x).

    This is the distribution-weighted combination of Mansour, Mohri and Rostamizadeh (Domain Adaptation with Multiple
    Sources, NIPS 2009), with the reduced sets as densities.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        Learnwares with specifications of the data's kind in one space.
    weights : array_like of shape (n_learnwares,), optional
        Weights of the mixture that the user's data are, e.g. those of a search. By default they are estimated from the
        data given to `fit`, else from those given to `predict`.
    metric : KernelMetric, optional
        The metric of the learnwares' island; by default it is estimated from these learnwares.

    Attributes
    ----------
    weights_ : ndarray of shape (n_learnwares,)
        The mixture weights; after `fit`.
    classes_ : ndarray of shape (n_classes,)
        Labels, after a prediction of classes.
    """

    def __init__(
        self,
        learnware_list: list[Learnware] | None = None,
        weights: ArrayLike | None = None,
        metric: KernelMetric | None = None,
    ) -> None:
        super().__init__(learnware_list)
        self.weights = weights
        self.metric = metric

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn passes it
        """Estimate the mixture weights from data; without it, every call of `predict` does so from its own data.

        Parameters
        ----------
        X : array, data frame or tensor of shape (n_samples, ...), or list of str
        y : ignored
        """
        self.weights_ = self._mixture(*in_space(self._learnwares(), self._input(X)))
        return self

    def posterior(self, user_data: Any) -> NDArray[np.float64]:
        """Return p(i | x), shape (n_samples, n_learnwares), each row on the simplex."""
        learnwares = self._learnwares()
        X, specs = in_space(learnwares, self._input(user_data))
        metric = KernelMetric.estimate(specs) if self.metric is None else self.metric
        weights = self.weights_ if hasattr(self, "weights_") else self._mixture(X, specs)
        gamma = GAMMA_OF_CLASSES if task_of(learnwares) == "Classification" else GAMMA_OF_NUMBERS
        return routing_posterior(X, specs, weights, metric.scale, gamma / X.shape[1])

    def _mixture(self, X: NDArray[np.float64], specs: Sequence[RKMESpecification]) -> NDArray[np.float64]:
        if self.weights is None:
            return mixture_weights(X, specs, self.metric)
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.shape != (len(specs),) or not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
            raise ReuseError(
                f"weights are {self.weights!r}; allowed are {len(specs)} numbers, none negative and not all 0"
            )
        return weights / float(weights.sum())

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        learnwares, data = self._learnwares(), self._input(user_data)
        posterior = self.posterior(data)
        outputs = ask(learnwares, data)
        self._set_space(output_space(learnwares, outputs))
        self.report_ = self._report(posterior.mean(axis=0))
        rows: NDArray[np.float64] = np.einsum("ni,inc->nc", posterior, self._space.encode(outputs))
        return rows
