"""Takes away what a sandboxed process may not have, then becomes it.

The parent's own interpreter runs this file, without any site-packages and as a program of one file, so that nothing
of a learnware's environment runs before it is confined. The plan is a marshalled dictionary in hexadecimal digits,
made by the same interpreter. Few modules are imported, because this is part of every start.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import struct
import sys

# Plain functions of the operating system: fewer imports.
# ruff: noqa: PTH100, PTH112, PTH116, PTH120, PTH123, PTH208, S606, SIM105

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS = 1, 24, 28, 38
_PR_SET_CHILD_SUBREAPER, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 36, 47, 4
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
# Root gets no capability by an execve and by no change of user, and can change neither (SECBIT_*, locked).
_SECUREBITS = 0xEF
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
_SYS_LANDLOCK_CREATE_RULESET, _SYS_LANDLOCK_ADD_RULE, _SYS_LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_RULE_PATH_BENEATH = 1
_LANDLOCK_REFER = 1 << 13  # moving between folders, which every domain forbids unless it says otherwise
_MORE_TASKS = 1024
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 8, 32, 4096
_EPERM, _EINVAL = 1, 22
_SIGKILL, _SIGTERM, _SIGCHLD = 9, 15, 17
_SIG_BLOCK, _SIG_SETMASK = 0, 2

_libc = ctypes.CDLL(None, use_errno=True)


def _check(answer: int, what: str) -> int:
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return answer


def _prctl(option: int, first: int, what: str, second: int = 0) -> None:
    arguments = (ctypes.c_ulong(value) for value in (first, second, 0, 0))
    _check(_libc.prctl(option, *arguments), what)


def _syscall(number: int, what: str, *arguments: Any) -> int:
    _libc.syscall.restype = ctypes.c_long
    given = (value if isinstance(value, bytes) or value is None else ctypes.c_long(value) for value in arguments)
    return _check(_libc.syscall(ctypes.c_long(number), *given), what)


def _set_limits(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)  # noqa: PLW2901  # never above what is set
        resource.setrlimit(number, (value, value))


def _tasks_of_user() -> int:
    """Return how many threads this user has on the machine; their limit is counted for all together."""
    user, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat("/proc/" + name).st_uid == user:
                    count += len(os.listdir("/proc/" + name + "/task"))
            except OSError:
                continue
    return count


def _prefer_for_killing() -> None:
    """Let the kernel take this process first where the machine runs out of memory."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # /proc cannot be written to here; the kernel then chooses by size


def _remount(folder: str, flags: int, options: str | None) -> None:
    given = None if options is None else options.encode()
    answer = _libc.mount(None, folder.encode(), None, ctypes.c_ulong(_MS_REMOUNT | _MS_NOSUID | flags), given)
    _check(answer, "remount " + folder)


def _settle_mounts(scratch: dict[str, str], devices: list[str]) -> None:
    """Bound what the scratch folder in memory may hold, and leave devices as they are: root is their owner."""
    for folder, options in scratch.items():
        _remount(folder, _MS_NODEV, options)
    for device in devices:
        _remount(device, _MS_BIND | _MS_RDONLY | _MS_NOEXEC, None)


