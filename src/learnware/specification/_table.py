"""RKME specifications of tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._base import RegularStatSpecification, register_stat_specification
from learnware.specification._gaussian import gaussian_inner_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RKMEStatSpecification", "RKMETableSpecification"]


@register_stat_specification
class RKMETableSpecification(RegularStatSpecification):
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
    """

    def __init__(self, gamma: float = 0.1, cuda_idx: int | None = None) -> None:
        super().__init__(type="RKMETableSpecification")
        self.z: NDArray[np.float64] | None = None
        self.beta: NDArray[np.float64] | None = None
        self.gamma = gamma
        self.num_points = 0
        self._cuda_idx = cuda_idx

    @property
    def device(self) -> str:
        """Where the computation runs."""
        return "cpu"

    def get_z(self) -> NDArray[np.float64]:
        """Return the reduced set, shape (K, n_features)."""
        if self.z is None:
            raise SpecificationError("the specification is empty: generate or load it first")
        return self.z

    def get_beta(self) -> NDArray[np.float64]:
        """Return the weights, shape (K,)."""
        if self.beta is None:
            raise SpecificationError("the specification is empty: generate or load it first")
        return self.beta

    def inner_prod(self, Phi2: RKMETableSpecification) -> float:
        """Return the inner product of the two embeddings.

        Raises
        ------
        IncompatibleSpecificationError
            If the other specification has other columns or another kernel.
        """
        z, other = self.get_z(), Phi2.get_z()
        if z.shape[1:] != other.shape[1:]:
            raise IncompatibleSpecificationError(
                f"specifications of {z.shape[1:]} and {other.shape[1:]} features cannot be compared"
            )
        return gaussian_inner_product(z, self.get_beta(), other, Phi2.get_beta(), self.gamma)

    def dist(self, Phi2: RKMETableSpecification, omit_term1: bool = False) -> float:
        """Return the squared MMD to another specification, without the own self-product if `omit_term1`."""
        own = 0.0 if omit_term1 else self.inner_prod(self)
        return own + Phi2.inner_prod(Phi2) - 2.0 * self.inner_prod(Phi2)

    def save(self, filepath: str) -> None:
        """Write the specification as JSON."""
        states = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self.get_states().items()
        }
        Path(filepath).write_text(json.dumps(states, separators=(",", ":")), encoding="utf-8")

    def load(self, filepath: str) -> bool:
        """Fill the specification from a JSON file and return True."""
        states: dict[str, Any] = json.loads(Path(filepath).read_text(encoding="utf-8"))
        self.z = np.asarray(states["z"], dtype=np.float64)
        self.beta = np.asarray(states["beta"], dtype=np.float64)
        self.gamma = float(states["gamma"])
        self.num_points = int(states["num_points"])
        return True


@register_stat_specification
class RKMEStatSpecification(RKMETableSpecification):
    """Name of `RKMETableSpecification` in packages written for the first published versions."""
