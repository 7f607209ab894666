"""The tables of statistical specifications: the specifications themselves, islands, and embeddings in them.

All functions work on a market's database; those that change it are called inside a transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from learnware.errors import MarketError
from learnware.market._encoding import decode_stat_spec, encode_stat_spec
from learnware.market._island import embed, island_name
from learnware.specification import RKMETableSpecification
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from learnware.market._database import Database
    from learnware.specification import BaseStatSpecification

__all__ = [
    "IslandState",
    "insert_stat_specs",
    "islands_to_renew",
    "read_island",
    "read_island_specs",
    "remove_stat_specs",
    "renew_island",
]

_CHUNK = 512
# To be raised with every change of `embed` or of `KernelMetric`: stored embeddings of another version are made anew.
_EMBEDDING_VERSION = 2
# The metric of an island is estimated anew each time the island has doubled, from at most this many members.
_ESTIMATE_MEMBERS = 4096


@dataclass(frozen=True)
class IslandState:
    """Embeddings of an island's members that changed after a revision, or of all members.

    Attributes
    ----------
    metric : KernelMetric
        The kernel of the island.
    revision : int
        The change in which the metric was estimated.
    complete : bool
        Whether the members are all there are.
    members : list of tuple
        (seq, self product, vector) of each member.
    """

    metric: KernelMetric
    revision: int
    complete: bool
    members: list[tuple[int, float, NDArray[np.float32]]]


def islands_to_renew(database: Database) -> list[str]:
    """Return the islands whose embeddings another version of this package has made."""
    rows = database.execute("SELECT name FROM island WHERE embedding_version <> ?", (_EMBEDDING_VERSION,))
    return [name for (name,) in rows]


def renew_island(database: Database, name: str, revision: int) -> None:
    """Make the embeddings of an island anew."""
    _embed(database, name, [], revision)


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
    arrivals: dict[str, list[tuple[int, str, RKMETableSpecification]]] = {}
    for seq, stat_specs in learnwares:
        for type_name, spec in stat_specs.items():
            database.execute("INSERT INTO stat_spec VALUES (?, ?, ?, ?)", (seq, type_name, *encode_stat_spec(spec)))
            if isinstance(spec, RKMETableSpecification):
                arrivals.setdefault(island_name(spec), []).append((seq, type_name, spec))
    for island, members in arrivals.items():
        _embed(database, island, members, revision)


def _embed(
    database: Database, island: str, arrivals: list[tuple[int, str, RKMETableSpecification]], revision: int
) -> None:
    known = database.execute(
        "SELECT metric, estimated_from FROM island WHERE name = ? AND embedding_version = ?",
        (island, _EMBEDDING_VERSION),
    )
    estimated_from = known[0][1] if known else 0
    size = len(arrivals) + int(database.value("SELECT count(*) FROM embedding WHERE island = ?", (island,)))
    members: Iterable[tuple[int, str, RKMETableSpecification]] = arrivals
    if not known or (estimated_from < _ESTIMATE_MEMBERS and size >= 2 * estimated_from):
        old = database.execute("SELECT seq, type FROM embedding WHERE island = ?", (island,))
        keys = sorted([*((seq, type_name) for seq, type_name in old), *((seq, kind) for seq, kind, _ in arrivals)])
        known_specs = {(seq, type_name): spec for seq, type_name, spec in arrivals}
        sample = list(_table_specs(database, keys[:_ESTIMATE_MEMBERS], known_specs))
        metric = KernelMetric.estimate([spec for _, _, spec in sample])
        database.execute(
            """
            INSERT INTO island VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
            metric = excluded.metric, estimated_from = excluded.estimated_from,
            embedding_version = excluded.embedding_version, revision = excluded.revision
            """,
            (island, json.dumps(metric.to_states()), len(sample), _EMBEDDING_VERSION, revision),
        )
        database.execute("DELETE FROM embedding WHERE island = ?", (island,))
        members = chain(sample, _table_specs(database, keys[_ESTIMATE_MEMBERS:], known_specs))
    else:
        metric = KernelMetric.from_states(json.loads(known[0][0]))
    for seq, type_name, spec in members:
        embedding = embed(metric, island, spec)
        database.execute(
            "INSERT INTO embedding VALUES (?, ?, ?, ?, ?)",
            (seq, type_name, island, embedding.self_product, _vector_bytes(embedding.vector)),
        )


def _table_specs(
    database: Database, keys: Iterable[tuple[int, str]], known: Mapping[tuple[int, str], RKMETableSpecification]
) -> Iterator[tuple[int, str, RKMETableSpecification]]:
    for seq, type_name in keys:
        spec = known.get((seq, type_name)) or _read_stat_spec(database, seq, type_name)
        if isinstance(spec, RKMETableSpecification):
            yield seq, type_name, spec


def _read_stat_spec(database: Database, seq: int, type_name: str) -> BaseStatSpecification:
    """Return one statistical specification."""
    rows = database.execute("SELECT type, header, arrays FROM stat_spec WHERE seq = ? AND type = ?", (seq, type_name))
    if not rows:
        raise MarketError(f"learnware number {seq} has no statistical specification {type_name!r}")
    return decode_stat_spec(*rows[0])


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
    members = database.execute(
        """
        SELECT embedding.seq, self_product, vector FROM embedding JOIN learnware USING (seq)
        WHERE island = ? AND learnware.revision > ? ORDER BY embedding.seq
        """,
        (name, -1 if complete else after),
    )
    decoded = [(seq, product, np.frombuffer(vector, dtype="<f4")) for seq, product, vector in members]
    return IslandState(metric, revision, complete, decoded)


def read_island_specs(database: Database, name: str, ids: Sequence[str]) -> dict[str, RKMETableSpecification]:
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
            if isinstance(spec, RKMETableSpecification):
                specs[learnware_id] = spec
    return specs


def _vector_bytes(vector: NDArray[np.floating]) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
