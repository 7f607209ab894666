"""The solver: its gradient, and that what it finds is good."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnware.specification import generate_rkme_table_spec
from learnware.specification._gaussian import gaussian_inner_product
from learnware.specification._reduction import KernelMean, minimise, self_product, start_points, workers


def clusters(n: int, d: int, seed: int = 0, within: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(6, d))
    X = centres[rng.integers(6, size=n)] + within * rng.normal(size=(n, d))
    return (X - X.mean(axis=0)) / X.std(axis=0)


def squared_mmd(X: np.ndarray, z: np.ndarray, beta: np.ndarray, gamma: float = 0.1) -> float:
    share = np.full(len(X), 1.0 / len(X))
    return (
        gaussian_inner_product(X, share, X, share, gamma)
        - 2.0 * gaussian_inner_product(X, share, z, beta, gamma)
        + gaussian_inner_product(z, beta, z, beta, gamma)
    )


@pytest.fixture
def parallel_map():
    with workers() as parallel_map:
        yield parallel_map


def test_gradient_is_that_of_finite_differences(parallel_map) -> None:
    # The published package drops a factor 2 of the first term: its cosine to finite differences is about 0.5.
    rng = np.random.default_rng(3)
    mean = KernelMean(clusters(300, 4), False, parallel_map)
    Z, b = rng.normal(size=(7, 4)), rng.dirichlet(np.ones(7))
    _, gradient_Z, gradient_b = mean.objective(Z, b)
    step = 1e-5

    def difference(dZ: np.ndarray, db: np.ndarray) -> float:
        return (mean.objective(Z + dZ, b + db)[0] - mean.objective(Z - dZ, b - db)[0]) / (2 * step)

    numeric_Z = np.array(
        [[difference(step * np.outer(np.eye(7)[i], np.eye(4)[j]), np.zeros(7)) for j in range(4)] for i in range(7)]
    )
    numeric_b = np.array([difference(np.zeros((7, 4)), step * np.eye(7)[i]) for i in range(7)])
    np.testing.assert_allclose(gradient_Z, numeric_Z, atol=1e-9)
    np.testing.assert_allclose(gradient_b, numeric_b, atol=1e-9)


def test_single_precision_agrees_with_double(parallel_map) -> None:
    rows = clusters(3000, 12)
    Z = rows[:20] * 0.9
    for one, other in zip(
        KernelMean(rows, True, parallel_map)(Z), KernelMean(rows, False, parallel_map)(Z), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_self_product_is_the_mean_of_all_pairs(parallel_map) -> None:
    rows = clusters(2500, 3)
    share = np.full(len(rows), 1.0 / len(rows))
    assert self_product(rows, False, parallel_map) == pytest.approx(
        gaussian_inner_product(rows, share, rows, share, 0.5), rel=1e-12
    )


@settings(max_examples=20)
@given(
    st.integers(0, 1000),
    st.integers(5, 200),
    st.integers(1, 6),
    st.integers(1, 12),
    st.sampled_from([0.01, 0.3, 1.0, 30.0]),
)
def test_search_is_never_worse_than_its_start(seed: int, n: int, d: int, K: int, scale: float) -> None:
    rows = clusters(n, d, seed=seed) * scale
    with workers() as parallel_map:
        mean = KernelMean(rows, False, parallel_map)
        Z, b = start_points(rows, K, np.random.default_rng(seed))
        assert b.sum() == pytest.approx(1.0)
        own = self_product(rows, False, parallel_map)
        better_Z, better_b = minimise(mean, Z, b, own, 30, 0.001, lambda: None)
        assert (better_b > 0).all()
        assert better_b.sum() == pytest.approx(1.0)
        assert mean.objective(better_Z, better_b)[0] <= mean.objective(Z, b)[0] + 1e-12


def test_start_has_no_more_points_than_distinct_rows() -> None:
    rows = np.repeat(np.arange(12.0).reshape(4, 3), 5, axis=0)
    Z, b = start_points(rows, 50, np.random.default_rng(0))
    assert len(Z) == 4
    np.testing.assert_allclose(b, 0.25)


@pytest.mark.parametrize(("n", "d"), [(500, 3), (1000, 10), (3000, 20), (2000, 50)])
def test_far_better_than_random_rows(n: int, d: int) -> None:
    # The published package loses to random rows at 50 columns.
    X = clusters(n, d)
    spec = generate_rkme_table_spec(X, reduced_set_size=100)
    rng = np.random.default_rng(1)
    random = np.mean([squared_mmd(X, X[rng.choice(n, 100, replace=False)], np.full(100, 0.01)) for _ in range(3)])
    assert squared_mmd(X, spec.get_z(), spec.get_beta()) < 0.75 * random


@pytest.mark.parametrize("tails", ["cauchy", "lognormal"])
def test_heavy_tails_do_not_use_up_the_points(tails: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_cauchy((1500, 4)) if tails == "cauchy" else np.exp(3.0 * rng.normal(size=(1500, 4)))
    spec = generate_rkme_table_spec(X)
    assert spec.report.kernel_scale is None
    random = squared_mmd(X, X[rng.choice(len(X), 100, replace=False)], np.full(100, 0.01))
    assert squared_mmd(X, spec.get_z(), spec.get_beta()) < 0.7 * random


def test_best_quality_fits_closer() -> None:
    X = clusters(1500, 8)
    assert generate_rkme_table_spec(X, quality="best").report.mmd2 < generate_rkme_table_spec(X).report.mmd2


def test_signed_weights_fit_closer_and_reduce_false_keeps_the_start() -> None:
    X = clusters(800, 5)
    simplex = generate_rkme_table_spec(X, reduced_set_size=30, reduce=False)
    signed = generate_rkme_table_spec(X, reduced_set_size=30, reduce=False, nonnegative_beta=False)
    searched = generate_rkme_table_spec(X, reduced_set_size=30)
    assert simplex.get_beta().min() >= 0
    assert simplex.get_beta().sum() == pytest.approx(1.0)
    assert squared_mmd(X, signed.get_z(), signed.get_beta()) < squared_mmd(X, simplex.get_z(), simplex.get_beta())
    assert searched.report.mmd2 < simplex.report.mmd2


@pytest.mark.parametrize("n", [300, 18_000])
def test_reported_fit_is_the_true_one(n: int) -> None:
    X = clusters(n, 6)
    spec = generate_rkme_table_spec(X, reduced_set_size=15)
    with workers() as parallel_map:
        # In kernel units gamma = 1/2.
        own = self_product(X * np.sqrt(0.2), False, parallel_map)
    z, beta = spec.get_z(), spec.get_beta()
    share = np.full(n, 1.0 / n)
    truth = own - 2.0 * gaussian_inner_product(X, share, z, beta, 0.1) + spec.inner_prod(spec)
    # The rows' own product is estimated where there are many.
    assert spec.report.mmd2 == pytest.approx(truth, rel=0.1 if n > 300 else 1e-3)
    assert (spec.report.mmd2_rows == n) == (n == 300)
