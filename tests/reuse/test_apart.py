"""Learnwares that run in processes of their own: they answer at the same time, and their errors keep their order."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pytest

from learnware.errors import ModelError, ReuseError
from learnware.learnware import Learnware
from learnware.reuse import AveragingReuser, JobSelectorReuser, StackingReuser
from learnware.reuse._outputs import ask
from learnware.runtime import ModelRunner
from learnware.specification import RKMETableSpecification, Specification, generate_semantic_spec

if TYPE_CHECKING:
    from pathlib import Path

X = np.arange(12.0).reshape(6, 2)


@pytest.fixture
def runner():
    # Without a sandbox the learnwares can tell each other through files that they are there.
    with ModelRunner(sandbox="none") as runner:
        yield runner


@pytest.fixture
def write(tmp_path):
    """Return a function that makes a learnware whose predict has the given body."""

    def make(name: str, body: str) -> Learnware:
        folder = tmp_path / name
        folder.mkdir()
        code = (
            "import os, time\nimport numpy as np\n\nclass Model:\n    output_shape = None\n    def predict(self, X):\n"
        )
        (folder / "__init__.py").write_text(code + textwrap.indent(textwrap.dedent(body), " " * 8), encoding="utf-8")
        spec = RKMETableSpecification(gamma=0.1)
        spec.z, spec.beta, spec.num_points = X[:3].copy(), np.full(3, 1 / 3), 3
        specification = Specification(
            generate_semantic_spec(
                task_type="Regression", output_description={"Dimension": 1, "Description": {"0": "y"}}
            )
        )
        specification.update_stat_spec(spec)
        return Learnware(name, {"class_name": "Model"}, specification, folder)

    return make


def meeting(place: Path, own: str, other: str) -> str:
    """Return a body that answers only while the other learnware computes, too; alone it runs out of its time."""
    return f"""
    open({str(place / own)!r}, "w").close()
    while not os.path.exists({str(place / other)!r}): time.sleep(0.01)
    return X[:, 0] + {len(own)}
    """


@pytest.mark.parametrize("reuser", [AveragingReuser, JobSelectorReuser])
def test_they_answer_at_the_same_time(write, runner, tmp_path, reuser):
    learnwares = [
        write("first", meeting(tmp_path, "a", "bb")),
        write("second", meeting(tmp_path, "bb", "a")),
    ]
    for learnware in learnwares:
        learnware.run_with(runner)
    answers = reuser(learnwares).predict(X)
    assert answers.shape == (6,)
    if reuser is AveragingReuser:
        np.testing.assert_allclose(answers, X[:, 0] + 1.5)


def test_answers_keep_the_order_of_the_learnwares(write, runner):
    learnwares = [write(f"one{number}", f"return X[:, 0] * {number}") for number in range(5)]
    for learnware in learnwares[1:4]:
        learnware.run_with(runner)
    for number, answer in enumerate(ask(learnwares, X)):
        np.testing.assert_array_equal(answer, X[:, 0] * number)


def test_the_first_error_is_raised_and_names_the_learnware(write, runner, tmp_path):
    bodies = ["return X[:, 0]", "raise KeyError('first')", "raise KeyError('second')"]
    learnwares = [write(f"one{number}", body) for number, body in enumerate(bodies)]
    for learnware in learnwares:
        learnware.run_with(runner)
    with pytest.raises(ModelError, match=r"learnware 'one1'.*first") as caught:
        ask(learnwares, X)
    assert "KeyError" in caught.value.traceback_text
    # The others are not the worse for it.
    np.testing.assert_array_equal(ask(learnwares[:1], X)[0], X[:, 0])


def test_a_wrong_number_of_answers(write, runner):
    learnwares = [write("good", "return X[:, 0]"), write("short", "return X[:2, 0]")]
    learnwares[0].run_with(runner)
    with pytest.raises(ReuseError, match="'short' answered shape"):
        ask(learnwares, X)
    learnwares[1].model = {"class_name": "Model"}
    learnwares[1].run_with(runner)
    with pytest.raises(ModelError, match=r"'short'.*for 6 inputs"):
        ask(learnwares, X)


def test_stacking_is_the_same_apart(write, runner):
    learnwares = [write("sum", "return X.sum(axis=1)"), write("difference", "return X[:, 1] - X[:, 0]")]
    rows = np.random.default_rng(0).normal(size=(40, 2))
    y = 2 * rows[:, 1] + 0.1 * rows[:, 0]
    here = StackingReuser(learnwares, "regression", seed=0).fit(rows, y).predict(rows)
    for learnware in learnwares:
        learnware.model = {"class_name": "Model"}
        learnware.run_with(runner)
    apart = StackingReuser(learnwares, "regression", seed=0).fit(rows, y)
    np.testing.assert_allclose(apart.predict(rows), here)
    assert all(learnware.model.report().sandbox == "none" for learnware in learnwares)


def test_the_callers_rows_stay_as_they_are(write, runner):
    learnware = write("writes", "X[:] = 0\nreturn X[:, 0]")
    learnware.run_with(runner)
    rows = X.copy()
    assert ask([learnware], rows)[0].tolist() == [0.0] * 6
    np.testing.assert_array_equal(rows, X)
