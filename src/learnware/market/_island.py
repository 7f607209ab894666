"""An island of the specification world: the learnwares of one feature space, and the index over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.market._embedding import Embedding, embed
from learnware.market._island_search import Hit, IslandSearch
from learnware.market._pairs import PairProducts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from learnware.market._mixture import Mixture
    from learnware.specification import RKMESpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["Embedding", "Hit", "IslandIndex", "embed"]

# Parts that are kept for requirements' traits: of some languages, and a few pairs of them, the largest as large as all.
_MOST_PARTS = 16


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
    traits : sequence of frozenset of str, optional
        Traits of each (`RKMESpecification.traits`); none have any without.
    """

    def __init__(
        self,
        name: str,
        metric: KernelMetric,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        self_products: NDArray[np.float64],
        load_specs: Callable[[Sequence[str]], Sequence[RKMESpecification]],
        pairs: PairProducts | None = None,
        traits: Sequence[frozenset[str]] | None = None,
    ) -> None:
        self.name = name
        self.metric = metric
        self.ids = list(ids)
        self.vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.self_products = np.asarray(self_products, dtype=np.float64)
        self.load_specs = load_specs
        self.pairs = PairProducts() if pairs is None else pairs
        self._traits = traits
        # None where all members suit.
        self._parts: dict[frozenset[str], IslandIndex | None] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def suiting(self, spec: RKMESpecification) -> IslandIndex:
        """Return the index over the members that suit a requirement's traits; it is made once for equal ones."""
        wanted = spec.traits
        if not self._traits or not wanted:
            return self
        try:
            part = self._parts[wanted]
        except KeyError:
            positions = [i for i, traits in enumerate(self._traits) if not traits or wanted <= traits]
            part = None if len(positions) == len(self.ids) else self._part(positions)
            if len(self._parts) >= _MOST_PARTS:
                self._parts = {}
            self._parts[wanted] = part
        return self if part is None else part

    def _part(self, positions: Sequence[int]) -> IslandIndex:
        """Return the index over some of the members."""
        chosen = np.array(positions, dtype=np.intp)
        ids = [self.ids[i] for i in positions]
        vectors, self_products = self.vectors[chosen], self.self_products[chosen]
        return IslandIndex(self.name, self.metric, ids, vectors, self_products, self.load_specs, self.pairs)

    def search(self, spec: RKMESpecification, allowed: AbstractSet[str] | None = None) -> IslandSearch:
        """Return a search for the nearest to a requirement, which its singles and its mixture share.

        Parameters
        ----------
        spec : RKMESpecification
            The requirement.
        allowed : set of str, optional
            Only these learnwares; all if None.
        """
        return IslandSearch(self, spec, allowed)

    def single(self, spec: RKMESpecification, allowed: AbstractSet[str] | None = None, top: int = 10) -> list[Hit]:
        """Return the nearest learnwares (`IslandSearch.singles`)."""
        return self.search(spec, allowed).singles(top)

    def mixture(
        self, spec: RKMESpecification, allowed: AbstractSet[str] | None = None, max_size: int = 5
    ) -> Mixture | None:
        """Return the nearest mixture (`IslandSearch.mixture`)."""
        return self.search(spec, allowed).mixture(max_size)
