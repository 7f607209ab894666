"""Verifications by a worker in this process: reports, logs, outcomes, and who may see what."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.dock.learnwares import files, identity_of, publish_learnware, semantic, store, submit_learnware

from beimingwu.errors import (
    ConflictError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
)
from beimingwu.services.identity import Role
from beimingwu.services.verification_text import Scrubber, bounded_report, log_lines
from beimingwu.worker import attempt, lease
from beimingwu.worker.worker import Worker
from learnware.learnware import write_package
from learnware.verification import Finding, VerificationProgress, VerificationReport, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HERE = {"verify_in": "current"}


def submit_model(rig: Any, folder: Path, answer: str, owner: str = "ada") -> str:
    """Submit a learnware whose model answers with an expression of its own."""
    made = files()
    made["__init__.py"] = made["__init__.py"].replace(
        b"(np.asarray(X).mean(axis=1) > 0.0).astype(int)", answer.encode()
    )
    assert answer.encode() in made["__init__.py"]
    blob = store(rig, write_package(made, folder / "odd.zip"))
    return rig.dock.submissions.submit(identity_of(rig, owner), blob, semantic(), rig.origin()).learnware_id


def work(rig: Any) -> int:
    return Worker(rig.dock, "w1").run(once=True)


def seen(rig: Any, learnware_id: str, number: int = 1) -> Any:
    return rig.dock.verifications.report(identity_of(rig), learnware_id, number)


@pytest.fixture
def here(make_rig: Callable[..., Any]) -> Any:
    return make_rig(**HERE)


@pytest.fixture
def no_checks(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Return a function that sets what stands for the checks."""

    def replace(check: Callable[..., Any]) -> None:
        monkeypatch.setattr(attempt, "verify", check)

    return replace


def test_good_and_bad(here: Any, tmp_path: Path) -> None:
    good = submit_learnware(here)
    bad = submit_model(here, tmp_path, "1 / 0")
    assert work(here) == 2
    view = seen(here, good)
    assert (view.status, view.attempts, view.worker) == ("SUCCESS", 1, None)
    assert view.started_at is not None
    assert view.ended_at is not None
    assert view.report["valid"]
    assert view.report["package"] == f"{good}.zip"
    assert {part["part"] for part in view.report["parts"]} >= {"package", "environment", "trial"}
    log = here.dock.verifications.log(identity_of(here), good, 1)
    assert "trial: finished ok" in log
    assert "the model answers as its specification says" in log
    view = seen(here, bad)
    assert (view.status, view.report["status"]) == ("FAIL", "wrong")
    assert "ZeroDivisionError" in view.report["traceback"]
    log = here.dock.verifications.log(identity_of(here), bad, 1)
    assert "ZeroDivisionError" in log
    assert here.dock.catalogue.detail(None, good).summary.verified
    with pytest.raises(NotFoundError):
        here.dock.catalogue.detail(None, bad)


def test_nothing_of_the_machine_is_told(here: Any, tmp_path: Path) -> None:
    learnware_id = submit_model(
        here, tmp_path, r"""(_ for _ in ()).throw(ValueError(__file__ + "\x1b[31m\x00\u202e" + np.__file__))"""
    )
    work(here)
    view = seen(here, learnware_id)
    told = str(view.report) + here.dock.verifications.log(identity_of(here), learnware_id, 1)
    assert "ValueError" in told
    assert "__init__.py" in told
    import sys
    import tempfile

    for secret in (
        sys.prefix,
        tempfile.gettempdir(),
        str(here.dock.settings.data_dir),
        "\x1b",
        "\x00",
        "\u202e",
    ):
        assert secret not in told, secret


def test_a_machine_that_is_at_fault(make_rig: Any, no_checks: Any) -> None:
    rig = make_rig(verify_in="current", verify_attempts=2, verify_retry_seconds=10)
    learnware_id = submit_learnware(rig)

    def unable(path: Any, **options: Any) -> VerificationReport:
        return VerificationReport(str(path), (Finding.not_checked("trial", "no sandbox here", transient=True),))

    no_checks(unable)
    assert work(rig) == 0
    view = seen(rig, learnware_id)
    assert (view.status, view.attempts, view.report["status"]) == ("WAITING", 1, "not checked")
    assert work(rig) == 0
    rig.clock.forward(seconds=10)
    assert work(rig) == 1
    view = seen(rig, learnware_id)
    assert (view.status, view.attempts) == ("FAIL", 2)
    assert "no sandbox here" in view.report["findings"][0]["message"]
    # Once the machine is mended, its owner asks again.
    no_checks(verify)
    rig.dock.verifications.verify_again(identity_of(rig), learnware_id, 1, rig.origin())
    assert work(rig) == 1
    assert seen(rig, learnware_id).status == "SUCCESS"


