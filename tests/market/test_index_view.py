"""The parts of an index in memory: members that come and go, and products of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from learnware.market._island_members import IslandMembers
from learnware.market._pairs import PairProducts
from learnware.market._semantic import SemanticIndex, SemanticQuery
from learnware.specification import RKMETableSpecification, RKMETextSpecification, generate_semantic_spec
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from learnware.market._island import IslandIndex

METRIC = KernelMetric(np.ones(2))


def member(seq: int, value: float) -> tuple[int, str, float, Any, frozenset[str]]:
    return seq, f"{seq:08d}", value, np.full(4, value, dtype=np.float32), frozenset([f"{value:.0f}"])


def contents(index: IslandIndex) -> list[tuple[str, float, float]]:
    return [
        (one, float(product), float(vector[0]))
        for one, product, vector in zip(index.ids, index.self_products, index.vectors, strict=True)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_members_come_and_go(seed: int) -> None:
    rng = np.random.default_rng(seed)
    members, known = IslandMembers(), {}
    made: list[tuple[IslandIndex, Any]] = []
    highest = 0
    for step in range(120):
        value = float(step + 1)
        if known and rng.random() < 0.3:
            seq = int(rng.choice(list(known)))
            assert members.discard(seq)
            assert not members.discard(seq)
            if rng.random() < 0.5:
                del known[seq]
            else:
                members.put([member(seq, value)])
                known[seq] = value
        else:
            # Most are new ones; some come back, or come late.
            seq = highest + 2 if rng.random() < 0.8 else int(rng.integers(1, highest + 2))
            highest = max(highest, seq)
            members.put([member(seq, value)])
            known[seq] = value
        if rng.random() < 0.5:
            index = members.index("x", METRIC, lambda ids: [])
            expected = [(f"{seq:08d}", known[seq], known[seq]) for seq in sorted(known)]
            assert contents(index) == expected
            for seq, wanted in list(known.items())[:3]:
                user = RKMETextSpecification()
                user.language = [f"{wanted:.0f}"]
                assert contents(index.suiting(user)) == [(f"{seq:08d}", wanted, wanted)]
            made.append((index, expected))
    # What was made before has not changed.
    for index, expected in made:
        assert contents(index) == expected


def spec(rng: np.random.Generator, size: int) -> RKMETableSpecification:
    states = {"z": rng.normal(rng.normal(), 1.0, size=(size, 2)), "beta": rng.dirichlet(np.ones(size)), "gamma": 0.1}
    return RKMETableSpecification.from_states(states)


def test_products_of_pairs() -> None:
    rng = np.random.default_rng(0)
    specs = {f"{i:08d}": spec(rng, size) for i, size in enumerate([1, 700, 30, 100, 5])}
    pairs, names = PairProducts(), list(specs)
    for chosen in (names[:2], names[1:4], names, names[::-1]):
        gram = pairs.gram(METRIC, chosen, [specs[name] for name in chosen])
        exact = [[METRIC.inner_product(specs[a], specs[b]) for b in chosen] for a in chosen]
        assert np.allclose(gram, exact, atol=1e-6)
        assert np.array_equal(gram, gram.T)
    # They are known by now.
    assert np.array_equal(pairs.gram(METRIC, names, []), gram[::-1, ::-1])


def test_products_of_a_member_that_went_are_forgotten() -> None:
    rng = np.random.default_rng(1)
    specs = [spec(rng, 10) for _ in range(4)]
    before = PairProducts()
    old = before.gram(METRIC, list("abcd"), specs)
    after = before.without("c")
    # The others are known still; what comes by the same name is compared anew.
    assert np.array_equal(after.gram(METRIC, list("abd"), []), old[np.ix_([0, 1, 3], [0, 1, 3])])
    specs[2] = spec(rng, 10)
    exact = [METRIC.inner_product(one, specs[2]) for one in specs]
    assert np.allclose(after.gram(METRIC, list("abcd"), specs)[2], exact, atol=1e-6)
    # Who uses what was there before goes on with it.
    assert np.array_equal(before.gram(METRIC, list("abcd"), []), old)


def test_a_copy_of_words_changes_apart() -> None:
    words = SemanticIndex()
    words.put("1", generate_semantic_spec(name="house prices", data_type="Table"))
    other = words.copy()
    other.discard("1")
    other.put("2", generate_semantic_spec(name="house numbers", data_type="Table"))

    def found(index: SemanticIndex) -> list[str]:
        query = SemanticQuery.parse(generate_semantic_spec(name="house", data_type="Table"))
        return [match.id for match in index.search(query)]

    assert (found(words), found(other)) == (["1"], ["2"])
