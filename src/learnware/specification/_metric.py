"""The kernel of an island: one robust scale a feature and one bandwidth for all specifications of a feature space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.specification._gaussian import gaussian_inner_product, gaussian_kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.specification._table import RKMETableSpecification

__all__ = ["KernelMetric"]


@dataclass(frozen=True)
class KernelMetric:
    """A Gaussian kernel on scaled features: exp(-gamma ||(x - y) / scale||^2).

    Raw columns differ by orders of magnitude; under one fixed gamma nearly all points of real tables are orthogonal.
    A weighted point set can be evaluated under any kernel, so specifications are compared under the kernel of their
    island.

    Attributes
    ----------
    scale : ndarray of shape (n_features,)
        Units of the features, all larger than 0.
    gamma : float
        Inverse squared length scale, in these units.
    """

    scale: NDArray[np.float64]
    gamma: float

    @classmethod
    def estimate(cls, specs: Sequence[RKMETableSpecification]) -> KernelMetric:
        """Estimate the metric of an island from its own specifications; the result does not depend on their order."""
        points = np.concatenate([spec.get_z() for spec in specs])
        weights = np.concatenate([spec.get_beta() / len(specs) for spec in specs])
        mean = weights @ points
        scale = np.sqrt(np.maximum(weights @ (points - mean) ** 2, 0.0))
        scale = np.where(scale > 0, scale, 1.0)
        return cls(scale, 1.0 / points.shape[1])

    def to_states(self) -> dict[str, Any]:
        """Return the metric as plain values."""
        return {"scale": self.scale.tolist(), "gamma": self.gamma}

    @classmethod
    def from_states(cls, states: dict[str, Any]) -> KernelMetric:
        """Return the metric that `to_states` wrote."""
        return cls(np.asarray(states["scale"], dtype=np.float64), float(states["gamma"]))

    def kernel(self, A: NDArray[np.floating], B: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the kernel of all pairs of rows, shape (len(A), len(B))."""
        return gaussian_kernel(A / self.scale, B / self.scale, self.gamma)

    def inner_product(self, P: RKMETableSpecification, Q: RKMETableSpecification) -> float:
        """Return <P, Q>."""
        return gaussian_inner_product(
            P.get_z() / self.scale, P.get_beta(), Q.get_z() / self.scale, Q.get_beta(), self.gamma
        )
