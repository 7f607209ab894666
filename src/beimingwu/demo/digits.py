"""Pictures of handwritten digits that scikit-learn brings along, and who has seen which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Digits", "digits_seen", "flattened"]

_SHARE_OF_OTHERS = 0.15
_SHARE = 0.9
_SIDE = 8


class Digits(NamedTuple):
    """Some handwritten digits.

    Attributes
    ----------
    rows : ndarray of shape (n, 64), float64
        Pixels from 0 to 16, as a table.
    images : ndarray of shape (n, 1, 8, 8), float64
        The same as images.
    labels : ndarray of shape (n,)
    columns : list of str
        Names of the pixels.
    """

    rows: NDArray[np.float64]
    images: NDArray[np.float64]
    labels: NDArray[np.int64]
    columns: list[str]


def digits_seen(groups: Sequence[Sequence[int]], number: int, most: int | None = None) -> Digits:
    """Return what the owner of a model has seen: many of some digits, and a few of all others.

    Parameters
    ----------
    groups : sequence of sequences of int
        The digits that each owner has seen many of.
    number : int
        Which owner.
    most : int, optional
        How many digits the owner has, at most.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    # Each owner draws anew.
    chances = np.random.default_rng(0).random((number + 1, len(digits.target)))
    seen = np.flatnonzero(np.isin(digits.target, groups[number]) | (chances[-1] < _SHARE_OF_OTHERS))
    seen = np.random.default_rng(number).permutation(seen)[: int(_SHARE * len(seen))][:most]
    rows = digits.data[seen]
    return Digits(rows, rows.reshape(-1, 1, _SIDE, _SIDE), digits.target[seen], list(digits.feature_names))


def flattened() -> Any:
    """Return a step of a pipeline that makes rows of images of one channel.

    It picks the pixels one by one, which is among the few things that pickles of strangers may do without a warning.
    """
    from operator import itemgetter

    from sklearn.preprocessing import FunctionTransformer

    lines, places = np.divmod(np.arange(_SIDE * _SIDE), _SIDE)
    return FunctionTransformer(itemgetter((slice(None), 0, lines, places)))
