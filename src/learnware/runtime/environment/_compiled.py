"""Compiled modules: made once for every package, and linked into each environment that has it.

A sandboxed process cannot write them, and would compile what it imports each time that it starts.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.runtime.environment._watched import run_watched

if TYPE_CHECKING:
    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["compile_packages"]

_TESTS = frozenset({"test", "tests"})
_MAX_NAME = 200
# Runs in the new environment's interpreter with -S: no package may run code of its own here. What is no Python of this
# version stays as it is.
_SCRIPT = """
import compileall, concurrent.futures, functools, os, py_compile, sys
files = sorted(sys.stdin.buffer.read().decode().split(chr(0)), key=os.path.getsize, reverse=True)
one = functools.partial(
    compileall.compile_file, quiet=2, force=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
)
with concurrent.futures.ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, 60)) as pool:
    list(pool.map(one, files, chunksize=8))
"""


def compile_packages(python: Path, python_version: str, site: Path, settings: BuildSettings) -> None:
    """Compile the packages of an environment, except their tests.

    Parameters
    ----------
    python : Path
        Its interpreter.
    python_version : str
        E.g. ``"3.11.7"``.
    site : Path
        Its ``site-packages``.
    settings : BuildSettings
        Names the folder that compiled modules are kept in.

    Raises
    ------
    EnvironmentBuildError
        If the interpreter stalls.
    """
    tag = "cpython-" + "".join(python_version.split(".")[:2])
    new = {}
    for info in sorted(site.glob("*.dist-info")):
        settings.stop_if_cancelled()
        modules = _modules(info, site)
        kept = settings.compiled / _key(tag, modules, site)
        if kept.is_dir():
            _link(kept, [_compiled(module, tag) for module in modules])
        elif modules:
            new[kept] = modules
    if not new:
        return
    for modules in new.values():
        for module in modules:
            # What a package brings compiled may be anything, and all environments would share it.
            _compiled(module, tag).unlink(missing_ok=True)
    run_watched(
        [str(python), "-I", "-S", "-c", _SCRIPT],
        what="compiling the packages",
        stall_seconds=settings.stall_seconds,
        step_seconds=settings.step_seconds,
        cancelled=settings.cancelled,
        stdin="\0".join(str(module) for modules in new.values() for module in modules),
    )
    for kept, modules in new.items():
        _keep(kept, [_compiled(module, tag) for module in modules])


def _modules(info: Path, site: Path) -> list[Path]:
    """Return the modules of a distribution, as its record lists them."""
    try:
        rows = list(csv.reader((info / "RECORD").read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError, csv.Error):
        return []
    found = set()
    for row in rows:
        parts = Path(row[0]).parts if row else ()
        if row and row[0].endswith(".py") and ".." not in parts and not Path(row[0]).is_absolute():
            module = site / row[0]
            if _TESTS.isdisjoint(parts) and len(module.name) < _MAX_NAME and module.is_file():
                found.add(module)
    return sorted(found)


def _key(tag: str, modules: list[Path], site: Path) -> str:
    """Return a hash of the modules themselves: what a record says of them may be anything."""
    whole = hashlib.sha256(tag.encode())
    for module in modules:
        whole.update(str(module.relative_to(site)).encode() + b"\0")
        whole.update(hashlib.sha256(module.read_bytes()).digest())
    return whole.hexdigest()[:32]


def _compiled(module: Path, tag: str) -> Path:
    return module.parent / "__pycache__" / f"{module.stem}.{tag}.pyc"


def _link(kept: Path, files: list[Path]) -> None:
    """Link what is kept under numbers to where it belongs."""
    made = set()
    present = {entry.name for entry in os.scandir(kept)}
    for number, file in enumerate(files):
        if str(number) in present:
            if file.parent not in made:
                file.parent.mkdir(exist_ok=True)
                made.add(file.parent)
            _link_or_copy(kept / str(number), file)


def _keep(kept: Path, files: list[Path]) -> None:
    """Keep compiled modules under numbers; who comes second leaves the first one's."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".new-"))
    for number, file in enumerate(files):
        if file.is_file():
            _link_or_copy(file, scratch / str(number))
    try:
        scratch.rename(kept)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)


def _link_or_copy(source: Path, target: Path) -> None:
    with contextlib.suppress(FileExistsError):
        try:
            target.hardlink_to(source)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links, or too many of them
            shutil.copyfile(source, target)
