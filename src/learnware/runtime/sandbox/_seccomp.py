"""The system calls that a sandboxed process may not make: a filter program for the kernel (seccomp-bpf)."""

from __future__ import annotations

import errno
import platform
import struct
from functools import cache

from learnware.errors import SandboxError

__all__ = ["seccomp_program", "syscall_number"]

# Numbers on x86_64 and aarch64; None where the machine has no such call.
# fmt: off
# Other processes, mounts, namespaces, the kernel and its clock, user ids; sockets of every family (pairs stay).
_EPERM = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "bpf": (321, 280), "perf_event_open": (298, 241), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "create_module": (174, None),
    "query_module": (178, None), "get_kernel_syms": (177, None), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "lookup_dcookie": (212, 18), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "acct": (163, 89), "syslog": (103, 116),
    "vhangup": (153, 58), "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "iopl": (172, None),
    "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None), "ustat": (136, None),
    "sysfs": (139, None), "_sysctl": (156, None), "nfsservctl": (180, 42), "setuid": (105, 146), "setgid": (106, 144),
    "setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147), "setresgid": (119, 149),
    "setfsuid": (122, 151), "setfsgid": (123, 152), "setgroups": (116, 159), "move_pages": (279, 239),
    "migrate_pages": (256, 238), "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
}
# Old kernels lack some of these, so programs find another way: memory that belongs to no process (pages, too, that a
# pipe or a socket keeps after a process let go of them), and queues and watches that reach across sandboxes. Flags of
# clone3 cannot be looked at; the C library falls back to clone.
_ENOSYS = {
    "clone3": (435, 435), "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183), "mq_notify": (244, 184), "mq_getsetattr": (245, 185), "inotify_init": (253, None),
    "inotify_init1": (294, 26), "inotify_add_watch": (254, 27), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "vmsplice": (278, 75), "splice": (275, 76), "tee": (276, 77), "sendfile": (40, 71),
    "io_setup": (206, 0), "io_destroy": (207, 1), "io_submit": (209, 2), "io_cancel": (210, 3),
    "io_getevents": (208, 4), "io_pgetevents": (333, 292),
}
# What Landlock does not guard, of files that can be named or opened for reading; and messages, which can carry open
# files that nobody can see any more.
_FILES_EPERM = {
    "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
# The same, but copying a file ends with these: they succeed and change nothing.
_FILES_PRETENDED = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "utime": (132, None),
    "utimes": (235, None), "utimensat": (280, 88), "futimesat": (261, None),
}
# Calls that name a process or thread; 0 is the own one. Landlock hides no process of the same user.
_OTHERS = {
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
}
# Calls that are judged by their arguments.
_ARGS = {
    "clone": (56, 220), "socketpair": (53, 199), "personality": (135, 92), "ioctl": (16, 29), "prctl": (157, 167),
    "prlimit64": (302, 261), "setsockopt": (54, 208),
}
# fmt: on
# Calls that are newer than this are not known here, so they do not exist.
_NEWEST = 456
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# The first argument says what the second one numbers; this value is for all processes of a user (PRIO_USER,
# IOPRIO_WHO_USER), where 0 is the own user.
_ALL_OF_A_USER = {"setpriority": 2, "ioprio_set": 3}

_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_X32_BIT = 0x40000000
_AF_UNIX, _SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 1, 5, 0xF
_PR_SET_DUMPABLE = 4
# Larger buffers of sockets; what these hold is memory that belongs to no process.
_SO_SNDBUF = 7
# Words into a terminal (TIOCSTI, TIOCLINUX).
_IOCTLS = (0x5412, 0x541C)
# Flags of files that are only readable (FS_IOC_SETFLAGS, its 32 bit form, SETVERSION, FSSETXATTR, ENABLE_VERITY).
_IOCTLS_OF_FILES = (0x40086602, 0x40046602, 0x40087602, 0x401C5820, 0x40806685)

_LOAD, _AND, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_DENY = _ERRNO | errno.EPERM
_MISSING = _ERRNO | errno.ENOSYS
_PRETEND = _ERRNO
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data


def syscall_number(name: str) -> int | None:
    """Return the number that a call of the tables has on this machine."""
    for table in (_EPERM, _ENOSYS, _FILES_EPERM, _FILES_PRETENDED, _OTHERS, _ARGS):
        if name in table:
            return table[name][_machine()[0]]
    raise KeyError(name)


