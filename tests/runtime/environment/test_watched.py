from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._watched import redacted, run_watched


def run(code: str, **options):
    options = {"what": "the test", "stall_seconds": 60.0, **options}
    return run_watched([sys.executable, "-c", code], **options)


def test_what_a_program_says():
    lines: list[str] = []
    done = run(
        "import sys; print(sys.stdin.read().upper()); sys.stderr.write('one\\ntwo\\n'); sys.exit(3)",
        stdin="text",
        on_line=lines.append,
    )
    assert (done.code, done.output, done.log) == (3, "TEXT\n", "one\ntwo\n")
    assert lines == ["one", "two"]
    assert done.end == "one\ntwo"


def test_much_output_and_much_input():
    done = run("import sys; n = len(sys.stdin.read()); print('x' * n)", stdin="y" * 3_000_000)
    assert done.code == 0
    assert len(done.output) <= 1 << 20


def test_a_program_that_is_not_there():
    with pytest.raises(EnvironmentBuildError, match="the test: /nonexistent/program cannot be started"):
        run_watched(["/nonexistent/program"], what="the test", stall_seconds=1)


def test_a_silent_program_that_works_does_not_stall():
    code = "import time; end = time.process_time() + 1.2\nwhile time.process_time() < end: pass\nprint('done')"
    assert run(code, stall_seconds=0.5).output == "done\n"


def test_a_program_that_does_not_read_its_input_stalls():
    with pytest.raises(EnvironmentBuildError, match=r"the test was stopped: it did nothing for 0.5 seconds") as caught:
        run("import sys, signal; print('last', file=sys.stderr, flush=True); signal.pause()",
            stall_seconds=0.5, stdin="y" * 1_000_000)  # fmt: skip
    assert caught.value.log == "last"


def test_a_program_that_never_ends():
    with pytest.raises(EnvironmentBuildError, match=r"it took more than 0.5 seconds"):
        run("while True: pass", step_seconds=0.5)


def test_an_error_of_the_listener_ends_the_program(gone):
    pids: list[int] = []

    def stop(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("import os, sys, signal; sys.stderr.write(f'{os.getpid()}\\n'); sys.stderr.flush(); signal.pause()",
            on_line=stop)  # fmt: skip
    assert gone(pids[0])


def test_nothing_stays_behind():
    threads, files = threading.active_count(), len(list(Path("/dev/fd").iterdir()))
    runs = 10
    for _ in range(runs):
        run("print('x')", stdin="y")
    # What a run left would be there ten times; a thread of another test may come or open a file meanwhile.
    assert threading.active_count() < threads + runs // 2
    assert len(list(Path("/dev/fd").iterdir())) < files + runs // 2


def test_credentials_are_not_shown():
    text = "from https://me:se%20cret@index.example/simple and git+ssh://token@host/x, mail me@home"
    assert redacted(text) == "from https://***@index.example/simple and git+ssh://***@host/x, mail me@home"
