"""Words that names and descriptions of learnwares must not have."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.admin.guard import admin_router
from beimingwu.api.v1.fields import Id, Request
from beimingwu.errors import ConflictError, NotFoundError

__all__ = ["router"]

router = admin_router("sensitive-words")


class Word(Request):
    """A word for the list."""

    word: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(examples=["casino"])


class WordOut(BaseModel):
    """A word of the list."""

    model_config = ConfigDict(from_attributes=True)

    word_id: int
    word: str
    added_at: datetime
    added_by: int | None = Field(description="Number of the account that added it.")


class WordList(BaseModel):
    """The whole list."""

    items: list[WordOut]
    total: int


@router.get("", summary="List the sensitive words")
def list_words(dock: CurrentDock, identity: CurrentIdentity) -> WordList:
    """Return all words, in the order of the alphabet."""
    words = [WordOut.model_validate(one) for one in dock.sensitive_words.all(identity)]
    return WordList(items=words, total=len(words))


@router.post("", status_code=201, summary="Add a sensitive word", responses=responses(ConflictError))
def add_word(body: Word, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> WordOut:
    """Add a word. Submissions that have it are refused from now on; what was published before stays.

    Letters are compared without regard to case and width. Words of scripts with blanks between words are found as
    whole words, others anywhere.
    """
    return WordOut.model_validate(dock.sensitive_words.add(identity, body.word, origin))


@router.delete("/{word_id}", status_code=204, summary="Remove a sensitive word", responses=responses(NotFoundError))
def remove_word(word_id: Id, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """Take a word from the list."""
    dock.sensitive_words.remove(identity, word_id, origin)
