"""Programs that build: run to their end, heard, and stopped with all that they have started when they stall."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["BuildCancelledError", "Finished", "redacted", "run_watched"]

_MAX_OUTPUT_CHARS = 1 << 20
_LOG_CHARS = 4000
_TICK_SECONDS = 0.25
# Less processor time than this is a program that looks at its watch.
_BUSY_SECONDS = 0.05
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s'\"]+@")


class BuildCancelledError(EnvironmentBuildError):
    """The caller wants the environment no more."""


@dataclass(frozen=True)
class Finished:
    """A program that has ended.

    Attributes
    ----------
    code : int
        Its exit code.
    output : str
        What it wrote to its standard output.
    log : str
        What it wrote to its standard error; without the credentials of addresses.
    """

    code: int
    output: str
    log: str

    @property
    def end(self) -> str:
        """The end of what it said."""
        return (self.log or redacted(self.output)).strip()[-_LOG_CHARS:]


def redacted(text: str) -> str:
    """Return a text without the user names and passwords of the addresses in it."""
    return _CREDENTIALS.sub("***@", text)


def run_watched(
    command: Sequence[str],
    *,
    what: str,
    stall_seconds: float,
    step_seconds: float = 3600.0,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stdin: str = "",
    on_line: Callable[[str], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Finished:
    """Run a program to its end.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    what : str
        What it does, for errors: "resolving the requirements".
    stall_seconds : float
        It is stopped after so long without output, processor time or writing.
    step_seconds : float, default=3600
        It is stopped after so long in any case.
    environment : mapping, optional
        Its environment variables; those of this process if not given.
    folder : Path, optional
        Where it runs.
    stdin : str, default=""
        What it reads.
    on_line : callable, optional
        Called with each line of its standard error, from this thread's side of the wait.
    cancelled : callable, optional
        It is stopped soon after this is true.

    Raises
    ------
    EnvironmentBuildError
        If it cannot be started, or was stopped; a BuildCancelledError if that was because of `cancelled`.
    """
    try:
        process = subprocess.Popen(  # noqa: S603  # the builders' own commands
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=None if environment is None else dict(environment),
            start_new_session=sys.platform != "win32",
            # Whoever runs models, perhaps another user, reads what is built.
            umask=0o022 if sys.platform != "win32" else -1,
        )
    except OSError as error:
        raise EnvironmentBuildError(f"{what}: {command[0]} cannot be started: {error.strerror}") from error
    streams = [_Stream(process.stdout), _Stream(process.stderr)]
    try:
        # In a thread: a program that does not read stalls, and must not stall this one.
        threading.Thread(target=_feed, args=(process.stdin, stdin.encode()), daemon=True).start()
        reason = _wait(process, streams, stall_seconds, step_seconds, on_line, cancelled)
    finally:
        # Also after an interrupt: nothing of it stays.
        _kill(process)
        for stream in streams:
            stream.join()
    output, log = streams[0].text(), redacted(streams[1].text())
    if reason is not None:
        finished = Finished(process.returncode, output, log)
        raise EnvironmentBuildError(f"{what} was stopped: {reason}", log=finished.end)
    return Finished(process.returncode, output, log)


def _feed(stream: Any, data: bytes) -> None:
    with contextlib.suppress(OSError), stream:
        stream.write(data)


class _Stream:
    """What a program writes, read by a thread of its own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._chunks: list[bytes] = []
        self.n_bytes = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream, contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._stream.fileno(), 1 << 16):
                self.n_bytes += len(chunk)
                if self.n_bytes <= _MAX_OUTPUT_CHARS:
                    self._chunks.append(chunk)

    def text(self) -> str:
        return b"".join(self._chunks).decode("utf-8", "replace")

    def join(self) -> None:
        self._thread.join(5.0)


def _wait(
    process: subprocess.Popen[bytes],
    streams: list[_Stream],
    stall_seconds: float,
    step_seconds: float,
    on_line: Callable[[str], None] | None,
    cancelled: Callable[[], bool],
) -> str | None:
    """Wait for the end of a program; return why it has to be stopped, or None."""
    told = 0
    start = moved = time.monotonic()
    n_bytes, work = 0, _Work(process.pid)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TICK_SECONDS)
        if on_line is not None:
            lines = redacted(streams[1].text()).splitlines()
            for line in lines[told:]:
                on_line(line.strip())
            told = len(lines)
        if process.returncode is not None:
            return None
        if cancelled():
            raise BuildCancelledError("building the environment was cancelled")
        now = time.monotonic()
        heard = sum(stream.n_bytes for stream in streams)
        if heard != n_bytes or work.went_on():
            n_bytes, moved = heard, now
        if now - moved > stall_seconds:
            return f"it did nothing for {stall_seconds:g} seconds"
        if now - start > step_seconds:
            return f"it took more than {step_seconds:g} seconds"


class _Work:
    """Processor time and written bytes of a process group."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._seconds = 0.0
        self._written = 0

    def went_on(self) -> bool:
        """Return whether it has worked since this last returned True."""
        seconds, written = self._measure()
        if seconds - self._seconds < _BUSY_SECONDS and written == self._written:
            return False
        self._seconds, self._written = seconds, written
        return True

    def _measure(self) -> tuple[float, int]:
        seconds, written = 0.0, 0
        if not Path("/proc/self/stat").is_file():
            return self._seconds_by_ps(), 0
        tick = os.sysconf("SC_CLK_TCK")
        for entry in os.listdir("/proc"):  # noqa: PTH208  # names only, of thousands
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The name, in brackets, may hold anything.
                fields = Path("/proc", entry, "stat").read_text(errors="replace").rpartition(")")[2].split()
                if int(fields[2]) == self._group:
                    # Its own time and that of its children which have ended.
                    seconds += sum(int(ticks) for ticks in fields[11:15]) / tick
                    written += int(re.search(r"wchar: (\d+)", Path("/proc", entry, "io").read_text())[1])  # type: ignore[index]
        return seconds, written

    def _seconds_by_ps(self) -> float:
        if sys.platform == "win32":
            return 0.0
        done = subprocess.run(["ps", "-A", "-o", "pgid=,time="], capture_output=True, text=True, check=False)  # noqa: S607  # where each system keeps it
        seconds = 0.0
        for line in done.stdout.splitlines():
            group, _, taken = line.strip().partition(" ")
            if group == str(self._group):
                with contextlib.suppress(ValueError):
                    parts = [float(part) for part in re.split("[:-]", taken.strip())]
                    seconds += sum(part * 60**i for i, part in enumerate(reversed(parts)))
        return seconds


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program with its group, and reap it."""
    if process.returncode is not None:
        return  # its number may be somebody else's by now
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
