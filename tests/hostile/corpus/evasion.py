"""Specimens that go round what counts memory and files, and what is only for capabilities."""

from __future__ import annotations

from tests.hostile.specimen import ERROR, HELD, LIMIT, Specimen

_MEMORY = ("memory_bytes",)
_SHORT = {"seconds": 8.0}
# Each stops at about twice what it may use: this machine is not to run out of memory where one is not contained.
_MAP = """
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for function in (LIBC.munmap, LIBC.madvise):
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * (function is LIBC.madvise)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def in_another_thread(action):
    def work():
        try:
            action()
            WON.append("all of it")
        except Exception as error:
            say(repr(error))
        os._exit(3) if WON else hang()
    threading.Thread(target=work).start()
"""

SPECIMENS = [
    Specimen(
        "page_tables",
        "reads a byte of every two megabytes of memory that is never written: only its page tables take room",
        """
        size, step = 400 << 30, 2 << 20
        start = LIBC.mmap(None, size, 1, 0x4022, -1, 0)
        for place in range(start, start + size, step):
            ctypes.c_char.from_address(place).value
        WON.append("800 MiB of page tables")
        """,
        head=_MAP,
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "first_thread_ends",
        "ends the first thread of its process, which the kernel tells no memory of from then on, and allocates",
        """
        import mmap
        def allocate():
            blocks = []
            for _ in range(12):
                blocks.append(mmap.mmap(-1, 64 << 20))
                blocks[-1][:] = bytes([1]) * (64 << 20)
            time.sleep(2)
        in_another_thread(allocate)
        syscall(60, 93, 0)
        """,
        head=_MAP,
        ends=LIMIT,
        hits=_MEMORY,
        limits=_SHORT,
    ),
    Specimen(
        "pages_in_pipes",
        "leaves a byte of each of many large pages in pipes and lets go of the pages",
        """
        kept = 0
        for _ in range(24):
            end = os.pipe()[1]
            os.set_blocking(end, False)
            for _ in range(16):
                start = LIBC.mmap(None, 4 << 20, 3, 0x22, -1, 0)
                page = (start + (2 << 20) - 1) & -(2 << 20)
                LIBC.madvise(page, 2 << 20, 14)
                ctypes.memset(page, 1, 2 << 20)
                kept += LIBC.vmsplice(end, ctypes.byref(Vector(page, 1)), 1, 0) == 1
                LIBC.munmap(start, 4 << 20)
        if kept:
            WON.append(f"{kept} pages")
        """,
        head=_MAP,
    ),
    Specimen(
        "pages_of_files_in_sockets",
        "leaves pages of a file in sockets and truncates the file",
        """
        with open(os.path.join(SCRATCH, "pages"), "w+b") as file:
            file.write(bytes(4 << 20))
            file.flush()
            pair = socket.socketpair()
            refused("sendfile", lambda: os.sendfile(pair[0].fileno(), file.fileno(), 0, 1))
            if hasattr(os, "splice"):
                refused("splice", lambda: os.splice(file.fileno(), os.pipe()[1], 1, 0))
            refused("tee", lambda: syscall(276, 77, os.pipe()[0], os.pipe()[1], 1, 0))
        """,
    ),
    Specimen(
        "buffers_of_sockets",
        "fills the buffers of sockets in many processes, and asks for larger ones",
        """
        for _ in range(24):
            if os.fork() == 0:
                kept = []
                try:
                    while True:
                        kept += socket.socketpair()
                        for end in kept[-2:]:
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
                            end.setblocking(False)
                            try:
                                while True:
                                    end.send(bytes(1 << 15))
                            except BlockingIOError:
                                pass
                except OSError:
                    hang()
        hang()
        """,
        ends=LIMIT,
        hits=_MEMORY,
        limits=_SHORT,
    ),
    Specimen(
        "asynchronous_files",
        "takes what the whole machine has for asynchronous files",
        """
        context = ctypes.c_ulong(0)
        refused("io_setup", lambda: syscall(206, 0, 60000, ctypes.byref(context)))
        """,
    ),
    Specimen(
        "files_in_messages",
        "sends itself removed files, which no process has open then, and fills more of them",
        """
        import array
        here, there = socket.socketpair()
        size = 0
        for number in range(4):
            path = os.path.join(SCRATCH, "removed")
            file = os.open(path, os.O_CREAT | os.O_RDWR)
            os.unlink(path)
            size += os.write(file, bytes(15 << 20))
            here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))])
            os.close(file)
        time.sleep(2)
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes",),
    ),
    Specimen(
        "files_of_a_thread",
        "fills removed files that a thread alone has open, not its process",
        """
        def fill():
            checked(LIBC.close_range(1 << 20, 1 << 20, 2))
            kept = []
            for number in range(4):
                path = os.path.join(SCRATCH, "removed")
                kept.append(os.open(path, os.O_CREAT | os.O_RDWR))
                os.unlink(path)
                os.write(kept[-1], bytes(15 << 20))
            time.sleep(2)
        in_another_thread(fill)
        time.sleep(5)
        """,
        head=_MAP,
        # A file system in memory is full before.
        ends=(HELD, *LIMIT),
        hits=("scratch_bytes",),
        limits=_SHORT,
    ),
    Specimen(
        "priorities_of_its_user",
        "slows down all processes of its user",
        """
        try:
            os.kill(CANARY_PID, 0)
        except ProcessLookupError:
            pass  # they are not in its namespace
        except PermissionError:
            refused("nice", lambda: libc("setpriority", os.PRIO_USER, 0, 19))
            refused("input and output", lambda: syscall(251, 30, 3, 0, (2 << 13) | 7))
        """,
    ),
    Specimen(
        "files_of_the_kernel",
        "reads what the kernel tells root, also without capabilities: pages, keys, timers, addresses of the machine",
        """
        for name in ("cmdline", "config.gz", "iomem", "kallsyms", "kcore", "keys", "kpagecgroup", "kpagecount",
                     "kpageflags", "latency_stats", "modules", "sched_debug", "slabinfo", "timer_list", "vmallocinfo"):
            attempt(name, lambda: open(f"/proc/{name}", "rb").read(64))
        """,
    ),
]
