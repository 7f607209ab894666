"""Folders of one process. What processes that were killed have left is removed by those that start after."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["private_folder", "scratch_folder"]


@contextmanager
def private_folder(root: Path, kind: str) -> Iterator[Path]:
    """Give a new folder, which is gone afterwards.

    Parameters
    ----------
    root : Path
        Folder of all folders of the kind on this machine.
    kind : str
        What its name begins with.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(root, kind)
    folder = root / f"{kind}-{secrets.token_hex(8)}"
    lock = folder.with_suffix(".lock")
    # Held as long as this process lives, and no longer, however it ends.
    with FileLock(lock):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """Make a folder the place for all temporary files of this process and its children; it is gone afterwards.

    Parameters
    ----------
    root : Path
        Folder of the scratch folders of all workers on this machine.
    """
    with private_folder(root, "worker") as folder:
        before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir = before
            if variable is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = variable


def _sweep(root: Path, kind: str) -> None:
    for lock in root.glob(f"{kind}-*.lock"):
        try:
            with FileLock(lock, blocking=False):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except Timeout:  # noqa: PERF203  # its process lives
            continue
