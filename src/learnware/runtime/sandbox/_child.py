"""A process that talks over a socket: started, listened to, and ended with all that it has started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Child"]

_OUTPUT_TAIL_BYTES = 1 << 16
# What programs and numerical libraries need to start; nothing that tells about the user.
_KEPT_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
)


class Child:
    """A process with its socket, its scratch folder and the end of what it prints.

    The process finds the other end of the socket as its standard input, and a scratch folder of its own as its working
    directory, home and place for temporary files. The process, its group and the scratch folder go when the child is
    closed, forgotten, or when the interpreter ends.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.

    Attributes
    ----------
    sock : socket
        The parent's end.
    """

    def __init__(self, command: Sequence[str]) -> None:
        scratch = tempfile.mkdtemp(prefix="learnware-")
        self.sock, theirs = socket.socketpair()
        try:
            self._process = _spawn(command, scratch, theirs)
        except BaseException:
            self.sock.close()
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        finally:
            theirs.close()
        self._tail = bytearray()
        self._reader = threading.Thread(target=_drain, args=(self._process.stderr, self._tail), daemon=True)
        self._reader.start()
        # Also runs when the owner is forgotten or the interpreter ends.
        self.close = weakref.finalize(self, _end, self._process, self.sock, scratch, os.getpid())

    def output(self) -> str:
        """Return the end of what the process has printed."""
        return bytes(self._tail).decode("utf-8", "replace")

    def last_words(self) -> str:
        """Return what it printed last, as the end of a sentence; call it after `close`."""
        self._reader.join(1.0)
        text = self.output().strip()
        return f"; it printed last: {text[-2000:]}" if text else ""

    def ending(self) -> str:
        """Return how the process ended; call it after `close`."""
        code = self._process.returncode
        if code is not None and code < 0:
            return f"was killed by signal {-code} ({signal.strsignal(-code)})"
        return f"ended with exit code {code}"


def _spawn(command: Sequence[str], scratch: str, theirs: socket.socket) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    environment.update(HOME=scratch, TMPDIR=scratch, TEMP=scratch, TMP=scratch)
    if sys.platform == "win32":
        process = subprocess.Popen(  # noqa: S603  # what the caller names
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=scratch,
            env=environment,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )
        assert process.stdin is not None  # noqa: S101  # a pipe was asked for
        with process.stdin as stdin:
            stdin.write(theirs.share(process.pid))
        return process
    return subprocess.Popen(  # noqa: S603  # what the caller names
        list(command),
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=scratch,
        env=environment,
        start_new_session=True,
    )


def _drain(stream: Any, tail: bytearray) -> None:
    """Keep the end of what a process prints, so that it never waits for a reader."""
    with stream:
        while chunk := stream.read(1 << 16):
            tail += chunk
            del tail[:-_OUTPUT_TAIL_BYTES]


def _end(process: subprocess.Popen[bytes], sock: socket.socket, scratch: str, owner: int) -> None:
    """Kill the process with its group, reap it, and remove its scratch folder."""
    if os.getpid() != owner:
        return  # a fork of the owner ends; the process is not its own
    if sys.platform == "win32":
        process.kill()
    elif process.returncode is None:
        # Not reaped yet, so the group's number still belongs to it, even where the process itself has ended.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:  # macOS answers so where all of the group have ended
            process.kill()
    process.wait()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)  # wakes a call that waits in another thread
    sock.close()
    shutil.rmtree(scratch, ignore_errors=True)
