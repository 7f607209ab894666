"""Bodies that are too large or stop arriving, and what is waited for however long it takes."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from fastapi.responses import JSONResponse, Response

from beimingwu.api.bodies import BodyLimit

PATIENCE = 0.02
LONGER = 5 * PATIENCE


class Client:
    """Sends the parts of a body, and then does something else; keeps what is answered."""

    def __init__(self, *parts: bytes, last: bool = False, then: Any = anyio.sleep_forever) -> None:
        more = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        if last:
            more[-1]["more_body"] = False
        self._waiting = more
        self._then = then
        self.said: list[Any] = []

    async def receive(self) -> Any:
        if not self._waiting:
            await self._then()
            return {"type": "http.disconnect"}
        return self._waiting.pop(0)

    async def send(self, message: Any) -> None:
        self.said.append(message)

    @property
    def status(self) -> int:
        (start,) = (one for one in self.said if one["type"] == "http.response.start")
        return int(start["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.said[0]["headers"])

    @property
    def body(self) -> Any:
        return json.loads(b"".join(one.get("body", b"") for one in self.said))


def scope(path: str = "/", headers: Any = ()) -> dict[str, Any]:
    names = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": names,
        "client": ("192.0.2.9", 5000), "server": ("testserver", 80),
    }  # fmt: skip


def ask(application: Any, client: Client, path: str = "/", **limits: Any) -> Client:
    limited = BodyLimit(
        application,
        **{
            "most": 10,
            "patience": PATIENCE,
            "answer": lambda _, error: JSONResponse(str(error), error.status),
            **limits,
        },
    )
    anyio.run(limited, scope(path), client.receive, client.send)
    return client


async def reads(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what came, when it is there."""
    got, message = b"", {"more_body": True}
    while message.get("more_body", False):
        message = await receive()
        got += message.get("body", b"")
    await Response(json.dumps(got.decode()))(scope, receive, send)


async def reads_on(scope: Any, receive: Any, send: Any) -> None:
    """Do as answers do that look whether the client is still there."""
    await reads(scope, receive, send)
    assert await receive() == {"type": "http.disconnect"}


async def answers_first(scope: Any, receive: Any, send: Any) -> None:
    """Answer without having read anything."""
    await Response("1")(scope, receive, send)
    while (await receive())["type"] != "http.disconnect":
        continue


async def gone_later() -> None:
    await anyio.sleep(LONGER)


def test_a_body_that_stops_arriving() -> None:
    for parts in ((), (b"ab",), (b"ab", b"cd")):
        client = ask(reads, Client(*parts))
        assert client.status == 408
        assert client.headers[b"connection"] == b"close"


def test_a_body_that_is_too_large() -> None:
    client = ask(reads, Client(b"abcdef", b"ghijkl"))
    assert client.status == 413
    assert client.headers[b"connection"] == b"close"
    assert ask(reads, Client(b"abcdef", b"ghijkl", last=True), files={"/files": 12}, path="/files/1").status == 200


def test_what_may_take_its_time() -> None:
    assert ask(reads, Client(b"ab", b"cd", last=True)).body == "abcd"
    # Who has sent everything waits for the answer, and need not do anything.
    assert ask(reads_on, Client(b"ab", last=True, then=gone_later)).body == "ab"
    # Who is answered already need not send the rest, nor is answered again.
    assert ask(answers_first, Client(b"ab", then=gone_later)).status == 200
    assert ask(answers_first, Client(b"abcdef", b"ghijkl", then=gone_later)).status == 200
    # Some have a patience of their own.
    assert ask(reads, Client(b"ab", then=gone_later), unhurried="/slow", path="/slow/1").body == "ab"
    assert ask(reads, Client(b"ab", then=gone_later), unhurried="/slow", path="/slower").status == 408


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_through_the_application(make_client: Any) -> None:
    _, client = make_client(body_idle_seconds=PATIENCE)
    kind = [("Content-Type", "application/json"), ("Content-Length", "100")]
    stalled = Client(b'{"email": ')
    client.portal.call(client.app, scope("/api/v1/sessions", kind), stalled.receive, stalled.send)
    assert stalled.status == 408
    assert stalled.body["type"] == "/api/v1/problems/too-slow"
    stalled = Client(b'{"email": ')
    client.portal.call(client.app, scope("/api/auth/login", kind), stalled.receive, stalled.send)
    assert (stalled.status, stalled.body["code"]) == (408, 31)
    described = client.app.openapi()["paths"]["/api/v1/sessions"]["post"]["responses"]
    assert "408" in described
