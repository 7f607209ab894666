"""The space that some learnwares share: their specifications in it, and the user's data as points of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, ReuseError, SpecificationError
from learnware.reuse._inputs import as_features
from learnware.specification import RKMESpecification, data_type_of, spec_types
from learnware.specification._kinds import data_type_of_spec, describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["FeatureMap", "common_specs", "in_space"]

# Samples of a specification that is made for its space alone.
_FEW = 8


def common_specs(learnwares: Sequence[Learnware], data_type: str) -> list[RKMESpecification]:
    """Return a specification of each learnware, all of one space, that describes a kind of data.

    Parameters
    ----------
    learnwares : sequence of Learnware
    data_type : str
        "Table", "Image" or "Text".

    Raises
    ------
    ReuseError
        If a learnware has none, or there is no space that all have one in.
    """
    found = [_by_space(learnware, data_type) for learnware in learnwares]
    for learnware, specs in zip(learnwares, found, strict=True):
        if not specs:
            raise ReuseError(
                f"learnware {learnware.id!r} has no {data_type.lower()} specification, which routing needs"
            )
    space = next((space for space in found[0] if all(space in specs for specs in found)), None)
    if space is None:
        ids = ", ".join(f"{one.id!r}: {' or '.join(specs)}" for one, specs in zip(learnwares, found, strict=True))
        raise ReuseError(f"the learnwares are described in different spaces ({ids}); reuse those of one space together")
    return [specs[space] for specs in found]


def _by_space(learnware: Learnware, data_type: str) -> dict[str, RKMESpecification]:
    """Return the specifications of a kind of data by their spaces, the default type first."""
    specs = [
        spec
        for spec in learnware.get_specification().get_stat_spec().values()
        if isinstance(spec, RKMESpecification) and data_type_of_spec(spec.type) == data_type
    ]
    order = spec_types(data_type)
    return {spec.space: spec for spec in sorted(specs, key=lambda spec: order.index(spec.type))}


def in_space(
    learnwares: Sequence[Learnware], data: NDArray[Any] | list[str]
) -> tuple[NDArray[np.float64], list[RKMESpecification]]:
    """Return the user's data as points of the learnwares' space, shape (n_samples, d), and their specifications in it.

    Missing values of tables stay missing.

    Raises
    ------
    ReuseError
        If the learnwares have no space in common, or the data are not of it.
    """
    specs = common_specs(learnwares, data_type_of(data))
    if not isinstance(data, list) and data.ndim == 2:
        for learnware, spec in zip(learnwares, specs, strict=True):
            width = spec.points.shape[1]
            if width != data.shape[1]:
                raise ReuseError(
                    f"learnware {learnware.id!r} describes {spec.describe_space()}, the data have {data.shape[1]}"
                )
        return data.astype(np.float64), specs
    try:
        return specs[0].to_points(data), specs
    except IncompatibleSpecificationError as error:
        raise ReuseError(
            f"the learnwares describe {specs[0].describe_space()}, and the data are none: {error}"
        ) from None
    except SpecificationError as error:
        raise ReuseError(f"the data cannot be compared with the learnwares': {error}") from None


class FeatureMap:
    """Features of the user's data for models of the user's own: numbers of a table, points of images and of texts.

    Images and texts become points of the space that the learnwares are described in; where they share none, of the
    space of the default specification.

    Parameters
    ----------
    learnwares : sequence of Learnware
    data : ndarray or list of str
        The data that a model will be trained on.
    what : str
        Who asks, for messages.
    """

    def __init__(self, learnwares: Sequence[Learnware], data: NDArray[Any] | list[str], what: str) -> None:
        self._what = what
        self._data_type = data_type_of(data)
        self._spec: RKMESpecification | None = None
        if self._data_type != "Table":
            try:
                self._spec = common_specs(learnwares, self._data_type)[0]
            except ReuseError:
                # Maps into these spaces depend on no data: a few samples name the space.
                few = data[:_FEW]
                self._spec = describe(few, self._data_type, reduced_set_size=1, privacy_floor=None, progress=False)
        self._width: int | None = None

    def features(self, data: NDArray[Any] | list[str]) -> NDArray[np.float64]:
        """Return features as float64 rows, shape (n_samples, n_features); NaN is missing.

        Raises
        ------
        ReuseError
            If the data are of another kind or width than those that were given first.
        """
        if data_type_of(data) != self._data_type:
            raise ReuseError(f"{self._what} was made for data of type {self._data_type}, received {data_type_of(data)}")
        # Only texts are a list, and they have a space.
        numbers = np.asarray(data) if self._spec is None else self._points(data, self._spec)
        features = as_features(numbers, self._what, self._width)
        self._width = features.shape[1]
        return features

    def _points(self, data: NDArray[Any] | list[str], spec: RKMESpecification) -> NDArray[np.float64]:
        try:
            return spec.to_points(data)
        except SpecificationError as error:
            raise ReuseError(f"{self._what} cannot use these data: {error}") from None
