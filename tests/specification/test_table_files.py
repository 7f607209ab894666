"""Reading tables from files, whole and in chunks."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from learnware.errors import MissingDependencyError, SpecificationError
from learnware.specification import generate_rkme_table_spec
from learnware.specification._table_files import iter_table_chunks, read_table

ROWS = np.random.default_rng(0).normal(size=(150_000, 3))


@pytest.fixture(params=[".csv", ".parquet", ".npy", ".CSV"])
def path(request, tmp_path):
    path = tmp_path / f"table{request.param}"
    frame = pd.DataFrame(ROWS, columns=["a", "b", "c"])
    if request.param == ".npy":
        np.save(path, ROWS)
    elif request.param == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def numbers(table):
    return table if isinstance(table, np.ndarray) else np.column_stack([column.to_numpy() for column in table.columns])


def test_whole_and_in_chunks(path):
    table = read_table(path)
    np.testing.assert_array_equal(numbers(table), ROWS)
    if path.suffix != ".npy":
        assert table.schema.names == ["a", "b", "c"]
    chunks = list(iter_table_chunks(str(path)))
    assert len(chunks) > 1
    np.testing.assert_array_equal(np.concatenate([numbers(chunk) for chunk in chunks]), ROWS)


def test_a_specification_of_chunks(tmp_path):
    np.save(tmp_path / "x.npy", ROWS[:70_000])
    spec = generate_rkme_table_spec(iter_table_chunks(tmp_path / "x.npy"), reduced_set_size=5)
    assert spec.num_points == 70_000


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x.txt", b"", "known are .csv, .parquet, .npy"),
        ("gone.csv", None, "no file"),
        ("x.npy", b"nothing", "no readable array"),
        ("x.npy", b"", "no readable array"),
        ("x.parquet", b"nothing", "no readable .parquet"),
        ("x.csv", b"a,b\n1,2\n1,2,3\n", "no readable .csv"),
        ("x.csv", b"", "no readable .csv"),
    ],
)
@pytest.mark.parametrize("read", [read_table, lambda path: list(iter_table_chunks(path))])
def test_files_that_are_no_tables(tmp_path, name, content, why, read):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SpecificationError, match=why):
        read(tmp_path / name)


def test_pickled_arrays_are_not_loaded(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[object()]]), allow_pickle=True)
    with pytest.raises(SpecificationError, match="no readable array"):
        read_table(tmp_path / "x.npy")


def test_vectors_are_no_tables(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(SpecificationError, match="1 dimensions"):
        read_table(tmp_path / "x.npy")


def test_without_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("a\n1\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"learnware\[tables\]"):
        read_table(tmp_path / "x.csv")


def test_the_index_of_a_data_frame_is_no_column(tmp_path):
    frame = pd.DataFrame(ROWS[:20], columns=["a", "b", "c"]).iloc[::2]
    frame.to_parquet(tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").column_names == ["a", "b", "c"]
    assert next(iter_table_chunks(tmp_path / "x.parquet")).schema.names == ["a", "b", "c"]
