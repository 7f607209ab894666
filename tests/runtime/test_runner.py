"""Many learnwares in worker processes: when they start, when they end, and what is told of them."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import textwrap
import threading
import time
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from learnware.errors import EnvironmentBuildError, ModelError, SandboxError
from learnware.runtime import Environment, ModelRunner, RunReport, current_environment

CONFIG = {"class_name": "Model", "kwargs": {}}
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
X = np.zeros((2, 3))
PID = "return np.full(len(X), os.getpid())"


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes a learnware whose predict has the given body, and returns its folder."""
    count = 0

    def write(body: str = PID) -> Path:
        nonlocal count
        count += 1
        path = tmp_path / f"learnware{count}"
        path.mkdir()
        code = (
            "import os, time\nimport numpy as np\nfrom learnware.model import BaseModel\n\n"
            "class Model(BaseModel):\n"
            "    def __init__(self):\n"
            "        super().__init__((3,), None)\n"
            "        self.sum = 0.0\n"
            "    def fit(self, X, y):\n"
            "        if len(X) == 1: os._exit(3)\n"
            "        self.sum = float(np.sum(y))\n"
            "    def finetune(self, X, y):\n"
            "        self.sum += float(np.sum(y))\n"
            f"    def predict(self, X):\n{textwrap.indent(textwrap.dedent(body), ' ' * 8)}\n"
        )
        (path / "__init__.py").write_text(code, encoding="utf-8")
        return path

    return write


def pid_of(model) -> int:
    return int(model.predict(X)[0])


def gone(pid: int) -> bool:
    for _ in range(600):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def plain_runner(**arguments) -> ModelRunner:
    # Without a sandbox a process's number is the same for it and for us.
    return ModelRunner(sandbox="none", **arguments)


def test_a_worker_starts_when_it_is_first_asked_and_stays(folder):
    asked = []

    def source():
        asked.append(True)
        return place, CONFIG, None

    place = folder()
    with plain_runner() as runner:
        model = runner.model(source)
        assert not asked
        first = pid_of(model)
        assert pid_of(model) == first
        assert asked == [True]
        assert model.input_shape == (3,)
        assert model.output_shape is None


@LINUX
def test_workers_end_with_the_runner(folder):
    with plain_runner() as runner:
        models = [runner.model(folder(), CONFIG) for _ in range(2)]
        pids = [pid_of(model) for model in models]
        assert len(set(pids)) == 2
    assert all(gone(pid) for pid in pids)
    with pytest.raises(ModelError, match="the runner is closed"):
        models[0].predict(X)


@LINUX
def test_a_forgotten_model_leaves_no_process(folder):
    runner = plain_runner()
    model = runner.model(folder(), CONFIG)
    pid = pid_of(model)
    del model
    gc.collect()
    assert gone(pid)
    model = runner.model(folder(), CONFIG)
    pid = pid_of(model)
    # The model keeps its runner.
    del runner
    gc.collect()
    assert pid_of(model) == pid
    del model
    gc.collect()
    assert gone(pid)


@LINUX
def test_the_least_recently_used_makes_room(folder):
    with plain_runner(max_processes=2) as runner:
        first, second, third = (runner.model(folder(), CONFIG) for _ in range(3))
        pids = [pid_of(first), pid_of(second)]
        assert pid_of(first) == pids[0]
        pid_of(third)
        assert gone(pids[1])
        assert pid_of(first) == pids[0]
        assert pid_of(second) != pids[1]


def test_one_in_use_never_makes_room(folder, tmp_path):
    begun, go = tmp_path / "begun", tmp_path / "go"
    slow = folder(
        f"open({str(begun)!r}, 'w').close()\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\nreturn X[:, 0]"
    )
    with plain_runner(max_processes=1) as runner:
        busy, other = runner.model(slow, CONFIG), runner.model(folder(), CONFIG)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(busy.predict(X)))]
        threads[0].start()
        while not begun.exists():
            time.sleep(0.01)
        threads.append(threading.Thread(target=lambda: answers.append(other.predict(X))))
        threads[1].start()
        go.touch()
        for thread in threads:
            thread.join()
        assert answers[0].tolist() == [0.0, 0.0]
        assert len(answers) == 2


