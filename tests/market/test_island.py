"""The index of an island against brute force, and mixtures that were planted."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnware.market._island import IslandIndex, embed
from learnware.market._mixture import Gram, Support, fit_mixture, open_weights
from learnware.specification import RKMETableSpecification
from learnware.specification._metric import KernelMetric


def weighted_points(z, beta=None, rows=2000):
    beta = np.full(len(z), 1.0 / len(z)) if beta is None else beta
    return RKMETableSpecification.from_states(
        {"z": np.asarray(z).tolist(), "beta": beta.tolist(), "gamma": 0.1, "num_points": rows}
    )


def cloud(rng, columns, points=20, spread=1.5):
    """Three blobs around centres of their own."""
    centres = spread * rng.normal(size=(3, columns))
    return centres[rng.integers(3, size=points)] + 0.5 * rng.normal(size=(points, columns))


class Island:
    """An index over specifications in memory."""

    def __init__(self, specs):
        self.specs = {f"{number:08d}": spec for number, spec in enumerate(specs)}
        name = specs[0].space
        self.metric = KernelMetric.estimate(specs)
        embeddings = [embed(self.metric, name, spec) for spec in specs]
        self.index = IslandIndex(
            name,
            self.metric,
            list(self.specs),
            np.stack([one.vector for one in embeddings]),
            np.array([one.self_product for one in embeddings]),
            lambda ids: [self.specs[one] for one in ids],
        )

    def ranking(self, query, allowed=None):
        """Return all ids by exact squared MMD."""
        ids = [one for one in self.specs if allowed is None or one in allowed]
        return sorted(ids, key=lambda one: (self.metric.mmd2(query, self.specs[one]), one))


@pytest.fixture(scope="module")
def large():
    rng = np.random.default_rng(0)
    return Island([weighted_points(cloud(rng, 10)) for _ in range(600)])


def drawn(specs, shares, rng, rows=1000):
    """Rows of a mixture: points of the parts, with a little noise, as a specification with one point a row."""
    parts = [
        spec.get_z()[rng.integers(len(spec.get_z()), size=round(rows * share))]
        for spec, share in zip(specs, shares, strict=True)
    ]
    z = np.concatenate(parts)
    return weighted_points(z + 0.1 * rng.normal(size=z.shape))


def test_random_features_approximate_inner_products(large):
    metric, index = large.metric, large.index
    P, Q = large.specs["00000001"], large.specs["00000002"]
    product = float(embed(metric, index.name, P).vector @ embed(metric, index.name, Q).vector)
    assert product == pytest.approx(metric.inner_product(P, Q), abs=0.03)
    assert embed(metric, index.name, P).self_product == metric.inner_product(P, P)


def test_embeddings_are_equal_in_another_process(large):
    code = (
        "import numpy as np; from learnware.market._island import embed; "
        "from learnware.specification import RKMETableSpecification as S; "
        "from learnware.specification._metric import KernelMetric; "
        "s = S.from_states({'z': [[0.1, 2.0], [1.0, 0.5]], 'beta': [0.3, 0.7], 'gamma': 0.1, 'num_points': 9}); "
        "print(embed(KernelMetric(np.array([1.0, 3.0])), 'an island', s).vector.tobytes().hex())"
    )
    runs = {subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout for _ in range(2)}
    assert len(runs) == 1


def test_the_nearest_are_those_of_brute_force(large):
    rng = np.random.default_rng(1)
    for number in range(10):
        query = drawn([large.specs[f"{59 * number:08d}"]], [1.0], rng, rows=60)
        hits = large.index.single(query, top=10)
        assert [hit.learnware_id for hit in hits] == large.ranking(query)[:10]
        for hit in hits:
            assert hit.mmd2 == pytest.approx(large.metric.mmd2(query, large.specs[hit.learnware_id]), abs=1e-5)
            assert 0.0 <= hit.similarity <= 1.0
        assert hits[0].learnware_id == f"{59 * number:08d}"


def test_only_the_allowed_are_found(large):
    rng = np.random.default_rng(2)
    query = drawn([large.specs["00000007"]], [1.0], rng, rows=60)
    allowed = {f"{number:08d}" for number in range(100, 220)}
    assert [hit.learnware_id for hit in large.index.single(query, allowed, top=5)] == large.ranking(query, allowed)[:5]
    assert set(large.index.mixture(query, allowed).learnware_ids) <= allowed
    assert large.index.single(query, {"unknown"}) == []
    assert large.index.mixture(query, set()) is None


def test_the_same_specification_has_distance_zero(large):
    hit = large.index.single(large.specs["00000003"], top=1)[0]
    assert hit.learnware_id == "00000003"
    assert hit.mmd2 == pytest.approx(0.0, abs=1e-6)
    assert hit.similarity == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.6, 0.4), (1.0,)])
def test_planted_mixtures_are_recovered(large, shares):
    rng = np.random.default_rng(3)
    recovered = 0
    for _ in range(10):
        planted = rng.choice(600, size=len(shares), replace=False)
        ids = [f"{number:08d}" for number in planted]
        mixture = large.index.mixture(drawn([large.specs[one] for one in ids], shares, rng))
        recovered += set(mixture.learnware_ids) == set(ids)
        assert np.abs(np.sort(mixture.weights)[::-1][: len(shares)] - shares[: len(mixture.weights)]).max() < 0.1
        assert sum(mixture.weights) == pytest.approx(1.0)
        assert mixture.unexplained == pytest.approx(0.0, abs=0.05)
    assert recovered >= 9


def test_what_nothing_covers_is_told(large):
    rng = np.random.default_rng(4)
    alien = 8.0 + 0.3 * rng.normal(size=(100, 10))
    nothing = large.index.mixture(weighted_points(alien))
    assert nothing.unexplained > 0.95
    assert nothing.mmd2 > nothing.noise_floor
    half = np.concatenate([large.specs["00000005"].get_z()[rng.integers(20, size=100)], alien])
    assert large.index.mixture(weighted_points(half)).unexplained == pytest.approx(0.5, abs=0.1)


def test_no_more_parts_than_asked_for(large):
    rng = np.random.default_rng(5)
    query = drawn([large.specs[f"{number:08d}"] for number in (1, 50, 100, 150)], [0.25] * 4, rng)
    assert len(large.index.mixture(query, max_size=2).learnware_ids) <= 2
    assert len(large.index.mixture(query, max_size=1).learnware_ids) == 1


def test_values_of_absurd_size_are_compared(large):
    query = weighted_points(np.full((3, 10), 1e20))
    hits = large.index.single(query, top=3)
    assert all(np.isfinite([hit.mmd2, hit.similarity]).all() for hit in hits)
    assert large.index.mixture(query).unexplained > 0.95


@pytest.mark.parametrize("far", [1e4, 1e6, 1e12])
def test_a_learnware_in_other_units_does_not_blur_the_others(far):
    rng = np.random.default_rng(7)
    near = [weighted_points(cloud(rng, 4)) for _ in range(8)]
    island = Island([*near, weighted_points(far * cloud(rng, 4))])
    query = drawn(near[:1], [1.0], rng)
    mixture = island.index.mixture(query)
    assert mixture.learnware_ids[0] == "00000000"
    # What the mixture says of its own distance is what double precision says.
    exact = island.metric.mmd2(query, near[0])
    assert mixture.mmd2 == pytest.approx(exact, abs=1e-6) or mixture.mmd2 < exact
    assert mixture.unexplained < 0.05


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e8])
def test_learnwares_far_from_zero_are_told_apart(offset):
    rng = np.random.default_rng(8)
    clouds = [cloud(rng, 4) for _ in range(12)]
    here, there = Island([weighted_points(z) for z in clouds]), Island([weighted_points(z + offset) for z in clouds])
    for number in range(12):
        query = clouds[number] + 0.1 * rng.normal(size=clouds[number].shape)
        expected = here.index.single(weighted_points(query))
        hits = there.index.single(weighted_points(query + offset))
        assert [hit.learnware_id for hit in hits] == [hit.learnware_id for hit in expected]
        np.testing.assert_allclose([hit.mmd2 for hit in hits], [hit.mmd2 for hit in expected], atol=1e-5)
        vectors = [embed(one.metric, "an island", one.specs[hits[0].learnware_id]).vector for one in (here, there)]
        assert np.linalg.norm(vectors[0]) == pytest.approx(np.linalg.norm(vectors[1]), rel=1e-3)


def test_an_embedding_that_cancels_out_is_like_nothing(large):
    nothing = weighted_points(np.zeros((2, 10)), np.array([1.0, -1.0]))
    island = Island([*list(large.specs.values())[:5], nothing])
    hits = {hit.learnware_id: hit for hit in island.index.single(large.specs["00000001"])}
    assert hits["00000005"].similarity == 0.0
    assert hits["00000001"].similarity == pytest.approx(1.0)
    assert island.index.mixture(large.specs["00000001"]).learnware_ids == ("00000001",)


# The first search of a process imports LAPACK.
@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 25))
def test_small_islands_agree_with_brute_force(seed, columns, members):
    rng = np.random.default_rng(seed)
    island = Island([weighted_points(cloud(rng, columns, points=int(rng.integers(1, 9)))) for _ in range(members)])
    query = weighted_points(cloud(rng, columns, points=5))
    hits = island.index.single(query, top=members)
    assert sorted(hit.learnware_id for hit in hits) == sorted(island.specs)
    exact = [island.metric.mmd2(query, island.specs[hit.learnware_id]) for hit in hits]
    np.testing.assert_allclose([hit.mmd2 for hit in hits], exact, atol=1e-5)
    assert all(a <= b + 1e-5 for a, b in pairwise(exact))
    mixture = island.index.mixture(query)
    assert 1 <= len(mixture.weights) <= 5
    assert mixture.mmd2 <= hits[0].mmd2 + 0.5 * mixture.noise_floor + 1e-5


def test_a_part_that_only_follows_chance_is_dropped():
    # Two equal parts explain nothing that one does not.
    parts = np.array([[0.5, 0.5 - 1e-6], [0.5 - 1e-6, 0.5]])
    gram = Gram(parts, np.array([0.5, 0.5]), 0.5, errors=np.full(2, 1e-3), target_error=1e-3)
    assert len(fit_mixture(["a", "b"], gram, max_size=5).learnware_ids) == 1


def test_weights_may_stay_open():
    np.testing.assert_allclose(open_weights(np.array([[1.0]]), np.array([0.3])), [0.3])
    np.testing.assert_allclose(open_weights(np.eye(2), np.array([2.0, 2.0])), [0.5, 0.5])


def test_support_grows_from_few_candidates_at_a_time():
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(500, 40)).astype(np.float32)
    target = (0.5 * vectors[3] + 0.3 * vectors[77] + 0.2 * vectors[400]).astype(np.float32)
    support = Support(vectors, target)
    support.grow()
    assert support.heaviest(3) == [3, 77, 400]
    assert support.heaviest(1) == [3]
