"""The store of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from beimingwu.errors import SettingsError
from beimingwu.storage.files import FileStore

if TYPE_CHECKING:
    from beimingwu.settings import Settings
    from beimingwu.storage.store import BlobStore

__all__ = ["open_store"]


def open_store(settings: Settings) -> BlobStore:
    """Return the store of the settings; it is first reached when it is used.

    Raises
    ------
    SettingsError
        If there is none of such an address, or what it needs is not installed.
    """
    if settings.storage_url is None:
        return FileStore(settings.data_dir / "store")
    try:
        url = urlsplit(settings.storage_url)
        unusable = url.query or url.fragment or url.username or url.password or url.port
    except ValueError:
        unusable = "unreadable"
    if not unusable and url.scheme == "file" and url.netloc in {"", "localhost"} and url.path.startswith("/"):
        return FileStore(Path(unquote(url.path)))
    if not unusable and url.scheme == "s3" and url.netloc:
        from beimingwu.storage.s3 import S3Store

        return S3Store(url.netloc, unquote(url.path).strip("/"), endpoint=settings.storage_s3_endpoint)
    raise SettingsError("the storage URL must be file:///FOLDER or s3://BUCKET/PREFIX, without credentials")
