"""Heads of requests that are too long or too slow: the connection ends, whoever sends them."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from beimingwu.api import heads

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 2**16


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    content = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(content))]})
    await send({"type": "http.response.body", "body": content})


@pytest.fixture
def port() -> Iterator[int]:
    """A server that reads heads as that of a dock does."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, http=heads.BoundedHeads, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    listening.close()


def talk(port: int, *parts: bytes) -> bytes:
    """Send parts until the other side hangs up, and return what it has said."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            while more := connection.recv(4096):
                said += more
        except ConnectionError:
            pass
    return said


def many(part: bytes, n: int = 40_000) -> list[bytes]:
    return [part * 1000] * (n // 1000)


def test_heads_without_end(port: int) -> None:
    begin = b"POST / HTTP/1.1\r\nHost: x\r\n"
    last = b"\r\nConnection: close\r\n\r\n"
    for parts in (
        [begin, *many(b"X-Many: of them\r\n"), last],
        [begin, b"X-One: ", *many(b"long value "), last],
        [b"GET /", *many(b"long/path/"), b" HTTP/1.1\r\nHost: x", last],
        [begin, b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", *many(b"Trailer: x\r\n"), b"\r\n"],
    ):
        assert b"200 OK" not in talk(port, *parts)


def test_what_is_long_and_no_head(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: %b\r\n" % (b"x" * (MOST - 2000))
    close = b"Connection: close\r\n"
    body = b"y" * 300_000
    assert talk(port, head, close, b"Content-Length: 300000\r\n\r\n", body).endswith(b"300000")
    chunks = b"".join(b"%x\r\n%b\r\n" % (100, b"z" * 100) for _ in range(3000))
    assert talk(port, head, close, b"Transfer-Encoding: chunked\r\n\r\n", chunks, b"0\r\n\r\n").endswith(b"300000")
    # One after another on one connection.
    again = head + b"Content-Length: 1\r\n\r\n!"
    assert talk(port, *[again] * 5, head + close + b"\r\n").count(b"200 OK") == 6


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTT"])
def test_heads_that_do_not_come(port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    # Where something is to be answered first, it must have come until then.
    monkeypatch.setattr(heads, "_SECONDS", 1.5 if b"\r\n\r\n" in sent else 0.2)
    assert talk(port, sent).count(b"200 OK") == sent.count(b"\r\n\r\n")