def _become(user: int | None) -> None:
    """Give up all privileges for good; root also takes a user number that nobody has.

    Only the real user changes, by which the kernel counts processes. The effective one stays, because the learnware's
    files may be readable for their owner only. It cannot be used to go back: those calls are filtered.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            if ctypes.get_errno() not in (_EINVAL, _EPERM):
                _check(-1, "drop a capability")
            break  # the last one that this kernel knows, or there is nothing to drop for a normal user
    if user is not None:
        _prctl(_PR_SET_SECUREBITS, _SECUREBITS, "lock the rights of root")
    _libc.prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(_PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _syscall(_SYS_CAPSET[os.uname().machine], "drop all capabilities", header, bytes(24))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")


def _enter_landlock(filesystem: int, network: int, scoped: int, rules: list[tuple[str, int, int]]) -> None:
    """Enter a Landlock domain: each rule is a path with its rights as a folder and as a file."""
    attributes = struct.pack("=QQQ", filesystem, network, scoped)
    ruleset = _syscall(_SYS_LANDLOCK_CREATE_RULESET, "landlock_create_ruleset", attributes, len(attributes), 0)
    for path, folder_rights, file_rights in rules:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there need not be readable
        rights = folder_rights if os.path.isdir(path) else file_rights
        rule = struct.pack("=Qi", rights & filesystem, opened)
        _syscall(_SYS_LANDLOCK_ADD_RULE, "landlock_add_rule " + path, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0)
        os.close(opened)
    _syscall(_SYS_LANDLOCK_RESTRICT_SELF, "landlock_restrict_self", ruleset, 0)
    os.close(ruleset)


def _filter_calls(program: bytes) -> None:
    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    pointer = ctypes.byref(Program(len(program) // 8, program))
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), pointer, zero, zero), "seccomp")


def _run(plan: dict[str, Any]) -> None:
    """Confine this process and become the command."""
    _prefer_for_killing()
    limits = dict(plan["limits"])
    if plan["count_user"]:
        # The user may start more elsewhere, at any time: this only bounds what the watch has not seen yet.
        limits["RLIMIT_NPROC"] += _tasks_of_user() + _MORE_TASKS
    _settle_mounts(plan["scratch_options"], plan["devices"])
    _set_limits(limits)
    _become(plan["user"])
    if plan["guard"]:
        _end_with_guard(plan["guard_process"])
    if plan["landlock"] is not None:
        _enter_landlock(*plan["landlock"])
    os.chdir(plan["folder"])
    _filter_calls(plan["seccomp"])
    os.execve(plan["command"][0], plan["command"], plan["environment"])


def _end_with_guard(guard: int) -> None:
    """Let this process end with its guard, however that ends; a change of user forgets what was set before it."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL, "PR_SET_PDEATHSIG")
    if os.getppid() != guard:
        os._exit(1)  # it has ended before that was set


def _guard(plan: dict[str, Any]) -> None:
    """Run the command in a process below, kill all that comes of it when it ends or this is to end, and tidy up.

    This process and all below it form a Landlock domain whose signals stay inside, so one call kills them all at once.
    The command's own domain lies inside of this one: it cannot signal its guard.
    """
    import _signal  # type: ignore[import-not-found]  # what `signal` wraps at a cost

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    remove_tree = __import__("_folders").remove_tree
    owner = plan["owner"]
    _signal.pthread_sigmask(_SIG_BLOCK, (_SIGTERM, _SIGCHLD))
    _prctl(_PR_SET_PDEATHSIG, _SIGTERM, "PR_SET_PDEATHSIG")
    if os.getppid() != owner:
        os._exit(1)  # the owner has ended before that was set
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    # Without this proof that signals stay inside, the kill below would reach all processes of this user.
    os.kill(owner, 0)
    _enter_landlock(_LANDLOCK_REFER, 0, plan["landlock"][2], [("/", _LANDLOCK_REFER, 0)])
    try:
        os.kill(owner, 0)
    except PermissionError:
        pass
    else:
        raise OSError(_EPERM, "Landlock does not keep signals inside of its domain")
    plan["guard_process"] = os.getpid()
    ending, child = -1, os.fork()
    if child == 0:
        _signal.pthread_sigmask(_SIG_SETMASK, ())
        _fail_in_words(_run, plan)
    # The command alone holds its socket; what it prints is over when it is.
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    while ending < 0 and _signal.sigwait((_SIGTERM, _SIGCHLD)) == _SIGCHLD:
        ending = _reap(child, ending)
    while True:
        try:
            os.kill(-1, _SIGKILL)
        except ProcessLookupError:
            pass
        try:
            ended, status = os.waitpid(-1, 0)
        except ChildProcessError:
            break
        if ended == child:
            ending = status
    remove_tree(plan["folder"])
    os._exit(128 + os.WTERMSIG(ending) if os.WIFSIGNALED(ending) else os.WEXITSTATUS(ending))


def _reap(child: int, ending: int) -> int:
    """Reap all that have ended; return how the command itself ended, once it has."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ending
        if ended == 0:
            return ending
        if ended == child:
            ending = status


def _fail_in_words(action: Any, plan: dict[str, Any]) -> None:
    try:
        action(plan)
    except Exception as error:  # noqa: BLE001  # the edge of a process
        # The parent looks for this line: what failed here is the machine's fault, not the learnware's.
        os.write(2, f"{plan['mark']}{error}\n".encode("utf-8", "replace"))
    os._exit(127)


if __name__ == "__main__":
    _plan = marshal.loads(bytes.fromhex(sys.argv[1]))  # noqa: S302  # the parent wrote it, with this interpreter
    _fail_in_words(_guard if _plan["guard"] else _run, _plan)
