"""Whether a backup is what it was when it was written."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from beimingwu.errors import BackupError
from beimingwu.services.backups.archive import CHUNK, open_archive
from beimingwu.services.backups.manifest import blob_name, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beimingwu.services.backups.archive import ArchiveReader
    from beimingwu.services.backups.manifest import Manifest

__all__ = ["verify_backup", "verify_members"]


def verify_backup(source: Path, *, progress: Callable[[str], None] = lambda _: None) -> Manifest:
    """Read a backup whole and return its manifest.

    Raises
    ------
    BackupError
        If something is missing, too much, or not what it was.
    """
    with open_archive(source) as archive:
        manifest = read_manifest(archive)
        verify_members(archive, manifest, progress=progress)
    return manifest


def verify_members(
    archive: ArchiveReader, manifest: Manifest, *, progress: Callable[[str], None] = lambda _: None
) -> None:
    """Compare every member with the manifest.

    Raises
    ------
    BackupError
        If one is not as it says.
    """
    for name, entry in manifest.members.items():
        progress(f"checking {name}")
        found, size = hashlib.sha256(), 0
        with archive.open(name) as stream:
            while part := stream.read(CHUNK):
                found.update(part)
                size += len(part)
        if (size, found.hexdigest()) != (entry.size, entry.sha256):
            raise BackupError(f"the backup is damaged: {name} is not what was written")
    for sha256, size in manifest.blobs.items():
        there = manifest.members.get(blob_name(sha256))
        if there is None or (there.size, there.sha256) != (size, sha256):
            raise BackupError(f"the backup is damaged: {blob_name(sha256)} is not what the database says")
