"""Which level is chosen, and why others cannot be had."""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from learnware.errors import SandboxError
from learnware.runtime.sandbox import SANDBOX_LEVELS, Child, _landlock, _levels, choose_sandbox, sandbox_report

from .conftest import level_or_skip


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing is remembered from other tests, nor for them, and the variable is not set."""
    monkeypatch.delenv("LEARNWARE_SANDBOX", raising=False)
    _levels._reason.cache_clear()
    yield
    _levels._reason.cache_clear()


@pytest.fixture
def bwrap(monkeypatch, tmp_path):
    """Return a function that puts a program named bwrap first on the path."""

    def write(script: str) -> None:
        program = tmp_path / "bwrap"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return write


def test_the_best_level_that_works():
    report = sandbox_report()
    assert list(report) == list(SANDBOX_LEVELS)
    assert report["none"] is None
    working = [level for level in SANDBOX_LEVELS[:-1] if report[level] is None]
    if working:
        assert choose_sandbox() == working[0]
    else:
        with pytest.raises(SandboxError, match="no sandbox can be had here"):
            choose_sandbox()


def test_a_level_by_name(any_level, monkeypatch):
    assert choose_sandbox(any_level) == any_level
    monkeypatch.setenv("LEARNWARE_SANDBOX", any_level)
    assert choose_sandbox() == any_level
    assert choose_sandbox("none") == "none"


def test_unknown_levels(monkeypatch, environment):
    with pytest.raises(SandboxError, match="sandbox is 'jail'; expected one of bubblewrap, landlock, none"):
        choose_sandbox("jail")
    with pytest.raises(SandboxError, match="sandbox is 'jail'"):
        Child(["true"], sandbox="jail", environment=environment)
    monkeypatch.setenv("LEARNWARE_SANDBOX", "jail")
    with pytest.raises(SandboxError, match="LEARNWARE_SANDBOX is 'jail'"):
        choose_sandbox()


def test_bubblewrap_that_fails(bwrap):
    bwrap("echo 'bwrap: No permissions to create a new namespace' >&2; exit 1")
    reason = sandbox_report()["bubblewrap"]
    assert reason == "bubblewrap cannot make a sandbox here: bwrap: No permissions to create a new namespace"
    with pytest.raises(SandboxError, match=r"'bubblewrap' cannot be had here.*No permissions"):
        choose_sandbox("bubblewrap")


def test_bubblewrap_that_cannot_give_the_launcher_its_rights(bwrap):
    level_or_skip("bubblewrap")
    _levels._reason.cache_clear()
    real = shutil.which("bwrap")
    bwrap(f'for a do shift; case "$a" in --cap-add) a=--cap-drop;; esac; set -- "$@" "$a"; done; exec {real} "$@"')
    assert sandbox_report()["bubblewrap"].startswith("the sandbox could not be set up: ")


def test_bubblewrap_that_is_not_installed(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "install the package bubblewrap" in sandbox_report()["bubblewrap"]


@pytest.mark.parametrize(("version", "words"), [(0, "none, or it is switched off"), (5, "version 5")])
def test_landlock_that_is_too_old(monkeypatch, version, words):
    monkeypatch.setattr(_landlock, "landlock_abi", lambda: version)
    assert words in sandbox_report()["landlock"]


def test_without_any(bwrap, monkeypatch, environment):
    bwrap("echo 'bwrap: no' >&2; exit 1")
    monkeypatch.setattr(_landlock, "landlock_abi", lambda: 0)
    with pytest.raises(SandboxError) as caught:
        choose_sandbox()
    for words in ("bubblewrap: ", "bwrap: no", "landlock: ", "Linux 6.12", "docker", "sandbox='none'"):
        assert words in str(caught.value)
    with pytest.raises(SandboxError, match="Landlock 6"):
        Child(["true"], sandbox="landlock", environment=environment)
    monkeypatch.setenv("LEARNWARE_SANDBOX", "none")
    assert choose_sandbox() == "none"


def test_other_systems(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert sandbox_report() == {
        "bubblewrap": "it needs Linux; this is darwin",
        "landlock": "it needs Linux; this is darwin",
        "none": None,
    }


def test_other_processors(monkeypatch):
    from learnware.runtime.sandbox._seccomp import seccomp_program

    level_or_skip("landlock")
    _levels._reason.cache_clear()
    seccomp_program.cache_clear()
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "riscv64" in sandbox_report()["landlock"]


def test_landlock_that_does_not_keep_signals(monkeypatch):
    """The guard kills by a call that would reach every process of this user without that; so it does not start."""
    level_or_skip("landlock")
    _levels._reason.cache_clear()
    monkeypatch.setattr(_landlock, "_SCOPED", 1)
    assert "does not keep signals inside" in sandbox_report()["landlock"]


@pytest.mark.parametrize("path", ["/", "/nowhere/at/all"])
def test_what_cannot_be_made_readable(level, environment, path):
    with pytest.raises(SandboxError, match="cannot be made readable"):
        Child(["true"], sandbox=level, environment=environment, readable=(Path(path),))


@pytest.fixture
def everybodys_folder():
    """A folder with what the sandbox imports, which every user may read; that of pytest is for its owner only."""
    with tempfile.TemporaryDirectory(prefix="learnware-test-") as folder:
        for name in ("learnware", "lazy_loader", "packaging"):
            source = Path(importlib.import_module(name).__file__).parent
            shutil.copytree(source, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become another user")
@pytest.mark.parametrize("level", SANDBOX_LEVELS[:-1])
def test_as_a_normal_user(level, everybodys_folder):
    level_or_skip(level)
    python = next(
        (path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if _is_usable(path)),
        None,
    )
    if python is None:
        pytest.skip("there is no Python that every user may run")
    code = f"""
