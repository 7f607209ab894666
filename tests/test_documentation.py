"""The documentation is true: its programs run, its commands answer as shown, its links lead somewhere.

Blocks of one page run in order, in one namespace and one folder. A ``text`` block after a ``python`` block is what that
block prints; commands of the README's ``console`` blocks run in the same folder. In both, ``…`` stands for anything.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import learnware

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = [sys.executable, "-c", "from learnware.cli import main; main()"]
# What the examples print, in order; the figures themselves are left open.
PRINTED = {
    "describe_and_compare": (
        "specification: RKMETableSpecification(… points, 4 features, num_points=75, gamma=0.1)",
        "rows to a point, on average: …, never less than 5",
        "read back from stat.json: True",
    ),
    "load_one_learnware": ("accuracy 0.9…", "ran with: Python …"),
    "load_several_learnwares": ("accuracy 0.9…", "learnwares: digits-0, digits-1, digits-2"),
    "pack_and_check": (
        "missing: name, description, scenarios, license",
        "classes: {'0': 'Barbera', '1': 'Barolo', '2': 'Grignolino'}",
        "status: 1 (1 is usable)",
    ),
    "published_names": (
        "added 00000001 1",
        "learnwares in the market: 3",
        "found by semantic specification: 3",
        "multiple: score 0.9…",
        "job selector: accuracy 0.9…",
        "augmentation: accuracy 0.9…",
    ),
    "search_and_reuse": (
        "A mixture of 3 learnwares fits best…",
        "  together: …; not covered by any: 0%",
        "JobSelectorReuser of 3: accuracy 0.9…",
    ),
    "solve_with_few_labels": (
        "Classification by …, chosen by cross-validation on 30 labels",
        "who answers:",
        "accuracy on the other patients: 0.9…",
    ),
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start()) + 2) for match in FENCE.finditer(text) if match[1]
    ]


def shown_in(shown: str, printed: str) -> bool:
    """Return whether the lines that are shown stand in what was printed, in order; blanks at line ends do not count."""
    lines = [re.escape(line.rstrip()).replace("…", ".*") for line in shown.strip("\n").split("\n")]
    text = "\n".join(line.rstrip() for line in printed.split("\n"))
    return re.search("^" + r"\n(?:.*\n)*?".join(lines) + "$", text, re.MULTILINE) is not None


def test_what_is_shown_is_compared() -> None:
    assert shown_in("one …\nthree", "one 1\ntwo\nthree  \n")
    assert not shown_in("three\none …", "one 1\ntwo\nthree\n")
    assert not shown_in("two", "one\ntwo 2\n")
    assert not shown_in("a.b", "a-b\n")


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEARNWARE_", "COV_"))}
    return {
        **kept,
        "HOME": str(folder),
        "LEARNWARE_STORAGE_PATH": str(folder / "storage"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }


def run_python(block: Block, page: Path, namespace: dict[str, Any]) -> str:
    # Empty lines in front: tracebacks then name the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, namespace)
    return printed.getvalue()


def run_console(block: Block, page: Path, folder: Path) -> None:
    """Run the commands of a block; lines without a prompt are what the command before them prints."""
    steps = re.split(r"^\$ ", block.text.replace("\\\n", " "), flags=re.MULTILINE)[1:]
    for command, _, shown in (step.partition("\n") for step in steps):
        program, *arguments = shlex.split(command)
        assert program == "learnware", f"{page.name}:{block.line}: no test runs {program}; use a bash block"
        answer = subprocess.run(
            [*COMMAND, *arguments], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, f"{page.name}:{block.line}: {command}\n{answer.stdout}{answer.stderr}"
        if shown.strip():
            assert shown_in(shown, answer.stdout), f"{page.name}:{block.line}: {command} prints\n{answer.stdout}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=lambda p: p.stem
)
def test_programs_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEARNWARE_STORAGE_PATH", str(tmp_path / "storage"))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in blocks_of(page):
        if block.language == "python":
            printed = run_python(block, page, namespace)
        elif block.language == "text":
            assert shown_in(block.text, printed), f"{page.name}:{block.line}: the program before it prints\n{printed}"
        elif block.language == "console" and page.name == "README.md":
            run_console(block, page, tmp_path)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(example: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        env={**environment(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert shown_in("\n".join(PRINTED[example.stem]), answer.stdout), answer.stdout
    assert list(tmp_path.iterdir()) == []


def test_examples_are_listed() -> None:
    assert {path.stem for path in EXAMPLES} == set(PRINTED)
    readme = (ROOT / "README.md").read_text("utf-8")
    for path in EXAMPLES:
        assert f"(examples/{path.name})" in readme


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that forges make of a page's headings."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"(https?|mailto):", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        assert file.is_relative_to(ROOT), f"{page.name} links out of the repository: {target}"
        if anchor:
            assert anchor in anchors_of(file), f"{page.name} links to {target}; {file.name} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = (ROOT, ROOT / "src" / "learnware", ROOT / "src" / "beimingwu")
    for name in re.findall(r"`([a-z_]+/[\w/]+\.py)`", page.read_text("utf-8")):
        assert any((folder / name).is_file() for folder in folders), f"{page.name} names {name}, which is not there"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index


def test_changelog_knows_this_version() -> None:
    assert f"\n## {learnware.__version__} - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_nothing_tells_of_the_machine_it_was_written_on() -> None:
    for page in [*PAGES, *EXAMPLES]:
        assert not re.search(r"/work/|/tmp/|/home/|/root/", page.read_text("utf-8")), page.name


MODULES = sorted(info.name for info in pkgutil.walk_packages(learnware.__path__, "learnware."))


@pytest.mark.parametrize("name", ["learnware", *MODULES])
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEARNWARE_STORAGE_PATH", str(tmp_path / "storage"))
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    failed, _ = doctest.testmod(module, optionflags=flags, extraglobs={"__name__": "__main__"})
    assert failed == 0
