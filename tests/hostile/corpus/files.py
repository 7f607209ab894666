"""Specimens that write where they may not, or leave something that is hard to remove."""

from __future__ import annotations

from tests.hostile.specimen import ANSWERS, ERROR, HELD, LIMIT, Specimen

_WRITE = '''
def changed(path, action):
    """Call `action`, which may say that it worked though it did not; raise where the file is as it was."""
    before = os.lstat(path)
    action()
    after = os.lstat(path)
    if (before.st_mode, before.st_mtime, before.st_uid) == (after.st_mode, after.st_mtime, after.st_uid):
        raise LookupError("nothing has changed")
    os.chmod(path, before.st_mode)
    os.utime(path, (before.st_atime, before.st_mtime))
    return "done"


def overwrite(folder, name):
    """Try every way of changing a file and its folder; what has worked is undone where that matters."""
    path = os.path.join(folder, name)
    mode = os.lstat(path).st_mode if os.path.exists(path) else 0o644
    attempt(f"write {path}", lambda: open(path, "r+b"))
    attempt(f"append {path}", lambda: open(path, "ab"))
    attempt(f"truncate {path}", lambda: os.truncate(path, os.path.getsize(path)) or "done")
    attempt(f"create in {folder}", lambda: open(os.path.join(folder, MARK), "x"))
    attempt(f"folder in {folder}", lambda: os.mkdir(os.path.join(folder, MARK + "-folder")) or "done")
    attempt(f"link in {folder}", lambda: os.symlink("/", os.path.join(folder, MARK + "-link")) or "done")
    attempt(f"nameless in {folder}", lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR))
    attempt(f"pipe in {folder}", lambda: os.mkfifo(os.path.join(folder, MARK + "-pipe")) or "done")
    attempt(f"rename {path}", lambda: os.rename(path, path) or "done")
    attempt(f"hard link {path}", lambda: os.link(path, os.path.join(folder, MARK + "-hard")) or "done")
    attempt(f"mode of {path}", lambda: changed(path, lambda: os.chmod(path, mode ^ 0o111)))
    attempt(f"mode of {folder}", lambda: changed(folder, lambda: os.chmod(folder, 0o777)))
    attempt(f"owner of {path}", lambda: changed(path, lambda: os.chown(path, 12345, 12345)))
    attempt(f"times of {path}", lambda: changed(path, lambda: os.utime(path, (0, 0))))
    attempt(f"attribute of {path}", lambda: os.setxattr(path, "user.x", b"x") or os.getxattr(path, "user.x"))
    attempt(f"mode by descriptor {path}", lambda: changed(path, lambda: os.fchmod(os.open(path, os.O_RDONLY), 0o777)))
    attempt(f"times by descriptor {path}", lambda: changed(path, lambda: os.utime(os.open(path, os.O_RDONLY), (0, 0))))
'''

