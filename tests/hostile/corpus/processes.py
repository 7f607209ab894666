"""Specimens that attack processes, or leave some behind.

Where an attack would hurt this machine if it were not contained, it asks first whether it could reach the canary, and
stops there: the test has failed by then. Forks and allocations without end stop far beyond every limit.
"""

from __future__ import annotations

from tests.hostile.specimen import ANSWERS, ERROR, HELD, LIMIT, TIMEOUT, Specimen

_FORKS = '''
import mmap
COUNT = mmap.mmap(-1, 8)


def one_more():
    """Count a process; far beyond the limit all of them end, whatever holds them."""
    number = struct.unpack("q", COUNT[:8])[0] + 1
    COUNT[:8] = struct.pack("q", number)
    if number > 20000:
        os._exit(0)
    return number
'''

SPECIMENS = [
    Specimen(
        "fork_bomb",
        "forks without end",
        """
        while True:
            try:
                if os.fork() == 0:
                    one_more()
            except OSError:
                pass
        """,
        head=_FORKS,
        ends=(*TIMEOUT, *LIMIT, *ERROR),
        hits=("processes", "memory_bytes", "cpu_seconds"),
        limits={"seconds": 3.0},
    ),
    Specimen(
        "hydra",
        "forks and ends at once, for ever: each process is gone before it can be found",
        """
        if os.fork() == 0:
            os.setsid()
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    if os.fork():
                        os._exit(0)
                except OSError:
                    pass
        """,
        ends=(HELD, ANSWERS, *LIMIT, *ERROR),
        hits=("processes", "cpu_seconds"),
    ),
    Specimen(
        "many_hydras",
        "the same with many heads at a time, all signals ignored",
        """
        for number in range(1, 65):
            if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
        for _ in range(8):
            if os.fork() == 0:
                os.setsid()
                end = time.monotonic() + 60
                while time.monotonic() < end:
                    try:
                        if os.fork():
                            os._exit(0)
                    except OSError:
                        pass
        hang()
        """,
        ends=(*TIMEOUT, *LIMIT, *ERROR),
        hits=("processes", "cpu_seconds"),
        limits={"seconds": 3.0},
    ),
    Specimen(
        "thread_bomb",
        "starts threads without end",
        """
        threads = []
        while len(threads) < 20000:
            thread = threading.Thread(target=time.sleep, args=(600,), daemon=True)
            thread.start()
            threads.append(thread)
        WON.append(f"{len(threads)} threads")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("processes", "memory_bytes"),
    ),
    Specimen(
        "double_fork",
        "forks twice into a session of its own, answers, and goes on in the background",
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for fd in range(3):
                    try:
                        os.close(fd)
                    except OSError:
                        pass
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
                    signal.signal(number, signal.SIG_IGN)
                time.sleep(600)
            os._exit(0)
        """,
    ),
    Specimen(
        "daemon_program",
        "starts another program in a session of its own that outlives the answer",
        """
        import subprocess
        subprocess.Popen(["/bin/sh", "-c", f"trap '' TERM HUP INT; while :; do sleep 600; done # {MARK}"],
                         start_new_session=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "survives_its_crash",
        "leaves a process behind and kills its own worker",
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        os.wait()
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        ends=ERROR,
    ),
    Specimen(
        "keeps_the_channel",
        "ends its worker while a process of its own keeps the socket and the streams open",
        """
        if os.fork():
            os._exit(0)
        os.setsid()
        time.sleep(600)
        """,
        ends=(*ERROR, *TIMEOUT),
        limits={"seconds": 4.0},
    ),
    Specimen(
        "other_group",
        "moves into another process group and session to escape a signal to its group",
        """
        if os.fork() == 0:
            os.setpgid(0, 0)
            time.sleep(600)
        attempt("into the owner's group", lambda: os.setpgid(0, os.getpgid(OWNER_PID)))
        """,
    ),
    Specimen(
        "kills_everything",
        "kills the canary, its owner, and then all that it can",
        """
        for pid in (CANARY_PID, OWNER_PID):
            attempt(f"signal {pid}", lambda: os.kill(pid, 0))
            attempt(f"group of {pid}", lambda: os.killpg(os.getpgid(pid), 0))
        if not WON:
            for strike in (lambda: os.kill(-1, signal.SIGKILL), lambda: os.killpg(0, signal.SIGKILL)):
                try:
                    strike()
                except OSError as error:
                    say(repr(error))
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "kills_its_parent",
        "kills and stops its parent, and the first process that it sees",
        """
        attempt("signal the owner", lambda: os.kill(OWNER_PID, 0))
        if not WON:
            for pid in (os.getppid(), 1):
                for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL):
                    try:
                        if pid != 1 or os.getppid() == 1:  # the first process of this machine is not the target
                            os.kill(pid, number)
                    except OSError as error:
                        say(repr(error))
            time.sleep(600)
        """,
        ends=(*TIMEOUT, *ERROR),
        limits={"seconds": 3.0},
    ),
    Specimen(
        "signals_by_descriptor",
        "signals others by process descriptors and queued signals",
        """
        def by_descriptor(pid):
            return signal.pidfd_send_signal(os.pidfd_open(pid), 0)
        for pid in (CANARY_PID, OWNER_PID):
            attempt(f"descriptor of {pid}", lambda: by_descriptor(pid))
            attempt(f"queue to {pid}", lambda: libc("sigqueue", pid, 0, 0))
            attempt(f"thread {pid}", lambda: syscall(200, 130, pid, 0))
            attempt(f"thread of group {pid}", lambda: syscall(234, 131, pid, pid, 0))
        """,
    ),
    Specimen(
        "signals_by_files",
        "lets the kernel signal the canary when a file is ready",
        """
        import fcntl
        here, there = socket.socketpair()
        fcntl.fcntl(here, fcntl.F_SETSIG, signal.SIGKILL)
        attempt("process", lambda: fcntl.fcntl(here, fcntl.F_SETOWN, CANARY_PID) and 1 / 0)
        fcntl.fcntl(here, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        there.send(b"x")
        WON.clear()  # the canary tells whether the signal came
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "traces",
        "attaches to other processes as a debugger",
        """
        for pid in (OWNER_PID, CANARY_PID, os.getppid()):
            attempt(f"attach {pid}", lambda: libc("ptrace", 16, pid, 0, 0))
            attempt(f"seize {pid}", lambda: libc("ptrace", 0x4206, pid, 0, 0))
        refused("be traced", lambda: libc("ptrace", 0, 0, 0, 0))
        """,
    ),
    Specimen(
        "memory_of_others",
        "reads and writes the memory of other processes",
        """
        class Vector(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        data = ctypes.create_string_buffer(8)
        mine = Vector(ctypes.addressof(data), 8)
        for pid in (OWNER_PID, CANARY_PID, os.getppid(), os.getpid()):
            for name in ("process_vm_readv", "process_vm_writev"):
                refused(f"{name} {pid}", lambda: libc(name, pid, ctypes.byref(mine), 1, ctypes.byref(mine), 1, 0))
            attempt(f"write /proc/{pid}/mem", lambda: pid != os.getpid() and open(f"/proc/{pid}/mem", "r+b") or 1 / 0)
        refused("pidfd_getfd", lambda: syscall(438, 438, 0, 0, 0))
        refused("kcmp", lambda: syscall(312, 272, OWNER_PID, os.getpid(), 0, 0, 0))
        """,
    ),
    Specimen(
        "priorities_of_others",
        "changes priorities, limits, processors and scheduling of other processes",
        """
        import resource
        for pid in (CANARY_PID,):
            attempt(f"nice {pid}", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19) or "done")
            attempt(f"nice group {pid}", lambda: os.setpriority(os.PRIO_PGRP, os.getpgid(pid), 19) or "done")
            attempt(f"limit {pid}", lambda: resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0)))
            attempt(f"read limit {pid}", lambda: resource.prlimit(pid, resource.RLIMIT_CORE))
            attempt(f"processors {pid}", lambda: os.sched_setaffinity(pid, {0}) or "done")
            attempt(f"schedule {pid}", lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)) or "done")
            attempt(f"input and output {pid}", lambda: syscall(251, 30, 1, pid, 3 << 13))
            attempt(f"pages {pid}", lambda: syscall(256, 238, pid, 0, 0, 0))
        attempt("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)) or "done")
        attempt("faster", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20) or "done")
        """,
    ),
    Specimen(
        "other_program",
        "replaces its worker by another program",
        """
        os.execv("/bin/sh", ["sh", "-c", "exit 0"])
        """,
        ends=ERROR,
    ),
    Specimen(
        "other_program_stays",
        "replaces its worker by a program that never answers",
        """
        os.execv("/bin/sleep", ["sleep", "600"])
        """,
        ends=(*TIMEOUT, *ERROR),
        limits={"seconds": 3.0},
    ),
    Specimen(
        "script_in_scratch",
        "writes a program, with a set-uid bit and odd interpreters, and runs it",
        """
        import subprocess
        for interpreter in ("/bin/sh", sys.executable, "/bin/../../../bin/sh", "sh", "/proc/self/exe", "x" * 500):
            path = os.path.join(SCRATCH, "program")
            with open(path, "w") as file:
                file.write(f"#!{interpreter}\\ncat '{SECRET_FILE}' && id\\n")
            os.chmod(path, 0o755)
            try:
                os.chmod(path, 0o6755)
            except OSError as error:
                say(repr(error))
            attempt(interpreter[:40], lambda: subprocess.run([path], check=True, timeout=10, capture_output=True))
        """,
        ends=(HELD, *ERROR),
    ),
    Specimen(
        "set_uid_programs",
        "runs programs that give rights",
        """
        import subprocess
        for command in (["su", "-c", "id"], ["sudo", "-n", "id"], ["mount", "-t", "tmpfs", "x", "/mnt"],
                        ["newgrp"], ["passwd", "-S"], ["unshare", "-Ur", "true"],
                        ["bwrap", "--ro-bind", "/", "/", "true"]):
            attempt(str(command), lambda: subprocess.run(
                command, check=True, timeout=10, stdin=subprocess.DEVNULL, capture_output=True) and os.getuid())
        """,
    ),
    Specimen(
        "ends_itself",
        "ends its process without a word",
        "os._exit(0)",
        ends=ERROR,
    ),
    Specimen(
        "ends_while_imported",
        "ends its process while it is imported",
        "os._exit(0)",
        at="import",
        ends=ERROR,
    ),
    Specimen("exits", "calls sys.exit in predict", "sys.exit(3)", ends=ERROR),
    Specimen("segmentation_fault", "crashes in C", "ctypes.string_at(0)", ends=ERROR),
    Specimen(
        "core_dump",
        "asks for a dump of its memory and aborts",
        """
        import resource
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError) as error:
            say(repr(error))
        else:
            hang()  # the limit has to hold
        LIBC.prctl(4, 1, 0, 0, 0)
        os.abort()
        """,
        ends=ERROR,
    ),
    Specimen(
        "stops_itself",
        "stops its process without ending it",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        ends=(*TIMEOUT, HELD),  # the first process of a namespace does not stop
        limits={"seconds": 3.0},
    ),
    Specimen(
        "signals_ignored",
        "ignores every signal and sleeps for ever",
        """
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        hang()
        """,
        ends=TIMEOUT,
        limits={"seconds": 3.0},
    ),
]
