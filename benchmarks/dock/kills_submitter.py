"""Somebody who submits one learnware after the other, to a dock whose servers are killed meanwhile."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import urllib3

from benchmarks.market import semantic
from learnware.learnware import write_package
from learnware.specification import RKMETableSpecification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.dock.rig import Somebody

__all__ = ["Submitter", "model_of", "specification_of"]

_MANIFEST = b"""\
model: {class_name: Model}
stat_specifications:
- {class_name: RKMETableSpecification, file_name: stat.json}
"""
_MODEL = """\
from learnware.model import BaseModel

NUMBER = {number}

class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(20,), output_shape=(1,))

    def predict(self, X):
        return X.sum(axis=1)
"""
# So large that sending it takes several requests.
_BYTES, _PIECE = 200_000, 70_000
_PATIENCE = 120.0


def model_of(number: int) -> bytes:
    """Return the code of a learnware."""
    return _MODEL.format(number=number).encode()


def specification_of(number: int) -> RKMETableSpecification:
    """Return the statistical specification of a learnware; no other has the same."""
    points = np.random.default_rng(number).normal(size=(5, 20))
    states = {"z": points.tolist(), "beta": [0.2] * 5, "gamma": 0.1, "num_points": 100}
    return RKMETableSpecification.from_states(states)


class Submitter(threading.Thread):
    """Submits until it is stopped, and notes what the dock has said.

    Whoever gets no answer asks how far the upload is and goes on from there, or submits again.

    Parameters
    ----------
    number : int
        Which of several it is.
    somebody : Somebody
    url : callable
        Gives the address of the server that runs.
    folder : Path
        For packages.
    backlog : int
        It waits while more than so many learnwares do.

    Attributes
    ----------
    acknowledged : dict of str to int
        Names of the learnwares that the dock has said to have, and the numbers in them.
    broken : int
        Requests that ended without an answer.
    faults : list of str
        Answers that should not have been.
    stop : threading.Event
        Set by whoever wants it to end.
    """

    def __init__(self, number: int, somebody: Somebody, url: Callable[[], str], folder: Path, backlog: int) -> None:
        super().__init__(name=f"submitter-{number}")
        self.acknowledged: dict[str, int] = {}
        self.broken = 0
        self.faults: list[str] = []
        self.stop = threading.Event()
        self._first = 1_000_000 * (number + 1)
        self._somebody = somebody
        self._url = url
        self._file = folder / f"package-{number}.zip"
        self._backlog = backlog
        self._http = urllib3.PoolManager(timeout=30.0, retries=False)

    def run(self) -> None:
        """Submit until it is stopped."""
        number = self._first
        with self._http:
            while not self.stop.is_set():
                number += 1
                try:
                    self._submit(number)
                except _WrongError as error:
                    self.faults.append(str(error))
                    return

    def _submit(self, number: int) -> None:
        while self._waiting() > self._backlog:
            if self.stop.wait(0.1):
                return
        name = f"learnware {number}"
        upload = self._upload(_package(self._file, number))
        described: dict[str, Any] = semantic()
        described["Name"]["Values"] = name
        body = {"upload_id": upload, "semantic_specification": described}
        asked = 0
        while True:
            asked += 1
            answer = self._ask("POST", "/v1/learnwares", json=body)
            # Somebody who got no answer to the first request may learn from the second that it is there.
            if answer.status == 201 or (asked > 1 and answer.status == 409):
                self.acknowledged[name] = number
                return
            if answer.status != 0:
                raise _WrongError(f"submission: {answer.status} {answer.data[:500]!r}")

    def _upload(self, content: bytes) -> str:
        tus = {"Tus-Resumable": "1.0.0"}
        while True:
            made = self._ask("POST", "/v1/uploads", headers={**tus, "Upload-Length": str(len(content))})
            if made.status == 201:
                break
            if made.status != 0:
                raise _WrongError(f"new upload: {made.status} {made.data[:500]!r}")
        upload = str(made.headers["Location"]).rstrip("/").rpartition("/")[2]
        there, promised = 0, 0
        while there < len(content):
            headers = {**tus, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(there)}
            sent = self._ask("PATCH", f"/v1/uploads/{upload}", headers=headers, body=content[there : there + _PIECE])
            if sent.status == 204:
                there = promised = int(sent.headers["Upload-Offset"])
                continue
            if sent.status not in {0, 409}:
                raise _WrongError(f"upload: {sent.status} {sent.data[:500]!r}")
            known = self._ask("HEAD", f"/v1/uploads/{upload}", headers=tus)
            if known.status == 0:
                continue
            if known.status != 200 or int(known.headers["Upload-Offset"]) < promised:
                raise _WrongError(f"an upload of {promised} bytes is lost: {known.status} {known.headers!r}")
            there = int(known.headers["Upload-Offset"])
        return upload

    def _waiting(self) -> int:
        answer = self._ask("GET", "/v1/learnwares", fields={"mine": "true", "status": "WAITING", "limit": "1"})
        return int(answer.json()["total"]) if answer.status == 200 else 0

    def _ask(self, method: str, path: str, **given: Any) -> Any:
        """Return the answer, or one with status 0 once there is a server again."""
        headers = {**self._somebody.headers, **given.pop("headers", {})}
        url = self._url()
        try:
            return self._http.request(method, f"{url}{path}", headers=headers, **given)
        except urllib3.exceptions.HTTPError:
            self.broken += 1
        give_up = time.monotonic() + _PATIENCE
        while time.monotonic() < give_up:
            with suppress(urllib3.exceptions.HTTPError):
                health = self._url().removesuffix("/api") + "/healthz"
                if self._http.request("GET", health).status == 200:
                    return urllib3.HTTPResponse(status=0)
            time.sleep(0.02)
        raise _WrongError(f"there was no server for {_PATIENCE:g} seconds")


class _WrongError(Exception):
    """The dock said what it should not say."""


def _package(file: Path, number: int) -> bytes:
    content = {
        "__init__.py": model_of(number),
        "learnware.yaml": _MANIFEST,
        "requirements.txt": b"numpy\n",
        "stat.json": specification_of(number).to_json().encode(),
        "weights.bin": np.random.default_rng(number).bytes(_BYTES),
    }
    return write_package(content, file).read_bytes()
