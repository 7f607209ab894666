"""Stacking: learnwares, models of the user's own, and corrections of the learnwares, weighted by cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._base import check_count, check_option
from learnware.reuse._classes import ClassSpace
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._models import classifiers, correctors, fit_classifier, fit_regressor, regressors
from learnware.reuse._outputs import ask
from learnware.reuse._spaces import FeatureMap
from learnware.reuse._weights import mix, simplex_least_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.reuse._models import Predictor

__all__ = ["StackingReuser"]

# How many labelled rows the belief in equal weights is worth: of the learnwares, which answer the same question, and of
# the candidates. Measured on air quality (100 labels) and store sales (24 labels); a factor of 4 either way costs 1 %.
_PRIOR_ROWS_OF_LEARNWARES = 5.0
_PRIOR_ROWS_OF_CANDIDATES = 20.0
# Standard errors by which a single candidate must be better to answer alone. It is the best of many, so one is luck.
_CLEARLY = 2.0


@dataclass(frozen=True)
class _Candidate:
    """One way to answer.

    Attributes
    ----------
    weights : ndarray of shape (n_learnwares,)
        Weights of the learnwares in the mean that it uses; all 0 for a model of the user's own.
    model : Predictor or None
        A model that was trained on the user's labels.
    model_sees_mean : bool
        Whether the mean is a feature of the model, in logarithms; otherwise the model's answer is added to it.
    """

    weights: NDArray[np.float64]
    model: Predictor | None = None
    model_sees_mean: bool = False

    @property
    def own(self) -> bool:
        """Whether no learnware has a part in it."""
        return not self.weights.any()

    def predict(self, X: NDArray[np.float64], answers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return its answers from features and the learnwares' answers."""
        mean = mix(self.weights, answers)
        if self.model is None:
            return mean
        if self.model_sees_mean:
            return self.model.predict(_with_mean(X, mean))
        return mean + self.model.predict(X)


