"""Removing a folder that somebody else has filled, however deep. Also used by the launcher: standard library only."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["remove_tree"]


def remove_tree(folder: str) -> None:
    """Remove a folder with all that is in it; what cannot be removed is left.

    Nothing recurses, no path is long, and two descriptors are open at most: programs may nest folders without end, and
    forbid access to them.
    """
    if os.rmdir not in os.supports_dir_fd:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
        return
    with suppress(OSError):
        current = _open(folder, None)
        try:
            current = _empty(current)
        finally:
            os.close(current)
        Path(folder).rmdir()


def _empty(current: int) -> int:
    """Remove what is in an open folder; return a descriptor of it in exchange for the one given."""
    above: list[tuple[str, list[str], os.stat_result]] = []
    folders = _remove_files(current)
    while True:
        if folders:
            name = folders.pop()
            try:
                inner = _open(name, current)
            except OSError:
                continue
            above.append((name, folders, os.fstat(current)))
            os.close(current)
            current, folders = inner, _remove_files(inner)
        elif above:
            name, folders, known = above.pop()
            parent = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=current)
            os.close(current)
            current = parent
            if not os.path.samestat(os.fstat(current), known):
                return current  # somebody moves folders around; who knows where this is
            with suppress(OSError):
                os.rmdir(name, dir_fd=current)
        else:
            return current


def _open(name: str, within: int | None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        found = os.open(name, flags, dir_fd=within)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=within)
        found = os.open(name, flags, dir_fd=within)
    with suppress(OSError):
        os.fchmod(found, 0o700)
    return found


def _remove_files(current: int) -> list[str]:
    """Remove the files of an open folder; return the names of the folders in it."""
    folders = []
    with suppress(OSError), os.scandir(current) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                with suppress(OSError):
                    os.unlink(entry.name, dir_fd=current)
    return folders
