"""Tables that people send for a trial: read as the numbers that a learnware's model takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from beimingwu.errors import InvalidInputError, WrongDataTypeError
from learnware.market.rules import Promise, column_order
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from beimingwu.settings import Settings

__all__ = ["columns_taken", "read_trial_table", "rows_taken"]

# What is wrong is told of so many places.
_MOST_FAULTS = 10
_LONGEST_SHOWN = 40
_Fault = tuple[str, str]


def read_trial_table(rows: Any, columns: Any, semantic_spec: dict[str, Any], settings: Settings) -> NDArray[np.float64]:
    """Return the table that a model is to answer, shape (n_rows, n_columns).

    Cells are numbers, or texts that say a number; an empty text and null are a missing value, NaN. Learnwares are
    described by tables of numbers and are verified with such, so no other text can mean anything to them.

    Parameters
    ----------
    rows : list of list
        As it was sent.
    columns : list of str or None
        Names of the columns, as it was sent. Where they are those of the learnware in another order, by the
        descriptions of its inputs, the table is brought into the learnware's order.
    semantic_spec : dict
        Of the learnware.
    settings : Settings

    Raises
    ------
    WrongDataTypeError
        If the learnware takes no tables.
    InvalidInputError
        With the first places that are wrong.
    """
    width = columns_taken(semantic_spec)
    if not isinstance(rows, list) or not 1 <= len(rows) <= settings.trial_max_rows:
        _refuse([("/rows", text("expected 1 to {most} rows, each a list", most=settings.trial_max_rows))])
    most = rows_taken(width, settings)
    if len(rows) > most:
        _refuse(
            [("/rows", text("this learnware takes {width} columns; send {most} rows at most", width=width, most=most))]
        )
    order = _order(columns, width, semantic_spec)
    faults: list[_Fault] = []
    table = np.empty((len(rows), width))
    for i, row in enumerate(rows):
        faults += _read_row(row, f"/rows/{i}", table[i])
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        _refuse(faults[:_MOST_FAULTS])
    return table if order is None else table[:, order]


def columns_taken(semantic_spec: dict[str, Any]) -> int:
    """Return how many columns a learnware takes.

    Raises
    ------
    WrongDataTypeError
        If it takes no tables.
    """
    promise = Promise.of(semantic_spec)
    if promise.data_type != "Table" or promise.inputs is None:
        kind = promise.data_type or "Others"
        raise WrongDataTypeError(text("this learnware takes data of the kind {kind}, not tables", kind=kind))
    return promise.inputs


def rows_taken(width: int, settings: Settings) -> int:
    """Return how many rows of so many columns a trial may have, at most."""
    return min(settings.trial_max_rows, max(1, settings.trial_max_cells // max(1, width)))


def _order(columns: Any, width: int, semantic_spec: dict[str, Any]) -> list[int] | None:
    if columns is None:
        return None
    if not isinstance(columns, list) or len(columns) != width or not all(isinstance(one, str) for one in columns):
        _refuse([("/columns", text("expected {width} names, one for each column", width=width))])
    return column_order(columns, semantic_spec)


def _read_row(row: Any, place: str, into: NDArray[np.float64]) -> Sequence[_Fault]:
    """Write the numbers of a row, or return what is wrong with it."""
    width = len(into)
    if not isinstance(row, list):
        return [(place, text("expected a list of {width} cells", width=width))]
    if len(row) == width + 1:
        rule = text(
            "{found} cells; this learnware takes {width} columns: leave out what it is to predict",
            found=len(row),
            width=width,
        )
        return [(place, rule)]
    if len(row) != width:
        return [(place, text("{found} cells; this learnware takes {width} columns", found=len(row), width=width))]
    faults: list[_Fault] = []
    for j, cell in enumerate(row):
        number = _number(cell)
        if number is None:
            shown = cell if isinstance(cell, str) else str(cell)
            words = text(
                "{cell!r} is no number; expected a number, or null for a missing one", cell=shown[:_LONGEST_SHOWN]
            )
            faults.append((f"{place}/{j}", words))
        else:
            into[j] = number
    return faults


def _number(cell: Any) -> float | None:
    """Return a cell's number, None if it has none."""
    if cell is None:
        return math.nan
    if isinstance(cell, str):
        cell = cell.strip()
        if not cell:
            return math.nan
        # Thousands of digits take long to read, and mean nothing.
        if len(cell) > _LONGEST_SHOWN or not cell.isascii() or "_" in cell:
            return None
    elif isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _refuse(faults: list[_Fault]) -> None:
    raise InvalidInputError(text("the table cannot be taken: {fault}", fault=faults[0][1]), fields=tuple(faults))
