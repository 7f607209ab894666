"""Standard input and output in place of a socket, as a process in a container has them."""

from __future__ import annotations

import os
import stat
from typing import Any


def parent_is_at_pipes() -> bool:
    """Return whether the standard input is no socket, so that answers go to the standard output."""
    return not stat.S_ISSOCK(os.fstat(0).st_mode)


class Pipes:
    """The standard input and output of this process with the calls of a socket; takes them over."""

    def __init__(self) -> None:
        self._input = os.dup(0)
        self._output = os.dup(1)

    def recv_into(self, buffer: Any, count: int = 0) -> int:
        """Read at most `count` bytes into a buffer, as much as it takes for 0; return how many, 0 at the end."""
        view = memoryview(buffer).cast("B")
        return os.readv(self._input, [view[:count] if count else view])

    def sendall(self, data: Any) -> None:
        """Write all of it."""
        view = memoryview(data).cast("B")
        while view:
            view = view[os.write(self._output, view) :]
