"""A folder for what a worker unpacks. What workers that were killed have left is removed by those that start after."""

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

__all__ = ["scratch_folder"]


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """Make a folder the place for all temporary files of this process and its children; it is gone afterwards.

    Parameters
    ----------
    root : Path
        Folder of the scratch folders of all workers on this machine.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(root)
    folder = root / f"worker-{secrets.token_hex(8)}"
    lock = folder.with_suffix(".lock")
    # Held as long as this process lives, and no longer, however it ends.
    with FileLock(lock):
        folder.mkdir(mode=0o700)
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
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _sweep(root: Path) -> None:
    for lock in root.glob("worker-*.lock"):
        try:
            with FileLock(lock, blocking=False):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except Timeout:  # noqa: PERF203  # its worker lives
            continue
