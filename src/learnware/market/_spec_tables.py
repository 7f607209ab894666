"""The tables of statistical specifications: the specifications themselves, islands, and embeddings in them.

All functions work on a market's database; those that change it are called inside a transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from learnware.errors import MarketError
from learnware.market._encoding import decode_stat_spec, encode_stat_spec, have_traits, stored_traits
from learnware.market._index_view import IslandState
from learnware.market._islands import (
    EMBEDDING_VERSION,
    StoredIsland,
    join_islands,
    renew_island,
    vector_of_bytes,
)
from learnware.specification import RKMESpecification
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from learnware.market._database import Database
    from learnware.market._islands import IslandMember
    from learnware.specification import BaseStatSpecification

__all__ = [
    "insert_stat_specs",
    "read_island",
    "read_island_specs",
    "remove_stat_specs",
    "renew_islands",
]

_CHUNK = 512


class _Islands:
    """The islands in a market's database (`IslandStore`), in the transaction of a change."""

    def __init__(self, database: Database, revision: int) -> None:
        self._database = database
        self._revision = revision

    def island(self, name: str) -> StoredIsland | None:
        rows = self._database.execute(
            "SELECT metric, estimated_from, embedding_version FROM island WHERE name = ?", (name,)
        )
        return StoredIsland(json.loads(rows[0][0]), *rows[0][1:]) if rows else None

    def size(self, name: str) -> int:
        return int(self._database.value("SELECT count(*) FROM embedding WHERE island = ?", (name,)))

    def members(self, name: str) -> list[tuple[int, str]]:
        return [
            (row[0], row[1])
            for row in self._database.execute("SELECT seq, type FROM embedding WHERE island = ?", (name,))
        ]

    def specs(self, keys: Sequence[tuple[int, str]]) -> Iterator[BaseStatSpecification]:
        for seq, type_name in keys:
            rows = self._database.execute(
                "SELECT type, header, arrays FROM stat_spec WHERE seq = ? AND type = ?", (seq, type_name)
            )
            if not rows:
                raise MarketError(f"learnware number {seq} has no statistical specification {type_name!r}")
            yield decode_stat_spec(*rows[0])

    def found_island(self, name: str, island: StoredIsland) -> None:
        self._database.execute(
            """
            INSERT INTO island VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
            metric = excluded.metric, estimated_from = excluded.estimated_from,
            embedding_version = excluded.embedding_version, revision = excluded.revision
            """,
            (name, json.dumps(island.metric), island.estimated_from, island.embedding_version, self._revision),
        )
        self._database.execute("DELETE FROM embedding WHERE island = ?", (name,))

    def add_members(self, name: str, members: Iterable[IslandMember]) -> None:
        for one in members:
            self._database.execute(
                "INSERT INTO embedding VALUES (?, ?, ?, ?, ?)", (one.seq, one.type, name, one.self_product, one.vector)
            )


def renew_islands(database: Database, next_revision: Callable[[], int]) -> None:
    """Make the embeddings anew that another version of this package has made."""
    query = "SELECT name FROM island WHERE embedding_version <> ?"
    if database.execute(query, (EMBEDDING_VERSION,)):
        with database.write():
            islands = _Islands(database, next_revision())
            for (name,) in database.execute(query, (EMBEDDING_VERSION,)):
                renew_island(islands, name)


def remove_stat_specs(database: Database, seqs: Sequence[int]) -> None:
    """Remove the specifications of learnwares by number, and the islands that are empty then."""
    database.execute_many("DELETE FROM embedding WHERE seq = ?", [(seq,) for seq in seqs])
    database.execute_many("DELETE FROM stat_spec WHERE seq = ?", [(seq,) for seq in seqs])
    # An island that is empty forgets its metric: the next members may have other units.
    database.execute("DELETE FROM island WHERE name NOT IN (SELECT DISTINCT island FROM embedding)")


def insert_stat_specs(
    database: Database, learnwares: Iterable[tuple[int, dict[str, BaseStatSpecification]]], revision: int
) -> None:
    """Keep specifications of learnwares, by number, with their embeddings in the islands they belong to."""
    arrivals = list(learnwares)
    for seq, stat_specs in arrivals:
        for type_name, spec in stat_specs.items():
            database.execute("INSERT INTO stat_spec VALUES (?, ?, ?, ?)", (seq, type_name, *encode_stat_spec(spec)))
    join_islands(_Islands(database, revision), arrivals)


def read_island(database: Database, name: str, after: int = -1, metric_revision: int = -1) -> IslandState | None:
    """Return an island's metric and its members; only what changed after a revision if the metric did not change.

    Parameters
    ----------
    name : str
        Name of the island.
    after : int, default=-1
        The revision that the caller has seen.
    metric_revision : int, default=-1
        The revision of the metric that the caller has; -1 if none.

    Returns
    -------
    IslandState or None
        None where nothing is in the island.
    """
    rows = database.execute("SELECT metric, revision FROM island WHERE name = ?", (name,))
    if not rows:
        return None
    metric, revision = KernelMetric.from_states(json.loads(rows[0][0])), int(rows[0][1])
    complete = revision != metric_revision
    values = (name, -1 if complete else after)
    members = database.execute(
        """
        SELECT embedding.seq, self_product, vector FROM embedding JOIN learnware USING (seq)
        WHERE island = ? AND learnware.revision > ? ORDER BY embedding.seq
        """,
        values,
    )
    traits = {}
    if have_traits(name):
        headers = database.execute(
            """
            SELECT seq, type, header FROM embedding JOIN stat_spec USING (seq, type) JOIN learnware USING (seq)
            WHERE island = ? AND learnware.revision > ?
            """,
            values,
        )
        traits = {seq: stored_traits(type_name, header) for seq, type_name, header in headers}
    decoded = [
        (seq, product, vector_of_bytes(vector), traits.get(seq, frozenset())) for seq, product, vector in members
    ]
    return IslandState(metric, revision, complete, decoded)


def read_island_specs(database: Database, name: str, ids: Sequence[str]) -> dict[str, RKMESpecification]:
    """Return the specifications of members of an island by id; ids that are no members are left out."""
    specs = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        rows = database.execute(
            f"""
            SELECT id, stat_spec.type, header, arrays FROM learnware JOIN embedding USING (seq)
            JOIN stat_spec ON stat_spec.seq = learnware.seq AND stat_spec.type = embedding.type
            WHERE island = ? AND id IN ({", ".join("?" * len(chunk))})
            """,  # noqa: S608 - question marks only
            (name, *chunk),
        )
        for learnware_id, *values in rows:
            spec = decode_stat_spec(*values)
            if isinstance(spec, RKMESpecification):
                specs[learnware_id] = spec
    return specs
