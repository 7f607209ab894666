"""Words that names and descriptions of learnwares must not have."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from beimingwu.db.models import SensitiveWord
from beimingwu.errors import ConflictError, InvalidInputError, NotFoundError
from beimingwu.services.audit import audit
from beimingwu.services.texts import clean_text
from learnware.texts import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin

__all__ = ["SensitiveWords", "WordInfo", "find_words"]

_LONGEST = 64
_LONGEST_KEY = 192
_MOST = 10_000
# Scripts without blanks between words (Thai to Tibetan, Burmese, Khmer, kana, Han), or with endings (Hangul).
_UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u318f\u3400-\u9fff\uac00-\ud7ff\uf900-\ufaff"
_UNSPACED_PLANES = "\U00020000-\U0003ffff"
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}{_UNSPACED_PLANES}]")
# A letter or digit of a script that puts blanks between words.
_SPACED = rf"[^\W_{_UNSPACED}{_UNSPACED_PLANES}]"


@dataclass(frozen=True, slots=True)
class WordInfo:
    """A word of the list.

    Attributes
    ----------
    word_id : int
    word : str
        As it was added.
    added_at : datetime
    added_by : int or None
        Account that added it.
    """

    word_id: int
    word: str
    added_at: datetime
    added_by: int | None


class SensitiveWords:
    """The list of words, for administrators."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self, identity: Identity) -> list[WordInfo]:
        """Return the words in the order of the alphabet.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        """
        identity.require_role()
        with self._database.read() as session:
            return [_info(row) for row in session.scalars(select(SensitiveWord).order_by(SensitiveWord.key))]

    def add(self, identity: Identity, word: str, origin: Origin) -> WordInfo:
        """Add a word. What was published before stays.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        InvalidInputError
            If it is no line of 1 to 64 characters with a letter or digit.
        ConflictError
            If it is in the list, or the list is full.
        """
        identity.require_role()
        word = clean_text(word, "word", longest=_LONGEST)
        key = _key(word)
        if not any(one.isalnum() for one in key) or len(key) > _LONGEST_KEY:
            rule = text("must have a letter or digit, and not be too long in its plain form")
            raise InvalidInputError(text("a word {rule}", rule=rule), fields=(("/word", rule),))
        now = self._clock()
        with self._database.write() as session:
            if session.scalars(select(func.count()).select_from(SensitiveWord)).one() >= _MOST:
                raise ConflictError(text("the list has {most} words, which is all that it may have", most=_MOST))
            new = self._database.insert(SensitiveWord).values(
                word=word, key=key, added_at=now, added_by=identity.user_id
            )
            added = session.scalar(
                new.on_conflict_do_nothing(index_elements=[SensitiveWord.key]).returning(SensitiveWord.id)
            )
            if added is None:
                raise ConflictError("the list has this word already")
            audit(session, "word.add", at=now, actor_id=identity.user_id, subject=("word", added), origin=origin)
            return WordInfo(added, word, now, identity.user_id)

    def remove(self, identity: Identity, word_id: int, origin: Origin) -> None:
        """Take a word from the list.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        NotFoundError
            If there is no such word.
        """
        identity.require_role()
        with self._database.write() as session:
            gone = delete(SensitiveWord).where(SensitiveWord.id == word_id).returning(SensitiveWord.id)
            if session.execute(gone).one_or_none() is None:
                raise NotFoundError("there is no such word in the list")
            audit(
                session,
                "word.remove",
                at=self._clock(),
                actor_id=identity.user_id,
                subject=("word", word_id),
                origin=origin,
            )


def find_words(session: Session, text: str) -> list[str]:
    """Return which words of the list a text has, as they were added.

    Letters are compared without regard to case, width and characters that cannot be seen. Words of scripts with blanks
    between words are found as whole words, others anywhere.
    """
    plain = _key(text)
    rows = session.execute(select(SensitiveWord.word, SensitiveWord.key).order_by(SensitiveWord.key))
    # Few texts have any: looking for the letters comes first.
    return [word for word, key in rows if key in plain and _stands_alone(key, plain)]


def _stands_alone(key: str, plain: str) -> bool:
    if _HAS_UNSPACED.search(key):
        return True
    return re.search(f"(?<!{_SPACED}){re.escape(key)}(?!{_SPACED})", plain) is not None


def _key(text: str) -> str:
    """Return a text as words are compared."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(one for one in folded if unicodedata.category(one) != "Cf")
    return " ".join(seen.split())


def _info(row: SensitiveWord) -> WordInfo:
    return WordInfo(row.id, row.word, row.added_at, row.added_by)
