"""Which levels of sandbox this machine has, found out by starting a process in each."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

from learnware.errors import SandboxError
from learnware.runtime.environment import Environment

from ._child import Child
from ._plan import interpreter, interpreter_folders
from ._trees import SANDBOX_LEVELS

__all__ = ["choose_sandbox", "sandbox_report"]

_VARIABLE = "LEARNWARE_SANDBOX"
_PROBE_SECONDS = 20.0
_READY = b"ready"


def choose_sandbox(name: str | None = None) -> str:
    """Return the level of sandbox to use.

    Parameters
    ----------
    name : {"bubblewrap", "landlock", "none"}, optional
        The level asked for. If None: that of the variable ``LEARNWARE_SANDBOX``, or else the best one that this machine
        has. It is never ``"none"`` unless that was asked for by name.

    Returns
    -------
    str
        A level that works here.

    Raises
    ------
    SandboxError
        If the level asked for, or any, cannot be had; the message says why.
    """
    wanted = name or os.environ.get(_VARIABLE) or None
    if wanted is not None:
        if wanted not in SANDBOX_LEVELS:
            source = "sandbox" if name else f"the variable {_VARIABLE}"
            raise SandboxError(f"{source} is {wanted!r}; expected one of {', '.join(SANDBOX_LEVELS)}")
        reason = _reason(wanted)
        if reason is not None:
            raise SandboxError(f"the sandbox {wanted!r} cannot be had here: {reason}")
        return wanted
    reasons = {}
    for level in SANDBOX_LEVELS[:-1]:
        reason = _reason(level)
        if reason is None:
            return level
        reasons[level] = reason
    tried = "; ".join(f"{level}: {reason}" for level, reason in reasons.items())
    raise SandboxError(
        f"no sandbox can be had here ({tried}). Make one of them work, run learnwares in docker, or, if you trust this "
        f"learnware's code, ask for the sandbox 'none' by name (sandbox='none', or {_VARIABLE}=none)"
    )


def sandbox_report() -> dict[str, str | None]:
    """Return for each level None if it works on this machine, or else the reason why it does not.

    Each level is tried once in a process, by really starting something in it.
    """
    return {level: _reason(level) for level in SANDBOX_LEVELS}


@cache
def _reason(level: str) -> str | None:
    if level == "none":
        return None
    if sys.platform != "linux":
        return f"it needs Linux; this is {sys.platform}"
    try:
        _probe(level)
    except SandboxError as error:
        return str(error)
    except OSError as error:
        return f"its processes cannot be started: {error}"
    return None


def _probe(level: str) -> None:
    code = f"import os; os.close(os.open(os.devnull, os.O_RDWR)); os.write(0, {_READY!r})"
    folders, _ = interpreter_folders()
    environment = Environment("current", "probe", Path(interpreter()), platform.python_version(), folders)
    child = Child([interpreter(), "-I", "-S", "-c", code], sandbox=level, environment=environment)
    try:
        child.sock.settimeout(_PROBE_SECONDS)
        answer = child.sock.recv(len(_READY))
    except TimeoutError:
        raise SandboxError(f"nothing could be started in it within {_PROBE_SECONDS:g} seconds") from None
    finally:
        child.close()
    if answer != _READY:
        raise SandboxError(child.failed_start() or f"a process in it {child.ending()}{child.last_words()}")
