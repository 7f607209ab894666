"""Columns in another order than a learnware takes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from learnware.errors import ReuseError
from learnware.learnware import Learnware, align_columns
from learnware.learnware._columns import column_names
from learnware.model import BaseModel
from learnware.specification import Specification

VALUES = {"c": [3.0, 30.0], "b": [2.0, 20.0], "a": [1.0, 10.0]}
KINDS = [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict]


def described(*names):
    return {"Input": {"Dimension": len(names), "Description": {str(i): name for i, name in enumerate(names)}}}


@pytest.mark.parametrize("make", KINDS)
def test_same_names_in_another_order(make):
    X = make(VALUES)
    aligned = align_columns(X, described("a", "b", "c"))
    assert type(aligned) is type(X)
    assert column_names(aligned) == ["a", "b", "c"]
    np.testing.assert_array_equal(
        pd.DataFrame(aligned.to_pydict() if hasattr(aligned, "to_pydict") else aligned.to_dict()).iloc[:, 0], [1, 10]
    )
    assert column_names(X) == ["c", "b", "a"]
    assert align_columns(X, described("c", "b", "a")) is X


def test_case_and_spaces_count_only_where_they_tell_names_apart():
    X = pd.DataFrame([[1.0, 2.0]], columns=["Leaf Width", "age"])
    assert align_columns(X, described("Age ", "leafwidth")).columns.tolist() == ["age", "Leaf Width"]
    X = pd.DataFrame([[1.0, 2.0]], columns=["A", "a"])
    assert align_columns(X, described("a", "A")).columns.tolist() == ["a", "A"]


def test_some_names_are_others():
    X = pd.DataFrame(VALUES).rename(columns={"b": "weight"})
    with pytest.raises(ReuseError, match="lack: 'b'; columns that it does not know: 'weight'"):
        align_columns(X, described("a", "b", "c"))
    # Another number of columns is told elsewhere.
    assert align_columns(X, described("a", "b", "c", "d")) is X


@pytest.mark.parametrize(
    "semantic",
    [
        described("size of the leaf", "its age", "its width"),
        described("a", "a", "b"),
        {"Input": {"Dimension": 3, "Description": {"0": "a", "1": "b"}}},
        {"Input": {"Dimension": 3, "Description": {"0": "a", "1": 1, "2": "b"}}},
        {"Input": {"Description": "a, b and c"}},
        {"Input": None},
        {},
    ],
)
def test_descriptions_that_name_no_columns(semantic):
    X = pd.DataFrame(VALUES)
    if semantic == described("a", "a", "b"):
        X = X.rename(columns={"c": "a"})
    assert align_columns(X, semantic) is X


def test_data_without_names():
    for X in (np.ones((2, 3)), [[1.0, 2.0, 3.0]], ["a text"], pd.Series([1.0]), pl.Series([1.0]), pa.array([1.0])):
        assert align_columns(X, described("a", "b", "c")) is X


def test_several_learnwares():
    X = pd.DataFrame(VALUES)
    free = described("what", "it", "is")
    assert align_columns(X, free, described("a", "b", "c"), described("A", "B", "C")).columns.tolist() == list("abc")
    with pytest.raises(ReuseError, match="different orders"):
        align_columns(X, described("a", "b", "c"), described("c", "b", "a"))


def test_a_learnware_takes_columns_by_name():
    class First(BaseModel):
        def predict(self, X):
            return np.asarray(X)[:, 0]

        def predict_proba(self, X):
            return np.asarray(X)[:, :1]

    learnware = Learnware("a", First((3,), (1,)), Specification(described("a", "b", "c")), "")
    X = pd.DataFrame(VALUES)
    assert learnware.predict(X).tolist() == [1.0, 10.0]
    assert learnware.predict_proba(X).tolist() == [[1.0], [10.0]]
    assert learnware.predict(X.to_numpy()).tolist() == [3.0, 30.0]
    with pytest.raises(ReuseError, match="'z'"):
        learnware.predict(X.rename(columns={"b": "z"}))
