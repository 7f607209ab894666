"""Texts in files: lines, JSON lines, and columns of CSV and parquet files, whole or in chunks of fixed memory."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import MissingDependencyError, SpecificationError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

__all__ = ["iter_text_chunks", "read_texts"]

_SUFFIXES = (".txt", ".jsonl", ".csv", ".parquet")
_CHUNK_TEXTS = 1 << 13
# The column, or field of JSON lines, that holds the texts where others hold texts, too.
_USUAL_NAME = "text"
# A row of a CSV file is no longer than a block.
_CSV_BLOCK = 1 << 24


def read_texts(path: str | os.PathLike[str], column: str | None = None) -> list[str | None]:
    """Return the texts in a file; None where one is missing.

    Bytes that are no UTF-8 become U+FFFD, which the report of a specification counts.

    Parameters
    ----------
    path : str or path
        A ``.txt`` file with a text a line, also empty ones; a ``.jsonl`` file of strings, or of objects with a field of
        texts; a ``.csv`` file with a header line or a ``.parquet`` file, with a column of texts.
    column : str, optional
        The column or field that holds the texts; by default the only one that does, or that called "text".

    Raises
    ------
    SpecificationError
        If the file is missing, of another kind or broken, has no such column, or several that may be meant.
    MissingDependencyError
        If pyarrow is needed and not installed.
    """
    return [text for chunk in iter_text_chunks(path, column) for text in chunk]


def iter_text_chunks(path: str | os.PathLike[str], column: str | None = None) -> Iterator[list[str | None]]:
    """Yield the texts in a file in lists, of any length in fixed memory.

    Parameters and errors are those of `read_texts`; errors of later texts are raised when they are reached.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise SpecificationError(
            f"{path.name!r} is no file of texts that can be read; known are {', '.join(_SUFFIXES)}"
        )
    if not path.is_file():
        raise SpecificationError(f"there is no file {str(path)!r}")
    if suffix == ".txt":
        if column is not None:
            raise SpecificationError(f"{path.name!r} has a text a line and no columns, so none can be named")
        yield from _in_chunks(_lines(path))
    elif suffix == ".jsonl":
        yield from _in_chunks(_json_texts(path, column))
    else:
        yield from _column_chunks(path, suffix, column)


def _in_chunks(texts: Iterable[str | None]) -> Iterator[list[str | None]]:
    texts = iter(texts)
    while chunk := list(islice(texts, _CHUNK_TEXTS)):
        yield chunk


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        start = file.read(2)
    encoding = "utf-16" if start in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    with path.open(encoding=encoding, errors="replace") as lines:
        for line in lines:
            yield line.removesuffix("\n")


def _json_texts(path: Path, field: str | None) -> Iterator[str | None]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise SpecificationError(f"line {number} of {path.name!r} is no JSON: {error}") from error
        if isinstance(value, dict):
            field = _chosen([name for name in value if isinstance(value[name], str)], list(value), field, path)
            value = value.get(field)
        elif field is not None:
            raise SpecificationError(f"line {number} of {path.name!r} is no object with a field {field!r}")
        if not (value is None or isinstance(value, str)):
            raise SpecificationError(
                f"line {number} of {path.name!r} holds a value of type {type(value).__name__}, not a text"
            )
        yield value


def _chosen(of_texts: list[str], known: list[str], wanted: str | None, path: Path) -> str:
    """Return the name of the column of texts."""
    named = ", ".join(map(repr, known))
    if wanted is not None:
        if wanted not in known:
            raise SpecificationError(f"{path.name!r} has no column {wanted!r}; it has {named:.200}")
        return wanted
    if len(of_texts) == 1:
        return of_texts[0]
    if _USUAL_NAME in of_texts:
        return _USUAL_NAME
    if not of_texts:
        raise SpecificationError(f"{path.name!r} has no column of texts; it has {named:.200}")
    several = ", ".join(map(repr, of_texts))
    raise SpecificationError(f"{path.name!r} has several columns of texts ({several:.200}): name the one that is meant")


def _column_chunks(path: Path, suffix: str, column: str | None) -> Iterator[list[str | None]]:
    try:
        import pyarrow as pa
        from pyarrow import csv, parquet
    except ImportError as error:
        raise MissingDependencyError("pyarrow", purpose=f"to read {path.name!r}", extra="tables") from error
    try:
        if suffix == ".csv":
            parse = csv.ParseOptions(newlines_in_values=True)
            # Bytes that are no UTF-8 are read as what they are, and replaced here.
            read = csv.ReadOptions(block_size=_CSV_BLOCK)
            with csv.open_csv(path, read_options=read, parse_options=parse) as reader:
                name = _text_column(reader.schema, column, path)
            convert = csv.ConvertOptions(include_columns=[name], column_types={name: pa.large_binary()})
            with csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as reader:
                for batch in reader:
                    yield from _decoded(batch.column(0))
        else:
            with parquet.ParquetFile(path) as file:
                name = _text_column(file.schema_arrow, column, path)
                for batch in file.iter_batches(_CHUNK_TEXTS, columns=[name]):
                    yield from _decoded(batch.column(0))
    except (pa.ArrowException, OSError) as error:
        raise SpecificationError(f"{path.name!r} is no readable {suffix} file: {error}") from error


def _text_column(schema: Any, column: str | None, path: Path) -> str:
    import pyarrow as pa

    def is_text(kind: Any) -> bool:
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return bool(
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            # Texts of a CSV file that are not in UTF-8 look like bytes.
            or (path.suffix.lower() == ".csv" and pa.types.is_binary(kind))
        )

    name = _chosen([field.name for field in schema if is_text(field.type)], schema.names, column, path)
    if path.suffix.lower() == ".parquet" and not is_text(schema.field(name).type):
        raise SpecificationError(
            f"column {name!r} of {path.name!r} holds {schema.field(name).type}, not texts", column=name
        )
    return name


def _decoded(values: Any) -> Iterator[list[str | None]]:
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    binary = values if pa.types.is_large_binary(values.type) else values.cast(pa.large_binary())
    for start in range(0, len(binary), _CHUNK_TEXTS):
        part = binary.slice(start, _CHUNK_TEXTS).to_pylist()
        yield [None if value is None else value.decode("utf-8", "replace") for value in part]
