"""Semantic search: tags, then text in name and description, tolerant of typing errors."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import MarketError
from learnware.market._base import AtomicSearcher
from learnware.market._results import SearchResults, SingleSearchItem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from learnware.learnware import Learnware
    from learnware.market._base import BaseUserInfo

__all__ = [
    "EasyExactSemanticSearcher",
    "EasyFuzzSemanticSearcher",
    "SemanticIndex",
    "SemanticMatch",
    "SemanticQuery",
    "SemanticSearcher",
]

# Keys of a query that are no tags. A query's description is the user's own prose and no condition, as in the published
# package; what is searched for stands in its name.
_TEXT_KEYS = frozenset({"Name", "Description", "Input", "Output", "learnware_id"})
# What makers of specifications write when they say nothing about the kind of model: no condition, and the value of
# learnwares from before the key existed.
_ANY_MODEL = "Others"
_MAX_WORDS = 16


@dataclass(frozen=True)
class SemanticMatch:
    """A learnware that meets the conditions.

    Attributes
    ----------
    id : str
        Its id.
    score : float
        1 where all conditions are met to the letter and the text is in the name; less for text found elsewhere.
    """

    id: str
    score: float


def _normalise(text: Any) -> str:
    """Return a text with case, width and spacing evened out."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def _values(entry: Any) -> frozenset[str]:
    """Return the values of one key; a single text counts as a list of one."""
    values = entry.get("Values") if isinstance(entry, dict) else None
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, (list, tuple, set, frozenset)):
        return frozenset()
    return frozenset(value for value in values if isinstance(value, str) and value)


def _text(semantic_spec: Mapping[str, Any], key: str) -> str:
    entry = semantic_spec.get(key)
    values = entry.get("Values") if isinstance(entry, dict) else None
    return _normalise(values) if isinstance(values, str) else ""


@dataclass(frozen=True)
class SemanticQuery:
    """Conditions of a search, ready to be compared.

    Attributes
    ----------
    tags : dict of str to frozenset of str
        Allowed values by key; one of them must be among the learnware's.
    text : str
        What name or description must contain.
    id_parts : frozenset of str
        One of these must be part of the id.
    """

    tags: dict[str, frozenset[str]]
    text: str
    id_parts: frozenset[str]

    @classmethod
    def parse(cls, semantic_spec: dict[str, Any]) -> SemanticQuery:
        """Return the conditions of a semantic specification; what is empty or missing is no condition.

        Raises
        ------
        MarketError
            If it has no such form.
        """
        if not isinstance(semantic_spec, dict):
            raise MarketError(f"the semantic conditions are {type(semantic_spec).__name__}; expected a dict")
        tags = {key: _values(entry) for key, entry in semantic_spec.items() if key not in _TEXT_KEYS}
        if tags.get("Model") == frozenset({_ANY_MODEL}):
            del tags["Model"]
        return cls(
            tags={key: values for key, values in tags.items() if values},
            text=_text(semantic_spec, "Name"),
            id_parts=_values(semantic_spec.get("learnware_id")),
        )

    @property
    def is_empty(self) -> bool:
        """Whether every learnware meets the conditions."""
        return not (self.tags or self.text or self.id_parts)