SPECIMENS = [
    Specimen(
        "own_package",
        "changes its own package, so that the next user gets something else",
        """
        overwrite(PACKAGE, "__init__.py")
        """,
        head=_WRITE,
    ),
    Specimen(
        "own_package_while_imported",
        "changes its own package while it is imported",
        """
        overwrite(PACKAGE, "__init__.py")
        """,
        at="import",
        head=_WRITE,
    ),
    Specimen(
        "other_environment",
        "changes the packages of another learnware's environment",
        """
        overwrite(OTHER_ENVIRONMENT, "package.py")
        """,
        head=_WRITE,
    ),
    Specimen(
        "own_environment",
        "changes the packages of the environment that it runs in, which others share",
        """
        overwrite(os.path.dirname(np.__file__), "__init__.py")
        attempt("site-packages", lambda: open(os.path.join(os.path.dirname(os.path.dirname(np.__file__)), MARK), "x"))
        attempt("a start file", lambda: open(os.path.join(sys.prefix, "pyvenv.cfg"), "a"))
        """,
        head=_WRITE,
    ),
    Specimen(
        "engine",
        "changes the engine's own files and the worker that runs it",
        """
        overwrite(ENGINE, "errors.py")
        overwrite(os.path.join(ENGINE, "runtime", "_worker"), "main.py")
        overwrite(os.path.join(ENGINE, "runtime", "sandbox"), "_limits.py")
        """,
        head=_WRITE,
    ),
    Specimen(
        "outside",
        "writes outside of its scratch folder",
        """
        overwrite(OUTSIDE, "canary")
        attempt("remove", lambda: os.unlink(os.path.join(OUTSIDE, "canary")) or "done")
        attempt("overwrite", lambda: open(os.path.join(OUTSIDE, "canary"), "wb").write(b"x"))
        """,
        head=_WRITE,
    ),
    Specimen(
        "system_folders",
        "writes into folders that everybody may write to, and into the system's",
        """
        for folder in ("/", "/etc", "/usr", "/usr/lib", "/bin", "/var/tmp", "/run", "/run/lock", "/dev", "/dev/mqueue",
                       "/home", "/opt", "/mnt", "/root", "/var", HOME, REAL_HOME):
            attempt(f"write in {folder}", lambda: open(os.path.join(folder, MARK), "x"))
            attempt(f"folder in {folder}", lambda: os.mkdir(os.path.join(folder, MARK + "-folder")) or "done")
        """,
    ),
    Specimen(
        "temporary_folder",
        "leaves files in the temporary folders of the machine, if they are not its own",
        """
        for folder in ("/tmp", "/dev/shm", SCRATCH, os.getcwd(), os.path.expanduser("~")):
            try:
                with open(os.path.join(folder, MARK + "-left"), "wb") as file:
                    file.write(b"x" * 1000)
            except OSError as error:
                say(repr(error))
        """,
    ),
    Specimen(
        "proc_and_sys",
        "writes to the kernel's switches",
        """
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches",
                     "/proc/sysrq-trigger", "/proc/sys/kernel/pid_max", "/proc/sys/fs/file-max",
                     "/sys/kernel/mm/ksm/run",
                     "/proc/1/oom_score_adj", f"/proc/{OWNER_PID}/oom_score_adj", f"/proc/{CANARY_PID}/oom_score_adj",
                     "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/tasks", f"/proc/{CANARY_PID}/comm",
                     f"/proc/{CANARY_PID}/clear_refs", "/proc/self/uid_map", "/proc/self/setgroups",
                     "/proc/sys/kernel/ns_last_pid", "/proc/mtrr", "/proc/bus/pci", "/proc/fs"):
            attempt(f"open {path}", lambda: os.open(path, os.O_WRONLY))
        """,
    ),
    Specimen(
        "own_program",
        "writes to the program that runs it, through /proc/self/exe",
        """
        attempt("write", lambda: os.open("/proc/self/exe", os.O_WRONLY))
        attempt("append", lambda: open("/proc/self/exe", "ab"))
        attempt("program", lambda: open(sys.executable, "r+b"))
        attempt("program's mode", lambda: changed(
            os.path.realpath(sys.executable), lambda: os.chmod(sys.executable, 0o777)))
        attempt("parent's program", lambda: os.open(f"/proc/{os.getppid()}/exe", os.O_WRONLY))
        """,
        head=_WRITE,
    ),
    Specimen(
        "links_to_the_outside",
        "fills its scratch folder with links to the outside, for a clean-up that follows them",
        """
        for folder in {SCRATCH, os.getcwd(), os.path.expanduser("~")}:
            for target in (OUTSIDE, HOME, OTHER_ENVIRONMENT, PACKAGE, "/", os.path.join(OUTSIDE, "canary")):
                os.symlink(target, os.path.join(folder, f"{MARK}{abs(hash(target))}"))
            os.makedirs(os.path.join(folder, "a", "b"))
            os.symlink(OUTSIDE, os.path.join(folder, "a", "b", "c"))
        attempt("through the link", lambda: open(os.path.join(folder, "a", "b", "c", MARK), "x"))
        attempt("read through the link", lambda: open(os.path.join(folder, "a", "b", "c", "canary")).read())
        """,
    ),
    Specimen(
        "scratch_becomes_a_link",
        "puts a link to the outside in the place of its scratch folder",
        """
        folder = os.path.realpath(SCRATCH)
        try:
            os.rename(folder, folder + "-" + MARK)
            os.symlink(OUTSIDE, folder)
        except OSError as error:
            say(repr(error))
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "links_that_move",
        "swaps a folder and a link to the outside without end, in the background, while the parent cleans up",
        """
        folder = SCRATCH
        real, link = os.path.join(folder, "swap"), os.path.join(folder, "link")
        os.mkdir(real)
        for number in range(50):
            open(os.path.join(real, f"canary{number or ''}"), "w").close()
        os.symlink(OUTSIDE, link)
        if os.fork() == 0:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                LIBC.renameat2(-100, real.encode(), -100, link.encode(), 2)
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "hard_links",
        "makes hard links to files outside and writes through them",
        """
        for source in (os.path.join(OUTSIDE, "canary"), SECRET_FILE, PACKAGE + "/__init__.py", "/etc/shadow"):
            link = os.path.join(SCRATCH, f"hard{abs(hash(source))}")
            attempt(f"link {source}", lambda: os.link(source, link) or "done")
        attempt("link by descriptor", lambda: libc("linkat", os.open(os.path.join(PACKAGE, "__init__.py"), os.O_RDONLY),
            b"", -100, os.path.join(SCRATCH, "hard").encode(), 0x1000))
        """,
    ),
    Specimen(
        "locked_folders",
        "takes all rights from folders in its scratch folder, so that nobody can remove them",
        """
        folder = SCRATCH
        for _ in range(5):
            folder = os.path.join(folder, "locked")
            os.mkdir(folder)
            open(os.path.join(folder, "file"), "w").close()
        while folder != SCRATCH:
            try:
                os.chmod(folder, 0)
            except OSError as error:
                say(repr(error))
            folder = os.path.dirname(folder)
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "deep_folders",
        "nests folders deeper than paths may be long",
        """
        os.chdir(SCRATCH)
        for _ in range(3000):
            os.mkdir("d" * 20)
            os.chdir("d" * 20)
        """,
        ends=(HELD, *ERROR, *LIMIT),
        hits=("scratch_bytes", "memory_bytes"),
    ),
    Specimen(
        "odd_names",
        "gives its files names with line ends, quotes, bytes that are no text and leading dashes",
        """
        folder = os.fsencode(SCRATCH)
        for name in (b"\\xff\\xfe", b"a\\nb", b"-rf", b"'; touch x; '", b"$(id)", b" ", b"x" * 255, b"\\x1b[2J"):
            os.mkdir(os.path.join(folder, name))
            open(os.path.join(folder, name, name), "w").close()
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "pipes_and_devices",
        "makes pipes on which a reader waits for ever, and devices",
        """
        folder = SCRATCH
        os.mkfifo(os.path.join(folder, "pipe"))
        for name, major, minor in (("memory", 1, 1), ("disk", 254, 0), ("null", 1, 3), ("sda", 8, 0)):
            for kind in (stat.S_IFCHR, stat.S_IFBLK):
                attempt(f"{name} {kind}", lambda: os.mknod(
                    os.path.join(folder, f"{name}{kind}"), kind | 0o666, os.makedev(major, minor)) or "done")
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "huge_hole",
        "makes a file of many terabytes that holds nothing",
        """
        with open(os.path.join(SCRATCH, "hole"), "wb") as file:
            file.truncate(1 << 43)
        """,
        ends=(HELD, ANSWERS, *ERROR, *LIMIT),
        hits=("scratch_bytes",),
    ),
    Specimen(
        "start_files",
        "leaves files in its home that other programs would run",
        """
        home = os.path.expanduser("~")
        for name in (".bashrc", ".profile", ".pythonrc", ".local/lib/python3.11/site-packages/usercustomize.py",
                     ".config/autostart/x.desktop", ".ssh/authorized_keys"):
            path = os.path.join(home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(f"# {MARK}")
        """,
    ),
]
