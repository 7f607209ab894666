"""Errors where something that is there stands against what is asked for."""

from __future__ import annotations

from beimingwu.errors.root import ServiceError
from learnware.texts import text

__all__ = [
    "ConflictError",
    "DuplicateContentError",
    "EmailTakenError",
    "LearnwaresLeftError",
    "NothingChangedError",
    "QuotaExceededError",
    "UsernameTakenError",
]


class ConflictError(ServiceError):
    """Something that is there stands against it."""

    problem = "conflict"
    status = 409
    title = "Something that is there stands against it"


class LearnwaresLeftError(ConflictError):
    """An account has learnwares, and nobody said what is to become of them.

    Attributes
    ----------
    learnware_ids : tuple of str
    """

    problem = "learnwares-left"
    title = "The account has learnwares"

    def __init__(self, learnware_ids: tuple[str, ...]) -> None:
        super().__init__(
            text(
                "the account has {count} learnwares; say whether they are to be deleted or transferred",
                count=len(learnware_ids),
            )
        )
        self.learnware_ids = learnware_ids


class DuplicateContentError(ConflictError):
    """A learnware with the same content is there.

    Attributes
    ----------
    learnware_id : str or None
        Which one, if whoever asks may see it.
    """

    problem = "duplicate-content"
    title = "A learnware with the same content is there"

    def __init__(self, learnware_id: str | None) -> None:
        super().__init__(
            text("another learnware has the same files, apart from the semantic specification")
            if learnware_id is None
            else text(
                "the learnware {learnware_id} has the same files, apart from the semantic specification",
                learnware_id=learnware_id,
            )
        )
        self.learnware_id = learnware_id


class NothingChangedError(ConflictError):
    """An update would change nothing."""

    problem = "nothing-changed"
    title = "The update would change nothing"


class UsernameTakenError(ConflictError):
    """Somebody else has this name."""

    problem = "username-taken"
    title = "Somebody else has this name"


class EmailTakenError(ConflictError):
    """There is an account of this e-mail address."""

    problem = "email-taken"
    title = "There is an account of this e-mail address"


class QuotaExceededError(ConflictError):
    """An account has as much of something as it may have at a time."""

    problem = "quota-exceeded"
    title = "The account has as much as it may have at a time"
