"""Small programs in the sandbox that tell what they could do."""

from __future__ import annotations

import json
import sys
import textwrap
import time
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from learnware.runtime.environment import Environment, current_environment
from learnware.runtime.sandbox import SANDBOX_LEVELS, Child, Limits, sandbox_report

if sys.platform != "linux":
    pytest.skip("sandboxes need Linux", allow_module_level=True)

_HEAD = """
import errno, json, os, socket, sys, time
_sock = socket.socket(fileno=os.dup(0))
def tell(value):
    _sock.sendall(json.dumps(value).encode() + b"\\n")
def attempt(action, *arguments):
    try:
        action(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
"""


def level_or_skip(level: str) -> str:
    reason = sandbox_report()[level]
    if reason is not None:
        pytest.skip(f"{level}: {reason}")
    return level


@pytest.fixture(params=SANDBOX_LEVELS[:-1])
def level(request: pytest.FixtureRequest) -> str:
    """Each real level that this machine has."""
    return level_or_skip(request.param)


@pytest.fixture(params=SANDBOX_LEVELS)
def any_level(request: pytest.FixtureRequest) -> str:
    return level_or_skip(request.param)


@pytest.fixture
def environment() -> Environment:
    return current_environment()


class Program:
    """A program in a sandbox, and the marker in its command line, which all that it forks have, too."""

    def __init__(self, child: Child, marker: str) -> None:
        self.child = child
        self.marker = marker
        self._buffer = b""
        child.sock.settimeout(60)

    def told(self) -> Any:
        """Return what it tells next; EOFError where it has ended."""
        while b"\n" not in self._buffer:
            try:
                chunk = self.child.sock.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError:  # it has ended with words unread, or another thread has closed it
                chunk = b""
            if not chunk:
                self.child.close()
                raise EOFError(self.child.ending() + self.child.last_words())
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def ended(self) -> None:
        """Wait until it has ended by itself, or by the watch."""
        while True:
            try:
                self.told()
            except EOFError:
                return

    def processes(self) -> list[int]:
        """Return the processes with the marker, on all of the machine."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and self.marker.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


def wait_until(condition, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def start(environment):
    """Return a function that starts a program; all are closed after the test, and nothing of them is left."""
    programs: list[Program] = []

    def start(code: str, level: str, *, readable: tuple[Path, ...] = (), **limits: Any) -> Program:
        marker = f"marker-{uuid.uuid4().hex}"
        command = [str(environment.python), "-I", "-B", "-c", _HEAD + textwrap.dedent(code), marker]
        child = Child(command, sandbox=level, environment=environment, readable=readable, limits=Limits(**limits))
        programs.append(Program(child, marker))
        return programs[-1]

    yield start
    for program in programs:
        program.child.close()
        scratch = program.child._tree.scratch
        assert scratch is None or not Path(scratch).exists()
        if program.child.sandbox == "none":  # waits for its own end only, not for that of what it has started
            assert wait_until(partial(_is_gone, program))
        assert _is_gone(program)


def _is_gone(program: Program) -> bool:
    return program.processes() == []
