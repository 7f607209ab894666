"""A set of requirements while it is read: normalised, with notes and warnings of all that is left out or changed.

A note is about words: all that was asked for is installed, in the versions asked for, though it was said in another way
or more is installed. A warning is about what is installed: it is not what was asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from learnware.errors import EnvironmentBuildError
from learnware.runtime._words import printable

__all__ = ["Draft"]

_MAX_REQUIREMENTS = 2000
_MAX_CHARS = 2000
# Of all of them together, however many files they are in.
_MAX_ALL_CHARS = 256 << 10
# Names under which the index has an empty package that only says how the real one is called.
_RENAMED = {"sklearn": "scikit-learn", "pytorch": "torch", "pil": "pillow", "yaml": "pyyaml"}
_WHEEL = re.compile(r"([A-Za-z0-9][A-Za-z0-9._]*)-[^-]+(?:-[^-]+)?-[^-]+-[^-]+-[^-]+\.whl")
# How a version was built, not what is in it: for which hardware.
_BUILD = re.compile(r"\+(cpu|cu\d+|rocm[\d.]+|xpu)(\.\w+)*$")
_ARCHIVE = re.compile(r".*\.(whl|zip|tar\.gz|tar\.bz2|tgz)", re.IGNORECASE)


@dataclass
class Draft:
    """What has been read so far.

    Attributes
    ----------
    notes, warnings, errors : list of str
        What was said in other words, what was left out or changed, and what can never be had.
    pythons : list of str
        Specifiers of the version of Python.
    engine : SpecifierSet or None
        The versions of the engine itself that were asked for; None where it is not among the requirements.
    """

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pythons: list[str] = field(default_factory=list)
    engine: SpecifierSet | None = None
    _left_out: dict[str, list[str]] = field(default_factory=dict)
    _kept: dict[str, tuple[Requirement, str]] = field(default_factory=dict)
    _n_read: int = 0
    _n_chars: int = 0

    def note(self, words: str) -> None:
        """Say what is read in other words, or added; once."""
        words = printable(words)
        if words not in self.notes:
            self.notes.append(words)

    def warn(self, words: str) -> None:
        """Say what will differ from what was asked for; once."""
        words = printable(words)
        if words not in self.warnings:
            self.warnings.append(words)

    def leave_out(self, text: str, why: str) -> None:
        """Note what was left out and is not missed, together with all that was for the same reason."""
        self._left_out.setdefault(why, []).append(printable(text))

    def all_notes(self) -> tuple[str, ...]:
        """Return the notes."""
        groups = (f"left out ({why}): {', '.join(dict.fromkeys(names))}" for why, names in self._left_out.items())
        return (*self.notes, *groups)

    def refuse(self, words: str) -> None:
        """Say what can never be had; once."""
        words = printable(words)
        if words not in self.errors:
            self.errors.append(words)

    def count(self, text: str) -> None:
        """Refuse sets and lines that nobody writes.

        Raises
        ------
        EnvironmentBuildError
            If there is too much.
        """
        self._n_read += 1
        if self._n_read > _MAX_REQUIREMENTS:
            raise EnvironmentBuildError(
                f"there are more than {_MAX_REQUIREMENTS:,} requirements", requirements=(_shortened(text),)
            )
        if len(text) > _MAX_CHARS:
            raise EnvironmentBuildError(
                f"a requirement has {len(text):,} characters; at most {_MAX_CHARS:,} are taken",
                requirements=(_shortened(text),),
            )
        self._n_chars += len(text)
        if self._n_chars > _MAX_ALL_CHARS:
            raise EnvironmentBuildError(
                f"the requirements have more than {_MAX_ALL_CHARS:,} characters together",
                requirements=(_shortened(text),),
            )

    def add_text(self, text: str) -> None:
        """Add a requirement as pip takes them: PEP 508, an address, or a file."""
        if _is_path(text):
            self.refuse(f"{text!r} names a file on somebody's disk; it has to be on the package index")
            return
        if re.match(r"(git|hg|svn|bzr)\+|[a-z]+://", text, re.IGNORECASE):
            self._add_address(text)
            return
        # One "=" is conda's way; pip takes it for a mistake.
        single = re.fullmatch(r"([A-Za-z0-9][\w.-]*(?:\[[\w, .-]*\])?)\s*=\s*([\w.!+*-]+)(?:=\S+)?", text)
        if single is not None:
            self.note(f"{text!r} is no requirement of pip's; read as '{single[1]}=={single[2]}'")
            text = f"{single[1]}=={single[2]}"
        self._parse(text, shown=text)

    def _parse(self, text: str, shown: str) -> None:
        try:
            requirement = Requirement(text)
            written = str(requirement)
            if written.isprintable():
                Requirement(written)
        except (ValueError, RecursionError) as error:  # some are read, and cannot be written and read again
            self.refuse(f"{shown!r} is no requirement: {str(error).partition(chr(10))[0]}")
            return
        # The quoted texts of a marker may hold anything, and the installer reads a line to a requirement.
        if written.isprintable():
            self.add(requirement)
        else:
            self.refuse(f"{shown!r} is no requirement: it holds line ends or other control characters")

    def add(self, requirement: Requirement, origin: Literal["pip", "conda", "engine"] = "pip") -> None:
        """Add a requirement of a kind of file."""
        shown = str(requirement)
        name = canonicalize_name(requirement.name)
        if name == "python":
            self.add_python(str(requirement.specifier))
            return
        if name == "learnware":
            self.engine = requirement.specifier if self.engine is None else self.engine & requirement.specifier
            return
        if name in _RENAMED:
            self.note(f"{shown!r}: the package index calls it {_RENAMED[name]!r}")
            name = canonicalize_name(_RENAMED[name])
            if requirement.name.lower() == "sklearn":
                requirement.specifier = SpecifierSet()  # versions of the empty package
        requirement.name = name
        if requirement.url is not None and re.match(r"file:|/|\.", requirement.url, re.IGNORECASE):
            self.warn(f"{shown!r} names a folder on the disk of who wrote it; any version is taken")
            requirement.url = None
        self._without_local_version(requirement, shown)
        if origin == "pip" or str(requirement) not in self._kept:
            self._kept[str(requirement)] = (requirement, origin)

    def add_python(self, specifier: str) -> None:
        """Ask for a version of Python."""
        try:
            text = str(SpecifierSet(specifier))
        except InvalidSpecifier:
            self.refuse(f"'python{specifier}' names no version of Python")
            return
        if text and text not in self.pythons:
            self.pythons.append(text)

    def kept(self, *, of_conda: bool = True) -> list[Requirement]:
        """Return what was added, sorted; what pip would install over conda's stands for both."""
        by_pip = {one.name: str(one) for one, origin in self._kept.values() if origin == "pip"}
        kept = []
        for text, (requirement, origin) in self._kept.items():
            if origin == "conda" and requirement.name in by_pip:
                if by_pip[requirement.name] != text:
                    self.note(f"{text!r} of conda's is left out: pip's section asks for {by_pip[requirement.name]!r}")
            elif origin != "conda" or of_conda:
                kept.append(requirement)
        return sorted(kept, key=str)

    def _add_address(self, text: str) -> None:
        _, sign, fragment = text.partition("#")
        named = re.search(r"[#&]egg=([A-Za-z0-9][\w.-]*(?:\[[\w, .-]*\])?)", sign + fragment)
        wheel = _WHEEL.search(text.partition("#")[0].partition("?")[0].rpartition("/")[2])
        name = named[1] if named else wheel[1] if wheel else None
        if text.lower().startswith("file:"):
            self.refuse(f"{text!r} names a file on somebody's disk; it has to be on the package index")
        elif name is None:
            self.refuse(f"{text!r} does not say which package it is; write 'NAME @ {text}'")
        else:
            address = re.sub(r"#.*", "", text)
            self._parse(f"{name} @ {address}", shown=text)

    def _without_local_version(self, requirement: Requirement, shown: str) -> None:
        """Leave out what says how a package was built ("+cu117"): the index has one build of a version."""
        parts = str(requirement.specifier).split(",")
        public = [re.sub(r"\+[\w.]+$", "", part) if part.startswith(("==", "===")) else part for part in parts]
        if public == parts:
            return
        requirement.specifier = SpecifierSet(",".join(public))
        if all(part == new or _BUILD.search(part) for part, new in zip(parts, public, strict=True)):
            self.note(f"{shown!r}: what follows the + says how it was built; any build of the version is taken")
        else:
            self.warn(f"{shown!r}: a version of somebody's own, after the +; that of the package index is taken")


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"


def _is_path(text: str) -> bool:
    return bool(
        re.match(r"\.{0,2}[/\\]|\.{1,2}$|~|[A-Za-z]:[/\\]", text)
        or (_ARCHIVE.fullmatch(text.partition("[")[0].strip()) and "://" not in text and "@" not in text)
    )