class StackingReuser(CombinedReuser):
    """Combine learnwares with models of the user's own, by their errors on rows that they were not trained on.

    The candidates are the user's own models, the learnwares' mean and their best weighted mean, and models that correct
    this mean by the features. Out-of-fold predictions give each candidate its weight, by least squares on the simplex
    shrunk towards equal weights (Breiman, Stacked Regressions, 1996; van der Laan, Polley, Hubbard, Super Learner,
    2007).
    If one learnware or one own model alone has a clearly smaller cross-validated error, by two standard errors, that
    one answers alone. The features of images and texts are their points in the space of the learnwares' specifications.
    For classes the error is the Brier score. In the report, a corrected mean of learnwares counts as
    the learnwares'.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        The learnwares.
    mode : {None, "classification", "regression"}, default=None
        The task; None takes it from the learnwares' semantic specifications, else from the labels.
    model : estimator, optional
        The user's own model, with scikit-learn's `fit` and `predict`. By default some that suit few rows: a linear
        model, trees, and for regression support vectors and a Gaussian process.
    cv : int, default=5
        Number of folds.
    seed : int, default=0
        Seed of the folds and of the own models.

    Attributes
    ----------
    weights_ : dict of str to float
        Weights of the candidates, on the simplex.
    errors_ : dict of str to float
        Cross-validated error of each candidate, of each learnware alone and of the combination (``"stacking"``): root
        mean squared error, for classes the root of the Brier score.
    held_out_ : ndarray of shape (n_samples,)
        Predictions of the labelled rows by what answers, trained without each of them.
    classes_ : ndarray of shape (n_classes,)
        Labels, in classification.
    """

    def __init__(
        self,
        learnware_list: list[Learnware] | None = None,
        mode: str | None = None,
        model: Any = None,
        cv: int = 5,
        seed: int = 0,
    ) -> None:
        super().__init__(learnware_list)
        self.mode = mode
        self.model = model
        self.cv = cv
        self.seed = seed

    def fit(self, X: Any, y: Any) -> Self:
        """Train the candidates and choose their weights.

        Parameters
        ----------
        X : array, data frame or tensor of shape (n_samples, ...), or list of str
            Inputs.
        y : array_like of shape (n_samples,)
            Labels, as the learnwares answer them or by the names of classes; targets in regression.

        Returns
        -------
        StackingReuser
            Itself.

        Raises
        ------
        ReuseError
            If data, labels and learnwares do not fit together, or there are fewer rows than folds.
        """
        check_option("mode", self.mode, (None, "classification", "regression"))
        check_count("cv", self.cv)
        learnwares, data = self._learnwares(), self._input(X)
        self._map = FeatureMap(learnwares, data, self.__class__.__name__)
        features = self._map.features(data)
        if not 2 <= self.cv <= len(data):
            raise ReuseError(f"cv is {self.cv} with {len(data)} labelled rows; allowed are 2 to the number of rows")
        answers, targets = self._learn_space(data, y, self.mode)
        self._n_rows = len(features)

        folds = np.random.default_rng(self.seed).permutation(len(data)) % self.cv
        names, held_out = self._held_out(features, answers, targets, folds)
        weights = simplex_least_squares(held_out, targets, _PRIOR_ROWS_OF_CANDIDATES)
        # The combination is judged with weights from the other folds, so that it has no advantage over a single one.
        combined = np.empty_like(targets)
        for fold in range(self.cv):
            test = folds == fold
            fold_weights = simplex_least_squares(held_out[:, ~test], targets[~test], _PRIOR_ROWS_OF_CANDIDATES)
            combined[test] = mix(fold_weights, held_out[:, test])

        candidates = self._candidates(features, answers, targets)
        for number, learnware in enumerate(learnwares):
            candidates[f"learnware {learnware.id}"] = _Candidate(np.eye(len(learnwares))[number])
        unseen = dict(zip(names, held_out, strict=True))
        unseen |= {f"learnware {one.id}": rows for one, rows in zip(learnwares, answers, strict=True)}
        unseen["stacking"] = combined
        losses = {name: _losses(rows, targets) for name, rows in unseen.items()}
        self.errors_ = {name: float(np.sqrt(loss.mean())) for name, loss in losses.items()}

        singles = [name for name, one in candidates.items() if one.own or name.startswith("learnware ")]
        alone = min(singles, key=lambda name: self.errors_[name])
        gain = losses["stacking"] - losses[alone]
        note = (
            f"cross-validated error {self.errors_['stacking']:.4g}; "
            f"the best single one is {alone} with {self.errors_[alone]:.4g}"
        )
        if gain.mean() > _CLEARLY * gain.std(ddof=1) / np.sqrt(len(gain)):
            answering = alone
            self.weights_ = {alone: 1.0}
            note += ", which is clearly better and answers alone"
        else:
            answering = "stacking"
            self.weights_ = {name: float(weight) for name, weight in zip(names, weights, strict=True)}
        self.held_out_ = self._space.decode(unseen[answering])
        self._n_columns = targets.shape[1]
        self._fitted = {name: candidates[name] for name, weight in self.weights_.items() if weight > 0}
        shares = np.zeros(len(learnwares)) + sum(
            self.weights_[name] * one.weights for name, one in self._fitted.items()
        )
        own = sum((self.weights_[name] for name, one in self._fitted.items() if one.own), 0.0)
        self.report_ = self._report(shares, note, own_share=own)
        return self

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        self._check_fitted()
        learnwares, data = self._learnwares(), self._input(user_data)
        features = self._map.features(data)
        answers = np.zeros((len(learnwares), len(data), self._n_columns))
        needed = np.flatnonzero(np.sum([one.weights for one in self._fitted.values()], axis=0)).tolist()
        for number, output in zip(needed, ask([learnwares[number] for number in needed], data), strict=True):
            answers[number] = self._space.encode_one(number, output)
        rows = np.stack([one.predict(features, answers) for one in self._fitted.values()])
        return mix(np.array([self.weights_[name] for name in self._fitted]), rows)

    def _held_out(
        self,
        features: NDArray[np.float64],
        answers: NDArray[np.float64],
        targets: NDArray[np.float64],
        folds: NDArray[np.intp],
    ) -> tuple[list[str], NDArray[np.float64]]:
        """Return the candidates' names and their predictions of rows that they were not trained on."""
        rows: dict[str, NDArray[np.float64]] = {}
        for fold in range(self.cv):
            test = folds == fold
            for name, one in self._candidates(features[~test], answers[:, ~test], targets[~test]).items():
                rows.setdefault(name, np.empty_like(targets))[test] = one.predict(features[test], answers[:, test])
        return list(rows), np.stack(list(rows.values()))

    def _candidates(
        self, X: NDArray[np.float64], answers: NDArray[np.float64], targets: NDArray[np.float64]
    ) -> dict[str, _Candidate]:
        """Fit all candidates; their names do not depend on the data."""
        n_learnwares = len(answers)
        weights = simplex_least_squares(answers, targets, _PRIOR_ROWS_OF_LEARNWARES)
        found = {
            "mean of learnwares": _Candidate(np.full(n_learnwares, 1.0 / n_learnwares)),
            "weighted learnwares": _Candidate(weights),
        }
        classes = isinstance(self._space, ClassSpace)
        fit = fit_classifier if classes else fit_regressor
        own = classifiers(self.seed) if classes else regressors(self._n_rows, self.seed)
        for name, model in (own if self.model is None else {"model": self.model}).items():
            found[f"own {name}"] = _Candidate(np.zeros(n_learnwares), fit(model, X, targets))
        mean = mix(weights, answers)
        for name, model in (own if classes else correctors(self._n_rows, self.seed)).items():
            if classes:
                one = _Candidate(weights, fit(model, _with_mean(X, mean), targets), model_sees_mean=True)
            else:
                one = _Candidate(weights, fit(model, X, targets - mean))
            found[f"learnwares corrected by {name}"] = one
        return found


def _with_mean(X: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([X, np.log(np.clip(mean, 1e-3, None))], axis=1)


def _losses(rows: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    losses: NDArray[np.float64] = ((rows - targets) ** 2).sum(axis=1)
    return losses
