"""Print every benchmark of the dock beside its bar: ``python -m benchmarks.dock [KILLS]``.

It takes about eight minutes on a quiet machine, the kills half of them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks._table import machine, print_rows
from benchmarks.dock import kills, reads, search, uploads, verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks._table import Row

__all__ = ["run"]

# On each of the two databases: a hundred moments together.
KILLS = 50


def run(moments: int = KILLS) -> None:
    """Print the tables one after the other; nothing else is measured meanwhile.

    Parameters
    ----------
    moments : int, default=50
        How often a server or a worker is killed, on each database.
    """
    measures: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
        ("a dock: searches", search.run),
        ("a dock: start", search.start),
        ("a dock: reads", reads.run),
        ("a dock: verification", verification.run),
        ("a dock: uploads", uploads.run),
        ("a dock: kills of servers and workers", lambda: kills.run(moments)),
    )
    for title, measure in measures:
        print_rows(title, measure())


if __name__ == "__main__":
    print(machine())
    run(*[int(number) for number in sys.argv[1:2]])
