"""Models in containers: asked like all others, by the engine for tests, and by a real one where there is one."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import numpy as np
import pytest

from learnware.errors import EnvironmentBuildError, ModelError, ModelTimeoutError, ResourceLimitError, SandboxError
from learnware.runtime import Environment, Limits, ModelProcess
from learnware.runtime.container._engine import connect
from learnware.runtime.environment import EnvironmentStore, Requirements

ENVIRONMENT = Environment("docker", "abc", Path("/environment/bin/python"), "3.11.7", (), image="learnware-env:abc")
CONFIG = {"class_name": "Model", "kwargs": {}}


@pytest.fixture
def learnware(tmp_path):
    """Return a function that writes a learnware whose predict has the given body."""

    def write(body: str) -> Path:
        folder = tmp_path / "learnware"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        code = (
            "import os, sys, time\nimport numpy as np\nfrom learnware.model import BaseModel\n\n\n"
            "class Model(BaseModel):\n    def __init__(self):\n        super().__init__((3,), None)\n\n"
            f"    def predict(self, X):\n{textwrap.indent(textwrap.dedent(body), ' ' * 8)}\n"
        )
        (folder / "__init__.py").write_text(code, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def image(engine):
    return engine.add_image(ENVIRONMENT.image, {"Labels": {}, "Env": [], "Volumes": None})


def start(folder: Path, environment: Environment = ENVIRONMENT, **arguments: object) -> ModelProcess:
    return ModelProcess(folder, CONFIG, environment=environment, **arguments)


@pytest.mark.usefixtures("image")
def test_a_model_answers(engine, learnware):
    folder = learnware("print('hello'); os.write(1, b'raw'); return X * 2")
    rows = np.arange(30_000.0).reshape(-1, 3)
    with start(folder) as process:
        assert process.sandbox == "docker"
        np.testing.assert_array_equal(process.predict(rows), rows * 2)
        np.testing.assert_array_equal(process.predict(rows, batch_size=999), rows * 2)
        assert "hello" in process.output
        assert "raw" in process.output
        targets = [mount["Target"] for mount in engine.created[0]["HostConfig"]["Mounts"]]
        assert targets[0] == str(folder)
        assert all(Path(target, "main.py").exists() for target in targets[1:])
    # Under any of its names it is the same folder.
    other = folder.with_name("link")
    other.symlink_to(folder, target_is_directory=True)
    with start(other / ".." / folder.name) as process:
        np.testing.assert_array_equal(process.predict(rows), rows * 2)
    [first, second] = [one["HostConfig"]["Mounts"] for one in engine.created]
    assert first == second
    assert not engine.containers


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("raise ValueError('no')", ModelError, "ValueError: no"),
        ("os._exit(3)", ModelError, "ended with exit code 3"),
        ("os.kill(os.getpid(), 11)", ModelError, r"signal 11 \(Segmentation fault\)"),
        ("time.sleep(600)", ModelTimeoutError, "more than 3 seconds"),
        ("held = [bytearray(b'x') * (1 << 24) for _ in range(60)]; time.sleep(60)", ResourceLimitError, "memory"),
        ("while True: sys.stderr.write('x' * 10000)", ResourceLimitError, "printed more than 1000000 bytes"),
        ("while True: os.write(os.dup(4), b'x' * 10000)", ModelError, "predict answered"),
    ],
)
def test_failures_are_those_of_other_sandboxes(engine, learnware, body, error, words):
    limits = Limits(seconds=3, memory_bytes=400 << 20, printed_bytes=1_000_000)
    with start(learnware(body), limits=limits) as process, pytest.raises(error, match=words):
        process.predict(np.zeros((2, 3)))
    assert not engine.containers


def test_another_sandbox_cannot_be_had_in_a_container(engine, learnware):
    with pytest.raises(SandboxError, match="docker"):
        start(learnware("return X"), sandbox="bubblewrap").describe()


def test_no_engine(engine, learnware):
    engine.close()
    with pytest.raises(SandboxError, match="no container engine answers"):
        start(learnware("return X")).describe()


@pytest.fixture(scope="module")
def real_environment(tmp_path_factory):
    """Return an environment in a real engine; the test is skipped unless one was asked for and answers."""
    if os.environ.get("LEARNWARE_TEST_DOCKER", "") in {"", "0"}:
        pytest.skip("set LEARNWARE_TEST_DOCKER=1 to run learnwares in containers of a real engine")
    pytest.importorskip("docker")
    try:
        connect(SandboxError).close()
    except SandboxError as error:
        pytest.skip(str(error))
    store = EnvironmentStore(tmp_path_factory.mktemp("store"))
    try:
        environment = store.provide(Requirements(python="==3.11.*", requirements=("numpy==1.26.4",)), "docker")
    except EnvironmentBuildError as error:
        if "cannot be resolved" in str(error) or "pull access" in str(error) or "dial tcp" in str(error):
            pytest.skip(f"no package index or registry: {error}")
        raise
    yield environment
    client = connect(SandboxError)
    client.remove_image(environment.image)
    client.close()


# Each tells what it could do, which is nothing; numbers come back, 1 for what was refused.
TRIALS = """
import glob, socket, subprocess

