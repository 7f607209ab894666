"""Files that commands write, whole or not at all; standard input as a file."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from learnware.errors import LearnwareError

__all__ = ["STDIN", "OutputError", "as_file", "check_output", "write_file"]

# What stands for standard input where a command takes a file.
STDIN = "-"


class OutputError(LearnwareError):
    """A result cannot be written where it should be."""


@contextmanager
def as_file(path: Path, suffix: str) -> Iterator[Path]:
    """Give the file to read; standard input becomes a file first, for it can be read only once."""
    if str(path) != STDIN:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="learnware-stdin-") as folder:
        copy = Path(folder) / f"standard input{suffix}"
        with copy.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield copy


def check_output(path: Path | None, *, force: bool, suffixes: tuple[str, ...] = ()) -> None:
    """Raise unless a file can be written there; to be called before the work is done.

    Raises
    ------
    OutputError
        If the file exists and is not to be overwritten, its kind is not known, or its folder is not there.
    """
    if path is None:
        return
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(f"{str(path)!r} is of no kind that can be written; known are {', '.join(suffixes)}")
    if path.is_dir():
        raise OutputError(f"{str(path)!r} is a folder; name a file")
    if path.exists() and not force:
        raise OutputError(f"{str(path)!r} exists already; overwrite it with --force, or name another file")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"there is no folder {str(path.absolute().parent)!r}; make it first")


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file; it appears whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.absolute().parent) as folder:
        # The name is kept, for some writers go by its end.
        scratch = Path(folder) / path.name
        write(scratch)
        os.replace(scratch, path)  # noqa: PTH105  # the file's own folder is about to go
