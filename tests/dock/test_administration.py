"""What administrators see of the dock: learnwares, the queue, statistics, the audit log, settings, words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import SecretStr
from tests.dock.learnwares import decide, identity_of, publish_learnware, submit_learnware

from beimingwu.services.identity import Role
from beimingwu.services.shown_settings import ShownSettings
from beimingwu.services.usage import SEARCH
from beimingwu.settings import load_settings

PASSWORD = "correct horse"


class Office:
    """Requests of ``bea``, an administrator, unless another is named."""

    def __init__(self, rig: Any, client: Any, bearer: Any) -> None:
        self.rig = rig
        self.client = client
        self.bea = rig.user("bea", role=Role.ADMIN)
        self.headers = {"bea": bearer(rig.session("bea"))}

    def __call__(self, method: str, path: str, who: str = "bea", **more: Any) -> Any:
        return self.client.request(method, f"/api/v1/{path}", headers=self.headers.get(who, {}), **more)

    def get(self, path: str, **query: Any) -> Any:
        answer = self("GET", f"admin/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def office(both: Any, as_bearer: Any) -> Office:
    return Office(*both, as_bearer)


def test_learnwares_in_all_states(office: Office) -> None:
    rig = office.rig
    public = publish_learnware(rig, "ada", name="first of all")
    waiting = submit_learnware(rig, "ada", name="second of all", seed=1)
    refused = submit_learnware(rig, "dot", name="third of all", seed=2)
    decide(rig, refused, accepted=False)

    def ids(**query: Any) -> list[str]:
        return [one["learnware_id"] for one in office.get("learnwares", **query)["items"]]

    assert ids() == [refused, waiting, public]
    assert ids(status="FAIL") == [refused]
    assert ids(status=["FAIL", "WAITING"]) == [refused, waiting]
    assert ids(verified=True) == [public]
    assert ids(owner="DOT") == [refused]
    assert ids(text="second") == [waiting]
    page = office.get("learnwares", limit=2)
    assert (page["total"], len(page["items"])) == (3, 2)
    assert page["items"][0]["owner_id"] == identity_of(rig, "dot").user_id
    assert [one["learnware_id"] for one in office.get("learnwares", cursor=page["next_cursor"])["items"]] == [public]
    # What owners do, administrators do, too.
    assert office("PUT", f"learnwares/{public}/withdrawal").status_code == 204
    assert office("GET", f"learnwares/{public}", "nobody").status_code == 404
    assert ids(withdrawn=True) == [public]
    assert office("DELETE", f"learnwares/{public}/withdrawal").status_code == 204
    assert office("GET", f"learnwares/{public}", "nobody").status_code == 200
    assert office("POST", f"learnwares/{refused}/versions/1/verification").status_code == 202
    assert ids(status="WAITING") == [refused, waiting]
    assert office("DELETE", f"learnwares/{public}").status_code == 204
    assert ids() == [refused, waiting]
    acts = [one["action"] for one in office.get("audit", actor_id=office.bea)["items"]]
    assert len(acts) == 4, acts


def test_queue(office: Office) -> None:
    rig = office.rig
    first = submit_learnware(rig, "ada", name="first of all")
    rig.clock.forward(seconds=30)
    second = submit_learnware(rig, "ada", name="second of all", seed=1)
    publish_learnware(rig, "ada", name="third of all", seed=2)
    queue = office.get("queue")
    assert [one["learnware_id"] for one in queue["items"]] == [first, second]
    assert [one["age"] for one in queue["items"]] == [30.0, 0.0]
    assert queue["counts"] == {"WAITING": 2, "QUEUE": 0, "PROCESSING": 0, "SUCCESS": 1, "FAIL": 0}
    assert (queue["total"], queue["workers"], queue["next_cursor"]) == (2, {}, None)
    claim = rig.dock.verification_queue.claim("worker-1")
    assert claim is not None
    (held, other) = office.get("queue")["items"]
    assert (held["name"], held["username"], held["status"], held["worker"]) == (
        "first of all",
        "ada",
        "QUEUE",
        "worker-1",
    )
    assert (held["attempts"], held["overdue"], held["started_at"] is None) == (1, False, False)
    assert datetime.fromisoformat(held["due_at"]) > rig.clock()
    assert (other["worker"], other["started_at"]) == (None, None)
    assert office.get("queue")["workers"] == {"worker-1": 1}
    # Nobody has heard of the worker for longer than its lease.
    rig.clock.forward(hours=2)
    assert [one["overdue"] for one in office.get("queue")["items"]] == [True, False]
    assert [one["name"] for one in office.get("queue", status="SUCCESS")["items"]] == ["third of all"]
    page = office.get("queue", limit=1, sort="newest", status=["WAITING", "QUEUE", "SUCCESS"])
    assert ([one["name"] for one in page["items"]], page["total"]) == (["third of all"], 3)
    page = office.get(
        "queue", limit=2, sort="newest", status=["WAITING", "QUEUE", "SUCCESS"], cursor=page["next_cursor"]
    )
    assert [one["learnware_id"] for one in page["items"]] == [second, first]
    for wrong in ({"status": "LOST"}, {"sort": "age"}, {"limit": 0}, {"cursor": "-1"}):
        assert office("GET", "admin/queue", params=wrong).status_code == 422


def test_statistics(office: Office) -> None:
    rig = office.rig
    # It is Saturday, 21 November 2026.
    publish_learnware(rig, "ada", name="first of all")
    rig.dock.usage.count(SEARCH, 2)
    rig.clock.forward(days=2)
    second = publish_learnware(rig, "ada", name="second of all", seed=1)
    refused = submit_learnware(rig, "ada", name="third of all", seed=2)
    decide(rig, refused, accepted=False)
    rig.dock.usage.downloaded([int(second), int(second)])
    rig.clock.forward(days=9)
    submit_learnware(rig, "dot", name="fourth of all", seed=3)
    rig.dock.usage.flush()
    office.headers["bea"] = {"Authorization": f"Bearer {rig.session('bea')}"}
    found = office.get("statistics")
    totals = found["totals"]
    assert totals.pop("stored_bytes") > 0
    assert totals.pop("values")["Data"] == {"Table": 2, "Image": 0, "Text": 0}
    assert totals == {
        "verified_users": 3, "unverified_users": 0, "disabled_users": 0, "verified_learnwares": 2,
        "unverified_learnwares": 2, "withdrawn_learnwares": 0, "queued": 1, "searches": 2, "downloads": 2,
        "datasets": 0, "versions": {"WAITING": 1, "QUEUE": 0, "PROCESSING": 0, "SUCCESS": 2, "FAIL": 1},
    }  # fmt: skip
    assert (found["since"], found["until"], found["step"], len(found["spans"])) == (
        "2026-11-03",
        "2026-12-02",
        "day",
        30,
    )

    def spans(**query: Any) -> dict[str, list[int]]:
        kinds = ("submissions", "verified", "failed", "searches", "downloads", "users")
        every = {one["begins"]: [one[kind] for kind in kinds] for one in office.get("statistics", **query)["spans"]}
        return {begins: counts for begins, counts in every.items() if any(counts)}

    by_day = {"2026-11-21": [1, 1, 0, 2, 0, 2], "2026-11-23": [2, 1, 1, 0, 2, 0], "2026-12-02": [1, 0, 0, 0, 0, 1]}
    assert spans() == by_day
    # Weeks begin on Mondays.
    by_week = {"2026-11-16": [1, 1, 0, 2, 0, 2], "2026-11-23": [2, 1, 1, 0, 2, 0], "2026-11-30": [1, 0, 0, 0, 0, 1]}
    assert spans(step="week") == by_week
    assert spans(step="month") == {"2026-11-01": [3, 2, 1, 2, 2, 2], "2026-12-01": [1, 0, 0, 0, 0, 1]}
    # What a span counts is in the window.
    assert spans(step="month", since="2026-11-22", until="2026-11-22") == {}
    assert spans(since="2026-11-23", until="2026-11-23") == {"2026-11-23": [2, 1, 1, 0, 2, 0]}
    assert len(office.get("statistics", since="2000-01-01", step="month")["spans"]) == 324
    for wrong in (
        {"since": "2026-11-02", "until": "2026-11-01"}, {"since": "2000-01-01"}, {"since": "x"}, {"step": "year"},
        {"until": "9999-12-31", "since": "9999-12-31"}, {"until": "0001-01-02"},
        {"since": "9999-12-31", "step": "month"},
    ):  # fmt: skip
        answer = office("GET", "admin/statistics", params=wrong)
        assert answer.status_code == 422, (wrong, answer.text)


def test_audit_log(office: Office) -> None:
    rig = office.rig
    ada = rig.user("ada")
    request = {"X-Request-ID": "request-of-bea", **office.headers["bea"]}
    office.client.patch(f"/api/v1/admin/users/{ada}", json={"disabled": True}, headers=request)
    rig.clock.forward(hours=1)
    office("PATCH", f"admin/users/{ada}", json={"disabled": False})
    office("POST", "admin/sensitive-words", json={"word": "casino"})
    log = office.get("audit")
    assert [one["action"] for one in log["items"]] == [
        "word.add", "user.enable", "user.disable", "user.create", "user.create",
    ]  # fmt: skip
    assert log["total"] == 5
    disabled = log["items"][2]
    assert disabled.pop("event_id") > 0
    assert disabled == {
        "at": "2026-11-21T12:00:30Z", "actor_id": office.bea, "actor": "bea", "action": "user.disable",
        "subject_type": "user", "subject_id": ada, "request_id": "request-of-bea", "details": {},
    }  # fmt: skip
    # Neither names nor addresses are in the log; they are looked up.
    assert "casino" not in str(log)
    assert "ada" not in str(log)

    def acts(**query: Any) -> list[str]:
        return [one["action"] for one in office.get("audit", **query)["items"]]

    assert acts(actor_id=office.bea, action="user.") == ["user.enable", "user.disable"]
    assert acts(action="user") == []
    assert acts(action="word.add") == ["word.add"]
    assert acts(command=True) == ["user.create", "user.create"]
    assert acts(subject_type="user", subject_id=ada) == ["user.enable", "user.disable", "user.create"]
    assert acts(request_id="request-of-bea") == ["user.disable"]
    assert acts(since="2026-11-21T13:00:30Z") == ["word.add", "user.enable"]
    assert acts(until="2026-11-21T14:00:30+02:00") == []
    seen, cursor = [], None
    while True:
        page = office.get("audit", limit=2, **({} if cursor is None else {"cursor": cursor}))
        seen += [one["action"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == acts()
    for wrong in (
        {"since": "2026-11-21T13:00:30"}, {"actor_id": -1}, {"action": "\0"}, {"subject_type": "x" * 33}, {"limit": 0},
    ):  # fmt: skip
        assert office("GET", "admin/audit", params=wrong).status_code == 422, wrong


def test_who_is_gone_stays_a_number_in_the_log(office: Office) -> None:
    eve = office.rig.user("eve", role=Role.ADMIN)
    office.headers["eve"] = {"Authorization": f"Bearer {office.rig.session('eve')}"}
    office("POST", "admin/sensitive-words", "eve", json={"word": "casino"})
    assert office("POST", "account/deletion", "eve", json={"password": PASSWORD}).status_code == 204
    (added,) = office.get("audit", action="word.add")["items"]
    assert (added["actor_id"], added["actor"]) == (eve, None)


def test_settings(make_client: Any, as_bearer: Any) -> None:
    secret = "0123456789abcdef" * 4
    rig, client = make_client(
        secret_key=secret, metrics_token=secret[::-1], mail_url="smtp://dock:hush@mail.example.org:587"
    )
    office = Office(rig, client, as_bearer)
    found = office.get("settings")
    settings = {one["name"]: one for one in found["settings"]}
    assert set(settings) == set(type(rig.dock.settings).model_fields)
    assert all(one["description"] for one in settings.values())
    assert settings["secret_key"]["value"] == settings["metrics_token"]["value"] == "***"
    assert settings["mail_url"]["value"] == "smtp://***@mail.example.org:587"
    assert (settings["port"]["value"], settings["port"]["source"]) == (8088, "default")
    assert settings["limit_login"]["value"] == str(rig.dock.settings.limit_login)
    assert (settings["argon2_time_cost"]["value"], settings["argon2_time_cost"]["source"]) == (1, "program")
    for hidden in (secret, secret[::-1], "hush"):
        assert hidden not in str(found)
    system = found["system"]
    assert system["database"] == ("sqlite" if rig.dock.database.is_sqlite else "postgresql")
    assert system["database_version"][0].isdigit()
    assert system["storage"] == "files"
    assert system["revision"].isdigit()


def test_the_password_of_the_database_is_not_shown(office: Office) -> None:
    address = SecretStr("postgresql://dock:hush@db.example.org/dock")
    settings = office.rig.dock.settings.model_copy(update={"database_url": address})
    shown = ShownSettings(settings, office.rig.dock.database).all(identity_of(office.rig, "bea"))
    (value,) = [one.value for one in shown if one.name == "database_url"]
    assert value == "postgresql://dock:***@db.example.org/dock"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        (
            "database_url",
            SecretStr("postgresql://db.example.org/dock?user=dock&password=hush&sslpassword=hush"),
            "postgresql://db.example.org/dock?password=%2A%2A%2A&sslpassword=%2A%2A%2A&user=dock",
        ),
        ("storage_s3_endpoint", "https://dock:hush@s3.example.org", "https://***@s3.example.org"),
        ("web_url", "https://dock:hush@www.example.org/a", "https://***@www.example.org/a"),
    ],
)
def test_passwords_in_other_places_of_addresses_are_not_shown(
    office: Office, name: str, value: Any, shown: str
) -> None:
    settings = office.rig.dock.settings.model_copy(update={name: value})
    told = ShownSettings(settings, office.rig.dock.database).all(identity_of(office.rig, "bea"))
    assert [one.value for one in told if one.name == name] == [shown]


def test_where_settings_come_from(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("port: 1\nhost: 127.0.0.2\nlog_level: debug\n")
    monkeypatch.setenv("BEIMINGWU_PORT", "2")
    monkeypatch.setenv("BEIMINGWU_HOST", "127.0.0.3")
    settings = load_settings(file, port=3, mode=None)
    sources = {name: settings.source_of(name) for name in ("port", "host", "log_level", "mode")}
    assert sources == {"port": "option", "host": "variable", "log_level": "file", "mode": "default"}


def test_sensitive_words(office: Office) -> None:
    made = office("POST", "admin/sensitive-words", json={"word": "Casino"})
    assert made.status_code == 201
    word = made.json()
    assert (word["word"], word["added_by"]) == ("Casino", office.bea)
    assert office("POST", "admin/sensitive-words", json={"word": "CASINO"}).status_code == 409
    assert office("POST", "admin/sensitive-words", json={"word": " "}).status_code == 422
    assert office.get("sensitive-words") == {"items": [word], "total": 1}
    assert office("DELETE", f"admin/sensitive-words/{word['word_id']}").status_code == 204
    assert office("DELETE", f"admin/sensitive-words/{word['word_id']}").status_code == 404
    assert office.get("sensitive-words")["total"] == 0
    acts = [(one["action"], one["subject_id"]) for one in office.get("audit", action="word.")["items"]]
    assert acts == [("word.remove", word["word_id"]), ("word.add", word["word_id"])]


def test_times_are_in_utc(office: Office) -> None:
    # Just before midnight in UTC, and the day after in Beijing.
    office.rig.clock.now = datetime(2026, 11, 21, 23, 59, 59, tzinfo=timezone.utc) + timedelta(microseconds=1)
    office.headers["bea"] = {"Authorization": f"Bearer {office.rig.session('bea')}"}
    office.rig.user("ada")
    (day,) = [one for one in office.get("statistics")["spans"] if one["users"]]
    assert (day["begins"], day["users"]) == ("2026-11-21", 2)
