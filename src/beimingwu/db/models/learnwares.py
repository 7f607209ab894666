"""Learnwares, their versions, and the statistical specifications of those."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Leased, Table, UtcDateTime

__all__ = ["Learnware", "StatSpec", "Version"]


class Learnware(Table):
    """A learnware of somebody's: what its versions have in common. Its public id is the number in eight digits.

    Columns that say again what the serving version (or, before there is one, the newest) says are there for lists,
    which filter, sort and count by them.
    """

    __tablename__ = "learnwares"
    # An id is never given twice: people keep ids.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # The number of the newest version, and of the verified one that is found, downloaded and reused.
    newest_version: Mapped[int] = mapped_column(BigInteger)
    serving_version: Mapped[int | None] = mapped_column(BigInteger)
    # Not found and not downloaded by others while this is set.
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # "owner" or "administrator" as long as it is withdrawn: what an administrator has withdrawn, only they restore.
    withdrawn_by: Mapped[str | None] = mapped_column(String(16))
    downloads: Mapped[int] = mapped_column(BigInteger)
    # The change of the index that it was last part of; see `IndexState`.
    revision: Mapped[int] = mapped_column(BigInteger, index=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    data_type: Mapped[str] = mapped_column(String(64), index=True)
    task_type: Mapped[str] = mapped_column(String(64), index=True)
    library_type: Mapped[str] = mapped_column(String(64), index=True)
    license: Mapped[str] = mapped_column(String(64), index=True)
    scenarios: Mapped[list[str]] = mapped_column(JSON)
    # Name and description, casefolded, for lists that are narrowed by text.
    search_text: Mapped[str] = mapped_column(String)


class Version(Leased, Table):
    """A package with its semantic specification. It never changes, but for what becomes of it."""

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("learnware_id", "number"),
        CheckConstraint("state IN ('WAITING', 'QUEUE', 'PROCESSING', 'SUCCESS', 'FAIL')", name="state"),
        # What workers look for.
        Index("ix_versions_work", "state", "due_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    learnware_id: Mapped[int] = mapped_column(ForeignKey("learnwares.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigInteger)
    # The package as it is served, and its SHA-256 in the store.
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256", ondelete="RESTRICT"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    # The zip that was uploaded, and a hash of what is in it whatever the zip looks like: the same content is not taken
    # twice.
    uploaded_sha256: Mapped[str] = mapped_column(String(64), index=True)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    semantic_spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    # The day that its requirements are read as of.
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StatSpec(Table):
    """A statistical specification of a version, as `learnware.market` encodes it."""

    __tablename__ = "stat_specs"

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True)
    type: Mapped[str] = mapped_column(String(64), primary_key=True)
    header: Mapped[str] = mapped_column(String)
    arrays: Mapped[bytes] = mapped_column(LargeBinary)
