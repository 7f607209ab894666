"""Values in the forms that a dock's API takes."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import DockError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnware.specification import BaseStatSpecification

__all__ = ["learnware_path", "query_of", "states_of", "verification_path"]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def learnware_path(learnware_id: str) -> str:
    """Return the path of a learnware.

    Raises
    ------
    DockError
        If that is no id: nothing else may get into a path.
    """
    if not isinstance(learnware_id, str) or not _ID.fullmatch(learnware_id):
        raise DockError(f"{learnware_id!r} is no id of a learnware; ids look like '00000001'")
    return f"/learnwares/{learnware_id}"


def verification_path(learnware_id: str, version: int) -> str:
    """Return the path of the verification of a version."""
    return f"{learnware_path(learnware_id)}/versions/{int(version)}/verification"


def query_of(conditions: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return conditions as the parameters of a request: one for each value of a list, none for None."""
    return [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in conditions.items()
        for one in (value if isinstance(value, (list, tuple)) else [value])
        if one is not None
    ]


def states_of(spec: BaseStatSpecification) -> Any:
    """Return a statistical specification as the JSON value that `save` writes."""
    to_json = getattr(spec, "to_json", None)
    if to_json is not None:
        return json.loads(to_json())
    with tempfile.TemporaryDirectory(prefix="learnware-spec-") as folder:
        file = Path(folder) / "stat.json"
        spec.save(str(file))
        return json.loads(file.read_text(encoding="utf-8"))
