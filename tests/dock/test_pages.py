"""The commands of the pages about docks answer as shown: docs/api.md to a dock with a worker, docs/dock.md on a folder.

Commands of a page run one after the other in one shell; lines without a prompt are what the command before them prints,
``…`` stands for anything.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.live_dock import live_dock
from tests.test_documentation import Block, blocks_of, environment, shown_in

DOCS = Path(__file__).resolve().parents[2] / "docs"
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
    return [(step[1], step[2].strip()) for step in found if step is not None]


def run_page(page: Path, folder: Path, replaced: dict[str, str]) -> int:
    """Run the commands and programs of a page; return how many commands there were."""
    script, shown = ["set -euo pipefail", COMMANDS], []
    for block in blocks_of(page):
        if block.language == "py":
            script.append(f"\"{sys.executable}\" - <<'END'\n{block.text}END")
        elif block.language == "console":
            for command, answer in steps_of(block):
                script += [f"printf '{MARK}'", command]
                shown.append((f"{page.name}:{block.line}: {command}", answer))
    text = "\n".join(script)
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    kept = {name: value for name, value in environment(folder).items() if not name.startswith("BEIMINGWU_")}
    # Tests do without network.
    kept["BEIMINGWU_VERIFY_IN"] = "current"
    done = subprocess.run(["bash", "-c", text], cwd=folder, env=kept, capture_output=True, text=True, check=False)
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
        assert run_page(DOCS / "api.md", tmp_path, {"http://127.0.0.1:8088/api": dock.url}) > 30


@needs("bash")
def test_the_first_minutes_of_an_operator(tmp_path: Path) -> None:
    assert run_page(DOCS / "dock.md", tmp_path, {}) > 5
