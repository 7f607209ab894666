"""Folders of the client: settings that are kept, and what can be fetched again."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

__all__ = ["cache_folder", "config_folder", "read_json", "remove_file", "write_json"]


def config_folder() -> Path:
    """Return where addresses and credentials are kept: ``LEARNWARE_CONFIG``, else the user's folder for settings."""
    named = os.environ.get("LEARNWARE_CONFIG")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("learnware", appauthor=False))


def cache_folder() -> Path:
    """Return where packages and unfinished transfers are kept: ``LEARNWARE_PACKAGES``, else one in the user's cache."""
    named = os.environ.get("LEARNWARE_PACKAGES")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("learnware", appauthor=False)) / "packages"


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a file of this module's; an empty one if it is missing or was spoilt."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(file: Path, value: dict[str, Any]) -> None:
    """Write an object to a file that only its user can read; the file is replaced as a whole."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:  # noqa: PTH123  # a descriptor, made for its user alone
            json.dump(value, stream, indent=2)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_file(file: Path) -> None:
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