@LINUX
def test_an_idle_worker_ends_and_starts_again(folder):
    with plain_runner(idle_seconds=0.2) as runner:
        model = runner.model(folder(), CONFIG)
        pid = pid_of(model)
        assert gone(pid)
        assert pid_of(model) != pid


def test_a_trained_model_stays(folder):
    with plain_runner(idle_seconds=0.05, max_processes=1) as runner:
        model, other = runner.model(folder("return np.full(len(X), self.sum)"), CONFIG), runner.model(folder(), CONFIG)
        assert model.predict(X).tolist() == [0.0, 0.0]
        model.fit(X, [1.0, 2.0])
        model.finetune(X, np.array([1, 1]))
        # Nothing else may take its place.
        with pytest.raises(ModelError, match="max_processes"):
            other.predict(X)
        assert model.predict(X).tolist() == [5.0, 5.0]
        for take in (copy.deepcopy, pickle.dumps):
            with pytest.raises(ModelError, match="cannot be copied"):
                take(model)


def test_what_was_learned_is_not_forgotten_in_silence(folder):
    body = "if len(X) == 1: os._exit(4)\nreturn np.full(len(X), self.sum)"
    with plain_runner() as runner:
        model = runner.model(folder(body), CONFIG)
        model.fit(X, [1.0, 2.0])
        with pytest.raises(ModelError, match="exit code 4"):
            model.predict(X[:1])
        for _ in range(2):
            with pytest.raises(ModelError, match="call fit again"):
                model.predict(X)
        model.fit(X, [4.0, 2.0])
        assert model.predict(X).tolist() == [6.0, 6.0]


def test_a_crash_is_told_once(folder):
    with plain_runner() as runner:
        model = runner.model(folder("if len(X) == 1: os._exit(4)\nreturn X"), CONFIG)
        assert model.predict(X).shape == (2, 3)
        with pytest.raises(ModelError, match="exit code 4"):
            model.predict(X[:1])
        assert model.predict(X).shape == (2, 3)
        with pytest.raises(ModelError, match="exit code 3"):
            model.fit(X[:1], [1.0])
        assert model.predict(X).shape == (2, 3)


def test_many_threads_with_few_workers(folder):
    with plain_runner(max_processes=2) as runner:
        models = [runner.model(folder("return X + 1"), CONFIG) for _ in range(4)]
        wrong = []

        def ask(number: int) -> None:
            for turn in range(4):
                rows = np.full((3, 3), 10.0 * number + turn)
                if not np.array_equal(models[(number + turn) % 4].predict(rows), rows + 1):
                    wrong.append(number)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_the_report(folder):
    with plain_runner() as runner:
        report = runner.model(folder(), CONFIG).report()
    assert report == RunReport("current", "current", current_environment().python_version, "none", ())
    assert "no sandbox" in str(report)


def test_copies_ask_workers_of_their_own(folder):
    with plain_runner(max_processes=3, idle_seconds=50.0) as runner:
        model = runner.model(folder(), CONFIG)
        twin = copy.deepcopy(model)
        assert pid_of(twin) != pid_of(model)
        other = pickle.loads(pickle.dumps(model))  # our own
        assert pid_of(other) != pid_of(model)
        settings = other._runner
        assert (settings.sandbox, settings.max_processes, settings.idle_seconds) == ("none", 3, 50.0)
        settings.close()


def ask_in_a_fork(model, queue) -> None:
    try:
        model.predict(X)
    except ModelError as error:
        queue.put(str(error))


@LINUX
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_does_not_ask_the_workers_of_its_parent(folder):
    context = multiprocessing.get_context("fork")
    with plain_runner() as runner:
        model = runner.model(folder(), CONFIG)
        pid = pid_of(model)
        queue = context.SimpleQueue()
        process = context.Process(target=ask_in_a_fork, args=(model, queue))
        process.start()
        assert "forked" in queue.get()
        process.join()
        assert pid_of(model) == pid


