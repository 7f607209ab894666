"""The command that starts a process in namespaces of its own, with bubblewrap."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.errors import SandboxError

from ._plan import LAUNCHER, interpreter_folders, launch, make_plan, readable_paths, system_folders
from ._seccomp import seccomp_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._limits import Limits

__all__ = ["bubblewrap_command"]

_SCRATCH = "/tmp"  # noqa: S108  # the sandbox's own, in memory
_DEVICES = ("null", "zero", "full", "random", "urandom")
# Of /proc: what tells about the whole machine's memory, keys and timers, which root may read without any capability.
_HIDDEN = (
    *("cmdline", "config.gz", "iomem", "kallsyms", "kcore", "keys", "kpagecgroup", "kpagecount", "kpageflags"),
    *("latency_stats", "modules", "sched_debug", "slabinfo", "timer_list", "vmallocinfo"),
)
# Small files, too, take memory.
_BYTES_TO_A_FILE = 16384
# The launcher bounds the scratch folder and gives its rights away; the command gets none of these.
_ROOT_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
_USER_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETPCAP")


def bubblewrap_command(command: Sequence[str], readable: Iterable[Path], limits: Limits, info: int) -> list[str]:
    """Return the command line.

    Parameters
    ----------
    command : sequence of str
        What runs in the sandbox.
    readable : iterable of Path
        Files and folders that it may read, besides the system's.
    limits : Limits
        Its limits.
    info : int
        Descriptor that bubblewrap writes the sandbox's first process number to.

    Raises
    ------
    SandboxError
        If bubblewrap is not installed, or something cannot be made readable.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed (no bwrap on the PATH); install the package bubblewrap")
    root = os.geteuid() == 0
    arguments = [program, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if not root:
        arguments.append("--unshare-user")
    arguments += ["--die-with-parent", "--new-session", "--info-fd", str(info)]
    for capability in _ROOT_CAPABILITIES if root else _USER_CAPABILITIES:
        arguments += ["--cap-add", capability]
    arguments += _system()
    arguments += ["--tmpfs", _SCRATCH]
    arguments += _folders(list(readable))
    # Root is the owner of what is in these, so they must not be written to: only the scratch folder may be.
    arguments += ["--remount-ro", "/proc", "--remount-ro", "/", "--chdir", "/", "--"]
    seccomp = seccomp_program(shares_machine=False)
    plan = make_plan(command, _SCRATCH, limits, seccomp, landlock=None, guard=False)
    files = max(1024, limits.scratch_bytes // _BYTES_TO_A_FILE)
    plan["scratch_options"] = {_SCRATCH: f"size={limits.scratch_bytes},nr_inodes={files}"}
    if root:
        plan["devices"] = [f"/dev/{name}" for name in _DEVICES]
    return [*arguments, *launch(plan)]


def _system() -> list[str]:
    arguments = []
    for path in system_folders():
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        else:
            arguments += ["--ro-bind", str(path), str(path)]
    arguments += ["--proc", "/proc"]
    for name in _HIDDEN:
        if Path("/proc", name).exists():
            # A device where none may be opened: reading it is refused.
            arguments += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    for name in _DEVICES:
        arguments += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        arguments += ["--symlink", f"/proc/self/fd{target}", f"/dev/{name}"]
    return [*arguments, "--symlink", _SCRATCH, "/dev/shm"]  # noqa: S108  # one bound on size for both


def _folders(readable: list[Path]) -> list[str]:
    arguments = []
    paths = readable_paths(readable)
    needed, packages = interpreter_folders()
    for path in (*needed, LAUNCHER.resolve()):
        arguments += ["--ro-bind", str(path), str(path)]
    for path in packages:
        arguments += ["--tmpfs", str(path), "--remount-ro", str(path)]
    # Shorter paths first: a folder that is mounted later hides what was mounted below it.
    for path in sorted(paths, key=lambda path: len(path.parts)):
        arguments += ["--ro-bind", str(path), str(path)]
    return arguments
