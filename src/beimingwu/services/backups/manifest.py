"""What is in a backup: tables, blobs, and the SHA-256 of everything."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from beimingwu.errors import BackupError
from beimingwu.services.backups.archive import Entry

if TYPE_CHECKING:
    from beimingwu.services.backups.archive import ArchiveReader, ArchiveWriter

__all__ = ["Manifest", "TableDump", "blob_name", "read_manifest", "write_manifest"]

_FORMAT = 1
_FILE, _HASH = "manifest.json", "manifest.sha256"


@dataclass(frozen=True, slots=True)
class TableDump:
    """A table.

    Attributes
    ----------
    name, member : str
        Its name in the database and in the backup.
    columns : list of (str, str)
        Names and kinds of the columns, in the order of a row's values.
    rows : int
    last_id : int or None
        The highest id that was ever given, where rows are numbered by the database.
    """

    name: str
    member: str
    columns: list[tuple[str, str]]
    rows: int
    last_id: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    made_at : str
        When its state was the dock's.
    version : str
        The version of this package that made it.
    revision : str
        Of the tables.
    database : str
        ``sqlite`` or ``postgresql``; it can be restored into either.
    tables : list of TableDump
        In an order in which they can be filled.
    blobs : dict of str to int
        SHA-256 and size of each content of the store.
    members : dict of str to Entry
        Every file but the manifest.
    """

    made_at: str
    version: str
    revision: str
    database: str
    tables: list[TableDump]
    blobs: dict[str, int]
    members: dict[str, Entry]


def blob_name(sha256: str) -> str:
    """Return the name of a blob's member."""
    return f"blobs/{sha256[:2]}/{sha256}"


def write_manifest(archive: ArchiveWriter, manifest: Manifest) -> None:
    """Write it, as the last of all members: a backup without one is unfinished."""
    text = json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1).encode()
    for name, content in ((_FILE, text), (_HASH, hashlib.sha256(text).hexdigest().encode())):
        archive.add(name, len(content), [content])


def read_manifest(archive: ArchiveReader) -> Manifest:
    """Return it.

    Raises
    ------
    BackupError
        If it is missing, damaged, or of a newer version than this.
    """
    with archive.open(_FILE) as stream:
        text = stream.read()
    with archive.open(_HASH) as stream:
        expected = stream.read().decode("ascii", "replace").strip()
    if hashlib.sha256(text).hexdigest() != expected:
        raise BackupError("the backup's manifest is damaged")
    try:
        return _parsed(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # It has the right hash, and yet this package did not write it.
        raise BackupError("the backup's manifest is none of a dock") from None


def _parsed(text: bytes) -> Manifest:
    document: dict[str, Any] = json.loads(text)
    found = document.pop("format")
    if found != _FORMAT:
        raise BackupError(
            f"the backup has format {found}; this version reads format {_FORMAT}: restore with a newer one"
        )
    document["tables"] = [
        TableDump(**{**table, "columns": [(name, kind) for name, kind in table["columns"]]})
        for table in document["tables"]
    ]
    document["members"] = {name: Entry(**entry) for name, entry in document["members"].items()}
    return Manifest(**document)
