"""Importing has no side effects and pulls in nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "torch", "sklearn", "scipy", "pandas", "polars", "pyarrow", "lightgbm", "xgboost", "onnxruntime", "rich", "typer",
    "fastapi", "pydantic", "sqlalchemy", "structlog", "uvicorn",
}  # fmt: skip


def modules_after(program: str, folder: Path) -> set[str]:
    """Run a program in a process of its own, in an empty folder that is its home too; return what it imported."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        cwd=folder,
        env={"HOME": str(folder), "XDG_CACHE_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    return {name.partition(".")[0] for name in json.loads(answer.stdout)}


def test_import_is_light_and_writes_nothing(tmp_path: Path) -> None:
    loaded = modules_after("import learnware", tmp_path)
    assert not loaded & (HEAVY | {"numpy"})
    assert list(tmp_path.iterdir()) == []


def test_making_a_specification_needs_numpy_only(tmp_path: Path) -> None:
    program = (
        "import numpy as np\n"
        "from learnware.specification import generate_stat_spec\n"
        "generate_stat_spec('table', np.random.default_rng(0).normal(size=(200, 3)))"
    )
    assert not modules_after(program, tmp_path) & HEAVY
    assert list(tmp_path.iterdir()) == []


def test_import_starts_nothing_and_seeds_nothing(tmp_path: Path) -> None:
    program = (
        "import logging, os, random, signal, threading\n"
        "before = random.getstate(), dict(os.environ), signal.getsignal(signal.SIGINT), threading.active_count()\n"
        "import learnware, learnware.specification\n"
        "from learnware.specification import RKMETableSpecification\n"
        "after = random.getstate(), dict(os.environ), signal.getsignal(signal.SIGINT), threading.active_count()\n"
        "assert before == after\n"
        "assert logging.getLogger().handlers == []"
    )
    modules_after(program, tmp_path)
