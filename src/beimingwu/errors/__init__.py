"""The errors that the dock server raises on purpose; each is one kind of HTTP problem.

::

    ServiceError
    ├── SettingsError              the server cannot run with these settings
    ├── BackupError                a backup cannot be made, read or restored
    ├── InvalidInputError          422  fields that break a rule
    │   ├── EmailNotPermittedError   422  the dock takes no accounts of this e-mail address
    │   ├── WrongDataTypeError       422  a table for a learnware that takes something else
    │   ├── ContentMismatchError     422  an upload whose content is not what was announced
    │   └── InvalidSubmissionError   422  a package or a semantic specification that breaks rules
    │       └── SensitiveWordsError    422  a name or description with words that the dock does not want
    ├── InvalidCodeError           400  a code that is wrong, used or too old
    ├── NotAuthenticatedError      401  no session or token, or one that is over
    │   └── InvalidCredentialsError  401  e-mail address and password, or token, do not belong together
    ├── NotAllowedError            403  somebody who may not do this
    │   ├── CrossSiteError           403  a page of another site asks with the web app's cookie
    │   ├── EmailNotConfirmedError   403
    │   └── AccountDisabledError     403
    ├── NotFoundError              404
    ├── ConflictError              409  what is there already, or a rule between rows
    │   ├── LearnwaresLeftError      409
    │   ├── DuplicateContentError    409  a learnware with this content is there
    │   ├── NothingChangedError      409  an update that would change nothing
    │   ├── UsernameTakenError       409
    │   ├── EmailTakenError          409
    │   └── QuotaExceededError       409  more than one account may have at a time
    ├── TooSlowError               408  a body that stopped arriving
    ├── PreconditionError          412  another version of the upload protocol
    ├── TooLargeError              413
    ├── MediaTypeError             415  a body of another kind
    ├── ChecksumMismatchError      460  a part of an upload that was damaged on its way
    ├── InvalidRangeError          416  a content has no such range
    ├── TooManyRequestsError       429
    └── UnavailableError           503  the database cannot be reached, or is not of this version

A message may be shown to whoever asked: it holds nothing that they did not send or may not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beimingwu.errors.access import (
    AccountDisabledError,
    CrossSiteError,
    EmailNotConfirmedError,
    InvalidCredentialsError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
)
from beimingwu.errors.conflicts import (
    ConflictError,
    DuplicateContentError,
    EmailTakenError,
    LearnwaresLeftError,
    NothingChangedError,
    QuotaExceededError,
    UsernameTakenError,
)
from beimingwu.errors.inputs import (
    ContentMismatchError,
    EmailNotPermittedError,
    InvalidCodeError,
    InvalidInputError,
    InvalidSubmissionError,
    SensitiveWordsError,
    SubmissionFinding,
    WrongDataTypeError,
)
from beimingwu.errors.load import (
    TooManyRequestsError,
    UnavailableError,
)
from beimingwu.errors.root import (
    BackupError,
    ServiceError,
    SettingsError,
)
from beimingwu.errors.transfers import (
    ChecksumMismatchError,
    InvalidRangeError,
    MediaTypeError,
    PreconditionError,
    TooLargeError,
    TooSlowError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AccountDisabledError",
    "BackupError",
    "ChecksumMismatchError",
    "ConflictError",
    "ContentMismatchError",
    "CrossSiteError",
    "DuplicateContentError",
    "EmailNotConfirmedError",
    "EmailNotPermittedError",
    "EmailTakenError",
    "InvalidCodeError",
    "InvalidCredentialsError",
    "InvalidInputError",
    "InvalidRangeError",
    "InvalidSubmissionError",
    "LearnwaresLeftError",
    "MediaTypeError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "NothingChangedError",
    "PreconditionError",
    "QuotaExceededError",
    "SensitiveWordsError",
    "ServiceError",
    "SettingsError",
    "SubmissionFinding",
    "TooLargeError",
    "TooManyRequestsError",
    "TooSlowError",
    "UnavailableError",
    "UsernameTakenError",
    "WrongDataTypeError",
    "problems",
]


def problems() -> Iterator[type[ServiceError]]:
    """Give every kind of problem, by status."""
    waiting: list[type[ServiceError]] = [ServiceError]
    found = []
    while waiting:
        kind = waiting.pop(0)
        if kind not in {SettingsError, BackupError}:
            found.append(kind)
        waiting.extend(kind.__subclasses__())
    yield from sorted(found, key=lambda kind: (kind.status, kind.problem))
