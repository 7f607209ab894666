"""The child's main loop: load the model that the first request names, then answer until the parent is gone."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from .frames import MAX_TRACEBACK_CHARS, ProtocolError, json_to_config, receive_frame, send_frame
from .models import describe, load_model, plain_output, provide_base_model, unique_package_name


def _connect() -> socket.socket:
    """Take over the socket that the parent gave and send whatever is printed to the standard error."""
    if sys.platform == "win32":
        sock = socket.fromshare(sys.stdin.buffer.read())
    else:
        sock = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # before Python 3.9 it keeps everything back
    sys.stdout = sys.stderr
    return sock


class _Requests:
    """Reads requests in a thread of its own, which ends the process and its children as soon as the parent is gone."""

    def __init__(self, sock: Any, scratch: str) -> None:
        self._sock = sock
        self._scratch = scratch
        self._ready = threading.Semaphore(0)
        self._request: tuple[dict[str, Any], Any] | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self._request = receive_frame(self._sock, sys.maxsize)
                self._ready.release()
        finally:
            # The parent closed the socket, died, or wrote nonsense; who died has not cleared the scratch folder.
            shutil.rmtree(self._scratch, ignore_errors=True)
            if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
                os.killpg(0, 9)
            os._exit(1)

    def next(self) -> tuple[dict[str, Any], Any]:
        """Return the next request and its value."""
        self._ready.acquire()
        request, self._request = self._request, None
        if request is None:
            raise ProtocolError("no request")
        return request


def _call(model: Any, name: str, X: Any) -> Any:
    output = plain_output(getattr(model, name)(X))
    if output is None:
        raise TypeError(f"{name} returned None")
    return output


def _answer(sock: Any, header: dict[str, Any], value: Any) -> None:
    try:
        send_frame(sock, header, value)
    except (TypeError, ValueError) as error:  # found before anything was sent
        _answer_error(sock, "the output cannot be handed over", error)


def _answer_error(sock: Any, message: str, error: BaseException) -> None:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    send_frame(
        sock,
        {
            "error": message,
            "type": type(error).__name__[:200],
            "detail": str(error)[:2000],
            "traceback": text[-MAX_TRACEBACK_CHARS:],
        },
    )


def main() -> None:
    """Load the model that the first request names, then answer requests until the parent is gone."""
    sock = _connect()
    requests = _Requests(sock, scratch=str(Path.cwd()))
    model: Any = None
    while True:
        request, value = requests.next()
        name = request["method"]
        message = "the model could not be loaded" if name == "load" else f"{name} failed"
        try:
            if name == "load":
                provide_base_model()
                model = load_model(request["folder"], json_to_config(request["config"]), unique_package_name())
                header, output = {"description": describe(model)}, None
            else:
                header, output = {}, _call(model, name, value)
        except BaseException as error:  # noqa: BLE001  # the process's edge: sys.exit and the like included
            _answer_error(sock, message, error)
        else:
            _answer(sock, header, output)
        del value
        output = None
