"""The commands of the pages about docks answer as shown: those of docs/api.md, those of docs/dock.md, and the README's.

Blocks are ``console``, in the README ``shell``: its ``console`` blocks need no dock (`tests.test_documentation`).

Commands of a page run one after the other in one shell; lines without a prompt are what the command before them prints,
``…`` stands for anything.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.dock import learnwares
from tests.live_dock import live_dock
from tests.test_documentation import Block, blocks_of, environment, shown_in

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# The dock of the pages.
ADDRESS = "http://127.0.0.1:8088"
# What stands between the answers of two commands.
MARK = "\x1e"
# A command with the lines that continue it, and what it prints.
STEP = re.compile(r"((?:.*\\\n)*.*\n)((?:.*\n)*)")
# The commands as they are in this interpreter, whatever else is installed.
COMMANDS = "\n".join(f'{name}() {{ "{sys.executable}" -m {name} "$@"; }}' for name in ("learnware", "beimingwu"))


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def steps_of(block: Block) -> list[tuple[str, str]]:
    """Return the commands of a block, each with what is shown of its answer."""
    found = [STEP.fullmatch(step) for step in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]]
    return [(step[1], step[2].strip("\n")) for step in found if step is not None]


def run_page(page: Path, folder: Path, host: str | None = None, *, language: str = "console") -> int:
    """Run the commands and programs of a page, with another dock than it names; return how many commands there were."""
    script, shown = ["set -euo pipefail", COMMANDS], []
    for block in blocks_of(page):
        if block.language == "py":
            script.append(f"\"{sys.executable}\" - <<'END'\n{block.text}END")
        elif block.language == language:
            for command, answer in steps_of(block):
                script += [f"printf '{MARK}'", command]
                shown.append((f"{page.name}:{block.line}: {command}", answer))
    text = "\n".join(script)
    if host is not None:
        assert ADDRESS in text
        text = text.replace(ADDRESS, host)
        shown = [(command, answer.replace(ADDRESS, host)) for command, answer in shown]
    kept = {name: value for name, value in environment(folder).items() if not name.startswith("BEIMINGWU_")}
    here = {
        "LEARNWARE_BACKEND_HOST": host or "",
        "LEARNWARE_CONFIG": str(folder / "config"),
        "LEARNWARE_PACKAGES": str(folder / "packages"),
        # Tests do without network.
        "BEIMINGWU_VERIFY_IN": "current",
    }
    done = subprocess.run(
        ["bash", "-c", text], cwd=folder, env={**kept, **here}, capture_output=True, text=True, check=False
    )
    answers = done.stdout.split(MARK)[1:]
    assert done.returncode == 0, f"{shown[len(answers) - 1][0]}\n{answers[-1]}{done.stderr}"
    for (command, answer), printed in zip(shown, answers, strict=True):
        # Where nothing is shown, nothing is printed.
        fits = shown_in(answer, printed) if answer else not printed.strip()
        assert fits, f"{command}\nprints\n{printed}"
    return len(shown)


@needs("bash", "curl", "jq")
def test_the_tour_over_http(tmp_path: Path) -> None:
    with live_dock(tmp_path / "dock") as dock, dock.working():
        dock.user("ada")
        assert run_page(DOCS / "api.md", tmp_path, dock.url.removesuffix("/api")) > 30


@needs("bash")
def test_the_dock_of_the_readme(tmp_path: Path) -> None:
    rows = np.random.default_rng(5).normal(size=(200, 4))
    np.savetxt(tmp_path / "mine.csv", rows, delimiter=",", header="a,b,c,d", comments="")
    learnwares.package(tmp_path, n_features=4, seed=9).rename(tmp_path / "virginicas.zip")
    with live_dock(tmp_path / "dock") as dock, dock.working():
        learnwares.publish_learnware(dock, "grace", name="Irises of the northern garden", n_features=4)
        (tmp_path / "token.txt").write_text(dock.token("dora"))
        assert run_page(ROOT / "README.md", tmp_path, dock.url.removesuffix("/api"), language="shell") > 6


@needs("bash")
def test_the_first_minutes_of_an_operator(tmp_path: Path) -> None:
    assert run_page(DOCS / "dock.md", tmp_path) > 5
