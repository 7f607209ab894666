"""What reduced kernel mean embeddings of all kinds of data have in common: a market compares, reuse routes by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import SpecificationError
from learnware.specification._base import RegularStatSpecification

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from learnware.specification._report import ReductionReport

__all__ = ["RKMESpecification"]


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
