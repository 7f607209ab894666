"""Ensemble pruning: the learnwares that together answer a few labelled rows best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.reuse._base import check_count, check_option
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._outputs import ask
from learnware.reuse._weights import gram, greedy_selection, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware

__all__ = ["EnsemblePruningReuser"]

# Bootstrap samples of the labelled rows; the weights are averaged over them, which steadies the choice.
_BAGS = 20


class EnsemblePruningReuser(CombinedReuser):
    """Choose and weight learnwares by labelled rows: bagged greedy forward selection with replacement.

    Caruana, Niculescu-Mizil, Crew, Ksikes: Ensemble Selection from Libraries of Models, ICML 2004; the bags are
    bootstrap samples of the rows, so that small sets of learnwares can be pruned, too. The error is the mean squared
    one, for classes the Brier score. The published package searches the same sets with an evolutionary algorithm.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        The learnwares.
    mode : {"classification", "regression"}, default="classification"
        The task.
    seed : int, default=0
        Seed of the bags.

    Attributes
    ----------
    weights_ : ndarray of shape (n_learnwares,)
        Weights of the learnwares, on the simplex; 0 for those that were left out.
    classes_ : ndarray of shape (n_classes,)
        Labels, in classification.
    """

    def __init__(
        self, learnware_list: list[Learnware] | None = None, mode: str = "classification", seed: int = 0
    ) -> None:
        super().__init__(learnware_list)
        self.mode = mode
        self.seed = seed

    def fit(self, val_X: Any, val_y: Any, maxgen: int = 500) -> Self:
        """Choose the learnwares by labelled rows that none of them was trained on.

        Parameters
        ----------
        val_X : array, data frame or tensor of shape (n_samples, ...), or list of str
            Inputs.
        val_y : array_like of shape (n_samples,)
            Labels, as the learnwares answer them or by the names of classes; targets in regression.
        maxgen : int, default=500
            Largest number of selections in one greedy run; the published package's number of generations.

        Returns
        -------
        EnsemblePruningReuser
            Itself.

        Raises
        ------
        ReuseError
            If data, labels and learnwares do not fit together.
        """
        check_option("mode", self.mode, ("classification", "regression"))
        check_count("maxgen", maxgen)
        learnwares, data = self._learnwares(), self._input(val_X)
        answers, targets = self._learn_space(data, val_y, self.mode)
        rng = np.random.default_rng(self.seed)
        bags = [rng.integers(0, len(targets), len(targets)) for _ in range(_BAGS)]
        weights = [greedy_selection(*gram(answers[:, bag], targets[bag]), maxgen) for bag in bags]
        self.weights_ = np.mean(weights, axis=0)
        self.report_ = self._report(
            self.weights_, f"{np.count_nonzero(self.weights_)} of {len(learnwares)} learnwares chosen"
        )
        return self

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        self._check_fitted()
        chosen = np.flatnonzero(self.weights_).tolist()
        learnwares = self._learnwares()
        outputs = ask([learnwares[number] for number in chosen], self._input(user_data))
        rows = np.stack(
            [self._space.encode_one(number, output) for number, output in zip(chosen, outputs, strict=True)]
        )
        return mix(self.weights_[chosen], rows)
