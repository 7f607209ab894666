"""Errors of who asks, and of what they may not see."""

from __future__ import annotations

from beimingwu.errors.root import ServiceError

__all__ = [
    "AccountDisabledError",
    "CrossSiteError",
    "EmailNotConfirmedError",
    "InvalidCredentialsError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
]


class NotAuthenticatedError(ServiceError):
    """There is no session or token, or it is over."""

    problem = "not-authenticated"
    status = 401
    title = "A valid session or token is needed"


class InvalidCredentialsError(NotAuthenticatedError):
    """E-mail address and password, or token, do not belong together.

    Attributes
    ----------
    account_exists : bool
        Whether there is an account of the address. Only the published contract tells; the message does not.
    """

    problem = "invalid-credentials"
    title = "E-mail address and password, or token, do not belong together"

    def __init__(self, message: str, *, account_exists: bool = True) -> None:
        super().__init__(message)
        self.account_exists = account_exists


class NotAllowedError(ServiceError):
    """Somebody may not do this."""

    problem = "not-allowed"
    status = 403
    title = "This account or token may not do this"


class CrossSiteError(NotAllowedError):
    """A request with the web app's cookie does not come from the dock's own pages."""

    problem = "cross-site"
    title = "The request does not come from the dock's own pages"


class EmailNotConfirmedError(NotAllowedError):
    """The e-mail address of the account is not confirmed yet."""

    problem = "email-not-confirmed"
    title = "The e-mail address is not confirmed yet"


class AccountDisabledError(NotAllowedError):
    """An administrator has disabled the account."""

    problem = "account-disabled"
    title = "The account is disabled"


class NotFoundError(ServiceError):
    """There is no such thing, or not for this account."""

    problem = "not-found"
    status = 404
    title = "There is no such thing"
