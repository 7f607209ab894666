"""Building an image: the engine does, and is heard, stopped when it stalls or nobody waits any more."""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError
from learnware.runtime.container._engine import engine_errors
from learnware.runtime.environment._watched import BuildCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from learnware.runtime.environment._builder import Plan
    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["build_image"]

_LOG_LINES = 200
_PROGRESS_CHARS = 100
_TICK_SECONDS = 0.25
_END_SECONDS = 5.0
# An installer or compiler says nothing for long, and what it does in a container is not seen from here.
_SILENCE = 4
_NO_NEWS = ("--->", "Removing intermediate container")


def build_image(
    client: Any, context: Any, plan: Plan, label: str, settings: BuildSettings, say: Callable[[str], None]
) -> None:
    """Have the engine build an image.

    Parameters
    ----------
    client : docker.APIClient
        The engine.
    context : file
        The archive that it builds from.
    plan : Plan
        Its details name the image.
    label : str
        The label of the image, ``NAME=VALUE``, by which unfinished ones are found.
    settings : BuildSettings
        When it is stopped.
    say : callable
        Hears the log.

    Raises
    ------
    EnvironmentBuildError
        If the build fails, says nothing for long, or is cancelled; the engine stops it then.
    """
    tag, stall_seconds = plan.details["image"], settings.stall_seconds * _SILENCE
    log: deque[str] = deque(maxlen=_LOG_LINES)
    failure = ""
    try:
        with engine_errors(EnvironmentBuildError, f"building the image {tag}"):
            entries = _heard(
                client,
                settings,
                fileobj=context,
                custom_context=True,
                tag=tag,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=stall_seconds,
                network_mode="none",
                use_config_proxy=False,
            )
            with contextlib.closing(entries):
                for entry in entries:
                    for line in _log_lines(entry):
                        log.append(line)
                        say(line[:_PROGRESS_CHARS])
                    failure = str(entry.get("error", "")) or failure
    except BuildCancelledError:
        _remove_unfinished(client, label)
        raise
    except EnvironmentBuildError as error:
        words = str(error)
        if _is_timeout(error.__cause__):
            words = f"building the image {tag} was stopped: nothing happened for {stall_seconds:g} seconds"
        raise EnvironmentBuildError(words + _ending(log), log="\n".join(log)) from None
    if failure:
        _remove_unfinished(client, label)
        raise EnvironmentBuildError(f"building the image {tag} failed: {failure}{_ending(log)}", log="\n".join(log))


def _heard(client: Any, settings: BuildSettings, **build: Any) -> Generator[dict[str, Any]]:
    """Yield what the engine says of a build, read by another thread so that this one can be cancelled meanwhile.

    However this ends, the connection does, at which the engine stops building.
    """
    answers: list[Any] = []
    said: queue.SimpleQueue[Any] = queue.SimpleQueue()
    client.hooks["response"].append(lambda answer, **_: answers.append(answer))

    def read() -> None:
        try:
            for entry in client.build(**build):
                said.put(entry)
            said.put(None)
        except Exception as problem:  # noqa: BLE001  # raised again by who listens
            said.put(problem)

    reader = threading.Thread(target=read, name="learnware-image-build", daemon=True)
    reader.start()
    try:
        while True:
            settings.stop_if_cancelled()
            with contextlib.suppress(queue.Empty):
                entry = said.get(timeout=_TICK_SECONDS)
                if entry is None:
                    return
                if isinstance(entry, Exception):
                    raise entry
                yield entry
    finally:
        client.hooks["response"].clear()
        for answer in answers:
            # Closing it would wait for what is being read.
            with contextlib.suppress(OSError, AttributeError):
                sock = client._get_raw_response_socket(answer)
                getattr(sock, "_sock", sock).shutdown(socket.SHUT_RDWR)
        reader.join(_END_SECONDS)
        for answer in answers:
            answer.close()


def _log_lines(entry: dict[str, Any]) -> list[str]:
    """Return the lines of one entry of the build's log, without the counting of bytes while the base image comes."""
    text = str(entry.get("stream") or ("" if "progressDetail" in entry else entry.get("status", "")))
    lines = (re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in text.splitlines())
    return [line[:500] for line in lines if line and not line.startswith(_NO_NEWS)]


def _ending(log: deque[str]) -> str:
    errors = [line for line in log if line.startswith("ERROR")] or list(log)[-3:]
    return "; the log of the build ends: " + " / ".join(errors) if errors else ""


def _is_timeout(problem: BaseException | None) -> bool:
    import requests
    import urllib3

    return isinstance(problem, (urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout, TimeoutError))


def _remove_unfinished(client: Any, label: str) -> None:
    """Remove what a failed build has left: an image without a name."""
    from docker.errors import DockerException

    with contextlib.suppress(DockerException, OSError):
        for summary in client.images(filters={"label": [label], "dangling": True}):
            client.remove_image(summary["Id"])
