"""What a tree of processes uses, as the kernel tells it in /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Usage", "bytes_on_disk", "mapped_shared_memory", "proportional_memory", "tree_usage"]

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
# Of /proc/PID/stat, counted from the field after the name: parent, times of the process and of its reaped children.
_PARENT, _TIMES, _THREADS = 1, slice(11, 15), 17


class Usage(NamedTuple):
    """What a tree of processes uses.

    Attributes
    ----------
    processes : list of int
        The numbers of the processes.
    threads : int
        All threads of theirs.
    cpu_seconds : float
        Processor time, that of ended processes included where somebody in the tree has waited for them.
    memory_bytes : int
        Memory that is not backed by files; what processes share is counted for each of them.
    """

    processes: list[int]
    threads: int
    cpu_seconds: float
    memory_bytes: int


def tree_usage(root: int) -> Usage:
    """Return what a process and all that it has started use; processes that have ended meanwhile count for nothing."""
    processes, threads, ticks, memory = [], 0, 0, 0
    waiting, children = [root], None if _lists_children() else _children_of_all()
    while waiting:
        process = waiting.pop()
        try:
            fields = _stat(process)
            waiting += _children(process) if children is None else children.get(process, [])
            memory += _kilobytes(f"/proc/{process}/status", ("RssAnon:", "RssShmem:", "VmSwap:"))
        except OSError:
            continue
        processes.append(process)
        threads += int(fields[_THREADS])
        ticks += sum(map(int, fields[_TIMES]))
    return Usage(processes, threads, ticks / _TICKS, memory << 10)


def proportional_memory(processes: list[int]) -> int | None:
    """Return their memory that is not backed by files, in bytes, each shared page once; None if that is not told."""
    total = 0
    for process in processes:
        try:
            total += _kilobytes(f"/proc/{process}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))
        except PermissionError:  # noqa: PERF203  # some of them may have ended
            return None
        except OSError:
            continue
    return total << 10 if total else None


def mapped_shared_memory(processes: list[int]) -> int:
    """Return the size of the shared memory without a name that they have mapped, each piece once.

    It may be full and yet count for none of them: a fork has touched nothing of what its parent filled and let go of.
    """
    largest: dict[str, int] = {}
    for process in processes:
        sizes: dict[str, int] = {}
        try:
            with Path(f"/proc/{process}/maps").open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if line.endswith("/dev/zero (deleted)\n"):
                        region, _, _, _, number, _ = line.split(maxsplit=5)
                        start, end = (int(value, 16) for value in region.split("-"))
                        sizes[number] = sizes.get(number, 0) + end - start
        except OSError:
            continue  # it has ended
        for number, size in sizes.items():
            largest[number] = max(size, largest.get(number, 0))
    return sum(largest.values())


def bytes_on_disk(folder: str, processes: list[int], most_files: int) -> int | None:
    """Return the space that a folder takes, removed files that are in use included; None for too many."""
    total, files, waiting = 0, 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if files > most_files:
                        return None
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:  # noqa: PERF203  # what was listed may be gone
            continue
    removed: dict[int, int] = {}
    for process in processes:
        removed |= _removed_files(process, folder)
    return total + sum(removed.values())


def _removed_files(process: int, folder: str) -> dict[int, int]:
    """Return the sizes of removed files of a folder that a process has open or mapped, by their numbers."""
    found: dict[int, int] = {}
    try:
        device = Path(folder).stat().st_dev
        for name in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208  # names, not paths
            try:
                status = Path(f"/proc/{process}/fd/{name}").stat()
            except OSError:
                continue
            if status.st_nlink == 0 and status.st_dev == device and status.st_blocks:
                found[status.st_ino] = status.st_blocks * 512
        with Path(f"/proc/{process}/maps").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.endswith(" (deleted)\n") and folder in line:
                    region, _, _, _, number, _ = line.split(maxsplit=5)
                    start, end = (int(value, 16) for value in region.split("-"))
                    found[int(number)] = max(found.get(int(number), 0), end - start)
    except OSError:
        pass  # it has ended
    return found


def _stat(process: int) -> list[str]:
    text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    return text[text.rindex(")") + 2 :].split()


def _lists_children() -> bool:
    # Kernels may be built without these files.
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()


def _children(process: int) -> list[int]:
    found: list[int] = []
    for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208  # names, not paths
        try:
            found += map(int, Path(f"/proc/{process}/task/{thread}/children").read_text(encoding="ascii").split())
        except OSError:  # noqa: PERF203  # threads end at any time
            continue
    return found


def _children_of_all() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  # names, not paths
        if name.isdigit():
            try:
                children.setdefault(int(_stat(int(name))[_PARENT]), []).append(int(name))
            except OSError:
                continue
    return children


def _kilobytes(path: str, names: tuple[str, ...]) -> int:
    with Path(path).open(encoding="ascii", errors="replace") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith(names))
