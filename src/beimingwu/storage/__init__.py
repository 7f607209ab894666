"""Where a dock keeps contents: packages, data sets, and the parts of uploads."""

from beimingwu.storage.choose import open_store
from beimingwu.storage.files import FileStore
from beimingwu.storage.reading import open_stored
from beimingwu.storage.store import (
    CHUNK,
    BlobStore,
    Hashing,
    PartInfo,
    PartWriter,
    StoredBlob,
    require_part_name,
    require_sha256,
)

__all__ = [
    "CHUNK",
    "BlobStore",
    "FileStore",
    "Hashing",
    "PartInfo",
    "PartWriter",
    "StoredBlob",
    "open_store",
    "open_stored",
    "require_part_name",
    "require_sha256",
]
