"""Nothing outlives an owner that is killed while its hostile learnwares run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.hostile.corpus import CORPUS
from tests.hostile.specimen import LIMITS
from tests.hostile.stage import descendants, survivors

ROOT = Path(__file__).resolve().parents[2]
# Those that leave processes, threads or files behind, that ignore signals, or never let go of the interpreter.
NAMES = (
    "double_fork",
    "daemon_program",
    "hydra",
    "many_hydras",
    "keeps_the_channel",
    "other_group",
    "signals_ignored",
    "spins_in_c",
    "spins_while_imported",
    "sleeps_while_made",
    "thread_that_stays",
    "exit_hook_later",
    "links_to_the_outside",
    "links_that_move",
    "locked_folders",
    "temporary_folder",
)


def test_an_owner_is_killed(stage, neighbours, level):
    folders = [stage.root / "packages" / f"owned_{name}" for name in NAMES]
    for name, folder in zip(NAMES, folders, strict=True):
        CORPUS[name].write(folder, stage.constants())
    plan = stage.root / "plan.json"
    plan.write_text(
        json.dumps(
            {"level": level, "folders": [str(folder) for folder in folders], "limits": {**LIMITS, "seconds": 600}}
        )
    )
    before = stage.state(folders[0], engine=False)
    known = set(descendants())
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.hostile.owner", "witness", str(plan)],
            cwd=ROOT,
            timeout=120,
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        left = survivors(known, 0.0)
    assert not left
    assert (done.returncode, done.stdout) == (0, "all have struck"), done.stderr
    assert stage.state(folders[0], engine=False) == before
    assert stage.problems() == []
    for folder in folders:
        shutil.rmtree(folder)
