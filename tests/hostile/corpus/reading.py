"""Specimens that read what is not theirs."""

from __future__ import annotations

from tests.hostile.specimen import ERROR, HELD, Specimen

SPECIMENS = [
    Specimen(
        "home_folder",
        "reads keys and histories in the owner's home, and lists it",
        """
        for home in {HOME, REAL_HOME, "/root"}:
            attempt(f"list {home}", lambda: foreign(home))
            for name in (".ssh/id_rsa", ".bashrc", ".profile", ".bash_history"):
                attempt(f"read {home}/{name}", lambda: open(os.path.join(home, name)).read())
        """,
    ),
    Specimen(
        "shadow",
        "reads the system's passwords and configuration of services",
        """
        for path in ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh/ssh_host_rsa_key", "/etc/machine-id"):
            attempt(f"read {path}", lambda: open(path).read())
        for path in ("/var/log", "/var/lib/dpkg", "/root", "/boot", "/srv", "/media"):
            attempt(f"list {path}", lambda: foreign(path))
        """,
    ),
    Specimen(
        "files_beside",
        "reads files beside its package and of other learnwares",
        """
        attempt("secret", lambda: open(SECRET_FILE).read())
        attempt("neighbour", lambda: open(os.path.join(os.path.dirname(PACKAGE), "neighbour", "__init__.py")).read())
        attempt("list", lambda: foreign(os.path.dirname(PACKAGE)))
        attempt("by a relative path", lambda: open(os.path.join(PACKAGE, "..", "..", os.path.relpath(
            SECRET_FILE, os.path.dirname(os.path.dirname(PACKAGE))))).read())
        """,
    ),
    Specimen(
        "environment_variables",
        "looks for secrets in environment variables, its own and those of other processes",
        """
        attempt("own", lambda: os.environ[SECRET_NAME])
        for pid in [OWNER_PID, CANARY_PID, os.getppid(), "self", 1]:
            def secret():
                data = open(f"/proc/{pid}/environ", "rb").read()
                return data[data.index(SECRET_NAME.encode()):]
            attempt(f"environment of {pid}", secret)
        allowed = ("PATH LANG LC_ALL LC_CTYPE TZ HOME TMPDIR TEMP TMP LD_LIBRARY_PATH OMP_NUM_THREADS PWD"
                   " LOGNAME USER OPENBLAS_NUM_THREADS MKL_NUM_THREADS CUDA_VISIBLE_DEVICES PYTHONHASHSEED").split()
        attempt("more variables", lambda: sorted(set(os.environ) - set(allowed))[0])
        """,
    ),
    Specimen(
        "processes_of_others",
        "looks at other processes through /proc: command lines, memory maps, working directories, files",
        """
        for pid in (OWNER_PID, CANARY_PID):
            for name in ("cmdline", "maps", "mem", "auxv", "stack", "status"):
                attempt(f"/proc/{pid}/{name}", lambda: open(f"/proc/{pid}/{name}", "rb").read(1))
            for name in ("cwd", "root", "exe", "fd", "map_files"):
                attempt(f"/proc/{pid}/{name}", lambda: os.listdir(f"/proc/{pid}/{name}"))
        """,
    ),
    Specimen(
        "root_links",
        "leaves through /proc/*/root, /proc/*/cwd and long chains of ..",
        """
        for start in ("/proc/self/root", "/proc/1/root", "/proc/1/cwd", f"/proc/{os.getppid()}/root",
                      f"/proc/{OWNER_PID}/root", "/proc/thread-self/root", ".." + "/.." * 60):
            attempt(f"through {start}", lambda: open(start + SECRET_FILE).read())
            attempt(f"shadow through {start}", lambda: open(start + "/etc/shadow").read())
        """,
    ),
    Specimen(
        "inherited_descriptors",
        "uses descriptors that the parent forgot to close",
        """
        for fd in range(3, 1024):
            try:
                target = os.readlink(f"/proc/self/fd/{fd}")
            except OSError:
                try:
                    os.fstat(fd)
                except OSError:
                    continue
                target = "(not told)"
            kind = os.fstat(fd).st_mode
            if stat.S_ISDIR(kind) or stat.S_ISBLK(kind) or (stat.S_ISREG(kind) and not target.startswith(PACKAGE)):
                WON.append(f"descriptor {fd} is {target}")
            if stat.S_ISSOCK(kind):
                peer = socket.socket(fileno=os.dup(fd))
                if peer.family != socket.AF_UNIX:
                    WON.append(f"descriptor {fd} is a socket {peer}")
        """,
    ),
    Specimen(
        "reopened_descriptors",
        "opens its standard streams anew through /proc/self/fd, to read what others wrote or to find terminals",
        """
        for fd in (0, 1, 2):
            try:
                target = os.readlink(f"/proc/self/fd/{fd}")
            except OSError as error:
                say(repr(error))
                continue
            if target.startswith("/dev/") and target != "/dev/null":
                WON.append(f"descriptor {fd} is {target}")
        attempt("the terminal", lambda: os.open("/dev/tty", os.O_RDWR))
        for name in ("/dev/console", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/fuse"):
            attempt(name, lambda: os.open(name, os.O_RDONLY))
        """,
    ),
    Specimen(
        "file_handles",
        "opens a file by its handle, past all folders",
        """
        handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
        mount = ctypes.c_int()
        refused("name_to_handle_at", lambda: libc(
            "name_to_handle_at", -100, b"/", handle, ctypes.byref(mount), 0))
        descriptor = os.open("/", os.O_RDONLY | os.O_DIRECTORY) if os.access("/", os.R_OK) else 0
        root = ctypes.create_string_buffer(struct.pack("Iiqq", 8, 1, 2, 0))
        attempt("open_by_handle_at", lambda: libc("open_by_handle_at", descriptor, root, os.O_RDONLY))
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "while_it_is_imported",
        "reads secrets while its module is imported",
        """
        attempt("secret", lambda: open(SECRET_FILE).read())
        attempt("home", lambda: open(os.path.join(HOME, ".ssh/id_rsa")).read())
        attempt("shadow", lambda: open("/etc/shadow").read())
        """,
        at="import",
    ),
    Specimen(
        "while_it_is_made",
        "reads secrets while the model is made",
        """
        attempt("secret", lambda: open(SECRET_FILE).read())
        attempt("home", lambda: open(os.path.join(HOME, ".ssh/id_rsa")).read())
        """,
        at="init",
    ),
    Specimen(
        "other_programs",
        "lets other programs read what it may not",
        """
        import subprocess
        for command in (["/bin/cat", SECRET_FILE], ["/bin/sh", "-c", f"cat '{SECRET_FILE}' /etc/shadow"],
                        [sys.executable, "-c", f"print(open({SECRET_FILE!r}).read())"], ["/bin/ls", HOME]):
            def run():
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
                say(done.stdout.decode("utf-8", "replace"))
                return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else 1 / 0
            attempt(str(command), run)
        """,
    ),
]