def test_what_is_not_known_to_go_wrong(here: Any, no_checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learnware_id = submit_learnware(here)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret words")

    no_checks(broken)
    assert work(here) == 0
    view = seen(here, learnware_id)
    assert (view.status, view.attempts) == ("WAITING", 1)
    assert "secret words" not in str(view.report)
    here.clock.forward(seconds=10)

    def away(_: str) -> None:
        raise UnavailableError("the store is away: s3://secret")

    monkeypatch.setattr(here.dock.store, "local", away)
    assert work(here) == 0
    assert seen(here, learnware_id).attempts == 2
    assert "s3://" not in str(seen(here, learnware_id).report)


def test_a_database_that_is_away_for_a_while(here: Any, no_checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learnware_id = submit_learnware(here)
    queue = here.dock.verification_queue
    monkeypatch.setattr(lease, "_AGAIN_SECONDS", 0)
    monkeypatch.setattr("beimingwu.worker.worker._AWAY_SECONDS", 0)
    monkeypatch.setattr(lease, "_LOOK_SECONDS", 0.01)
    away: dict[str, int] = {"claim": 2, "renew": 3, "decide": 2}
    renewed = threading.Event()

    def sometimes(name: str) -> None:
        call = getattr(queue, name)

        def refuse_first(*given: Any, **named: Any) -> Any:
            if away[name]:
                away[name] -= 1
                raise UnavailableError("the database is away")
            answer = call(*given, **named)
            if name == "renew":
                renewed.set()
            return answer

        monkeypatch.setattr(queue, name, refuse_first)

    for name in away:
        sometimes(name)

    def say(path: Any, *, on_progress: Any, **_: Any) -> VerificationReport:
        on_progress(VerificationProgress("environment", "working", "said once"))
        assert renewed.wait(30)
        return VerificationReport(str(path), (Finding("trial", "ok", "fine"),))

    no_checks(say)
    assert work(here) == 1
    assert set(away.values()) == {0}
    assert seen(here, learnware_id).status == "SUCCESS"
    log = here.dock.verifications.log(identity_of(here), learnware_id, 1)
    assert log.count("said once") == 1


def test_a_database_that_is_away_for_too_long(make_rig: Any, no_checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(verify_in="current", lease_seconds=1)
    learnware_id = submit_learnware(rig)

    def away(*_: Any, **__: Any) -> None:
        raise UnavailableError("the database is away")

    for name in ("renew", "decide"):
        monkeypatch.setattr(rig.dock.verification_queue, name, away)

    def cancelled_in_the_end(path: Any, *, cancelled: Any, **_: Any) -> VerificationReport:
        while not cancelled():
            threading.Event().wait(0.02)
        return VerificationReport(str(path), (Finding("trial", "wrong", "half a check"),))

    no_checks(cancelled_in_the_end)
    assert work(rig) == 0
    assert seen(rig, learnware_id).status == "PROCESSING"
    # Its lease is over, so somebody else begins anew.
    monkeypatch.undo()
    rig.clock.forward(seconds=2)
    assert rig.dock.verification_queue.claim("other").attempt == 2


def test_told_to_stop(here: Any, no_checks: Any) -> None:
    learnware_id = submit_learnware(here)
    worker = Worker(here.dock, "w1")

    def stopped(path: Any, *, cancelled: Any, **_: Any) -> VerificationReport:
        assert not cancelled()
        worker.stop.set()
        assert cancelled()
        return VerificationReport(str(path), (Finding("trial", "wrong", "half a check"),))

    no_checks(stopped)
    assert worker.run() == 0
    view = seen(here, learnware_id)
    assert (view.status, view.attempts, view.report) == ("WAITING", 0, None)


def test_a_check_that_takes_too_long(make_rig: Any, no_checks: Any) -> None:
    rig = make_rig(verify_in="current", verify_seconds=1, verify_attempts=1)
    learnware_id = submit_learnware(rig)

    def endless(path: Any, *, cancelled: Any, on_progress: Any, **_: Any) -> VerificationReport:
        while not cancelled():
            threading.Event().wait(0.05)
        return VerificationReport(str(path), (Finding("trial", "wrong", "half a check"),))

    no_checks(endless)
    assert work(rig) == 1
    view = seen(rig, learnware_id)
    assert (view.status, view.report["status"]) == ("FAIL", "not checked")
    assert "longer than 1 seconds" in view.report["findings"][0]["message"]


def test_a_learnware_that_is_deleted_while_it_is_checked(make_rig: Any, no_checks: Any) -> None:
    rig = make_rig(verify_in="current", lease_seconds=1)
    learnware_id = submit_learnware(rig)

    def deleted(path: Any, *, cancelled: Any, **_: Any) -> VerificationReport:
        rig.dock.ownership.delete(identity_of(rig), learnware_id, rig.origin())
        while not cancelled():
            threading.Event().wait(0.02)
        return VerificationReport(str(path), (Finding("trial", "ok", "fine"),))

    no_checks(deleted)
    assert work(rig) == 0
    with pytest.raises(NotFoundError):
        seen(rig, learnware_id)


def test_a_version_that_kills_its_workers(make_rig: Any) -> None:
    rig = make_rig(verify_in="current", verify_attempts=2)
    learnware_id = submit_learnware(rig)
    for _ in range(2):
        assert rig.dock.verification_queue.claim("victim") is not None
        rig.clock.forward(seconds=61)
    assert work(rig) == 1
    view = seen(rig, learnware_id)
    assert (view.status, view.attempts) == ("FAIL", 2)
    assert "workers came to an end" in view.report["findings"][0]["message"]


def test_a_worker_takes_up_what_its_predecessor_left(here: Any) -> None:
    learnware_id = submit_learnware(here)
    assert here.dock.verification_queue.claim("w1") is not None
    # No lease is waited for.
    assert work(here) == 1
    assert (seen(here, learnware_id).status, seen(here, learnware_id).attempts) == ("SUCCESS", 2)


def test_who_may_see_it(here: Any) -> None:
    learnware_id = submit_learnware(here)
    eve, root = identity_of(here, "eve"), identity_of(here, "root", role=Role.ADMIN)
    verifications = here.dock.verifications
    for ask in (verifications.report, verifications.log, verifications.followed):
        with pytest.raises(NotFoundError):
            ask(eve, learnware_id, 1)
    with pytest.raises(NotFoundError):
        verifications.report(None, learnware_id, 1)
    work(here)
    for ask in (verifications.log, verifications.followed):
        with pytest.raises(NotAllowedError):
            ask(eve, learnware_id, 1)
    for ask in (verifications.report, verifications.log, verifications.followed):
        with pytest.raises(NotFoundError):
            ask(identity_of(here), learnware_id, 2)
    with pytest.raises(NotAllowedError):
        verifications.verify_again(eve, learnware_id, 1, here.origin())
    assert verifications.report(root, learnware_id, 1).worker == "w1"
    assert verifications.contract_log(eve, learnware_id) is None
    assert verifications.contract_log(eve, "nix") is None
    assert "valid" in verifications.contract_log(identity_of(here), learnware_id)
    assert verifications.contract_log(root, learnware_id) == verifications.log(root, learnware_id, 1)


def test_everybody_may_read_the_report_by_which_a_version_serves(make_rig: Any, no_checks: Any) -> None:
    here = make_rig(**HERE, verify_attempts=1)
    reports = iter(
        [
            VerificationReport("x.zip", (Finding("trial", "ok", "fine"),), output="hello from the model"),
            VerificationReport("x.zip", (Finding("trial", "not checked", "no network", transient=True),)),
        ]
    )
    no_checks(lambda *_, **__: next(reports))
    learnware_id = submit_learnware(here)
    work(here)
    verifications, ada, eve = here.dock.verifications, identity_of(here), identity_of(here, "eve")
    assert verifications.report(ada, learnware_id, 1).report["output"] == "hello from the model"
    public = verifications.report(None, learnware_id, 1)
    assert (public.status, public.attempts, public.worker) == ("SUCCESS", 1, None)
    assert (public.report["valid"], public.report["output"], public.report["traceback"]) == (True, "", None)
    assert public.report["findings"][0]["message"] == "fine"
    # It serves by what was found first, whatever comes of it when it is verified once more.
    verifications.verify_again(ada, learnware_id, 1, here.origin())
    work(here)
    assert verifications.report(ada, learnware_id, 1).report["valid"] is not True
    assert verifications.report(eve, learnware_id, 1).report == public.report
    # All other versions are for the owner.
    here.dock.submissions.update(ada, learnware_id, here.origin(), semantic_spec=semantic(name="another name"))
    with pytest.raises(NotAllowedError):
        verifications.report(eve, learnware_id, 2)
    with pytest.raises(NotAuthenticatedError):
        verifications.report(None, learnware_id, 2)
    with pytest.raises(NotAllowedError):
        verifications.report(replace(eve, scopes=frozenset({"submit"})), learnware_id, 1)
    here.dock.ownership.withdraw(ada, learnware_id, here.origin())
    for who in (None, eve):
        with pytest.raises(NotFoundError):
            verifications.report(who, learnware_id, 1)


def test_verifying_again(here: Any) -> None:
    learnware_id = submit_learnware(here)
    verifications = here.dock.verifications
    with pytest.raises(ConflictError):
        verifications.verify_again(identity_of(here), learnware_id, 1, here.origin())
    assert verifications.contract_log(identity_of(here), learnware_id) is None
    work(here)
    verifications.verify_again(identity_of(here), learnware_id, 1, here.origin())
    assert here.dock.catalogue.detail(None, learnware_id).summary.verified
    assert seen(here, learnware_id).status == "WAITING"
    with pytest.raises(ConflictError):
        verifications.verify_again(identity_of(here), learnware_id, 1, here.origin())
    work(here)
    assert (seen(here, learnware_id).status, seen(here, learnware_id).attempts) == ("SUCCESS", 1)


def test_not_again_and_again(make_rig: Any) -> None:
    rig = make_rig(limit_verifications="1/1h")
    learnware_id = publish_learnware(rig)
    again = rig.dock.verifications.verify_again
    again(identity_of(rig), learnware_id, 1, rig.origin())
    with pytest.raises(TooManyRequestsError):
        again(identity_of(rig), learnware_id, 1, rig.origin())
    # Administrators get an answer about the version.
    for _ in range(2):
        with pytest.raises(ConflictError):
            again(identity_of(rig, "root", role=Role.ADMIN), learnware_id, 1, rig.origin())


def test_over_http(make_client: Any, as_bearer: Any) -> None:
    rig, client = make_client(**HERE)
    rig.user()
    rig.user("eve")
    learnware_id = submit_learnware(rig)
    here = f"/api/v1/learnwares/{learnware_id}/versions/1/verification"
    ada, eve = as_bearer(rig.session()), as_bearer(rig.session("eve"))
    answer = client.get(here, headers=ada).json()
    assert answer == {
        "status": "WAITING", "attempts": 0, "started_at": None, "ended_at": None, "worker": None, "report": None,
    }  # fmt: skip
    assert client.get(f"{here}/log", headers=ada).text == ""
    assert client.post(here, headers=ada).status_code == 409
    assert 'beimingwu_versions{state="WAITING"} 1.0' in client.get("/metrics").text
    work(rig)
    assert client.get(here, headers=ada).json()["report"]["valid"] is True
    log = client.get(f"{here}/log", headers=ada)
    assert log.headers["content-type"].startswith("text/plain")
    assert "valid" in log.text
    contract = client.get("/api/user/verify_log", params={"learnware_id": learnware_id}, headers=ada).json()
    assert contract == {"code": 0, "data": log.text}
    nothing = client.get("/api/user/verify_log", params={"learnware_id": learnware_id}, headers=eve).json()
    assert nothing == {"code": 0, "data": None}
    public = client.get(here)
    assert (public.status_code, public.json()["report"]["valid"]) == (200, True)
    assert client.get(here, headers=eve).json() == public.json()
    for path in (here, f"{here}/log", f"{here}/events"):
        assert client.get(path).status_code == (200 if path == here else 401)
        assert client.get(path, headers=eve).status_code == (200 if path == here else 403)
        assert client.get(path.replace("/1/", "/2/"), headers=ada).status_code == 404
        assert client.get(path.replace(learnware_id, "99999999"), headers=ada).status_code == 404
        assert client.get(path.replace("/1/", "/0/"), headers=ada).status_code == 422
    answer = client.post(here, headers=ada)
    assert (answer.status_code, answer.json()["status"]) == (202, "WAITING")
    work(rig)
    text = client.get("/metrics").text
    assert 'beimingwu_versions{state="SUCCESS"} 1.0' in text
    assert 'beimingwu_verifications_lately{outcome="SUCCESS"} 2.0' in text
    assert 'beimingwu_verification_seconds{share="0.5"}' in text
    assert "beimingwu_leases_overdue 0.0" in text


def test_cancelling(make_client: Any, as_bearer: Any) -> None:
    rig, client = make_client(**HERE)
    rig.user()
    rig.user("eve")
    learnware_id = submit_learnware(rig)
    here = f"/api/v1/learnwares/{learnware_id}/versions/1/verification"
    ada = as_bearer(rig.session())
    assert client.delete(here).status_code == 401
    # Nobody else knows of it before it serves.
    assert client.delete(here, headers=as_bearer(rig.session("eve"))).status_code == 404
    answer = client.delete(here, headers=ada | {"Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["status"], answer.json()["attempts"]) == (200, "FAIL", 0)
    assert [one["code"] for one in answer.json()["report"]["findings"]] == ["cancelled"]
    assert answer.json()["report"]["findings"][0]["message"].startswith("未检查")
    assert client.delete(here, headers=ada).status_code == 409
    assert client.delete(here.replace("/1/", "/2/"), headers=ada).status_code == 404
    # Workers have nothing to do; it is verified when somebody asks for it.
    assert work(rig) == 0
    assert client.post(here, headers=ada).status_code == 202
    work(rig)
    assert client.get(here, headers=ada).json()["status"] == "SUCCESS"
    # What serves goes on serving by the report from before.
    rig.user("root", role=Role.ADMIN)
    root = as_bearer(rig.session("root"))
    assert client.post(here, headers=root).status_code == 202
    again = client.delete(here, headers=root).json()
    assert (again["status"], again["worker"]) == ("SUCCESS", None)
    assert client.get(here).json()["report"]["valid"] is True
    assert client.get(f"/api/v1/learnwares/{learnware_id}").json()["verified"] is True
    log = client.get("/api/v1/admin/audit", params={"action": "version.cancel"}, headers=root).json()
    assert [(one["actor"], one["details"]) for one in log["items"]] == [
        ("root", {"version": 1}),
        ("ada", {"version": 1}),
    ]


def test_cancelling_while_it_is_checked(make_rig: Any, no_checks: Any) -> None:
    rig = make_rig(verify_in="current", lease_seconds=1)
    learnware_id = submit_learnware(rig)

    def cancelled_meanwhile(path: Any, *, cancelled: Any, **_: Any) -> VerificationReport:
        rig.dock.verifications.cancel(identity_of(rig), learnware_id, 1, rig.origin())
        while not cancelled():
            threading.Event().wait(0.02)
        return VerificationReport(str(path), (Finding("trial", "ok", "fine"),))

    no_checks(cancelled_meanwhile)
    assert work(rig) == 0
    view = seen(rig, learnware_id)
    assert (view.status, view.attempts) == ("FAIL", 1)
    assert view.report is not None
    assert [one["code"] for one in view.report["findings"]] == ["cancelled"]


def test_a_verification_that_nobody_asked_the_owner_about(here: Any) -> None:
    learnware_id = publish_learnware(here)
    view = seen(here, learnware_id)
    assert (view.status, view.report, view.started_at) == ("SUCCESS", None, None)


def test_texts_are_bounded_and_clean() -> None:
    scrub = Scrubber({"/srv/dock": "<data>", "/srv/dock/environments": "<environments>", "/": "<root>"})
    assert scrub("/srv/dock/environments/venv/x /srv/dock/y /") == "<environments>/venv/x <data>/y /"
    assert scrub("a\x1b[31mred\x1b[0m\x00\x07\u202e\ud800b\tc\r\nd\re") == "aredb\tc\nd\ne"
    assert scrub("see https://ada:s3cret@example.org/simple") == "see https://…@example.org/simple"
    assert [len(line) for line in log_lines("x" * 5000 + "\ny", scrub)] == [1000, 1]
    assert len(list(log_lines("\n" * 10**6, scrub))) <= 16 * 8000 + 1
    findings = tuple(Finding("trial", "wrong", "é" * 10_000, requirements=("r" * 9000,) * 300) for _ in range(300))
    report = VerificationReport("/srv/dock/p", findings, output="o" * 10**6, traceback="/srv/dock/t" * 10**5)
    kept = bounded_report(report.to_dict(), "00000001.zip", scrub)
    assert (kept["package"], kept["status"]) == ("00000001.zip", "wrong")
    assert 0 < len(kept["findings"]) <= 200
    assert f"{300 - len(kept['findings'])} more findings" in kept["output"]
    assert len(kept["traceback"]) <= 8000
    assert "/srv" not in str(kept)
    import json

    assert len(json.dumps(kept, ensure_ascii=False)) < 300_000


def test_a_model_that_talks_for_ever_does_not_fill_the_log(here: Any, no_checks: Any) -> None:
    learnware_id = submit_learnware(here)

    def talk(path: Any, *, on_progress: Any, **_: Any) -> VerificationReport:
        for number in range(5000):
            on_progress(VerificationProgress("environment", "working", f"line {number}"))
        return VerificationReport(str(path), (Finding("trial", "ok", "fine"),))

    no_checks(talk)
    assert work(here) == 1
    log = here.dock.verifications.log(identity_of(here), learnware_id, 1).splitlines()
    assert 2000 < len(log) < 2020
    assert "left out" in log[2000]
    assert "fine" in log[-1]
