"""What all reusers share: parameters, inputs, and the report of who answered."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ReuseError
from learnware.learnware import align_columns
from learnware.reuse._inputs import as_input
from learnware.specification._tables import without_tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.learnware import Learnware

__all__ = ["BaseReuser", "ReuseReport"]


@dataclass(frozen=True)
class ReuseReport:
    """Which learnware answered how much of the data.

    Attributes
    ----------
    method : str
        Name of the reuser.
    shares : mapping of str to float
        Share of the answers by learnware id, each in [0, 1].
    own_share : float
        Share of models that were trained on the user's own labels. All shares sum to 1.
    notes : tuple of str
        What else a reader should know, a sentence each.
    """

    method: str
    shares: Mapping[str, float]
    own_share: float = 0.0
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = sorted(self.shares.items(), key=lambda item: (-item[1], item[0]))
        if self.own_share:
            rows.append(("your own labels", self.own_share))
        width = max(len(name) for name, _ in rows)
        lines = [self.method, *(f"  {name:<{width}}  {share:6.1%}" for name, share in rows)]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


class BaseReuser:
    """Base class of the reusers.

    The habits are scikit-learn's: the constructor only stores its arguments, what is learned has a trailing underscore,
    and `get_params`, `set_params` and `sklearn.base.clone` work.

    Parameters
    ----------
    learnware_list : list of Learnware, optional
        The learnwares to reuse; they must take the same inputs and answer the same question.

    Attributes
    ----------
    report_ : ReuseReport
        Which learnware answered how much, after `fit` where that decides it, else after `predict`.
    """

    report_: ReuseReport

    def __init__(self, learnware_list: list[Learnware] | None = None) -> None:
        self.learnware_list = learnware_list

    def __repr__(self) -> str:
        ids = [learnware.id for learnware in self.learnware_list or []]
        rest = [f"{name}={value!r}" for name, value in self.get_params().items() if name != "learnware_list"]
        return f"{self.__class__.__name__}({', '.join([f'<learnwares {ids}>', *rest])})"

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  # scikit-learn passes it
        """Return the constructor's arguments by name.

        Parameters
        ----------
        deep : bool
            Accepted for scikit-learn; a reuser's arguments are returned as they are.
        """
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments, forget what was learned, and return the reuser.

        Raises
        ------
        ReuseError
            If there is no such argument.
        """
        allowed = self._parameter_names()
        for name, value in params.items():
            if name not in allowed:
                raise ReuseError(f"{self.__class__.__name__} has no parameter {name!r}; it has: {', '.join(allowed)}")
            setattr(self, name, value)
        for name in [name for name in vars(self) if name.endswith("_") and not name.endswith("__")]:
            delattr(self, name)
        return self

    def reset(self, **kwargs: Any) -> None:
        """Set constructor arguments and forget what was learned, as `set_params` does."""
        self.set_params(**kwargs)

    def predict(self, user_data: Any) -> NDArray[Any]:
        """Return predictions for `user_data`, one for each row.

        Parameters
        ----------
        user_data : array, data frame or tensor of shape (n_samples, ...), or list of str
            Inputs of the learnwares. The columns of a data frame are taken by name where the learnwares name them.
        """
        raise NotImplementedError(f"{self.__class__.__name__} does not implement predict")

    def _learnwares(self) -> Sequence[Learnware]:
        if not self.learnware_list:
            raise ReuseError(f"{self.__class__.__name__} needs at least one learnware; learnware_list is empty")
        return self.learnware_list

    def _input(self, data: Any) -> NDArray[Any] | list[str]:
        """Return inputs as `as_input` does, the columns of a data frame in the order of the learnwares."""
        return as_input(align_columns(data, *self._learnwares()))

    def _check_fitted(self) -> None:
        if not hasattr(self, "report_"):
            raise ReuseError(f"this {self.__class__.__name__} is not fitted yet: call fit with labelled data first")

    def _report(self, shares: NDArray[np.floating], *notes: str, own_share: float = 0.0) -> ReuseReport:
        """Make the report from one share a learnware; learnwares of one id are counted together."""
        by_id: dict[str, float] = {}
        for learnware, share in zip(self._learnwares(), shares, strict=True):
            by_id[learnware.id] = by_id.get(learnware.id, 0.0) + float(share)
        return ReuseReport(self.__class__.__name__, by_id, own_share, notes)


def check_option(what: str, value: Any, allowed: Sequence[Any]) -> None:
    """Raise a ReuseError unless `value` is one of `allowed`."""
    if value not in allowed:
        raise ReuseError(f"{what} is {value!r}; allowed are: {', '.join(map(repr, allowed))}")


def check_count(what: str, value: Any) -> None:
    """Raise a ReuseError unless `value` is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ReuseError(f"{what} is {value!r}; allowed are whole numbers from 1")


def as_labels(y: Any, n_rows: int) -> NDArray[Any]:
    """Return labels or targets as an array with `n_rows` rows; a single column becomes one dimension.

    Raises
    ------
    ReuseError
        If the number of rows differs or a value is missing.
    """
    y = without_tensor(y)
    labels = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if labels.dtype == object:
        labels = np.array(labels.tolist())  # numbers in a column of objects are numbers
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim not in {1, 2} or len(labels) != n_rows:
        raise ReuseError(f"{n_rows} rows need {n_rows} labels, received an array of shape {labels.shape}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ReuseError("some labels are missing or infinite; leave these rows out")
    return labels
