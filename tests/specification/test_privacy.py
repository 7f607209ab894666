"""What a reduced set gives away of single rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnware.specification import (
    generate_rkme_image_feature_spec,
    generate_rkme_image_spec,
    generate_rkme_table_spec,
    generate_rkme_text_spec,
)
from learnware.specification._image_reduction import _off_the_images
from learnware.specification._privacy import RowGuard, rows_behind


def on_rows(points: np.ndarray, X: np.ndarray) -> int:
    return int((points[:, None, :] == X[None, :, :]).all(axis=2).any(axis=1).sum())


@pytest.mark.parametrize(("n", "K"), [(1, 1), (4, 1), (5, 1), (9, 1), (10, 2), (250, 50), (2000, 100)])
def test_five_rows_to_a_point_on_average(n: int, K: int) -> None:
    X = np.random.default_rng(0).normal(size=(n, 12))
    spec = generate_rkme_table_spec(X)
    assert 1 <= len(spec.get_z()) <= K
    assert spec.report.rows_per_point >= min(n, 5)
    assert on_rows(spec.get_z(), X) == 0


def test_the_floor_can_be_moved_and_switched_off() -> None:
    X = np.random.default_rng(0).normal(size=(60, 8))
    assert len(generate_rkme_table_spec(X, privacy_floor=20).get_z()) <= 3
    for off in (0, None):
        spec = generate_rkme_table_spec(X, privacy_floor=off)
        assert len(spec.get_z()) > 12
        assert spec.report.privacy_floor == 0


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 4), st.sampled_from(["continuous", "grid", "tails"]))
def test_no_point_is_a_row_of_few(seed: int, n: int, d: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    X = {
        "continuous": lambda: rng.normal(size=(n, d)),
        "grid": lambda: rng.integers(0, 3, size=(n, d)).astype(float),
        "tails": lambda: rng.standard_cauchy((n, d)) * 100.0,
    }[kind]()
    spec = generate_rkme_table_spec(X)
    distinct, counts = np.unique(X, axis=0, return_counts=True)
    assert on_rows(spec.get_z(), distinct[counts < 5]) == 0
    if spec.report.nearest_row is not None:
        assert spec.report.nearest_row > 0.0


def test_a_lonely_row_is_not_published() -> None:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(200, 2)), [[80.0, 80.0]]])
    spec = generate_rkme_table_spec(X, reduced_set_size=40)
    assert np.linalg.norm(spec.get_z() - X[-1], axis=1).min() > 40.0
    open_spec = generate_rkme_table_spec(X, reduced_set_size=40, privacy_floor=None)
    assert np.linalg.norm(open_spec.get_z() - X[-1], axis=1).min() < 1.0


def test_a_value_of_many_rows_may_be_a_point() -> None:
    X = np.repeat([[0.0, 1.0], [3.0, -1.0]], 30, axis=0)
    spec = generate_rkme_table_spec(X)
    np.testing.assert_allclose(spec.get_z()[np.argsort(spec.get_z()[:, 0])], [[0.0, 1.0], [3.0, -1.0]], atol=1e-3)
    np.testing.assert_allclose(spec.get_beta(), 0.5, atol=1e-3)
    assert spec.report.dropped_points == 0
    assert spec.report.nearest_row is None


def test_a_single_row_is_shifted() -> None:
    X = np.array([[5.0, 1e20, -3.0]])
    spec = generate_rkme_table_spec(X)
    assert spec.report.fewest_rows == pytest.approx(1.0)
    assert (spec.get_z() != X).any()
    np.testing.assert_array_equal(generate_rkme_table_spec(X, privacy_floor=None).get_z(), X)


def test_points_on_rows_and_points_of_one_row_are_left_out() -> None:
    rows = np.array([[0.0], [1.0], [3.0], [10.0], [10.4]])
    guard = RowGuard(rows, 5)
    points = np.array([[0.01], [2.0], [10.2], [30.0]])
    rng = np.random.default_rng(0)
    safe = guard.safe_points(points, np.full(4, 0.25), rng)
    np.testing.assert_array_equal(safe, [[2.0], [10.2]])
    # Where all are, the mean of the rows is what is left.
    np.testing.assert_array_equal(guard.safe_points(rows, np.full(5, 0.2), rng), [[rows.mean()]])


def test_an_outlier_cannot_be_computed_from_the_points() -> None:
    rng = np.random.default_rng(1)
    X = np.vstack([rng.normal(50_000, 9_000, size=(600, 1)), [[50_000_000.0]]])
    spec = generate_rkme_table_spec(X)
    z = spec.get_z()[:, 0]
    assert z.max() < 200_000
    pairs = 2.0 * z[:, None] - X[:, 0][None]
    assert np.abs(pairs - 50_000_000.0).min() > 1e6
    assert spec.report.fewest_rows > 1.1


def test_rows_behind_a_lonely_point_are_one() -> None:
    rows = np.vstack([np.random.default_rng(0).normal(size=(100, 2)), [[90.0, 90.0]]])
    points = np.array([[0.0, 0.0], [45.0, 45.5]])
    np.testing.assert_allclose(rows_behind(rows, points, np.array([0.99, 0.01])), [100.0, 1.0], rtol=1e-6)


def test_report_measures_what_it_says() -> None:
    X = np.random.default_rng(0).normal(size=(300, 3))
    report = (spec := generate_rkme_table_spec(X, reduced_set_size=10)).report
    assert report.rows_per_point == 300 / len(spec.get_z())
    apart = np.linalg.norm(X[:, None] - X[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    to_rows = np.linalg.norm(spec.get_z()[:, None] - X[None], axis=2)
    nearest = to_rows.argmin(axis=1)
    relative = to_rows.min(axis=1) / apart.min(axis=1)[nearest]
    assert report.nearest_row == pytest.approx(relative.min())
    shares = spec.get_beta()[:, None] * np.exp(-0.1 * to_rows**2)
    shares /= shares.sum(axis=0)
    assert report.fewest_rows == pytest.approx((shares.sum(axis=1) ** 2 / (shares**2).sum(axis=1)).min())
    assert report.privacy_rows == 300


def test_a_column_of_one_value_but_for_a_row_is_exactly_constant() -> None:
    X = np.random.default_rng(0).normal(size=(400, 3))
    X[:, 1] = 0.0
    X[7, 1] = 16.0
    assert (generate_rkme_table_spec(X).get_z()[:, 1] == 0.0).all()


WORDS = np.array([f"{a}{b}" for a in ("stone", "river", "window", "garden", "letter") for b in "abcdefgh"])


def some_texts(rng: np.random.Generator, n: int) -> list[str]:
    """Sentences of the first words, and one that shares none with them."""
    sentences = [" ".join(rng.choice(WORDS[:24], 10)) for _ in range(n - 1)]
    return [*sentences, " ".join(WORDS[24:])]


def some_images(rng: np.random.Generator, n: int) -> np.ndarray:
    """Smooth images, and one of a sharp edge."""
    waves = np.sin(np.linspace(0, 3, 32)[:, None] * np.linspace(0, 2, 32) + np.arange(6)[:, None, None])
    images = np.tensordot(rng.normal(size=(n, 6)), waves, 1)[:, None] + 0.2 * rng.normal(size=(n, 1, 32, 32))
    images[-1] = np.where(np.arange(32) < 16, -1.0, 1.0)
    return images


KINDS = {"text": (some_texts, generate_rkme_text_spec), "image": (some_images, generate_rkme_image_feature_spec)}


def cells(rows: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that each point is the nearest of, and its distance to its nearest row in units of that row's own."""
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    to_rows = np.linalg.norm(points[:, None] - rows[None], axis=2)
    counts = np.bincount(to_rows.argmin(axis=0), minlength=len(points))
    return counts, to_rows.min(axis=1) / apart.min(axis=1)[to_rows.argmin(axis=1)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moved", [0.0, 0.1, 0.4])
def test_a_point_of_one_text_or_image_is_found(kind: str, moved: float) -> None:
    make, generate = KINDS[kind]
    rng = np.random.default_rng(3)
    X = make(rng, 120)
    spec = generate(X, reduced_set_size=10)
    rows = spec.to_points(X)
    # Means of rows stand for no row alone; a row, or what is moved off it a little, does.
    means = rows[:119].reshape(7, 17, -1).mean(axis=1)
    step = rng.normal(size=rows.shape[1])
    nearest = np.linalg.norm(rows[:-1] - rows[-1], axis=1).min()
    planted = rows[-1] + moved * nearest * step / np.linalg.norm(step)
    points, weights = np.vstack([means[:3], planted, means[3:]]), np.full(8, 1 / 8)
    guard = RowGuard(rows, 5, cells=True)
    behind = guard.behind(points, weights)
    assert behind.argmin() == 3
    assert behind[3] == 1.0
    assert np.delete(behind, 3).min() >= 2.0
    np.testing.assert_array_equal(guard.safe_points(points, weights, rng), means)
    # The shares of a kernel as flat as that of the file say nothing of it.
    assert rows_behind(rows * np.sqrt(2 * spec.gamma), points * np.sqrt(2 * spec.gamma), weights).min() > 50


@pytest.mark.parametrize("moved", [0.0, 0.1, 0.4])
def test_a_point_of_one_row_is_found(moved: float) -> None:
    rng = np.random.default_rng(5)
    rows = np.vstack([rng.normal(size=(119, 2)), [[40.0, 40.0]]])
    points = np.array([[-1.0, 0.0], [40.0, 40.0 - 50.0 * moved], [1.0, 0.0]])
    guard, weights = RowGuard(rows, 5), np.array([0.5, 0.01, 0.49])
    behind = guard.behind(points, weights)
    assert behind[1] == pytest.approx(1.0)
    assert behind[[0, 2]].min() > 20
    np.testing.assert_array_equal(guard.safe_points(points, weights, rng), points[[0, 2]])


@pytest.mark.parametrize("kind", KINDS)
def test_no_point_stands_for_one_text_or_image(kind: str) -> None:
    make, generate = KINDS[kind]
    X = make(np.random.default_rng(4), 150)
    spec = generate(X, reduced_set_size=30)
    counts, relative = cells(spec.to_points(X), spec.get_z())
    assert ((counts > 1) | (relative >= 0.5)).all()
    assert spec.report.fewest_rows == np.maximum(counts, np.where(relative < 0.5, 1, 2)).min() >= 2.0
    assert spec.report.nearest_row == pytest.approx(relative.min(), rel=1e-3)
    assert generate(X[:1]).report.fewest_rows == 1.0
    # Without the floor, and with a point for each, the points are the texts or images, and the report says so.
    bare = generate(X, reduced_set_size=150, privacy_floor=None, reduce=False)
    assert bare.report.fewest_rows == 1.0
    assert bare.report.nearest_row < 0.05


def test_no_point_of_images_is_one_of_them() -> None:
    X = some_images(np.random.default_rng(6), 40)
    bare = generate_rkme_image_spec(X, reduced_set_size=40, steps=0, privacy_floor=None)
    assert bare.report.fewest_rows == 1.0
    assert bare.report.nearest_row < 1e-3
    guarded = generate_rkme_image_spec(X, reduced_set_size=8, steps=0)
    assert guarded.report.fewest_rows >= 2.0
    assert guarded.report.nearest_row > 0.05
    images = X.astype(np.float32)
    rng = np.random.default_rng(7)
    apart = np.linalg.norm((images[:-1] - images[-1]).reshape(39, -1), axis=1).min()
    step = rng.normal(size=images.shape[1:])
    planted = images[-1] + 0.4 * apart * step / np.linalg.norm(step)
    means = images[:36].reshape(4, 9, *images.shape[1:]).mean(axis=1)
    np.testing.assert_array_equal(_off_the_images(np.vstack([means, planted[None]]), images, rng), means)
    # A single image is not published as it is.
    assert generate_rkme_image_spec(X[:1], steps=0).report.fewest_rows == 1.0
    assert not np.allclose(_off_the_images(images[:1].astype(float), images[:1], rng), images[:1], atol=0.01)
