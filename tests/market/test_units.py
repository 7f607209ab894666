"""Units of features that are nearly always the same, and islands of few members."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from learnware.market.index import IslandIndex, KernelMetric, join_islands, vector_of_bytes
from learnware.specification import generate_stat_spec

NAME = "RKMETableSpecification/64"


class OneIsland:
    """Keeps an island in memory."""

    def __init__(self, specs):
        self.known = dict(enumerate(specs))
        self.now = None
        self.kept = {}

    def island(self, name):
        return self.now

    def size(self, name):
        return len(self.kept)

    def members(self, name):
        return list(self.kept)

    def specs(self, keys):
        return (self.known[seq] for seq, _ in keys)

    def found_island(self, name, island):
        self.now, self.kept = island, {}

    def add_members(self, name, members):
        self.kept |= {(one.seq, one.type): one for one in members}


def mixture(parts, order, task):
    """Return the mixture for a task among learnwares that arrive one after the other."""
    store = OneIsland(parts)
    for seq in order:
        join_islands(store, [(seq, {parts[seq].type: parts[seq]})])
    members = [store.kept[key] for key in sorted(store.kept)]
    index = IslandIndex(
        NAME,
        KernelMetric.from_states(store.now.metric),
        [str(one.seq) for one in members],
        np.stack([vector_of_bytes(one.vector) for one in members]),
        np.array([one.self_product for one in members]),
        lambda ids: [parts[int(one)] for one in ids],
    )
    return index.mixture(task, None, 5)


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def task(digits):
    return generate_stat_spec(type="table", X=digits[0])


def parts_of(X, y, how):
    """Return the rows of each part."""
    if how == "random":
        return np.array_split(np.random.default_rng(0).permutation(len(X)), 3)
    if how == "ink":
        return np.array_split(X.sum(axis=1).argsort(), 3)
    return [np.flatnonzero(np.isin(y, classes)) for classes in ([0, 1], [2, 3], [4, 5], [6, 7], [8, 9])]


@pytest.mark.parametrize("how", ["random", "ink", "classes"])
def test_parts_of_digits_make_up_the_whole(digits, task, how):
    # Some pixels are dark in two images of 1 797. A reduced set has next to nothing of them, and each has another bit.
    X, y = digits
    parts = [generate_stat_spec(type="table", X=X[rows]) for rows in parts_of(X, y, how)]
    found = mixture(parts, range(len(parts)), task)
    assert found.unexplained < 0.01
    assert found.score > 0.99
    assert len(found.learnware_ids) == {"random": 1, "ink": 2, "classes": 5}[how]


def test_the_order_of_arrival_does_not_decide_what_fits(digits, task):
    X, y = digits
    parts = [generate_stat_spec(type="table", X=X[rows]) for rows in parts_of(X, y, "ink")]
    found = [mixture(parts, order, task) for order in permutations(range(3))]
    assert {one.learnware_ids for one in found} == {found[0].learnware_ids}
    np.testing.assert_allclose([one.mmd2 for one in found], found[0].mmd2, rtol=1e-6)


def test_units_of_other_features_do_not_hide_an_ordinary_one():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 5)) * [1e6, 1e6, 1e6, 1e6, 1e-3]
    metric = KernelMetric.estimate([generate_stat_spec(type="table", X=X)])
    assert metric.scale[-1] < 2e-3
