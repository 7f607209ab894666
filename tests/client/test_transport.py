"""Requests to a dock that fails: what is tried again, what is told, and who gets to see the token."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from learnware.client import DockConnection, LearnwareClient
from learnware.client._transport import Patience
from learnware.errors import DockError, DockProblemError, DockUnreachableError, LearnwareError, NotLoggedInError

from .faulty_dock import FaultyDock, answer, dropped, status, stuck, well

DETAIL = {"learnware_id": "00000001"}


@pytest.fixture
def known(faulty: FaultyDock) -> FaultyDock:
    faulty.answers["GET", "/learnwares/00000001"] = DETAIL
    faulty.answers["POST", "/searches"] = {"singles": []}
    return faulty


def test_what_passes_is_tried_again(known: FaultyDock, connect: Any) -> None:
    known.fail("GET", dropped, status(502), status(503), answer(504, b"<html>", Content_Type="text/html"))
    connection = connect()
    assert connection.learnware("00000001") == DETAIL
    assert len(connection.pauses) == 4
    # Each is longer than the last, and half of it left to chance.
    for number, pause in enumerate(connection.pauses):
        assert 0.125 * 2**number <= pause <= 0.25 * 2**number


def test_what_does_not_pass_is_told(known: FaultyDock, connect: Any) -> None:
    known.fail("GET", *[status(503)] * 5)
    connection = connect()
    with pytest.raises(DockProblemError, match="status 503") as error:
        connection.learnware("00000001")
    assert error.value.status == 503
    assert len(connection.pauses) == 4
    known.fail("GET", *[dropped] * 5)
    with pytest.raises(DockUnreachableError, match="connection was lost"):
        connection.learnware("00000001")
    known.fail("GET", status(500))
    with pytest.raises(DockProblemError, match="status 500"):
        connection.learnware("00000001")
    assert len(connection.pauses) == 8


def test_what_may_not_be_repeated_is_sent_once(known: FaultyDock, connect: Any) -> None:
    for fault in (dropped, status(503)):
        known.fail("POST", fault)
        with pytest.raises((DockUnreachableError, DockProblemError)):
            connect().search()
    assert len(known.of("POST")) == 2
    # One of too many was not done.
    known.fail("POST", status(429))
    assert connect().search() == {"singles": []}


def test_retry_after_is_waited_for(known: FaultyDock, connect: Any) -> None:
    soon = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=30), usegmt=True)
    known.fail("GET", status(429, Retry_After="7"), status(503, Retry_After=soon), status(503, Retry_After="tomorrow"))
    connection = connect()
    assert connection.learnware("00000001") == DETAIL
    first, second, third = connection.pauses
    assert 7 <= first < 8
    assert 20 < second <= 31
    assert third <= 1
    known.fail("GET", status(429, Retry_After="3600"))
    with pytest.raises(DockProblemError, match="again in 3600 s") as error:
        connection.learnware("00000001")
    assert error.value.retry_after == 3600
    assert len(connection.pauses) == 3


def test_a_refusal_says_what_is_wrong_where(faulty: FaultyDock, connect: Any) -> None:
    def refuse(handler: Any) -> bool:
        handler.send_problem(
            422, "invalid-input", "two things are wrong", request_id="request-7",
            errors=[{"field": "/limit", "message": "too large"}, {"field": "/offset", "message": "too small"}],
        )  # fmt: skip
        return True

    faulty.fail("POST", refuse)
    with pytest.raises(DockProblemError) as caught:
        connect().search()
    error = caught.value
    assert str(error) == "two things are wrong"
    assert (error.status, error.problem, error.title, error.request_id) == (
        422, "invalid-input", "invalid-input", "request-7",
    )  # fmt: skip
    assert error.errors == (("/limit", "too large"), ("/offset", "too small"))
    assert isinstance(error, LearnwareError)


@pytest.mark.parametrize("errors", [5, "no list", {"field": "x"}, [1, None, "x", {}]])
def test_a_refusal_in_a_strange_form(faulty: FaultyDock, connect: Any, errors: Any) -> None:
    def refuse(handler: Any) -> bool:
        handler.send_problem(422, "invalid-input", "something is wrong", errors=errors)
        return True

    faulty.fail("POST", refuse)
    with pytest.raises(DockProblemError, match="something is wrong"):
        connect().search()


def test_a_fault_of_the_dock_names_the_request(faulty: FaultyDock, connect: Any) -> None:
    def break_down(handler: Any) -> bool:
        handler.send_problem(500, "internal-error", "see the log", request_id="request-8")
        return True

    faulty.fail("GET", break_down)
    with pytest.raises(DockProblemError, match=r"internal-error: see the log \(request-8\)"):
        connect().learnware("00000001")


def test_somebody_else_answers(faulty: FaultyDock, connect: Any) -> None:
    for fault in (
        answer(404, b"<html>", Content_Type="text/html"),
        answer(200, b"<html>", Content_Type="text/html"),
        answer(401, b"{}", Content_Type="application/json"),
    ):
        faulty.fail("GET", fault)
        with pytest.raises(DockUnreachableError, match="does not answer as a dock does"):
            connect().learnware("00000001")
    assert not LearnwareClient(faulty.address + "/elsewhere").is_connected()


def test_nobody_answers() -> None:
    faulty = FaultyDock()
    faulty.stop()
    connection = DockConnection(faulty.url, patience=Patience(retries=2, first_seconds=0.001))
    with pytest.raises(DockUnreachableError, match="nothing listens there") as error:
        connection.learnware("00000001")
    assert error.value.host == faulty.url
    assert isinstance(error.value, ConnectionError)
    assert not connection.is_reachable()


def test_a_dock_that_does_not_answer_in_time(faulty: FaultyDock) -> None:
    faulty.fail("GET", stuck)
    connection = DockConnection(faulty.url, timeout=0.2, patience=Patience(retries=0))
    with pytest.raises(DockUnreachableError, match="did not answer in time"):
        connection.learnware("00000001")


def test_login_and_logout(faulty: FaultyDock, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty.answers["GET", "/account"] = {"email": "Ada@example.org", "username": "ada"}
    client = LearnwareClient(faulty.url)
    assert not client.is_login()
    for call in (
        client.list_learnware,
        lambda: client.upload_learnware("x.zip", {}),
        lambda: client.update_learnware("00000001", {}),
        lambda: client.delete_learnware("00000001"),
        client.login,
    ):
        with pytest.raises(NotLoggedInError, match="learnware login"):
            call()
    assert faulty.seen == []
    with pytest.raises(NotLoggedInError, match=r"does not belong to bob@example\.org"):
        client.login("bob@example.org", "t" * 32)
    assert not client.is_login()
    faulty.fail("GET", status(401))
    with pytest.raises(NotLoggedInError, match="status 401"):
        client.login("ada@example.org", "t" * 32)
    with pytest.raises(NotLoggedInError, match="no token") as error:
        client.login("ada@example.org", "secret\r\nX-Header: 1")
    assert "secret" not in str(error.value)
    assert not client.is_login()
    client.login("ada@example.org", "0123456789abcdef" * 2)
    assert client.is_login()
    assert client.dock.email == "Ada@example.org"
    before = len(faulty.seen)
    client.logout()
    assert not client.is_login()
    # An API token goes on to work; a session ends.
    assert len(faulty.seen) == before
    faulty.answers["DELETE", "/sessions/current"] = None
    monkeypatch.setenv("LEARNWARE_TOKEN", "session-token")
    client.login()
    client.logout()
    assert faulty.of("DELETE")[0].headers["Authorization"] == "Bearer session-token"


def test_the_token_goes_to_the_dock_alone(known: FaultyDock, connect: Any) -> None:
    other = FaultyDock()
    other.answers["GET", "/learnwares/00000001"] = {"from": "elsewhere"}
    try:
        elsewhere = f"{other.url}/v1/learnwares/00000001"
        known.fail("GET", answer(302, b"", Location=elsewhere))
        assert connect().learnware("00000001") == {"from": "elsewhere"}
        assert "Authorization" in known.seen[0].headers
        assert "Authorization" not in other.seen[0].headers
        # On the dock itself it may go along.
        known.fail("GET", answer(307, b"", Location="/api/v1/learnwares/00000001"))
        assert connect().learnware("00000001") == DETAIL
        assert "Authorization" in known.seen[-1].headers
        known.fail("POST", answer(307, b"", Location=f"{other.url}/v1/searches"))
        with pytest.raises(DockUnreachableError, match=f"on to {other.address}; if that is the dock"):
            connect().search()
        assert other.of("POST") == []
    finally:
        other.stop()


def test_who_gets_the_token() -> None:
    transport = DockConnection("http://dock.example.org")._transport
    for url, told in (
        ("http://dock.example.org/api/v1/x", True),
        ("http://DOCK.example.org:80/other", True),
        ("https://dock.example.org/api/v1/x", True),
        ("https://dock.example.org:8443/api/v1/x", False),
        ("http://dock.example.org:8088/api/v1/x", False),
        ("http://dock.example.org.evil.org/api/v1/x", False),
        ("https://evil.org/?dock.example.org", False),
    ):
        assert transport._is_dock(url) is told, url
    # Encryption is never taken away.
    assert not DockConnection("https://dock.example.org")._transport._is_dock("http://dock.example.org/api/v1/x")


def test_redirects_that_nobody_follows(known: FaultyDock, connect: Any) -> None:
    known.fail("GET", answer(302, b"", Location="file:///etc/passwd"))
    with pytest.raises(DockUnreachableError, match="nobody should follow"):
        connect().learnware("00000001")
    known.fail("GET", *[answer(302, b"", Location="/api/v1/learnwares/00000001")] * 6)
    with pytest.raises(DockUnreachableError, match="circles"):
        connect().learnware("00000001")


def test_ids_cannot_lead_elsewhere(faulty: FaultyDock, connect: Any) -> None:
    connection = connect()
    for wrong in ("..", "../tokens", "1/withdrawal", "", "1?x=1", "a b", None, 7):
        for call in (connection.learnware, connection.delete, connection.download):
            with pytest.raises(DockError, match="no id of a learnware"):
                call(wrong)
    assert faulty.seen == []


def test_the_proxy_of_the_environment_is_used(
    faulty: FaultyDock, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", faulty.address.replace("://", "://user:word@"))
    faulty.answers["GET", "/learnwares/00000001"] = DETAIL
    assert connect(host="http://dock.example.org").learnware("00000001") == DETAIL
    assert faulty.seen[0].path == "http://dock.example.org/api/v1/learnwares/00000001"
    assert {name.lower(): value for name, value in faulty.seen[0].headers.items()}[
        "proxy-authorization"
    ] == "Basic dXNlcjp3b3Jk"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    # Nobody needs a proxy to speak to this machine.
    assert connect().learnware("00000001") == DETAIL
    assert faulty.seen[1].path == "/api/v1/learnwares/00000001"


def test_lists_come_page_by_page(faulty: FaultyDock, connect: Any) -> None:
    pages = [
        {"items": [{"learnware_id": str(10 * page + n)} for n in range(2)], "next_cursor": cursor, "total": 6}
        for page, cursor in enumerate(("one", "two", None))
    ]
    faulty.answers["GET", "/learnwares"] = lambda: pages[len(faulty.seen) - 1]
    found = list(connect().learnwares(text="a b", scenario=["Business", "Health"], mine=True, owner=None))
    assert [one["learnware_id"] for one in found] == ["0", "1", "10", "11", "20", "21"]
    query = "limit=100&text=a+b&scenario=Business&scenario=Health&mine=true"
    assert faulty.seen[0].path == f"/api/v1/learnwares?{query}"
    assert faulty.seen[1].path == f"/api/v1/learnwares?{query.replace('&text', '&cursor=one&text')}"
    faulty.seen.clear()
    assert len(list(connect().learnwares(most=2))) == 2
    assert [one.path for one in faulty.seen] == ["/api/v1/learnwares?limit=2"]


def test_an_answer_without_end_is_not_read(faulty: FaultyDock, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnware.client._transport._MOST_BYTES", 1000)
    faulty.fail("GET", answer(200, json.dumps("x" * 2000).encode()))
    with pytest.raises(DockUnreachableError, match="more than 1000 bytes"):
        connect().learnware("00000001")


def test_one_of_several_faults_only(known: FaultyDock, connect: Any) -> None:
    known.fail("GET", well, dropped)
    connection = connect()
    assert connection.learnware("00000001") == DETAIL
    assert connection.pauses == []
    assert connection.learnware("00000001") == DETAIL
    assert len(connection.pauses) == 1
