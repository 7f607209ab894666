"""What all processes of a program may use together."""

from __future__ import annotations

import pytest

MIB = 1 << 20


def limit_of(program) -> str:
    """Wait for the end of a program; return the limit that it was ended for."""
    program.ended()
    breach = program.child.breach()
    assert breach is not None, program.child.ending() + program.child.last_words()
    name, words = breach
    assert words.startswith("the model ")
    return name


def test_memory_of_one_process(start, level):
    program = start(
        f"""
        try:
            bytearray({600 * MIB})
        except MemoryError:
            tell("no memory")
        tell(len(bytearray({100 * MIB})))
        """,
        level,
        memory_bytes=300 * MIB,
    )
    assert program.told() == "no memory"
    assert program.told() == 100 * MIB
    assert program.child.breach() is None


def test_memory_of_several_processes(start, any_level):
    program = start(
        f"""
        for _ in range(4):
            if os.fork() == 0:
                data = b"x" * {80 * MIB}
                time.sleep(1000)
        time.sleep(1000)
        """,
        any_level,
        memory_bytes=200 * MIB,
    )
    assert limit_of(program) == "memory_bytes"
    assert "200 MiB are allowed" in program.child.breach()[1]


def test_memory_that_is_shared(start, any_level):
    program = start(
        f"import mmap; m = mmap.mmap(-1, {400 * MIB}); m.write(b'x' * {400 * MIB}); time.sleep(1000)",
        any_level,
        memory_bytes=450 * MIB,
        scratch_bytes=1 << 30,
    )
    assert limit_of(program) == "memory_bytes"


def test_shared_pages_count_once(start, any_level):
    program = start(
        f"""
        data = b"x" * {60 * MIB}
        for _ in range(5):
            if os.fork() == 0:
                time.sleep(1000)
        tell("ready")
        _sock.recv(1)
        tell("still there")
        """,
        any_level,
        memory_bytes=200 * MIB,
    )
    assert program.told() == "ready"
    program.child._meter.look()
    program.child.sock.send(b"x")
    assert program.told() == "still there"
    assert program.child.breach() is None


def test_processes(start, level):
    program = start(
        """
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(1000)
        except BlockingIOError:
            tell("no more")
            time.sleep(1000)
        """,
        level,
        processes=30,
    )
    try:
        assert program.told() == "no more"
    except EOFError:
        assert program.child.breach()[0] == "processes"
    assert len(program.processes()) <= 30


def test_threads(start, any_level):
    program = start(
        """
        import threading
        threading.stack_size(65536)
        try:
            while True:
                threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        except RuntimeError:
            tell("no more")
        time.sleep(1000)
        """,
        any_level,
        processes=30,
    )
    try:
        assert program.told() == "no more"
    except EOFError:
        assert program.child.breach()[0] == "processes"


def test_processor_time_of_a_call(start, any_level):
    program = start(
        """
        while True:
            _sock.recv(1)
            if os.fork() == 0:
                end = time.process_time() + 0.2
                while time.process_time() < end: pass
                os._exit(0)
            os.wait()
            tell("done")
        """,
        any_level,
        cpu_seconds=0.5,
    )
    for _ in range(3):  # each call has a budget of its own
        program.child.begin()
        program.child.sock.send(b"x")
        assert program.told() == "done"
        program.child._meter.look()
        program.child.end()
    program.child.begin()
    program.child.sock.send(b"xxxxxxxx")
    assert limit_of(program) == "cpu_seconds"


def test_processor_time_of_threads_and_all_processors(start, any_level):
    program = start(
        """
        for _ in range(2):
            if os.fork() == 0:
                break
        while True: pass
        """,
        any_level,
        seconds=0.3,
    )
    assert limit_of(program) == "cpu_seconds"


def test_printing(start, any_level):
    program = start("while True: os.write(2, b'line\\n' * 10000)", any_level, printed_bytes=MIB)
    assert limit_of(program) == "printed_bytes"
    assert "line\nline\n" in program.child.output()
    assert len(program.child.output()) <= 65536


def test_printing_counts_anew_in_each_call(start, any_level):
    program = start("while _sock.recv(1): os.write(2, b'x' * 600000); tell('done')", any_level, printed_bytes=MIB)
    for _ in range(4):
        program.child.begin()
        program.child.sock.send(b"x")
        assert program.told() == "done"
        program.child.end()
    assert program.child.breach() is None


@pytest.mark.parametrize("removed", [False, True])
def test_size_of_the_scratch_folder(start, any_level, removed):
    program = start(
        f"""
        try:
            for number in range(100):
                file = open(str(number), "wb")
                if {removed}:
                    os.unlink(str(number))
                    globals()[f"file{{number}}"] = file
                file.write(b"x" * {MIB}); file.flush()
        except OSError as error:
            tell(errno.errorcode[error.errno])
        time.sleep(1000)
        """,
        any_level,
        scratch_bytes=20 * MIB,
    )
    if any_level == "bubblewrap":
        assert program.told() == "ENOSPC"
    else:
        assert limit_of(program) == "scratch_bytes"


def test_removed_files_that_are_mapped_count(start, any_level):
    program = start(
        f"""
        import mmap
        maps = []
        for number in range(60):
            with open("file", "w+b") as file:
                file.truncate({MIB})
                maps.append(mmap.mmap(file.fileno(), {MIB}))
                maps[-1].write(b"x" * {MIB})
            os.unlink("file")
        time.sleep(1000)
        """,
        any_level,
        scratch_bytes=20 * MIB,
    )
    program.ended()
    if any_level == "bubblewrap":
        assert "signal 7" in program.child.ending()  # no more memory is behind the map
    else:
        assert program.child.breach()[0] == "scratch_bytes"


def test_number_of_files(start, any_level):
    program = start(
        """
        try:
            for number in range(1_000_000):
                open(str(number), "wb").close()
        except OSError as error:
            tell(errno.errorcode[error.errno])
        time.sleep(1000)
        """,
        any_level,
        scratch_bytes=MIB,
    )
    if any_level == "bubblewrap":
        assert program.told() == "ENOSPC"
    else:
        assert limit_of(program) == "scratch_bytes"


def test_shared_memory_files_are_part_of_the_scratch_folder(start):
    program = start(
        f"""
        def fill(path):
            with open(path, "wb") as file:
                for _ in range(12):
                    file.write(b"x" * {MIB}); file.flush()
        tell(attempt(fill, "/dev/shm/file"))
        tell(attempt(fill, "other"))
        """,
        "bubblewrap",
        scratch_bytes=20 * MIB,
    )
    assert program.told() == "done"
    assert program.told() == "ENOSPC"


def test_open_files(start, level):
    program = start(
        """
        files = []
        def open_all():
            while True:
                files.append(os.open("/dev/null", os.O_RDONLY))
        tell(attempt(open_all))
        tell(len(files))
        """,
        level,
        open_files=50,
    )
    assert program.told() == "EMFILE"
    assert program.told() < 50


def test_one_file_is_no_larger_than_the_scratch_folder(start, level):
    program = start(f"tell(attempt(os.truncate, os.open('f', os.O_CREAT | os.O_RDWR), {30 * MIB}))", level,
                    scratch_bytes=20 * MIB)  # fmt: skip
    assert program.told() == "EFBIG"
