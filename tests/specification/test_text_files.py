"""Reading texts from files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from learnware.errors import SpecificationError
from learnware.specification._text_files import iter_text_chunks, read_texts

if TYPE_CHECKING:
    from pathlib import Path

pa = pytest.importorskip("pyarrow")


def parquet(path: Path, **columns: object) -> Path:
    from pyarrow import parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def test_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffone\r\ntwo\u2028still two\n\nlast \xe9".encode())
    assert read_texts(file) == ["one", "two\u2028still two", "", "last \xe9"]
    file.write_bytes(b"caf\xe9\n")
    assert read_texts(file) == ["caf\ufffd"]
    file.write_bytes("今天\n".encode("utf-16"))
    assert read_texts(file) == ["今天"]
    file.write_bytes(b"")
    assert read_texts(file) == []


def test_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('"one"\n\n{"body": "two", "label": 1}\n{"body": null}\n')
    assert read_texts(file) == ["one", "two", None]
    file.write_text('{"title": "t", "text": "x"}\n{"title": "u", "text": "y"}\n')
    assert read_texts(file) == ["x", "y"]
    assert read_texts(file, "title") == ["t", "u"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns(tmp_path: Path, suffix: str) -> None:
    values = {"label": [1, 2, 3], "body": ['with, a comma and "quotes"', "two\nlines", ""]}
    file = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        quoted = [json.dumps(body).replace('\\"', '""').replace("\\n", "\n") for body in values["body"]]
        file.write_text("label,body\n" + "".join(f"{i},{body}\n" for i, body in enumerate(quoted)))
    else:
        parquet(file, **values)
    assert read_texts(file) == read_texts(file, "body") == values["body"]
    with pytest.raises(SpecificationError, match="no column 'words'; it has 'label', 'body'"):
        read_texts(file, "words")


def test_a_column_called_text_is_meant_where_several_may_be(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", id=["1", "2"], text=["a", None])
    assert read_texts(file) == ["a", None]
    file = parquet(tmp_path / "b.parquet", title=["1", "2"], body=["a", None])
    with pytest.raises(SpecificationError, match=r"several columns of texts \('title', 'body'\)"):
        read_texts(file)
    file = parquet(tmp_path / "c.parquet", number=[1, 2])
    with pytest.raises(SpecificationError, match="no column of texts; it has 'number'"):
        read_texts(file)
    with pytest.raises(SpecificationError, match=r"'number' of 'c.parquet' holds int64, not texts"):
        read_texts(file, "number")


def test_bytes_that_are_no_utf8_are_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"text\ncaf\xe9\nplain\n")
    assert read_texts(file) == ["caf\ufffd", "plain"]
    broken = pa.array([b"caf\xe9", b"plain"]).view(pa.string())
    assert read_texts(parquet(tmp_path / "b.parquet", text=broken)) == ["caf\ufffd", "plain"]


def test_categories_are_texts(tmp_path: Path) -> None:
    column = pa.array(["a", "b", "a", None]).dictionary_encode()
    assert read_texts(parquet(tmp_path / "a.parquet", text=column)) == ["a", "b", "a", None]


def test_chunks_are_bounded_and_in_order(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(20_000)]
    (tmp_path / "a.txt").write_text("\n".join(texts))
    (tmp_path / "a.csv").write_text("text\n" + "\n".join(texts))
    parquet(tmp_path / "a.parquet", text=texts)
    for suffix in ("txt", "csv", "parquet"):
        chunks = list(iter_text_chunks(tmp_path / f"a.{suffix}"))
        assert max(map(len, chunks)) <= 8192
        assert [text for chunk in chunks for text in chunk] == texts


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.doc", b"", "known are .txt, .jsonl, .csv, .parquet"),
        ("a.jsonl", b'"fine"\n{"text": ', "line 2 of 'a.jsonl' is no JSON"),
        ("a.jsonl", b"[" * 100_000, "line 1 of 'a.jsonl' is no JSON"),
        ("a.jsonl", b"3\n", "line 1 of 'a.jsonl' holds a value of type int"),
        ("a.jsonl", b'{"text": "x"}\n{"text": 3}\n', "line 2 of 'a.jsonl' holds a value of type int"),
        ("a.parquet", b"PAR1", "no readable .parquet file"),
        ("a.csv", b"", "no readable .csv file"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SpecificationError, match=message):
        read_texts(tmp_path / name)


def test_no_file_and_no_columns(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="there is no file"):
        read_texts(tmp_path / "none.txt")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(SpecificationError, match="no columns"):
        read_texts(tmp_path / "a.txt", "text")
