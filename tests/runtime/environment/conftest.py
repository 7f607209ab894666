"""Stores without network: tiny wheels in a folder, and programs that stand in for the installer."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import sys
import textwrap
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _uv

_VARIABLES = (
    "LEARNWARE_ENVIRONMENTS",
    "LEARNWARE_ENVIRONMENTS_MAX_BYTES",
    "LEARNWARE_SOURCE_BUILDS",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_EXCLUDE_NEWER",
)


def _write_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    needs: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    files: dict[str, str] | None = None,
) -> None:
    """Write a wheel with one module that knows its version."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {need}" for need in needs]
    members = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        f"{name}/tests/test_all.py": "raise SystemExit\n",
        **(files or {}),
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text.encode())}"
        for path, text in members.items()
    ]
    members[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        for path, text in members.items():
            archive.writestr(path, text)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of wheels: numpy (a small one of this name), alpha that needs beta, and odd ones."""
    folder = tmp_path_factory.mktemp("wheels")
    _write_wheel(folder, "numpy", "1.0")
    _write_wheel(folder, "numpy", "2.0")
    _write_wheel(folder, "alpha", "1.0", needs=("beta",))
    _write_wheel(folder, "alpha", "2.0", needs=("beta>=1",))
    _write_wheel(folder, "beta", "1.0")
    _write_wheel(folder, "picky", "1.0", needs=("beta<1",))
    _write_wheel(
        folder,
        "sly",
        "1.0",
        files={"sly.pth": "import os; open(os.environ['SLY_MARK'], 'w').close()\n", "sly/broken.py": "print 1\n"},
    )
    (folder / "source-1.0.tar.gz").write_bytes(b"")
    return folder


@pytest.fixture
def offline(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages come from the folder of wheels only, and Python is not downloaded."""
    try:
        _uv.find_uv()
    except EnvironmentBuildError as error:
        pytest.skip(str(error))
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    return wheels


@pytest.fixture
def store(offline: Path, tmp_path: Path) -> EnvironmentStore:
    """An empty store."""
    return EnvironmentStore(tmp_path / "environments", stall_seconds=30)


@dataclass
class Heard:
    """Takes words of progress."""

    words: list[str] = field(default_factory=list)

    def __call__(self, words: str) -> None:
        self.words.append(words)

    def __contains__(self, part: str) -> bool:
        return any(part in words for words in self.words)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def _asked(*requirements: str, **fields: object) -> Requirements:
    """Return requirements as they are after reading: numpy is among them."""
    return Requirements(requirements=tuple(sorted({*requirements, "numpy"})), **fields)  # type: ignore[arg-type]


def _program(path: Path, text: str) -> Path:
    """Write a program of this Python."""
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(text)}", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def fake_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: Path):
    """Let another program stand in for uv; ``{uv}`` in its text is the real one."""
    real = _uv.find_uv()

    def install(text: str) -> Path:
        path = _program(tmp_path / "fake-uv", text.replace("{uv}", real))
        monkeypatch.setattr(_uv, "find_uv", lambda: str(path))
        return path

    return install


def _gone(*pids: int) -> bool:
    """Return whether processes end; the dead that nobody has reaped have.

    Those that were killed may need a moment, the children of one that was waited for above all.
    """
    give_up = time.monotonic() + 60
    while any(_runs(pid) for pid in pids):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        stat_file = Path(f"/proc/{pid}/stat")
        return not stat_file.exists() or stat_file.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.fixture
def asked():
    return _asked


@pytest.fixture
def gone():
    return _gone


@pytest.fixture
def program():
    return _program


@pytest.fixture(scope="session")
def write_wheel():
    return _write_wheel
