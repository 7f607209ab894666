"""What becomes of an island when learnwares join it: its kernel is estimated, embeddings are made.

The rules are here; where islands and embeddings are kept is for an `IslandStore` to say. Everything is called inside a
transaction of the store's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from learnware.market._island import embed
from learnware.market._spec_cache import size_of
from learnware.specification import RKMESpecification
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from learnware.specification import BaseStatSpecification

__all__ = [
    "EMBEDDING_VERSION",
    "IslandMember",
    "IslandStore",
    "StoredIsland",
    "join_islands",
    "renew_island",
    "vector_of_bytes",
]

# To be raised with every change of `embed` or of `KernelMetric`: stored embeddings of another version are made anew.
EMBEDDING_VERSION = 5
# The metric of an island is estimated anew each time the island has doubled, from at most so many members and so many
# bytes: those of images have a megabyte each.
_ESTIMATE_MEMBERS = 4096
_ESTIMATE_BYTES = 256 << 20
# With every arrival as long as there are few: two or three tell little of units, and the order in which learnwares come
# must not decide what fits.
_FEW_MEMBERS = 32

_Key = tuple[int, str]
_Known = tuple[int, str, RKMESpecification]


@dataclass(frozen=True)
class StoredIsland:
    """What is kept of an island apart from its members.

    Attributes
    ----------
    metric : dict
        The kernel (`KernelMetric.to_states`).
    estimated_from : int
        Number of members that there were when it was estimated.
    embedding_version : int
        How its embeddings were made.
    """

    metric: dict[str, Any]
    estimated_from: int
    embedding_version: int = EMBEDDING_VERSION


@dataclass(frozen=True)
class IslandMember:
    """An embedding as it is kept.

    Attributes
    ----------
    seq : int
        Number of the learnware.
    type : str
        Which of its specifications.
    self_product : float
    vector : bytes
        Single precision, little endian (`vector_of_bytes`).
    """

    seq: int
    type: str
    self_product: float
    vector: bytes


class IslandStore(Protocol):
    """Keeps islands and their members for a market."""

    def island(self, name: str) -> StoredIsland | None:
        """Return an island, None if there is none."""

    def size(self, name: str) -> int:
        """Return the number of an island's members."""

    def members(self, name: str) -> list[tuple[int, str]]:
        """Return number and type of an island's members, in any order."""

    def specs(self, keys: Sequence[tuple[int, str]]) -> Iterator[BaseStatSpecification]:
        """Give specifications by number and type, in this order."""

    def found_island(self, name: str, island: StoredIsland) -> None:
        """Keep an island, instead of one that may be there, and forget the embeddings of its members."""

    def add_members(self, name: str, members: Iterable[IslandMember]) -> None:
        """Keep embeddings."""


def join_islands(store: IslandStore, learnwares: Iterable[tuple[int, Mapping[str, BaseStatSpecification]]]) -> None:
    """Let learnwares join the islands that their specifications belong to.

    Parameters
    ----------
    store : IslandStore
    learnwares : iterable of (int, mapping)
        Number and specifications by type, for learnwares that have no embeddings yet.
    """
    arrivals: dict[str, list[_Known]] = {}
    for seq, stat_specs in learnwares:
        for type_name, spec in stat_specs.items():
            if isinstance(spec, RKMESpecification):
                arrivals.setdefault(spec.space, []).append((seq, type_name, spec))
    for name, members in arrivals.items():
        _join(store, name, members)


def renew_island(store: IslandStore, name: str) -> None:
    """Make the embeddings of an island anew, where another version of this package has made them."""
    _join(store, name, [])


def _join(store: IslandStore, name: str, arrivals: list[_Known]) -> None:
    known = store.island(name)
    if known is not None and known.embedding_version != EMBEDDING_VERSION:
        known = None
    size = len(arrivals) + store.size(name)
    members: Iterable[_Known] = arrivals
    if known is None or _outgrown(known.estimated_from, size):
        keys = sorted([*store.members(name), *((seq, type_name) for seq, type_name, _ in arrivals)])
        at_hand = {(seq, type_name): spec for seq, type_name, spec in arrivals}
        all_members = _comparable_specs(store, keys, at_hand)
        sample = _sample(all_members)
        metric = KernelMetric.estimate([spec for _, _, spec in sample])
        store.found_island(name, StoredIsland(metric.to_states(), len(keys)))
        members = chain(sample, all_members)
    else:
        metric = KernelMetric.from_states(known.metric)
    store.add_members(name, (_member(metric, name, *one) for one in members))


def _sample(members: Iterator[_Known]) -> list[_Known]:
    """Return the first members, as many as a metric is estimated from."""
    sample: list[_Known] = []
    room = _ESTIMATE_BYTES
    for member in members:
        sample.append(member)
        room -= size_of(member[2])
        if len(sample) == _ESTIMATE_MEMBERS or room <= 0:
            break
    return sample


def _outgrown(estimated_from: int, size: int) -> bool:
    """Return whether an island of this size needs another metric than the one of so many members."""
    if size <= _FEW_MEMBERS:
        return size > estimated_from
    return estimated_from < _ESTIMATE_MEMBERS and size >= 2 * estimated_from


def _member(metric: KernelMetric, name: str, seq: int, type_name: str, spec: RKMESpecification) -> IslandMember:
    embedding = embed(metric, name, spec)
    vector = np.ascontiguousarray(embedding.vector, dtype="<f4").tobytes()
    return IslandMember(seq, type_name, embedding.self_product, vector)


def vector_of_bytes(vector: bytes) -> NDArray[np.float32]:
    """Return the vector of an `IslandMember`."""
    return np.frombuffer(vector, dtype="<f4")


def _comparable_specs(
    store: IslandStore, keys: Sequence[_Key], at_hand: Mapping[_Key, RKMESpecification]
) -> Iterator[_Known]:
    stored = store.specs([key for key in keys if key not in at_hand])
    for key in keys:
        spec = at_hand.get(key) or next(stored)
        if isinstance(spec, RKMESpecification):
            yield *key, spec
