"""A process in a container: started, listened to, and ended like the children of `learnware.runtime.sandbox`."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import weakref
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError, SandboxError
from learnware.runtime._words import last_lines
from learnware.runtime.container._engine import connect, engine_errors
from learnware.runtime.container._owner import remove_leftovers
from learnware.runtime.container._settings import container_settings
from learnware.runtime.container._stream import ContainerStreams
from learnware.runtime.sandbox import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from learnware.runtime.environment import Environment

__all__ = ["ContainerChild"]

_EXIT_SECONDS = 2.0
_POLL_SECONDS = 0.2


class ContainerChild:
    """A process in a container of its own, with the interface of `learnware.runtime.sandbox.Child`.

    The process finds the protocol at its standard input and output; what it prints goes to its standard error. The
    container has no network, nothing of this machine but the folders in `readable`, which it sees at their own paths
    and cannot write to, and a scratch folder in memory. It is killed and removed when the child is closed, forgotten,
    or when the interpreter ends. If the interpreter is killed, the engine closes the standard input, at which the
    worker ends; what is left, whatever it does, is killed and removed when the next container is started.

    Parameters
    ----------
    command : sequence of str
        The program, as the image names it, and its arguments.
    environment : Environment
        Of kind ``"docker"``.
    readable : sequence of Path
        Folders that it may read; the environment's are readable, too.
    limits : Limits
        What it may use. Files in its scratch folder are in its memory and count there, too.

    Attributes
    ----------
    sock : socket
        The parent's end.
    sandbox : str
        ``"docker"``.

    Raises
    ------
    EnvironmentBuildError
        If the engine does not have the image any more.
    SandboxError
        If no engine can be reached, or it cannot confine the container as it must.
    """

    sandbox = "docker"

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Environment,
        readable: Sequence[Path] = (),
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> None:
        if environment.image is None:
            raise SandboxError(f"an environment of kind {environment.kind!r} has no image to run in a container")
        container = _start(command, environment.image, (*environment.folders, *readable), limits)
        self._container = container
        self.sock = container.streams.sock
        # Also runs when the owner is forgotten or the interpreter ends.
        self.close = weakref.finalize(self, _end, container, os.getpid())

    def begin(self) -> None:
        """Count processor time and prints anew: a call starts."""
        self._container.begin()

    def end(self) -> None:
        """Stop watching the processor time: the call has ended."""
        self._container.busy.clear()

    def breach(self) -> tuple[str, str] | None:
        """Return the limit for which the container was ended, as its name in `Limits` and in words."""
        self._container.settle()
        return self._container.breach

    def output(self) -> str:
        """Return the end of what the process has printed."""
        return bytes(self._container.streams.tail).decode("utf-8", "replace")

    def last_words(self) -> str:
        """Return what it printed last, as the end of a sentence; call it after `close`."""
        text = "\n".join(last_lines(self.output()))
        return f"; it printed last: {text}" if text else ""

    def ending(self) -> str:
        """Return how the process ended; call it after `close`."""
        code = self._container.exit_code
        # The engine's init process tells of a signal as shells do; without a code it was still running.
        number = int(signal.SIGKILL) if code is None else code - 128
        if number in signal.valid_signals():
            return f"was killed by signal {number} ({signal.strsignal(number)})"
        return f"ended with exit code {code}"

    def failed_start(self) -> None:
        """Return None: an engine that cannot confine a container does not start it."""


class _Container:
    """A container and its engine; knows nothing of the child that it belongs to, so that this one can be forgotten."""

    def __init__(self, client: Any, identifier: str, limits: Limits) -> None:
        self.client = client
        self.identifier = identifier
        self.limits = limits
        self.streams: Any = None  # `ContainerStreams`, before anything else is asked of it
        self.busy = threading.Event()
        self.ended = threading.Event()
        self.breach: tuple[str, str] | None = None
        self.exit_code: int | None = None
        self._lock = threading.Lock()
        self._calls = 0

    def begin(self) -> None:
        self.streams.begin()
        self._calls += 1
        self.busy.set()

    def kill(self, limit: str, words: str) -> None:
        """End the container for a limit."""
        with self._lock:
            self.breach = self.breach or (limit, words)
        _try(self.client.kill, self.identifier)

    def kill_for_prints(self) -> None:
        # Called by who reads the outputs, all of which the engine wants read before it answers.
        words = f"it printed more than {self.limits.printed_bytes} bytes"
        threading.Thread(target=self.kill, args=("printed_bytes", words), daemon=True).start()

    def settle(self) -> None:
        """Ask the engine how the container ended, if it has."""
        with self._lock:
            if self.ended.is_set() or self.exit_code is not None:
                return
            if self.streams.ended.is_set() or self.breach is not None:
                _try(self.client.wait, self.identifier, timeout=_EXIT_SECONDS)
            state = (_try(self.client.inspect_container, self.identifier) or {}).get("State", {})
            if not state.get("Running", True):
                self.exit_code = int(state.get("ExitCode", -1))
            if state.get("OOMKilled") and self.breach is None:
                words = f"its processes needed more than {self.limits.memory_bytes} bytes of memory"
                self.breach = ("memory_bytes", words)

    def watch(self, cpu_seconds: float) -> None:
        """End the container when a call has used too much processor time."""
        calls, start = 0, 0.0
        while not self.ended.wait(_POLL_SECONDS) and not self.streams.ended.is_set():
            if not self.busy.wait(_POLL_SECONDS):
                continue
            now = self._calls
            used = self._cpu_seconds()
            if used is None:
                continue
            if calls != now:
                calls, start = now, used
            elif used - start > cpu_seconds:
                self.kill("cpu_seconds", f"it used more than {cpu_seconds:g} seconds of processor time")
                return

    def _cpu_seconds(self) -> float | None:
        stats = _try(self.client.stats, self.identifier, stream=False, one_shot=True) or {}
        used = stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage")
        return None if used is None else used / 1e9


def _start(command: Sequence[str], image: str, folders: Sequence[Path], limits: Limits) -> _Container:
    client = connect(SandboxError)
    identifier, container = None, None
    try:
        from docker.errors import ImageNotFound

        with engine_errors(SandboxError, "starting a container"):
            settings = container_settings(client, image, folders, limits)
            remove_leftovers(client)
            try:
                identifier = client.create_container(command=list(command), **settings)["Id"]
            except ImageNotFound:
                raise EnvironmentBuildError(
                    f"the container engine has no image {image} any more; ask for the environment again to build it"
                ) from None
            container = _Container(client, identifier, limits)
            connection = client.attach_socket(identifier, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            container.streams = ContainerStreams(
                connection, max_printed=limits.printed_bytes, on_flood=container.kill_for_prints
            )
            client.start(identifier)
    except BaseException:
        if identifier is not None:
            _try(client.remove_container, identifier, force=True, v=True)
        if container is not None and container.streams is not None:
            container.streams.close()
        client.close()
        raise
    if limits.cpu_seconds is not None:
        threading.Thread(target=container.watch, args=(limits.cpu_seconds,), daemon=True).start()
    return container


def _end(container: _Container, owner: int) -> None:
    """Kill and remove the container, and close what is open to the engine."""
    if os.getpid() != owner:
        return  # a fork of the owner ends; the container is not its own
    container.streams.discard()
    container.settle()
    container.ended.set()
    container.busy.set()  # wakes the watch
    _try(container.client.remove_container, container.identifier, force=True, v=True)
    container.streams.close()
    container.client.close()


def _try(method: Any, *arguments: Any, **options: Any) -> Any:
    """Return the engine's answer, or None where it has none: the container may be gone, and the engine, too."""
    import requests
    import urllib3
    from docker.errors import DockerException

    with contextlib.suppress(DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        return method(*arguments, **options)
    return None
