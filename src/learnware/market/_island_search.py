"""One search of an island: its parts share what they have computed of the requirement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from learnware.market._embedding import embed
from learnware.market._mixture import (
    Gram,
    Mixture,
    Support,
    cosine,
    explained,
    fit_mixture,
    open_weights,
    squared_error,
)
from learnware.market._pairs import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from learnware.market._island import IslandIndex
    from learnware.specification import RKMESpecification

__all__ = ["Hit", "IslandSearch"]

# Candidates of a search for single learnwares that are compared exactly.
_CANDIDATES = 40
# Parts that the exact fit of a mixture starts from.
_MIXTURE_CANDIDATES = 8


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


class IslandSearch:
    """The learnwares of an island that are nearest to a requirement.

    All vectors are scanned, and only the nearest candidates are compared exactly.

    Parameters
    ----------
    index : IslandIndex
        The island.
    spec : RKMESpecification
        The requirement.
    allowed : set of str, optional
        Only these learnwares; all if None.

    Attributes
    ----------
    total : int
        Learnwares that are compared.
    """

    def __init__(self, index: IslandIndex, spec: RKMESpecification, allowed: AbstractSet[str] | None = None) -> None:
        self._index = index
        self._spec = spec
        self._ids: Sequence[str] = index.ids
        self._vectors, self._self_products = index.vectors, index.self_products
        if allowed is not None:
            positions = np.array([i for i, one in enumerate(index.ids) if one in allowed], dtype=np.intp)
            if len(positions) < len(index):
                self._ids = [index.ids[i] for i in positions]
                self._vectors, self._self_products = self._vectors[positions], self._self_products[positions]
        self.total = len(self._ids)
        self._query = embed(index.metric, index.name, spec)
        self._scores = self._vectors @ self._query.vector
        self._own = Stack([spec], index.metric, spec.points.mean(axis=0))
        self._members: dict[int, RKMESpecification] = {}
        self._products: dict[int, float] = {}

    def singles(self, top: int = 10) -> list[Hit]:
        """Return the nearest learnwares, nearest first, equally near ones by id.

        Parameters
        ----------
        top : int, default=10
            How many at most.
        """
        nearest = self._nearest(max(_CANDIDATES, 2 * top))
        products, own = self._compare(nearest), self._self_products[nearest]
        squared = np.maximum(self._query.self_product - 2.0 * products + own, 0.0).tolist()
        similar = cosine(products, self._query.self_product * own).tolist()
        found = sorted(zip(squared, [self._ids[i] for i in nearest], similar, strict=True))[:top]
        return [Hit(one, mmd2, explained(mmd2, self._query.self_product), c) for mmd2, one, c in found]

    def mixture(self, max_size: int = 5) -> Mixture | None:
        """Return the mixture of at most `max_size` learnwares that is nearest to a requirement; None if there is none.

        A mixture may have one part: then no second learnware brings the fit nearer by more than chance does.
        """
        if not self.total:
            return None
        support = Support(self._vectors, self._query.vector, self._scores)
        support.grow()
        # The single that is best by itself is always a candidate.
        parts = list(dict.fromkeys([*support.heaviest(_MIXTURE_CANDIDATES), *self._nearest(2)]))
        target, products = self._compare(parts), self._gram(parts)
        gram = Gram(
            parts=products,
            target=target,
            target_self=self._query.self_product,
            errors=np.array(
                [squared_error(p, self._members[i]) for p, i in zip(np.diag(products).tolist(), parts, strict=True)]
            ),
            target_error=squared_error(self._query.self_product, self._spec),
        )
        mixture = fit_mixture([self._ids[i] for i in parts], gram, max_size)
        if mixture.mmd2 <= mixture.noise_floor:
            return mixture
        # What covers the requirement without having to cover all of it.
        support.grow(partial=True)
        covering = list(dict.fromkeys([*support.heaviest(_MIXTURE_CANDIDATES), *parts]))
        target = self._compare(covering)
        covered = open_weights(self._gram(covering), target).sum()
        return replace(mixture, unexplained=float(np.clip(1.0 - covered, 0.0, 1.0)))

    def _nearest(self, count: int) -> list[int]:
        """Return the positions of the nearest by the vectors, in no order."""
        if self.total <= count:
            return list(range(self.total))
        approximate = self._self_products - 2.0 * self._scores
        nearest: list[int] = np.argpartition(approximate, count)[:count].tolist()
        return nearest

    def _compare(self, positions: Sequence[int]) -> NDArray[np.float64]:
        """Return <P, Q> for members, exactly."""
        new = [i for i in positions if i not in self._products]
        if new:
            members = self._index.load_specs([self._ids[i] for i in new])
            products = self._own.products(members)
            self._members.update(zip(new, members, strict=True))
            self._products.update(zip(new, products.tolist(), strict=True))
        return np.array([self._products[i] for i in positions])

    def _gram(self, positions: Sequence[int]) -> NDArray[np.float64]:
        """Return the products of members with each other; they have been compared already."""
        ids, members = [self._ids[i] for i in positions], [self._members[i] for i in positions]
        return self._index.pairs.gram(self._index.metric, ids, members)
