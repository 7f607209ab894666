"""A started process with all that comes of it, at each level, and how the whole of it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

from learnware.errors import SandboxError

from ._bubblewrap import bubblewrap_command
from ._folders import remove_tree
from ._landlock import landlock_command
from ._plan import scratch_variables, variables
from ._spawn import spawn

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path

    from ._limits import Limits

__all__ = ["SANDBOX_LEVELS", "Tree", "start_tree"]

# Best first.
SANDBOX_LEVELS = ("bubblewrap", "landlock", "none")

# A guard only kills and tidies up; one that takes longer than this is killed itself.
_GUARD_SECONDS = 10.0


class Tree:
    """A plain process and its group; the other levels derive from it.

    Attributes
    ----------
    process : Popen
        The process that was started.
    root : int
        The number of the process that all others come from.
    scratch : str or None
        The scratch folder on disk; None where it is in memory and goes by itself.
    helpers : int
        How many of the processes from the root on belong to the sandbox itself.
    """

    helpers = 0

    def __init__(self, process: subprocess.Popen[bytes], root: int, scratch: str | None) -> None:
        self.process = process
        self.root = root
        self.scratch = scratch
        self._lock = threading.Lock()  # what has ended is not killed: its numbers may be those of others by then

    def kill(self) -> None:
        """Let everything end at once, without waiting."""
        with self._lock:
            self._kill()

    def _kill(self) -> None:
        if sys.platform == "win32":
            self.process.kill()
        elif self.process.returncode is None:
            # Not reaped yet, so the group's number still belongs to it, even where the process itself has ended.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            except PermissionError:  # macOS answers so where all of the group have ended
                self.process.kill()

    def end(self) -> None:
        """End everything, wait for that, and remove the scratch folder."""
        with self._lock:
            self._kill()
            self.process.wait()
        if self.scratch is not None:
            remove_tree(self.scratch)

    def ending(self) -> str:
        """Return how the process ended, after `end`."""
        return _words_for_code(self.process.returncode)


class _Namespaces(Tree):
    """A process in namespaces of its own: with the first process in there, the kernel kills all others."""

    helpers = 1

    def __init__(self, process: subprocess.Popen[bytes], root: int) -> None:
        super().__init__(process, root, None)
        try:
            self._first: int | None = os.pidfd_open(root)
        except ProcessLookupError:
            self._first = None

    def _kill(self) -> None:
        if self._first is None:
            self.process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)

    def end(self) -> None:
        """End everything and wait for that."""
        with self._lock:
            self._kill()
            if self._first is not None:
                poll = select.poll()
                poll.register(self._first, select.POLLIN)
                poll.poll()  # the kernel reports its end when no other process is left in there
                os.close(self._first)
                self._first = None
            self.process.wait()

    def ending(self) -> str:
        """Return how the process ended, after `end`."""
        return _words_for_shell_code(self.process.returncode)


class _Guarded(Tree):
    """A process below a guard, which kills all that comes of it and removes its scratch folder."""

    helpers = 1

    def _kill(self) -> None:
        self.process.terminate()

    def end(self) -> None:
        """End everything, wait for that, and remove the scratch folder."""
        with self._lock:
            self._kill()
            try:
                self.process.wait(_GUARD_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.scratch is not None:
            remove_tree(self.scratch)

    def ending(self) -> str:
        """Return how the process ended, after `end`."""
        return _words_for_shell_code(self.process.returncode)


def start_tree(
    level: str, command: Sequence[str], readable: Sequence[Path], limits: Limits, sock: socket.socket
) -> Tree:
    """Start a process at a level; it finds `sock` as its standard input, and its standard error is a pipe.

    Raises
    ------
    SandboxError
        If the level is unknown, or something that it needs is missing.
    """
    if level == "bubblewrap":
        return _start_namespaces(command, readable, limits, sock)
    if level not in SANDBOX_LEVELS:
        raise SandboxError(f"sandbox is {level!r}; expected one of {', '.join(SANDBOX_LEVELS)}")
    scratch = os.path.realpath(tempfile.mkdtemp(prefix="learnware-"))
    try:
        if level == "landlock":
            guard = landlock_command(command, readable, limits, scratch)
            process = _spawn(guard, variables(limits), scratch, sock)
            return _Guarded(process, process.pid, scratch)
        process = _spawn(list(command), {**variables(limits), **scratch_variables(scratch)}, scratch, sock)
        return Tree(process, process.pid, scratch)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _start_namespaces(command: Sequence[str], readable: Sequence[Path], limits: Limits, sock: socket.socket) -> Tree:
    answer, info = os.pipe()
    with open(answer, "rb") as stream:  # noqa: PTH123  # a descriptor
        try:
            line = bubblewrap_command(command, readable, limits, info)
            process = _spawn(line, variables(limits), "/", sock, pass_fds=(info,))
        finally:
            os.close(info)
        told = stream.read()
    try:
        return _Namespaces(process, json.loads(told)["child-pid"])
    except (ValueError, KeyError) as error:
        _, words = process.communicate()
        text = words.decode("utf-8", "replace").strip()
        raise SandboxError(f"bubblewrap cannot make a sandbox here: {text}") from error


def _spawn(
    command: list[str], environment: dict[str, str], folder: str, sock: socket.socket, **more: Any
) -> subprocess.Popen[bytes]:
    common: dict[str, Any] = {"cwd": folder, "env": environment, "bufsize": 0, "stderr": subprocess.PIPE}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
        process = spawn(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, creationflags=flags, **common)
        assert process.stdin is not None  # noqa: S101  # a pipe was asked for
        with process.stdin as stdin:
            stdin.write(sock.share(process.pid))
        return process
    return spawn(command, stdin=sock.fileno(), stdout=subprocess.DEVNULL, start_new_session=True, **common, **more)


def _words_for_code(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by signal {-code} ({signal.strsignal(-code)})"
    return f"ended with exit code {code}"


def _words_for_shell_code(code: int | None) -> str:
    """Return the words for the code of a process that stands for another one, as a shell does."""
    return _words_for_code(128 - code if code is not None and 128 < code < 128 + signal.NSIG else code)
