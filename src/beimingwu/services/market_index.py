"""The index of a server process: what searches need, in memory, brought up to date from the database."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Text, cast, select

from beimingwu.db.models import Embedding, IndexState, Island, Learnware, RemovedLearnware, StatSpec, Version
from beimingwu.errors import UnavailableError
from beimingwu.services.access import public_condition
from beimingwu.services.index import renew_index
from beimingwu.services.learnware_ids import format_id, parse_id
from learnware.errors import LearnwareNotFoundError
from learnware.market.index import (
    IndexView,
    IslandState,
    KernelMetric,
    decode_stat_spec,
    find,
    have_traits,
    single_threaded_blas,
    stored_traits,
    vector_of_bytes,
)
from learnware.specification import RKMESpecification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from learnware.market.index import IslandIndex, SemanticIndex

__all__ = ["MarketIndex"]

# A publication is seen within this time even where nobody searches, so that who searches next does not wait for it.
_EVERY = 0.25
_CHUNK = 256
# Islands that are searched before the server answers, each in some milliseconds.
_REHEARSED = 32
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    id: str
    semantic_json: str


class _State:
    """One state of the database (`learnware.market.index.IndexState`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def revision(self) -> int:
        return self._session.scalar(select(IndexState.revision)) or 0

    def removed(self, after: int) -> list[int]:
        if after < 0:
            # Who has seen nothing has nothing to forget.
            return []
        gone = select(RemovedLearnware.learnware_id).where(RemovedLearnware.revision > after)
        hidden = select(Learnware.id).where(Learnware.revision > after, ~public_condition())
        return [*self._session.scalars(gone), *self._session.scalars(hidden)]

    def rows(self, after: int) -> list[_Row]:
        # As text: what it says is read when somebody searches words.
        query = (
            select(Learnware.id, cast(Version.semantic_spec, Text))
            .join(Version, (Version.learnware_id == Learnware.id) & (Version.number == Learnware.serving_version))
            .where(Learnware.revision > after, public_condition())
            .order_by(Learnware.id)
        )
        return [_Row(seq, format_id(seq), text) for seq, text in self._session.execute(query)]

    def island(self, name: str, after: int, metric_revision: int) -> IslandState | None:
        found = self._session.execute(select(Island.metric, Island.revision).where(Island.name == name)).one_or_none()
        if found is None:
            return None
        complete = found.revision != metric_revision
        members = (
            select(Embedding.learnware_id, Embedding.self_product, Embedding.vector)
            .where(Embedding.island == name)
            .order_by(Embedding.learnware_id)
        )
        headers = (
            select(Embedding.learnware_id, StatSpec.type, StatSpec.header)
            .join(StatSpec, (StatSpec.version_id == Embedding.version_id) & (StatSpec.type == Embedding.type))
            .where(Embedding.island == name)
        )
        if not complete:
            newer = (Learnware.id == Embedding.learnware_id) & (Learnware.revision > after)
            members, headers = members.join(Learnware, newer), headers.join(Learnware, newer)
        traits = {}
        if have_traits(name):
            traits = {seq: stored_traits(kind, header) for seq, kind, header in self._session.execute(headers)}
        return IslandState(
            KernelMetric.from_states(found.metric),
            found.revision,
            complete,
            [
                (seq, product, vector_of_bytes(vector), traits.get(seq, frozenset()))
                for seq, product, vector in self._session.execute(members)
            ],
        )


class _Source:
    """The database of a dock (`learnware.market.index.IndexSource`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revision(self) -> int:
        # Every search asks.
        with self._database.rows() as connection:
            return connection.scalar(select(IndexState.revision)) or 0

    def islands(self) -> list[str]:
        with self._database.read() as session:
            return list(session.scalars(select(Island.name).order_by(Island.name)))

    @contextmanager
    def snapshot(self) -> Iterator[_State]:
        with self._database.snapshot() as session:
            yield _State(session)

    def specs(self, island: str, ids: Sequence[str]) -> dict[str, RKMESpecification]:
        specs: dict[str, RKMESpecification] = {}
        with self._database.read() as session:
            for start in range(0, len(ids), _CHUNK):
                numbers = [parse_id(one) for one in ids[start : start + _CHUNK]]
                query = (
                    select(Embedding.learnware_id, StatSpec.type, StatSpec.header, StatSpec.arrays)
                    .join(
                        StatSpec,
                        (StatSpec.version_id == Embedding.version_id) & (StatSpec.type == Embedding.type),
                    )
                    .where(Embedding.island == island, Embedding.learnware_id.in_(numbers))
                )
                for number, type_name, header, arrays in session.execute(query):
                    spec = decode_stat_spec(type_name, header, arrays)
                    if isinstance(spec, RKMESpecification):
                        specs[format_id(number)] = spec
        return specs


class MarketIndex:
    """The index over the learnwares of a dock (`learnware.market.index.Searchable`).

    Before every search it asks the database for the number of the last change, and takes over what is newer. In a
    server a thread does so, too, so that searches seldom find something to take over.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._source = _Source(database)
        self._view: IndexView[_Row] = IndexView(self._source)
        self._prepared = -1
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._blas = ExitStack()

    def revision(self) -> int:
        """Return the number of the last change."""
        return self._source.revision()

    def islands(self) -> list[str]:
        """Return the names of all islands."""
        return self._source.islands()

    def ids(self) -> list[str]:
        """Return the ids of the learnwares that are found, in the order of their numbers."""
        return self._view.ids()

    def island_index(self, name: str) -> IslandIndex | None:
        """Return the index over the members of an island; None where the island is empty."""
        return self._view.island_index(name)

    def search_words(self, search: Callable[[SemanticIndex], Any]) -> Any:
        """Return what `search` finds among the words and tags of all learnwares."""
        return self._view.search_words(search)

    def prepare(self) -> None:
        """Take over what has changed, so that searches need not.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        revision = self._source.revision()
        if revision != self._prepared:
            islands = self._source.islands()
            self._view.prepare(islands)
            self._view.read_ahead(islands)
            self._prepared = revision

    def start(self) -> None:
        """Read the index, and keep it up to date from now on."""
        # Loaded by the first search otherwise; and the limit below holds for libraries that are there.
        import rapidfuzz.process  # noqa: F401  # as above
        import scipy.linalg.lapack  # noqa: F401  # as above

        # Searches run side by side already. Each would set and lift the limit by itself, which takes a millisecond.
        self._blas.enter_context(single_threaded_blas())
        try:
            renew_index(self._database)
            # What is read ahead is left to the thread: a search without it takes some milliseconds longer, and 5 000
            # specifications take as long to read as all the rest.
            self._view.prepare(self._source.islands())
            self._rehearse()
        except UnavailableError:
            # The thread goes on trying; until then requests are refused for the same reason.
            _log.warning("index_not_read")
        self._thread = threading.Thread(target=self._run, name="beimingwu-index", daemon=True)
        self._thread.start()

    def _rehearse(self) -> None:
        """Search once what is searched later, so that nobody waits for what is computed once."""
        find(self, {"Name": {"Values": "rehearsal"}}, {}, everything=self.ids)
        for name in self._source.islands()[:_REHEARSED]:
            index = self.island_index(name)
            # A learnware may go meanwhile.
            with suppress(LearnwareNotFoundError):
                for spec in [] if index is None else index.load_specs(index.ids[:1]):
                    find(self, {}, {spec.type: spec}, everything=self.ids)

    def stop(self) -> None:
        """End what `start` has begun."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._blas.close()

    def _run(self) -> None:
        failing = False
        while True:
            try:
                self.prepare()
            except Exception:  # noqa: BLE001  # the edge of a thread; it tries again
                # Told once, not four times a second.
                if not failing:
                    _log.exception("index_not_refreshed")
                failing = True
            else:
                failing = False
            if self._stop.wait(_EVERY):
                return
