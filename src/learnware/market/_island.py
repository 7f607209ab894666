"""An island of the specification world: the learnwares of one feature space, and the index over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.market._embedding import Embedding, embed
from learnware.market._island_search import Hit, IslandSearch
from learnware.market._pairs import PairProducts
from learnware.market._suitable import Unsuitable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from learnware.market._mixture import Mixture
    from learnware.specification import RKMESpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["Embedding", "Hit", "IslandIndex", "embed"]


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
    unsuitable : Unsuitable, optional
        What is known already of members that suit no requirement of some kind.
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
        unsuitable: Unsuitable | None = None,
    ) -> None:
        self.name = name
        self.metric = metric
        self.ids = list(ids)
        self.vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.self_products = np.asarray(self_products, dtype=np.float64)
        self.load_specs = load_specs
        self.pairs = PairProducts() if pairs is None else pairs
        self.unsuitable = Unsuitable() if unsuitable is None else unsuitable

    def __len__(self) -> int:
        return len(self.ids)

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
