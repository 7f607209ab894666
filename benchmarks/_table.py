"""Rows of a benchmark and how they are printed."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Row", "machine", "print_rows"]


@dataclass(frozen=True)
class Row:
    """One measured figure beside its bar.

    Attributes
    ----------
    name : str
        What was measured.
    measured : float
        The figure.
    bar : float or None
        What it has to reach; None for a figure that is only told.
    unit : str
        Unit of both.
    note : str
        Ratio to a baseline of the same run, sizes, repetitions.
    higher_is_better : bool
        Whether the bar is a lower limit.
    """

    name: str
    measured: float
    bar: float | None = None
    unit: str = ""
    note: str = ""
    higher_is_better: bool = False

    @property
    def passed(self) -> bool | None:
        """Whether the bar is reached; None without a bar."""
        if self.bar is None:
            return None
        return self.measured >= self.bar if self.higher_is_better else self.measured <= self.bar


def machine() -> str:
    """Return the machine in one line: processor, cores that may be used, Python and numpy."""
    import numpy as np

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, Python {platform.python_version()}, numpy {np.__version__}, {platform.system()}"


def print_rows(title: str, rows: Iterable[Row]) -> None:
    """Print a table: what, measured, bar, whether it is reached, note."""
    lines = [("", "measured", "bar", "", "")]
    for row in rows:
        relation = ">=" if row.higher_is_better else "<="
        bar = "" if row.bar is None else f"{relation} {row.bar:.4g} {row.unit}".rstrip()
        verdict = {None: "", True: "pass", False: "FAIL"}[row.passed]
        lines.append((row.name, f"{row.measured:.4g} {row.unit}".rstrip(), bar, verdict, row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    print(f"\n{title}\n{'-' * len(title)}")
    for name, measured, bar, verdict, note in lines:
        line = f"{name:<{widths[0]}}  {measured:>{widths[1]}}  {bar:>{widths[2]}}  {verdict:<{widths[3]}}  {note}"
        print(line.rstrip(), flush=True)