class Store:
    """A store whose environments are that of this interpreter, under other names."""

    def __init__(self, together: int = 1) -> None:
        self.asked, self.built = [], []
        self._barrier = threading.Barrier(together)

    def provide(self, requirements, kind, *, on_progress=None, cancelled=None):
        self.asked.append(requirements)
        self._barrier.wait(60)
        if on_progress is not None:
            on_progress("building")
        self.built.append(kind)
        own = current_environment()
        return Environment(
            kind, f"built{len(self.built)}", own.python, own.python_version, own.folders, warnings=("other",)
        )


def requirements_of(place: Path) -> Path:
    (place / "requirements.txt").write_text("numpy\n", encoding="utf-8")
    return place


def test_environments_are_built_at_the_same_time_and_once(folder):
    store, words = Store(together=3), []
    with ModelRunner("venv", sandbox="none", store=store, on_progress=words.append) as runner:
        models = [runner.model(requirements_of(folder()), CONFIG) for _ in range(3)]
        # Each build waits for the others.
        runner.prepare(models)
        assert store.built == ["venv"] * 3
        runner.prepare(models)
        reports = [model.report() for model in models]
    assert store.built == ["venv"] * 3
    assert words == ["building"] * 3
    assert {report.name for report in reports} == {"built1", "built2", "built3"}
    assert reports[0].warnings == ("other",)
    assert str(reports[0]).startswith("Python")


def test_requirements_are_read_as_of_the_learnwares_date(folder):
    store, day = Store(), date(2021, 5, 4)
    place = requirements_of(folder())
    with ModelRunner("venv", sandbox="none", store=store) as runner:
        models = [runner.model(place, CONFIG, day), runner.model(lambda: (place, CONFIG, day))]
        models += [copy.deepcopy(models[0]), pickle.loads(pickle.dumps(models[0])), runner.model(place, CONFIG)]
        models[3]._runner._store = store  # the copy's own runner
        runner.prepare(models)
    # Environments are asked for by several threads, in any order.
    assert Counter(asked.as_of for asked in store.asked) == {day: 4, None: 1}


def test_closing_ends_builds(folder):
    class Endless(Store):
        def provide(self, requirements, kind, *, on_progress=None, cancelled=None):
            building.set()
            while not cancelled():
                pass
            raise EnvironmentBuildError("cancelled")

    building, errors = threading.Event(), []
    runner = ModelRunner("venv", sandbox="none", store=Endless())

    def prepare() -> None:
        with pytest.raises(EnvironmentBuildError, match="cancelled"):
            runner.prepare([runner.model(requirements_of(folder()), CONFIG)])
        errors.append(True)

    thread = threading.Thread(target=prepare)
    thread.start()
    assert building.wait(60)
    runner.close()
    thread.join(60)
    assert errors == [True]


def test_an_environment_that_was_collected_is_built_again(folder, tmp_path):
    class Collected(Store):
        def provide(self, requirements, kind, *, on_progress=None, cancelled=None):
            environment = super().provide(requirements, kind)
            python = tmp_path / f"python{len(self.built)}"
            python.symlink_to(environment.python)
            own = current_environment()
            return Environment(kind, environment.name, python, own.python_version, (*own.folders, tmp_path))

    store = Collected()
    with ModelRunner("venv", sandbox="none", store=store) as runner:
        model = runner.model(requirements_of(folder()), CONFIG)
        model.prepare()
        (tmp_path / "python1").unlink()
        model.prepare()
    assert store.built == ["venv"] * 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"runnable_option": "conda_env"}, EnvironmentBuildError),
        ({"max_processes": 0}, ModelError),
    ],
)
def test_wrong_settings(arguments, error):
    with pytest.raises(error):
        ModelRunner(**arguments)


def test_an_unknown_sandbox(folder):
    with ModelRunner(sandbox="castle") as runner, pytest.raises(SandboxError):
        runner.model(folder(), CONFIG).predict(X)


def test_a_model_in_another_process_is_not_given_out(folder):
    with plain_runner() as runner, pytest.raises(ModelError, match="another process"):
        runner.model(folder(), CONFIG).get_model()
