"""A process that talks over a socket: started in a sandbox, listened to, and ended with all that it has started."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import weakref
from typing import TYPE_CHECKING

from learnware.runtime._words import last_lines

from ._limits import Limits
from ._plan import START_FAILED
from ._trees import Tree, start_tree
from ._watch import Meter, forget, watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from learnware.runtime.environment import Environment

__all__ = ["Child"]


class Child:
    """A process in a sandbox, with its socket and the end of what it prints.

    The process finds the other end of the socket as its standard input, and a scratch folder of its own as its working
    directory, home and place for temporary files. All of its processes and the scratch folder go when the child is
    closed or forgotten, when the interpreter ends, and when the owner is killed.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    sandbox : {"bubblewrap", "landlock", "none"}
        The level.
    environment : Environment
        Its folders are readable, and nothing of it is writable.
    readable : sequence of Path
        Files and folders that are readable besides.
    limits : Limits
        What all processes may use together.

    Attributes
    ----------
    sock : socket
        The parent's end.
    sandbox : str
        The level.

    Raises
    ------
    SandboxError
        If the level cannot be had.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        sandbox: str,
        environment: Environment,
        readable: Sequence[Path] = (),
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> None:
        self.sandbox = sandbox
        self.sock, theirs = socket.socketpair()
        try:
            self._tree = start_tree(sandbox, command, (*environment.folders, *readable), limits, theirs)
        except BaseException:
            self.sock.close()
            raise
        finally:
            theirs.close()
        self._meter = Meter(self._tree, limits)
        self._reader = threading.Thread(target=self._meter.drain, name="learnware-reader", daemon=True)
        self._reader.start()
        watch(self._meter)
        # Also runs when the owner is forgotten or the interpreter ends.
        self.close = weakref.finalize(self, _end, self._tree, self._meter, self.sock, os.getpid())

    def begin(self) -> None:
        """Note that a call starts: its budgets of processor time and printed bytes are new."""
        self._meter.begin()

    def end(self) -> None:
        """Note that a call has ended: only memory, processes and scratch folder are watched until the next one."""
        self._meter.end()

    def breach(self) -> tuple[str, str] | None:
        """Return the limit that its processes were ended for, by name, and what happened; None if there is none."""
        return self._meter.breach

    def output(self) -> str:
        """Return the end of what the processes have printed; after `close`, all of it has arrived."""
        if not self.close.alive:
            self._reader.join(1.0)
        return bytes(self._meter.tail).decode("utf-8", "replace")

    def last_words(self) -> str:
        """Return what they printed last, as the end of a sentence; call it after `close`."""
        text = "\n".join(last_lines(self.output()))
        return f"; it printed last: {text}" if text else ""

    def ending(self) -> str:
        """Return how the process ended; call it after `close`."""
        return self._tree.ending()

    def failed_start(self) -> str | None:
        """Return why the sandbox could not be set up, if that is how the process ended; call it after `close`."""
        lines = self.output().splitlines()
        return next((line for line in lines if line.startswith((START_FAILED, "bwrap: "))), None)


def _end(tree: Tree, meter: Meter, sock: socket.socket, owner: int) -> None:
    """End the processes, and the connection."""
    if os.getpid() != owner:
        return  # a fork of the owner ends; the processes are not its own
    forget(meter)
    tree.end()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)  # wakes a call that waits in another thread
    sock.close()
