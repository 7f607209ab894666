"""A benchmark that is killed leaves nothing behind."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = """
import subprocess, sys, time
from benchmarks.dock.keeper import kept_folder

started = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL, start_new_session=True).pid)"
with kept_folder("outer-") as outer, kept_folder("inner-") as inner:
    daemon = subprocess.check_output([sys.executable, "-c", started], text=True)
    print(daemon.strip(), outer, inner, flush=True)
    sys.stdin.readline()
"""


def start() -> tuple[subprocess.Popen[str], int, list[Path]]:
    """Start a benchmark with a process whose parent has ended; return both, and the folders."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    daemon, *folders = process.stdout.readline().split()
    return process, int(daemon), [Path(folder) for folder in folders]


def test_processes_and_folders_of_a_killed_benchmark_are_gone() -> None:
    process, daemon, folders = start()
    assert all(folder.is_dir() for folder in folders)
    ended = os.pidfd_open(daemon)
    with process:
        process.kill()
    assert select.select([ended], [], [], 30)[0], "the process lives"
    os.close(ended)
    give_up = time.monotonic() + 30
    while any(folder.exists() for folder in folders):
        assert time.monotonic() < give_up, "the folders are there"


def test_folders_of_a_benchmark_that_ends_are_gone() -> None:
    process, daemon, folders = start()
    with process:
        _, _ = process.communicate("end\n")
    assert process.returncode == 0
    assert not any(folder.exists() for folder in folders)
    # It was the benchmark's to end what it had started.
    os.kill(daemon, 9)
