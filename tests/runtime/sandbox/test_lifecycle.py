"""From the start to the end: nothing of a program outlives its child object, or the process that made it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from learnware.runtime.sandbox import Child

from .conftest import wait_until

DAEMONS = """
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            import signal
            for number in range(1, 65):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            for descriptor in (0, 1, 2, _sock.fileno()):
                os.close(descriptor)
            while True: time.sleep(1000)
        os._exit(0)
    os.wait()
"""


def test_daemons_are_gone_after_close(start, level):
    program = start(DAEMONS + "tell('ready'); time.sleep(1000)", level)
    assert program.told() == "ready"
    assert len(program.processes()) >= 6
    program.child.close()
    assert program.processes() == []


@pytest.mark.parametrize("ending", ["os._exit(3)", "os.kill(os.getpid(), 11)"])
def test_daemons_are_gone_where_the_program_ends_by_itself(start, level, ending):
    program = start(DAEMONS + ending, level)
    assert wait_until(lambda: program.child._tree.process.poll() is not None)
    program.child.close()
    assert program.processes() == []
    assert ("exit code 3" if "3" in ending else "signal 11") in program.child.ending()


def test_processes_that_fork_on_and_on(start, level):
    program = start(
        """
        tell("ready")
        while True:
            try:
                if os.fork(): os._exit(0)  # its child goes on, under another number each time
            except BlockingIOError:
                pass
        """,
        level,
        processes=50,
    )
    assert program.told() == "ready"
    program.child.close()
    assert program.processes() == []


@pytest.mark.parametrize("level", ["landlock", "none"], indirect=True)
def test_deep_and_locked_folders_are_removed(start, level):
    program = start(
        """
        os.mkdir("locked")
        open("locked/file", "w").close()
        os.mkdir("locked/inner", 0)
        os.chmod("locked", 0)
        home = os.getcwd()
        for _ in range(1100):
            os.mkdir("d"); os.chdir("d")
        open("file", "w").close()
        os.symlink(home, "up")
        tell("ready")
        """,
        level,
    )
    assert program.told() == "ready"
    scratch = Path(program.child._tree.scratch)
    assert scratch.exists()
    program.child.close()
    assert not scratch.exists()


def test_close_twice_and_from_another_thread(start, any_level):
    program = start("tell('ready'); time.sleep(1000)", any_level)
    assert program.told() == "ready"
    threads = [threading.Thread(target=program.child.close) for _ in range(4)]
    for thread in threads:
        thread.start()
    program.ended()
    for thread in threads:
        thread.join()
    program.child.close()


def test_a_child_outlives_the_thread_that_started_it(start, any_level):
    programs = []
    thread = threading.Thread(
        target=lambda: programs.append(start("tell('ready'); _sock.recv(1); tell('there')", any_level))
    )
    thread.start()
    thread.join()
    (program,) = programs
    assert program.told() == "ready"
    assert wait_until(lambda: not Path(f"/proc/self/task/{thread.native_id}").exists())
    program.child.sock.send(b"x")
    assert program.told() == "there"


def test_a_forgotten_child_ends(start, any_level, environment):
    child = Child(
        [str(environment.python), "-I", "-c", "import time; time.sleep(1000)"],
        sandbox=any_level,
        environment=environment,
    )
    process = child._tree.process
    del child
    gc.collect()
    assert process.returncode is not None


def test_nothing_adds_up(start, any_level, environment):
    def once() -> None:
        program = start("tell('ready'); time.sleep(1000)", any_level)
        assert program.told() == "ready"
        program.child.close()
        program.child.last_words()

    def threads() -> set[str]:
        return {thread.name for thread in threading.enumerate()}

    once()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        once()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert wait_until(lambda: not {"learnware-watch", "learnware-reader"} & threads())


OWNER = """
import os, sys, time
from learnware.runtime.environment import current_environment
from learnware.runtime.sandbox import Child
environment = current_environment()
code = sys.argv[3]
child = Child([str(environment.python), "-I", "-c", code, sys.argv[2]], sandbox=sys.argv[1], environment=environment)
assert child.sock.recv(5) == b"ready"
print(child._tree.scratch or "", flush=True)
{then}
"""

# All of the time is spent in one call of C, which never gives way to another thread.
SPIN = "import os, socket; socket.socket(fileno=os.dup(0)).send(b'ready'); 'x' * 10 in map(str.__len__, iter(str, 1))"


def processes_with(marker: str) -> list[str]:
    return [folder.name for folder in Path("/proc").iterdir() if folder.name.isdigit() and _has(folder, marker)]


def _has(folder: Path, marker: str) -> bool:
    try:
        arguments = (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return marker.encode() in arguments and b"-c" in arguments


def test_a_killed_owner_leaves_nothing(level, tmp_path):
    marker = f"owner-{os.getpid()}-{tmp_path.name}-{level}"
    command = [sys.executable, "-c", OWNER.format(then="time.sleep(1000)"), level, marker, SPIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        scratch = owner.stdout.readline().strip()
        assert len(processes_with(marker)) == 2
        owner.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not processes_with(marker))
    assert not scratch or wait_until(lambda: not Path(scratch).exists())


def test_an_owner_that_ends_leaves_nothing(any_level, tmp_path):
    marker = f"owner-{os.getpid()}-{tmp_path.name}-{any_level}"
    command = [sys.executable, "-c", OWNER.format(then=""), any_level, marker, SPIN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert processes_with(marker) == []
    scratch = done.stdout.strip()
    assert not scratch or not Path(scratch).exists()


def test_a_fork_of_the_owner_starts_its_own_and_ends_none(any_level, tmp_path):
    then = textwrap.dedent(
        """
        pid = os.fork()
        if pid == 0:
            code = "import os; os.write(0, b'inner')"
            inner = Child([str(environment.python), "-I", "-c", code], sandbox=sys.argv[1], environment=environment)
            answer = inner.sock.recv(5)
            inner.close()
            del child
            sys.exit(0 if answer == b"inner" else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), child._tree.process.poll())
        child.sock.settimeout(10)
        child.sock.send(b"x")
        print(child.sock.recv(5))
        """
    )
    code = "import os, socket; s = socket.socket(fileno=os.dup(0)); s.send(b'ready')"
    code += "; s.recv(1); s.send(b'there'); s.recv(1)"
    command = [sys.executable, "-W", "ignore", "-c", OWNER.format(then=then), any_level, f"fork-{tmp_path.name}", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[1:] == ["0 None", "b'there'"], done.stderr


def test_a_program_that_cannot_be_run(any_level, environment):
    command = ["/nowhere/python", "-c", "pass"]
    if any_level == "none":
        with pytest.raises(FileNotFoundError):
            Child(command, sandbox=any_level, environment=environment)
        return
    child = Child(command, sandbox=any_level, environment=environment)
    assert child.sock.recv(1) == b""
    child.close()
    assert "No such file" in child.failed_start()
