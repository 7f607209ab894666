from __future__ import annotations

import gc
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _uv, current_environment


def run_python(environment, code: str) -> str:
    done = subprocess.run([environment.python, "-I", "-B", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def site_of(environment) -> Path:
    [site] = environment.folders[0].glob("lib/python3*/site-packages")
    return site


def test_what_is_built_runs_and_is_found_again(store, asked, heard, monkeypatch):
    first = store.provide(asked("alpha==1.0"), on_progress=heard)
    assert "installing 3 packages" in heard
    assert (first.kind, first.python_version, first.warnings) == ("venv", platform.python_version(), ())
    assert run_python(first, "import alpha, beta, numpy; print(alpha.VERSION, numpy.VERSION)") == "1.0 2.0"
    assert run_python(first, "import sys; print(sys.prefix)") == str(first.folders[0])
    # Neither resolved nor built again.
    monkeypatch.setattr(_uv, "find_uv", lambda: pytest.fail("uv was asked for"))
    again = EnvironmentStore(store.root).provide(asked("alpha==1.0"))
    assert again == first


def test_equal_locks_share_an_environment(store, asked):
    one = store.provide(asked("alpha"))
    two = store.provide(asked("alpha>=1.5", "beta"))
    three = store.provide(asked("alpha<2"))
    assert one.name == two.name != three.name
    assert {found.name for found in store.list()} == {one.name, three.name}


def test_packages_of_other_indexes_are_others(store, asked, write_wheel, tmp_path, monkeypatch):
    one = store.provide(asked("alpha==1.0"))
    for name, text in (("alpha", "VERSION = 'another'\n"), ("beta", ""), ("numpy", "")):
        write_wheel(tmp_path, name, "1.0", files={f"{name}/__init__.py": text})
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    two = store.provide(asked("alpha==1.0"))
    assert one.name != two.name
    assert run_python(one, "import alpha; print(alpha.VERSION)") == "1.0"
    assert run_python(two, "import alpha; print(alpha.VERSION)") == "another"


def test_what_is_listed(store, asked):
    assert store.list() == ()
    assert store.total_size() == 0
    environment = store.provide(asked("alpha"))
    [found] = store.list()
    assert (found.kind, found.name, found.folder) == ("venv", environment.name, environment.folders[0])
    assert found.packages == ("alpha==2.0", "beta==1.0", "numpy==2.0")
    assert found.python_version == environment.python_version
    assert found.in_use
    assert 0 < found.size <= store.total_size()
    assert found.created <= found.last_used


def test_files_that_environments_share_count_once(store, offline, asked, write_wheel, tmp_path, monkeypatch):
    wheels = tmp_path / "large"
    wheels.mkdir()
    noise = os.urandom(1 << 20).hex()
    write_wheel(wheels, "large", "1.0", files={"large/data.txt": noise})
    monkeypatch.setenv("UV_FIND_LINKS", f"{offline},{wheels}")
    store.provide(asked("large"))
    before = store.total_size()
    store.provide(asked("large", "beta"))
    assert sum(found.size for found in store.list()) > 2 * len(noise)
    assert store.total_size() - before < len(noise) // 2


def test_environments_are_read_only_and_readable_by_all(offline, asked):
    # pytest's own folders are closed to others.
    root = Path(tempfile.mkdtemp(prefix="learnware-test-"))
    mask = os.umask(0o077)
    try:
        root.chmod(0o755)
        environment = EnvironmentStore(root / "environments").provide(asked("alpha"))
        folder = environment.folders[0]
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode & 0o777
                assert mode & 0o222 == 0, path
                assert mode & 0o444 == 0o444, path
        if os.geteuid() == 0 and sys.platform == "linux":
            code = "import alpha; open(alpha.__file__)"
            command = [str(environment.python), "-I", "-B", "-c", code]
            if _readable_by_all(environment.folders[1]):
                subprocess.run(command, check=True, user=65534, group=65534, extra_groups=())
            written = subprocess.run(
                ["touch", str(site_of(environment) / "alpha" / "new.py")],
                check=False, capture_output=True, user=65534, group=65534, extra_groups=(),
            )  # fmt: skip
            assert written.returncode != 0
    finally:
        os.umask(mask)
        shutil.rmtree(root, ignore_errors=True)
    assert not root.exists()


def _readable_by_all(folder: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (folder, *folder.parents))


def test_packages_are_compiled_but_their_tests(store, asked):
    site = site_of(store.provide(asked("alpha")))
    [compiled] = (site / "alpha" / "__pycache__").glob("*.pyc")
    # Flags of a file that is never compared with its source.
    assert compiled.read_bytes()[4:8] == b"\x01\0\0\0"
    assert not list((site / "alpha" / "tests").glob("__pycache__"))


def test_compiled_modules_belong_to_their_own_source_only(store, asked, write_wheel, tmp_path, monkeypatch):
    """A wheel whose record claims the hashes of another one's modules does not get into that one's environment."""
    results = []
    for number, text in enumerate(("ORIGIN = 'honest'\n", "ORIGIN = 'forged'\n")):
        wheels = tmp_path / str(number)
        wheels.mkdir()
        write_wheel(wheels, "numpy", "3.0")
        write_wheel(wheels, "victim", "1.0", files={"victim/origin.py": text})
        monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / f"cache-{number}"))
        root = tmp_path / "environments"
        environment = EnvironmentStore(root).provide(asked("victim"))
        results.append(run_python(environment, "import victim.origin; print(victim.origin.ORIGIN)"))
        environment = None
        gc.collect()
        EnvironmentStore(root).prune(older_than=0)
    assert results == ["honest", "forged"]


