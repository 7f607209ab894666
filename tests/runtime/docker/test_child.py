"""A process in a container: its streams, what it is confined to, how it ends, and that nothing is left of it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from learnware.errors import EnvironmentBuildError, SandboxError
from learnware.runtime import Environment, Limits
from learnware.runtime.container import ContainerChild, _owner, _settings

PYTHON = "/environment/bin/python"
IMAGE = "learnware-env:abc"
ENVIRONMENT = Environment("docker", "abc", Path(PYTHON), "3.11.7", (), image=IMAGE)
ECHO = "import sys\nwhile data := sys.stdin.buffer.read1(): sys.stdout.buffer.write(data); sys.stdout.buffer.flush()"
# Says that it has started.
SLEEP = "import sys, time; sys.stdout.buffer.write(b'!'); sys.stdout.buffer.flush(); time.sleep(600)"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "learnware"
    folder.mkdir()
    folder.chmod(0o755)
    return folder


@pytest.fixture
def start(engine):
    """Return a function that starts Python code in a container."""
    engine.add_image(IMAGE, {"Labels": {}, "Env": [], "Volumes": None})
    children = []

    def run(code: str, *, environment=ENVIRONMENT, **arguments) -> ContainerChild:
        child = ContainerChild([PYTHON, "-c", code], environment=environment, **arguments)
        children.append(child)
        child.sock.settimeout(60)
        return child

    yield run
    for child in children:
        child.close()


def receive(child: ContainerChild, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = child.sock.recv(min(count - len(data), 1 << 16))
        if not piece:
            break
        data += piece
    return data


def rest(child: ContainerChild) -> bytes:
    return receive(child, sys.maxsize)


def wait_until(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_bytes_go_there_and_back(start):
    child = start(ECHO)
    data = os.urandom(3_000_000)
    writer = threading.Thread(target=child.sock.sendall, args=(data,))
    writer.start()
    assert receive(child, len(data)) == data
    writer.join()
    assert child.sandbox == "docker"


def test_prints_are_apart_from_the_protocol(start):
    code = "import sys\nfor i in range(100): print(i, 'x' * 2000, file=sys.stderr); sys.stdout.write('%02d' % i)"
    child = start(code)
    assert rest(child) == b"".join(b"%02d" % number for number in range(100))
    child.close()
    assert child.output().endswith("99 " + "x" * 2000 + "\n")
    assert len(child.output()) == 1 << 16
    assert child.last_words().endswith("\n99 " + "x" * 297 + "…")


def test_what_is_asked_of_the_engine(start, engine, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr(os, "getgid", lambda: 99)
    monkeypatch.setenv("SECRET", "password")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    proxies = '{"proxies": {"default": {"httpProxy": "http://me:password@proxy.example"}}}'
    tmp_path.joinpath("config.json").write_text(proxies)
    link = tmp_path / "link"
    link.symlink_to(folder)
    other = tmp_path / "other"
    other.mkdir()
    limits = Limits(
        memory_bytes=300 << 20, processes=7, open_files=50, scratch_bytes=8 << 20, printed_bytes=1000, seconds=5
    )
    environment = replace(ENVIRONMENT, folders=(other,))
    start(ECHO, environment=environment, readable=[link, other, folder / ".." / "learnware"], limits=limits)
    body = engine.created[0]
    assert "password" not in str(body)

    def mount(target: Path, source: Path) -> dict[str, object]:
        options = {"Propagation": "rprivate", "NonRecursive": True}
        return {"Target": str(target), "Source": str(source), "Type": "bind", "ReadOnly": True, "BindOptions": options}

    assert body["HostConfig"] == {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Init": True,
        "IpcMode": "private",
        "PidsLimit": 7,
        "Memory": 300 << 20,
        "MemorySwap": 300 << 20,
        "ShmSize": 8 << 20,
        "Tmpfs": {"/tmp": f"rw,noexec,nosuid,nodev,mode=1777,size={8 << 20},nr_inodes=2048"},
        "Ulimits": [
            {"Name": "nofile", "Soft": 50, "Hard": 50},
            {"Name": "fsize", "Soft": 8 << 20, "Hard": 8 << 20},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "LogConfig": {"Type": "none", "Config": {}},
        "Mounts": [mount(other, other), mount(link, folder), mount(folder, folder)],
    }
    assert body["User"] == "1234:99"
    assert body["NetworkDisabled"] is True
    assert body["WorkingDir"] == "/tmp"
    assert sorted(body["Env"]) == ["HOME=/tmp", "OMP_NUM_THREADS=2", "TMPDIR=/tmp"]
    assert (body["OpenStdin"], body["StdinOnce"], body["AttachStdin"], body["Tty"]) == (True, True, True, False)
    assert body["Labels"] == _owner.owner_labels()
    assert "Privileged" not in body["HostConfig"]
    assert body.get("Entrypoint") is None


@pytest.mark.parametrize("options", [[], ["name=rootless"], ["name=userns"]])
def test_root_and_mapped_users_become_nobody(start, engine, folder, monkeypatch, options):
    monkeypatch.setattr(os, "getuid", lambda: 1000 if options else 0)
    engine.info["SecurityOptions"] += options
    start(ECHO, readable=[folder])
    assert engine.created[0]["User"] == "65534:65534"
    folder.chmod(0o700)
    with pytest.raises(SandboxError, match=r"cannot read .*chmod -R go\+rX"):
        start(ECHO, readable=[folder])
    assert len(engine.created) == 1


@pytest.mark.parametrize(
    ("answer", "lacks"),
    [
        ({"MemoryLimit": False}, "limit memory"),
        ({"PidsLimit": False}, "limit processes"),
        ({"SecurityOptions": []}, "filter system calls"),
        ({"SecurityOptions": ["name=seccomp,profile=unconfined"]}, "filter system calls"),
    ],
)
def test_an_engine_that_cannot_confine_is_refused(start, engine, answer, lacks):
    engine.info.update(answer)
    with pytest.raises(SandboxError, match=f"cannot {lacks}"):
        start(ECHO)
    assert not engine.created


@pytest.mark.parametrize("path", ["/", "/usr", "/proc/self", "/dev/shm", "/tmp", "/environment", "/environment/lib"])
def test_folders_of_the_container_itself_are_not_covered(start, engine, path):
    with pytest.raises(SandboxError, match="has its own there"):
        start(ECHO, readable=[Path(path)])
    assert not engine.created


def test_a_folder_that_the_engine_does_not_have(start, engine, folder, monkeypatch):
    monkeypatch.setattr(_settings, "_user", lambda options, paths: "1:1")
    with pytest.raises(SandboxError, match=r"starting a container failed: .*bind source path does not exist"):
        start(ECHO, readable=[folder / "missing"])
    assert not engine.containers


def test_an_environment_without_image(engine):
    with pytest.raises(SandboxError, match="no image"):
        ContainerChild([PYTHON], environment=replace(ENVIRONMENT, image=None))


def test_an_image_that_is_gone(engine):
    with pytest.raises(EnvironmentBuildError, match=f"no image {IMAGE} any more"):
        ContainerChild([PYTHON], environment=ENVIRONMENT)


def test_a_container_that_does_not_start_is_removed(start, engine, fakes):
    engine.refuse["POST /containers/.*/start"] = fakes.RefusalError(500, 'exec: "docker-init": not found')
    threads = threading.active_count()
    with pytest.raises(SandboxError, match="docker-init"):
        start(ECHO)
    assert not engine.containers
    assert len(engine.removed) == 1
    assert not [thread for thread in threading.enumerate() if "_carry" in thread.name], threads


def test_no_engine(engine):
    engine.close()
    with pytest.raises(SandboxError, match="no container engine answers"):
        ContainerChild([PYTHON], environment=ENVIRONMENT)


def test_close_kills_and_removes(start, engine):
    child = start(SLEEP)
    assert receive(child, 1) == b"!"
    process = next(iter(engine.containers.values())).process
    child.close()
    child.close()
    assert not engine.containers
    assert process.poll() == -signal.SIGKILL
    assert child.ending() == "was killed by signal 9 (Killed)"
    assert child.breach() is None


def test_a_forgotten_child_is_removed(engine, start):
    child = start(SLEEP)
    children = start.__closure__  # the fixture's list holds it, too
    for cell in children:
        if isinstance(cell.cell_contents, list):
            cell.cell_contents.clear()
    receive(child, 1)
    del child
    gc.collect()
    assert not engine.containers


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("import os; os._exit(255)", "ended with exit code 255"),
        ("import os; os.abort()", "was killed by signal 6 (Aborted)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "was killed by signal 11 (Segmentation fault)"),
    ],
)
def test_how_it_ended(start, code, words):
    child = start(code)
    assert rest(child) == b""
    child.close()
    assert child.ending() == words
    assert child.breach() is None


@pytest.mark.parametrize("closed_first", [True, False])
def test_memory_is_the_kernel_s_word(start, closed_first):
    code = "import sys; sys.stdin.read(1); held = [bytearray(b'x') * (1 << 24) for _ in range(100)]; sys.stdin.read()"
    child = start(code, limits=Limits(memory_bytes=200 << 20))
    child.begin()
    child.sock.sendall(b"go")
    assert rest(child) == b""
    if closed_first:
        child.close()
    limit, words = child.breach()
    assert limit == "memory_bytes"
    assert words == f"its processes needed more than {200 << 20} bytes of memory"
    child.close()
    assert child.breach() == (limit, words)


def test_printing_without_end(start):
    code = "import sys\nwhile True: sys.stderr.write('x' * 10000)"
    child = start(code, limits=Limits(printed_bytes=1_000_000))
    child.begin()
    assert rest(child) == b""
    assert child.breach() == ("printed_bytes", "it printed more than 1000000 bytes")
    child.close()
    assert child.ending() == "was killed by signal 9 (Killed)"


def test_prints_count_for_each_call(start):
    code = (
        "import sys\nfor line in sys.stdin.buffer:\n    sys.stderr.write('x' * 600); sys.stderr.flush()\n"
        "    sys.stdout.buffer.write(b'.'); sys.stdout.buffer.flush()"
    )
    child = start(code, limits=Limits(printed_bytes=1000))
    for number in range(1, 6):
        child.begin()
        child.sock.sendall(b"\n")
        assert receive(child, 1) == b"."
        wait_until(lambda: len(child.output()) == 600 * number)  # noqa: B023  # the streams are apart
        child.end()
    assert child.breach() is None


def test_processor_time(start):
    child = start("while True: pass", limits=Limits(cpu_seconds=0.2))
    child.begin()
    assert rest(child) == b""
    assert child.breach() == ("cpu_seconds", "it used more than 0.2 seconds of processor time")


def test_processor_time_counts_during_calls_only(start, engine):
    child = start(SLEEP, limits=Limits(cpu_seconds=0.2))
    receive(child, 1)
    child.begin()
    child.end()
    child.close()
    assert child.breach() is None
    assert not [thread for thread in threading.enumerate() if "watch" in thread.name]


def test_the_container_s_input_ends_with_the_parent_s_socket(start, engine):
    child = start("import sys; sys.stdin.read(); sys.stderr.write('end'); sys.exit(7)")
    container = next(iter(engine.containers.values()))
    child.sock.close()
    assert container.ended.wait(20)
    child.close()
    assert child.output() == "end"


def test_writing_to_a_container_that_has_ended_fails(start):
    child = start("pass")
    assert rest(child) == b""
    with pytest.raises(OSError, match=r"pipe|reset"):
        child.sock.sendall(bytes(1 << 24))


# The SDK leaves its socket to the garbage collector where it cannot connect.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_engine_goes_away(start, engine):
    child = start(SLEEP)
    assert receive(child, 1) == b"!"
    engine.close()
    assert rest(child) == b""
    child.close()
    assert child.breach() is None
    assert child.ending().startswith("was killed")


def test_close_wakes_a_reader_in_another_thread(start):
    child = start(SLEEP)
    receive(child, 1)
    answers = []
    reader = threading.Thread(target=lambda: answers.append(rest(child)))
    reader.start()
    child.close()
    reader.join(20)
    assert answers == [b""]


OWNER = """
import os, signal, sys
from pathlib import Path
from learnware.runtime import Environment
from learnware.runtime.container import ContainerChild
environment = Environment("docker", "abc", Path({python!r}), "3.11.7", (), image={image!r})
child = ContainerChild([{python!r}, "-c", {code!r}], environment=environment)
child.sock.recv(1)
{then}
"""


def own(code: str, then: str) -> None:
    script = OWNER.format(python=PYTHON, image=IMAGE, code=code, then=then)
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=False, timeout=60)


def test_the_end_of_the_interpreter_removes_the_container(start, engine):
    own(SLEEP, "")
    assert len(engine.created) == 1
    assert not engine.containers


def test_a_fork_that_ends_leaves_the_container(start, engine):
    own(
        SLEEP,
        "if os.fork() == 0: sys.exit()\nos.wait()\nos.abort()",
    )
    assert len(engine.containers) == 1


def test_a_killed_owner_s_container_ends_by_itself_and_is_removed_at_the_next_start(start, engine):
    own(
        "import sys; sys.stdout.write('!'); sys.stdout.flush(); sys.stdin.read()",
        "os.kill(os.getpid(), signal.SIGKILL)",
    )
    container = next(iter(engine.containers.values()))
    assert container.ended.wait(20)
    start(ECHO)
    assert container.id in engine.removed
    assert len(engine.containers) == 1


def test_what_does_not_end_by_itself_is_killed_at_the_next_start(start, engine):
    own(SLEEP, "os.kill(os.getpid(), signal.SIGKILL)")
    container = next(iter(engine.containers.values()))
    assert container.running
    start(ECHO)
    assert container.process.poll() == -signal.SIGKILL
    assert container.id in engine.removed


def test_containers_of_others_stay(start, engine, fakes):
    first = start(SLEEP)
    elsewhere = {
        **_owner.owner_labels(),
        "org.learnware.owner.place": "another machine",
        "org.learnware.owner.pid": "1",
    }
    other = fakes.Container({"Labels": elsewhere, "Image": "x", "HostConfig": {}})
    engine.containers[other.id] = other
    second = start(ECHO)
    assert len(engine.containers) == 3
    for child in (first, second):
        child.close()
    assert list(engine.containers.values()) == [other]


def test_whose_process_lives():
    mine = _owner.owner_labels()
    assert _owner.is_alive(mine)
    assert not _owner.is_alive({**mine, "org.learnware.owner.started": "another boot 1"})
    assert _owner.is_alive({**mine, "org.learnware.owner.started": ""})
    assert _owner.is_alive({"org.learnware.owner.pid": "x"})
    assert _owner.is_alive({})
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        pass
    for started in ("", "some boot 5"):
        labels = {**mine, "org.learnware.owner.pid": str(process.pid), "org.learnware.owner.started": started}
        assert not _owner.is_alive(labels)
