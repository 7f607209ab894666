"""Files of environments: compiled, made read-only, measured, removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import uuid
from typing import TYPE_CHECKING

from learnware.runtime.environment._watched import run_watched

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["byte_compile", "disk_usage", "remove_tree", "seal", "tree_size"]

TRASH = ".trash-"


def byte_compile(python: Path, folder: Path, settings: BuildSettings) -> None:
    """Compile the packages of an environment, except their tests; a sandbox cannot, and would wait each time.

    ``-S``: no package may run code of its own here. What is no Python of this version stays as it is.
    """
    run_watched(
        [
            str(python), "-I", "-S", "-m", "compileall", "-qq", "-j", "0", "--invalidation-mode", "unchecked-hash",
            "-x", r"[/\\]tests?[/\\]", str(folder / ("Lib" if sys.platform == "win32" else "lib")),
        ],
        what="compiling the packages",
        stall_seconds=settings.stall_seconds,
        step_seconds=settings.step_seconds,
        cancelled=settings.cancelled,
    )  # fmt: skip


def seal(folder: Path) -> None:
    """Make a folder read-only, and readable by everybody."""
    if sys.platform == "win32":
        return  # a file that is read-only cannot be removed there
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(parent, name)  # noqa: PTH118  # thousands of files
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                wanted = (stat.S_IMODE(mode) | 0o444 | (0o111 if mode & 0o100 else 0)) & ~0o222
                if wanted != stat.S_IMODE(mode):
                    os.chmod(path, wanted)  # noqa: PTH101  # thousands of files
    folder.chmod(0o555)


def tree_size(folder: Path) -> int:
    """Return the bytes of a folder's files, each counted once."""
    return disk_usage([folder])


def disk_usage(folders: Iterable[Path]) -> int:
    """Return the bytes that folders take together: a file with several names (hard links) counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder in folders:
        for parent, _, files in os.walk(folder):
            for name in files:
                with contextlib.suppress(OSError):
                    status = os.lstat(os.path.join(parent, name))  # noqa: PTH118  # thousands of files
                    if status.st_nlink > 1:
                        if (status.st_dev, status.st_ino) in seen:
                            continue
                        seen.add((status.st_dev, status.st_ino))
                    total += status.st_size
    return total


def remove_tree(folder: Path) -> None:
    """Remove a folder, also a read-only one; it is gone under its name at once."""
    if not os.path.lexists(folder):
        return
    trash = folder.with_name(f"{TRASH}{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        folder.chmod(0o755)
    folder.rename(trash)
    remove_trash(trash)


def remove_trash(trash: Path) -> None:
    """Remove what is under a name that nobody looks for; what cannot be removed now is at the next time."""
    for parent, folders, _ in os.walk(trash):
        for name in folders:
            path = os.path.join(parent, name)  # noqa: PTH118  # thousands of files
            if not os.path.islink(path):  # noqa: PTH114  # thousands of files
                with contextlib.suppress(OSError):
                    os.chmod(path, 0o755)  # noqa: PTH101, S103  # thousands of files, which go
    shutil.rmtree(trash, ignore_errors=True)
