"""Removing a folder that somebody else has filled, however deep. Also used by the launcher: standard library only."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["remove_tree"]


def remove_tree(folder: str) -> None:
    """Remove a folder with all that is in it; what cannot be removed is left.

    Folders inside are first moved to the top, so that no path is too long and nothing recurses.
    """
    names = (f".removed-{number}" for number in itertools.count())
    left = True
    while left:
        left = False
        for inner in _remove_files(folder):
            left = _lift_folders(folder, inner, names) or left
    with suppress(OSError):
        Path(folder).rmdir()


def _remove_files(folder: str) -> list[str]:
    """Remove the files of a folder; return the folders in it."""
    folders = []
    with suppress(OSError):
        Path(folder).chmod(0o700)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    with suppress(OSError):
                        Path(entry.path).unlink()
    except OSError:
        return []
    return folders


def _lift_folders(top: str, folder: str, names: Iterator[str]) -> bool:
    """Remove a folder after its folders were moved to the top; return whether anything was moved."""
    moved = False
    for inner in _remove_files(folder):
        with suppress(OSError):
            Path(inner).chmod(0o700)  # a folder that may not be written to cannot be moved
            Path(inner).rename(Path(top) / next(names))
            moved = True
    with suppress(OSError):
        Path(folder).rmdir()
    return moved
