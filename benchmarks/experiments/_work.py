"""The work folder of an experiment: what is done stays done, and a run that was stopped goes on."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["arrays_once", "default_folder", "json_once", "of_this_engine", "side_by_side", "tracked", "written_whole"]

T = TypeVar("T")
R = TypeVar("R")


def default_folder(experiment: str, size: str) -> Path:
    """Return the folder in which an experiment keeps what it has made, in the user's cache."""
    from platformdirs import user_cache_path

    return user_cache_path("learnware-experiments", appauthor=False) / f"{experiment}-{size}"


def of_this_engine(work: Path) -> Path:
    """Return the folder, in that of an experiment, for what the engine as it is now makes: another one begins anew."""
    import learnware

    root = Path(learnware.__file__).parent
    digest = blake2b(digest_size=6)
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return work / f"engine-{digest.hexdigest()}"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; it takes the place of `path` once all is written.

    Nobody sees half a file, and what a stopped run leaves is no result.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def json_once(path: Path, make: Callable[[], Any]) -> Any:
    """Return what the JSON file holds; where there is none, make it and write it."""
    if not path.exists():
        value = make()
        with written_whole(path) as scratch:
            scratch.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def arrays_once(path: Path, make: Callable[[], dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file; where there is none, make them and write it."""
    if not path.exists():
        arrays = make()
        with written_whole(path) as scratch, scratch.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its keywords are arrays and one flag
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def side_by_side(work: Callable[[T], R], items: Sequence[T], what: str, jobs: int) -> list[R]:
    """Return what `work` makes of each item, `jobs` of them at a time, with the bar of `tracked`.

    The threads wait for processes: for the sandboxes of learnwares.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="experiment") as pool:
        turns = [pool.submit(work, item) for item in items]
        try:
            return [turn.result() for turn in tracked(turns, what)]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def tracked(items: Sequence[T], what: str) -> Iterator[T]:
    """Give the items one after the other, with a bar that says how many are done and how long it will take."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        yield from progress.track(items, description=what)
