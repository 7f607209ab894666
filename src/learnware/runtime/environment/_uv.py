"""The uv program: where it is, and how it is run."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._settings import is_set
from learnware.runtime.environment._watched import Finished, run_watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["find_uv", "index_identity", "run_uv"]

# What says of the caller's own environment where things are: none of the new one's business.
_FORGOTTEN = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONPATH",
    "PYTHONHOME",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_CONSTRAINT",
)
# pip's variables and uv's of the same meaning; which of uv's stand in for them.
_PIP_VARIABLES = (
    ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", ("UV_DEFAULT_INDEX", "UV_INDEX_URL")),
    ("PIP_EXTRA_INDEX_URL", "UV_INDEX", ("UV_INDEX", "UV_EXTRA_INDEX_URL")),
    ("PIP_FIND_LINKS", "UV_FIND_LINKS", ("UV_FIND_LINKS",)),
    ("PIP_CERT", "SSL_CERT_FILE", ("SSL_CERT_FILE",)),
)
_INDEX_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX_STRATEGY",
    "UV_PRERELEASE",
    "UV_TORCH_BACKEND",
)


def find_uv() -> str:
    """Return the uv program: that of the Python package of this name, else the one on the PATH.

    Raises
    ------
    EnvironmentBuildError
        If there is none.
    """
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, OSError):
        found = shutil.which("uv")
    if found is None:
        raise EnvironmentBuildError(
            "environments are built by uv, which is not installed; install it with: "
            "pip install 'learnware[environments]'"
        )
    return found


def uv_environment(settings: BuildSettings) -> dict[str, str]:
    """Return the variables that uv runs with: the caller's, with what pip is told where uv is told nothing."""
    environment = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    for pip, ours, known in _PIP_VARIABLES:
        value = environment.get(pip, "").strip()
        if value and not any(environment.get(name) for name in known):
            # pip separates by blanks.
            environment[ours] = ",".join(value.split()) if ours == "UV_FIND_LINKS" else value
            if pip == "PIP_EXTRA_INDEX_URL":
                # pip takes the best version of all indexes; whoever told pip expects that.
                environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    environment["UV_CACHE_DIR"] = str(settings.cache)
    environment["UV_PYTHON_INSTALL_DIR"] = str(settings.pythons)
    environment["UV_NO_PROGRESS"] = "1"
    environment["NO_COLOR"] = "1"
    return environment


def no_index() -> bool:
    """Return whether packages come from named folders only."""
    return is_set("UV_NO_INDEX") or is_set("PIP_NO_INDEX")


def index_identity(settings: BuildSettings) -> str:
    """Return what says where packages come from; not to be shown, there may be passwords in it."""
    environment = uv_environment(settings)
    return repr([no_index(), *(environment.get(name, "") for name in _INDEX_VARIABLES)])


def run_uv(
    arguments: Sequence[str],
    settings: BuildSettings,
    *,
    what: str,
    stdin: str = "",
    on_line: Callable[[str], None] | None = None,
    stall_seconds: float | None = None,
    python_downloads: bool = False,
) -> Finished:
    """Run uv to its end.

    Raises
    ------
    EnvironmentBuildError
        If there is no uv, or it stalls.
    """
    environment = uv_environment(settings)
    if not python_downloads:
        environment["UV_PYTHON_DOWNLOADS"] = "never"
    return run_watched(
        [find_uv(), *arguments],
        what=what,
        stall_seconds=settings.stall_seconds if stall_seconds is None else stall_seconds,
        step_seconds=settings.step_seconds,
        environment=environment,
        # uv reads the settings of the project that it runs in.
        folder=settings.root,
        stdin=stdin,
        on_line=on_line,
        cancelled=settings.cancelled,
    )
