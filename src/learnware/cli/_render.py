"""Showing values: consoles, tables, numbers, JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["clean", "console", "count", "facts", "number", "percent", "print_json", "tabulate"]


def console(*, stderr: bool) -> "Console":
    """Return a console for plain texts; colours only on a terminal, and not where ``NO_COLOR`` is set."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def print_json(document: Any, stream: TextIO) -> None:
    """Print one JSON document."""
    print(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False), file=stream)  # the result


def clean(text: Any) -> str:
    """Return a text of somebody else's without what would steer the terminal."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in str(text))


def number(value: float | None, digits: int = 4) -> str:
    """Return a number in a few digits, a dash for None."""
    return "-" if value is None else f"{value:.{digits}g}"


def percent(value: float | None) -> str:
    """Return a share as per cent, a dash for None."""
    return "-" if value is None else f"{value:.1%}"


def count(n: int, noun: str) -> str:
    """Return a number with its noun: "1 learnware", "2,000 rows"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def facts(pairs: Iterable[tuple[str, Any]]) -> "Table":
    """Return names with their values, one a line."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(name, Text(clean(value)))
    return grid


def tabulate(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> "Table":
    """Return a table that fits the terminal.

    Parameters
    ----------
    columns : sequence of str
        Headings. Before one, ``>`` sets numbers to the right, ``!`` keeps the values on one line.
    rows : iterable of sequences
        Values, as text.
    title : str, optional
        What stands above.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        heading = column.lstrip(">!")
        table.add_column(
            heading,
            justify="right" if column.startswith(">") else "left",
            no_wrap=column[0] in ">!",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(clean(value)) for value in row))
    return table
