"""Watches what sandboxed processes use together, and ends those that use more than they may.

The kernel's limits are for one process. One thread looks after all trees of processes that this process has started; it
ends with the last of them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ._usage import (
    Usage,
    bytes_on_disk,
    mapped_shared_memory,
    memory_of_sockets,
    proportional_memory,
    tree_usage,
)

if TYPE_CHECKING:
    from ._limits import Limits
    from ._trees import Tree

__all__ = ["Meter", "forget", "watch"]

_OUTPUT_TAIL_BYTES = 1 << 16
_SECONDS_IN_A_CALL, _SECONDS_BETWEEN_CALLS = 0.05, 0.25
# A folder takes long to look through where it holds many files, and so do the maps of many processes: at most this
# share of the time goes into them.
_SHARE_FOR_LONG_LOOKS = 0.05
_LEAST_SECONDS_FOR_LONG_LOOKS = 0.2
_BYTES_TO_A_FILE = 16384


class Meter:
    """What one tree of processes has used in the present call.

    Attributes
    ----------
    breach : (str, str) or None
        The limit that the tree was ended for, by its name in `Limits`, and what happened.
    tail : bytearray
        The end of what was printed.
    """

    def __init__(self, tree: Tree, limits: Limits) -> None:
        self.breach: tuple[str, str] | None = None
        self.tail = bytearray()
        self._tree = tree
        self._limits = limits
        self._cpu_limit = limits.cpu_seconds or limits.seconds * (os.cpu_count() or 1)
        self._calling = True  # it loads the model
        self._printed = 0
        self._cpu = self._cpu_before = 0.0
        self._long_look = 0.0

    def begin(self) -> None:
        """Start a call: processor time and printed bytes count anew."""
        self._printed = 0
        self._cpu_before = self._cpu
        self._calling = True

    def end(self) -> None:
        """End a call."""
        self._calling = False

    @property
    def pause(self) -> float:
        """Seconds until the tree should be looked at again."""
        return _SECONDS_IN_A_CALL if self._calling else _SECONDS_BETWEEN_CALLS

    def drain(self) -> None:
        """Read what is printed, until all processes have ended, so that none waits for a reader."""
        stream: Any = self._tree.process.stderr
        with stream:
            while chunk := stream.read(1 << 16):
                self.tail += chunk
                del self.tail[:-_OUTPUT_TAIL_BYTES]
                self._printed += len(chunk)
                if self._printed > self._limits.printed_bytes:
                    self._end_for("printed_bytes", f"the model printed more than {_size(self._limits.printed_bytes)}")

    def look(self) -> None:
        """End the tree if it uses more than it may."""
        if self.breach is not None:
            return
        try:
            usage = tree_usage(self._tree.root)
        except (OSError, ValueError, IndexError) as error:  # what cannot be watched cannot be allowed
            self._end_for("memory_bytes", f"what the model uses could not be found out: {error}")
            return
        limits = self._limits
        self._cpu = max(self._cpu, usage.cpu_seconds)
        threads = usage.threads - self._tree.helpers
        if threads > limits.processes:
            self._end_for(
                "processes", f"the model ran {threads} processes and threads; at most {limits.processes} are allowed"
            )
        elif self._calling and self._cpu - self._cpu_before > self._cpu_limit:
            self._end_for("cpu_seconds", f"the model used more than {self._cpu_limit:g} seconds of processor time")
        elif (memory := self._memory(usage)) > limits.memory_bytes:
            allowed = f"at most {_size(limits.memory_bytes)} are allowed"
            self._end_for("memory_bytes", f"the model used {_size(memory)} of memory; {allowed}")
        elif (start := time.monotonic()) > self._long_look:
            self._look_at_hidden_memory(usage)
            if self._tree.scratch is not None:
                self._look_at(self._tree.scratch, usage)
            end = time.monotonic()
            self._long_look = end + max(_LEAST_SECONDS_FOR_LONG_LOOKS, (end - start) / _SHARE_FOR_LONG_LOOKS)

    def _memory(self, usage: Usage) -> int:
        """Return the memory that is used; what processes share is told apart only where it makes a difference."""
        if usage.memory_bytes <= self._limits.memory_bytes:
            return usage.memory_bytes
        return proportional_memory(usage.processes) or usage.memory_bytes

    def _look_at_hidden_memory(self, usage: Usage) -> None:
        most, mapped = self._limits.memory_bytes, mapped_shared_memory(usage.processes)
        if mapped > most:
            words = f"the model shared {_size(mapped)} of memory; at most {_size(most)} are allowed"
            self._end_for("memory_bytes", words)
        elif (held := memory_of_sockets(usage.processes, most)) > most:
            words = f"the model's sockets may hold {_size(held)}; at most {_size(most)} of memory are allowed"
            self._end_for("memory_bytes", words)

    def _look_at(self, scratch: str, usage: Usage) -> None:
        most = self._limits.scratch_bytes
        files = max(1024, most // _BYTES_TO_A_FILE)
        used = bytes_on_disk(scratch, usage.processes, files)
        if used is None or used > most:
            wrote = f"more than {files} files" if used is None else _size(used)
            allowed = f"at most {_size(most)} are allowed"
            self._end_for("scratch_bytes", f"the model has {wrote} in its scratch folder; {allowed}")

    def _end_for(self, limit: str, words: str) -> None:
        if self.breach is None:
            self.breach = (limit, words)
        self._tree.kill()


def _size(count: int) -> str:
    for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << power:
            return f"{count / (1 << power):.3g} {unit}"
    return f"{count} bytes"


class _Watch:
    """The thread of one process, and what it looks after."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._meters: list[Meter] = []
        self._running = False

    def add(self, meter: Meter) -> None:
        with self._changed:
            self._meters.append(meter)
            if not self._running:
                threading.Thread(target=self._work, name="learnware-watch", daemon=True).start()
                self._running = True
            self._changed.notify()

    def remove(self, meter: Meter) -> None:
        with self._changed:
            self._meters.remove(meter)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._meters:
                    self._changed.wait(min(meter.pause for meter in self._meters))
                if not self._meters:
                    self._running = False
                    return
                meters = list(self._meters)
            for meter in meters:
                meter.look()


# By process number: a fork has no threads but its own, and a lock of its parent may be held for ever.
_watches: dict[int, _Watch] = {}


def watch(meter: Meter) -> None:
    """Have a tree looked at from time to time, where the kernel tells what processes use."""
    if sys.platform == "linux":
        _watches.setdefault(os.getpid(), _Watch()).add(meter)


def forget(meter: Meter) -> None:
    """Look at a tree no more."""
    if sys.platform == "linux":
        _watches[os.getpid()].remove(meter)
