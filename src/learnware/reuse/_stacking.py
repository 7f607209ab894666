"""Stacking: learnwares, models of the user's own, and corrections of the learnwares, weighted by cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._base import BaseReuser, as_features, as_input, as_labels, check_count, check_option
from learnware.reuse._classes import ClassSpace
from learnware.reuse._models import classifiers, correctors, fit_classifier, fit_regressor, regressors
from learnware.reuse._outputs import ask, labelled_space
from learnware.reuse._weights import mix, simplex_least_squares

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["StackingReuser"]

_Self = TypeVar("_Self", bound="StackingReuser")

# How many labelled rows the belief in equal weights is worth: of the learnwares, which answer the same question, and of
# the candidates. Measured on air quality (100 labels) and store sales (24 labels); a factor of 4 either way costs 1 %.
_PRIOR_ROWS_OF_LEARNWARES = 5.0
_PRIOR_ROWS_OF_CANDIDATES = 20.0


@dataclass(frozen=True)
class _Candidate:
    """One way to answer: its prediction from features and answers, and whose answer that is."""

    predict: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
    shares: NDArray[np.float64]

    @property
    def own_share(self) -> float:
        return max(0.0, round(1.0 - float(self.shares.sum()), 12))


class StackingReuser(BaseReuser):
    """Combine learnwares with models of the user's own, by their errors on rows that they were not trained on.

    The candidates are the user's own models, the learnwares' mean and their best weighted mean, and models that correct
    this mean by the features. Out-of-fold predictions give each candidate its weight, by least squares on the simplex
    shrunk towards equal weights (Breiman, Stacked Regressions, 1996; van der Laan, Polley, Hubbard, Super Learner, 2007).
    If one learnware or one of the own models alone has the smaller cross-validated error, by more than its standard error,
    that one answers alone. For classes the error is the Brier score.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        The learnwares.
    mode : {None, "classification", "regression"}, default=None
        The task; None takes it from the learnwares' semantic specifications, else from the labels.
    model : estimator, optional
        The user's own model, with scikit-learn's `fit` and `predict`. By default some that suit few rows: linear models,
        trees, and for regression support vectors and a Gaussian process.
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

    def fit(self: _Self, X: Any, y: Any) -> _Self:
        """Train the candidates and choose their weights.

        Parameters
        ----------
        X : array, data frame or tensor of shape (n_samples, ...)
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
        learnwares, data = self._learnwares(), as_input(X)
        features = as_features(data, self.__class__.__name__)
        if not 2 <= self.cv <= len(data):
            raise ReuseError(f"cv is {self.cv} with {len(data)} labelled rows; allowed are 2 to the number of rows")
        outputs = ask(learnwares, data)
        self._space, targets = labelled_space(learnwares, outputs, as_labels(y, len(data)), self.mode)
        if isinstance(self._space, ClassSpace):
            self.classes_ = self._space.labels
        answers = self._space.encode(outputs)
        self._n_rows = len(data)

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
        singles = {f"learnware {one.id}": rows for one, rows in zip(learnwares, answers, strict=True)}
        singles.update(
            {name: rows for name, rows in zip(names, held_out, strict=True) if candidates[name].own_share == 1.0}
        )
        losses = {name: _losses(rows, targets) for name, rows in [*zip(names, held_out, strict=True), *singles.items()]}
        losses["stacking"] = _losses(combined, targets)
        self.errors_ = {name: float(np.sqrt(loss.mean())) for name, loss in losses.items()}

        alone = min(singles, key=lambda name: self.errors_[name])
        gain = losses["stacking"] - losses[alone]
        note = f"cross-validated error {self.errors_['stacking']:.4g}, the best single one has {self.errors_[alone]:.4g} ({alone})"
        if gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)):
            if alone not in candidates:
                share = np.array([f"learnware {one.id}" == alone for one in learnwares], dtype=np.float64)
                candidates = {alone: _mixture(share / share.sum())}
            self._fitted = {alone: candidates[alone]}
            self.weights_ = {alone: 1.0}
            note = f"{alone} answers alone: {note}"
        else:
            self.weights_ = {name: float(weight) for name, weight in zip(names, weights, strict=True)}
            self._fitted = {name: candidates[name] for name, weight in self.weights_.items() if weight > 0}
        shares = sum(self.weights_[name] * one.shares for name, one in self._fitted.items())
        own = sum(self.weights_[name] * one.own_share for name, one in self._fitted.items())
        self.report_ = self._report(np.asarray(shares), note, own_share=own)
        return self

    def predict(self, user_data: Any) -> NDArray[Any]:
        """Return the combination's answers.

        Parameters
        ----------
        user_data : array, data frame or tensor of shape (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_values) for several targets

        Raises
        ------
        ReuseError
            If it is not fitted.
        """
        self._check_fitted()
        return self._space.decode(self._rows(user_data))

    def predict_proba(self, user_data: Any) -> NDArray[np.float64]:
        """Return class probabilities, shape (n_samples, n_classes) in the order of `classes_`.

        Raises
        ------
        ReuseError
            If it is not fitted, or for regression.
        """
        self._check_fitted()
        if not isinstance(self._space, ClassSpace):
            raise ReuseError("a regression has no probabilities; use predict")
        return self._rows(user_data)

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        data = as_input(user_data)
        features = as_features(data, self.__class__.__name__)
        answers = self._space.encode(ask(self._learnwares(), data))
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
            "mean of learnwares": _mixture(np.full(n_learnwares, 1.0 / n_learnwares)),
            "weighted learnwares": _mixture(weights),
        }
        classes = isinstance(self._space, ClassSpace)
        if self.model is not None:
            models = {"own model": self.model}
        else:
            models = classifiers(self.seed) if classes else regressors(self._n_rows, self.seed)
        for name, model in models.items():
            found[name if self.model is not None else f"own {name}"] = _own(
                model, X, targets, n_learnwares, classes=classes
            )
        for name, model in (classifiers(self.seed) if classes else correctors(self._n_rows, self.seed)).items():
            correct = _augmented if classes else _corrected
            found[f"learnwares corrected by {name}"] = correct(model, X, answers, targets, weights)
        return found


def _own(
    model: Any, X: NDArray[np.float64], targets: NDArray[np.float64], n_learnwares: int, *, classes: bool
) -> _Candidate:
    predict = (fit_classifier if classes else fit_regressor)(model, X, targets)
    return _Candidate(lambda rows, _: predict(rows), np.zeros(n_learnwares))


def _corrected(
    model: Any,
    X: NDArray[np.float64],
    answers: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> _Candidate:
    """Return the weighted learnwares plus a model of what they leave."""
    correction = fit_regressor(model, X, targets - mix(weights, answers))
    return _Candidate(lambda rows, given: mix(weights, given) + correction(rows), weights)


def _augmented(
    model: Any,
    X: NDArray[np.float64],
    answers: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> _Candidate:
    """Return a classifier on the features and the weighted learnwares' probabilities, in logarithms."""

    def features(rows: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([rows, np.log(np.clip(mix(weights, given), 1e-3, None))], axis=1)

    predict = fit_classifier(model, features(X, answers), targets)
    return _Candidate(lambda rows, given: predict(features(rows, given)), weights)


def _mixture(weights: NDArray[np.float64]) -> _Candidate:
    return _Candidate(lambda _, answers: mix(weights, answers), weights)


def _losses(rows: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    losses: NDArray[np.float64] = ((rows - targets) ** 2).sum(axis=1)
    return losses
