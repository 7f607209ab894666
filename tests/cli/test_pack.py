from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from learnware.learnware import read_package

WORDS = [
    "--name", "Iris kinds", "--description", "Kinds of iris flowers.", "--scenario", "nature", "--license", "mit",
]  # fmt: skip


def test_everything_is_given(run, zoo):
    result = run("pack", zoo.iris_model, zoo.iris_csv, "--target", "kind", "-o", "iris.zip", *WORDS)
    assert "Iris kinds: Classification from 4 columns" in result.stdout
    assert "learnware market add iris.zip" in result.stdout
    contents = read_package("iris.zip")
    assert contents.semantic_spec["Scenario"]["Values"] == ["Nature"]
    assert contents.semantic_spec["License"]["Values"] == ["MIT"]
    assert contents.semantic_spec["Output"]["Description"] == {"0": "setosa", "1": "versicolor", "2": "virginica"}
    assert run.answer("check", "iris.zip")["packages"][0]["valid"]


def test_what_is_missing_is_listed_with_its_options(run, zoo):
    error = run.failure("pack", zoo.iris_model, zoo.iris_csv, "--target", "kind", "-o", "iris.zip")
    assert [line.split(":")[0] for line in error["missing"]] == ["--name", "--description", "--scenario", "--license"]
    assert not Path("iris.zip").exists()


def regression():
    X = np.random.default_rng(0).normal(size=(60, 2))
    joblib.dump(LinearRegression().fit(X, X.sum(axis=1)), "plain.joblib")
    np.save("plain.npy", np.column_stack([X, X.sum(axis=1)]))


def test_descriptions(run):
    regression()
    error = run.failure("pack", "plain.joblib", "plain.npy", "--target", "2", "-o", "a.zip", *WORDS)
    assert [line.split(":")[0] for line in error["missing"]] == ["--inputs", "--outputs"]
    Path("out.json").write_text('{"0": "the sum, of both"}')
    arguments = ("pack", "plain.joblib", "plain.npy", "--target", "-1", *WORDS, "--inputs", "first, second")
    document = run.answer(*arguments, "--outputs", "out.json", "-o", "a.zip")
    semantic = document["semantic_specification"]
    assert semantic["Input"]["Description"] == {"0": "first", "1": "second"}
    assert semantic["Output"]["Description"] == {"0": "the sum, of both"}
    for text, words in (("[", "is no JSON"), ("3", "neither")):
        Path("out.json").write_text(text)
        assert words in run(*arguments, "--outputs", "out.json", "-o", "b.zip", code=2).stderr
    assert "cannot be read" in run(*arguments, "--outputs", "nothing.json", "-o", "b.zip", code=2).stderr


def test_bad_input(run, zoo):
    Path("broken.joblib").write_text("x")
    Path("exists.zip").write_text("precious")
    ending = ["--target", "kind", *WORDS]
    for model, data, output, words in (
        ("nothing.joblib", zoo.iris_csv, "a.zip", "there is no model file"),
        ("broken.joblib", zoo.iris_csv, "a.zip", "cannot be loaded"),
        (zoo.iris_csv, zoo.iris_csv, "a.zip", "is no model file that can be packed"),
        (zoo.iris_model, "nothing.csv", "a.zip", "there is no file"),
        (zoo.iris_model, zoo.plane_csv, "a.zip", "kind"),
        (zoo.iris_model, zoo.iris_csv, "a.tar", "known are .zip"),
        (zoo.iris_model, zoo.iris_csv, "exists.zip", "--force"),
    ):
        assert words in run.failure("pack", model, data, "-o", output, *ending)["message"]
    assert Path("exists.zip").read_text() == "precious"
    assert sorted(path.name for path in Path().iterdir()) == ["broken.joblib", "exists.zip"]


def test_errors_are_told_by_the_names_of_the_options(run, zoo):
    arguments = ("pack", zoo.iris_model, zoo.iris_csv, "-o", "a.zip", *WORDS)
    plane = ("pack", "plain.joblib", "plain.npy", "-o", "a.zip", *WORDS, "--inputs", "a,b", "--outputs", "c")
    regression()
    message = run.failure(*plane)["message"]
    assert message.endswith("; name what is predicted: --target COLUMN")
    message = run.failure(*arguments, "--target", "kind", "--outputs", "a,b")["message"]
    assert message.startswith("--outputs names 2 classes")


def test_the_next_command_is_quoted(run, zoo):
    arguments = ("pack", zoo.iris_model, zoo.iris_csv, "--target", "kind", *WORDS)
    text = run(*arguments, "-o", "cäncer pack.zip").stdout
    assert text.endswith("Next: learnware market add 'cäncer pack.zip'\n")


def on_terminal(*arguments, typed=""):
    """Return exit code, standard output, and what a terminal shows that is standard input and standard error."""
    import pty

    terminal, side = pty.openpty()
    command = [sys.executable, "-c", "from learnware.cli import main; main()", *map(str, arguments)]
    with subprocess.Popen(command, stdin=side, stderr=side, stdout=subprocess.PIPE) as process:
        os.close(side)
        os.write(terminal, typed.encode())
        shown = b""
        while True:
            try:
                shown += os.read(terminal, 1 << 16)
            except OSError:  # the other side is closed
                break
        out = process.stdout.read().decode()
    os.close(terminal)
    return process.returncode, out, shown.decode()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of Unix")
def test_questions_on_a_terminal(run):
    regression()
    answers = [
        "abc",  # too short, so it is asked again
        "Sums of two",
        "Adds two numbers up.",
        "cooking",  # no value of the vocabulary
        "Business, education",
        "mit",
        "first, second",
        "their sum",
    ]
    code, out, text = on_terminal(
        "pack", "plain.joblib", "plain.npy", "--target", "2", "-o", "a.zip", typed="".join(f"{a}\n" for a in answers)
    )
    assert code == 0, text
    semantic = read_package("a.zip").semantic_spec
    assert semantic["Name"]["Values"] == "Sums of two"
    assert semantic["Scenario"]["Values"] == ["Business", "Education"]
    assert semantic["License"]["Values"] == ["MIT"]
    assert semantic["Input"]["Description"] == {"0": "first", "1": "second"}
    assert semantic["Output"]["Description"] == {"0": "their sum"}
    assert "name has 3 characters" in text
    assert "'cooking' is not known" in text
    assert "Sums of two: Regression" in out
    assert "Packing" in text
    assert "abc" not in out


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of Unix")
def test_json_is_silent_on_a_terminal(run, zoo):
    arguments = ("pack", zoo.iris_model, zoo.iris_csv, "--target", "kind", "-o", "a.zip", "--json")
    code, out, text = on_terminal(*arguments)
    assert (code, out) == (1, "")
    assert json.loads(text)["error"]["missing"]
    code, out, text = on_terminal(*arguments, *WORDS)
    assert (code, text) == (0, "")
    assert json.loads(out)["output"] == "a.zip"
