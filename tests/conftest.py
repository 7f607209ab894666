"""Where the tests find the shared material, if it is there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import hypothesis
import pytest

from learnware.runtime.environment import EnvironmentStore
from learnware.runtime.sandbox import sandbox_report

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("LEARNWARE_SHARED", ROOT.parent / "shared"))
# How long an example takes says nothing on a machine that does other things, too.
hypothesis.settings.register_profile("timeless", deadline=None)
hypothesis.settings.load_profile("timeless")
# The command builds environments for learnwares; tests that want that say so.
os.environ.setdefault("LEARNWARE_RUN_IN", "current")
# The tests run their own learnwares; those of the sandbox itself are skipped where a machine has none.
if all(reason is not None for level, reason in sandbox_report().items() if level != "none"):
    os.environ.setdefault("LEARNWARE_SANDBOX", "none")


def pytest_report_header() -> list[str]:
    return [f"sandbox {level}: {reason or 'works'}" for level, reason in sandbox_report().items() if level != "none"]


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


@pytest.fixture(scope="session")
def environment_store(tmp_path_factory: pytest.TempPathFactory) -> EnvironmentStore:
    """Environments that all tests share, those of other processes of this run included."""
    base = tmp_path_factory.getbasetemp()
    return EnvironmentStore((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "environments")


@pytest.fixture(scope="session")
def package_index() -> None:
    """Skip the test where the package index cannot be reached; such a test is marked `index`."""
    uv = pytest.importorskip("uv", reason="uv is not installed").find_uv_bin()
    command = [uv, "pip", "compile", "-", "--no-deps", "--no-cache", "--only-binary", ":all:"]
    try:
        subprocess.run(command, input=b"packaging\n", check=True, capture_output=True, timeout=60)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"the package index cannot be reached: {type(error).__name__}")
