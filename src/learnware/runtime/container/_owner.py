"""Whose container it is: labels that name the process, and the removal of what killed processes have left."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path
from typing import Any

__all__ = ["is_alive", "owner_labels", "remove_leftovers"]

_PLACE = "org.learnware.owner.place"
_PID = "org.learnware.owner.pid"
_STARTED = "org.learnware.owner.started"


def owner_labels() -> dict[str, str]:
    """Return the labels that name this process, for a container of its own."""
    return {_PLACE: _place(), _PID: str(os.getpid()), _STARTED: _started(os.getpid()) or ""}


def is_alive(labels: dict[str, str]) -> bool:
    """Return whether the process that labels of this place name still runs; True if they cannot be read."""
    try:
        pid = int(labels[_PID])
        started = labels[_STARTED]
    except (KeyError, ValueError):
        return True
    if started:
        return _started(pid) == started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is there, and somebody else's
    return True


def remove_leftovers(client: Any) -> None:
    """Kill and remove containers whose owner was a process of this place and is gone.

    Parameters
    ----------
    client : docker.APIClient
        The engine.
    """
    from docker.errors import APIError

    for container in client.containers(all=True, filters={"label": [f"{_PLACE}={_place()}"]}):
        if not is_alive(container.get("Labels") or {}):
            with contextlib.suppress(APIError):  # another process removes it at the same time
                client.remove_container(container["Id"], force=True, v=True)


def _place() -> str:
    """Return what tells this machine, and the container that this process may be in, from others at the same engine."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{platform.node()} {namespace}".strip()


def _started(pid: int) -> str | None:
    """Return when a process started, or None if there is none or the system does not say."""
    try:
        # The name of the program, in brackets, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return None if fields[0] in (b"Z", b"X") else f"{boot} {int(fields[19])}"
