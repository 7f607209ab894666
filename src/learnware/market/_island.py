"""An island of the specification world: the learnwares of one feature space, and the index over them.

An embedding is represented by random Fourier features (Rahimi and Recht 2007) with orthogonal frequencies (Yu et al.,
Orthogonal Random Features, 2016), so that <P, Q> is nearly an inner product of two short vectors. A search scans all
vectors, and only the nearest candidates are compared exactly.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from learnware.market._mixture import (
    Gram,
    Mixture,
    cosine,
    explained,
    fit_mixture,
    grow_support,
    open_weights,
    squared_error,
)
from learnware.market._pairs import PairProducts, Stack
from learnware.specification._metric import BROAD_SHARE, broad_gamma, narrow_gamma

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from learnware.specification import RKMETableSpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["Embedding", "Hit", "IslandIndex", "embed", "island_name"]

# Random features of the two kernels, cosines and sines. Most of what tells learnwares apart is in the broad kernel.
# On 5 000 learnwares of 20 features the ten nearest are then always among the candidates (benchmarks/market).
_FEATURES = (384, 128)
# Candidates of a search for single learnwares that are compared exactly.
_CANDIDATES = 40
# Parts that the exact fit of a mixture starts from.
_MIXTURE_CANDIDATES = 8


@dataclass(frozen=True)
class Embedding:
    """What a market stores of a specification for the index.

    Attributes
    ----------
    vector : ndarray of shape (512,), float32
        Random features.
    self_product : float
        <P, P>, exact.
    """

    vector: NDArray[np.float32]
    self_product: float


@dataclass(frozen=True)
class Hit:
    """A learnware that is near to a requirement.

    Attributes
    ----------
    learnware_id : str
    mmd2 : float
        Squared MMD under the metric of the island, at least 0.
    score : float
        Share of the requirement's squared norm that it explains, 1 - MMD^2 / <P, P>, in [0, 1].
    similarity : float
        Cosine of the two embeddings, in [0, 1].
    """

    learnware_id: str
    mmd2: float
    score: float
    similarity: float


def island_name(spec: RKMETableSpecification) -> str:
    """Return the name of the island of a specification: its kind and its number of features."""
    return f"{spec.type}/{spec.get_z().shape[1]}"


def embed(metric: KernelMetric, name: str, spec: RKMETableSpecification) -> Embedding:
    """Return the embedding of a specification in an island of this metric and name."""
    # Far from zero a phase still has seven digits.
    points = np.clip(spec.get_z() / metric.scale, -1e9, 1e9)
    weights = spec.get_beta().astype(np.float32)
    parts = []
    for frequencies, amplitude in _frequencies(name, metric.n_features):
        # Sines and cosines of single precision are fifteen times faster and differ by less than 1e-7.
        turns = points @ (frequencies / (2.0 * np.pi))
        turns -= np.rint(turns)
        angles = 2.0 * np.pi * turns.astype(np.float32)
        parts += [amplitude * (weights @ np.cos(angles)), amplitude * (weights @ np.sin(angles))]
    return Embedding(np.concatenate(parts).astype(np.float32), metric.inner_product(spec, spec))


@lru_cache(maxsize=64)
def _frequencies(name: str, n_features: int) -> tuple[tuple[NDArray[np.float64], float], ...]:
    """Return frequencies (n_features, n) and amplitude of each kernel, equal in every process."""
    rng = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    blocks = []
    for size, gamma, share in zip(
        _FEATURES,
        (broad_gamma(n_features), narrow_gamma(n_features)),
        (BROAD_SHARE, 1.0 - BROAD_SHARE),
        strict=True,
    ):
        count = size // 2
        rows: list[NDArray[np.float64]] = []
        while len(rows) < count:
            directions = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
            rows.extend(directions * np.sqrt(rng.chisquare(n_features, size=n_features))[:, None])
        blocks.append((np.sqrt(2.0 * gamma) * np.array(rows[:count]).T, float(np.sqrt(share / count))))
    return tuple(blocks)


class IslandIndex:
    """Nearest learnwares and mixtures of learnwares in one island.

    Parameters
    ----------
    name : str
        Name of the island.
    metric : KernelMetric
        Its kernel.
    ids : sequence of str
        The learnwares.
    vectors : ndarray of shape (n, 512), float32
        Random features of each (`embed`).
    self_products : ndarray of shape (n,), float64
        <Q, Q> of each.
    load_specs : callable
        Returns the specifications of a sequence of ids, in its order.
    pairs : PairProducts, optional
        Products of members with each other that are known already.
    """

    def __init__(
        self,
        name: str,
        metric: KernelMetric,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        self_products: NDArray[np.float64],
        load_specs: Callable[[Sequence[str]], Sequence[RKMETableSpecification]],
        pairs: PairProducts | None = None,
    ) -> None:
        self.name = name
        self.metric = metric
        self.ids = list(ids)
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._self_products = np.asarray(self_products, dtype=np.float64)
        self._load_specs = load_specs
        self._pairs = PairProducts() if pairs is None else pairs

    def __len__(self) -> int:
        return len(self.ids)

    def count(self, allowed: AbstractSet[str]) -> int:
        """Return how many of these learnwares are here."""
        return len(self._positions(allowed))

    def embed(self, spec: RKMETableSpecification) -> Embedding:
        """Return the embedding of a requirement, which `single` and `mixture` can share."""
        return embed(self.metric, self.name, spec)

    def single(
        self,
        spec: RKMETableSpecification,
        allowed: AbstractSet[str] | None = None,
        top: int = 10,
        query: Embedding | None = None,
    ) -> list[Hit]:
        """Return the nearest learnwares, nearest first, equally near ones by id.

        Parameters
        ----------
        spec : RKMETableSpecification
            The requirement.
        allowed : set of str, optional
            Only these learnwares; all if None.
        top : int, default=10
            How many at most.
        query : Embedding, optional
            That of the requirement, if it is known.
        """
        positions = self._positions(allowed)
        if not len(positions):
            return []
        query = self.embed(spec) if query is None else query
        nearest = self._nearest(query.vector, positions, max(_CANDIDATES, 2 * top))
        products = self._products(spec, self._load_specs([self.ids[i] for i in nearest]))
        squared = np.maximum(query.self_product - 2.0 * products + self._self_products[nearest], 0.0)
        similar = cosine(products, query.self_product * self._self_products[nearest])
        hits = [
            Hit(self.ids[i], float(mmd2), explained(mmd2, query.self_product), float(c))
            for i, mmd2, c in zip(nearest, squared, similar, strict=True)
        ]
        return sorted(hits, key=lambda hit: (hit.mmd2, hit.learnware_id))[:top]

    def mixture(
        self,
        spec: RKMETableSpecification,
        allowed: AbstractSet[str] | None = None,
        max_size: int = 5,
        query: Embedding | None = None,
    ) -> Mixture | None:
        """Return the mixture of at most `max_size` learnwares that is nearest to a requirement; None if there is none.

        A mixture may have one part: then no second learnware brings the fit nearer by more than chance does.
        """
        positions = self._positions(allowed)
        if not len(positions):
            return None
        query = self.embed(spec) if query is None else query
        support = grow_support(self._vectors, query.vector, positions, _MIXTURE_CANDIDATES)
        # The single that is best by itself is always a candidate.
        support = list(dict.fromkeys([*support, *self._nearest(query.vector, positions, 2).tolist()]))
        ids = [self.ids[i] for i in support]
        members = self._load_specs(ids)
        products = self._pairs.gram(self.metric, ids, members)
        gram = Gram(
            parts=products,
            target=self._products(spec, members),
            target_self=query.self_product,
            errors=np.array([squared_error(p, q) for p, q in zip(np.diag(products), members, strict=True)]),
            target_error=squared_error(query.self_product, spec),
        )
        mixture = fit_mixture([self.ids[i] for i in support], gram, max_size)
        if mixture.mmd2 <= mixture.noise_floor:
            return mixture
        return replace(mixture, unexplained=self._unexplained(spec, query.vector, positions, support))

    def _unexplained(
        self,
        spec: RKMETableSpecification,
        vector: NDArray[np.float32],
        positions: NDArray[np.intp],
        support: list[int],
    ) -> float:
        """Return the share of a requirement that nothing in the island covers."""
        covering = grow_support(self._vectors, vector, positions, _MIXTURE_CANDIDATES, partial=True)
        ids = [self.ids[i] for i in dict.fromkeys([*covering, *support])]
        members = self._load_specs(ids)
        weights = open_weights(self._pairs.gram(self.metric, ids, members), self._products(spec, members))
        return float(np.clip(1.0 - weights.sum(), 0.0, 1.0))

    def _positions(self, allowed: AbstractSet[str] | None) -> NDArray[np.intp]:
        if allowed is None:
            return np.arange(len(self.ids))
        return np.array([i for i, learnware_id in enumerate(self.ids) if learnware_id in allowed], dtype=np.intp)

    def _nearest(self, vector: NDArray[np.float32], positions: NDArray[np.intp], count: int) -> NDArray[np.intp]:
        """Return the positions of the nearest by the vectors, in no order."""
        if len(positions) == len(self.ids):
            approximate = self._self_products - 2.0 * (self._vectors @ vector)
        else:
            approximate = self._self_products[positions] - 2.0 * (self._vectors[positions] @ vector)
        if len(positions) <= count:
            return positions
        return positions[np.argpartition(approximate, count)[:count]]

    def _products(self, spec: RKMETableSpecification, members: Sequence[RKMETableSpecification]) -> NDArray[np.float64]:
        """Return <P, Q> for members."""
        origin = spec.get_z().mean(axis=0)
        own, theirs = Stack.of([spec], self.metric, origin), Stack.of(members, self.metric, origin)
        return own.products(theirs)
