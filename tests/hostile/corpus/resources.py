"""Specimens that fill what they may not: memory, files, descriptors."""

from __future__ import annotations

from tests.hostile.specimen import ERROR, HELD, LIMIT, Specimen

_MEMORY = ("memory_bytes",)

SPECIMENS = [
    Specimen(
        "allocates",
        "allocates and touches memory without end",
        """
        blocks = []
        while len(blocks) < 1000:
            blocks.append(np.ones(1 << 20))
        WON.append("8 GB")
        """,
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "allocates_at_once",
        "asks for a terabyte in one piece",
        "np.ones(1 << 37)",
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "allocates_while_loading",
        "allocates without end while it is imported",
        """
        blocks = [np.ones(1 << 20) for _ in range(1000)]
        """,
        at="import",
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "allocates_in_many_processes",
        "allocates in many processes, each of them below the limit",
        """
        children = []
        for _ in range(20):
            child = os.fork()
            if child == 0:
                block = np.ones(12 << 20)
                time.sleep(600)
            children.append(child)
        hang()
        """,
        ends=(*LIMIT, *ERROR),
        hits=_MEMORY,
        limits={"seconds": 8.0},
    ),
    Specimen(
        "shared_memory",
        "fills anonymous shared memory, which many ways of counting leave out",
        """
        import mmap
        blocks = []
        for _ in range(200):
            block = mmap.mmap(-1, 32 << 20)
            block[:] = bytes(32 << 20)
            blocks.append(block)
        WON.append("6 GB")
        """,
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "shared_memory_of_many",
        "fills shared memory that it lets go of, while another process keeps it",
        """
        import mmap
        for _ in range(20):
            block = mmap.mmap(-1, 64 << 20)
            block[:] = bytes(64 << 20)
            if os.fork() == 0:
                time.sleep(600)
            block.close()
        hang()
        """,
        ends=(*ERROR, *LIMIT),
        hits=_MEMORY,
        limits={"seconds": 8.0},
    ),
    Specimen(
        "memory_files",
        "fills files in memory, which belong to no process",
        """
        size = 0
        for _ in range(100):
            try:
                fd = os.memfd_create("x")
                for _ in range(16):
                    size += os.write(fd, bytes(1 << 20))
            except OSError as error:
                say(repr(error))
        if size > 512 << 20:
            WON.append(f"{size} bytes")
        """,
        ends=(HELD, *ERROR, *LIMIT),
        hits=(*_MEMORY, "scratch_bytes"),
    ),
    Specimen(
        "system_v_memory",
        "makes shared memory, queues and semaphores that stay after their process",
        """
        refused("shmget", lambda: libc("shmget", 0, 64 << 20, 0o1666))
        refused("msgget", lambda: libc("msgget", 0, 0o1666))
        refused("semget", lambda: libc("semget", 0, 1, 0o1666))
        library = ctypes.CDLL("librt.so.1", use_errno=True)
        refused("mq_open", lambda: checked(library.mq_open(f"/{MARK}".encode(), os.O_CREAT | os.O_RDWR, 0o666, None)))
        """,
    ),
    Specimen(
        "named_shared_memory",
        "fills /dev/shm",
        """
        from pathlib import Path
        size = 0
        for number in range(100):
            with open(f"/dev/shm/{MARK}-{number}", "wb") as file:
                for _ in range(16):
                    size += file.write(bytes(1 << 20))
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=(*_MEMORY, "scratch_bytes"),
    ),
    Specimen(
        "pipes",
        "fills the buffers of pipes and pairs of sockets, which belong to no process",
        """
        import fcntl
        size, kept = 0, []
        def fill(fd):
            os.set_blocking(fd, False)
            total = 0
            try:
                while True:
                    total += os.write(fd, bytes(1 << 16))
            except OSError:
                return total
        try:
            while True:
                ends = os.pipe()
                kept.append(ends)
                try:
                    fcntl.fcntl(ends[1], 1031, 1 << 20)
                except OSError:
                    pass
                size += fill(ends[1])
        except OSError as error:
            say(repr(error))
        for pair in kept[: len(kept) // 2]:
            os.close(pair[0])
            os.close(pair[1])
        try:
            while True:
                ends = socket.socketpair()
                kept.append(ends)
                size += fill(ends[0].fileno()) + fill(ends[1].fileno())
        except OSError as error:
            say(repr(error))
        if size > 384 << 20:
            WON.append(f"{size} bytes")
        """,
        ends=(HELD, *ERROR, *LIMIT),
        hits=_MEMORY,
    ),
    Specimen(
        "one_file",
        "writes one file without end",
        """
        size = 0
        with open(os.path.join(SCRATCH, "big"), "wb", 0) as file:
            while size < 1 << 31:
                size += file.write(bytes(1 << 20))
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes", "memory_bytes"),
    ),
    Specimen(
        "many_files",
        "writes many files of a megabyte",
        """
        size = 0
        for number in range(2000):
            with open(os.path.join(SCRATCH, str(number)), "wb") as file:
                size += file.write(bytes(1 << 20))
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes", "memory_bytes"),
    ),
    Specimen(
        "unlinked_files",
        "writes files that have no name any more",
        """
        size, kept = 0, []
        for number in range(100):
            path = os.path.join(SCRATCH, "unlinked")
            file = open(path, "wb", 0)
            os.unlink(path)
            kept.append(file)
            for _ in range(15):
                size += file.write(bytes(1 << 20))
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes", "memory_bytes"),
    ),
    Specimen(
        "files_behind_memory",
        "writes files while processes that share memory seem to use more than all may",
        """
        block = np.ones(16 << 20)
        for _ in range(4):
            if os.fork() == 0:
                hang()
        time.sleep(0.5)
        size = 0
        for number in range(200):
            with open(os.path.join(SCRATCH, str(number)), "wb") as file:
                size += file.write(bytes(1 << 20))
            time.sleep(0.02)
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes",),
    ),
    Specimen(
        "mapped_files",
        "grows files through memory maps and holes",
        """
        import mmap
        size = 0
        for number in range(100):
            with open(os.path.join(SCRATCH, str(number)), "w+b") as file:
                file.truncate(15 << 20)
                with mmap.mmap(file.fileno(), 15 << 20) as block:
                    block[:] = bytes([1]) * (15 << 20)
            size += 15 << 20
        WON.append(f"{size} bytes")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes", "memory_bytes"),
    ),
    Specimen(
        "empty_files",
        "makes empty files without end",
        """
        for number in range(100_000):
            os.close(os.open(os.path.join(SCRATCH, f"{number:x}"), os.O_CREAT | os.O_WRONLY))
        WON.append("100 000 files")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("scratch_bytes", "memory_bytes"),
    ),
    Specimen(
        "open_files",
        "opens files without end",
        """
        kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(5000)]
        WON.append("5 000 open files")
        """,
        ends=(*ERROR, *LIMIT),
        hits=("open_files",),
    ),
]
