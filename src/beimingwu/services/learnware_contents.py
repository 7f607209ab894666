"""What is in the package of a learnware, without downloading it: its files, texts among them, what it needs to run."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from beimingwu.errors import InvalidInputError, NotFoundError, UnavailableError
from beimingwu.storage import open_stored
from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import read_requirements
from learnware.texts import text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beimingwu.services.downloads import Downloads
    from beimingwu.services.identity import Identity
    from beimingwu.storage import BlobStore

__all__ = ["MOST_TEXT_BYTES", "EnvironmentView", "FileView", "LearnwareContents"]

MOST_TEXT_BYTES = 256 * 1024
# Characters that texts have besides those that can be seen.
_SPACES = frozenset("\t\n\r\f")
_REQUIREMENT_FILES = ("environment.yaml", "environment.yml", "requirements.txt")
# Files that a requirements file may name. More than so many, and more than so much, nobody writes.
_FURTHER_SUFFIXES = frozenset({".txt", ".in", ".pip"})
_MOST_REQUIREMENT_FILES = 50
_KEPT_ENVIRONMENTS = 256


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a package.

    Attributes
    ----------
    path : str
        Below the package, with slashes.
    size : int
        In bytes, unpacked.
    """

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """What a learnware needs to run.

    Attributes
    ----------
    kind : {"pip", "conda", "none"}
        Whether a ``requirements.txt`` or an ``environment.yaml`` says so, or nothing does.
    requirements : tuple of str
        In the words of the package index, as the dock reads them.
    python : str or None
        The versions of Python that will do; None if any will.
    file : str or None
        The file that says so.
    """

    kind: Literal["pip", "conda", "none"]
    requirements: tuple[str, ...]
    python: str | None
    file: str | None


class LearnwareContents:
    """Looks into packages, of the versions that may be downloaded.

    What is looked at was checked when it was submitted. Only the parts of a package are read that are asked for.
    """

    def __init__(self, store: BlobStore, downloads: Downloads) -> None:
        self._store = store
        self._downloads = downloads
        # A content never changes, so neither does what it needs.
        self._environment_of = lru_cache(maxsize=_KEPT_ENVIRONMENTS)(self._read_environment)

    def files(self, identity: Identity | None, learnware_id: str) -> tuple[FileView, ...]:
        """Return the files of the version that serves, in the order of their paths; to owners, of what they download.

        Raises
        ------
        NotFoundError
            If there is none that may be downloaded.
        NotAllowedError
            If the token is not good for reading.
        UnavailableError
            If the package cannot be read.
        """
        package = self._downloads.package(identity, learnware_id)
        with self._opened(package.sha256, package.size) as archive:
            return tuple(FileView(one.filename, one.file_size) for one in _members(archive))

    def text(self, identity: Identity | None, learnware_id: str, path: str) -> str:
        """Return a file that is a short text.

        Raises
        ------
        NotFoundError
            If there is no such file, or no such learnware that may be downloaded.
        InvalidInputError
            If it is longer than `MOST_TEXT_BYTES`, or no text in UTF-8.
        NotAllowedError
            If the token is not good for reading.
        UnavailableError
            If the package cannot be read.
        """
        package = self._downloads.package(identity, learnware_id)
        with self._opened(package.sha256, package.size) as archive:
            found = next((one for one in _members(archive) if one.filename == path), None)
            if found is None:
                raise NotFoundError(text("the package has no such file"))
            if found.file_size > MOST_TEXT_BYTES:
                words = text("has {size} bytes; {most} at most are shown", size=found.file_size, most=MOST_TEXT_BYTES)
                raise InvalidInputError(text("the file {rule}", rule=words), fields=(("path path", words),))
            content = _read(archive, found)
        try:
            shown = content.decode("utf-8")
        except UnicodeDecodeError:
            shown = None
        if shown is None or not all(one.isprintable() or one in _SPACES or one > "\x9f" for one in shown):
            words = text("is no text in UTF-8")
            raise InvalidInputError(text("the file {rule}", rule=words), fields=(("path path", words),))
        return shown

    def environment(self, identity: Identity | None, learnware_id: str) -> EnvironmentView:
        """Return what the version that serves needs to run; to owners, what the one needs that they download.

        Raises
        ------
        NotFoundError
            If there is none that may be downloaded.
        InvalidInputError
            If the file that says so cannot be read.
        NotAllowedError
            If the token is not good for reading.
        UnavailableError
            If the package cannot be read.
        """
        package = self._downloads.package(identity, learnware_id)
        return self._environment_of(package.sha256, package.size)

    def _read_environment(self, sha256: str, size: int) -> EnvironmentView:
        with self._opened(sha256, size) as archive:
            contents = {member.filename: _read(archive, member) for member in _requirement_members(archive)}
        with tempfile.TemporaryDirectory(prefix="dock-environment-") as folder:
            for name, content in contents.items():
                file = Path(folder, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            # Code is not among the files: workers read it, to know whether it needs the engine.
            try:
                found = read_requirements(folder)
            except EnvironmentBuildError as error:
                raise InvalidInputError(
                    text("what the learnware needs cannot be read: {reason}", reason=text_of(error))
                ) from None
        if found.file is None:
            return EnvironmentView("none", (), None, None)
        kind: Literal["pip", "conda"] = "pip" if found.file == "requirements.txt" else "conda"
        return EnvironmentView(kind, (*found.requirements, *found.sources), found.python, found.file)

    @contextmanager
    def _opened(self, sha256: str, size: int) -> Iterator[zipfile.ZipFile]:
        with open_stored(self._store, sha256, size) as file, _readable(), zipfile.ZipFile(file) as archive:
            yield archive


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise UnavailableError(text("the package in the store is damaged")) from error


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = [one for one in archive.infolist() if not one.is_dir()]
    for one in members:
        path = PurePosixPath(one.filename)
        # No package is taken in with such a name.
        if path.is_absolute() or ".." in path.parts:
            raise zipfile.BadZipFile(f"{one.filename!r} is no name of a file of a package")
    return sorted(members, key=lambda one: one.filename)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as stream:
        # No more than the directory says, whatever comes out of it.
        return stream.read(member.file_size)


def _requirement_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files that say what is needed, those first that are read first."""
    short = [one for one in _members(archive) if one.file_size <= MOST_TEXT_BYTES]
    first = [one for one in short if one.filename in _REQUIREMENT_FILES]
    further = [
        one
        for one in short
        if one.filename not in _REQUIREMENT_FILES and PurePosixPath(one.filename).suffix.lower() in _FURTHER_SUFFIXES
    ]
    return [*first, *further][:_MOST_REQUIREMENT_FILES]
