"""RKME specifications of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._base import register_stat_specification
from learnware.specification._gaussian import gaussian_inner_product, gaussian_kernel
from learnware.specification._herding import herd
from learnware.specification._limits import PRIVACY_FLOOR
from learnware.specification._rkme import RKMESpecification
from learnware.specification._states import check_type, number_array, read_reduced_set
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.specification._generate import Quality

__all__ = ["RKMEStatSpecification", "RKMETableSpecification"]


@register_stat_specification
class RKMETableSpecification(RKMESpecification):
    """Reduced kernel mean embedding (RKME) of a table: K weighted points that stand for its rows.

    Parameters
    ----------
    gamma : float, default=0.1
        Inverse squared length scale of the Gaussian kernel exp(-gamma ||x - y||^2).
    cuda_idx : int, optional
        Accepted for programs written for the published package; the computation runs on the CPU.

    Attributes
    ----------
    z : ndarray of shape (K, n_features), float64
        The reduced set.
    beta : ndarray of shape (K,), float64
        Weights of its points.
    num_points : int
        Number of rows that the specification stands for.
    report : ReductionReport or None
        Fit and privacy, if the specification was made here.
    """

    def __init__(self, gamma: float = 0.1, cuda_idx: int | None = None) -> None:
        # The name of this class, for its legacy alias too: files and islands know one kind of table specification.
        super().__init__(type="RKMETableSpecification")
        self.gamma = gamma
        self._cuda_idx = cuda_idx

    def __repr__(self) -> str:
        shape = "empty" if self.z is None else f"{self.z.shape[0]} points, {self.z.shape[1]} features"
        return f"{type(self).__name__}({shape}, num_points={self.num_points}, gamma={self.gamma})"

    @property
    def space(self) -> str:
        """The type and the number of features."""
        return f"{self.type}/{self.get_z().shape[1]}"

    def describe_space(self) -> str:
        """Return "tables of 4 columns", with their number."""
        return text("tables of {count} columns", count=self.get_z().shape[1])

    @property
    def points(self) -> NDArray[np.float64]:
        """The reduced set."""
        return self.get_z()

    def to_points(self, X: Any) -> NDArray[np.float64]:
        """Return a table as rows of numbers, shape (n_samples, n_features); NaN is missing.

        Raises
        ------
        SpecificationError
            If `X` is no table of numbers.
        IncompatibleSpecificationError
            If it has another number of columns.
        """
        from learnware.specification._tables import TableReader

        rows = np.concatenate([block.astype(np.float64) for block in TableReader(X).blocks()])
        width = self.get_z().shape[1]
        if rows.shape[1] != width:
            raise IncompatibleSpecificationError(
                f"the specification describes tables of {width} columns, the data have {rows.shape[1]}"
            )
        return rows

    def generate_stat_spec_from_data(
        self,
        X: Any,
        K: int = 100,
        step_size: float = 0.1,  # noqa: ARG002 - published parameter
        steps: int = 3,  # noqa: ARG002 - published parameter
        nonnegative_beta: bool = True,
        reduce: bool = True,
        *,
        quality: Quality = "default",
        seed: int = 0,
        privacy_floor: int | None = PRIVACY_FLOOR,
        progress: bool | None = None,
    ) -> None:
        """Fill the specification from the rows of `X`.

        Parameters are those of `generate_rkme_table_spec`, where `K` is called `reduced_set_size`.

        Raises
        ------
        SpecificationError
            If `X` is not a table of numbers; the message names the column.
        """
        from learnware.specification._generate import reduce_table

        reduction = reduce_table(
            X,
            K=K,
            gamma=self.gamma,
            nonnegative_beta=nonnegative_beta,
            reduce=reduce,
            quality=quality,
            seed=seed,
            privacy_floor=privacy_floor,
            progress=progress,
        )
        self.z, self.beta = reduction.z, reduction.beta
        self.num_points, self.report = reduction.n_rows, reduction.report

    def inner_prod(self, Phi2: RKMETableSpecification) -> float:
        """Return the inner product of the two embeddings.

        Raises
        ------
        IncompatibleSpecificationError
            If the other specification has other columns.
        """
        z, other = self.get_z(), Phi2.get_z()
        if z.shape[1:] != other.shape[1:]:
            raise IncompatibleSpecificationError(
                f"specifications of {z.shape[1]} and {other.shape[1]} features cannot be compared"
            )
        return gaussian_inner_product(z, self.get_beta(), other, Phi2.get_beta(), self.gamma)

    def dist(self, Phi2: RKMETableSpecification, omit_term1: bool = False) -> float:
        """Return the squared MMD to another specification, without the own self-product if `omit_term1`."""
        own = 0.0 if omit_term1 else self.inner_prod(self)
        return own + Phi2.inner_prod(Phi2) - 2.0 * self.inner_prod(Phi2)

    def herding(self, T: int) -> NDArray[np.float64]:
        """Return `T` of the specification's points, repeated ones included, that stand for it with equal weights.

        Kernel herding (Chen, Welling, Smola: Super-Samples from Kernel Herding, UAI 2010) with the reduced set as
        candidates: each step takes the point that the points so far cover least.

        Parameters
        ----------
        T : int
            Number of points, at least 0.

        Returns
        -------
        ndarray of shape (T, n_features), float64
        """
        z = self.get_z()
        return z[herd(gaussian_kernel(z, z, self.gamma), self.get_beta(), T)]

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> Self:
        """Return the specification that parsed JSON describes.

        Parameters
        ----------
        states : mapping
            `z`, `beta` and `gamma`; `num_points`, `type` and `report` may be absent, unknown keys are ignored.

        Raises
        ------
        SpecificationError
            If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
        """
        spec = cls()
        check_type(states, spec.type, cls.__name__, "RKMEStatSpecification")
        spec.fill(read_reduced_set(states, 2))
        gamma = number_array(states, "gamma", 0).item()
        if gamma <= 0:
            raise SpecificationError(f"gamma must be larger than 0, not {gamma}")
        spec.gamma = gamma
        return spec


@register_stat_specification
class RKMEStatSpecification(RKMETableSpecification):
    """Name of `RKMETableSpecification` in packages written for the first published versions."""

    def __init__(self, gamma: float = 0.1, cuda_idx: int = -1) -> None:
        super().__init__(gamma, cuda_idx)
