"""Specimens that use more than they may: time, output, threads."""

from __future__ import annotations

from tests.hostile.specimen import ANSWERS, ERROR, HELD, LIMIT, MIB, TIMEOUT, Specimen

_SHORT = {"seconds": 3.0}
_MEMORY = ("memory_bytes",)

SPECIMENS = [
    Specimen("spins", "computes without end", "while True: pass", ends=(*TIMEOUT, *LIMIT), limits=_SHORT),
    Specimen(
        "spins_in_c",
        "computes without end in C and lets no other thread run",
        "sum(iter(int, 1)) if False else sum(range(1 << 62))",
        ends=(*TIMEOUT, *LIMIT),
        limits=_SHORT,
    ),
    Specimen(
        "spins_while_imported",
        "computes without end while it is imported",
        "while True: pass",
        at="import",
        ends=(*TIMEOUT, *LIMIT),
        limits=_SHORT,
    ),
    Specimen(
        "spins_in_many",
        "computes in many processes at a time",
        """
        for _ in range(16):
            if os.fork() == 0:
                while True:
                    pass
        hang()
        """,
        ends=(*TIMEOUT, *LIMIT),
        hits=("cpu_seconds",),
        limits={"seconds": 20.0, "cpu_seconds": 3.0},
        says="processor",
    ),
    Specimen("sleeps", "sleeps for ever", "hang()", ends=TIMEOUT, limits=_SHORT),
    Specimen(
        "sleeps_while_made", "sleeps for ever while the model is made", "hang()", at="init", ends=TIMEOUT, limits=_SHORT
    ),
    Specimen(
        "fits_for_ever", "fits without end", "while True: pass", at="fit", calls=("fit",), ends=TIMEOUT, limits=_SHORT
    ),
    Specimen(
        "prints_a_gigabyte",
        "prints a gigabyte",
        """
        for _ in range(1024):
            print("x" * (1 << 20))
        WON.append("a gigabyte")
        """,
        ends=LIMIT,
        hits=("printed_bytes",),
        mute=True,
    ),
    Specimen(
        "prints_past_python",
        "writes a gigabyte to the descriptors of its streams",
        """
        for _ in range(1024):
            for fd in (1, 2):
                os.write(fd, b"x" * (1 << 20))
        WON.append("two gigabytes")
        """,
        ends=LIMIT,
        hits=("printed_bytes",),
        mute=True,
    ),
    Specimen(
        "prints_while_imported",
        "prints without end while it is imported",
        """
        for _ in range(1024):
            sys.stderr.write("x" * (1 << 20))
        """,
        at="import",
        ends=LIMIT,
        hits=("printed_bytes",),
        mute=True,
    ),
    Specimen(
        "prints_in_other_processes",
        "prints from processes in the background, after its answer",
        """
        if NUMBER == 2 and os.fork() == 0:
            os.setsid()
            while True:
                os.write(2, b"x" * (1 << 16))
        """,
        ends=LIMIT,
        hits=("printed_bytes",),
        calls=("predict", "again"),
        mute=True,
    ),
    Specimen(
        "thread_that_stays",
        "answers, and computes on in threads that never end",
        """
        def spin():
            while True:
                pass
        for _ in range(4):
            threading.Thread(target=spin).start()
        """,
        ends=(HELD,),
    ),
    Specimen(
        "allocates_after_its_answer",
        "answers, and allocates without end in the background",
        """
        for _ in range(8 if NUMBER == 2 else 0):
            if os.fork() == 0:
                block = np.ones(12 << 20)
                hang()
        """,
        ends=LIMIT,
        calls=("predict", "again"),
        hits=_MEMORY,
    ),
    Specimen(
        "large_stack",
        "recurses through the end of the stack",
        """
        sys.setrecursionlimit(10**8)
        threading.stack_size(1 << 26)
        def down(f):
            return f(f) + 1
        down(lambda f: np.apply_along_axis(lambda row: down(f), 0, np.zeros(1))[0])
        """,
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "large_answer",
        "answers more than is taken",
        "return np.zeros((len(X), 4 << 20))",
        ends=(*ERROR, *LIMIT),
        hits=("output_bytes", *_MEMORY),
    ),
    Specimen(
        "answers_without_memory",
        "answers an array that is one number shown a billion times",
        "return np.broadcast_to(np.float64(1), (len(X), 1 << 28))",
        ends=(*ERROR, *LIMIT),
        hits=("output_bytes", *_MEMORY),
    ),
    Specimen(
        "limits_of_its_own",
        "raises its own limits",
        """
        import resource
        for name in ("AS", "DATA", "NPROC", "NOFILE", "FSIZE", "CORE", "CPU", "STACK", "MEMLOCK"):
            limit = getattr(resource, f"RLIMIT_{name}")
            soft, hard = resource.getrlimit(limit)
            if hard != resource.RLIM_INFINITY:
                attempt(name, lambda: resource.setrlimit(limit, (hard + 1, hard + 1)) or (soft, hard))
                attempt(f"{name} at all", lambda: resource.setrlimit(limit, (-1, -1)) or (soft, hard))
        for name in ("NPROC", "NOFILE", "CORE"):
            if resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] == resource.RLIM_INFINITY:
                WON.append(f"no limit {name}")
        """,
    ),
    Specimen(
        "locks_memory",
        "locks memory so that it is never swapped",
        """
        import mmap
        block = mmap.mmap(-1, 128 << 20)
        address = ctypes.addressof(ctypes.c_char.from_buffer(block))
        attempt("mlock", lambda: checked(LIBC.mlock(ctypes.c_void_p(address), ctypes.c_size_t(128 << 20))))
        attempt("mlockall", lambda: libc("mlockall", 3))
        """,
        ends=(HELD, *ERROR, *LIMIT),
        hits=_MEMORY,
        limits={"memory_bytes": 512 * MIB},
    ),
    Specimen(
        "floods_the_kernel_log",
        "writes to the kernel's log and the system's log",
        """
        attempt("kmsg", lambda: os.open("/dev/kmsg", os.O_WRONLY))
        refused("syslog", lambda: libc("klogctl", 10, 0, 0))
        """,
        ends=(HELD, ANSWERS),
    ),
]
