"""Pages of lists whose cursors are numbers of rows."""

from typing import Annotated

from fastapi import Query

__all__ = ["LARGEST_ID", "Cursor", "Limit", "next_cursor"]

LARGEST_ID = 2**63 - 1

Cursor = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100)]


def next_cursor(number: int | None) -> str | None:
    """Return a cursor as the API writes it."""
    return None if number is None else str(number)