@cache
def seccomp_program(*, shares_machine: bool) -> bytes:
    """Return the filter as an array of ``struct sock_filter``.

    Parameters
    ----------
    shares_machine : bool
        Whether the process lives among the machine's processes and files (Landlock), not in namespaces of its own.

    Raises
    ------
    SandboxError
        If the processor is neither x86_64 nor aarch64.
    """
    column, architecture = _machine()
    program = [
        *_load(_ARCHITECTURE),
        *_unless_equal(architecture, _KILL_PROCESS),
        *_load(_NUMBER),
    ]
    if column == 0:
        program += _if(_JUMP_ANY_BIT, _X32_BIT, _KILL_PROCESS)
    denied = [(_EPERM, _DENY), (_ENOSYS, _MISSING)]
    if shares_machine:
        denied += [(_FILES_EPERM, _DENY), (_FILES_PRETENDED, _PRETEND)]
    for table, answer in denied:
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                program += _if(_JUMP_EQUAL, number, answer)
    program += _if(_JUMP_GREATER, _NEWEST, _MISSING)
    program += _by_argument("clone", 0, _if(_JUMP_ANY_BIT, _NEW_NAMESPACES, _DENY))
    program += _by_argument("socketpair", 0, _pair_of_streams())
    program += _by_argument("setsockopt", 2, _if(_JUMP_EQUAL, _SO_SNDBUF, _PRETEND))
    unchanged = [*_if(_JUMP_EQUAL, 0, _ALLOW), *_if(_JUMP_EQUAL, 0xFFFFFFFF, _ALLOW), _statement(_RETURN, _DENY)]
    program += _by_argument("personality", 0, unchanged)
    ioctls = _IOCTLS + (_IOCTLS_OF_FILES if shares_machine else ())
    program += _by_argument("ioctl", 1, [step for code in ioctls for step in _if(_JUMP_EQUAL, code, _DENY)])
    if shares_machine:
        program += _by_argument("prctl", 0, _if(_JUMP_EQUAL, _PR_SET_DUMPABLE, _DENY))
        program += _by_argument("prlimit64", 0, _unless_equal(0, _DENY))
        for name in _OTHERS:
            steps, kind = _unless_equal(0, _DENY), _ALL_OF_A_USER.get(name)
            if kind is not None:
                steps += [*_load(_FIRST_ARGUMENT), *_if(_JUMP_EQUAL, kind, _DENY)]
            program += _by_argument(name, int(kind is not None), steps)
    program.append(_statement(_RETURN, _ALLOW))
    return b"".join(program)


def _machine() -> tuple[int, int]:
    machine = platform.machine()
    if machine not in _MACHINES or struct.calcsize("P") != 8:
        raise SandboxError(f"no filter of system calls is known for this processor ({machine}); x86_64 and aarch64 are")
    return _MACHINES[machine]


def _statement(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _load(offset: int) -> list[bytes]:
    return [_statement(_LOAD, offset)]


def _if(jump: int, value: int, answer: int) -> list[bytes]:
    return [_statement(jump, value, 0, 1), _statement(_RETURN, answer)]


def _unless_equal(value: int, answer: int) -> list[bytes]:
    return [_statement(_JUMP_EQUAL, value, 1, 0), _statement(_RETURN, answer)]


def _pair_of_streams() -> list[bytes]:
    """Return the steps for pairs that stay connected to each other; datagrams could be sent to any other socket."""
    kinds = [step for kind in (_SOCK_STREAM, _SOCK_SEQPACKET) for step in _if(_JUMP_EQUAL, kind, _ALLOW)]
    load = [*_load(_FIRST_ARGUMENT + 8), _statement(_AND, _SOCK_TYPE_MASK)]
    return [*_unless_equal(_AF_UNIX, _DENY), *load, *kinds, _statement(_RETURN, _DENY)]


def _by_argument(name: str, argument: int, steps: list[bytes]) -> list[bytes]:
    """Return `steps` on the lower half of an argument, for one call; what they do not answer is allowed."""
    number = syscall_number(name)
    assert number is not None  # noqa: S101  # both machines have the calls that are judged by their arguments
    body = [*_load(_FIRST_ARGUMENT + 8 * argument), *steps, _statement(_RETURN, _ALLOW)]
    return [_statement(_JUMP_EQUAL, number, 0, len(body)), *body]