def test_no_code_of_packages_runs_while_they_are_installed(store, asked, tmp_path, monkeypatch):
    monkeypatch.setenv("SLY_MARK", str(tmp_path / "mark"))
    environment = store.provide(asked("sly"))
    assert not (tmp_path / "mark").exists()
    run_python(environment, "import sly")
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("damage", ["record", "packages", "interpreter", "half a record"])
def test_what_is_broken_is_built_anew(store, asked, heard, damage):
    first = store.provide(asked("alpha"))
    record = first.folders[0].parent / "learnware-environment.json"
    subprocess.run(["chmod", "-R", "u+w", first.folders[0].parent], check=True)
    if damage == "record":
        record.unlink()
    elif damage == "half a record":
        record.write_text(record.read_text()[:50])
    elif damage == "packages":
        shutil.rmtree(site_of(first) / "alpha")
    else:
        first.python.unlink()
        first.python.symlink_to("/nonexistent/python")
    again = store.provide(asked("alpha"), on_progress=heard)
    assert "installing" in heard
    assert run_python(again, "import alpha; print(alpha.VERSION)") == "2.0"
    assert again.name == first.name


def test_threads_build_once(store, asked):
    heard = [[] for _ in range(4)]
    found = [None] * 4

    def provide(number: int) -> None:
        found[number] = EnvironmentStore(store.root).provide(asked("alpha"), on_progress=heard[number].append)

    threads = [threading.Thread(target=provide, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert sum(any("installing" in words for words in one) for one in heard) == 1


SCRIPT = """
import json, sys
from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _uv
root, fake, *requirements = sys.argv[1:]
if fake:
    _uv.find_uv = lambda: fake
words = []
environment = EnvironmentStore(root).provide(Requirements(requirements=tuple(requirements)), on_progress=words.append)
print(json.dumps([environment.name, words]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(store):
    """Start other processes that provide an environment and hold it until their input ends."""
    processes = []

    def start(*requirements: str, fake: Path | str = "") -> subprocess.Popen:
        command = [sys.executable, "-c", SCRIPT, str(store.root), str(fake), *requirements]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_processes_build_once(store, other):
    processes = [other("alpha", "numpy") for _ in range(3)]
    answers = [json.loads(process.stdout.readline()) for process in processes]
    assert len({name for name, _ in answers}) == 1
    assert sum(any("installing" in one for one in words) for _, words in answers) == 1


def test_a_build_that_was_killed_leaves_nothing_in_the_way(store, asked, other, program, tmp_path):
    """Nor does the installer that it had started, and which lives on."""
    real, fifo = _uv.find_uv(), tmp_path / "reached"
    os.mkfifo(fifo)
    fake = program(
        tmp_path / "fake-uv",
        f"""
        import os, signal, sys
        if sys.argv[1:3] == ["pip", "install"]:
            with open({str(fifo)!r}, "w") as file:
                file.write(str(os.getpid()))
            signal.pause()
        os.execv({real!r}, [{real!r}, *sys.argv[1:]])
        """,
    )
    process = other("alpha", "numpy", fake=fake)
    installer = int(fifo.read_text())  # waits until the build has come so far
    process.kill()
    process.wait()
    try:
        [half] = (store.root / "venv").glob("*/*")
        environment = store.provide(asked("alpha"))
        assert environment.folders[0] != half
        assert not half.exists()
        assert run_python(environment, "import alpha; print(alpha.VERSION)") == "2.0"
    finally:
        os.kill(installer, 9)


def test_leftovers_of_killed_builds_are_pruned(store, asked):
    environment = store.provide(asked("alpha"))
    half = store.root / "venv" / "0123" / "abcd"
    half.mkdir(parents=True)
    strange = environment.folders[0].parent / "strange"
    strange.mkdir()
    trash = store.root / "venv" / ".trash-1"
    trash.mkdir()
    assert [found.name for found in store.list()] == [environment.name]
    assert store.prune() == ()
    assert not half.parent.exists()
    assert not strange.exists()
    assert not trash.exists()
    assert environment.python.exists()


def test_a_build_that_stalls_is_stopped_with_all_that_it_started(offline, asked, fake_uv, gone, tmp_path):
    fake_uv(
        f"""
        import os, signal, subprocess, sys
        if sys.argv[1:3] == ["pip", "install"]:
            child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            open({str(tmp_path / "pids")!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
            signal.pause()
        os.execv("{{uv}}", ["{{uv}}", *sys.argv[1:]])
        """
    )
    store = EnvironmentStore(tmp_path / "environments", stall_seconds=1.0)
    with pytest.raises(EnvironmentBuildError, match=r"installing the packages was stopped: it did nothing for 1 s"):
        store.provide(asked("alpha"))
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert gone(*pids)
    assert store.list() == ()
    assert list((store.root / "venv").glob("*/*")) == []


def test_an_interrupt_leaves_nothing(store, asked):
    def interrupt(words: str) -> None:
        if "compiling" in words:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.provide(asked("alpha"), on_progress=interrupt)
    assert list((store.root / "venv").glob("*/*")) == []
    assert store.list() == ()
    store.provide(asked("alpha"))


@pytest.mark.parametrize("step", ["compile", "install"])
def test_a_cancelled_build_stops_and_leaves_nothing(store, asked, fake_uv, gone, tmp_path, step):
    """The program waits for ever, with a child, and the build ends as the event is set."""
    fake_uv(
        f"""
        import os, signal, subprocess, sys
        if sys.argv[1:3] == ["pip", "{step}"] and not os.path.exists({str(tmp_path / "pids")!r}):
            child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            open({str(tmp_path / "new")!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
            os.rename({str(tmp_path / "new")!r}, {str(tmp_path / "pids")!r})
            signal.pause()
        os.execv("{{uv}}", ["{{uv}}", *sys.argv[1:]])
        """
    )
    with pytest.raises(EnvironmentBuildError, match="was cancelled") as caught:
        store.provide(asked("alpha"), cancelled=(tmp_path / "pids").exists)
    assert caught.value.requirements == ()
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert gone(*pids)
    assert store.list() == ()
    assert list((store.root / "venv").glob("*/*")) == []
    cancelled = threading.Event()
    environment = store.provide(asked("alpha"), cancelled=cancelled)
    assert environment.python.exists()
    cancelled.set()
    with pytest.raises(EnvironmentBuildError, match="was cancelled"):
        store.provide(asked("alpha"), cancelled=cancelled)


def test_a_cancelled_compilation_leaves_nothing(store, asked):
    cancelled = threading.Event()

    def cancel(words: str) -> None:
        if "compiling" in words:
            cancelled.set()

    with pytest.raises(EnvironmentBuildError, match="was cancelled"):
        store.provide(asked("alpha"), on_progress=cancel, cancelled=cancelled)
    assert list((store.root / "venv").glob("*/*")) == []
    assert store.provide(asked("alpha")).python.exists()


def test_who_waits_for_another_builder_can_be_cancelled(store, asked):
    cancelled, waiting, found = threading.Event(), threading.Event(), []

    def wait() -> None:
        with pytest.raises(EnvironmentBuildError, match="was cancelled"):
            EnvironmentStore(store.root).provide(
                asked("alpha"), on_progress=lambda words: "waiting" in words and waiting.set(), cancelled=cancelled
            )
        found.append("cancelled")

    thread = threading.Thread(target=wait)

    def hold(words: str) -> None:
        if "compiling" in words:  # under the lock
            thread.start()
            assert waiting.wait(60)
            cancelled.set()
            thread.join(60)
            found.append("built")

    assert store.provide(asked("alpha"), on_progress=hold).python.exists()
    assert found == ["cancelled", "built"]


def test_a_failed_installation_says_why(store, asked, fake_uv):
    fake_uv(
        """
        import os, sys
        if sys.argv[1:3] == ["pip", "install"]:
            sys.exit("error: the disk https://me:secret@index.example/simple is full")
        os.execv("{uv}", ["{uv}", *sys.argv[1:]])
        """
    )
    with pytest.raises(EnvironmentBuildError, match="is full") as caught:
        store.provide(asked("alpha"))
    assert "secret" not in str(caught.value) + caught.value.log
    assert "https://***@index.example" in caught.value.log
    assert caught.value.requirements == ()


def test_least_recently_used_environments_go_first(store, asked, monkeypatch):
    names = []
    for number, requirement in enumerate(("alpha==1.0", "alpha==2.0", "beta")):
        environment = store.provide(asked(requirement))
        names.append(environment.name)
        os.utime(store.root / "venv" / f"{environment.name}.used", (1000 + number, 1000 + number))
    del environment
    gc.collect()
    store.provide(asked("alpha==1.0"))  # used again: now the second is the oldest
    gc.collect()
    sizes = {found.name: found.size for found in store.list()}
    limit = sizes[names[0]] + sizes[names[2]] + 1000
    planned = store.prune(max_bytes=limit, dry_run=True)
    assert [found.name for found in store.list()][-1] == names[1]
    gone = store.prune(max_bytes=limit)
    assert [found.name for found in gone] == [found.name for found in planned] == [names[1]]
    assert {found.name for found in store.list()} == {names[0], names[2]}


def test_a_store_keeps_itself_under_its_limit(offline, asked, tmp_path, heard):
    store = EnvironmentStore(tmp_path / "environments", max_bytes=1000)
    first = store.provide(asked("alpha==1.0"))
    store.provide(asked("beta"), on_progress=heard)
    # Both are larger than that: what is in use stays, even so.
    assert first.name in {found.name for found in store.list()}
    del first
    gc.collect()
    last = store.provide(asked("alpha==2.0"), on_progress=heard)
    assert [found.name for found in store.list()] == [last.name]
    assert "not used for long" in heard


def test_what_is_in_use_is_not_removed(store, asked):
    environment = store.provide(asked("alpha"))
    copy = replace(environment, warnings=("x",))
    del environment
    gc.collect()
    assert store.prune(everything=True) == ()
    assert run_python(copy, "import alpha; print(alpha.VERSION)") == "2.0"
    del copy
    gc.collect()
    [gone] = store.prune(everything=True)
    assert not gone.folder.exists()
    assert store.list() == ()
    assert store.total_size() < 1000


def test_what_another_process_uses_is_not_removed(store, other):
    process = other("alpha", "numpy")
    name, _ = json.loads(process.stdout.readline())
    assert [found.in_use for found in store.list()] == [True]
    assert store.prune(everything=True) == ()
    process.kill()
    process.wait()
    assert [found.name for found in store.prune(everything=True)] == [name]


def test_old_environments_are_pruned(store, asked):
    name = store.provide(asked("alpha")).name
    store.provide(asked("beta"))
    gc.collect()
    os.utime(store.root / "venv" / f"{name}.used", (1000, 1000))
    assert [found.name for found in store.prune(older_than=3600, dry_run=True)] == [name]
    assert len(store.list()) == 2
    assert [found.name for found in store.prune(older_than=3600)] == [name]
    assert len(store.list()) == 1


def test_current_is_this_interpreter(store):
    environment = store.provide(Requirements(notes=("x",), warnings=("y",)), "current")
    assert environment == replace(current_environment(), notes=("x",), warnings=("y",))
    assert not store.root.exists()


def test_what_cannot_be_had_at_all(store, asked, tmp_path):
    with pytest.raises(EnvironmentBuildError, match="no kind of environment 'magic'"):
        store.provide(asked(), "magic")
    with pytest.raises(EnvironmentBuildError, match="cannot be met: 'x' names a file") as caught:
        store.provide(asked(errors=("'x' names a file",)))
    assert caught.value.requirements == ("'x' names a file",)
    with pytest.raises(EnvironmentBuildError, match="unless source builds"):
        store.provide(asked(sources=("a @ https://example.org/a.zip",)))
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentBuildError, match="LEARNWARE_ENVIRONMENTS names another folder"):
        EnvironmentStore(tmp_path / "file" / "environments").provide(asked("alpha"))


def test_settings_of_variables(monkeypatch, tmp_path):
    monkeypatch.setenv("LEARNWARE_ENVIRONMENTS", str(tmp_path / "here"))
    monkeypatch.setenv("LEARNWARE_ENVIRONMENTS_MAX_BYTES", "12345")
    store = EnvironmentStore()
    assert (store.root, store.max_bytes) == (tmp_path / "here", 12345)
    monkeypatch.setenv("LEARNWARE_ENVIRONMENTS_MAX_BYTES", "much")
    with pytest.raises(EnvironmentBuildError, match="'much'; expected a number of bytes"):
        EnvironmentStore()
    monkeypatch.delenv("LEARNWARE_ENVIRONMENTS")
    assert EnvironmentStore(max_bytes=1).root.name == "environments"


def test_source_builds_may_be_allowed(offline, asked, tmp_path, monkeypatch, write_wheel):
    address = (offline / "beta-1.0-py3-none-any.whl").as_uri()
    monkeypatch.setenv("LEARNWARE_SOURCE_BUILDS", "1")
    environment = EnvironmentStore(tmp_path / "environments").provide(asked(sources=(f"beta @ {address}",)))
    assert run_python(environment, "import beta; print(beta.VERSION)") == "1.0"


def test_the_engine_is_provided_where_it_is_used(store, asked, monkeypatch):
    environment = store.provide(asked(needs_engine=True))
    [path] = environment.paths
    assert path in environment.folders
    assert [one.name for one in path.iterdir()] == ["learnware"]
    import learnware

    assert Path(learnware.__path__[0]).resolve() in environment.folders
    found = run_python(environment, f"import sys; sys.path.insert(0, {str(path)!r}); import importlib.util as u; "
                       "print(u.find_spec('learnware').origin)")  # fmt: skip
    assert Path(found).resolve() == Path(learnware.__file__).resolve()


def test_a_damaged_memory_of_locks_is_no_harm(store, asked):
    first = store.provide(asked("alpha"))
    [memory] = (store.root / "locks").iterdir()
    memory.write_text("{")
    assert store.provide(asked("alpha")) == first
    memory.write_text(json.dumps({**json.loads(memory.read_text()), "python": "/nonexistent"}))
    assert store.provide(asked("alpha")) == first


def test_no_uv(store, asked, monkeypatch):
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvironmentBuildError, match=r"pip install 'learnware\[environments\]'"):
        store.provide(asked("alpha"))