class SemanticIndex:
    """The words and tags of many learnwares, prepared for search; kept up to date by `put` and `discard`.

    Examples
    --------
    >>> from learnware.specification import generate_semantic_spec
    >>> index = SemanticIndex()
    >>> index.put("00000001", generate_semantic_spec(name="House prices", data_type="Table"))
    >>> index.put("00000002", generate_semantic_spec(name="Digits", data_type="Image"))
    >>> [match.id for match in index.search(SemanticQuery.parse(generate_semantic_spec(name="hause price")))]
    ['00000001']
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._descriptions: dict[str, str] = {}
        self._tags: dict[str, list[tuple[str, str]]] = {}
        self._members: dict[tuple[str, str], set[str]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def copy(self) -> SemanticIndex:
        """Return an index of the same learnwares that changes apart from this one."""
        other = SemanticIndex()
        other._names, other._descriptions = dict(self._names), dict(self._descriptions)
        other._tags = dict(self._tags)
        other._members = {tag: set(ids) for tag, ids in self._members.items()}
        return other

    def put(self, learnware_id: str, semantic_spec: Mapping[str, Any]) -> None:
        """Add a learnware, or replace what is known of it."""
        self.discard(learnware_id)
        self._names[learnware_id] = _text(semantic_spec, "Name")
        self._descriptions[learnware_id] = _text(semantic_spec, "Description")
        tags = {(key, value) for key in semantic_spec if key not in _TEXT_KEYS for value in _values(semantic_spec[key])}
        if not any(key == "Model" for key, _ in tags):
            tags.add(("Model", _ANY_MODEL))
        self._tags[learnware_id] = list(tags)
        for tag in tags:
            self._members.setdefault(tag, set()).add(learnware_id)

    def discard(self, learnware_id: str) -> None:
        """Forget a learnware, if it is known."""
        if self._names.pop(learnware_id, None) is not None:
            del self._descriptions[learnware_id]
            for tag in self._tags.pop(learnware_id):
                self._members[tag].discard(learnware_id)

    def search(
        self,
        query: SemanticQuery,
        *,
        allowed: Collection[str] | None = None,
        fuzzy: bool = True,
        min_score: float = 75.0,
        max_num: int | None = None,
    ) -> list[SemanticMatch]:
        """Return the learnwares that meet the conditions, best first, equals by id.

        Parameters
        ----------
        query : SemanticQuery
            The conditions.
        allowed : collection of str, optional
            Only these ids.
        fuzzy : bool, default=True
            Where no learnware contains the text, look for its words one by one, then for similar text.
        min_score : float, default=75.0
            Least similarity of similar text, 0 to 100.
        max_num : int, optional
            Return at most this many.
        """
        ids = self._filter(query, allowed)
        if query.text:
            scores = self._contain(ids, query.text, words=fuzzy)
            if not scores and fuzzy:
                scores = self._resemble(ids, query.text, min_score)
            matches = sorted((-score, learnware_id) for learnware_id, score in scores.items())
            return [SemanticMatch(learnware_id, -score) for score, learnware_id in matches[:max_num]]
        return [SemanticMatch(learnware_id, 1.0) for learnware_id in sorted(ids)[:max_num]]

    def _filter(self, query: SemanticQuery, allowed: Collection[str] | None) -> Collection[str]:
        sets = [
            set().union(*(self._members.get((key, value), set()) for value in values))
            for key, values in query.tags.items()
        ]
        if allowed is not None:
            sets.append(set(allowed) & self._names.keys())
        ids: Collection[str] = set.intersection(*sets) if sets else self._names.keys()
        if query.id_parts:
            ids = [learnware_id for learnware_id in ids if any(part in learnware_id for part in query.id_parts)]
        return ids

    def _contain(self, ids: Iterable[str], text: str, *, words: bool) -> dict[str, float]:
        """Return the learnwares that contain the text as it is, else those that contain all its words."""
        names, descriptions = self._names, self._descriptions
        found = {}
        for learnware_id in ids:
            if text in names[learnware_id]:
                found[learnware_id] = 1.0
            elif text in descriptions[learnware_id]:
                found[learnware_id] = 0.95
        parts = text.split()
        if found or not words or len(parts) == 1:
            return found
        return {
            learnware_id: 0.9
            for learnware_id in ids
            if all(part in names[learnware_id] or part in descriptions[learnware_id] for part in parts)
        }

    def _resemble(self, ids: Collection[str], text: str, min_score: float) -> dict[str, float]:
        """Return the learnwares with a passage like the text, or with a word like each of its words."""
        from rapidfuzz.fuzz import partial_ratio
        from rapidfuzz.process import cdist

        ordered = list(ids)
        names = [self._names[learnware_id] for learnware_id in ordered]
        descriptions = [self._descriptions[learnware_id] for learnware_id in ordered]

        def similarity(parts: list[str]) -> NDArray[np.float32]:
            """Return how well the worst found of the parts is found, each in name or description."""
            best = np.maximum(
                cdist(parts, names, scorer=partial_ratio, score_cutoff=min_score),
                cdist(parts, descriptions, scorer=partial_ratio, score_cutoff=min_score),
            )
            worst: NDArray[np.float32] = best.min(axis=0)
            return worst

        if not ordered:
            return {}
        score = similarity([text])
        parts = text.split()
        if 1 < len(parts) <= _MAX_WORDS:
            score = np.maximum(score, similarity(parts))
        # Below what is contained to the letter, however similar.
        return {ordered[i]: float(score[i]) / 100.0 * 0.9 for i in np.flatnonzero(score >= min_score)}


class SemanticSearcher(AtomicSearcher):
    """What both semantic searchers share."""

    fuzzy: bool

    def is_applicable_learnware(self, learnware: Learnware) -> bool:
        """Return whether the learnware has a semantic specification."""
        return isinstance(learnware.get_specification().get_semantic_spec(), dict)

    def is_applicable_user(self, user_info: BaseUserInfo) -> bool:  # noqa: ARG002 - published
        """Return True: every requirement has semantic conditions, of which all may be empty."""
        return True

    def search_index(
        self,
        index: SemanticIndex,
        user_info: BaseUserInfo,
        allowed: Collection[str] | None = None,
        max_num: int = 50000,
        min_score: float = 75.0,
    ) -> list[SemanticMatch] | None:
        """Return the learnwares of an index that meet the conditions, best first; None if there is no condition."""
        query = SemanticQuery.parse(user_info.get_semantic_spec())
        if query.is_empty:
            return None
        return index.search(query, allowed=allowed, fuzzy=self.fuzzy, min_score=min_score, max_num=max_num)

    def __call__(
        self,
        learnware_list: list[Learnware],
        user_info: BaseUserInfo,
        max_num: int = 50000,
        min_score: float = 75.0,
    ) -> SearchResults:
        """Return those of the learnwares that meet the conditions, best first.

        Parameters
        ----------
        learnware_list : list of Learnware
            Where to search.
        user_info : BaseUserInfo
            Its semantic specification holds the conditions; an empty value is none.
        max_num : int, default=50000
            Return at most this many.
        min_score : float, default=75.0
            Least similarity of similar text, 0 to 100; the exact searcher has no use for it.

        Raises
        ------
        MarketError
            If the conditions have not the form of a semantic specification.
        """
        index, learnwares = SemanticIndex(), {learnware.id: learnware for learnware in learnware_list}
        for learnware in learnware_list:
            index.put(learnware.id, learnware.get_specification().get_semantic_spec())
        query = SemanticQuery.parse(user_info.get_semantic_spec())
        matches = index.search(query, fuzzy=self.fuzzy, min_score=min_score, max_num=max_num)
        return SearchResults([SingleSearchItem(learnwares[match.id], match.score) for match in matches])


class EasyExactSemanticSearcher(SemanticSearcher):
    """Finds learnwares whose tags agree and whose name or description contains the text of the query's name."""

    fuzzy = False


class EasyFuzzSemanticSearcher(SemanticSearcher):
    """The same as `EasyExactSemanticSearcher`, and tolerant where nothing contains the text.

    Then all words of the text in any order count (score 0.9), and after that passages that resemble it (partial ratio
    of rapidfuzz of at least `min_score`; score 0.9 times the ratio).
    """

    fuzzy = True
