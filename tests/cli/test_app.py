"""What all commands share: help, common options, errors, exit codes, standard streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

import learnware.cli
from learnware.cli import app
from learnware.runtime._runner import RUNNABLE_OPTIONS
from learnware.runtime.sandbox import SANDBOX_LEVELS

LEARNWARE = [sys.executable, "-c", "from learnware.cli import main; main()"]
NAMES = [
    "spec", "pack", "check", "search", "predict", "solve", "market add", "market list", "market show", "market remove",
    "env list", "env build", "env prune", "login", "logout", "list", "show", "download", "upload", "update", "withdraw",
    "restore", "delete",
]  # fmt: skip


def shell(*arguments, **options):
    return subprocess.run(
        [*LEARNWARE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, **options
    )


def commands():
    group = get_command(app)
    for name, one in group.commands.items():
        inner = getattr(one, "commands", None)
        if inner is None:
            yield name, one
        else:
            yield from ((f"{name} {key}", value) for key, value in inner.items())


def test_exported_names():
    assert sorted(learnware.cli.__all__) == ["app", "main"]


def test_the_commands():
    assert sorted(name for name, _ in commands()) == sorted(NAMES)


def test_options_offer_what_the_engine_has():
    parameters = {parameter.name: parameter for name, one in commands() if name == "solve" for parameter in one.params}
    for option, values in (("run_in", RUNNABLE_OPTIONS), ("sandbox", SANDBOX_LEVELS)):
        offered = [item.value for item in parameters[option].shell_complete(None, "")]
        assert sorted(offered) == sorted(values)


@pytest.mark.parametrize(("name", "one"), [pytest.param(name, one, id=name) for name, one in commands()])
def test_help_teaches(run, name, one):
    text = run(*name.split(), "--help").stdout
    assert one.help.splitlines()[0].endswith(".")
    assert text.count(f"• learnware {name} ") >= 1
    for parameter in one.params:
        if not getattr(parameter, "hidden", False):
            assert parameter.help, parameter.name
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("columns", ["50", "80"])
def test_help_fits_the_terminal(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in ((), ("search",), ("market", "list")):
        text = run(*arguments, "--help").stdout
        assert max(map(len, text.splitlines())) <= int(columns)


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from learnware.cli import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "app(['search', '--help'], standalone_mode=False)\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'pandas', 'pyarrow', 'torch', 'rapidfuzz', 'yaml', 'sqlite3'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(run):
    from importlib.metadata import version

    assert run("--version").stdout == f"learnware {version('learnware')}\n"


def test_as_a_module():
    command = [sys.executable, "-m", "learnware", "spec", "no-such-file.csv"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "no-such-file.csv" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["spek"],
        ["spec", "x.csv", "--points", "many"],
        ["spec", "x.csv", "--points", "0"],
        ["spec", "x.csv", "--quality", "good"],
        ["predict", "00000001"],
        ["pack", "a.joblib", "b.csv"],
        ["search"],
        ["search", "--task", "Guessing"],
        ["market", "list", "--scenario", "Cooking"],
    ],
)
def test_usage_errors(run, arguments):
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert "Usage: learnware" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_value_comes_with_the_right_ones(run):
    assert "Classification, Regression" in run("search", "--task", "Guessing", code=2).stderr.replace("\n", " ")


def test_words_without_their_option(run):
    assert "did you mean: learnware list --text 'iris setosa'" in run("list", "iris", "setosa", code=2).stderr
    assert "unexpected" in run("show", "1", "2", code=2).stderr


def test_values_in_any_case(market):
    assert [one["id"] for one in market.answer("market", "list", "--task", "CLASSIFICATION")["learnwares"]] == [
        "00000001"
    ]


def test_usage_errors_as_json():
    done = shell("spec", "x.csv", "--pints", "3", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    error = json.loads(done.stderr)["error"]
    assert error["type"] == "UsageError"
    assert "--pints" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--json", "market", "show"], "ID"), (["--json", "market"], "command"), (["market", "--json", "show"], "ID")],
)
def test_what_is_missing_is_an_error_as_json_too(arguments, words):
    done = shell(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    error = json.loads(done.stderr)["error"]
    assert error["type"] == "UsageError"
    assert words in error["message"]


def test_common_options_before_and_after(market, tmp_path):
    other = tmp_path / "elsewhere"
    expected = market.answer("market", "list")
    assert expected["total"] == 3
    assert json.loads(market("--json", "market", "list").stdout) == expected
    assert json.loads(market("--json", "--market", "default", "market", "list").stdout) == expected
    assert json.loads(market("market", "--json", "--market", "default", "list").stdout) == expected
    root = tmp_path / "store"
    assert json.loads(market("--json", "--root", root, "market", "list").stdout) == expected
    # The later one wins.
    assert market.answer("--root", other, "market", "list", "--root", root) == expected
    assert market.failure("--root", other, "market", "list")["type"] == "MarketError"


def test_the_root_option_beats_the_variable(market, zoo, tmp_path):
    market("--root", tmp_path / "other", "market", "add", "--no-check", zoo.iris_zip)
    assert market.answer("market", "list", "--root", tmp_path / "other")["total"] == 1
    assert market.answer("market", "list")["total"] == 3


def test_debug_shows_the_traceback():
    done = shell("spec", "nothing.csv", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "SpecificationError" in done.stderr
    quiet = shell("spec", "nothing.csv")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert quiet.stderr == "error: there is no file 'nothing.csv'\n"


def test_what_nobody_thought_of_is_one_line_too(run, monkeypatch, zoo):
    def fail(*_, **__):
        raise RuntimeError("out of luck")

    # The package first: it takes the function from the module lazily, and what it finds there is put back afterwards.
    monkeypatch.setattr("learnware.specification.generate_rkme_table_spec", fail)
    monkeypatch.setattr("learnware.specification._generators.generate_rkme_table_spec", fail)
    error = run.failure("spec", zoo.iris_inputs)
    assert error["type"] == "RuntimeError"
    assert "--debug" in error["message"]
    assert "out of luck" in error["message"]


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
def test_interrupt(tmp_path):
    with subprocess.Popen(
        [*LEARNWARE, "spec", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        bufsize=0,
    ) as process:
        # More than a pipe holds: when it is written, the command is reading.
        rest = memoryview(b"a,b\n" + b"1,2\n" * 100_000)
        while rest:
            rest = rest[process.stdin.write(rest) :]
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        process.stdin = None
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err) == (b"", b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="pipes of Unix")
def test_a_reader_that_leaves(market, zoo, tmp_path):
    np.save("many.npy", np.zeros((200_000, 4)))
    with subprocess.Popen(
        [*LEARNWARE, "predict", "00000001", "many.npy"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"prediction,class\n"
        process.stdout.close()
        err = process.stderr.read()
    assert err == b""
    assert process.returncode == 1


def test_colours_only_where_wanted(market, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m" in market("market", "show", "7", code=1, color=True).stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in market("market", "show", "7", code=1, color=True).stderr


@pytest.mark.parametrize("columns", ["50", "80"])
def test_tables_fit_the_terminal(market, monkeypatch, columns, zoo):
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (
        ("market", "list"),
        ("market", "show", "00000001"),
        ("search", zoo.iris_inputs),
        ("search", "--text", "half"),
    ):
        text = market(*arguments).stdout
        assert max(map(len, text.splitlines())) <= int(columns)
        assert "00000001" in text or "00000002" in text


def test_completion_of_values():
    done = shell(
        env={
            **os.environ,
            "_LEARNWARE_COMPLETE": "complete_bash",
            "COMP_WORDS": "learnware search --task Re",
            "COMP_CWORD": "3",
        }
    )
    assert "Regression" in done.stdout.split()


def test_the_reference_is_up_to_date():
    page = Path(__file__).resolve().parents[2] / "docs"
    import runpy

    reference = runpy.run_path(str(page / "make_cli_reference.py"))["reference"]
    assert (page / "cli.md").read_text(encoding="utf-8") == reference(), "run python docs/make_cli_reference.py"
