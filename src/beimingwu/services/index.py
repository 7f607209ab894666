"""The index that searches use, kept in the database with the learnwares that it is about.

Every change has a number. Server processes read what is newer than what they have seen (`services.market_index`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from beimingwu.db.models import Embedding, IndexState, Island, Learnware, RemovedLearnware, StatSpec, Version
from learnware.market.index import EMBEDDING_VERSION, StoredIsland, decode_stat_spec, join_islands, renew_island

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from beimingwu.db.base import Table
    from beimingwu.db.engine import Database
    from learnware.market.index import IslandMember
    from learnware.specification import BaseStatSpecification

__all__ = ["next_revision", "put_in_index", "renew_index", "take_from_index"]

_STATE_ID = 1
# Specifications read at a time: 2 MB at 100 points of 20 features.
_CHUNK = 128


def next_revision(session: Session) -> int:
    """Return the number of the change that this transaction makes; others wait with theirs until it ends."""
    statement = _insert(session, IndexState).values(id=_STATE_ID, revision=1)
    raised = statement.on_conflict_do_update(
        index_elements=[IndexState.id], set_={"revision": IndexState.revision + 1}
    ).returning(IndexState.revision)
    return int(session.execute(raised).scalar_one())


def put_in_index(session: Session, learnware: Learnware, version: Version) -> int:
    """Let searches find a version of a learnware, and no other one of it; return the number of the change.

    Called in the transaction that makes the version serve, after its rows are there.
    """
    session.flush()
    revision = next_revision(session)
    _leave_islands(session, learnware.id)
    rows = session.execute(_SPEC_COLUMNS.where(StatSpec.version_id == version.id)).all()
    specs = {row.type: decode_stat_spec(row.type, row.header, row.arrays) for row in rows}
    join_islands(_Islands(session, revision, {learnware.id: version.id}), [(learnware.id, specs)])
    _forget_empty_islands(session)
    session.execute(delete(RemovedLearnware).where(RemovedLearnware.learnware_id == learnware.id))
    learnware.revision = revision
    session.flush()
    return revision


def take_from_index(session: Session, learnware: Learnware, *, removed: bool) -> int:
    """Let no search find a learnware any more; return the number of the change.

    Parameters
    ----------
    session : Session
    learnware : Learnware
    removed : bool
        Whether its row goes in this transaction, too; else it is withdrawn and may come back.
    """
    session.flush()
    revision = next_revision(session)
    _leave_islands(session, learnware.id)
    _forget_empty_islands(session)
    if removed:
        gone = _insert(session, RemovedLearnware).values(learnware_id=learnware.id, revision=revision)
        session.execute(
            gone.on_conflict_do_update(index_elements=[RemovedLearnware.learnware_id], set_={"revision": revision})
        )
    learnware.revision = revision
    session.flush()
    return revision


def renew_index(database: Database) -> None:
    """Make the embeddings anew that another version of this software has made."""
    outdated = select(Island.name).where(Island.embedding_version != EMBEDDING_VERSION)
    with database.read() as session:
        if session.scalars(outdated).first() is None:
            return
    with database.write() as session:
        revision = next_revision(session)
        # Another server may have done it while this one waited for its number.
        for name in session.scalars(outdated).all():
            renew_island(_Islands(session, revision, {}), name)


def _leave_islands(session: Session, learnware_id: int) -> None:
    session.execute(delete(Embedding).where(Embedding.learnware_id == learnware_id))


def _forget_empty_islands(session: Session) -> None:
    # An island that is empty forgets its metric: the next members may have other units.
    session.execute(delete(Island).where(~select(1).where(Embedding.island == Island.name).exists()))


def _insert(session: Session, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    dialect = session.get_bind().dialect.name
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


_SPEC_COLUMNS = select(StatSpec.type, StatSpec.header, StatSpec.arrays)


class _Islands:
    """The islands in the database (`learnware.market.index.IslandStore`), in the transaction of a change."""

    def __init__(self, session: Session, revision: int, versions: dict[int, int]) -> None:
        self._session = session
        self._revision = revision
        # Learnware to the version that serves, as far as they were met.
        self._versions = versions

    def island(self, name: str) -> StoredIsland | None:
        row = self._session.execute(
            select(Island.metric, Island.estimated_from, Island.embedding_version).where(Island.name == name)
        ).one_or_none()
        return None if row is None else StoredIsland(*row)

    def size(self, name: str) -> int:
        return int(self._session.scalar(select(func.count()).where(Embedding.island == name)) or 0)

    def members(self, name: str) -> list[tuple[int, str]]:
        rows = self._session.execute(
            select(Embedding.learnware_id, Embedding.type, Embedding.version_id).where(Embedding.island == name)
        ).all()
        self._versions |= {row.learnware_id: row.version_id for row in rows}
        return [(row.learnware_id, row.type) for row in rows]

    def specs(self, keys: Sequence[tuple[int, str]]) -> Iterator[BaseStatSpecification]:
        for start in range(0, len(keys), _CHUNK):
            wanted = [(self._versions[learnware_id], type_name) for learnware_id, type_name in keys[start:][:_CHUNK]]
            rows = self._session.execute(
                _SPEC_COLUMNS.add_columns(StatSpec.version_id).where(
                    tuple_(StatSpec.version_id, StatSpec.type).in_(wanted)
                )
            ).all()
            found = {(row.version_id, row.type): row for row in rows}
            for key in wanted:
                yield decode_stat_spec(found[key].type, found[key].header, found[key].arrays)

    def found_island(self, name: str, island: StoredIsland) -> None:
        values: dict[str, Any] = {
            "metric": island.metric,
            "estimated_from": island.estimated_from,
            "embedding_version": island.embedding_version,
            "revision": self._revision,
        }
        statement = _insert(self._session, Island).values(name=name, **values)
        self._session.execute(statement.on_conflict_do_update(index_elements=[Island.name], set_=values))
        self._session.execute(delete(Embedding).where(Embedding.island == name))

    def add_members(self, name: str, members: Iterable[IslandMember]) -> None:
        rows = [
            {
                "learnware_id": one.seq,
                "type": one.type,
                "version_id": self._versions[one.seq],
                "island": name,
                "self_product": one.self_product,
                "vector": one.vector,
            }
            for one in members
        ]
        if rows:
            self._session.execute(_insert(self._session, Embedding), rows)
