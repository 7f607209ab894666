"""A search of an index by ids: semantic conditions first, then statistics among what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from learnware.errors import LearnwareNotFoundError
from learnware.market._semantic import SemanticQuery
from learnware.specification import RKMESpecification, semantic_vocabulary, spec_types
from learnware.specification._kinds import data_type_of_spec
from learnware.specification._threads import single_threaded_blas
from learnware.texts import joined, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from learnware.market._island import IslandIndex
    from learnware.market._mixture import Mixture
    from learnware.market._semantic import SemanticIndex
    from learnware.specification import BaseStatSpecification

__all__ = [
    "Finding",
    "Findings",
    "Searchable",
    "comparable_specs",
    "consistently",
    "find",
    "find_nearest",
    "nothing_met",
]

_Found = TypeVar("_Found")

# Single learnwares in an answer, at most, if nobody asks for more.
MOST_SINGLES = 50
# A task of which more than this share is covered by nothing is not solved by the market.
_MOST_OPEN = 0.5
# A search that meets a learnware which another process has just deleted starts anew, at most so often.
_ATTEMPTS = 4


@runtime_checkable
class Searchable(Protocol):
    """What has an index: `EasyOrganizer` and `IndexView`."""

    def island_index(self, name: str) -> IslandIndex | None:
        """Return the index over the members of an island, up to date; None where the island is empty."""

    def search_words(self, search: Callable[[SemanticIndex], _Found]) -> _Found:
        """Return what `search` finds among the words and tags of all learnwares, up to date."""


@dataclass(frozen=True)
class Finding:
    """A learnware that a search has found.

    Attributes
    ----------
    learnware_id : str
    score : float
        How well it fits, in [0, 1]: the share of the requirement that it explains, or without a statistical
        requirement how well it meets the semantic conditions.
    mmd2 : float or None
        Squared MMD between its data and the user's; None without a statistical requirement.
    similarity : float or None
        Cosine of the two embeddings, in [0, 1].
    """

    learnware_id: str
    score: float
    mmd2: float | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class Findings:
    """What a search has found.

    Attributes
    ----------
    singles : tuple of Finding
        Best first.
    total : int
        Singles that there are; not all of them need be among `singles`.
    mixture : Mixture or None
        The nearest mixture; it may have one part. None without a statistical requirement, or if nothing is there.
    unexplained : float or None
        Share of the task, in [0, 1], that nothing covers; None without a statistical requirement.
    nothing_fits : bool
        Whether even the best answer leaves most of the task uncovered, or nothing meets the conditions.
    message : str
        What a person should know about the answer.
    """

    singles: tuple[Finding, ...] = ()
    total: int = 0
    mixture: Mixture | None = None
    unexplained: float | None = None
    nothing_fits: bool = False
    message: str = ""


def find(
    index: Searchable,
    semantic_spec: dict[str, Any],
    stat_specs: Mapping[str, BaseStatSpecification],
    *,
    everything: Callable[[], Iterable[str]],
    max_parts: int = 5,
    most_singles: int = MOST_SINGLES,
) -> Findings:
    """Search an index.

    Parameters
    ----------
    index : Searchable
    semantic_spec : dict
        Conditions in the form of a semantic specification; an empty value is no condition.
    stat_specs : mapping
        Statistical specifications of the user's data by type. Those that can be compared count in the order of
        `learnware.specification.spec_types`: the first in whose space there are learnwares.
    everything : callable
        Returns the ids of all learnwares, for a search without conditions.
    max_parts : int, default=5
        Most learnwares in a mixture.
    most_singles : int, default=50
        Most singles where learnwares are compared by their data.

    Raises
    ------
    MarketError
        If the conditions have not the form of a semantic specification.
    """
    return consistently(lambda: _find(index, semantic_spec, stat_specs, everything, max_parts, most_singles))


def consistently(search: Callable[[], _Found]) -> _Found:
    """Return what a search finds; it is done again where a learnware is deleted while it goes on."""
    for _ in range(_ATTEMPTS):
        try:
            return search()
        except LearnwareNotFoundError:  # noqa: PERF203 - every try may fail
            continue
    return search()


def _find(
    index: Searchable,
    semantic_spec: dict[str, Any],
    stat_specs: Mapping[str, BaseStatSpecification],
    everything: Callable[[], Iterable[str]],
    max_parts: int,
    most_singles: int,
) -> Findings:
    query = SemanticQuery.parse(semantic_spec)
    scores: dict[str, float] | None = None
    if not query.is_empty:
        scores = index.search_words(lambda words: {match.id: match.score for match in words.search(query)})
        if not scores:
            return Findings(nothing_fits=True, message=nothing_met(semantic_spec))
    specs = comparable_specs(stat_specs.values())
    if specs:
        return find_nearest(index, specs, None if scores is None else set(scores), max_parts, most_singles)
    if scores is None:
        scores = dict.fromkeys(everything(), 1.0)
    message = not_compared(stat_specs) if stat_specs else ""
    return Findings(tuple(Finding(one, score) for one, score in scores.items()), len(scores), message=message)


def find_nearest(
    index: Searchable,
    specs: Sequence[RKMESpecification],
    allowed: AbstractSet[str] | None = None,
    max_parts: int = 5,
    most_singles: int = MOST_SINGLES,
) -> Findings:
    """Return the learnwares that are nearest to a requirement, alone and as a mixture.

    Parameters
    ----------
    index : Searchable
    specs : sequence of RKMESpecification
        The requirement, in one space or more: the first in whose space something is found counts.
    allowed : set of str, optional
        Only these learnwares; all if None.
    max_parts : int, default=5
        Most learnwares in a mixture.
    most_singles : int, default=50
    """
    for spec in specs:
        found = _find_in_island(index.island_index(spec.space), spec, allowed, max_parts, most_singles)
        if found is not None:
            return found
    message = text("No learnware that meets the conditions is for {data}.", data=specs[0].describe_needs())
    return Findings(nothing_fits=True, message=message)


def _find_in_island(
    island: IslandIndex | None,
    spec: RKMESpecification,
    allowed: AbstractSet[str] | None,
    max_parts: int,
    most_singles: int,
) -> Findings | None:
    """Return the nearest learnwares of an island; None where nothing is."""
    if island is None:
        return None
    with single_threaded_blas():
        search = island.suiting(spec).search(spec, allowed)
        hits = search.singles(most_singles)
        mixture = search.mixture(max_parts)
    if mixture is None or not hits:
        return None
    nothing_fits = mixture.unexplained > _MOST_OPEN
    if nothing_fits:
        message = text(
            "Nothing fits: {unexplained:.0%} of the task is covered by no learnware.", unexplained=mixture.unexplained
        )
    elif len(mixture.weights) > 1:
        message = text(
            "A mixture of {count} learnwares fits best (similarity {similarity:.3f}; squared MMD {mmd2:.2g}, with the "
            "nearest alone {nearest:.2g}).",
            count=len(mixture.weights),
            similarity=mixture.similarity,
            mmd2=mixture.mmd2,
            nearest=hits[0].mmd2,
        )
    else:
        message = text("One learnware fits best (similarity {similarity:.3f}).", similarity=hits[0].similarity)
    return Findings(
        tuple(Finding(hit.learnware_id, hit.score, hit.mmd2, hit.similarity) for hit in hits),
        search.total,
        mixture,
        mixture.unexplained,
        nothing_fits,
        message,
    )


def comparable_specs(specs: Iterable[object]) -> list[RKMESpecification]:
    """Return the specifications that islands compare, the default type of a kind of data before its others."""

    def rank(spec: RKMESpecification) -> int:
        types = spec_types(data_type_of_spec(spec.type))
        return types.index(spec.type) if types else 0

    return sorted((spec for spec in specs if isinstance(spec, RKMESpecification)), key=rank)


def not_compared(stat_specs: Iterable[str]) -> str:
    """Say that specifications of these types are compared by nothing."""
    kinds = ", ".join(stat_specs)
    return text(
        "No searcher of this market compares {kinds}: the learnwares meet the semantic conditions only.", kinds=kinds
    )


def nothing_met(semantic_spec: dict[str, Any]) -> str:
    """Say that no learnware meets the conditions, what they are, and which values are not in the vocabulary."""
    vocabulary = semantic_vocabulary()
    conditions, unknown = [], []
    for key, entry in vocabulary.items():
        stated = semantic_spec.get(key)
        given = (stated.get("Values") if isinstance(stated, dict) else None) or []
        if not given or (key == "Model" and given == ["Others"]):
            continue
        values = list(map(str, given)) if isinstance(given, (list, tuple, set, frozenset)) else [str(given)]
        conditions.append(text("{key} {values}", key=key, values=joined(values, "{first} or {rest}")))
        if entry["Values"] is not None:
            allowed = ", ".join(entry["Values"])
            unknown += [
                text("{value!r} is no {key}: known are {allowed}.", value=value, key=key, allowed=allowed)
                for value in values
                if value not in entry["Values"]
            ]
    said = text("No learnware meets the semantic conditions.")
    if conditions:
        said = text("No learnware meets the semantic conditions ({conditions}).", conditions=joined(conditions))
    return joined([said, *unknown], "{first} {rest}")