def refused(trial):
    try:
        trial()
    except OSError:
        return 1
    return 0

def status(name):
    with open('/proc/self/status') as file:
        return [line.split()[1] for line in file if line.startswith(name + ':')][0]

def fill():
    with open('/tmp/file', 'wb') as file:
        for _ in range(100):
            file.write(bytes(1 << 20))

def fork():
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(60)

trials = [
    refused(lambda: open('/file', 'w')),
    refused(lambda: open('/environment/file', 'w')),
    refused(lambda: open(os.path.join(os.path.dirname(__file__), 'file'), 'w')),
    refused(lambda: socket.create_connection(('1.1.1.1', 53), timeout=3)),
    refused(lambda: socket.getaddrinfo('example.org', 443)),
    refused(lambda: os.setuid(0)),
    refused(lambda: os.stat(OUTSIDE)),
    refused(fill),
    refused(fork),
    int(os.getuid() != 0),
    int(int(status('CapEff'), 16) == 0 and int(status('CapBnd'), 16) == 0),
    int(status('NoNewPrivs') == '1'),
    int(status('Seccomp') == '2'),
    int(sum(name.isdigit() for name in os.listdir('/proc')) < 30),
    int('SECRET' not in os.environ),
    int(np.__version__ == '1.26.4'),
]
return np.array(trials)
"""


def test_a_real_engine_confines(real_environment, learnware, monkeypatch):
    monkeypatch.setenv("SECRET", "password")
    limits = Limits(scratch_bytes=16 << 20, processes=20)
    trials = TRIALS.replace("OUTSIDE", repr(__file__))
    with start(learnware(trials), real_environment, limits=limits) as process:
        answers = process.predict(np.zeros((16, 3)))
    np.testing.assert_array_equal(answers, np.ones(16))


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("held = [bytearray(b'x') * (1 << 24) for _ in range(60)]; time.sleep(60)", ResourceLimitError, "memory"),
        ("while True: sys.stderr.write('x' * 10000)", ResourceLimitError, "printed more than"),
        ("while True: pass", ModelTimeoutError, "processor time"),
        ("time.sleep(600)", ModelTimeoutError, "more than 20 seconds"),
        ("os._exit(3)", ModelError, "ended with exit code 3"),
        ("os.kill(os.getpid(), 11)", ModelError, "signal 11"),
    ],
)
def test_a_real_engine_ends_what_breaks_a_limit(real_environment, learnware, body, error, words):
    limits = Limits(seconds=20, cpu_seconds=5, memory_bytes=400 << 20, printed_bytes=1_000_000)
    with start(learnware(body), real_environment, limits=limits) as process, pytest.raises(error, match=words):
        process.predict(np.zeros((2, 3)))
    client = connect(SandboxError)
    try:
        mine = {"label": [f"org.learnware.owner.pid={os.getpid()}"]}
        assert client.containers(all=True, filters=mine) == []
    finally:
        client.close()


def test_a_real_engine_carries_large_arrays(real_environment, learnware):
    rows = np.random.default_rng(0).normal(size=(200_000, 64))
    with start(learnware("return X[:, :32] + 1"), real_environment) as process:
        np.testing.assert_array_equal(process.predict(rows, batch_size=10_000), rows[:, :32] + 1)
