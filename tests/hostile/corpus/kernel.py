"""Specimens that ask the kernel for rights or for its less guarded parts."""

from __future__ import annotations

from tests.hostile.specimen import Specimen

SPECIMENS = [
    Specimen(
        "kept_rights",
        "looks for rights that were left to it",
        """
        prctl = LIBC.prctl
        if prctl(39, 0, 0, 0, 0) != 1:
            WON.append("it may gain new rights")
        if prctl(21, 0, 0, 0, 0) != 2:
            WON.append("no filter of system calls")
        class Header(ctypes.Structure):
            _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
        data = (ctypes.c_uint32 * 6)()
        libc("capget", ctypes.byref(Header(0x20080522, 0)), data)
        if any(data):
            WON.append(f"capabilities {list(data)}")
        left = [number for number in range(41) if prctl(23, number, 0, 0, 0) == 1]
        if left and os.getuid() == 0:  # nobody else gets rights from it, as new ones cannot be gained
            WON.append(f"bounding set {left}")
        if any(prctl(47, 1, number, 0, 0) == 1 for number in range(41)):
            WON.append("ambient capabilities")
        """,
    ),
    Specimen(
        "other_users",
        "becomes somebody else",
        """
        for name, arguments in (("setuid", (0,)), ("setgid", (0,)), ("setresuid", (0, 0, 0)), ("setresgid", (0, 0, 0)),
                                ("setuid", (1,)), ("setgid", (1,)), ("setfsuid", (1,)), ("seteuid", (1,))):
            if name == "setfsuid":
                LIBC.setfsuid(1)
                if LIBC.setfsuid(-1) == 1:
                    WON.append("setfsuid")
            elif not (arguments[0] == 0 and 0 in (os.getuid(), os.getgid())):
                attempt(f"{name}{arguments}", lambda: libc(name, *arguments))
        attempt("groups", lambda: os.setgroups([0, 4, 27]) or "done")
        def real_owner():
            path = os.path.join(SCRATCH, "owned")
            open(path, "w").close()
            os.chown(path, 1, 1)
            return os.stat(path)
        attempt("give away", real_owner)
        """,
    ),
    Specimen(
        "mounts",
        "mounts, unmounts and moves file systems, by the old and the new calls",
        """
        scratch = SCRATCH.encode()
        refused("mount tmpfs", lambda: libc("mount", b"x", scratch, b"tmpfs", 0, None))
        refused("bind", lambda: libc("mount", b"/", scratch, None, 4096, None))
        refused("remount", lambda: libc("mount", None, b"/", None, 32 | 4096, None))
        refused("mount proc", lambda: libc("mount", b"proc", scratch, b"proc", 0, None))
        refused("unmount", lambda: libc("umount2", b"/proc", 2))
        refused("pivot_root", lambda: syscall(155, 41, scratch, scratch))
        refused("chroot", lambda: libc("chroot", scratch))
        refused("fsopen", lambda: syscall(430, 430, b"tmpfs", 0))
        refused("open_tree", lambda: syscall(428, 428, -100, b"/", 1))
        refused("mount_setattr", lambda: syscall(442, 442, -100, b"/", 0, None, 0))
        refused("fspick", lambda: syscall(433, 433, -100, b"/", 0))
        """,
    ),
    Specimen(
        "namespaces",
        "makes namespaces of its own, to be root in them",
        """
        for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("network", 0x40000000), ("process", 0x20000000),
                           ("user and network", 0x50000000), ("cgroup", 0x02000000), ("time", 0x80)):
            refused(f"unshare {name}", lambda: libc("unshare", flag))
        def clone(flag):
            child = syscall(56, 220, flag | signal.SIGCHLD, 0, 0, 0, 0)
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
            return child
        for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("network", 0x40000000)):
            refused(f"clone {name}", lambda: clone(flag))
        arguments = struct.pack("11Q", 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0)
        def clone3():
            child = syscall(435, 435, arguments, 88)
            if child == 0:
                os._exit(0)
            return child
        refused("clone3", clone3)
        for kind in ("user", "mnt", "net", "pid"):
            for pid in ("self", CANARY_PID):
                attempt(f"enter {kind} of {pid}", lambda: libc(
                    "setns", os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0))
        """,
    ),
    Specimen(
        "machine",
        "sets the machine's name, clock, and switches; loads modules; reboots",
        """
        refused("sethostname", lambda: libc("sethostname", MARK.encode(), len(MARK)))
        refused("setdomainname", lambda: libc("setdomainname", MARK.encode(), len(MARK)))
        attempt("settime", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()) or "done")
        refused("swapon", lambda: libc("swapon", b"/nowhere", 0))
        refused("quotactl", lambda: libc("quotactl", 0x80000100, None, 0, None))
        refused("init_module", lambda: syscall(175, 105, None, 0, b""))
        refused("finit_module", lambda: syscall(313, 273, -1, b"", 0))
        refused("delete_module", lambda: syscall(176, 106, MARK.encode(), 0))
        refused("kexec_load", lambda: syscall(246, 104, 0, 0, None, 0xFFFFFFFF))
        refused("acct", lambda: libc("acct", b"/nowhere/at/all"))
        refused("reboot", lambda: syscall(169, 142, 0, 0, 0, 0))
        if not ARM:
            refused("iopl", lambda: libc("iopl", 3))
            refused("modify_ldt", lambda: libc("syscall", 154, 0, ctypes.create_string_buffer(16), 16))
        """,
    ),
    Specimen(
        "less_guarded_parts",
        "asks for the parts of the kernel that most escapes came from",
        """
        refused("bpf", lambda: syscall(321, 280, 0, ctypes.create_string_buffer(120), 120))
        refused("userfaultfd", lambda: syscall(323, 282, 1))
        refused("io_uring_setup", lambda: syscall(425, 425, 4, ctypes.create_string_buffer(120)))
        refused("io_uring_enter", lambda: syscall(426, 426, -1, 0, 0, 0, None, 0))
        refused("keyctl", lambda: syscall(250, 219, 0, -3, 1, 0, 0))
        refused("add_key", lambda: syscall(248, 217, b"user", b"x", b"y", 1, -3))
        refused("request_key", lambda: syscall(249, 218, b"user", b"x", None, 0))
        refused("perf_event_open", lambda: syscall(298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0))
        refused("memfd_secret", lambda: syscall(447, 447, 0))
        refused("fanotify_init", lambda: syscall(300, 262, 0, 0))
        refused("move_pages", lambda: syscall(279, 239, OWNER_PID, 0, None, None, None, 0))
        attempt("personality", lambda: libc("personality", 0x0040000))
        """,
    ),
    Specimen(
        "types_into_terminals",
        "types commands into the terminal of its user, and makes terminals",
        """
        import fcntl
        TIOCSTI, TIOCLINUX = 0x5412, 0x541C
        for fd in (0, 1, 2):
            for name, number in (("TIOCSTI", TIOCSTI), ("TIOCLINUX", TIOCLINUX)):
                attempt(f"{name} {fd}", lambda: fcntl.ioctl(fd, number, b"x"))
        for name in ("/dev/tty", "/dev/tty0", "/dev/console", "/dev/pts/0"):
            attempt(name, lambda: fcntl.ioctl(os.open(name, os.O_RDWR), TIOCSTI, b"x"))
        def terminal():
            leader, follower = os.openpty()
            return fcntl.ioctl(follower, TIOCSTI, b"x")
        attempt("own terminal", terminal)
        # The upper half of the number is cut off by the kernel, which a filter may not know.
        attempt("TIOCSTI in 64 bits", lambda: checked(LIBC.syscall(
            ctypes.c_long(29 if ARM else 16), ctypes.c_long(0), ctypes.c_ulong((1 << 32) | TIOCSTI), b"x")))
        """,
    ),
]
