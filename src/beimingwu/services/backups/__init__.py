"""Backups of a dock: one that is made, checked and restored, whatever database and store there are.

A backup is a tar file or a folder of the same members::

    manifest.json          what is in it, with the SHA-256 of everything; manifest.sha256 holds its own
    tables/<name>.jsonl.gz a row a line
    blobs/<2 digits>/<SHA-256>
    secrets.json           where the data folder has one
"""

from __future__ import annotations

from beimingwu.services.backups.archive import ArchiveReader, open_archive
from beimingwu.services.backups.backup import make_backup
from beimingwu.services.backups.manifest import Manifest
from beimingwu.services.backups.restore import restore_backup
from beimingwu.services.backups.verify import verify_backup

__all__ = ["ArchiveReader", "Manifest", "make_backup", "open_archive", "restore_backup", "verify_backup"]
