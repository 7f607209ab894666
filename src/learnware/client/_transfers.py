"""Progress of uploads and downloads: what a callback is told, and the bar of a terminal."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TransferProgress", "shown_transfer"]


@dataclass(frozen=True)
class TransferProgress:
    """How far an upload or a download is.

    Attributes
    ----------
    kind : {"upload", "download"}
    name : str
        The file, or the id of the learnware.
    done : int
        Bytes so far, those of earlier tries included.
    total : int
        Bytes in all.
    """

    kind: Literal["upload", "download"]
    name: str
    done: int
    total: int


@contextlib.contextmanager
def shown_transfer(
    kind: Literal["upload", "download"], name: str, on_transfer: Callable[[TransferProgress], None] | None
) -> Iterator[Callable[[int, int], None]]:
    """Give what to tell the bytes so far and the bytes in all.

    They go to `on_transfer`; without it, a bar on standard error shows them, if that is a terminal.
    """
    if on_transfer is not None:
        yield lambda done, total: on_transfer(TransferProgress(kind, name, done, total))
        return
    if not sys.stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005  # nobody looks
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    words = "Uploading" if kind == "upload" else "Downloading"
    shown = "".join(character if character.isprintable() else " " for character in name)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{words} {shown}", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
