"""Running one specimen, and looking at what it leaves behind."""

from __future__ import annotations

import shutil
import threading
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tests.hostile.specimen import ANSWERS, HELD, STRIKES, Specimen
from tests.hostile.stage import Stage, descendants, reap, survivors

from learnware.errors import LearnwareError, ResourceLimitError
from learnware.runtime import ModelProcess

if TYPE_CHECKING:
    from typing import Any

# What the parent may grow by while it takes an answer of at most 16 MiB, with room for the arithmetic on it.
_PARENT_BYTES = 192 << 20
_ROWS = 4
_BACKGROUND_SECONDS = 15.0
_LONGEST_MESSAGE = 20_000
# Control characters and those that turn the direction of writing: what a terminal would obey.
_CONTROLS = ("Cc", "Cf", "Cs")


@dataclass(frozen=True)
class Trial:
    """How a specimen ended.

    Attributes
    ----------
    name : str
        The specimen.
    level : str
        The sandbox.
    ended : str
        Its answer or error, in words.
    problems : tuple of str
        What shows that it was not contained; empty if it was.
    seconds : float
        Time that it took.
    """

    name: str
    level: str
    ended: str
    problems: tuple[str, ...]
    seconds: float


def run(specimen: Specimen, level: str, stage: Stage) -> Trial:
    """Run a specimen at a level and return how it ended."""
    begin = time.monotonic()
    package = stage.root / "packages" / specimen.name
    specimen.write(package, stage.constants())
    process = ModelProcess(package, {"class_name": "Model"}, sandbox=level, limits=specimen.what_it_may_use())
    engine = "ENGINE" in specimen.code
    before = stage.state(package, engine=engine)
    known = set(descendants())
    threads = set(threading.enumerate())
    descriptors = _open_files()
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    _reset_peak()
    memory = _peak()
    problems: list[str] = []
    ended: Any
    try:
        ended = _call(process, specimen)
    except BaseException as error:  # noqa: BLE001  # it is what the specimen has achieved
        ended = error
    finally:
        process.close()
    problems += judge(specimen, ended)
    if (grown := _peak() - memory) > _PARENT_BYTES:
        problems.append(f"the parent grew by {grown >> 20} MiB")
    if process.sandbox != level:
        problems.append(f"it ran at the level {process.sandbox}")
    left = survivors(known, 5.0)
    problems += [f"process {pid} is left: {command}" for pid, command in left.items()]
    reap(known)
    for thread in set(threading.enumerate()) - threads:
        thread.join(5.0)
        if thread.is_alive():
            problems.append(f"the thread {thread.name} is left")
    if not specimen.mute and STRIKES not in process.output:
        problems.append(f"it never struck; it printed {process.output[-300:]!r}")
    if (now := _open_files()) != descriptors:
        problems.append(f"{now} descriptors are open instead of {descriptors}")
    if Path("/proc/self/mountinfo").read_text(encoding="utf-8") != mounts:
        problems.append("mounts were left")
    problems += differences(before, stage.state(package, engine=engine)) + stage.problems()
    shutil.rmtree(package)
    words = f"{type(ended).__name__}: {ended}" if isinstance(ended, BaseException) else repr(ended)
    return Trial(specimen.name, level, words[:1000], tuple(problems), time.monotonic() - begin)


def _call(process: ModelProcess, specimen: Specimen) -> Any:
    X = np.arange(_ROWS * 3.0).reshape(_ROWS, 3)
    answer: Any = None
    for name in specimen.calls:
        if name == "fit":
            process.fit(X, np.zeros(_ROWS))
        elif name == "again":
            # Until what it does in the background has ended it.
            end = time.monotonic() + _BACKGROUND_SECONDS
            while time.monotonic() < end:
                answer = process.predict(X)
        else:
            answer = process.predict(X)
    return answer


def judge(specimen: Specimen, ended: Any) -> list[str]:
    """Return what is wrong with how it ended."""
    problems = []
    if isinstance(ended, BaseException):
        if type(ended) not in specimen.ends:
            problems.append(f"it ended in {type(ended).__name__}: {ended}"[:1500])
        elif isinstance(ended, ResourceLimitError) and ended.limit not in specimen.hits:
            problems.append(f"it hit the limit {ended.limit}: {ended}")
        elif specimen.says not in str(ended):
            problems.append(f"it ended without {specimen.says!r}: {ended}"[:1500])
        if not isinstance(ended, LearnwareError) or ended.__class__.__module__ != "learnware.errors":
            return problems
        message = str(ended)
        message.encode("utf-8")
        if len(message) > _LONGEST_MESSAGE:
            problems.append(f"the message has {len(message)} letters")
        if any(unicodedata.category(letter) in _CONTROLS and letter not in "\n\t" for letter in message):
            problems.append(f"the message controls terminals: {message[:300]!r}")
        return problems
    if type(ended) is not np.ndarray or ended.dtype.kind not in "biufU" or ended.shape[:1] != (_ROWS,):
        problems.append(f"it answered {ended!r:.300}")
    elif ended.dtype.kind == "f" and not np.isfinite(ended).all():
        problems.append("it answered what is not finite")
    elif ANSWERS in specimen.ends:
        pass
    elif HELD not in specimen.ends or ended.dtype.kind != "U" or set(ended.ravel()) != {HELD}:
        problems.append(f"it answered {ended.ravel()[:1].tolist()}"[:1500])
    return problems


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the first differences between two states of the stage, in words."""
    found = [f"{path} is new" for path in after.keys() - before.keys()]
    found += [f"{path} is gone" for path in before.keys() - after.keys()]
    found += [f"{path} has changed" for path in before.keys() & after.keys() if before[path] != after[path]]
    return sorted(found)[:5]


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return  # then the peak is that of the whole life, and only a higher one is noticed


def _peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def _open_files() -> int:
    """Return how many descriptors are open, without those of the threads that look at processes."""
    targets = []
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            targets.append(str(path.readlink()))
    return sum(not target.startswith("/proc/") for target in targets)
