"""How islands keep their members: when a kernel is estimated, and from what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.market import _islands
from learnware.market._islands import StoredIsland, join_islands
from learnware.specification import RKMETableSpecification

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pytest

    from learnware.market._islands import IslandMember
    from learnware.specification import BaseStatSpecification

NAME = "RKMETableSpecification/2"


class Store:
    """One island in memory; its founding and every reading of a specification are written down."""

    def __init__(self) -> None:
        self.kept: dict[int, RKMETableSpecification] = {}
        self.there: dict[int, IslandMember] = {}
        self.founded: list[StoredIsland] = []
        self.read: list[int] = []

    def island(self, name: str) -> StoredIsland | None:
        return self.founded[-1] if self.founded else None

    def size(self, name: str) -> int:
        return len(self.there)

    def members(self, name: str) -> list[tuple[int, str]]:
        return [(seq, "RKMETableSpecification") for seq in self.there]

    def specs(self, keys: Sequence[tuple[int, str]]) -> Iterator[BaseStatSpecification]:
        for seq, _ in keys:
            self.read.append(seq)
            yield self.kept[seq]

    def found_island(self, name: str, island: StoredIsland) -> None:
        self.founded.append(island)
        self.there.clear()

    def add_members(self, name: str, members: Iterable[IslandMember]) -> None:
        self.there |= {one.seq: one for one in members}

    def join(self, seq: int) -> None:
        z = np.random.default_rng(seq).normal(size=(4, 2))
        self.kept[seq] = RKMETableSpecification.from_states({"z": z, "beta": np.full(4, 0.25), "gamma": 0.1})
        join_islands(self, [(seq, {"RKMETableSpecification": self.kept[seq]})])


def test_a_kernel_is_estimated_when_the_island_has_doubled() -> None:
    store = Store()
    for seq in range(70):
        store.join(seq)
    assert [one.estimated_from for one in store.founded] == [*range(1, 33), 64]
    assert sorted(store.there) == list(range(70))


def test_large_specifications_are_not_all_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # Twelve numbers of eight bytes each: four of them, and one more.
    monkeypatch.setattr(_islands, "_ESTIMATE_BYTES", 4 * 96 + 1)
    estimated: list[int] = []
    estimate = _islands.KernelMetric.estimate

    def noted(specs: Sequence[RKMETableSpecification]) -> object:
        estimated.append(len(specs))
        return estimate(specs)

    monkeypatch.setattr(_islands.KernelMetric, "estimate", noted)
    store = Store()
    for seq in range(70):
        store.join(seq)
    assert estimated == [1, 2, 3, 4, *[5] * 29]
    # It is not estimated more often than that of other islands, and everybody is there.
    assert store.founded[-1].estimated_from == 64
    assert sorted(store.there) == list(range(70))
