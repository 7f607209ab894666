"""Tables and texts that people send for a trial: read as what a learnware's model takes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from beimingwu.errors import InvalidInputError, WrongDataTypeError
from learnware.market.rules import Promise, column_order
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from beimingwu.settings import Settings

__all__ = ["TrialInputs", "TrialShape", "bytes_of_inputs", "inputs_of_bytes", "read_trial_inputs", "shape_taken"]

# What is wrong is told of so many places.
_MOST_FAULTS = 10
_LONGEST_SHOWN = 40
_Fault = tuple[str, str]

# What a model is to answer: the rows of a table, shape (n_rows, n_columns), or texts.
TrialInputs: TypeAlias = "NDArray[np.float64] | list[str]"


@dataclass(frozen=True, slots=True)
class TrialShape:
    """What a learnware takes in a trial.

    Attributes
    ----------
    data_type : {"Table", "Text"}
    columns : int
        Cells of a row; a text is a row of one.
    most_rows : int
        Of one trial.
    most_characters : int or None
        Of all texts of one trial together; None for tables.
    """

    data_type: Literal["Table", "Text"]
    columns: int
    most_rows: int
    most_characters: int | None = None


def shape_taken(semantic_spec: Mapping[str, Any], settings: Settings) -> TrialShape:
    """Return what a learnware takes in a trial.

    Raises
    ------
    WrongDataTypeError
        If it takes neither tables nor texts.
    """
    promise = Promise.of(dict(semantic_spec))
    if promise.data_type == "Text":
        return TrialShape("Text", 1, settings.trial_max_rows, settings.trial_max_characters)
    if promise.data_type == "Table" and promise.inputs is not None:
        width = promise.inputs
        return TrialShape("Table", width, min(settings.trial_max_rows, max(1, settings.trial_max_cells // width)))
    if promise.data_type == "Image":
        raise WrongDataTypeError("trials are for tables and texts; download this learnware to try it with your images")
    kind = promise.data_type or "Others"
    raise WrongDataTypeError(
        text("this learnware takes data of the kind {kind}; trials are for tables and texts", kind=kind)
    )


def read_trial_inputs(rows: Any, columns: Any, semantic_spec: Mapping[str, Any], settings: Settings) -> TrialInputs:
    """Return what a model is to answer.

    Cells of a table are numbers, or texts that say a number; an empty text and null are a missing value, NaN. Such
    learnwares are described by tables of numbers and are verified with such, so no other text can mean anything to
    them. A learnware for texts gets them as they are, empty ones included.

    Parameters
    ----------
    rows : list
        As it was sent: a list of cells for each row; for a text, the text or a list of it alone.
    columns : list of str or None
        Names of the columns, as it was sent. Where they are those of the learnware in another order, by the
        descriptions of its inputs, the table is brought into the learnware's order. Texts need none.
    semantic_spec : mapping
        Of the learnware.
    settings : Settings

    Raises
    ------
    WrongDataTypeError
        If the learnware takes neither tables nor texts.
    InvalidInputError
        With the first places that are wrong.
    """
    shape = shape_taken(semantic_spec, settings)
    if not isinstance(rows, list) or not 1 <= len(rows) <= settings.trial_max_rows:
        _refuse([("/rows", text("expected a list of 1 to {most} rows", most=settings.trial_max_rows))])
    if shape.data_type == "Text":
        return _texts(rows, settings.trial_max_characters)
    return _table(rows, columns, shape, semantic_spec)


def bytes_of_inputs(inputs: TrialInputs) -> bytes:
    """Return what is kept of inputs until they are answered."""
    if isinstance(inputs, list):
        return json.dumps(inputs, ensure_ascii=False).encode()
    return np.ascontiguousarray(inputs, dtype="<f8").tobytes()


def inputs_of_bytes(kept: bytes, n_rows: int, semantic_spec: Mapping[str, Any]) -> TrialInputs:
    """Return the inputs that `bytes_of_inputs` has kept, of a learnware with this specification."""
    if Promise.of(dict(semantic_spec)).data_type == "Text":
        texts: list[str] = json.loads(kept)
        return texts
    return np.frombuffer(kept, dtype="<f8").reshape(n_rows, -1).astype(np.float64)


def _texts(rows: list[Any], most: int) -> list[str]:
    """Return one text of each row."""
    found: list[str] = []
    faults: list[_Fault] = []
    for i, row in enumerate(rows):
        one = row[0] if isinstance(row, list) and len(row) == 1 else row
        if not isinstance(one, str):
            faults.append((f"/rows/{i}", text("expected a text, or a list of one text")))
        elif not _is_text(one):
            faults.append((f"/rows/{i}", text("is no text in UTF-8")))
        else:
            found.append(one)
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        _refuse(faults)
    count = sum(map(len, found))
    if count > most:
        _refuse([("/rows", text("has {count} characters; {most} are allowed", count=count, most=most))])
    return found


def _is_text(one: str) -> bool:
    """Return whether it has no halves of characters, which JSON may have and no file of texts has."""
    try:
        one.encode()
    except UnicodeEncodeError:
        return False
    return True


def _table(rows: list[Any], columns: Any, shape: TrialShape, semantic_spec: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the table, shape (n_rows, n_columns)."""
    width, most = shape.columns, shape.most_rows
    if len(rows) > most:
        _refuse(
            [("/rows", text("this learnware takes {width} columns; send {most} rows at most", width=width, most=most))]
        )
    order = _order(columns, width, dict(semantic_spec))
    faults: list[_Fault] = []
    table = np.empty((len(rows), width))
    for i, row in enumerate(rows):
        faults += _read_row(row, f"/rows/{i}", table[i])
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        _refuse(faults[:_MOST_FAULTS])
    return table if order is None else table[:, order]


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
    raise InvalidInputError(text("the rows cannot be taken: {fault}", fault=faults[0][1]), fields=tuple(faults))
