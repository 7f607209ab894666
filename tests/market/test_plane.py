"""Maps of islands: members are as far from each other as their data, and a map does not turn about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from learnware.market._embedding import embed
from learnware.market.index import KernelMetric, plane
from learnware.specification import RKMETableSpecification


def specification(rows: Any) -> RKMETableSpecification:
    beta = np.full(len(rows), 1 / len(rows))
    return RKMETableSpecification.from_states({"z": rows, "beta": beta, "gamma": 0.1, "num_points": len(rows)})


def planted(centres: Any, rng: Any, spread: float = 1.0) -> tuple[Any, Any]:
    """Return embeddings and squared MMDs of learnwares whose data lie around centres."""
    specs = [specification(centre + spread * rng.normal(size=(30, len(centre)))) for centre in centres]
    metric = KernelMetric.estimate(specs)
    vectors = np.stack([embed(metric, "RKMETableSpecification/6", one).vector for one in specs])
    mmd = np.sqrt([[metric.mmd2(one, other) for other in specs] for one in specs])
    return vectors, mmd


def distances(points: Any) -> Any:
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def nearest(matrix: Any, count: int) -> list[set[int]]:
    others = matrix + np.diag(np.full(len(matrix), np.inf))
    return [set(row.tolist()) for row in np.argsort(others, axis=1)[:, :count]]


@pytest.mark.parametrize("size", [60, 200])
def test_what_lies_in_a_plane_is_shown_as_it_lies(size: int) -> None:
    rng = np.random.default_rng(0)
    centres = np.zeros((size, 6))
    centres[:, :2] = rng.uniform(-3, 3, size=(size, 2))
    vectors, mmd = planted(centres, rng)
    found = plane(vectors)
    shown = distances(found.points)
    pairs = np.triu_indices(size, 1)
    assert np.corrcoef(shown[pairs], mmd[pairs])[0, 1] > 0.95
    assert found.kept > 0.95
    assert np.abs(found.points).max() == 1.0
    kept = [len(a & b) / 8 for a, b in zip(nearest(shown, 8), nearest(mmd, 8), strict=True)]
    assert np.mean(kept) > 0.6


def test_groups_stay_together() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(4), 50)
    centres = 4 * np.eye(6)[groups] + 0.2 * rng.normal(size=(200, 6))
    vectors, _ = planted(centres, rng)
    members = nearest(distances(plane(vectors).points), 5)
    assert np.mean([np.mean(groups[list(some)] == groups[i]) for i, some in enumerate(members)]) > 0.98


def test_one_more_member_does_not_turn_the_map() -> None:
    rng = np.random.default_rng(2)
    centres = np.zeros((40, 6))
    centres[:, :2] = rng.uniform(-3, 3, size=(40, 2)) * [2, 1]
    vectors, _ = planted(centres, rng)
    before, after = plane(vectors[:39]).points, plane(vectors).points
    assert np.corrcoef(before[:, 0], after[:39, 0])[0, 1] > 0.98
    assert np.corrcoef(before[:, 1], after[:39, 1])[0, 1] > 0.95


def test_few_and_equal_members() -> None:
    for count in (1, 2, 160):
        found = plane(np.ones((count, 7), dtype=np.float32) / 3)
        assert (found.points.tolist(), found.kept) == ([[0.0, 0.0]] * count, 1.0)
    two = plane(np.array([[0.0, 3.0, 1.0], [1.0, 3.0, 5.0]]))
    np.testing.assert_allclose(two.points, [[1, 0], [-1, 0]], atol=1e-12)
    # Equal ones lie upon each other, and beside no other.
    some = np.random.default_rng(0).normal(size=(50, 8))
    points = plane(np.concatenate([some, some])).points
    np.testing.assert_allclose(points[:50], points[50:], atol=0.02)
    assert np.min(distances(points[:50]) + 9 * np.eye(50)) > 0


@settings(deadline=None, max_examples=60)
@given(arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 9)), elements=st.floats(-4, 4, width=32)))
def test_any_members_have_a_place(vectors: Any) -> None:
    before = vectors.copy()
    found = plane(vectors)
    assert np.isfinite(found.points).all()
    assert np.abs(found.points).max() <= 1.0
    assert -1.0 <= found.kept <= 1.0 + 1e-9
    np.testing.assert_array_equal(vectors, before)
    np.testing.assert_array_equal(plane(vectors).points, found.points)


def test_thousands_of_members() -> None:
    rng = np.random.default_rng(3)
    places = rng.uniform(-1, 1, size=(3000, 2))
    vectors = places @ rng.normal(size=(2, 64)) + 0.01 * rng.normal(size=(3000, 64))
    found = plane(vectors)
    assert found.points.shape == (3000, 2)
    assert found.kept > 0.99