import os, sys, json
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
from pathlib import Path
from learnware.runtime.environment import Environment
from learnware.runtime.sandbox import Child, Limits, sandbox_report
assert sandbox_report()[{level!r}] is None, sandbox_report()
environment = Environment("current", "x", Path(sys.executable), "3", (Path(sys.prefix),))
inner = '''
import os, socket, time
sock = socket.socket(fileno=os.dup(0))
tried = []
for path in ("/etc/passwd", "/proc/sys/kernel/core_pattern", "/usr/x"):
    try: os.open(path, os.O_RDONLY if path == "/etc/passwd" else os.O_RDWR | os.O_CREAT)
    except OSError: tried.append(path)
count = 0
try:
    while count < 40:
        if os.fork() == 0: time.sleep(1000)
        count += 1
except OSError: pass
if count == 40: time.sleep(60)  # the watch ends it
fields = [line.split() for line in open("/proc/self/status") if line.startswith(("CapEff", "Uid"))]
sock.send(repr((len(tried), count, fields)).encode())
'''
child = Child([sys.executable, "-I", "-S", "-c", inner], sandbox={level!r}, environment=environment,
              limits=Limits(processes=20))
child.sock.settimeout(60)
answer = child.sock.recv(4096)
child.close()
print(answer.decode() or child.breach())
assert child.failed_start() is None, child.failed_start()
"""
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": everybodys_folder, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, "-c", code], env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answer = done.stdout.strip()
    if answer.startswith("('processes'"):
        assert level == "landlock"
        return
    tried, count, fields = ast.literal_eval(answer)
    assert tried == 3
    assert count <= 20
    assert fields[0] == ["Uid:", "65534", "65534", "65534", "65534"]
    assert int(fields[1][1], 16) == 0


def _is_usable(python: str) -> bool:
    code = "import sys; sys.exit(sys.version_info < (3, 10))"
    return Path(python).exists() and subprocess.run([python, "-c", code], check=False).returncode == 0
