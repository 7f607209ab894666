"""The stage that hostile learnwares are run on, and the levels of the sandbox that hold here."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.hostile.specimen import LIMITS
from tests.hostile.stage import Stage

from learnware.runtime import Limits, ModelProcess
from learnware.runtime.sandbox import sandbox_report

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = ("bubblewrap", "landlock")


# It changes variables of this process, so it ends with its module.
@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage that stays open for the specimens of a module."""
    tmp_path_factory.getbasetemp()  # not in the stage's temporary folder
    if not any(reason is None for level, reason in sandbox_report().items() if level in LEVELS):
        pytest.skip(f"no sandbox can be had on this machine: {sandbox_report()}")
    # Not below pytest's folder: addresses of UNIX sockets are short, and other users may have to get there.
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        Path(folder).chmod(0o755)
        with Stage(Path(folder)) as stage:
            yield stage


@pytest.fixture(scope="module")
def neighbours(stage: Stage) -> Iterator[dict[str, ModelProcess]]:
    """An innocent learnware at each level, which lives beside all specimens."""
    processes = {
        level: ModelProcess(stage.neighbour, {"class_name": "Model"}, sandbox=level, limits=Limits(**LIMITS))
        for level in LEVELS
        if sandbox_report()[level] is None
    }
    for process in processes.values():
        process.predict(np.zeros((1, 1)))
    yield processes
    for process in processes.values():
        process.close()


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    """A level of the sandbox that holds on this machine."""
    reason = sandbox_report()[request.param]
    if reason is not None:
        pytest.skip(f"{request.param}: {reason}")
    return str(request.param)
