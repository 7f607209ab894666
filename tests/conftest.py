"""Where the tests find the shared material, if it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LEARNWARE_SHARED", ROOT.parent / "shared"))
# The command builds environments for learnwares; tests that want that say so.
os.environ.setdefault("LEARNWARE_RUN_IN", "current")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with fixtures, real learnwares and data sets; the test is skipped without it."""
    if not (SHARED / "fixtures").is_dir():
        pytest.skip("the folder with shared fixtures is not on this machine")
    return SHARED


@pytest.fixture(params=["some", "all"])
def published_tables(request: pytest.FixtureRequest) -> Path:
    """Folder with specifications of the published package and figures computed by it.

    Those of iris and wine are in this repository; the others are tested where the shared fixtures are.
    """
    if request.param == "some":
        return ROOT / "tests" / "data" / "table"
    return request.getfixturevalue("shared") / "fixtures" / "table"
