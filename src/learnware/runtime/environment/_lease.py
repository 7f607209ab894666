"""Leases: what says, across processes, that something is in use."""

from __future__ import annotations

import contextlib
import os
import uuid
import weakref
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lease", "in_use"]


class Lease:
    """A claim to a thing, held until it is released, forgotten, or its process is gone.

    Each is a locked file of its own: whoever finds a file that is not locked finds a claim of the dead.

    Parameters
    ----------
    folder : Path
        Where the claims to the thing are. Whoever takes one, or acts on there being none, holds the lock of the thing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{uuid.uuid4().hex}.lease"
        lock = FileLock(file, thread_local=False)
        # Nobody else has this name; who looks whether it is locked has it for a moment.
        lock.acquire(poll_interval=0.01)
        self.release = weakref.finalize(self, _release, lock, file, os.getpid())


def _release(lock: FileLock, file: Path, owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the owner ends
    with contextlib.suppress(OSError):
        file.unlink()
    lock.release()


def in_use(folder: Path) -> bool:
    """Return whether somebody holds a claim; claims of the dead are removed."""
    if not folder.is_dir():
        return False
    for file in folder.glob("*.lease"):
        lock = FileLock(file, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        with contextlib.suppress(OSError):
            file.unlink()
        lock.release()
    return False
