"""What a program in a sandbox can reach: each thing is really tried."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from learnware.runtime.sandbox._seccomp import (
    _ENOSYS,
    _EPERM,
    _FILES_EPERM,
    _FILES_PRETENDED,
    seccomp_program,
    syscall_number,
)

DENIED = {"EACCES", "EPERM", "ENOENT", "EROFS"}


@pytest.fixture
def folder(tmp_path):
    """A learnware's folder, beside a file that it must not see. Only the owner may read it."""
    folder = tmp_path / "learnware"
    folder.mkdir(mode=0o700)
    (folder / "data.txt").write_text("data")
    (folder / "data.txt").chmod(0o600)
    (tmp_path / "secret.txt").write_text("secret")
    return folder


def test_reads_its_own_files_and_no_others(start, level, folder):
    secret = folder.parent / "secret.txt"
    program = start(
        f"""
        tell(open({str(folder / "data.txt")!r}).read())
        tell([attempt(open, path) for path in (
            {str(secret)!r}, "/etc/passwd", "/etc/shadow", "/etc/hostname", {str(Path.home() / ".bashrc")!r},
            "/proc/{os.getpid()}/environ", "/proc/{os.getpid()}/maps", "/proc/self/root" + {str(secret)!r},
        )])
        tell([attempt(os.listdir, path) for path in ({str(Path.home())!r}, {str(Path(__file__).parent)!r}, "/var")])
        """,
        level,
        readable=(folder,),
    )
    assert program.told() == "data"
    assert set(program.told()) <= DENIED
    for answer in program.told():
        # Parents of what is readable exist in a namespace, and are empty but for that.
        assert answer in DENIED or level == "bubblewrap"


def test_folders_around_what_is_readable_show_nothing_else(start, folder):
    program = start(f"tell(os.listdir({str(folder.parent)!r}))", "bubblewrap", readable=(folder,))
    assert program.told() == ["learnware"]


def test_links_lead_nowhere(start, level, folder):
    secret = folder.parent / "secret.txt"
    program = start(
        f"""
        os.symlink({str(secret)!r}, "link")
        os.symlink("/", "root")
        tell([
            attempt(open, "link"), attempt(open, "root" + {str(secret)!r}), attempt(os.link, {str(secret)!r}, "hard"),
            attempt(open, "../" * 40 + {str(secret)!r}), attempt(os.rename, {str(secret)!r}, "moved"),
            attempt(os.link, {str(folder / "data.txt")!r}, "hard")
        ])
        """,
        level,
        readable=(folder,),
    )
    answers = program.told()
    assert all(answer in DENIED | {"EXDEV"} for answer in answers), answers


def test_writes_to_its_scratch_folder_only(start, level, folder, environment):
    program = start(
        f"""
        import tempfile
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * 1000)
        os.mkdir("inner"); open("inner/file", "w").write("x"); os.rename("inner/file", "file"); os.unlink("file")
        tell([os.path.realpath(os.environ["HOME"]) == os.getcwd(), tempfile.gettempdir() == os.getcwd()])
        def create(path):
            open(path, "w").close()
        paths = ["/etc/x", "/usr/x", "/var/tmp/x", "/x", "/dev/x", "/proc/x", "/root/x",
                 {str(folder / "new")!r}, {str(folder / "data.txt")!r},
                 os.path.join(sys.prefix, "x"), os.path.dirname(os.__file__) + "/x.py", "/proc/sys/kernel/core_pattern"]
        tell({{path: attempt(create, path) for path in paths}})
        tell([attempt(os.unlink, {str(folder / "data.txt")!r}), attempt(os.rmdir, {str(folder)!r}),
              attempt(os.truncate, {str(folder / "data.txt")!r}, 0), attempt(os.rename, {str(folder)!r}, "taken")])
        tell(attempt(create, {str(folder.parent / "secret.txt")!r}))
        """,
        level,
        readable=(folder,),
    )
    assert program.told() == [True, True]
    answers = program.told()
    assert all(answer in DENIED for answer in answers.values()), answers
    assert all(answer in DENIED | {"EXDEV", "EBUSY"} for answer in program.told())
    # In a namespace this path lies in the scratch folder, which is all of the temporary files there.
    assert program.told() in (DENIED if level == "landlock" else {"done"})
    assert (folder / "data.txt").read_text() == "data"
    assert (folder.parent / "secret.txt").read_text() == "secret"


