"""How environments are built."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.runtime.environment._watched import BuildCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BuildSettings", "default_root", "is_set", "is_unset"]

_ROOT_VARIABLE = "LEARNWARE_ENVIRONMENTS"
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off", "never"})


def is_set(name: str) -> bool:
    """Return whether a variable says yes."""
    return os.environ.get(name, "").strip().lower() in _ON


def is_unset(name: str) -> bool:
    """Return whether a variable says no."""
    return os.environ.get(name, "").strip().lower() in _OFF


def default_root() -> Path:
    """Return the folder of environments: the variable LEARNWARE_ENVIRONMENTS, else one in the user's cache."""
    named = os.environ.get(_ROOT_VARIABLE)
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("learnware", appauthor=False)) / "environments"


@dataclass(frozen=True)
class BuildSettings:
    """How environments are built.

    Attributes
    ----------
    root : Path
        Folder that everything is in.
    allow_source_builds : bool
        Whether packages may be built from source, or come from a URL: that runs code of theirs, with no sandbox.
    install_pythons : bool
        Whether a version of Python that is not on this machine may be downloaded.
    stall_seconds : float
        A step that does nothing for so long is stopped.
    step_seconds : float
        The longest that a step may take.
    cancelled : callable
        Whether the build is to stop.
    """

    root: Path
    allow_source_builds: bool = False
    install_pythons: bool = True
    stall_seconds: float = 90.0
    step_seconds: float = 3600.0
    cancelled: Callable[[], bool] = lambda: False

    def stop_if_cancelled(self) -> None:
        """Raise a BuildCancelledError if the build is to stop."""
        if self.cancelled():
            raise BuildCancelledError("building the environment was cancelled")

    @property
    def cache(self) -> Path:
        """Folder that packages are downloaded to; environments are linked from it."""
        named = os.environ.get("UV_CACHE_DIR")
        return Path(named).absolute() if named else self.root / "cache"

    @property
    def own_cache(self) -> bool:
        """Whether nobody else uses that folder."""
        return not os.environ.get("UV_CACHE_DIR")

    @property
    def compiled(self) -> Path:
        """Folder that compiled modules are kept in; environments are linked from it."""
        return self.root / "compiled"

    @property
    def pythons(self) -> Path:
        """Folder that versions of Python are downloaded to."""
        return self.root / "python"
