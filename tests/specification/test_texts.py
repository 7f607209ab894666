"""Reading texts: what counts as texts, and what is counted on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from learnware.errors import SpecificationError
from learnware.specification._texts import TextReader

TEXTS = ["one", "zwei", "", "四", "five"]


def read(X: Any) -> list[str]:
    return [text for chunk in TextReader(X).chunks() for text in chunk]


def columns() -> dict[str, Any]:
    pd, pl, pa = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    return {
        "list": TEXTS,
        "tuple": tuple(TEXTS),
        "set of one": {"one": 1}.keys(),
        "array": np.array(TEXTS),
        "object array": np.array(TEXTS, dtype=object),
        "column array": np.array(TEXTS)[:, None],
        "bytes": [text.encode() for text in TEXTS],
        "array of bytes": np.array([text.encode() for text in TEXTS]),
        "pandas column": pd.Series(TEXTS, index=[9, 8, 7, 6, 5]),
        "pandas categories": pd.Series(TEXTS, dtype="category"),
        "pandas frame": pd.DataFrame({"words": TEXTS}),
        "polars column": pl.Series("words", TEXTS),
        "polars frame": pl.DataFrame({"words": TEXTS}),
        "arrow array": pa.array(TEXTS),
        "arrow column": pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        "arrow table": pa.table({"words": TEXTS}),
        "arrow batch": pa.RecordBatch.from_pydict({"words": TEXTS}),
        "arrow categories": pa.array(TEXTS).dictionary_encode(),
        "iterator of texts": iter(TEXTS),
        "iterator of chunks": iter([TEXTS[:2], pd.Series(TEXTS[2:4]), pa.array(TEXTS[4:])]),
        "iterator of both": iter([TEXTS[0], TEXTS[1:4], TEXTS[4]]),
    }


@pytest.mark.parametrize("kind", list(columns()))
def test_all_kinds_of_texts_read_alike(kind: str) -> None:
    X = columns()[kind]
    assert read(X) == (["one"] if kind == "set of one" else TEXTS)


def test_chunks_are_bounded() -> None:
    reader = TextReader(f"text {i}" for i in range(20_000))
    chunks = list(reader.chunks())
    assert max(map(len, chunks)) <= 8192
    assert [text for chunk in chunks for text in chunk] == [f"text {i}" for i in range(20_000)]
    assert reader.n_read == 20_000
    assert reader.n_texts is None


def test_missing_empty_and_broken_texts_are_counted() -> None:
    pd, pl, pa = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    values = ["fine", None, "", " \n\t", "ok"]
    for X in (
        values,
        pd.Series(values),
        pl.Series(values),
        pa.array(values),
        ["fine", float("nan"), "", " \n\t", "ok"],
    ):
        reader = TextReader(X)
        assert list(reader.chunks()) == [["fine", "", "", " \n\t", "ok"]]
        assert (reader.missing, reader.empty, reader.replaced) == (1, 2, 0)
    reader = TextReader([b"caf\xe9", "half \ud800 pair", "fine", "was \ufffd before"])
    assert list(reader.chunks()) == [["caf\ufffd", "half \ufffd pair", "fine", "was \ufffd before"]]
    assert reader.replaced == 3


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a single text", "single text"),
        ([], "no texts"),
        (iter([]), "no texts"),
        (["one", 2], "text 1 is of type int"),
        (iter(["one", ["two", object()]]), "text 2 is of type object"),
        (3, "of type int"),
        ({"a": 1}, "of type dict"),
        (np.zeros((3, 2)), "1 dimension, this has 2"),
        (np.zeros(3), "text 0 is of type float"),
    ],
)
def test_what_is_no_texts(X: Any, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        read(X)


def test_frames_of_several_columns_say_which() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"id": [1], "words": ["one"]})
    with pytest.raises(SpecificationError, match=r"2 columns \(id, words\)"):
        read(frame)
    with pytest.raises(SpecificationError, match="collect"):
        read(frame.lazy())


def test_the_callers_texts_stay_as_they_are() -> None:
    texts = np.array(["ONE", None, "two"], dtype=object)
    before = texts.copy()
    read(texts)
    assert (texts == before).all()
