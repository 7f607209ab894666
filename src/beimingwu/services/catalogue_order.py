"""In which order lists come, and cursors: where in it a page ended.

A cursor holds the place, not a number of rows, so that pages neither repeat nor leave out what was there all the time,
whatever comes or goes meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, bindparam, func, or_

from beimingwu.db.base import UtcDateTime
from beimingwu.db.models import Learnware
from beimingwu.errors import InvalidInputError
from beimingwu.services.texts import storable
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.types import TypeEngine

    from beimingwu.db.engine import Database

__all__ = ["SORTS", "Order", "order_of"]

SORTS = ("newest", "oldest", "updated", "name", "downloads")
_LARGEST = 2**63 - 1
_LONGEST_CURSOR = 2048
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Order:
    """An order of learnwares; the id decides between equal keys.

    Attributes
    ----------
    sort : str
        Of `SORTS`.
    key : ColumnElement
        What is sorted by.
    descending : bool
    """

    sort: str
    key: ColumnElement[Any]
    descending: bool

    @property
    def clauses(self) -> tuple[ColumnElement[Any], ...]:
        """What a SELECT is ordered by."""
        places = (Learnware.id,) if self.sort in {"newest", "oldest"} else (self.key, Learnware.id)
        return tuple(place.desc() if self.descending else place.asc() for place in places)

    @property
    def after(self) -> ColumnElement[bool]:
        """The condition on what comes after a place, which is given as parameters; see `place`."""
        types: dict[str, TypeEngine[Any]] = {"updated": UtcDateTime(), "name": String()}
        value = bindparam("cursor_key", type_=types.get(self.sort, BigInteger()))
        number = bindparam("cursor_id", type_=BigInteger())
        if self.descending:
            return or_(self.key < value, and_(self.key == value, Learnware.id < number))
        return or_(self.key > value, and_(self.key == value, Learnware.id > number))

    def place(self, cursor: str) -> dict[str, Any]:
        """Return the parameters of `after` for a cursor.

        Raises
        ------
        InvalidInputError
            If it is none of this order.
        """
        key, number = self._read(cursor)
        return {"cursor_key": key, "cursor_id": number}

    def cursor(self, key: Any, number: int) -> str:
        """Return the cursor of a row."""
        if isinstance(key, datetime):
            key = (key - _EPOCH) // timedelta(microseconds=1)
        text = json.dumps([self.sort, key, number], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> tuple[Any, int]:
        try:
            if len(cursor) > _LONGEST_CURSOR or not cursor.isascii():
                raise _wrong()
            padded = cursor + "=" * (-len(cursor) % 4)
            sort, key, number = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, TypeError, RecursionError):
            raise _wrong() from None
        if sort != self.sort or not _is_number(number):
            raise _wrong()
        if self.sort == "name":
            if not isinstance(key, str) or not storable(key):
                raise _wrong()
            return key, number
        if not _is_number(key):
            raise _wrong()
        if self.sort == "updated":
            try:
                return _EPOCH + timedelta(microseconds=key), number
            except OverflowError:
                raise _wrong() from None
        return key, number


def order_of(database: Database, sort: str) -> Order:
    """Return an order by its name.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    names = func.lower(Learnware.name)
    # By code points: what a PostgreSQL database would sort by is for whoever made it to choose.
    keys: Mapping[str, tuple[ColumnElement[Any], bool]] = {
        "newest": (Learnware.id.expression, True),
        "oldest": (Learnware.id.expression, False),
        "updated": (Learnware.updated_at.expression, True),
        "name": (names if database.is_sqlite else names.collate("C"), False),
        "downloads": (Learnware.downloads.expression, True),
    }
    if sort not in keys:
        rule = text("must be one of {allowed}", allowed=", ".join(SORTS))
        raise InvalidInputError(text("sort {rule}", rule=rule), fields=(("query sort", rule),))
    return Order(sort, *keys[sort])


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _wrong() -> InvalidInputError:
    rule = text("must be the next_cursor of a page of the same sort")
    return InvalidInputError(text("cursor {rule}", rule=rule), fields=(("query cursor", rule),))
