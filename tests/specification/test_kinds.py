"""Which specifications describe which kind of data, and what kind some data are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from learnware.errors import SpecificationError
from learnware.specification import RKMETableSpecification, data_type_of, describe, generate_stat_spec, spec_types
from learnware.specification._kinds import DATA_TYPES, data_type_of_spec

TEXTS = ["ein Text", "", "一段文字"]


class Picture:
    """What is looked at of a PIL image."""

    def getbands(self) -> tuple[str, ...]:
        return ("R", "G", "B")


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        tuple(TEXTS),
        [None, *TEXTS],
        [b"bytes"],
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS)[:, None],
        pd.Series([None, *TEXTS]),
        pd.DataFrame({"text": TEXTS}),
        pl.Series(TEXTS),
        pl.DataFrame({"text": [None, *TEXTS]}),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS]),
        pa.table({"text": TEXTS}),
    ],
    ids=lambda texts: f"{type(texts).__module__}.{type(texts).__name__}",
)
def test_texts_are_known(texts: Any) -> None:
    assert data_type_of(texts) == "Text"


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 3, 8, 8)), [Picture(), Picture()], [np.zeros((3, 8, 8))]],
    ids=["array", "pictures", "list of arrays"],
)
def test_images_are_known(images: Any) -> None:
    assert data_type_of(images) == "Image"


@pytest.mark.parametrize(
    "table",
    [
        np.zeros((2, 3)),
        [[1.0, 2.0]],
        [],
        pd.DataFrame({"a": [1.0], "b": ["x"]}),
        pd.DataFrame({"a": [1.0]}),
        pl.DataFrame({"a": [1.0], "b": [2.0]}),
        pa.table({"a": [1.0]}),
        iter([TEXTS]),
    ],
    ids=lambda table: f"{type(table).__module__}.{type(table).__name__}",
)
def test_all_else_is_a_table(table: Any) -> None:
    assert data_type_of(table) == "Table"


def test_types_belong_to_kinds() -> None:
    assert DATA_TYPES == ("Table", "Image", "Text")
    for data_type in DATA_TYPES:
        assert {data_type_of_spec(one) for one in spec_types(data_type)} == {data_type}
    assert data_type_of_spec("RKMEOtherSpecification") is None
    assert spec_types(None) == spec_types("Sound") == ()


def test_describing_a_table() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    spec = describe(rows, seed=3, reduced_set_size=7)
    assert isinstance(spec, RKMETableSpecification)
    assert (len(spec.get_z()), spec.describe_space()) == (7, "tables of 3 columns")
    chunks = describe(iter([rows[:150], rows[150:]]), seed=3, reduced_set_size=7)
    assert chunks.to_json() == spec.to_json()  # type: ignore[attr-defined]  # a table's
    assert generate_stat_spec("table", rows, seed=3, reduced_set_size=7).space == spec.space


def test_what_cannot_be_described() -> None:
    with pytest.raises(SpecificationError, match="no kind of data 'Sound'"):
        describe([[1.0]], "Sound")
    with pytest.raises(SpecificationError, match="gives nothing"):
        describe(iter([]))
    for unknown in ("Table", "sound"):
        with pytest.raises(SpecificationError, match="known are: 'table', 'image', 'text'"):
            generate_stat_spec(unknown, [[1.0]])
