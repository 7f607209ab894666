"""A container engine for tests: the part of the engine's API that is used, over a UNIX socket, with real processes.

Containers are processes of this machine, started without any confinement; what they are asked to be confined to is kept
for the tests to look at. Streams are framed as the engine frames them, memory over the limit ends in a kill and the
flag for it, and images are built from the instructions of their Dockerfile, of which none is run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

INSTRUCTIONS = {"FROM", "LABEL", "USER", "RUN", "COPY", "ENV", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


class RefusalError(Exception):
    """An answer of the engine that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Container:
    """One container: a process with the streams of whoever is attached."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.id = uuid.uuid4().hex * 2
        self.body = body
        self.process: subprocess.Popen[bytes] | None = None
        self.stream: socket.socket | None = None
        self.scratch = tempfile.mkdtemp(prefix="fake-container-")
        self.oom = False
        self.ended = threading.Event()
        self.removed = False
        self.send_lock = threading.Lock()

    @property
    def labels(self) -> dict[str, str]:
        return self.body.get("Labels") or {}

    def start(self) -> None:
        command = list(self.body["Cmd"])
        if command[0] == "/environment/bin/python":
            command[0] = sys.executable
        variables = dict(entry.split("=", 1) for entry in self.body.get("Env") or [])
        variables.update(HOME=self.scratch, TMPDIR=self.scratch)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=self.scratch,
            env=variables,
            start_new_session=True,
        )
        outputs = [
            threading.Thread(target=self._send, args=(number, stream), daemon=True)
            for number, stream in ((1, self.process.stdout), (2, self.process.stderr))
        ]
        for thread in (*outputs, threading.Thread(target=self._feed, daemon=True)):
            thread.start()
        threading.Thread(target=self._watch, args=(outputs,), daemon=True).start()

    def _send(self, number: int, stream: Any) -> None:
        with contextlib.suppress(OSError):
            while data := stream.read(1 << 15):
                if self.stream is not None:
                    with self.send_lock, contextlib.suppress(OSError):
                        self.stream.sendall(struct.pack(">BxxxL", number, len(data)) + data)

    def _feed(self) -> None:
        assert self.process is not None
        stdin = self.process.stdin
        assert stdin is not None
        with contextlib.suppress(OSError):
            while self.stream is not None and (data := self.stream.recv(1 << 16)):
                view = memoryview(data)
                while view:
                    view = view[os.write(stdin.fileno(), view) :]
        with contextlib.suppress(OSError):
            stdin.close()  # as `StdinOnce` asks for

    def _watch(self, outputs: list[threading.Thread]) -> None:
        assert self.process is not None
        limit = self.body["HostConfig"].get("Memory") or sys.maxsize
        while True:
            try:
                self.process.wait(0.02)
                break
            except subprocess.TimeoutExpired:
                if self.memory() > limit:
                    self.oom = True
                    self.kill()
        self.kill()  # all of a container's processes end with its first one
        for thread in outputs:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        self.ended.set()
        if self.stream is not None:
            with contextlib.suppress(OSError):
                self.stream.shutdown(socket.SHUT_RDWR)

    def memory(self) -> int:
        assert self.process is not None
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def processor_nanoseconds(self) -> int:
        assert self.process is not None
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.removed = True
        if self.process is not None:
            if not self.ended.is_set():
                self.kill()
            self.ended.wait(10)
        shutil.rmtree(self.scratch, ignore_errors=True)

    @property
    def running(self) -> bool:
        return self.process is not None and not self.ended.is_set()

    def exit_code(self) -> int:
        code = 0 if self.process is None or self.process.returncode is None else self.process.returncode
        return 128 - code if code < 0 else code


class FakeEngine:
    """The engine: what it has, what it was asked for, and how it behaves."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="engine-")
        self.path = str(Path(self.folder, "docker.sock"))
        self.address = f"unix://{self.path}"
        self.version = {"ApiVersion": "1.45", "Arch": "amd64", "Os": "linux", "Version": "26.1"}
        self.info: dict[str, Any] = {
            "MemoryLimit": True,
            "PidsLimit": True,
            "SwapLimit": True,
            "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
        }
        self.bases: dict[str, dict[str, Any]] = {
            f"python:3.{minor}-slim": {"Env": [f"PYTHON_VERSION=3.{minor}.7"], "Volumes": None}
            for minor in range(8, 14)
        }
        self.images: dict[str, dict[str, Any]] = {}
        self.containers: dict[str, Container] = {}
        self.created: list[dict[str, Any]] = []
        self.removed: list[str] = []
        self.requests: list[str] = []
        self.builds: list[dict[str, str]] = []
        self.contexts: list[list[tarfile.TarInfo]] = []
        self.build_log: list[dict[str, Any]] = [{"stream": "Listing '/environment'\n"}]
        self.query_of_build: dict[str, str] = {}
        self.refuse: dict[str, RefusalError] = {}
        self.stall = threading.Event()  # set: a build says no more
        self.build_ended = threading.Event()
        self.stopping = threading.Event()
        self._server = _Server(self.path, _Handler)
        self._server.engine = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join()
        for container in list(self.containers.values()):
            container.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add_image(self, tag: str, config: dict[str, Any]) -> dict[str, Any]:
        for other in self.images.values():
            other["RepoTags"] = [name for name in other["RepoTags"] if name != tag]
        image = {"Id": "sha256:" + uuid.uuid4().hex, "RepoTags": [tag] if tag else [], "Config": config}
        image.update(Created=f"2026-01-01T00:00:{len(self.images):02d}Z", Size=123_000_000)
        self.images[image["Id"]] = image
        return image

    def find_image(self, name: str) -> dict[str, Any]:
        for image in self.images.values():
            if name == image["Id"] or name in image["RepoTags"]:
                return image
        raise RefusalError(404, f"No such image: {name}")

    def build(self, files: dict[str, str], tag: str) -> Any:
        """Yield the log of a build; every instruction has to be one that an engine knows."""
        self.builds.append(files)
        stages: list[dict[str, Any]] = []
        steps = re.sub(r"\\\n", "", files["Dockerfile"]).strip().splitlines()
        steps = [step for step in steps if step.strip()]
        for number, step in enumerate(steps, 1):
            yield {"stream": f"Step {number}/{len(steps)} : {step}\n"}
            word, _, rest = step.partition(" ")
            if word not in INSTRUCTIONS:
                yield {"error": f"dockerfile parse error: unknown instruction: {word}"}
                return
            if word == "FROM":
                base = rest.split()[0]
                if base not in self.bases:
                    yield {"error": f"pull access denied for {base}, repository does not exist"}
                    return
                yield {"status": "Downloading", "progressDetail": {"current": 1, "total": 2}, "id": "abc"}
                known = self.bases[base]
                stages.append({"Env": list(known["Env"]), "Volumes": known["Volumes"], "Labels": {}})
            elif word == "LABEL":
                name, _, value = rest.partition("=")
                stages[-1]["Labels"][name] = value
            elif word == "RUN":
                assert isinstance(json.loads(rest), list)
                assert self.query_of_build["networkmode"] == "none"
                log = self.build_log if "compileall" in rest else []
                yield from log
                if any("error" in entry for entry in log):
                    self.add_image("", stages[-1])
                    return
            elif word == "COPY":
                missing = [name for name in rest.split()[:-1] if name not in files]
                if missing:
                    yield {"error": f"COPY failed: {missing}"}
                    return
        image = self.add_image(tag, stages[-1])
        yield {"aux": {"ID": image["Id"]}}
        yield {"stream": f"Successfully built {image['Id']}\n"}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    engine: FakeEngine

    def __init__(self, path: str, handler: Any) -> None:
        super().__init__(path, handler)
        self._connections: set[socket.socket] = set()

    def get_request(self) -> Any:
        connection, _ = self.socket.accept()
        self._connections.add(connection)
        return connection, ("local", 0)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that go away in the middle are part of the tests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *arguments: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.engine = self.server.engine

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    def _route(self, method: str) -> None:
        address = urllib.parse.urlsplit(self.path)
        self.query = {name: values[-1] for name, values in urllib.parse.parse_qs(address.query).items()}
        path = re.sub(r"^/v[\d.]+", "", urllib.parse.unquote(address.path))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.engine.requests.append(f"{method} {path}")
        try:
            self._handle(method, path)
        except RefusalError as refusal:
            self._answer({"message": str(refusal)}, refusal.status)

    def _handle(self, method: str, path: str) -> None:
        for pattern, refusal in self.engine.refuse.items():
            if re.fullmatch(pattern, f"{method} {path}"):
                raise refusal
        for known, pattern, handle in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and known == method:
                handle(self, *match.groups())
                return
        raise RefusalError(404, "page not found")

    def _answer(self, value: Any, status: int = 200) -> None:
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _container(self, identifier: str) -> Container:
        try:
            return self.engine.containers[identifier]
        except KeyError:
            raise RefusalError(404, f"No such container: {identifier}") from None

    def _wanted_labels(self) -> list[tuple[str, str]]:
        labels = json.loads(self.query.get("filters", "{}")).get("label", [])
        return [tuple(label.partition("=")[::2]) for label in labels]

    def version(self) -> None:
        self._answer(self.engine.version)

    def info(self) -> None:
        self._answer(self.engine.info)

    def build(self) -> None:
        with tarfile.open(fileobj=io.BytesIO(self.body)) as archive:
            members = archive.getmembers()
            files = {one.name: archive.extractfile(one).read().decode() if one.isfile() else "" for one in members}
            self.engine.contexts.append(members)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self.engine.query_of_build = self.query
            for entry in self.engine.build(files, self.query["t"]):
                self._chunk(json.dumps(entry).encode() + b"\r\n")
                if self.engine.stall.is_set():
                    # Says no more, and stops building when nobody listens any more.
                    self.connection.recv(1)
                    raise BrokenPipeError
            self._chunk(b"")
        except OSError:
            self.close_connection = True
        finally:
            self.engine.build_ended.set()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def images(self) -> None:
        wanted = self._wanted_labels()
        dangling = json.loads(self.query.get("filters", "{}")).get("dangling")
        found = []
        for image in self.engine.images.values():
            labels = image["Config"]["Labels"]
            if any(labels.get(name) != value if value else name not in labels for name, value in wanted):
                continue
            if dangling and (dangling == ["true"]) == bool(image["RepoTags"]):
                continue
            found.append({"Id": image["Id"], "RepoTags": image["RepoTags"], "Labels": labels})
        self._answer(found)

    def image(self, name: str) -> None:
        self._answer(self.engine.find_image(name))

    def delete_image(self, name: str) -> None:
        image = self.engine.find_image(name)
        if any(container.body["Image"] in image["RepoTags"] for container in self.engine.containers.values()):
            raise RefusalError(409, "image is being used by running container")
        del self.engine.images[image["Id"]]
        self._answer([{"Deleted": image["Id"]}])

    def list_containers(self) -> None:
        wanted = self._wanted_labels()
        found = [
            {"Id": container.id, "Labels": container.labels}
            for container in self.engine.containers.values()
            if all(container.labels.get(name) == value for name, value in wanted)
        ]
        self._answer(found)

    def create(self) -> None:
        body = json.loads(self.body)
        self.engine.find_image(body["Image"])
        for mount in body["HostConfig"].get("Mounts") or []:
            if not Path(mount["Source"]).exists():
                words = f'invalid mount config for type "bind": bind source path does not exist: {mount["Source"]}'
                raise RefusalError(400, words)
        container = Container(body)
        self.engine.created.append(body)
        self.engine.containers[container.id] = container
        self._answer({"Id": container.id, "Warnings": []}, 201)

    def attach(self, identifier: str) -> None:
        container = self._container(identifier)
        assert {self.query.get(name) for name in ("stdin", "stdout", "stderr", "stream")} == {"1"}
        self.wfile.write(
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        container.stream = self.connection
        self.close_connection = True
        while not (container.ended.wait(0.02) or container.removed or self.engine.stopping.is_set()):
            pass

    def start(self, identifier: str) -> None:
        self._container(identifier).start()
        self._answer(None, 204)

    def wait(self, identifier: str) -> None:
        container = self._container(identifier)
        container.ended.wait(20)
        self._answer({"StatusCode": container.exit_code()})

    def inspect(self, identifier: str) -> None:
        container = self._container(identifier)
        state = {"Running": container.running, "OOMKilled": container.oom, "ExitCode": container.exit_code()}
        self._answer({"Id": identifier, "State": state, "Config": container.body})

    def stats(self, identifier: str) -> None:
        assert self.query["one-shot"] == "True"
        used = self._container(identifier).processor_nanoseconds()
        self._answer({"cpu_stats": {"cpu_usage": {"total_usage": used}}})

    def kill(self, identifier: str) -> None:
        container = self._container(identifier)
        container.kill()
        container.ended.wait(20)  # which it has when all of its outputs were taken
        self._answer(None, 204)

    def remove(self, identifier: str) -> None:
        container = self._container(identifier)
        if container.running and self.query.get("force") != "True":
            raise RefusalError(409, "cannot remove a running container")
        del self.engine.containers[identifier]
        container.end()
        self.engine.removed.append(identifier)
        self._answer(None, 204)


_ROUTES = [
    ("GET", r"/version", _Handler.version),
    ("GET", r"/info", _Handler.info),
    ("POST", r"/build", _Handler.build),
    ("GET", r"/images/json", _Handler.images),
    ("GET", r"/images/(.+)/json", _Handler.image),
    ("DELETE", r"/images/(.+)", _Handler.delete_image),
    ("GET", r"/containers/json", _Handler.list_containers),
    ("POST", r"/containers/create", _Handler.create),
    ("POST", r"/containers/(\w+)/attach", _Handler.attach),
    ("POST", r"/containers/(\w+)/start", _Handler.start),
    ("POST", r"/containers/(\w+)/wait", _Handler.wait),
    ("GET", r"/containers/(\w+)/json", _Handler.inspect),
    ("GET", r"/containers/(\w+)/stats", _Handler.stats),
    ("POST", r"/containers/(\w+)/kill", _Handler.kill),
    ("DELETE", r"/containers/(\w+)", _Handler.remove),
]
