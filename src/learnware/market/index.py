"""The index of a market over any place where learnwares are kept: for servers that keep them in their own database.

A server implements `IslandStore`, which keeps embeddings in the transaction that adds a learnware (`join_islands`),
and `IndexSource`, from which an `IndexView` in every process takes over what has changed. `find` searches a view.
`learnware.market.EasyOrganizer`, the market on one machine, is made of the same parts.
"""

from __future__ import annotations

from learnware.market._encoding import decode_stat_spec, encode_stat_spec, have_traits, stored_traits
from learnware.market._find import Finding, Findings, Searchable, find
from learnware.market._index_view import IndexRow, IndexSource, IndexState, IndexView, IslandState
from learnware.market._island import IslandIndex
from learnware.market._islands import (
    EMBEDDING_VERSION,
    IslandMember,
    IslandStore,
    StoredIsland,
    join_islands,
    renew_island,
    vector_of_bytes,
)
from learnware.market._mixture import Mixture
from learnware.market._plane import Plane, plane
from learnware.market._semantic import SemanticIndex, SemanticQuery
from learnware.specification._metric import KernelMetric
from learnware.specification._threads import single_threaded_blas

__all__ = [
    "EMBEDDING_VERSION",
    "Finding",
    "Findings",
    "IndexRow",
    "IndexSource",
    "IndexState",
    "IndexView",
    "IslandIndex",
    "IslandMember",
    "IslandState",
    "IslandStore",
    "KernelMetric",
    "Mixture",
    "Plane",
    "Searchable",
    "SemanticIndex",
    "SemanticQuery",
    "StoredIsland",
    "decode_stat_spec",
    "encode_stat_spec",
    "find",
    "have_traits",
    "join_islands",
    "plane",
    "renew_island",
    "single_threaded_blas",
    "stored_traits",
    "vector_of_bytes",
]
