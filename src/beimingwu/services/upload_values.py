"""What the services of uploads tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beimingwu.errors import ConflictError, NotFoundError
from learnware.texts import text

if TYPE_CHECKING:
    from datetime import datetime

    from beimingwu.db.models import Upload

__all__ = ["UploadInfo", "moved_on", "no_upload", "upload_info"]


@dataclass(frozen=True, slots=True)
class UploadInfo:
    """An upload, for its owner.

    Attributes
    ----------
    upload_id : str
        32 hex digits.
    filename : str
    size : int or None
        In bytes; None where the sender did not say.
    received : int
        Bytes that are here and will not be asked for again.
    sha256 : str or None
        Of the content, once it is complete and in the store.
    expires_at : datetime
        When it is forgotten, unless something is added.
    """

    upload_id: str
    filename: str
    size: int | None
    received: int
    sha256: str | None
    expires_at: datetime

    @property
    def complete(self) -> bool:
        """Whether everything is here."""
        return self.sha256 is not None or self.received == self.size


def upload_info(row: Upload) -> UploadInfo:
    """Return what a row says."""
    return UploadInfo(row.id, row.filename, row.size, row.received, row.sha256, row.expires_at)


def no_upload() -> NotFoundError:
    """Return the error of an upload that is not there, over, or somebody else's."""
    return NotFoundError("there is no such upload of this account; it may have been forgotten")


def moved_on(received: int | None) -> ConflictError:
    """Return the error of bytes for another place than the one where the upload goes on."""
    if received is None:
        return ConflictError("the upload goes on elsewhere; ask where, and send the rest from there")
    return ConflictError(
        text("the upload goes on at byte {received}; ask where, and send the rest from there", received=received)
    )
