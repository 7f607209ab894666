"""The child's main loop: load the model that the first request names, then answer until the parent is gone."""

from __future__ import annotations

import importlib
import os
import queue
import shutil
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from .frames import MAX_TRACEBACK_CHARS, encode_value, json_to_config, receive_frame, send_frame
from .models import describe, load_model, plain_output, provide_base_model, unique_package_name
from .pipes import Pipes, parent_is_at_pipes
from .tables import missing_packages, open_value

# The worker's files, and those that it imports a learnware with.
_OWN_FILES = (str(Path(__file__).parent), str(Path(importlib.__file__).parent), "<frozen importlib")


def _connect() -> Any:
    """Take over the socket or the pipes that the parent gave and send whatever is printed to the standard error."""
    sock: Any
    if sys.platform == "win32":
        sock = socket.fromshare(sys.stdin.buffer.read())
    elif parent_is_at_pipes():
        sock = Pipes()
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
    """Reads requests in a thread of its own, which ends the process and its children as soon as the parent is gone.

    Requests are read while the model computes, so that the parent can send the next batch meanwhile. How many wait here
    is the parent's business: it sends one ahead at most.
    """

    def __init__(self, sock: Any, scratch: str) -> None:
        self._sock = sock
        self._scratch = scratch
        self._waiting: queue.SimpleQueue[tuple[dict[str, Any], list[Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self._waiting.put(receive_frame(self._sock, sys.maxsize, tables=True))
        finally:
            # The parent closed the socket, died, or wrote nonsense; who died has not cleared the scratch folder.
            shutil.rmtree(self._scratch, ignore_errors=True)
            if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
                os.killpg(0, 9)
            os._exit(1)

    def next(self) -> tuple[dict[str, Any], list[Any]]:
        """Return the next request and its values."""
        return self._waiting.get()


class _Worker:
    """The model, and how it answers requests."""

    def __init__(self) -> None:
        self._model: Any = None

    def answer(self, request: dict[str, Any], values: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        """Return the header and the values of the answer.

        Raises
        ------
        BaseException
            Whatever the model raises.
        """
        method = request["method"]
        if method == "greet":
            return {}, []
        if method == "load":
            provide_base_model()
            self._model = load_model(request["folder"], json_to_config(request["config"]), unique_package_name())
            return {"description": describe(self._model), "missing_packages": missing_packages()}, []
        # Taken out one by one, so that nobody else holds on to a large input.
        arguments = [open_value(values.pop(0)) for _ in range(len(values))]
        output = plain_output(getattr(self._model, method)(*arguments))
        if method in ("fit", "finetune"):
            return {}, []
        if output is None:
            raise TypeError(f"{method} returned None")
        return {}, [output]


def _below_own_frames(error: BaseException) -> Any:
    """Return a traceback from where the learnware's code begins; all of it where that has no part in it."""
    rest = error.__traceback__
    while rest is not None and rest.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        rest = rest.tb_next
    # A syntax error has no frame: its words name the place.
    return rest if rest is not None or isinstance(error, SyntaxError) else error.__traceback__


def _describe_error(message: str, error: BaseException) -> dict[str, Any]:
    text = "".join(traceback.format_exception(type(error), error, _below_own_frames(error)))
    return {
        "error": message,
        "type": type(error).__name__[:200],
        "detail": str(error)[:2000],
        "traceback": text[-MAX_TRACEBACK_CHARS:],
    }


def main() -> None:
    """Load the model that the first request names, then answer requests until the parent is gone."""
    sock = _connect()
    requests = _Requests(sock, scratch=str(Path.cwd()))
    worker = _Worker()
    while True:
        request, values = requests.next()
        method = request["method"]
        message = "the model could not be loaded" if method == "load" else f"{method} failed"
        try:
            header, outputs = worker.answer(request, values)
            message = "the output cannot be handed over"
            parts = [encode_value(output) for output in outputs]
        except BaseException as error:  # noqa: BLE001  # the process's edge: sys.exit and the like included
            header, parts = _describe_error(message, error), []
        send_frame(sock, dict(header, number=request["number"]), parts)
        # The next request comes in before it is answered; its input and this one's output need not be there together.
        request = header = {}
        values = outputs = parts = []
