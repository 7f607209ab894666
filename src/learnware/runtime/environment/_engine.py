"""The engine in a learnware's environment: whether its code needs it, and where it is found then."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

import learnware

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["engine_folders", "engine_requirements", "engine_uses"]

_BASE_MODULES = frozenset({"learnware.model", "learnware.model.base"})
_MAX_FILES = 1000
_MAX_FILE_BYTES = 2 << 20
_IMPORT_LINE = re.compile(r"^\s*(?:from|import)\s+(learnware\b[\w.]*)(.*)$", re.MULTILINE)


def engine_uses(folder: Path) -> tuple[str, ...]:
    """Return what a package's code imports from the engine, besides the base class of models.

    The code is read, not run. The worker has the base class where the engine is not installed.

    Parameters
    ----------
    folder : Path
        The unpacked learnware.

    Returns
    -------
    tuple of str
        ``"__init__.py: learnware.reuse"`` and the like; empty where the package does without the engine.
    """
    uses = []
    for file in _python_files(folder):
        source = file.read_bytes()
        try:
            modules = list(_imports(ast.parse(source)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            modules = _imports_by_line(source.decode("utf-8", "replace"))
        uses += [f"{file.relative_to(folder).as_posix()}: {module}" for module in sorted(set(modules))]
    return tuple(uses)


def _python_files(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(parent, name)
            with contextlib.suppress(OSError):
                if name.endswith(".py") and not file.is_symlink() and file.stat().st_size <= _MAX_FILE_BYTES:
                    found.append(file)
        if len(found) >= _MAX_FILES:
            break
    return found[:_MAX_FILES]


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_engine(alias.name))
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_engine(node.module or ""):
            if node.module not in _BASE_MODULES or any(alias.name != "BaseModel" for alias in node.names):
                yield str(node.module)
        elif isinstance(node, ast.Call) and node.args:
            # An import by a call, of a name that is written there.
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            value = getattr(node.args[0], "value", None)
            if name in {"import_module", "__import__"} and isinstance(value, str) and _is_engine(value):
                yield value


def _imports_by_line(source: str) -> list[str]:
    """Do the same for a file that this version of Python cannot read."""
    return [
        found[1]
        for found in _IMPORT_LINE.finditer(source)
        if found[1] not in _BASE_MODULES or not re.fullmatch(r"\s+import\s+BaseModel\s*(#.*)?", found[2])
    ]


def _is_engine(module: str) -> bool:
    return module == "learnware" or module.startswith("learnware.")


def engine_requirements() -> tuple[str, ...]:
    """Return what the engine itself needs, extras left out."""
    found = []
    for line in metadata.requires("learnware") or []:
        requirement = Requirement(line)
        if requirement.marker is None or "extra" not in str(requirement.marker):
            found.append(str(requirement))
    return tuple(found)


def engine_folders(root: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the folder to import the engine from, and what has to be readable for that.

    The folder has the engine only: the one that it is installed in has more, for another interpreter.
    """
    package = Path(learnware.__path__[0]).resolve()
    folder = root / "engine" / hashlib.sha256(str(package).encode()).hexdigest()[:20]
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (folder / "learnware").symlink_to(package, target_is_directory=True)
    return (folder,), (folder, package)
