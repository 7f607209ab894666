"""The index that searches use: islands, embeddings, and the number that tells what has changed."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table

__all__ = ["Embedding", "IndexState", "Island", "RemovedLearnware"]


class IndexState(Table):
    """One row. Who changes what searches see raises `revision` in the same transaction.

    What changed is marked with the new number. The row is locked until the transaction ends, so revisions become
    visible in their order.
    """

    __tablename__ = "index_state"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)


class RemovedLearnware(Table):
    """A learnware that is no longer there, and the change that it went with."""

    __tablename__ = "removed_learnwares"

    learnware_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger, index=True)


class Island(Table):
    """An island of the specification world, with its kernel."""

    __tablename__ = "islands"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    metric: Mapped[dict[str, Any]] = mapped_column(JSON)
    estimated_from: Mapped[int] = mapped_column(BigInteger)
    embedding_version: Mapped[int] = mapped_column(BigInteger)
    # The change in which the kernel was estimated.
    revision: Mapped[int] = mapped_column(BigInteger)


class Embedding(Table):
    """The embedding of a specification of a serving version."""

    __tablename__ = "embeddings"

    learnware_id: Mapped[int] = mapped_column(ForeignKey("learnwares.id", ondelete="CASCADE"), primary_key=True)
    type: Mapped[str] = mapped_column(String(64), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"), index=True)
    island: Mapped[str] = mapped_column(String(128), index=True)
    self_product: Mapped[float] = mapped_column(Float)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
