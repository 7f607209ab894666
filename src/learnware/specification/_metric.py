"""The kernel of an island: one robust scale a feature and two bandwidths for all specifications of a feature space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._gaussian import gaussian_kernel, in_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from learnware.specification._rkme import RKMESpecification

__all__ = ["KernelMetric", "narrow_from_broad"]

# Share of the broad kernel in the sum of both, measured on the markets of benchmarks/quality: the broad kernel alone
# names the best learnware, because it compares where the data lie and how they spread; the narrow one tells a mixture
# from a single learnware of the same moments. A tenth of narrow kernel serves both.
_BROAD_SHARE = 0.9
# Maps of images and encoders of texts give so many features that all points are far from each other: a narrow kernel
# tells each point from all others, and nothing else, while means tell what the data are. There the broad kernel is
# alone, and broader still: on the texts and images of benchmarks/experiments the nearest learnware is better so.
_GAMMA, _GAMMA_OF_MEANS = 0.125, 0.03125
# Beyond this kurtosis a feature is mostly the same with rare exceptions (a normal one has 3, an exponential one 9), and
# its unit is at least this share of the median feature's.
_KURTOSIS = 5.0
_FINEST = 1.0 / 200.0
# The narrow kernel is the broad one to this power of two: four squarings are cheaper than a second exponential.
_SQUARINGS = 4


@dataclass(frozen=True)
class KernelMetric:
    """A kernel on scaled features: a broad and a narrow Gaussian of ||(x - y) / scale||^2, weighted 9 to 1.

    Raw columns differ by orders of magnitude; under one fixed gamma nearly all points of real tables are orthogonal.
    A weighted point set can be evaluated under any kernel, so the specifications of an island are compared under a
    kernel that is estimated from themselves.

    Attributes
    ----------
    scale : ndarray of shape (n_features,)
        Units of the features, all larger than 0: the typical standard deviation *within* one specification, so that a
        feature in which learnwares differ from each other counts.
    of_means : bool
        Whether the broad kernel is alone, since means tell most (`RKMESpecification.means_tell_most`).
    """

    scale: NDArray[np.float64]
    of_means: bool = False

    @classmethod
    def estimate(cls, specs: Sequence[RKMESpecification]) -> KernelMetric:
        """Estimate the metric of an island from its own specifications; their order does not matter.

        The scale of a feature is the root of the mean, over specifications, of its variance in one specification,
        each clipped at 25 times the median one: a specification with absurd units does not blind the island.

        A feature that is nearly always the same, with rare exceptions, has less deviation in a reduced set than in the
        data: points are averages, and exceptions go under in them, in one set more than in another. Such a feature
        (kurtosis over 5) is measured in no finer unit than 1/200 of the median feature's. Else what is left of its
        exceptions would tell equal data apart.

        Raises
        ------
        SpecificationError
            If there is no specification.
        IncompatibleSpecificationError
            If they do not have the same features.
        """
        if not specs:
            raise SpecificationError("a metric is estimated from one specification or more, received none")
        widths = {spec.points.shape[1] for spec in specs}
        if len(widths) > 1:
            raise IncompatibleSpecificationError(f"specifications of {sorted(widths)} features share no metric")
        variances = np.empty((len(specs), widths.pop()))
        means, fourths = np.empty_like(variances), np.empty_like(variances)
        for i, spec in enumerate(specs):
            z, beta = spec.points, np.abs(spec.get_beta())
            beta = beta / beta.sum()
            means[i] = beta @ z
            squares = np.square(z - means[i])
            variances[i], fourths[i] = beta @ squares, beta @ np.square(squares)
        variance = _robust_mean(variances)
        # A feature that is constant within every specification is measured by how they differ.
        centre = np.median(means, axis=0)
        between = _robust_mean(np.square(means - centre))
        # Rounding alone gives values far from zero a deviation of 1e-16 of them.
        variance = np.where(variance > 1e-12 * between + np.square(1e-12 * centre), variance, between)
        scale = np.sqrt(np.where(variance > 0, variance, 1.0))
        rarely_differs = _mean(fourths) > _KURTOSIS * np.square(_mean(variances))
        scale = np.where(rarely_differs, np.maximum(scale, _FINEST * np.median(scale)), scale)
        return cls(scale, all(spec.means_tell_most for spec in specs))

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.scale)

    @property
    def broad_share(self) -> float:
        """Share of the broad kernel in the sum of both."""
        return 1.0 if self.of_means else _BROAD_SHARE

    @property
    def broad_gamma(self) -> float:
        """Gamma of the broad kernel on scaled features: it reaches over whole specifications."""
        return (_GAMMA_OF_MEANS if self.of_means else _GAMMA) / self.n_features

    @property
    def narrow_gamma(self) -> float:
        """Gamma of the narrow kernel on scaled features: it sees what is near."""
        return self.broad_gamma * (1 << _SQUARINGS)

    def to_states(self) -> dict[str, Any]:
        """Return the metric as plain values."""
        return {"scale": self.scale.tolist(), "of_means": self.of_means}

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> KernelMetric:
        """Return the metric that `to_states` wrote."""
        return cls(np.asarray(states["scale"], dtype=np.float64), bool(states.get("of_means", False)))

    def kernel(self, A: NDArray[np.float64], B: NDArray[np.float64]) -> NDArray[np.floating]:
        """Return the kernel of all pairs of rows, shape (len(A), len(B))."""
        broad, share = self._gaussian(A, B, self.broad_gamma), self.broad_share
        if share == 1.0:
            return broad
        narrow = narrow_from_broad(broad.copy())
        narrow *= 1.0 - share
        broad *= share
        broad += narrow
        return broad

    def narrow_kernel(self, A: NDArray[np.float64], B: NDArray[np.float64]) -> NDArray[np.floating]:
        """Return the narrow kernel alone of all pairs of rows, shape (len(A), len(B))."""
        return self._gaussian(A, B, self.narrow_gamma)

    def _gaussian(self, A: NDArray[np.float64], B: NDArray[np.float64], gamma: float) -> NDArray[np.floating]:
        # Around the middle of one side, so that features far from zero keep their digits; outliers do not move it.
        origin = np.median(B, axis=0)
        return gaussian_kernel(in_units(A, origin, self.scale), in_units(B, origin, self.scale), gamma)

    def inner_product(self, P: RKMESpecification, Q: RKMESpecification) -> float:
        """Return <P, Q>, the inner product of the two embeddings."""
        return float(P.get_beta() @ self.kernel(P.points, Q.points) @ Q.get_beta())

    def mmd2(self, P: RKMESpecification, Q: RKMESpecification) -> float:
        """Return the squared MMD, at least 0."""
        return max(0.0, self.inner_product(P, P) - 2.0 * self.inner_product(P, Q) + self.inner_product(Q, Q))


def narrow_from_broad(broad: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the values of the narrow kernel from those of the broad one, in their place."""
    for _ in range(_SQUARINGS):
        np.square(broad, out=broad)
    return broad


def _robust_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each column, with values beyond 25 times the median cut to that."""
    limit = 25.0 * np.median(values, axis=0)
    return _mean(np.where(limit > 0, np.minimum(values, limit), values))


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each column; equal sets of values give equal bytes."""
    mean: NDArray[np.float64] = np.sort(values, axis=0).mean(axis=0)
    return mean