def test_modes_owners_and_times_of_other_files_stay(start, level, folder):
    file = folder / "data.txt"
    before = {path: path.stat() for path in (file, folder, Path("/dev/null"), Path("/dev/zero"))}
    program = start(
        f"""
        for path in ({str(file)!r}, {str(folder)!r}, "/dev/null", "/dev/zero"):
            attempt(os.chmod, path, 0o777), attempt(os.chown, path, 12345, 12345), attempt(os.utime, path, (1, 1))
            attempt(os.setxattr, path, "user.x", b"x")
        descriptor = os.open({str(file)!r}, os.O_RDONLY)
        attempt(os.chmod, descriptor, 0o777), attempt(os.utime, descriptor, (1, 1))
        import shutil
        tell(os.path.basename(shutil.copy({str(file)!r}, "copy")))
        """,
        level,
        readable=(folder,),
    )
    assert program.told() == "copy"
    for path, status in before.items():
        now = path.stat()
        assert (now.st_mode, now.st_uid, now.st_mtime) == (status.st_mode, status.st_uid, status.st_mtime)
        assert not [name for name in os.listxattr(path) if name == "user.x"]


def test_variables_of_the_owner_are_not_there(start, any_level, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    told = start("tell(dict(os.environ))", any_level).told()
    assert "SECRET_TOKEN" not in told
    assert "secret" not in told.values()
    assert told["USER"] == "learnware"


def test_no_network(start, level):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0learnware-{os.getpid()}")
        abstract.listen()
        program = start(
            f"""
            def connect(family, address):
                with socket.socket(family, socket.SOCK_STREAM) as sock:
                    sock.settimeout(5)
                    sock.connect(address)
            tell([attempt(connect, socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})),
                  attempt(connect, socket.AF_INET6, ("::1", {server.getsockname()[1]})),
                  attempt(connect, socket.AF_UNIX, "\\0learnware-{os.getpid()}"),
                  attempt(connect, socket.AF_UNIX, "/run/systemd/private"),
                  *[attempt(socket.socket, family, kind) for family in range(46) for kind in (1, 2, 3)],
                  *[attempt(socket.socketpair, family) for family in (2, 10, 16)],
                  *[attempt(socket.socketpair, 1, kind | 0x80000) for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW)],
                  attempt(socket.socketpair()[0].bind, "name"), attempt(socket.socketpair()[0].connect, "name")])
            left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            left, right = socket.socketpair()
            left.send(b"x")
            tell(right.recv(1).decode())
            try:
                socket.getaddrinfo("example.org", 80)
            except OSError:
                tell("no names")
            """,
            level,
        )
        assert set(program.told()) == {"EPERM"}
        assert program.told() == "x"
        assert program.told() == "no names"


def test_no_rights_and_no_descriptors(start, level):
    program = start(
        """
        fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
        tell({name: fields[name].strip() for name in fields if name.startswith(("Cap", "NoNew", "Seccomp", "Groups"))})
        tell(sorted(map(int, os.listdir("/proc/self/fd"))))
        import resource
        tell([resource.getrlimit(resource.RLIMIT_CORE), os.getresuid()])
        """,
        level,
    )
    fields = program.told()
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == int(fields["CapInh"], 16) == 0
    assert int(fields["CapAmb"], 16) == 0
    assert int(fields["CapBnd"], 16) == 0 or os.geteuid() != 0
    assert (fields["NoNewPrivs"], fields["Seccomp"], fields["Groups"]) == ("1", "2", fields["Groups"])
    assert os.geteuid() != 0 or fields["Groups"] == ""
    descriptors = program.told()
    assert len(descriptors) == 5, "three, the copy of the socket, and the one that lists them"
    core, users = program.told()
    assert core == [0, 0]
    assert users[0] != 0


def test_other_processes_are_out_of_reach(start, level):
    owner = os.getpid()
    program = start(
        f"""
        import ctypes, signal
        answer = attempt(os.kill, {owner}, 0)
        tell(answer)
        assert answer != "done"
        tell(attempt(os.kill, {os.getppid()}, 0))
        if os.fork() == 0:
            time.sleep(1000)
        tell("ready")
        os.kill(-1, signal.SIGKILL)  # all that it can reach: itself is left out
        tell(os.waitpid(-1, 0)[1])
        """,
        level,
    )
    assert program.told() in {"ESRCH", "EPERM"}
    assert program.told() in {"ESRCH", "EPERM"}
    assert program.told() == "ready"
    assert program.told() == 9


def test_priorities_and_limits_of_other_processes_stay(start, level):
    before = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)
    program = start(
        f"""
        import resource
        pid = {os.getpid()}
        tell([attempt(os.setpriority, os.PRIO_PROCESS, pid, 19), attempt(os.sched_setaffinity, pid, {{0}}),
              attempt(resource.prlimit, pid, resource.RLIMIT_NOFILE, (10, 10))])
        """,
        level,
    )
    assert set(program.told()) <= {"EPERM", "ESRCH"}
    assert before == (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0))


