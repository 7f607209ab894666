"""Feature augmentation: the learnwares' answers as further features of a simple model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.reuse._base import check_option
from learnware.reuse._classes import ClassSpace
from learnware.reuse._combined import CombinedReuser
from learnware.reuse._models import fit_linear
from learnware.reuse._outputs import ask
from learnware.reuse._spaces import FeatureMap

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware

__all__ = ["FeatureAugmentReuser"]

_FEWEST_ROWS = 2


class FeatureAugmentReuser(CombinedReuser):
    """Append the learnwares' answers to the features and train a linear model on a few labelled rows.

    Features of images and texts are their points in the space of the learnwares' specifications. Features and answers
    are standardised. The model is a ridge regression whose ridge is chosen by leave-one-out cross-validation, or a
    logistic regression.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        The learnwares.
    mode : {None, "classification", "regression"}, default=None
        The task; None takes it from the learnwares' semantic specifications, else from the labels.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in classification.
    """

    def __init__(self, learnware_list: list[Learnware] | None = None, mode: str | None = None) -> None:
        super().__init__(learnware_list)
        self.mode = mode

    def fit(self, x_train: Any, y_train: Any) -> Self:
        """Train the model.

        Parameters
        ----------
        x_train : array, data frame or tensor of shape (n_samples, ...), or list of str
            Inputs.
        y_train : array_like of shape (n_samples,)
            Labels, as the learnwares answer them or by the names of classes; targets in regression.

        Returns
        -------
        FeatureAugmentReuser
            Itself.

        Raises
        ------
        ReuseError
            If data, labels and learnwares do not fit together.
        """
        check_option("mode", self.mode, (None, "classification", "regression"))
        learnwares, data = self._learnwares(), self._input(x_train)
        self._map = FeatureMap(learnwares, data, self.__class__.__name__)
        features = self._map.features(data)
        answers, targets = self._learn_space(data, y_train, self.mode)
        if len(data) < _FEWEST_ROWS:
            raise ReuseError(
                f"{self.__class__.__name__} needs at least {_FEWEST_ROWS} labelled rows, received {len(data)}"
            )
        classes = isinstance(self._space, ClassSpace)
        self._model, sizes = fit_linear(_augmented(features, answers), targets, classes=classes)
        total = sizes.sum() or 1.0
        shares = sizes[features.shape[1] :].reshape(len(learnwares), -1).sum(axis=1) / total
        self.report_ = self._report(
            shares,
            "a share is that of the absolute coefficients of standardised features and answers",
            own_share=max(0.0, 1.0 - float(shares.sum())),
        )
        return self

    def _rows(self, user_data: Any) -> NDArray[np.float64]:
        self._check_fitted()
        data = self._input(user_data)
        features = self._map.features(data)
        answers = self._space.encode(ask(self._learnwares(), data))
        return self._model.predict(_augmented(features, answers))


def _augmented(features: NDArray[np.float64], answers: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([features, *answers], axis=1)
