"""What administrators keep: files for experiments, and words that specifications must not have."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table, UtcDateTime

__all__ = ["Dataset", "SensitiveWord"]


class Dataset(Table):
    """A file for experiments under a path like ``air/train.csv``."""

    __tablename__ = "datasets"

    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256", ondelete="RESTRICT"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # A number without a foreign key: the file outlives the account.
    added_by: Mapped[int | None] = mapped_column(BigInteger)


class SensitiveWord(Table):
    """A word that no name and description may have, in any case of letters."""

    __tablename__ = "sensitive_words"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    word: Mapped[str] = mapped_column(String(64))
    # Casefolded.
    key: Mapped[str] = mapped_column(String(192), unique=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[int | None] = mapped_column(BigInteger)
