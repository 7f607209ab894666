"""What reduced kernel mean embeddings of all kinds of data have in common: a market compares, reuse routes by them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._base import RegularStatSpecification, stat_specification_class
from learnware.texts import text

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.specification._report import ReductionReport
    from learnware.specification._states import ReducedSet

__all__ = ["RKMESpecification", "read_rkme"]

_Spec = TypeVar("_Spec", bound="RKMESpecification")


class RKMESpecification(RegularStatSpecification):
    """Reduced kernel mean embedding (RKME): K weighted points that stand for the samples of an owner's data.

    Whatever the samples are, a market sees points of a Euclidean space: the rows of a table, the sentence embeddings of
    texts, the features of images. A weighted point set can be evaluated under any kernel, so specifications of one
    space are compared under a kernel that is estimated from themselves, and specifications of different spaces never.

    Attributes
    ----------
    z : ndarray of shape (K, ...), float64
        The reduced set, as the file has it.
    beta : ndarray of shape (K,), float64
        Weights of its points.
    num_points : int
        Number of samples that the specification stands for; 0 where it is not known.
    report : ReductionReport or None
        Fit and privacy, if the specification was made here.
    """

    # Whether the mean of the points tells most of what the data are, as in spaces of many features by a fixed map.
    means_tell_most: ClassVar[bool] = False
    # Whether every owner's data are standardised by themselves, so that all means are alike and tell nothing.
    standardised: ClassVar[bool] = False
    # Name of the attribute, and of the entry in files, that lists the traits; None for kinds without.
    traits_entry: ClassVar[str | None] = None

    def __init__(self, type: str) -> None:
        super().__init__(type)
        self.z: NDArray[np.float64] | None = None
        self.beta: NDArray[np.float64] | None = None
        self.num_points = 0
        self.report: ReductionReport | None = None

    @property
    def device(self) -> str:
        """Where the computation runs."""
        return "cpu"

    @property
    def space(self) -> str:
        """Name of the space that the points lie in, which is that of the specification's island in a market.

        It begins with the type, and says all that must be equal for two specifications to compare.
        """
        raise NotImplementedError(f"{self.__class__.__name__} names no space")

    def describe_space(self) -> str:
        """Return a few words for the data that live in the space, such as "tables of 4 columns"."""
        return text("data of {space}", space=self.space)

    def describe_needs(self) -> str:
        """Return a few words for what a requirement asks of learnwares: its data and its `traits`."""
        return self.describe_space()

    @property
    def traits(self) -> frozenset[str]:
        """What counts beside distances: a learnware that has some serves requirements whose traits are all among its.

        Empty where nothing is known, or the kind of data has none: then nothing is ruled out.
        """
        return self.traits_of(vars(self))

    @classmethod
    def traits_of(cls, states: Mapping[str, Any]) -> frozenset[str]:
        """Return the traits that a file of the specification tells, of which only `traits_entry` need be there."""
        return frozenset(() if cls.traits_entry is None else states[cls.traits_entry])

    @property
    def points(self) -> NDArray[np.float64]:
        """The reduced set as points of the space, shape (K, d)."""
        raise NotImplementedError(f"{self.__class__.__name__} has no points")

    def to_points(self, X: Any) -> NDArray[np.float64]:
        """Return data of the specification's kind as points of its space, shape (n_samples, d).

        Parameters
        ----------
        X : array, data frame or tensor of shape (n_samples, ...), or list of str
            What the specification is made from, with the same features.

        Raises
        ------
        IncompatibleSpecificationError
            If the data are of another kind or have other features.
        """
        raise NotImplementedError(f"{self.__class__.__name__} maps no data")

    def get_z(self) -> NDArray[np.float64]:
        """Return the reduced set as the file has it, shape (K, ...)."""
        if self.z is None:
            raise SpecificationError("the specification is empty: generate or load it first")
        return self.z

    def get_beta(self) -> NDArray[np.float64]:
        """Return the weights, shape (K,)."""
        if self.beta is None:
            raise SpecificationError("the specification is empty: generate or load it first")
        return self.beta

    def fill(self, reduced: ReducedSet) -> None:
        """Take points, weights, number of samples and report."""
        self.z, self.beta = reduced.z, reduced.beta
        self.num_points, self.report = reduced.num_points, reduced.report

    def get_states(self) -> dict[str, Any]:
        """Return the public attributes by name: what a file of the specification holds."""
        states = super().get_states()
        if self.report is None:
            del states["report"]
        else:
            states["report"] = self.report.to_states()
        return states

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> Self:
        """Return the specification that parsed JSON describes.

        Raises
        ------
        SpecificationError
            If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
        """
        raise NotImplementedError(f"{cls.__name__} cannot be read")

    def to_json(self) -> str:
        """Return the specification as JSON, as `save` writes it."""
        self.get_z()
        states = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self.get_states().items()
        }
        return json.dumps(states, separators=(",", ":"), allow_nan=False)

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write the specification as JSON; a file of this name is replaced as a whole or not at all."""
        text, path = self.to_json(), Path(filepath)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def load(self, filepath: str | os.PathLike[str]) -> bool:
        """Fill the specification from a JSON file and return True.

        Raises
        ------
        SpecificationError
            If the file is not a specification of this kind; the specification stays as it was.
        FileNotFoundError
            If there is no such file.
        """
        loaded = _of_states(type(self), _read_states(filepath), filepath)
        self.__dict__.update({name: value for name, value in loaded.__dict__.items() if name != "_cuda_idx"})
        return True


def read_rkme(filepath: str | os.PathLike[str]) -> RKMESpecification:
    """Return the specification in a JSON file, of whatever type; old files, which do not say, are of tables.

    Raises
    ------
    SpecificationError
        If the file is no specification of a reduced embedding.
    FileNotFoundError
        If there is no such file.
    """
    states = _read_states(filepath)
    type_name = states.get("type") if isinstance(states, dict) else None
    spec_class = stat_specification_class(type_name if isinstance(type_name, str) else "RKMETableSpecification")
    if not issubclass(spec_class, RKMESpecification):
        raise SpecificationError(f"{filepath} is a {type_name}, which nothing can be searched by")
    return _of_states(spec_class, states, filepath)


def _read_states(filepath: str | os.PathLike[str]) -> Any:
    try:
        return json.loads(Path(filepath).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SpecificationError(f"{filepath} is not JSON: {error}") from error


def _of_states(spec_class: type[_Spec], states: Any, filepath: str | os.PathLike[str]) -> _Spec:
    try:
        return spec_class.from_states(states)
    except SpecificationError as error:
        raise SpecificationError(f"{filepath}: {error}") from error
