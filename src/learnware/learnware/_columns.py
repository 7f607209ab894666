"""Tables whose columns have the names of a learnware's inputs, but stand in another order.

Models and specifications know columns by position alone, so the wrong order gives wrong answers without an error.
``Input.Description`` of a semantic specification names the columns of packed models; in other learnwares it may be free
text, which says nothing of an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import ReuseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from learnware.learnware._learnware import Learnware

__all__ = ["align_columns", "column_names", "column_order"]

_MOST_NAMED = 8


def align_columns(X: Any, *learnwares: Learnware | dict[str, Any]) -> Any:
    """Return a data frame with its columns in the order that learnwares take, by the names in their specifications.

    Names are compared exactly, else without case and spaces. Arrays and other data without names are returned as they
    are, and so are data frames of which a learnware's descriptions are no names of columns.

    Parameters
    ----------
    X : array, data frame, arrow table or any other data
        Inputs for the learnwares.
    *learnwares : Learnware or dict
        Learnwares, or their semantic specifications.

    Returns
    -------
    same as X
        `X` itself where nothing has to change.

    Raises
    ------
    ReuseError
        If half of a learnware's columns or more are in `X`, but not all, and `X` has as many columns as it takes; or if
        the learnwares take the same columns in different orders.

    Examples
    --------
    >>> import pandas as pd
    >>> mine = pd.DataFrame({"age": [3.0], "size": [70.0]})
    >>> align_columns(mine, {"Input": {"Dimension": 2, "Description": {"0": "size", "1": "age"}}}).columns.tolist()
    ['size', 'age']
    """
    names = column_names(X)
    if names is None:
        return X
    orders = []
    for learnware in learnwares:
        wanted = _described(learnware)
        order = _order(names, wanted)
        if order is not None:
            orders.append(order)
        else:
            _refuse_other_columns(names, wanted)
    if any(order != orders[0] for order in orders):
        raise ReuseError("the learnwares take the same columns in different orders; reuse those of one order together")
    if not orders or orders[0] == list(range(len(names))):
        return X
    # What pandas, polars and pyarrow call the same thing: the names are unique here.
    return X.iloc[:, orders[0]] if hasattr(X, "iloc") else X.select([names[i] for i in orders[0]])


def column_names(X: Any) -> list[str] | None:
    """Return the names of the columns of a data frame or an arrow table, None where there are none."""
    library = {base.__module__.partition(".")[0] for base in type(X).__mro__}
    if not library & {"pandas", "polars", "pyarrow"} or len(getattr(X, "shape", ())) != 2:
        return None
    return [str(name) for name in (X.schema.names if "pyarrow" in library else X.columns)]


def column_order(names: Sequence[str], learnware: Learnware | dict[str, Any]) -> list[int] | None:
    """Return where each column that the learnware takes is among `names`; None unless both are the same names."""
    return _order(names, _described(learnware))


def _described(learnware: Learnware | dict[str, Any]) -> list[str]:
    """Return the descriptions of all columns in the learnware's order; none where some are missing."""
    semantic = learnware if isinstance(learnware, dict) else learnware.get_specification().get_semantic_spec()
    inputs = semantic.get("Input")
    # A market may hold learnwares that nobody has checked.
    if not isinstance(inputs, dict) or not isinstance(description := inputs.get("Description"), dict):
        return []
    by_position = {str(position): text for position, text in description.items() if isinstance(text, str)}
    wanted = [by_position[str(i)] for i in range(len(by_position)) if str(i) in by_position]
    return wanted if len(wanted) == inputs.get("Dimension", len(wanted)) else []


def _order(names: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Return where each wanted column is among `names`; None unless both are the same names, each once."""
    if len(names) != len(wanted):
        return None
    for form in (str, _plain):
        position = {form(name): i for i, name in enumerate(names)}
        order = [position[form(name)] for name in wanted if form(name) in position]
        if len(position) == len(names) == len(set(order)):
            return order
    return None


def _refuse_other_columns(names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise unless so few names are shared that the descriptions are no names of columns."""
    known, given = {_plain(name) for name in wanted}, {_plain(name) for name in names}
    missing = [name for name in wanted if _plain(name) not in given]
    unknown = [name for name in names if _plain(name) not in known]
    if len(names) == len(wanted) and missing and 2 * len(missing) <= len(wanted):
        raise ReuseError(
            f"columns that the learnware takes and the data lack: {_listed(missing)}; columns that it does not know: "
            f"{_listed(unknown) or 'none'}. Rename those of the data that mean the same"
        )


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"{name!r:.80}" for name in names[:_MOST_NAMED]) + more
