"""Trials: tables and texts that people send, what workers make of them, and what nobody gets to see."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.dock.conftest import PASSWORD
from tests.dock.learnwares import decide, files, identity_of, publish_learnware, semantic, store, submit_learnware

from beimingwu.db.models import Trial
from beimingwu.errors import (
    InvalidInputError,
    NotFoundError,
    QuotaExceededError,
    TooManyRequestsError,
    UnavailableError,
    WrongDataTypeError,
)
from beimingwu.services.identity import Role
from beimingwu.services.trial_input import bytes_of_inputs, inputs_of_bytes, read_trial_inputs, shape_taken
from beimingwu.settings import Settings
from beimingwu.worker import trials, worker
from beimingwu.worker.trials import shown_outputs
from beimingwu.worker.worker import Worker
from learnware.errors import SandboxError
from learnware.learnware import write_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HERE = {"verify_in": "current"}
# What is about models is the same on all databases.
on_one_database = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
ROWS = [[-1, -2, -3], [1, 2.5, 3]]
ANSWER = b"(np.asarray(X).mean(axis=1) > 0.0).astype(int)"


@pytest.fixture
def here(make_rig: Callable[..., Any]) -> Any:
    return make_rig(**HERE)


def publish_model(rig: Any, folder: Path, answer: str, *, shape: str = "(1,)", more: str = "") -> str:
    """Publish a learnware whose model answers with an expression of its own."""
    made = files()
    source = made["__init__.py"].replace(ANSWER, answer.encode()).replace(b"shape=(1,)", f"shape={shape}".encode())
    assert answer.encode() in source
    made["__init__.py"] = source + more.encode()
    blob = store(rig, write_package(made, folder / "odd.zip"))
    asked = rig.dock.submissions.submit(identity_of(rig), blob, semantic(), rig.origin())
    decide(rig, asked.learnware_id)
    return str(asked.learnware_id)


def ask(rig: Any, learnware_id: str, rows: Any = ROWS, columns: Any = None, who: str = "eve") -> str:
    return str(rig.dock.trials.ask(identity_of(rig, who), learnware_id, rows, columns, rig.origin()).trial_id)


def work(rig: Any, name: str = "w1") -> int:
    return Worker(rig.dock, name).run(once=True)


def seen(rig: Any, trial_id: str, who: str = "eve") -> Any:
    return rig.dock.trials.view(identity_of(rig, who), trial_id)


def row_of(rig: Any, trial_id: str) -> Trial:
    with rig.dock.database.read() as session:
        return session.get_one(Trial, trial_id)


def test_labels(here: Any) -> None:
    trial_id = ask(here, publish_learnware(here))
    assert (seen(here, trial_id).status, row_of(here, trial_id).n_rows) == ("waiting", 2)
    assert work(here) == 0
    view = seen(here, trial_id)
    assert (view.status, view.outputs, view.output_shape, view.probabilities) == ("done", [0, 1], (2,), None)
    assert (view.reason, view.error) == (None, None)
    assert view.seconds > 0
    # Nobody needs the table any more.
    assert (row_of(here, trial_id).rows, row_of(here, trial_id).worker) == (None, None)


@on_one_database
@pytest.mark.parametrize(
    ("answer", "shape", "outputs"),
    [
        ("np.full((len(X), 1), 0.1, dtype='f4')", "(1,)", [0.1, 0.1]),
        ("np.tile(np.array([0.25, 0.75]), (len(X), 1))", "(2,)", [[0.25, 0.75], [0.25, 0.75]]),
        ("['small', '大']", "None", ["small", "大"]),
        ("np.isnan(X).sum(axis=1)", "(1,)", [1, 2]),
    ],
)
def test_kinds_of_answers(here: Any, tmp_path: Path, answer: str, shape: str, outputs: list[Any]) -> None:
    trial_id = ask(here, publish_model(here, tmp_path, answer, shape=shape), [[1, None, "3"], [" ", "-2.5e0", ""]])
    work(here)
    view = seen(here, trial_id)
    assert view.outputs == outputs, view
    assert view.output_shape == np.shape(outputs)


@on_one_database
def test_probabilities(here: Any, tmp_path: Path) -> None:
    gives = "\n    def predict_proba(self, X):\n        return np.tile([0.25, 0.75], (len(X), 1))\n"
    trial_id = ask(here, publish_model(here, tmp_path, "np.ones(len(X), dtype=int)", more=gives))
    work(here)
    assert (seen(here, trial_id).outputs, seen(here, trial_id).probabilities) == ([1, 1], [[0.25, 0.75], [0.25, 0.75]])
    # What goes wrong with them takes nothing from the answer.
    fails = "\n    def predict_proba(self, X):\n        raise RuntimeError(f'not today: {X[1][1]}')\n"
    trial_id = ask(
        here, publish_model(here, tmp_path, "np.zeros(len(X), dtype=int)", more=fails), [[1, 2, 3], [4, 1871.5, 6]]
    )
    with capture_logs() as logs:
        work(here)
    # A model may say anything of a table, which is nobody's but that of who asked.
    assert "trial_without_probabilities" in [one["event"] for one in logs]
    assert "1871" not in str(logs)
    assert (seen(here, trial_id).outputs, seen(here, trial_id).probabilities) == ([0, 0], None)


@on_one_database
def test_errors_of_the_model(here: Any, tmp_path: Path) -> None:
    raises = r"""(_ for _ in ()).throw(ValueError(__file__ + "\x1b[31m\u202e" + np.__file__ + "x" * 9000))"""
    trial_id = ask(here, publish_model(here, tmp_path, raises))
    work(here)
    view = seen(here, trial_id)
    assert (view.status, view.reason, view.outputs) == ("failed", "model", None)
    assert "ValueError: __init__.py" in view.error
    assert len(view.error) <= 1000
    for secret in (sys.prefix, tempfile.gettempdir(), str(here.dock.settings.data_dir), "\x1b", "\u202e"):
        assert secret not in view.error, secret
    assert row_of(here, trial_id).rows is None


@on_one_database
def test_limits_of_the_model(make_rig: Any, tmp_path: Path) -> None:
    rig = make_rig(**HERE, trial_seconds=3, trial_answer_bytes=1024)
    slow = ask(rig, publish_model(rig, tmp_path, "__import__('time').sleep(600)"))
    large = ask(rig, publish_model(rig, tmp_path, "np.zeros((len(X), 1000))", shape="(1000,)"))
    huge = ask(rig, publish_model(rig, tmp_path, "np.zeros((len(X), 10**7))", shape="(10**7,)"))
    work(rig)
    assert (seen(rig, slow).reason, seen(rig, large).reason, seen(rig, huge).reason) == ("time", "answer", "answer")
    assert seen(rig, slow).seconds >= 3
    assert "in the time" in seen(rig, slow).error


@on_one_database
def test_loading_and_answering_have_one_time_together(
    make_rig: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(**HERE, trial_seconds=600)
    learnware_id = publish_model(rig, tmp_path, "__import__('time').sleep(600)")
    trial_id = ask(rig, learnware_id)
    # No call has taken its 600 seconds, but all of them together have.
    monkeypatch.setattr(trials.TrialAttempt, "_watch", in_no_time(trials.TrialAttempt._watch))
    work(rig)
    assert (seen(rig, trial_id).status, seen(rig, trial_id).reason) == ("failed", "time")


def in_no_time(watch: Any) -> Any:
    def changed(self: Any, runner: Any, seconds: float) -> None:
        watch(self, runner, 1.0 if seconds == 600 else seconds)

    return changed


@on_one_database
def test_a_dock_that_is_at_fault(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trial_id = ask(here, publish_learnware(here))

    def unable(*_: Any, **__: Any) -> None:
        raise SandboxError("no sandbox on s3://secret")

    with monkeypatch.context() as patch:
        patch.setattr(trials, "unpack", unable)
        for tried in range(3):
            assert row_of(here, trial_id).attempts == tried
            work(here)
            here.clock.forward(seconds=2)
    view = seen(here, trial_id)
    assert (view.status, view.reason, row_of(here, trial_id).attempts) == ("failed", "dock", 3)
    assert "secret" not in view.error
    again = ask(here, publish_learnware(here, name="iris of the south", seed=1))

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret words")

    with monkeypatch.context() as patch:
        patch.setattr(trials, "unpack", broken)
        work(here)
    assert seen(here, again).status == "waiting"
    here.clock.forward(seconds=2)
    work(here)
    assert seen(here, again).status == "done"


def test_workers_that_are_killed(here: Any) -> None:
    trial_id = ask(here, publish_learnware(here))
    queue = here.dock.trial_queue
    # As long as a name can be.
    victim = "v" * 300
    first = queue.claim(victim)
    assert (first.attempt, first.last, seen(here, trial_id).status) == (1, False, "running")
    assert queue.claim("other") is None
    here.clock.forward(seconds=59)
    assert queue.renew(first) == "held"
    here.clock.forward(seconds=60)
    second = queue.claim(victim)
    assert queue.renew(first) == "lost"
    assert not queue.answer(first, {"outputs": []}, seconds=1)
    assert not queue.fail(first, "model", "x")
    assert not queue.put_off(first)
    assert not queue.give_back(first)
    # One of the same name need not wait.
    assert queue.release(victim) == 1
    third = queue.claim(victim)
    assert (second.attempt, third.attempt, third.last, third.spent) == (2, 3, True, False)
    here.clock.forward(seconds=60)
    work(here)
    view = seen(here, trial_id)
    assert (view.status, view.reason) == ("failed", "workers")


@on_one_database
def test_a_worker_that_was_killed_is_followed_by_another(here: Any) -> None:
    trial_id = ask(here, publish_learnware(here))
    assert here.dock.trial_queue.claim("victim") is not None
    here.clock.forward(seconds=60)
    work(here)
    assert (seen(here, trial_id).status, row_of(here, trial_id).attempts) == ("done", 2)


@on_one_database
def test_a_worker_that_is_told_to_stop(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial_id = ask(here, publish_model(here, tmp_path, "__import__('time').sleep(600)"))
    chosen = Worker(here.dock, "w1")
    prepare = trials.RunningModel.prepare

    def stop(model: Any) -> None:
        prepare(model)
        chosen.stop.set()

    monkeypatch.setattr(trials.RunningModel, "prepare", stop)
    assert chosen.run() == 0
    row = row_of(here, trial_id)
    assert (row.state, row.attempts, row.worker) == ("WAITING", 0, None)
    assert row.rows is not None


@on_one_database
def test_a_trial_that_is_lost_meanwhile(make_rig: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(**HERE, lease_seconds=1)
    learnware_id = publish_model(rig, tmp_path, "__import__('time').sleep(600)")
    trial_id = ask(rig, learnware_id)
    prepare = trials.RunningModel.prepare

    def delete(model: Any) -> None:
        prepare(model)
        rig.dock.ownership.delete(identity_of(rig), learnware_id, rig.origin())

    monkeypatch.setattr(trials.RunningModel, "prepare", delete)
    work(rig)
    with pytest.raises(NotFoundError):
        seen(rig, trial_id)


@on_one_database
def test_a_database_that_is_away_for_a_while(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trial_id = ask(here, publish_learnware(here))
    monkeypatch.setattr("beimingwu.worker.lease._AGAIN_SECONDS", 0)
    write, away = here.dock.trial_queue.answer, [1, 1]

    def refuse_first(*given: Any, **named: Any) -> bool:
        if away:
            away.pop()
            raise UnavailableError("the database is away")
        return bool(write(*given, **named))

    monkeypatch.setattr(here.dock.trial_queue, "answer", refuse_first)
    work(here)
    assert (away, seen(here, trial_id).status) == ([], "done")


@on_one_database
def test_trials_come_first_but_not_for_ever(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learnware_id = publish_learnware(here)
    submit_learnware(here, name="iris that waits", seed=1)
    for number in range(4):
        ask(here, learnware_id, who=f"user{number}")
    order: list[str] = []

    def note(kind: str, outcome: str) -> Any:
        class Noted:
            def __init__(self, tools: Any, claim: Any) -> None:
                self.queue = tools.dock.trial_queue if kind == "trial" else tools.queue
                self.claim = claim

            def run(self) -> str:
                order.append(kind)
                if kind == "trial":
                    self.queue.fail(self.claim, "model", "x")
                else:
                    self.queue.leave(self.claim, report={}, lines=[])
                return outcome

        return Noted

    monkeypatch.setattr(worker, "TrialAttempt", note("trial", "failed"))
    monkeypatch.setattr(worker, "Attempt", note("version", "given up"))
    monkeypatch.setattr(worker, "_TRIALS_IN_A_ROW", 2)
    assert work(here) == 1
    assert order == ["trial", "trial", "version", "trial", "trial"]


def test_only_what_is_offered(here: Any) -> None:
    waits = submit_learnware(here, name="iris that waits")
    for learnware_id in (waits, "99999999", "nix"):
        with pytest.raises(NotFoundError):
            ask(here, learnware_id)
        # Not even its owner: it is not known yet what it does.
        with pytest.raises(NotFoundError):
            ask(here, learnware_id, who="ada")
    learnware_id = publish_learnware(here, seed=1)
    trial_id = ask(here, learnware_id)
    here.dock.ownership.withdraw(identity_of(here), learnware_id, here.origin())
    with pytest.raises(NotFoundError):
        ask(here, learnware_id)
    work(here)
    assert (seen(here, trial_id).status, seen(here, trial_id).reason) == ("failed", "gone")


def test_whose_they_are_and_how_long(make_rig: Any) -> None:
    rig = make_rig(**HERE, trial_kept_seconds=600)
    trial_id = ask(rig, publish_learnware(rig))
    for who, role in (("ada", Role.USER), ("root", Role.ADMIN)):
        identity_of(rig, who, role=role)
        with pytest.raises(NotFoundError):
            seen(rig, trial_id, who)
    with pytest.raises(NotFoundError):
        seen(rig, "0" * 32)
    rig.clock.forward(seconds=599)
    work(rig)
    rig.clock.forward(seconds=599)
    rig.dock.trial_queue.forget_expired()
    assert seen(rig, trial_id).outputs == [0, 1]
    rig.clock.forward(seconds=1)
    with pytest.raises(NotFoundError):
        seen(rig, trial_id)
    rig.dock.trial_queue.forget_expired()
    with rig.dock.database.read() as session:
        assert session.scalars(select(Trial)).all() == []


def test_what_is_kept_of_a_person(here: Any) -> None:
    ask(here, publish_learnware(here), [[1, None, 3]])
    eve = identity_of(here, "eve")
    exported = here.dock.accounts.export(eve)["trials"]
    assert [(one["learnware_id"], one["status"], one["rows"]) for one in exported] == [
        ("00000001", "waiting", [[1.0, None, 3.0]])
    ]
    work(here)
    exported = here.dock.accounts.export(eve)["trials"]
    assert (exported[0]["rows"], exported[0]["outputs"]) == (None, [0])
    here.dock.accounts.delete(eve, PASSWORD, here.origin())
    with here.dock.database.read() as session:
        assert session.scalars(select(Trial)).all() == []


def test_not_too_many(make_rig: Any) -> None:
    rig = make_rig(**HERE, trials_per_user=2, limit_trials="4/1h")
    learnware_id = publish_learnware(rig)
    ask(rig, learnware_id)
    # What is wrong counts for nothing.
    for _ in range(5):
        with pytest.raises(InvalidInputError):
            ask(rig, learnware_id, [[1]])
    ask(rig, learnware_id)
    with pytest.raises(QuotaExceededError):
        ask(rig, learnware_id)
    ask(rig, learnware_id, who="ada")
    work(rig)
    ask(rig, learnware_id)
    with pytest.raises(TooManyRequestsError):
        ask(rig, learnware_id)


def read(rows: Any, columns: Any = None, *, n_features: int = 3, **settings: Any) -> Any:
    described = {"0": "Length", "1": "width", "2": "height"}
    spec = semantic(n_features=n_features, input_description={"Dimension": n_features, "Description": described})
    return read_trial_inputs(rows, columns, spec, Settings(**settings))


def test_tables() -> None:
    found = read([[1, 2.5, None], ["1e3", " -7 ", ""]])
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [[1, 2.5, np.nan], [1000, -7, np.nan]])
    # By name, where the names are those of the learnware.
    np.testing.assert_array_equal(read([[1, 2, 3]], ["height", "length", "width"]), [[2, 3, 1]])
    np.testing.assert_array_equal(read([[1, 2, 3]], ["a", "b", "c"]), [[1, 2, 3]])


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        (None, "/rows", "1 to 1000 rows"),
        ([], "/rows", "1 to 1000 rows"),
        ("[[1, 2, 3]]", "/rows", "1 to 1000 rows"),
        ([[1, 2, 3]] * 1001, "/rows", "1 to 1000 rows"),
        ([[1, 2, 3], 7], "/rows/1", "a list of 3 cells"),
        ([[1, 2]], "/rows/0", "2 cells; this learnware takes 3"),
        ([[1, 2, 3, 4]], "/rows/0", "leave out what it is to predict"),
        ([[1, 2, "setosa"]], "/rows/0/2", "'setosa' is no number"),
        ([[1, True, 2]], "/rows/0/1", "'True' is no number"),
        ([[1, {}, 2]], "/rows/0/1", "no number"),
        ([[1, 10**400, 2]], "/rows/0/1", "no number"),
        ([[1, float("nan"), 2]], "/rows/0/1", "no number"),
        ([[1, "inf", 2]], "/rows/0/1", "no number"),
        ([[1, "1_0", 2]], "/rows/0/1", "no number"),
        ([[1, "٣", 2]], "/rows/0/1", "no number"),
        ([[1, "9" * 5000, 2]], "/rows/0/1", "no number"),
        ([[1, "\ud800", 2]], "/rows/0/1", "no number"),
    ],
)
def test_tables_that_are_wrong(rows: Any, place: str, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(rows)
    assert caught.value.fields[0][0] == place
    assert words in caught.value.fields[0][1]
    assert len(caught.value.fields[0][1]) < 200


def test_more_about_tables_that_are_wrong() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read([["a", "b", "c"]] * 900)
    assert len(caught.value.fields) == 10
    for columns in ([], ["a"], ["a", "b", 3], "abc", {}):
        with pytest.raises(InvalidInputError, match="3 names"):
            read([[1, 2, 3]], columns)
    with pytest.raises(InvalidInputError, match="33 rows at most"):
        read([[1, 2, 3]] * 34, trial_max_cells=100)
    # One row is always taken.
    assert read([[1, 2, 3]], trial_max_cells=2).shape == (1, 3)


TEXT = semantic(data_type="Text")


def test_texts() -> None:
    rows = ["one", ["two words"], "", "三 \U0001f600\0\n"]
    found = read_trial_inputs(rows, None, TEXT, Settings())
    assert found == ["one", "two words", "", "三 \U0001f600\0\n"]
    assert inputs_of_bytes(bytes_of_inputs(found), 4, TEXT) == found
    # Whatever they are called.
    assert read_trial_inputs(rows[:1], ["text"], TEXT, Settings()) == ["one"]
    shape = shape_taken(TEXT, Settings(trial_max_rows=7, trial_max_characters=70))
    assert (shape.data_type, shape.columns, shape.most_rows, shape.most_characters) == ("Text", 1, 7, 70)


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        (None, "/rows", "1 to 1000 rows"),
        ("a text", "/rows", "1 to 1000 rows"),
        ([""] * 1001, "/rows", "1 to 1000 rows"),
        (["one", 2], "/rows/1", "expected a text"),
        (["one", None], "/rows/1", "expected a text"),
        ([["one", "two"]], "/rows/0", "a list of one text"),
        ([[["one"]]], "/rows/0", "a list of one text"),
        (["one", "half of \ud83d"], "/rows/1", "no text in UTF-8"),
        (["x" * 400_000, "x" * 100_001], "/rows", "500001 characters; 500000 are allowed"),
    ],
)
def test_texts_that_are_wrong(rows: Any, place: str, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_trial_inputs(rows, None, TEXT, Settings())
    assert caught.value.fields[0][0] == place
    assert words in caught.value.fields[0][1]


def test_learnwares_that_take_something_else() -> None:
    image = semantic(data_type="Image")
    with pytest.raises(WrongDataTypeError, match="trials are for tables and texts; download"):
        read_trial_inputs([[1]], None, image, Settings())
    with pytest.raises(WrongDataTypeError, match="of the kind Others"):
        shape_taken({**image, "Data": {"Values": [], "Type": "Class"}}, Settings())


def test_outputs_as_they_are_shown() -> None:
    assert shown_outputs(np.array([0.1, 1e-20, 3], dtype=np.float16)).tolist() == [0.1, 0.0, 3.0]
    assert shown_outputs(np.array([[1], [2]])).tolist() == [1, 2]
    assert shown_outputs(np.array([[0.5], [0.25]]), keep=True).shape == (2, 1)
    assert shown_outputs(np.array([[0.1]], dtype=np.float64)).tolist() == [0.1]


def test_over_http(make_client: Any, as_bearer: Any) -> None:
    rig, client = make_client(**HERE)
    for name in ("ada", "eve"):
        rig.user(name)
    learnware_id = publish_learnware(rig)
    ada, eve = as_bearer(rig.session()), as_bearer(rig.session("eve"))
    here = f"/api/v1/learnwares/{learnware_id}/trials"
    # Everybody may know the bounds before.
    assert client.get(here).json() == {
        "data_type": "Table", "columns": 3, "most_rows": 1000, "most_characters": None, "at_a_time": 5,
        "rate": {"count": 60, "seconds": 3600}, "seconds": 60.0, "kept_seconds": 3600,
    }  # fmt: skip
    assert client.get(here.replace(learnware_id, "99999999")).status_code == 404
    assert client.post(here, json={"rows": ROWS}).status_code == 401
    answer = client.post(here, json={"rows": ROWS, "columns": ["length", "b", "c"]}, headers=eve)
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert '"trials";r=59' in answer.headers["RateLimit"]
    trial = answer.headers["Location"]
    assert trial == f"/api/v1/trials/{answer.json()['trial_id']}"
    assert client.get(trial).status_code == 401
    assert client.get(trial, headers=ada).status_code == 404
    assert client.get(trial, headers=eve).json()["status"] == "waiting"
    work(rig)
    found = client.get(trial, headers=eve).json()
    assert found.pop("seconds") > 0
    assert found == {
        "trial_id": answer.json()["trial_id"], "status": "done", "outputs": [0, 1], "output_shape": [2],
        "probabilities": None, "reason": None, "error": None,
    }  # fmt: skip
    answer = client.post(here, json={"rows": [[1, 2]]}, headers=eve)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "/rows/0")
    for body in ({}, {"rows": [[1, 2, 3]], "more": 1}, [], {"rows": json.loads("[" * 90 + "]" * 90)}):
        assert client.post(here, json=body, headers=eve).status_code == 422
    assert client.post(here.replace(learnware_id, "99999999"), json={"rows": ROWS}, headers=eve).status_code == 404
    trial = client.post(here, json={"rows": ROWS}, headers=eve).headers["Location"]
    rig.dock.ownership.withdraw(identity_of(rig), learnware_id, rig.origin())
    work(rig)
    # What the dock itself says is said in the language that was asked for.
    told = client.get(trial, headers={**eve, "Accept-Language": "en"}).json()["error"]
    assert told == "the learnware was withdrawn or deleted meanwhile"
    answer = client.get(trial, headers={**eve, "Accept-Language": "zh"})
    assert (answer.headers["Content-Language"], answer.json()["error"] == told) == ("zh", False)
    figures = client.get("/metrics").text
    assert 'beimingwu_trials{state="DONE"} 1.0' in figures
    assert 'beimingwu_trials{state="FAILED"} 1.0' in figures
    assert "beimingwu_trial_seconds 0.0" in figures


def test_many_workers_claim_and_each_gets_its_own(here: Any) -> None:
    learnware_id = publish_learnware(here)
    for number in range(6):
        ask(here, learnware_id, who=f"user{number}")
    claimed: list[Any] = []
    lock, begin = threading.Lock(), threading.Barrier(3)

    def claim(name: str) -> None:
        begin.wait()
        while (found := here.dock.trial_queue.claim(name)) is not None:
            with lock:
                claimed.append(found)

    threads = [threading.Thread(target=claim, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Nobody waits for a row that another one is just taking, so one of them may be left for the next round.
    while (found := here.dock.trial_queue.claim("last")) is not None:
        claimed.append(found)
    assert len({one.trial_id for one in claimed}) == len(claimed) == 6
    assert len({one.holder for one in claimed}) == 6
