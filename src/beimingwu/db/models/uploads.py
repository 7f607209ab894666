"""Uploads: contents that arrive in parts."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table, UtcDateTime

__all__ = ["Upload", "UploadPart"]


class Upload(Table):
    """An upload of somebody's. Once it is complete, `sha256` names its content in the store."""

    __tablename__ = "uploads"
    # By the published contract an upload is known by the MD5 that its sender gives, to each of them their own.
    __table_args__ = (UniqueConstraint("user_id", "contract_hash"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    # None where the sender did not say, which the published contract allows.
    size: Mapped[int | None] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    # What the sender says the content's hash will be.
    expected_sha256: Mapped[str | None] = mapped_column(String(64))
    contract_hash: Mapped[str | None] = mapped_column(String(32))
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Moves on with every part.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class UploadPart(Table):
    """A part of an upload that lies in the store under a name of its own."""

    __tablename__ = "upload_parts"
    __table_args__ = (UniqueConstraint("upload_id", "begins_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"))
    begins_at: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    # Its name in the store.
    name: Mapped[str] = mapped_column(String(64))
