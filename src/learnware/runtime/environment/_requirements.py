"""What a learnware needs, read from its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import learnware
from learnware.runtime.environment._conda_file import read_conda_file
from learnware.runtime.environment._draft import Draft
from learnware.runtime.environment._engine import engine_requirements, engine_uses
from learnware.runtime.environment._pythons import minors_of
from learnware.runtime.environment._requirement_files import read_lines

if TYPE_CHECKING:
    import os
    from datetime import date

__all__ = ["Requirements", "read_requirements"]

_PIP_FILE = "requirements.txt"
_CONDA_FILES = ("environment.yaml", "environment.yml")
# Versions of Python that the engine runs on.
_ENGINE_PYTHON = ">=3.10"


@dataclass(frozen=True)
class Requirements:
    """What a learnware needs, in one form.

    Attributes
    ----------
    python : str or None
        The version of Python asked for, as a specifier: ``"==3.8.*"``.
    requirements : tuple of str
        Packages of the package index, as in PEP 508.
    sources : tuple of str
        Requirements that name an address of their own; they need a store that allows source builds.
    notes : tuple of str
        What was read in other words, left out without being missed, or added; all that was asked for is installed.
    warnings : tuple of str
        What will differ from what was asked for, and why.
    errors : tuple of str
        What can never be had, and why.
    as_of : date or None
        Versions that were published later are left out of account where a requirement admits several.
    needs_engine : bool
        Whether the learnware's code uses the engine itself.
    conda : tuple of str
        What conda would install, in its words without builds: ``"numpy=1.24.3"``; empty without ``environment.yaml``.
    channels : tuple of str
        Where conda would look.
    pip : tuple of str
        Those of `requirements` and `sources` that pip would install after conda.
    file : str or None
        The file that this was read from.
    """

    python: str | None = None
    requirements: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    as_of: date | None = None
    needs_engine: bool = False
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    file: str | None = None


def read_requirements(folder: str | os.PathLike[str], *, as_of: date | None = None) -> Requirements:
    """Return what a learnware needs, from its ``environment.yaml`` or else its ``requirements.txt``.

    numpy is always among it, since the process that runs a model needs it; pyarrow where pandas is, since tables travel
    as Arrow. Nothing is left out in silence: see `notes`, `warnings` and `errors`.

    Parameters
    ----------
    folder : str or path
        The unpacked learnware.
    as_of : date, optional
        When the learnware was made. Where a requirement admits several versions, those are left out of account that
        were published later, as far as the index tells. A date that is not over says nothing.

    Returns
    -------
    Requirements
        Equal files give equal requirements.

    Raises
    ------
    EnvironmentBuildError
        If a file cannot be read, is no YAML, or is larger or deeper than any that a person writes; `requirements` names
        it.
    """
    folder = Path(folder)
    draft = Draft()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    found = [folder / name for name in (*_CONDA_FILES, _PIP_FILE) if (folder / name).is_file()]
    file = found[0] if found else None
    if file is None:
        draft.warn("the learnware has neither environment.yaml nor requirements.txt")
    elif file.name == _PIP_FILE:
        read_lines(file, folder, draft)
    else:
        conda, channels = read_conda_file(file, folder, draft)
        if found[-1].name == _PIP_FILE:
            draft.note(f"{_PIP_FILE} is left out: {file.name} says what is needed")
    needs_engine = _add_engine(folder, draft)
    kept = draft.kept()
    lines = [str(one) for one in kept if one.url is None]
    names = {one.name for one in kept}
    if "numpy" not in names:
        lines.append("numpy")
        if file is not None and not needs_engine:
            draft.note("numpy is added: the process that runs a model needs it")
    if "pandas" in names and "pyarrow" not in names:
        lines.append("pyarrow")
        draft.note("pyarrow is added: tables are handed over as Arrow")
    return Requirements(
        python=_python(draft),
        requirements=tuple(sorted(set(lines))),
        sources=tuple(str(one) for one in kept if one.url is not None),
        notes=draft.all_notes(),
        warnings=tuple(draft.warnings),
        errors=tuple(draft.errors),
        as_of=None if as_of is None or as_of >= datetime.now().astimezone().date() else as_of,
        needs_engine=needs_engine,
        conda=conda,
        channels=channels,
        pip=tuple(str(one) for one in draft.kept(of_conda=False)),
        file=None if file is None else file.name,
    )


def _add_engine(folder: Path, draft: Draft) -> bool:
    """Add what the engine needs where the learnware's code uses it; return whether it does."""
    uses = engine_uses(folder)
    if not uses:
        if draft.engine is not None:
            draft.note("learnware is left out: the code needs the base class of models only, which is always there")
        return False
    provided = (
        f"learnware {learnware.__version__} is provided: {', '.join(uses[:3])} needs more than the base class of models"
    )
    if draft.engine is not None and not draft.engine.contains(learnware.__version__, prereleases=True):
        draft.warn(f"{provided}; learnware{draft.engine} was asked for")
    else:
        draft.note(provided)
    for text in engine_requirements():
        draft.add(Requirement(text), "engine")
    if draft.pythons and not minors_of(",".join([*draft.pythons, _ENGINE_PYTHON])):
        draft.warn(f"Python {' and '.join(draft.pythons)} was asked for; learnware needs Python {_ENGINE_PYTHON}")
        draft.pythons.clear()
    draft.add_python(_ENGINE_PYTHON)
    return True


def _python(draft: Draft) -> str | None:
    """Return the versions of Python that all of the files admit."""
    if not draft.pythons:
        return None
    together = str(SpecifierSet(",".join(draft.pythons)))
    if not minors_of(together):
        draft.refuse(f"no version of Python 3 is {' and '.join(draft.pythons)}")
    return together
