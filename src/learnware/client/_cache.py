"""Packages that were downloaded, by the hash of their content: the least recently used go first."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from learnware.client._folders import cache_folder, read_json, remove_file, write_json
from learnware.errors import DockError

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

__all__ = ["MOST_BYTES", "Known", "PackageCache"]

MOST_BYTES = 5 * 2**30
SIZE_VARIABLE = "LEARNWARE_PACKAGES_MAX_BYTES"
_CHUNK = 2**20
# Downloads that nobody went on with for so long are removed.
_PART_SECONDS = 14 * 86400


@dataclass(frozen=True)
class Known:
    """What is known of a package of a dock.

    Attributes
    ----------
    sha256 : str
    fetched_at : float
        When it was the one that the dock had, in seconds since the epoch.
    """

    sha256: str
    fetched_at: float


class PackageCache:
    """Keeps packages.

    Parameters
    ----------
    folder : Path, optional
        The variable ``LEARNWARE_PACKAGES``, else a folder in the user's cache, if None.
    most_bytes : int, optional
        What they may take; the variable ``LEARNWARE_PACKAGES_MAX_BYTES``, else 5 GiB, if None. With 0, nothing is kept.

    Raises
    ------
    DockError
        If that variable is no number.
    """

    def __init__(self, folder: Path | None = None, most_bytes: int | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder
        self._most_bytes = _named_bytes() if most_bytes is None else most_bytes

    def known(self, host: str, name: str) -> Known | None:
        """Return what is known of the package of a name at a dock; None where the package itself is not here."""
        found = read_json(self._note(host, name))
        sha256, fetched_at = found.get("sha256"), found.get("fetched_at")
        if not isinstance(sha256, str) or not isinstance(fetched_at, (int, float)) or not self._zip(sha256).is_file():
            return None
        return Known(sha256, fetched_at)

    def note(self, host: str, name: str, sha256: str) -> None:
        """Remember that this is the package of a name at a dock now."""
        write_json(
            self._note(host, name), {"host": host, "name": name, "sha256": sha256, "fetched_at": round(time.time())}
        )

    def part(self, host: str, name: str) -> Path:
        """Return where the unfinished download of a package is kept, without its ending."""
        folder = self._make("parts")
        old = time.time() - _PART_SECONDS
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                if file.stat().st_mtime < old:
                    file.unlink()
        return folder / _key(host, name)

    def lock(self, host: str, name: str) -> BaseFileLock:
        """Return what one process at a time holds to download a package."""
        from filelock import FileLock

        return FileLock(self._make("locks") / f"{_key(host, name)}.lock")

    def adopt(self, file: Path, sha256: str) -> None:
        """Take over a file of this content, which was made below the cache's folder."""
        self._make("zips")
        file.replace(self._zip(sha256))

    def has(self, sha256: str) -> bool:
        """Return whether a content is here."""
        return self._zip(sha256).is_file()

    def take(self, sha256: str, target: Path, *, link: bool = False) -> bool:
        """Put a content under another path, as a whole or not at all; return False if it is not here, or is spoilt.

        Parameters
        ----------
        sha256 : str
        target : Path
            Replaced if it is there.
        link : bool, default=False
            Whether it may share the file of the cache: only for who does not write to it.
        """
        source = self._zip(sha256)
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
        try:
            try:
                sound = _linked(source, temporary) if link else _copied(source, temporary, sha256)
            except FileNotFoundError:
                if not target.parent.is_dir():
                    raise
                return False
            if sound and link:
                sound = _hash(temporary) == sha256
            if not sound:
                remove_file(source)
                return False
            with contextlib.suppress(OSError):
                os.utime(source)
            temporary.replace(target)
            return True
        finally:
            temporary.unlink(missing_ok=True)

    def evict(self) -> None:
        """Remove the least recently used packages until the others take no more than they may."""
        folder = self.folder / "zips"
        found = []
        for file in folder.glob("*.zip") if folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                status = file.stat()
                found.append((status.st_mtime, status.st_size, file))
        total = sum(size for _, size, _ in found)
        for _, size, file in sorted(found):
            if total <= self._most_bytes:
                break
            remove_file(file)
            total -= size

    def _make(self, name: str) -> Path:
        # Packages may be nobody else's business.
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _zip(self, sha256: str) -> Path:
        return self.folder / "zips" / f"{sha256}.zip"

    def _note(self, host: str, name: str) -> Path:
        return self.folder / "known" / f"{_key(host, name)}.json"


def _named_bytes() -> int:
    named = os.environ.get(SIZE_VARIABLE, "").strip()
    if not named:
        return MOST_BYTES
    if not named.isdecimal():
        raise DockError(f"{SIZE_VARIABLE} is {named!r}; expected a number of bytes")
    return int(named)


def _key(host: str, name: str) -> str:
    return hashlib.sha256(f"{host} {name}".encode()).hexdigest()[:32]


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(source, target)
    return True


def _copied(source: Path, target: Path, sha256: str) -> bool:
    """Copy a file and return whether it has the content that it should."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest() == sha256
