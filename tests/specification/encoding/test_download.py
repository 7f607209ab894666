"""The published encoder, from a hub of our own on this machine."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np
import pytest
from tests.specification.encoding.models import expected, write_encoder

from learnware.errors import EncoderUnavailableError
from learnware.specification.encoding import PUBLISHED
from learnware.specification.encoding._download import published_folder
from learnware.specification.encoding._onnx import OnnxEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

for package in ("onnxruntime", "tokenizers", "huggingface_hub"):
    pytest.importorskip(package)

REVISION = "86741b4e3f5cb7765a600d3a3d55a0f6a6cb443d"
LARGE = "onnx/model.onnx"


class Hub(ThreadingHTTPServer):
    """Serves the files of one folder as a repository, and counts what it was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        self.sent: dict[str, bytes] = dict(self.files)
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def describe(self, name: str) -> dict[str, object]:
        content = self.files[name]
        small = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}
        about: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": small}
        return {**about, "lfs": lfs} if name == LARGE else about


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)
        body = json.dumps([self.server.describe(name) for name in self.server.files]).encode()
        self._answer(body, {"Content-Type": "application/json"})

    def do_HEAD(self) -> None:
        self._file(body=False)

    def do_GET(self) -> None:
        self._file(body=True)

    def _file(self, *, body: bool) -> None:
        self.server.asked.append(self.path)
        name = unquote(self.path.partition(f"/resolve/{REVISION}/")[2])
        if name not in self.server.files:
            self.send_error(404)
            return
        about = self.server.describe(name)
        tag = about["lfs"]["oid"] if "lfs" in about else about["oid"]  # type: ignore[index]
        self._answer(self.server.sent[name], {"ETag": f'"{tag}"', "X-Repo-Commit": REVISION}, body=body)

    def _answer(self, content: bytes, headers: dict[str, str], *, body: bool = True) -> None:
        self.send_response(200)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("LEARNWARE_ENCODERS", str(tmp_path / "encoders"))
    with Hub(write_encoder(tmp_path / "original")) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_it_is_downloaded_once_and_then_needs_no_network(hub: Hub) -> None:
    folder = published_folder(PUBLISHED, endpoint=hub.address)
    assert all(REVISION in path for path in hub.asked)
    encoder = OnnxEncoder(folder, PUBLISHED)
    np.testing.assert_allclose(encoder.encode(["cat dog"])[0], expected("cat dog"), rtol=1e-6)
    asked = len(hub.asked)
    assert published_folder(PUBLISHED, endpoint=hub.address) == folder
    assert len(hub.asked) == asked
    assert not [path for path in folder.parent.iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("name", [LARGE, "config.json"])
def test_what_differs_from_the_hubs_sums_is_refused_and_fetched_again(hub: Hub, name: str) -> None:
    whole = hub.sent[name]
    hub.sent[name] = whole[:-1] + bytes([whole[-1] ^ 1])
    with pytest.raises(EncoderUnavailableError, match=f"{name} differs"):
        published_folder(PUBLISHED, endpoint=hub.address)
    hub.sent[name] = whole
    assert (published_folder(PUBLISHED, endpoint=hub.address) / name).read_bytes() == whole


def test_a_damaged_copy_is_replaced(hub: Hub) -> None:
    folder = published_folder(PUBLISHED, endpoint=hub.address)
    (folder / LARGE).write_bytes(b"short")
    assert (published_folder(PUBLISHED, endpoint=hub.address) / LARGE).read_bytes() == hub.files[LARGE]


def test_without_a_network_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNWARE_ENCODERS", str(tmp_path))
    with pytest.raises(EncoderUnavailableError, match=r"copy the folder .* use the encoder \"hashing\"") as caught:
        published_folder(PUBLISHED, endpoint="http://127.0.0.1:9")
    assert caught.value.encoder == PUBLISHED
