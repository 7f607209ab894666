"""Tables of every kind as input, and what is refused."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from learnware.errors import SpecificationError
from learnware.specification import _tables as tables
from learnware.specification import generate_rkme_table_spec, generate_stat_spec


@pytest.fixture
def rows() -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.normal(size=(400, 3)).round(2)


def spec_bytes(X: object, **kwargs: object) -> str:
    return generate_rkme_table_spec(X, reduced_set_size=12, **kwargs).to_json()  # type: ignore[arg-type]


def chunks(X: np.ndarray, size: int):
    return (X[i : i + size] for i in range(0, len(X), size))


KINDS = {
    "fortran order": np.asfortranarray,
    "list of rows": lambda X: X.tolist(),
    "tuple of rows": lambda X: tuple(map(tuple, X.tolist())),
    "object array": lambda X: X.astype(object),
    "masked array": np.ma.masked_array,
    "strided view": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "pandas": lambda X: pd.DataFrame(X, columns=list("abc")),
    "pandas, arrow": lambda X: pd.DataFrame(X, columns=list("abc")).astype("double[pyarrow]"),
    "pandas, nullable": lambda X: pd.DataFrame(X, columns=list("abc")).astype("Float64"),
    "pandas, mixed": lambda X: pd.DataFrame({"a": X[:, 0], "b": X[:, 1].astype(object), "c": X[:, 2]}),
    "polars": lambda X: pl.DataFrame(X, schema=list("abc")),
    "pyarrow": lambda X: pa.table({name: X[:, j] for j, name in enumerate("abc")}),
    "pyarrow batch": lambda X: pa.record_batch({name: X[:, j] for j, name in enumerate("abc")}),
    "decimals": lambda X: [[decimal.Decimal(repr(float(value))) for value in row] for row in X],
    "arrays in chunks": lambda X: chunks(X, 37),
    "frames in chunks": lambda X: (pd.DataFrame(part) for part in chunks(X, 150)),
    "arrow reader": lambda X: pa.table({name: X[:, j] for j, name in enumerate("abc")}).to_reader(max_chunksize=90),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_gives_the_same_bytes(rows: np.ndarray, kind: str) -> None:
    assert spec_bytes(KINDS[kind](rows)) == spec_bytes(rows)


def test_single_precision_is_read_as_it_is(rows: np.ndarray) -> None:
    single = rows.astype(np.float32)
    assert spec_bytes(single) == spec_bytes(single.astype(np.float64)) == spec_bytes(pd.DataFrame(single))


@pytest.mark.torch
def test_torch_tensor(rows: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    assert spec_bytes(torch.tensor(rows, requires_grad=True)) == spec_bytes(rows)
    assert spec_bytes(torch.tensor(rows).to(torch.bfloat16)) == spec_bytes(
        torch.tensor(rows).to(torch.bfloat16).double().numpy()
    )
    assert spec_bytes(torch._neg_view(torch.tensor(-rows))) == spec_bytes(rows)
    assert spec_bytes(iter(torch.tensor(rows).split(7))) == spec_bytes(rows)
    assert spec_bytes(torch.tensor(rows).T.contiguous().T) == spec_bytes(rows)


@pytest.mark.torch
def test_tensors_without_values_to_read(rows: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(rows)
    loader = torch.utils.data.DataLoader(tensor, batch_size=9)
    for bad in (tensor.to_sparse(), tensor.to("meta"), list(tensor.clone().requires_grad_()), loader):
        with pytest.raises(SpecificationError):
            spec_bytes(bad)
    assert spec_bytes(iter(loader)) == spec_bytes(rows)


def test_whole_and_true_values_are_numbers() -> None:
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 5, size=(200, 2))
    assert spec_bytes(whole) == spec_bytes(whole.astype(float)) == spec_bytes(pd.DataFrame(whole).astype("Int64"))
    flags = whole > 2
    assert spec_bytes(flags) == spec_bytes(flags.astype(float)) == spec_bytes(pl.DataFrame(flags))
    gaps = [None if flag else bool(flag) for flag in flags[:, 0]]
    numbers = np.where(flags[:, :1], np.nan, 0.0)
    for table in (
        pl.DataFrame({"a": gaps}),
        pa.table({"a": gaps}),
        pd.DataFrame({"a": pd.array(gaps, dtype="boolean")}),
    ):
        assert spec_bytes(table) == spec_bytes(numbers)
    mixed = pd.DataFrame({"flag": flags[:, 0], "count": whole[:, 1], "part": rng.normal(size=200)})
    assert spec_bytes(mixed) == spec_bytes(mixed.to_numpy(dtype=float))


def test_chunks_of_other_columns_are_no_table() -> None:
    frames = [pd.DataFrame(np.eye(2), columns=names) for names in (["a", "b"], ["b", "a"])]
    with pytest.raises(SpecificationError, match=r"chunk 1 has the columns \['b', 'a'\]"):
        generate_rkme_table_spec(iter(frames))


def test_the_callers_data_is_untouched(rows: np.ndarray) -> None:
    rows[3, 1], rows[4, 2] = np.nan, np.inf
    before = rows.copy()
    rows.setflags(write=False)
    spec_bytes(rows)
    spec_bytes(chunks(rows, 100))
    np.testing.assert_array_equal(rows, before)
    frame = pd.DataFrame(before.copy())
    spec_bytes(frame)
    pd.testing.assert_frame_equal(frame, pd.DataFrame(before))


MISSING = {
    "pandas": pd.DataFrame,
    "pandas, nullable": lambda X: pd.DataFrame(X).astype("Float64").mask(np.isnan(X), pd.NA),
    "polars, null": lambda X: pl.DataFrame(X, schema=list("abc")).fill_nan(None),
    "pyarrow, null": lambda X: pa.table({name: pa.array(X[:, j], from_pandas=True) for j, name in enumerate("abc")}),
    "none": lambda X: [[None if np.isnan(value) else value for value in row] for row in X],
    "masked": np.ma.masked_invalid,
}


@pytest.mark.parametrize("kind", list(MISSING))
def test_missing_values_of_every_kind(rows: np.ndarray, kind: str) -> None:
    rows[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    assert spec_bytes(MISSING[kind](rows)) == spec_bytes(rows)


def test_missing_values_count_as_the_median(rows: np.ndarray) -> None:
    holes = np.random.default_rng(1).random(rows.shape) < 0.1
    filled = np.where(holes, np.nan, rows)
    spec = generate_rkme_table_spec(filled)
    assert spec.report.missing == holes.sum()
    filled = np.where(holes, np.nanmedian(filled, axis=0), filled)
    np.testing.assert_allclose(spec.get_z(), generate_rkme_table_spec(filled).get_z())


def test_infinite_values_count_as_the_extremes(rows: np.ndarray) -> None:
    wild = rows.copy()
    wild[0, 0], wild[1, 0] = np.inf, -np.inf
    tame = wild.copy()
    tame[0, 0], tame[1, 0] = wild[2:, 0].max(), wild[2:, 0].min()
    spec = generate_rkme_table_spec(wild)
    assert spec.report.infinite == 2
    np.testing.assert_array_equal(spec.get_z(), generate_rkme_table_spec(tame).get_z())


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (pd.DataFrame({"size": [1.0, 2.0], "colour": ["red", "blue"]}), "colour"),
        (pl.DataFrame({"size": [1.0, 2.0], "colour": ["red", "blue"]}), "colour"),
        (pa.table({"size": [1.0, 2.0], "colour": ["red", "blue"]}), "colour"),
        (pd.DataFrame({"size": [1.0, 2.0], "colour": pd.Categorical(["red", "blue"])}), "colour"),
        (pd.DataFrame({"size": [1.0, 2.0], "day": pd.to_datetime(["2024-01-01", "2024-01-02"])}), "day"),
        ([[1.0, "red"], [2.0, "blue"]], 0),
        (np.array([[1.0, "red"], [2.0, None]], dtype=object), 1),
        (np.ones((3, 2)) + 1j, 0),
        (pd.DataFrame({"size": [1.0, 2.0], "empty": [np.nan, np.nan]}), "empty"),
        (np.array([[1.0, np.inf], [2.0, np.nan]]), 1),
        (np.array([[1.0, 1e200], [2.0, 1.0]]), 1),
        ((part for part in [pd.DataFrame({"a": [1.0], "b": [2.0]}), pd.DataFrame({"a": [1.0], "b": ["x"]})]), "b"),
    ],
)
def test_an_error_names_the_column(table: object, column: str | int) -> None:
    with pytest.raises(SpecificationError, match=f"column {column!r}") as caught:
        generate_stat_spec("table", table)
    assert caught.value.column == column


@pytest.mark.parametrize(
    "table",
    [
        np.empty((0, 3)),
        np.empty((3, 0)),
        pd.DataFrame({"a": []}),
        pd.DataFrame(index=[0, 1]),
        iter([]),
        iter([np.empty((0, 2))]),
        np.ones(5),
        np.ones((2, 2, 2)),
        pd.Series([1.0, 2.0]),
        pl.Series([1.0, 2.0]),
        pl.DataFrame({"a": [1.0]}).lazy(),
        [[1.0, 2.0], [3.0]],
        None,
        "text",
        {"a": [1.0]},
        iter([np.ones((2, 3)), np.ones((2, 2))]),
        iter([np.ones(3)]),
    ],
    ids=lambda table: type(table).__name__,
)
def test_what_is_no_table_is_refused(table: object) -> None:
    with pytest.raises(SpecificationError):
        generate_stat_spec("table", table)


def test_sparse_matrices_are_refused_with_advice() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(SpecificationError, match="toarray"):
        generate_stat_spec("table", sparse.csr_matrix(np.eye(5)))


def test_one_pass_is_as_good_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    # With room for all rows a stream gives the same bytes; with less, nearly the same fit, and all rows count.
    rng = np.random.default_rng(0)
    # In order: a sample of the first rows would miss most of it.
    X = np.sort(rng.normal(size=(6000, 4)), axis=0)
    whole = generate_rkme_table_spec(X, reduced_set_size=30)
    assert generate_rkme_table_spec(chunks(X, 1000), reduced_set_size=30).to_json() == whole.to_json()
    monkeypatch.setattr("learnware.specification._generate._SAMPLE_ROWS", 1500)
    streamed = generate_rkme_table_spec(chunks(X, 1000), reduced_set_size=30)
    assert streamed.num_points == 6000
    # The noise of a sample of 1500 rows.
    assert streamed.dist(whole) < 2.0 / 1500
    sampled = generate_rkme_table_spec(X, reduced_set_size=30)
    assert sampled.dist(whole) < streamed.dist(whole)


def test_the_sample_is_uniform_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_BLOCK_ROWS", 100)
    X = np.arange(10_000.0)[:, None]
    means = []
    for seed in range(20):
        summary = tables.TableReader(X).summarise(1 << 20, 200, seed, lambda _: None)
        assert summary.sample.shape == (200, 1)
        assert len(np.unique(summary.sample)) == 200
        assert (summary.low, summary.high) == (0.0, 9999.0)
        means.append(summary.sample.mean())
    # Standard error of the mean of 20 samples: 2887 / sqrt(4000) = 46.
    assert np.mean(means) == pytest.approx(4999.5, abs=200)


def test_an_error_in_the_callers_iterator_comes_through() -> None:
    def broken():
        yield np.ones((3, 2))
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        generate_stat_spec("table", broken())
