"""The kernel of an island."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification import RKMETableSpecification
from learnware.specification._metric import KernelMetric


def spec(rng, columns=3, points=6, scale=1.0, shift=0.0):
    z = (rng.normal(size=(points, columns)) * scale + shift).tolist()
    return RKMETableSpecification.from_states(
        {"z": z, "beta": rng.dirichlet(np.ones(points)).tolist(), "gamma": 0.1, "num_points": 100}
    )


def test_scale_is_the_spread_within_specifications_not_between_them():
    rng = np.random.default_rng(0)
    specs = [spec(rng, points=400, scale=(1.0, 10.0, 0.1), shift=100.0 * i) for i in range(20)]
    np.testing.assert_allclose(KernelMetric.estimate(specs).scale, [1.0, 10.0, 0.1], rtol=0.05)


def test_one_absurd_specification_does_not_blind_the_island():
    rng = np.random.default_rng(1)
    specs = [spec(rng, points=100) for _ in range(20)]
    honest = KernelMetric.estimate(specs).scale
    robust = KernelMetric.estimate([*specs, spec(rng, scale=1e9)]).scale
    assert (robust < 2.0 * honest).all()


def test_a_feature_that_is_constant_within_all_specifications_is_measured_between_them():
    specs = []
    for value in (0.0, 1.0, 2.0, 3.0):
        specs.append(
            RKMETableSpecification.from_states(
                {"z": [[value, 0.0], [value, 1.0]], "beta": [0.5, 0.5], "gamma": 0.1, "num_points": 10}
            )
        )
    metric = KernelMetric.estimate(specs)
    assert 0.5 < metric.scale[0] < 3.0
    # And one that never varies at all has a scale that divides.
    same = [spec(np.random.default_rng(2), columns=1, scale=0.0, shift=7.0)]
    assert KernelMetric.estimate(same).scale.tolist() == [1.0]


def test_order_of_specifications_gives_equal_bytes():
    rng = np.random.default_rng(3)
    specs = [spec(rng) for _ in range(17)]
    states = KernelMetric.estimate(specs).to_states()
    assert KernelMetric.estimate(specs[::-1]).to_states() == states
    assert KernelMetric.from_states(states).to_states() == states


def test_kernel_is_the_weighted_sum_of_two_gaussians():
    rng = np.random.default_rng(4)
    A, B, scale = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)), np.array([1.0, 2.0, 0.5])
    squared = (((A[:, None] - B[None]) / scale) ** 2).sum(axis=2)
    metric = KernelMetric(scale)
    share = metric.broad_share
    assert 0.5 < share < 1.0
    expected = share * np.exp(-metric.broad_gamma * squared) + (1 - share) * np.exp(-metric.narrow_gamma * squared)
    np.testing.assert_allclose(metric.kernel(A, B), expected, rtol=1e-12)


def test_where_means_tell_most_the_broad_gaussian_is_alone():
    rng = np.random.default_rng(5)
    A, B, scale = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)), np.array([1.0, 2.0, 0.5])
    squared = (((A[:, None] - B[None]) / scale) ** 2).sum(axis=2)
    metric = KernelMetric(scale, of_means=True)
    assert metric.broad_gamma < KernelMetric(scale).broad_gamma
    np.testing.assert_allclose(metric.kernel(A, B), np.exp(-metric.broad_gamma * squared), rtol=1e-12)
    assert KernelMetric.from_states(metric.to_states()).of_means


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.floats(-6, 6))
def test_squared_mmd_is_a_metric_and_ignores_units(seed, columns, exponent):
    rng = np.random.default_rng(seed)
    P, Q = spec(rng, columns), spec(rng, columns, shift=0.5)
    metric = KernelMetric.estimate([P, Q])
    distance = metric.mmd2(P, Q)
    assert metric.mmd2(P, P) == pytest.approx(0.0, abs=1e-12)
    assert distance == pytest.approx(metric.mmd2(Q, P), abs=1e-12)
    assert distance >= 0.0
    assert metric.inner_product(P, Q) ** 2 <= metric.inner_product(P, P) * metric.inner_product(Q, Q) * (1 + 1e-12)
    factor = 10.0**exponent
    for one in (P, Q):
        one.z = one.get_z() * factor
    assert KernelMetric.estimate([P, Q]).mmd2(P, Q) == pytest.approx(distance, rel=1e-6, abs=1e-9)


def test_what_has_no_metric():
    rng = np.random.default_rng(5)
    with pytest.raises(SpecificationError, match="received none"):
        KernelMetric.estimate([])
    with pytest.raises(IncompatibleSpecificationError, match=r"\[2, 3\] features"):
        KernelMetric.estimate([spec(rng, 2), spec(rng, 3)])
