"""What every sandboxed process gets and sees: variables, limits, the system, the launcher's interpreter."""

from __future__ import annotations

import marshal
import os
import secrets
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._limits import Limits

__all__ = [
    "LAUNCHER",
    "START_FAILED",
    "in_system",
    "interpreter",
    "interpreter_folders",
    "launch",
    "make_plan",
    "process_limits",
    "readable_paths",
    "scratch_variables",
    "system_folders",
    "variables",
]

LAUNCHER = Path(__file__).with_name("_launch.py")
# How a line of the launcher begins that says why the sandbox could not be set up.
START_FAILED = "the sandbox could not be set up: "
# What programs and numerical libraries need to start; nothing that tells about the user.
_KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "CUDA_VISIBLE_DEVICES",
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Nix and Guix keep the system's libraries in stores of their own.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu", "/sys/devices/system/node")
# User numbers that no account and no container has.
_FIRST_USER, _USERS = 0x60000000, 0x10000000


def variables(limits: Limits) -> dict[str, str]:
    """Return the environment variables that are kept, with threads that fit into the limits."""
    kept = {name: os.environ[name] for name in (*_KEPT_VARIABLES, *_THREADS) if name in os.environ}
    # Numerical libraries start a thread to a processor, each with tens of megabytes.
    most = max(1, limits.processes // 4)
    if (os.cpu_count() or 1) > most:
        for name in _THREADS:
            kept.setdefault(name, str(most))
    return kept


def scratch_variables(folder: str) -> dict[str, str]:
    """Return the variables that name the scratch folder, and a user that is nobody."""
    return {
        **dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), folder),
        **dict.fromkeys(("USER", "LOGNAME"), "learnware"),
    }


def process_limits(limits: Limits) -> dict[str, int]:
    """Return the kernel's limits of one process, by their names in the module `resource`.

    Memory of all processes together, and processor time of a call, are left to the watch.
    """
    return {
        "RLIMIT_CORE": 0,
        "RLIMIT_DATA": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.scratch_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
    }


def system_folders() -> list[Path]:
    """Return the paths with the system's libraries and programs that are on this machine."""
    return [Path(path) for path in (*_SYSTEM, *_SYSTEM_FILES) if Path(path).exists()]


def in_system(path: Path) -> bool:
    """Tell whether a path, without links, is below the folders of the system."""
    return any(path.is_relative_to(folder) for folder in _SYSTEM)


def readable_paths(paths: Iterable[Path]) -> list[Path]:
    """Return what of these paths is to be made readable, as named and without links, in order.

    A name with ``..`` is none in the sandbox, where the folder before it need not be.

    Raises
    ------
    SandboxError
        If a path does not exist, or is the root of the file system.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise SandboxError(f"{str(path)!r} cannot be made readable in the sandbox: it does not exist")
        for name in (path.absolute(), path.resolve()):
            if ".." in name.parts:
                continue
            if name == Path(name.anchor):
                raise SandboxError("the whole file system cannot be made readable in the sandbox")
            if not in_system(path.resolve()):
                found[name] = None
    return list(found)


@cache
def interpreter_folders() -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return what the launcher's interpreter needs besides the system, and the packages in there that it does not."""
    program, base = Path(interpreter()), Path(sys.base_prefix).resolve()
    if in_system(program):
        return (), ()
    libraries = [base / name for name in ("lib", "lib64") if (base / name).is_dir()]
    prefixes = {"installed_base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    standard = {Path(sysconfig.get_path(name, vars=prefixes)).resolve() for name in ("stdlib", "platstdlib")}
    needed = [program, *libraries, *(path for path in standard if not any(map(path.is_relative_to, libraries)))]
    packages = {path / "site-packages" for path in standard}
    return tuple(needed), tuple(sorted(path for path in packages if path.is_dir()))


def launch(plan: dict[str, Any]) -> list[str]:
    """Return the command that carries out a plan."""
    return [interpreter(), "-I", "-S", "-B", str(LAUNCHER.resolve()), marshal.dumps(plan).hex()]


def make_plan(
    command: Sequence[str], folder: str, limits: Limits, seccomp: bytes, *, landlock: Any, guard: bool
) -> dict[str, Any]:
    """Return the launcher's plan: a process at home in `folder`, the one place that it may write to."""
    root = os.geteuid() == 0
    return {
        "command": list(command),
        "environment": {**variables(limits), **scratch_variables(folder)},
        "folder": folder,
        "limits": process_limits(limits),
        # The processes of a normal user are counted together, over all of the machine or over a user namespace.
        "count_user": guard and not root,
        "user": _FIRST_USER + secrets.randbelow(_USERS) if root else None,
        "scratch_options": {},
        "devices": [],
        "landlock": landlock,
        "seccomp": seccomp,
        "guard": guard,
        "owner": os.getpid(),
        "mark": START_FAILED,
    }


def interpreter() -> str:
    """Return the interpreter that this one is made of; a virtual environment's starts with what is installed there."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
