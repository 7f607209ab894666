"""Rows of any table as lines of JSON, which mean the same to both databases."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, Float, Integer, LargeBinary, String, Text, cast, column, table
from sqlalchemy.types import TypeDecorator, TypeEngine

from beimingwu.db.base import UtcDateTime
from beimingwu.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, TableClause
    from sqlalchemy import Table as SqlTable

__all__ = ["columns_of", "line_of", "selected", "target_table", "values_of"]

# How each kind of column is written, and the type that it is inserted with.
_TYPES: dict[str, TypeEngine[Any]] = {
    "text": String(),
    "integer": BigInteger(),
    "float": Float(),
    "boolean": Boolean(),
    "bytes": LargeBinary(),
    # NULL and JSON's null are two things.
    "json": JSON(none_as_null=True),
    "time": UtcDateTime(),
    "date": Date(),
}
_WRITE: dict[str, Callable[[Any], Any]] = {
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
    "time": datetime.isoformat,
    "date": date.isoformat,
}
_READ: dict[str, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "json": lambda text: JSON.NULL if (value := json.loads(text)) is None else value,
}


def columns_of(source: SqlTable) -> list[tuple[str, str]]:
    """Return names and kinds of a table's columns."""
    return [(one.name, _kind(one.type)) for one in source.columns]


def selected(source: SqlTable) -> list[ColumnElement[Any]]:
    """Return what is to be selected; JSON comes as the text that is stored."""
    return [cast(one, Text) if isinstance(one.type, JSON) else one for one in source.columns]


def line_of(columns: Sequence[tuple[str, str]], values: Sequence[Any]) -> bytes:
    """Return a row as a line."""
    written = [
        value if value is None or kind not in _WRITE else _WRITE[kind](value)
        for (_, kind), value in zip(columns, values, strict=True)
    ]
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def values_of(columns: Sequence[tuple[str, str]], line: bytes) -> dict[str, Any]:
    """Return the row of a line, by column.

    Raises
    ------
    BackupError
        If it is none.
    """
    try:
        return {
            name: value if value is None or kind not in _READ else _READ[kind](value)
            for (name, kind), value in zip(columns, json.loads(line), strict=True)
        }
    except (ValueError, TypeError) as error:
        raise BackupError(f"a row of the backup cannot be read: {error}") from None


def target_table(name: str, columns: Sequence[tuple[str, str]]) -> TableClause:
    """Return a table to insert into, as it was when the backup was made.

    Raises
    ------
    BackupError
        If there is a kind of column that this version does not know.
    """
    unknown = {kind for _, kind in columns} - set(_TYPES)
    if unknown:
        raise BackupError(f"the backup has columns of the kind {', '.join(sorted(unknown))}, which is not known here")
    return table(name, *(column(one, _TYPES[kind]) for one, kind in columns))


def _kind(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, UtcDateTime):
        return "time"
    if isinstance(type_, TypeDecorator):
        raise TypeError(f"no way is known to write columns of {type_!r} into a backup")
    for kind, known in (
        ("json", JSON),
        ("bytes", LargeBinary),
        ("boolean", Boolean),
        ("float", Float),
        ("integer", Integer),
        ("date", Date),
        ("text", String),
    ):
        if isinstance(type_, known):
            return kind
    raise TypeError(f"no way is known to write columns of {type_!r} into a backup")
