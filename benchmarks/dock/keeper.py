"""Temporary folders, and processes that were started for them, that are gone even when this process is killed."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["kept_folder"]

_PREFIX = "BENCHMARK_"
_PATIENCE = 20.0


@contextmanager
def kept_folder(prefix: str) -> Iterator[Path]:
    """Give a folder that is removed afterwards.

    Whoever enters ends the processes that it starts meanwhile. If it is killed before that, another process ends them,
    whoever their parents are, and removes the folder: it finds them by a variable that they inherit.

    Parameters
    ----------
    prefix : str
        What the folder's name begins with.
    """
    variable = f"{_PREFIX}{secrets.token_hex(8)}"
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        # Its input ends when nobody holds the other end any more. A signal from the terminal does not reach it, and
        # the keeper of another folder does not take it for one of the processes to end.
        keeper = subprocess.Popen(
            [sys.executable, __file__, variable, name],
            env={key: value for key, value in os.environ.items() if not key.startswith(_PREFIX)},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        os.environ[variable] = "1"
        try:
            yield Path(name)
        finally:
            del os.environ[variable]
            keeper.communicate(b"all is well")


def _orphans(variable: str) -> dict[int, int]:
    """Return the processes that have a variable, with their parents."""
    wanted = f"{variable}=1".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes end meanwhile, and those of other people tell nothing.
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                status = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                found[int(folder.name)] = int(status[1])
    return found


def _end(variable: str) -> None:
    """End processes; those whose parents are among them are left to their parents, but not for long."""
    give_up = time.monotonic() + _PATIENCE
    asked: set[int] = set()
    while found := _orphans(variable):
        late = time.monotonic() > give_up
        for pid, parent in found.items():
            if late or (parent not in found and pid not in asked):
                asked.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.05)


def main() -> None:
    """Wait for the end of the input, and tidy up unless that was done."""
    variable, folder = sys.argv[1:]
    if not sys.stdin.buffer.read():
        _end(variable)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
