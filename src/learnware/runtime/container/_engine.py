"""The container engine: where it is, reaching it, and what it says when something is wrong."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from learnware.errors import LearnwareError

__all__ = ["connect", "engine_errors", "reason"]

_SECONDS = 60.0


def connect(error: type[LearnwareError], *, seconds: float = _SECONDS) -> Any:
    """Return a client of the container engine.

    It is the one of ``DOCKER_HOST``, else of the context that ``docker context use`` chose, else this machine's.

    Parameters
    ----------
    error : type of LearnwareError
        What to raise.
    seconds : float, default=60
        Time for each answer of the engine.

    Returns
    -------
    docker.APIClient
        Close it after use.

    Raises
    ------
    error
        If the docker package is not installed, or no engine answers.
    """
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        raise error(
            "containers need the docker package; install it with: pip install 'learnware[docker]'"
            " (or choose another environment, e.g. venv)"
        ) from None
    where = "the default address"
    try:
        address = _address()
        if address.get("base_url", "").startswith("ssh:"):
            raise error(
                "the container engine is another machine's (DOCKER_HOST or the context names it by ssh), which has not"
                " this machine's folders; name one of this machine"
            )
        where = address.get("base_url", docker.constants.DEFAULT_UNIX_SOCKET.replace("http+", ""))
        if where.startswith("unix:"):
            _knock(where[len("unix:") :].replace("//", "", 1), seconds)
        return docker.APIClient(version="auto", timeout=seconds, **address)
    except (DockerException, OSError, ValueError) as problem:
        raise error(
            f"no container engine answers at {where}: {reason(problem)}; start Docker, or name a running engine by"
            " DOCKER_HOST (or choose another environment, e.g. venv)"
        ) from problem


def _address() -> dict[str, Any]:
    from docker.context import ContextAPI
    from docker.utils import kwargs_from_env

    arguments: dict[str, Any] = kwargs_from_env()
    if "base_url" in arguments:
        return arguments
    context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT"))
    if context is not None and context.name != "default":
        arguments["base_url"] = context.Host
        if context.TLSConfig is not None:
            arguments["tls"] = context.TLSConfig
    return arguments


def _knock(path: str, seconds: float) -> None:
    """Connect to a socket and leave; where that fails, the SDK would leave its own one open."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(seconds)
        sock.connect(path)


@contextlib.contextmanager
def engine_errors(error: type[LearnwareError], doing: str) -> Iterator[None]:
    """Turn whatever the engine or the way to it raises into `error`: that `doing` failed, and why."""
    import requests
    import urllib3
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
        raise error(f"{doing} failed: {reason(problem)}") from problem


def reason(problem: BaseException) -> str:
    """Return why something failed, in the engine's own words or those of the operating system."""
    explanation = getattr(problem, "explanation", None)
    if explanation:
        return str(explanation).strip()
    # The SDK packs what the system said into errors of three libraries.
    inner: BaseException | None = problem
    while inner is not None:
        for candidate in (inner, *getattr(inner, "args", ())):
            if isinstance(candidate, PermissionError):
                return "permission denied (may this user use the engine? see the group docker)"
            if isinstance(candidate, OSError) and candidate.strerror and isinstance(candidate.errno, int):
                return candidate.strerror.lower()
        inner = inner.__cause__ or inner.__context__
    return str(problem).strip() or type(problem).__name__
