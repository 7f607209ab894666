"""Which kernel a table is described under."""

from __future__ import annotations

import numpy as np
import pytest

from learnware.specification import generate_rkme_table_spec


@pytest.fixture
def rows() -> np.ndarray:
    rng = np.random.default_rng(2)
    X = np.vstack([rng.normal(size=(300, 4)), rng.normal(size=(300, 4)) + 3.0 * np.eye(4)[0]])
    return (X - X.mean(axis=0)) / X.std(axis=0)


def scaled_mmd2(X: np.ndarray, z: np.ndarray, beta: np.ndarray, scale: np.ndarray, gamma: float) -> float:
    def kernel(A: np.ndarray, B: np.ndarray) -> np.ndarray:
        return np.exp(-gamma * (((A[:, None] - B[None]) / scale) ** 2).sum(axis=2))

    return float(kernel(X, X).mean() - 2.0 * (kernel(z, X).mean(axis=1) @ beta) + beta @ kernel(z, z) @ beta)


def test_ordinary_columns_keep_the_kernel_of_the_file(rows: np.ndarray) -> None:
    report = generate_rkme_table_spec(rows).report
    assert report.kernel_scale is None
    assert report.kernel_gamma == 0.1


@pytest.mark.parametrize(
    "factor", [np.full(4, 1000.0), np.full(4, 1e-4), np.array([1.0, 1e6, 1.0, 1e-3]), np.full(4, 1e20)]
)
def test_degenerate_columns_are_scaled_and_points_stay_raw(rows: np.ndarray, factor: np.ndarray) -> None:
    X = rows * factor
    spec = generate_rkme_table_spec(X, reduced_set_size=40)
    report = spec.report
    assert spec.gamma == 0.1
    assert np.isfinite(spec.get_z()).all()
    scale = np.array(report.kernel_scale)
    np.testing.assert_allclose(scale, factor, rtol=0.5)
    assert 0.1 < report.mean_kernel < 0.9
    # The points lie among the rows, column by column.
    np.testing.assert_allclose(spec.get_beta() @ spec.get_z() / factor, X.mean(axis=0) / factor, atol=0.1)
    np.testing.assert_allclose(spec.get_z().std(axis=0) / factor, 1.0, rtol=0.4)
    truth = scaled_mmd2(X, spec.get_z(), spec.get_beta(), scale, report.kernel_gamma)
    assert report.mmd2 == pytest.approx(truth, rel=1e-3)
    random = np.random.default_rng(0).choice(len(X), 40, replace=False)
    assert truth < 0.1 * scaled_mmd2(X, X[random], np.full(40, 1 / 40), scale, report.kernel_gamma)


def test_one_huge_value_does_not_spoil_the_rest(rows: np.ndarray) -> None:
    rows[7, 2] = 1e20
    spec = generate_rkme_table_spec(rows, reduced_set_size=40)
    assert spec.report.limited == 1
    assert np.isfinite(spec.inner_prod(spec))
    np.testing.assert_allclose(np.median(spec.get_z()[:, [0, 1, 3]], axis=0), 0.0, atol=0.7)


def test_a_sentinel_value_keeps_its_own_points(rows: np.ndarray) -> None:
    rows[:200, 3] = -9999.0
    spec = generate_rkme_table_spec(rows, reduced_set_size=40)
    far = spec.get_z()[:, 3] < -9000
    assert spec.get_beta()[far].sum() == pytest.approx(1 / 3, abs=0.05)


def test_constant_columns_stay_constant(rows: np.ndarray) -> None:
    rows[:, 1] = 42.0
    spec = generate_rkme_table_spec(rows)
    np.testing.assert_allclose(spec.get_z()[:, 1], 42.0)
    rows[:, 0] *= 1e5
    np.testing.assert_allclose(generate_rkme_table_spec(rows).get_z()[:, 1], 42.0)


@pytest.mark.parametrize("value", [0.0, 1.0, -1e9, 1e100])
def test_a_table_of_one_value(value: float) -> None:
    spec = generate_rkme_table_spec(np.full((50, 2), value))
    np.testing.assert_array_equal(spec.get_z(), [[value, value]])
    np.testing.assert_array_equal(spec.get_beta(), [1.0])
    assert spec.report.mmd2 == 0.0


def test_a_column_with_few_finite_values(monkeypatch: pytest.MonkeyPatch) -> None:
    # So few that the sample may miss all of them.
    monkeypatch.setattr("learnware.specification._generate._SAMPLE_ROWS", 50)
    X = np.random.default_rng(0).normal(size=(5000, 2))
    X[:, 1] = np.nan
    X[17, 1] = 3.0
    spec = generate_rkme_table_spec(X)
    np.testing.assert_allclose(spec.get_z()[:, 1], 3.0)
    assert spec.report.missing == 4999


def test_few_points_need_a_wide_kernel() -> None:
    # Nine points cannot stand for 48 rows that are nearly orthogonal to each other; a hundred of 1000 such rows can.
    X = np.random.default_rng(0).normal(size=(1000, 25))
    few = generate_rkme_table_spec(X[:48])
    many = generate_rkme_table_spec(X)
    assert few.report.kernel_scale is not None
    assert many.report.kernel_scale is None
    assert few.report.mmd2 < 0.1 * few.report.mean_kernel
