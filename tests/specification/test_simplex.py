"""The quadratic programme of weights."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnware.errors import SpecificationError
from learnware.specification import rkme_solve_qp, solve_simplex_qp
from learnware.specification._simplex import simplex_weights


def gram_and_target(seed: int, n: int, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points, rows = rng.normal(size=(n, d)), rng.normal(size=(50, d))
    kernel = lambda A, B: np.exp(-0.1 * ((A[:, None] - B[None]) ** 2).sum(axis=2))  # noqa: E731
    return kernel(points, points), kernel(points, rows).mean(axis=1)


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_optimality_conditions(seed: int, n: int) -> None:
    K, c = gram_and_target(seed, n)
    b = solve_simplex_qp(K, c)
    assert b.shape == (n,)
    assert (b >= 0).all()
    assert b.sum() == pytest.approx(1.0, abs=1e-12)
    gradient = K @ b - c
    level = gradient @ b
    # Equal on the support, not lower outside of it.
    assert np.abs(gradient[b > 0] - level).max() < 1e-9
    assert gradient.min() > level - 1e-9


# The first call imports LAPACK.
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_where_it_begins_does_not_matter(seed: int, n: int) -> None:
    K, c = gram_and_target(seed, n)
    rng = np.random.default_rng(seed)
    few = np.where(rng.random(n) < 0.2, rng.random(n), 0.0)
    few[rng.integers(n)] += 0.5
    for start in (np.eye(n)[rng.integers(n)], np.full(n, 1.0 / n), few / few.sum()):
        b = simplex_weights(K.copy(), c, start)
        assert (b >= 0).all()
        assert b.sum() == pytest.approx(1.0, abs=1e-12)
        gradient = K @ b - c
        level = gradient @ b
        assert np.abs(gradient[b > 0] - level).max() < 1e-9
        assert gradient.min() > level - 1e-9


def test_unconstrained_optimum_inside_the_simplex_is_kept() -> None:
    rng = np.random.default_rng(0)
    K, _ = gram_and_target(1, 4)
    truth = rng.dirichlet(np.ones(4))
    np.testing.assert_allclose(solve_simplex_qp(K, K @ truth), truth, rtol=1e-9)


def test_equal_points_share_their_weight() -> None:
    K = np.ones((3, 3))
    b = solve_simplex_qp(K, np.ones(3))
    assert (b >= 0).all()
    assert b.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [1e-320, 1e-9, 1e300])
def test_the_scale_of_the_problem_does_not_matter(scale: float) -> None:
    K, c = gram_and_target(3, 5)
    np.testing.assert_allclose(solve_simplex_qp(scale * K, scale * c), solve_simplex_qp(K, c), atol=1e-3)


def test_products_that_are_all_zero_decide_nothing() -> None:
    np.testing.assert_array_equal(solve_simplex_qp(np.zeros((2, 2)), np.zeros(2)), [0.5, 0.5])
    np.testing.assert_array_equal(solve_simplex_qp(np.zeros((3, 3)), [1.0, 3.0, 2.0]), [0.0, 1.0, 0.0])


@given(st.integers(0, 10_000), st.integers(2, 15))
def test_products_of_single_precision(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    points[rng.integers(n, size=n // 2)] = points[0]
    K = np.exp(-0.1 * ((points[:, None] - points) ** 2).sum(axis=2))
    c = K @ rng.dirichlet(np.ones(n))
    rounded = K + rng.uniform(-1e-7, 1e-7, size=(n, n))
    b = solve_simplex_qp(rounded, c + rng.uniform(-1e-7, 1e-7, size=n))
    assert (b >= 0).all()
    assert b.sum() == pytest.approx(1.0, abs=1e-12)
    # As good as rounding allows, whatever the sign of the lowest eigenvalue.
    best = solve_simplex_qp(K, c)
    assert b @ K @ b - 2 * c @ b < best @ K @ best - 2 * c @ best + 5e-6


def test_what_are_no_inner_products_is_refused() -> None:
    for K in ([[0.0, 1.0], [1.0, 0.0]], [[-1.0]]):
        with pytest.raises(SpecificationError, match="positive semidefinite"):
            solve_simplex_qp(K, np.zeros(len(K)))


@pytest.mark.parametrize(
    ("K", "c"), [([[1.0]], [1.0, 2.0]), ([[1.0, np.nan], [np.nan, 1.0]], [0.0, 0.0]), (np.empty((0, 0)), [])]
)
def test_bad_input_is_refused(K: object, c: object) -> None:
    with pytest.raises(SpecificationError):
        solve_simplex_qp(K, c)  # type: ignore[arg-type]


def test_published_mixture_weights(published_tables) -> None:
    expected = json.loads((published_tables / "expected.json").read_text())
    for case in expected.values():
        user = case["user"]
        weight, objective = rkme_solve_qp(case["inner_prod"], user["inner_prod"])
        np.testing.assert_allclose(weight, user["mixture_weight"], rtol=1e-6)
        assert objective + user["self"] == pytest.approx(user["mixture_mmd2"], rel=1e-6)
        row, _ = rkme_solve_qp(np.array(case["inner_prod"]), np.array([user["inner_prod"]]))
        np.testing.assert_array_equal(row, weight)
