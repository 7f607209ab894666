"""A static look at the pickles of a package: what loading them would look up.

Nothing is unpickled. Pickles are told by their content, whatever they are called: plain ones, several in a row, those
of joblib with arrays between the instructions, compressed ones, those in torch's and numpy's zips, object arrays, and
bytes in pickles that are pickles again. The look informs; what protects is the sandbox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.errors import InvalidPackageError
from learnware.learnware import PackageLimits
from learnware.learnware._archive import FolderSource, ZipSource
from learnware.verification._pickle_machine import Machine
from learnware.verification._pickle_names import is_dangerous, judge_name
from learnware.verification._streams import (
    Budget,
    BudgetSpentError,
    MalformedError,
    Stream,
    compression_of,
    decompressed,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from learnware.verification._pickle_machine import Name

__all__ = ["PickleLimits", "PickleLook", "PickleNote", "look_at_pickles"]

_PICKLE_NAME = re.compile(r"[^/]\.(pkl|pickle|pck|pk|p|joblib|jl|sav|dill)(\.(gz|bz2|xz|z|lzma))?$", re.IGNORECASE)
_ZIP_HEAD = b"PK\x03\x04"
_NPY_HEAD = b"\x93NUMPY"
_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_DEEPEST = 4
_HEAD_BYTES = 16


@dataclass(frozen=True)
class PickleLimits:
    """What a look may take.

    Attributes
    ----------
    seconds : float, default=20
        Time for all files of a package.
    total_bytes : int, default=16 GiB
        Bytes to go through, unpacked.
    notes : int, default=50
        Notes to keep.
    """

    seconds: float = 20.0
    total_bytes: int = 16 << 30
    notes: int = 50


@dataclass(frozen=True)
class PickleNote:
    """Something worth knowing about a pickle.

    Attributes
    ----------
    file : str
        The file in the package.
    place : str
        Where in the file: "byte 120", "archive/data.pkl, byte 3".
    message : str
        What there is.
    name : str or None
        The name that is looked up, where the note is about one.
    """

    file: str
    place: str
    message: str
    name: str | None = None


@dataclass(frozen=True)
class PickleLook:
    """What the pickles of a package look up.

    Attributes
    ----------
    files : tuple of str
        The files that hold pickles.
    notes : tuple of PickleNote
        Names outside the list of harmless ones, and what could not be read.
    unfinished : str or None
        Why the look ended before its end, where it did.
    omitted : int
        Notes that were not kept.
    """

    files: tuple[str, ...]
    notes: tuple[PickleNote, ...]
    unfinished: str | None = None
    omitted: int = 0


def look_at_pickles(
    folder: str | os.PathLike[str],
    *,
    limits: PickleLimits | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PickleLook:
    """Return what the pickles in a folder would look up when they are loaded; none is.

    Parameters
    ----------
    folder : str or path
        The unpacked learnware.
    limits : PickleLimits, optional
        What the look may take.
    cancelled : callable, optional
        Asked now and then; true ends the look.

    Raises
    ------
    InvalidPackageError
        If the folder holds what no package may hold.
    """
    return _Look(Path(folder), limits or PickleLimits(), cancelled).run()


class _Look:
    """One look at a folder."""

    def __init__(self, folder: Path, limits: PickleLimits, cancelled: Callable[[], bool] | None) -> None:
        self._folder = folder
        self._limits = limits
        self.budget = Budget(limits.seconds, limits.total_bytes, cancelled)
        self._files: dict[str, None] = {}
        self._notes: dict[tuple[str, str | None, str], PickleNote] = {}
        self._omitted = 0

    def run(self) -> PickleLook:
        unfinished = None
        source = FolderSource(self._folder, PackageLimits())
        name = ""
        try:
            for member in source.members:
                name = member.name
                self._file(name, source.chunks(name))
        except BudgetSpentError as error:
            unfinished = f"the look ended in {name!r}: {error}"
        notes = tuple(self._notes.values())
        return PickleLook(tuple(self._files), notes, unfinished, self._omitted)

    def _file(self, name: str, chunks: Iterable[bytes]) -> None:
        stream = Stream(chunks, self.budget)
        if stream.peek(_HEAD_BYTES).startswith(_ZIP_HEAD):
            self._zip(name)
        else:
            _Content(self, name, "", _PICKLE_NAME.search(name) is not None).look(stream, 0)

    def _zip(self, name: str) -> None:
        try:
            archive = ZipSource(self._folder / name, PackageLimits())
        except InvalidPackageError as error:
            self.note(name, "the file", f"is a zip that cannot be read: {error}")
            return
        inner_top = "" if archive.top_folder is None else f"{archive.top_folder}/"
        try:
            for member in archive.members:
                place = f"{inner_top}{member.name}, "
                try:
                    content = _Content(self, name, place, _PICKLE_NAME.search(member.name) is not None)
                    content.look(Stream(archive.chunks(member.name), self.budget), 0)
                except InvalidPackageError as error:
                    self.note(name, place.removesuffix(", "), f"cannot be read: {error}")
        finally:
            archive.close()

    def found(self, file: str) -> None:
        """Take note of a file with a pickle."""
        self._files[file] = None

    def note(self, file: str, place: str, message: str, name: str | None = None) -> None:
        """Take a note; a name is noted once a file."""
        key = (file, name, "" if name else place + message)
        if key in self._notes:
            return
        if len(self._notes) < self._limits.notes:
            self._notes[key] = PickleNote(file, place, message, name)
        else:
            self._omitted += 1


class _Content:
    """The content of a file, of a member of a zip, or of what is compressed in it.

    Parameters
    ----------
    look : _Look
        Takes the notes.
    file : str
        The file in the package.
    place : str
        Where in the file this is, with a comma behind it; empty for the file itself.
    expected : bool
        Whether the file's name says that it is a pickle.
    """

    def __init__(self, look: _Look, file: str, place: str, expected: bool) -> None:
        self._look = look
        self._file = file
        self._place = place
        self._expected = expected
        self._depth = 0
        self._pending: list[tuple[str, str, str | None]] = []
        self._looked_up = self._dangerous = False

    def look(self, stream: Stream, depth: int) -> None:
        """Look at bytes of whatever kind."""
        self._depth = depth
        head = stream.peek(_HEAD_BYTES)
        kind = compression_of(head)
        try:
            if head.startswith(_NPY_HEAD):
                self._npy(stream)
            elif kind == "lz4":
                self._unreadable("is compressed by lz4, which is not looked into")
            elif kind is not None and depth == _DEEPEST:
                self._look.note(
                    self._file, self._place.removesuffix(", "), "is compressed once more, which is too often"
                )
            elif kind is not None:
                inner = _Content(self._look, self._file, f"{self._place}unpacked from {kind}, ", self._expected)
                inner.look(Stream(decompressed(stream.rest(), kind), stream.budget), depth + 1)
            elif head.startswith(_ZIP_HEAD):
                self._unreadable("is a zip inside another file, which is not looked into")
            elif head:
                self._pickles(stream)
            else:
                self._unreadable("is empty")
        except MalformedError as error:
            self._unreadable(f"cannot be read: {error}")

    def _unreadable(self, message: str) -> None:
        """Note what stands in the way, where a pickle was to be expected."""
        if self._expected:
            self._look.note(self._file, self._place.removesuffix(", ") or "the file", message)

    def _npy(self, stream: Stream) -> None:
        """Look behind the header of an array: one of objects is a pickle."""
        version = stream.read(8)[6]
        stream.skip(int.from_bytes(stream.read(2 if version == 1 else 4), "little"))
        self._expected = False  # whatever the file is called: an array of numbers is none
        self._pickles(stream)

    def _pickles(self, stream: Stream) -> None:
        """Look at pickles, one after the other."""
        first, of_torch = True, False
        while True:
            start = stream.position
            headed = _begins_pickle(stream.peek(2))
            if not first and not headed:
                if stream.peek(1) and not of_torch:
                    self._look.note(self._file, f"{self._place}byte {start}", "more bytes follow, which are no pickle")
                return
            machine = Machine(stream, self)
            problem = None
            try:
                machine.run()
            except MalformedError as error:
                problem = str(error)
            if not self._is_pickle(headed=headed, whole=problem is None, first=first):
                self._pending.clear()
                return
            self._look.found(self._file)
            self._flush()
            if problem is not None:
                what = "is no pickle that can be read to its end" if first else "the next pickle cannot be read"
                self._look.note(self._file, f"{self._place}byte {start}", f"{what}: {problem}")
                return
            of_torch = of_torch or machine.first_value == _TORCH_MAGIC
            first = False

    def _is_pickle(self, *, headed: bool, whole: bool, first: bool) -> bool:
        if self._expected or not first:
            return True
        # Other files may begin with bytes that are instructions, too.
        return (headed or self._looked_up) if whole else (self._dangerous or (headed and self._looked_up))

    def _flush(self) -> None:
        for place, message, name in self._pending:
            self._look.note(self._file, place, message, name)
        self._pending.clear()

    def name(self, position: int, name: Name | None) -> None:
        """Take a name that is looked up."""
        self._looked_up = True
        place = f"{self._place}byte {position}"
        if name is None:
            message = "looks up a name that it makes up while it is loaded; which one cannot be known"
            self._pending.append((place, message, None))
            return
        verdict = judge_name(*name)
        self._dangerous = self._dangerous or is_dangerous(name.module)
        if verdict is not None and len(self._pending) < 10_000:
            self._pending.append((place, f"looks up {_short(name)}, which {verdict}", str(name)))

    def extension(self, position: int, code: int) -> None:
        """Take a number of a registry."""
        self._looked_up = True
        message = f"looks up number {code} in a registry of the loading program; what is there cannot be known"
        self._pending.append((f"{self._place}byte {position}", message, None))

    def payload(self, position: int, data: bytes | None) -> None:
        """Look at bytes that begin as a pickle does."""
        if data is not None and not _begins_pickle(data):
            return
        place = f"{self._place}in the bytes at {position}, "
        if data is None or self._depth >= _DEEPEST:
            self._pending.append((place.removesuffix(", "), "may be a pickle in a pickle; it is not looked into", None))
            return
        inner = _Content(self._look, self._file, place, False)
        inner.look(Stream(iter([data]), self._look.budget), self._depth + 1)


def _begins_pickle(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5


def _short(name: Name) -> str:
    text = str(name)
    return repr(text if len(text) <= 200 else text[:200] + "…")