def test_system_calls_that_are_filtered(start, level):
    tables = [(_EPERM, 1), (_ENOSYS, 38)]
    if level == "landlock":
        tables += [(_FILES_EPERM, 1), (_FILES_PRETENDED, 0)]
    expected = {name: code for table, code in tables for name in table if syscall_number(name) is not None}
    numbers = {name: syscall_number(name) for name in expected}
    program = start(
        f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number):
            ctypes.set_errno(0)
            libc.syscall(number, 0, 0, 0, 0, 0, 0)
            return ctypes.get_errno()
        tell({{name: call(number) for name, number in {numbers!r}.items()}})
        tell([call(number) for number in (457, 458, 470, 1000)])
        def arguments(number, *values):
            ctypes.set_errno(0)
            return libc.syscall(number, *map(ctypes.c_ulong, values)) < 0 and ctypes.get_errno()
        tell([arguments({syscall_number("clone")}, flag | 17, 0, 0, 0, 0) for flag in
              (1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30)])
        tell([arguments({syscall_number("personality")}, value) for value in (0xFFFFFFFF, 0, 8, 0x40000)])
        tell([arguments({syscall_number("ioctl")}, 0, value, 0) for value in (0x5412, 0x541C)])
        tell([attempt(os.unshare, flag) for flag in (0x10000000, 0x20000)] if hasattr(os, "unshare") else ["EPERM"])
        """,
        level,
    )
    assert program.told() == expected
    assert set(program.told()) == {38}
    assert set(program.told()) == {1}
    assert program.told() == [0, 0, 1, 1]
    assert set(program.told()) == {1}
    assert set(program.told()) == {"EPERM"}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="a second numbering of calls is on x86_64 only")
def test_calls_by_another_numbering_end_the_process(start, level):
    program = start("import ctypes; ctypes.CDLL(None).syscall(0x40000000 + 39)", level)
    program.ended()
    assert "signal 31" in program.child.ending()


def test_the_filter_is_one_that_the_kernel_takes():
    for shares_machine in (False, True):
        program = seccomp_program(shares_machine=shares_machine)
        assert len(program) % 8 == 0
        assert len(program) // 8 <= 4096


def test_what_models_do_works(start, level, folder):
    program = start(
        """
        import subprocess, tempfile, threading, shutil
        import numpy as np
        tell(float((np.ones((300, 300)) @ np.ones((300, 300))).sum()))
        results = []
        threads = [threading.Thread(target=results.append, args=(n,)) for n in range(8)]
        [t.start() for t in threads]; [t.join() for t in threads]
        tell(sorted(results))
        tell(subprocess.run([sys.executable, "-I", "-c", "print(6 * 7)"], capture_output=True, text=True).stdout)
        tell(subprocess.run(["sh", "-c", "echo $((6 * 7))"], capture_output=True, text=True).stdout)
        with tempfile.TemporaryDirectory() as folder:
            np.save(folder + "/a.npy", np.arange(5))
            tell(int(np.load(folder + "/a.npy", mmap_mode="r").sum()))
        pid = os.fork()
        if pid == 0:
            os._exit(7)
        tell(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        tell(os.cpu_count())
        """,
        level,
    )
    assert program.told() == 300.0**3
    assert program.told() == list(range(8))
    assert program.told() == "42\n"
    assert program.told() == "42\n"
    assert program.told() == 10
    assert program.told() == 7
    assert program.told() == os.cpu_count()


def test_locks_and_shared_memory_of_multiprocessing(start):
    program = start(
        """
        import multiprocessing, multiprocessing.shared_memory
        context = multiprocessing.get_context("fork")
        lock = context.Lock()
        with lock:
            block = multiprocessing.shared_memory.SharedMemory(create=True, size=1000)
        block.close(); block.unlink()
        tell("done")
        """,
        "bubblewrap",
    )
    assert program.told() == "done"


def test_paths_with_odd_names(start, level, tmp_path):
    folder = tmp_path / "a b:c,'d' ü\n"
    folder.mkdir()
    (folder / "file").write_text("here")
    link = tmp_path / "link"
    link.symlink_to(folder)
    program = start(f"tell([open(p).read() for p in {[str(folder / 'file'), str(link / 'file')]!r}])", level,
                    readable=(link,))  # fmt: skip
    assert program.told() == ["here", "here"]


def test_the_interpreter_of_the_launcher_brings_no_packages(level):
    # Seen from an environment of another interpreter, only the standard library of this one is there.
    import learnware.runtime.sandbox._plan as plan

    folders, packages = plan.interpreter_folders()
    assert all(path.name == "site-packages" for path in packages)
    assert all(path.exists() for path in folders)
    assert not any(Path(sys.prefix) == path for path in folders) or sys.prefix == sys.base_prefix
