"""The programs that the web app offers to copy run, against a real dock."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.dock import learnwares
from tests.live_dock import live_dock
from typer.testing import CliRunner

from learnware.cli import app
from learnware.learnware import Learnware
from learnware.solution._solve import _way_without_labels, _ways
from learnware.specification import Specification, describe

if TYPE_CHECKING:
    from collections.abc import Sequence

CODE = Path(__file__).resolve().parents[2] / "frontend" / "src" / "learnware" / "code.ts"


def written(function: str, wishes: Sequence[dict[str, Any]]) -> list[str]:
    """Return what a function of the web app writes for each wish; Node reads TypeScript as it is."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        pytest.fail("there is no Node: `make setup build` installs it beside Python")
    program = f"""
        import {{ {function} }} from {json.dumps(CODE.as_uri())};
        console.log(JSON.stringify({json.dumps(wishes)}.map((wish) => {function}(wish))));
    """
    command = [node, "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answer: list[str] = json.loads(done.stdout)
    return answer


def run(program: str) -> str:
    """Run a program and return what it prints."""
    # Building an environment is not what is looked at here.
    assert program.count('runnable_option="venv"') == 1
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(program.replace('runnable_option="venv"', 'runnable_option="current"'), {})
    return printed.getvalue()


def test_they_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEARNWARE_PACKAGES", str(tmp_path / "packages"))
    rows = np.random.default_rng(0).normal(size=(30, 3)).round(3)
    plain = "\ufeffa,b,c\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    odd = "\n".join(f"{i};{';'.join(map(str, row))};Genf" for i, row in enumerate(rows)).replace(".", ",")
    (tmp_path / "mine.csv").write_text(plain, "utf-8")
    (tmp_path / 'it\'s "mine".csv').write_text(odd, "cp1252")
    table = {
        "file": 'it\'s "mine".csv',
        "encoding": "windows-1252",
        "separator": ";",
        "decimal": ",",
        "header": False,
        "columns": [1, 2, 3],
    }
    with live_dock(tmp_path / "dock") as dock:
        ids = [
            learnwares.publish_learnware(dock, "grace", name=f"kinds of things {centre}", centre=centre, seed=seed)
            for seed, centre in enumerate((0.0, 0.5))
        ]
        wish = {"address": dock.url, "ids": ids[:1], "data": "Table", "task": "Classification"}
        several = {**wish, "ids": ids, "weights": [0.6667, 0.3333]}
        apart = {**several, "together": False}
        programs = written("pythonCode", [wish, {**wish, "table": table}, several, {**several, "table": table}, apart])
        printed = [run(program) for program in programs]
        commands = written("commandCode", [wish, several])
        for command in commands:
            install, download = command.splitlines()
            assert install == "pip install learnware"
            assert CliRunner().invoke(app, download.split()[1:]).exit_code == 0
    expected = str((rows.mean(axis=1) > 0).astype(int)) + "\n"
    # One file is written in another way, and its numbers are the same.
    assert printed[0] == printed[1] == expected
    assert printed[2] == printed[3] != ""
    assert printed[4].split() == [ids[0], "3", ids[1], "3"]
    assert (tmp_path / f"{ids[0]}.zip").exists()
    assert {path.name for path in (tmp_path / "learnwares").iterdir()} == {f"{one}.zip" for one in ids}


def test_those_for_texts_and_images_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEARNWARE_PACKAGES", str(tmp_path / "packages"))
    texts = ["one", "four", "fifth"]
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n", "utf-8")
    images = np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    described = {
        "Text": [learnwares.text_states(seed=seed) for seed in range(2)],
        "Image": [json.loads(describe(images + seed, reduced_set_size=2).to_json()) for seed in range(2)],
    }
    with live_dock(tmp_path / "dock") as dock:
        answers = {"Text": [1, 0, 1], "Image": (images.mean(axis=(1, 2, 3)) > 100).astype(int)}
        for kind, answer in answers.items():
            made = [learnwares.files_of(kind, [one], name=f"{kind} {seed}") for seed, one in enumerate(described[kind])]
            ids = [learnwares.submit_files(dock, one) for one in made]
            for one in ids:
                learnwares.decide(dock, one)
            wish = {"address": dock.url, "ids": ids, "data": kind, "task": "Classification"}
            wishes: list[dict[str, Any]] = [{**wish, "ids": ids[:1]}, wish, {**wish, "weights": [0.5, 0.5]}]
            assert [run(program) for program in written("pythonCode", wishes)] == [f"{np.array(answer)}\n"] * 3


@pytest.mark.parametrize("data", ["Table", "Image", "Text"])
@pytest.mark.parametrize("task", ["Classification", "Regression"])
def test_several_answer_as_solve_lets_them(data: str, task: str, tmp_path: Path) -> None:
    two = [Learnware(one, {}, Specification(), tmp_path) for one in ("00000001", "00000002")]
    ways = _ways(two, task, {}, data, seed=0)
    expected = type(ways[_way_without_labels(ways, data)]()).__name__
    wish = {"address": "https://h/api", "ids": ["00000001", "00000002"], "data": data, "task": task}
    (program,) = written("pythonCode", [wish])
    assert f"from learnware.reuse import {expected}\n" in program
    assert f"reuser = {expected}(learnwares)\n" in program


def test_texts_of_strangers_stay_texts() -> None:
    """A file's name is a literal whatever is in it."""
    name = '"); print("hello\n\\\u2028\u202e{x}\x7f.csv'
    table = {"encoding": "utf-8", "separator": "\t", "decimal": ".", "header": True, "columns": [0, 2]}
    wish = {
        "address": "http://h/api",
        "ids": ["00000001"],
        "data": "Table",
        "task": "",
        "table": {"file": name, **table},
    }
    (program,) = written("pythonCode", [wish])
    (line,) = [line for line in program.splitlines() if line.startswith("data =")]
    taken: dict[str, Any] = {}

    class Numpy:
        @staticmethod
        def genfromtxt(*arguments: Any, **options: Any) -> None:
            taken.update(file=arguments, **options)

    exec(line, {"np": Numpy})
    assert taken["file"] == (name,)
    assert taken["delimiter"] == "\t"
    assert taken["usecols"] == [0, 2]
