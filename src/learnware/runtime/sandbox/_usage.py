"""What a tree of processes uses, as the kernel tells it in /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Usage", "bytes_on_disk", "mapped_shared_memory", "memory_of_sockets", "proportional_memory", "tree_usage"]

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
# Of /proc/PID/stat, counted from the field after the name: parent, times of the process and of its reaped children.
_STATE, _PARENT, _TIMES, _THREADS = 0, 1, slice(11, 15), 17
# What a socket may hold that was sent; sandboxed programs cannot change it.
_BUFFER, _USUAL_BUFFER = Path("/proc/sys/net/core/wmem_default"), 212992


class Usage(NamedTuple):
    """What a tree of processes uses.

    Attributes
    ----------
    processes : list of int
        The numbers of the processes; that of another thread where the first one of a process has ended.
    threads : int
        All threads of theirs.
    cpu_seconds : float
        Processor time, that of ended processes included where somebody in the tree has waited for them.
    memory_bytes : int
        Memory that is not backed by files, and the tables of pages; what processes share is counted for each of them.
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
            if fields[_STATE] == "Z" and int(fields[_THREADS]) > 1:
                process = _living_thread(process)  # the ended thread tells nothing of memory and files
            memory += _kilobytes(f"/proc/{process}/status", ("RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:"))
        except OSError:
            continue
        processes.append(process)
        threads += int(fields[_THREADS])
        ticks += sum(map(int, fields[_TIMES]))
    return Usage(processes, threads, ticks / _TICKS, memory << 10)


def proportional_memory(processes: list[int]) -> int | None:
    """Return the memory that `tree_usage` tells of, in bytes, each shared page once; None if that is not told."""
    total = 0
    for process in processes:
        try:
            total += _kilobytes(f"/proc/{process}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))
            total += _kilobytes(f"/proc/{process}/status", ("VmPTE:",))
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


def memory_of_sockets(processes: list[int], most: int) -> int:
    """Return what the buffers of their sockets may hold, in bytes; 0 where that is surely no more than `most`.

    The kernel does not tell what they do hold.
    """
    try:
        buffer = int(_BUFFER.read_text(encoding="ascii"))
    except (OSError, ValueError):
        buffer = _USUAL_BUFFER
    tables = [table for process in processes for table in _tables_of_files(process)]
    if sum(map(_count_of_files, tables)) * buffer <= most:
        return 0
    sockets = set()
    for table in tables:
        for path in _paths_of_files(table):
            try:
                target = os.readlink(path)  # noqa: PTH115  # thousands of them
            except OSError:
                continue
            if target.startswith("socket:"):
                sockets.add(target)
    return len(sockets) * buffer


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
        for path in (path for table in _tables_of_files(process) for path in _paths_of_files(table)):
            try:
                status = os.stat(path)  # noqa: PTH116  # thousands of them
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


def _living_thread(process: int) -> int:
    """Return a thread of a process whose first one has ended; itself where there is none."""
    for name in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208  # names, not paths
        try:
            if _stat(int(name))[_STATE] not in "ZX":
                return int(name)
        except OSError:  # noqa: PERF203  # threads end at any time
            continue
    return process


def _tables_of_files(process: int) -> list[str]:
    """Return the folders of open files of a process: each of its threads may have files of its own."""
    try:
        return [f"/proc/{process}/task/{name}/fd" for name in os.listdir(f"/proc/{process}/task")]  # noqa: PTH208  # names
    except OSError:
        return []  # it has ended


def _paths_of_files(table: str) -> list[str]:
    try:
        return [f"{table}/{name}" for name in os.listdir(table)]  # noqa: PTH208  # names, not paths
    except OSError:
        return []


def _count_of_files(table: str) -> int:
    try:
        # Before Linux 6.2 the size is 0.
        return os.stat(table).st_size or len(os.listdir(table))  # noqa: PTH116, PTH208  # names, not paths
    except OSError:
        return 0


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
