"""What specimens are tempted with, and how it looks afterwards."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import learnware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

_PR_SET_CHILD_SUBREAPER = 36
_SECRET = "LEARNWARE_TEST_SECRET"
# Where a file may be left by somebody who may write where everybody may.
_COMMON = ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/run/lock", "/etc", "/usr", "/home", "/opt")


class Stage:
    """A home, secrets, canaries and listeners in a folder of their own; a context manager.

    Whatever a specimen starts becomes a descendant of this process, even when it leaves its parents: this process
    takes over orphans while the stage is open.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mark = "hostile-" + uuid.uuid4().hex[:12]
        self._closing = ExitStack()
        self._listeners: dict[str, socket.socket] = {}
        self._engine = Path(learnware.__path__[0])

    def __enter__(self) -> Self:
        for name in ("home/.ssh", "outside", "temporary", "packages/neighbour", "other_environment"):
            (self.root / name).mkdir(parents=True)
        for name in ("home/.ssh/id_rsa", "home/.bashrc", "home/.bash_history", "outside/secret", "outside/canary"):
            (self.root / name).write_text(f"untouched {uuid.uuid4().hex}\n", encoding="utf-8")
        for number in range(1, 50):
            (self.root / "outside" / f"canary{number}").write_text("untouched\n", encoding="utf-8")
        (self.root / "other_environment" / "package.py").write_text("answer = 42\n", encoding="utf-8")
        (self.root / "packages" / "neighbour" / "__init__.py").write_text(_NEIGHBOUR, encoding="utf-8")
        self._change_environment(
            {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "temporary"), _SECRET: "a secret"}
        )
        self._closing.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = None
        self._listen()
        self._take_orphans(True)
        self._closing.callback(self._take_orphans, False)
        self._canary = self._start_canary()
        self._closing.callback(self._end_canary)
        return self

    def __exit__(self, *details: object) -> None:
        self._closing.close()

    @property
    def neighbour(self) -> Path:
        """The folder of an innocent learnware, which answers its input plus one."""
        return self.root / "packages" / "neighbour"

    def constants(self) -> dict[str, Any]:
        """Return what specimens are told of the stage."""
        outside = self.root / "outside"
        ports = {
            name: listener.getsockname()[1] for name, listener in self._listeners.items() if name.startswith("PORT")
        }
        return {
            "MARK": self.mark,
            "HOME": str(self.root / "home"),
            "REAL_HOME": pwd.getpwuid(os.getuid()).pw_dir,
            "OUTSIDE": str(outside),
            "SECRET_FILE": str(outside / "secret"),
            "SECRET_NAME": _SECRET,
            "OWNER_PID": os.getpid(),
            "CANARY_PID": self._canary.pid,
            "OTHER_ENVIRONMENT": str(self.root / "other_environment"),
            "ENGINE": str(self._engine),
            "UNIX_PATH": str(outside / "stream"),
            "UNIX_DATAGRAM_PATH": str(outside / "datagram"),
            "ABSTRACT": self.mark + "-stream",
            "ABSTRACT_DATAGRAM": self.mark + "-datagram",
            "PORT6": 1,
            **ports,
        }

    def problems(self) -> list[str]:
        """Return what was reached or changed, in words, and put the canary back where it is gone."""
        found = []
        for name, listener in self._listeners.items():
            if select.select([listener], [], [], 0)[0]:
                found.append(f"the listener {name} was reached")
                listener.accept()[0].close() if listener.type == socket.SOCK_STREAM else listener.recv(1 << 16)
        if self._canary.poll() is not None:
            found.append(f"the canary process has ended: {self._canary.returncode}")
            self._end_canary()
            self._canary = self._start_canary()
        if os.getpriority(os.PRIO_PROCESS, self._canary.pid) != os.getpriority(os.PRIO_PROCESS, 0):
            found.append("the canary process has another priority")
        for folder in (*_COMMON, pwd.getpwuid(os.getuid()).pw_dir):
            try:
                names = [path.name for path in Path(folder).iterdir()]
            except OSError:
                continue
            found += [f"{folder}/{name} was left" for name in names if self.mark in name]
        return found

    def state(self, package: Path, *, engine: bool) -> dict[str, tuple[Any, ...]]:
        """Return all files that have to be as they were, with attributes and contents; `engine`: the engine's, too."""
        folders = [self.root / name for name in ("home", "outside", "temporary", "other_environment")]
        found = {
            path: attributes for folder in (*folders, package, self.neighbour) for path, attributes in _tree(folder)
        }
        # Scratch folders come and go in there; only what stays matters.
        del found[str(self.root / "temporary")]
        if engine:
            found.update((path, attributes) for path, attributes in _tree(self._engine) if "__pycache__" not in path)
        return found

    def _change_environment(self, variables: dict[str, str]) -> None:
        before = {name: os.environ.get(name) for name in variables}

        def restore() -> None:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

        self._closing.callback(restore)
        os.environ.update(variables)

    def _listen(self) -> None:
        outside = self.root / "outside"
        for name, family, kind, address in (
            ("PORT4", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("PORT6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            ("PORT_DATAGRAM", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("UNIX_PATH", socket.AF_UNIX, socket.SOCK_STREAM, _short(outside / "stream")),
            ("UNIX_DATAGRAM_PATH", socket.AF_UNIX, socket.SOCK_DGRAM, _short(outside / "datagram")),
            ("ABSTRACT", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.mark}-stream"),
            ("ABSTRACT_DATAGRAM", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.mark}-datagram"),
        ):
            listener = self._closing.enter_context(socket.socket(family, kind))
            try:
                listener.bind(address)
            except OSError:
                if family != socket.AF_INET6:
                    raise
                continue  # a machine without IPv6
            if kind == socket.SOCK_STREAM:
                listener.listen()
            self._listeners[name] = listener

    def _start_canary(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _end_canary(self) -> None:
        self._canary.kill()
        self._canary.communicate()

    @staticmethod
    def _take_orphans(take: bool) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(take), 0, 0, 0)


_NEIGHBOUR = """
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=None, output_shape=None)

    def predict(self, X):
        return X + 1
"""


def _short(path: Path) -> str:
    """Return a path that fits an address of a UNIX socket."""
    short = os.path.relpath(path)
    return min(str(path), short, key=len)


def _tree(folder: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the files and folders of a folder, itself included, with what may not change."""
    status = folder.lstat()
    yield str(folder), (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, status.st_nlink)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _tree(Path(entry.path))
            continue
        status = entry.stat(follow_symlinks=False)
        attributes: list[Any] = [status.st_mode, status.st_uid, status.st_gid]
        attributes += [status.st_mtime_ns, status.st_size, status.st_nlink]
        if entry.is_file(follow_symlinks=False):
            attributes.append(hashlib.sha256(Path(entry.path).read_bytes()).hexdigest())
            attributes.append(os.listxattr(entry.path))
        yield entry.path, tuple(attributes)


def descendants() -> dict[int, str]:
    """Return the living processes below this one and their command lines."""
    parents: dict[int, int] = {}
    for name in [path.name for path in Path("/proc").iterdir()]:
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except (OSError, UnicodeDecodeError):
                continue
            if fields[0] not in "ZX":
                parents[int(name)] = int(fields[1])
    below = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in below} - below
        if not more:
            break
        below |= more
    below.discard(os.getpid())
    return {pid: _command(pid) for pid in sorted(below)}


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:200]
    except OSError:
        return "?"


def survivors(known: set[int], seconds: float) -> dict[int, str]:
    """Return new processes below this one that are still there after some seconds, and end them."""
    for pid in descendants().keys() - known:
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            select.select([descriptor], [], [], seconds)  # until it has ended
        finally:
            os.close(descriptor)
    left = {pid: command for pid, command in descendants().items() if pid not in known}
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def reap(known: set[int]) -> None:
    """Take leave of orphans that ended after they were handed to this process."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        return
    for pid in map(int, children.read_text(encoding="utf-8").split()):
        if pid not in known:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
