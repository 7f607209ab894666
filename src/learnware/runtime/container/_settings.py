"""How a container for a learnware is confined."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from learnware.errors import SandboxError
from learnware.runtime.container._owner import owner_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from learnware.runtime.sandbox import Limits

__all__ = ["container_settings"]

_SCRATCH = "/tmp"  # noqa: S108  # the container's own
_SHARED_MEMORY_BYTES = 64 << 20
_BYTES_PER_FILE = 4096
_NOBODY = "65534:65534"
_READ_BY_OTHERS = 0o005
# Nothing may be mounted in these; nor over them, nor over any that follow.
_CLOSED = ("/environment", "/proc", "/sys", "/dev")
_SYSTEM = (
    "/bin",
    "/etc",
    "/lib",
    "/lib64",
    "/sbin",
    "/usr/bin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/local/lib",
    _SCRATCH,
)
# The numbers of threads to use, nothing that tells about the user.
_KEPT_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def container_settings(client: Any, image: str, folders: Sequence[Path], limits: Limits) -> dict[str, Any]:
    """Return what `docker.APIClient.create_container` is given besides the command.

    Parameters
    ----------
    client : docker.APIClient
        The engine; it is asked whether it can do what is needed.
    image : str
        The environment's image.
    folders : sequence of Path
        Folders that the container may read, at the same paths.
    limits : Limits
        What it may use.

    Raises
    ------
    SandboxError
        If the engine cannot confine it, or a folder cannot be given to it.
    """
    if sys.platform == "win32":
        raise SandboxError("learnwares run in containers on Linux and macOS only, or inside WSL")
    options = _checked_info(client)
    paths = dict.fromkeys(os.path.abspath(folder) for folder in folders)  # noqa: PTH100  # links stay
    files = max(1024, limits.scratch_bytes // _BYTES_PER_FILE)
    host = client.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        privileged=False,
        init=True,
        ipc_mode="private",
        pids_limit=limits.processes,
        mem_limit=limits.memory_bytes,
        # Together with swap: there is none.
        memswap_limit=limits.memory_bytes,
        shm_size=min(_SHARED_MEMORY_BYTES, limits.scratch_bytes),
        tmpfs={_SCRATCH: f"rw,noexec,nosuid,nodev,mode=1777,size={limits.scratch_bytes},nr_inodes={files}"},
        ulimits=[
            {"Name": "nofile", "Soft": limits.open_files, "Hard": limits.open_files},
            {"Name": "fsize", "Soft": limits.scratch_bytes, "Hard": limits.scratch_bytes},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        # What is printed is read by its owner; the engine would keep it on disk without end.
        log_config={"Type": "none"},
        mounts=[_mount(path) for path in paths],
    )
    variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        "image": image,
        "host_config": host,
        "user": _user(options, list(paths)),
        "working_dir": _SCRATCH,
        "environment": {"HOME": _SCRATCH, "TMPDIR": _SCRATCH, **variables},
        "hostname": "learnware",
        "labels": owner_labels(),
        "stdin_open": True,
        "tty": False,
        "network_disabled": True,
        # The user's file of settings may hold the password of a proxy.
        "use_config_proxy": False,
    }


def _checked_info(client: Any) -> list[str]:
    """Return the engine's security options, if what a limit needs is there: without, it only warns and goes on."""
    info = client.info()
    options = [str(option) for option in info.get("SecurityOptions") or []]
    seccomp = [option for option in options if option.startswith("name=seccomp")]
    lacking = []
    if not info.get("MemoryLimit", True):
        lacking.append("limit memory")
    if not info.get("PidsLimit", True):
        lacking.append("limit processes")
    if not seccomp or "profile=unconfined" in seccomp[0]:
        lacking.append("filter system calls (seccomp)")
    if lacking:
        raise SandboxError(
            f"the container engine cannot {' or '.join(lacking)} on this machine, so it confines no learnware;"
            " mend its set-up (docker info tells what it lacks), or choose another environment, e.g. venv"
        )
    return options


def _mount(path: str) -> dict[str, Any]:
    from docker.types import Mount

    target = PurePosixPath(path)
    inside = any(target.is_relative_to(closed) for closed in _CLOSED)
    if inside or any(PurePosixPath(system).is_relative_to(target) for system in (*_CLOSED, *_SYSTEM)):
        raise SandboxError(f"the folder {path!r} cannot be given to a container, which has its own there; move it")
    mount: dict[str, Any] = Mount(path, os.path.realpath(path), type="bind", read_only=True, propagation="rprivate")
    # Only the folder itself is read-only, not what may be mounted inside it: that is left out.
    mount["BindOptions"]["NonRecursive"] = True
    return mount


def _user(options: Sequence[str], paths: Sequence[str]) -> str:
    """Return who the container runs as: the caller, who can read the folders, unless this is root inside or outside."""
    remapped = any(option.startswith(("name=rootless", "name=userns")) for option in options)
    if os.getuid() != 0 and not remapped:
        return f"{os.getuid()}:{os.getgid()}"
    for path in paths:
        if Path(path).stat().st_mode & _READ_BY_OTHERS != _READ_BY_OTHERS:
            raise SandboxError(
                f"the container's user cannot read {path!r}; let others read it: chmod -R go+rX {path!r}"
            )
    return _NOBODY
