"""Errors where the same request may be answered later."""

from __future__ import annotations

from beimingwu.errors.root import ServiceError

__all__ = ["TooManyRequestsError", "UnavailableError"]


class TooManyRequestsError(ServiceError):
    """A rate limit is used up.

    Attributes
    ----------
    policy : str
        Name of the limit.
    retry_after : int
        Seconds until it makes sense to try again.
    """

    problem = "too-many-requests"
    status = 429
    title = "Too many requests"

    def __init__(self, message: str, *, policy: str, retry_after: int) -> None:
        super().__init__(message)
        self.policy = policy
        self.retry_after = retry_after


class UnavailableError(ServiceError):
    """The server cannot answer at the moment."""

    problem = "unavailable"
    status = 503
    title = "The server cannot answer at the moment"
