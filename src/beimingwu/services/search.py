"""Search: what a task needs in words and tags, by the data themselves, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from beimingwu.db.models import Learnware, Version
from beimingwu.errors import UnavailableError
from beimingwu.services.learnware_ids import format_id, parse_id
from beimingwu.services.learnware_views import Summary, summaries
from beimingwu.services.usage import SEARCH
from learnware.market.index import SemanticIndex, SemanticQuery, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beimingwu.db.engine import Database
    from beimingwu.services.client_limits import ClientLimits
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.market_index import MarketIndex
    from beimingwu.services.usage import Usage
    from beimingwu.settings import Settings
    from learnware.market.index import Findings, Mixture
    from learnware.specification import BaseStatSpecification

__all__ = ["MOST_COMPARED", "FoundLearnware", "FoundMixture", "SearchAnswer", "Searches"]

# Singles that are compared by their data, at most: beyond them, nobody asks for the next.
MOST_COMPARED = 100
# Enough for the first pages, and half the work.
_FIRST = 20
# A search whose findings are withdrawn or deleted meanwhile is made again, at most so often.
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class FoundLearnware:
    """A learnware that fits.

    Attributes
    ----------
    learnware : Summary
    score : float
        In [0, 1]; see `learnware.market.index.Finding`.
    mmd2, similarity : float or None
        None for a search without data.
    """

    learnware: Summary
    score: float
    mmd2: float | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class FoundMixture:
    """Several learnwares that fit together.

    Attributes
    ----------
    parts : tuple of (Summary, float)
        Each with its weight, heaviest first; the weights sum to one.
    score, mmd2, similarity, noise_floor, unexplained : float
        See `learnware.market.index.Mixture`.
    """

    parts: tuple[tuple[Summary, float], ...]
    score: float
    mmd2: float
    similarity: float
    noise_floor: float
    unexplained: float


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What a search has found.

    Attributes
    ----------
    singles : tuple of FoundLearnware
        A part of them, best first.
    mixture : FoundMixture or None
        None where no second learnware brings the fit nearer, and for a search without data.
    unexplained : float or None
        Share of the task that nothing covers; None for a search without data.
    nothing_fits : bool
        Whether even the best leaves most of the task uncovered, or nothing meets the conditions.
    message : str
        What a person should know about the answer.
    total : int
        How many singles there are.
    offset, limit : int
        Which of them these are.
    """

    singles: tuple[FoundLearnware, ...]
    mixture: FoundMixture | None
    unexplained: float | None
    nothing_fits: bool
    message: str
    total: int
    offset: int
    limit: int


class Searches:
    """Searches among the learnwares that are verified and not withdrawn."""

    def __init__(
        self, database: Database, settings: Settings, index: MarketIndex, usage: Usage, limits: ClientLimits
    ) -> None:
        self._database = database
        self._settings = settings
        self._index = index
        self._usage = usage
        self._limits = limits

    def search(
        self,
        identity: Identity | None,
        conditions: dict[str, Any],
        stat_specs: Mapping[str, BaseStatSpecification],
        *,
        offset: int = 0,
        limit: int = 20,
        most_parts: int = 5,
        origin: Origin | None = None,
    ) -> SearchAnswer:
        """Search.

        Parameters
        ----------
        identity : Identity or None
            Who asks; everybody may, and finds the same.
        conditions : dict
            In the form of a semantic specification (`read_conditions`); an empty one lets everything pass.
        stat_specs : mapping
            Specifications of the user's own data by type (`read_specifications`); the first that can be compared
            counts.
        offset, limit : int
            Which singles.
        most_parts : int, default=5
            Learnwares of a mixture, at most.
        origin : Origin, optional
            Where the request comes from, whose searches are counted; a program of the dock's own has none.

        Raises
        ------
        NotAllowedError
            If the token that was given is not for reading.
        TooManyRequestsError
            If who asks has searched too often.
        """
        if identity is not None:
            identity.require("read")
        if origin is not None:
            user_id = None if identity is None else identity.user_id
            self._limits.count("searches", self._settings.limit_searches, user_id, origin)
        most = _FIRST if offset + limit <= _FIRST else MOST_COMPARED
        for _ in range(_ATTEMPTS):
            findings = find(
                self._index,
                conditions,
                stat_specs,
                everything=self._index.ids,
                max_parts=most_parts,
                most_singles=most,
            )
            answer = self._answer(findings, offset, limit)
            if answer is not None:
                self._usage.count(SEARCH)
                return answer
        raise UnavailableError("too much changes at the moment; search again")

    def search_unverified(
        self, identity: Identity, conditions: dict[str, Any], *, offset: int = 0, limit: int = 20
    ) -> SearchAnswer:
        """Search by words and tags among the learnwares of which no version is verified, for administrators.

        Raises
        ------
        NotAllowedError
            If the account is none, or the token is not for administration.
        """
        identity.require_role()
        waiting = (
            select(Learnware.id, Version.semantic_spec)
            .join(Version, (Version.learnware_id == Learnware.id) & (Version.number == Learnware.newest_version))
            .where(Learnware.serving_version.is_(None))
        )
        words = SemanticIndex()
        with self._database.read() as session:
            for number, semantic_spec in session.execute(waiting):
                words.put(format_id(number), semantic_spec)
            matches = words.search(SemanticQuery.parse(conditions))
            page = matches[offset : offset + limit]
            rows = summaries(session, [parse_id(one.id) for one in page])
        found = [
            FoundLearnware(rows[number], one.score, None, None) for one in page if (number := parse_id(one.id)) in rows
        ]
        return SearchAnswer(tuple(found), None, None, not matches, "", len(matches), offset, limit)

    def _answer(self, findings: Findings, offset: int, limit: int) -> SearchAnswer | None:
        """Return the answer; None if something of it is gone by now."""
        page = findings.singles[offset : offset + limit]
        mixture = findings.mixture
        if mixture is not None and len(mixture.learnware_ids) == 1:
            mixture = None
        ids = {*(one.learnware_id for one in page), *(mixture.learnware_ids if mixture else ())}
        with self._database.rows() as connection:
            rows = summaries(connection, [parse_id(one) for one in sorted(ids)])
        known = {one.learnware_id: one for one in rows.values() if one.verified and not one.withdrawn}
        if len(known) < len(ids):
            return None
        return SearchAnswer(
            tuple(FoundLearnware(known[one.learnware_id], one.score, one.mmd2, one.similarity) for one in page),
            None if mixture is None else _mixture(mixture, known),
            findings.unexplained,
            findings.nothing_fits,
            findings.message,
            findings.total if findings.unexplained is None else min(findings.total, MOST_COMPARED),
            offset,
            limit,
        )


def _mixture(mixture: Mixture, known: Mapping[str, Summary]) -> FoundMixture:
    parts = zip(mixture.learnware_ids, mixture.weights, strict=True)
    return FoundMixture(
        tuple((known[learnware_id], weight) for learnware_id, weight in parts),
        mixture.score,
        mixture.mmd2,
        mixture.similarity,
        mixture.noise_floor,
        mixture.unexplained,
    )
