"""The rules that confine a process with Landlock, where no namespaces can be had."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from learnware.errors import SandboxError

from ._plan import launch, make_plan, readable_paths, system_folders
from ._seccomp import seccomp_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ._limits import Limits

__all__ = ["landlock_abi", "landlock_command"]

# The first version that keeps signals and abstract sockets inside of a domain (Linux 6.12).
_LEAST_ABI = 6
_SYS_LANDLOCK_CREATE_RULESET = 444
_CREATE_RULESET_VERSION = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ALL = (1 << 16) - 1
_MAKE_CHARACTER_DEVICE, _MAKE_BLOCK_DEVICE, _TRUNCATE, _USE_DEVICE = 1 << 6, 1 << 11, 1 << 14, 1 << 15
_READ_FILES = _EXECUTE | _READ_FILE
_READ_FOLDERS = _READ_FILES | _READ_DIR
_WRITE_FILES = _READ_FILES | _WRITE_FILE | _TRUNCATE
_WRITE_FOLDERS = _ALL & ~(_MAKE_CHARACTER_DEVICE | _MAKE_BLOCK_DEVICE | _USE_DEVICE)
_NETWORK = 3  # binding and connecting TCP
_SCOPED = 3  # abstract UNIX sockets and signals
_DEVICES = {"null": _READ_FILE | _WRITE_FILE, "zero": _READ_FILE | _WRITE_FILE, "full": _READ_FILE | _WRITE_FILE}
_DEVICES |= {"random": _READ_FILE, "urandom": _READ_FILE}
# Of its own process only; the rest of /proc tells about the others and about the network.
_OWN = ("auxv", "cgroup", "cmdline", "fd", "fdinfo", "limits", "maps", "smaps", "stat", "statm", "status")
_SYSTEM_WIDE = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version")
_SETTINGS = ("vm/overcommit_memory", "vm/max_map_count", "kernel/osrelease", "kernel/threads-max", "kernel/pid_max")


@cache
def landlock_abi() -> int:
    """Return the version of Landlock in this kernel, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number, size, flags = (ctypes.c_long(v) for v in (_SYS_LANDLOCK_CREATE_RULESET, 0, _CREATE_RULESET_VERSION))
    return max(0, int(libc.syscall(number, None, size, flags)))


def landlock_command(command: Sequence[str], readable: Iterable[Path], limits: Limits, scratch: str) -> list[str]:
    """Return the command line of a process that may read `readable` and the system's, and write to `scratch` only.

    Raises
    ------
    SandboxError
        If this kernel's Landlock does not suffice, or something cannot be made readable.
    """
    abi = landlock_abi()
    if abi < _LEAST_ABI:
        known = f"version {abi}" if abi else "none, or it is switched off"
        raise SandboxError(f"Landlock {_LEAST_ABI} or later is needed (Linux 6.12); this kernel has {known}")
    rules = [(str(path), _READ_FOLDERS, _READ_FILES) for path in (*system_folders(), *readable_paths(readable))]
    rules += [(f"/dev/{name}", 0, rights) for name, rights in _DEVICES.items()]
    rules += [(f"/proc/self/{name}", _READ_FILE | _READ_DIR, _READ_FILE) for name in _OWN]
    rules += [(f"/proc/{name}", 0, _READ_FILE) for name in _SYSTEM_WIDE]
    rules += [(f"/proc/sys/{name}", 0, _READ_FILE) for name in _SETTINGS]
    rules.append((os.path.realpath(scratch), _WRITE_FOLDERS, _WRITE_FILES))
    seccomp = seccomp_program(shares_machine=True)
    plan = make_plan(command, scratch, limits, seccomp, landlock=(_ALL, _NETWORK, _SCOPED, rules), guard=True)
    return launch(plan)
