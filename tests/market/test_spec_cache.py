"""Specifications in memory: those that were used last, up to a number of bytes."""

from __future__ import annotations

import numpy as np

from learnware.market._spec_cache import SpecCache, size_of
from learnware.specification import RKMETableSpecification


def spec(points: int = 10, columns: int = 8) -> RKMETableSpecification:
    states = {"z": np.zeros((points, columns)), "beta": np.full(points, 1 / points), "gamma": 0.1}
    return RKMETableSpecification.from_states(states)


def test_the_last_ones_stay() -> None:
    cache = SpecCache(2, 10**6)
    first, second, third = spec(), spec(), spec()
    cache.put("a", "1", first, 10)
    cache.put("a", "2", second, 10)
    assert cache.get("a", "1") is first
    cache.put("b", "1", third, 10)
    assert [("a", "1") in cache, ("a", "2") in cache, ("b", "1") in cache] == [True, False, True]
    cache.forget("a", "1")
    cache.forget("a", "1")
    assert (len(cache), cache.get("a", "1"), cache.get("b", "2")) == (1, None, None)


def test_large_ones_leave_less_room() -> None:
    cache = SpecCache(100, 1000)
    for number in range(4):
        cache.put("a", str(number), spec(), 240)
        assert cache.full == (number == 3)
    cache.put("a", "large", spec(), 600)
    assert [one for one in ("0", "1", "2", "3", "large") if ("a", one) in cache] == ["3", "large"]
    # The same once more takes no more room.
    cache.put("a", "large", spec(), 600)
    assert len(cache) == 2
    # One that is larger than all room is kept alone, as it was asked for.
    cache.put("a", "huge", spec(), 5000)
    assert len(cache) == 1
    cache.put("a", "0", spec(), 240)
    assert (("a", "huge") in cache, len(cache), cache.full) == (False, 1, False)


def test_sizes() -> None:
    # Points and weights, each once.
    assert size_of(spec(10, 8)) == 8 * (10 * 8 + 10)
