"""What a dock says when it refuses something, as errors."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from learnware.errors import DockProblemError, DockUnreachableError, NotLoggedInError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnware.client._addresses import Address

__all__ = ["HOW_TO_LOG_IN", "not_logged_in", "problem_of", "refusal", "strange_answer"]

HOW_TO_LOG_IN = "log in with client.login(email, token), or once and for all with: learnware login"


def problem_of(body: bytes, headers: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the problem document (RFC 9457) of an answer; None where it has none."""
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/problem+json":
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def refusal(status: int, document: Mapping[str, Any], retry_after: float | None = None) -> DockProblemError:
    """Return a problem document as an error."""
    found = document.get("errors")
    errors = tuple(
        (str(one.get("field", "")), str(one.get("message", "")))
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict)
    )
    kind = document.get("type")
    name = kind.rpartition("/")[2] if isinstance(kind, str) and kind != "about:blank" else None
    message = str(document.get("detail") or document.get("title") or f"the dock answered with status {_named(status)}")
    request_id = document.get("request_id") if isinstance(document.get("request_id"), str) else None
    if status >= 500 and document.get("title"):
        # What the dock's operators need to find it.
        message = f"{document['title']}: {message}" + (f" ({request_id})" if request_id else "")
    if retry_after is not None and status in {429, 503}:
        message = f"{message} (again in {retry_after:.0f} s)"
    made = NotLoggedInError if status == 401 else DockProblemError
    return made(
        f"{message.removesuffix('; log in again')}; {HOW_TO_LOG_IN}" if status == 401 else message,
        status=status,
        problem=name,
        title=document.get("title") if isinstance(document.get("title"), str) else None,
        errors=errors,
        request_id=request_id,
        retry_after=retry_after,
    )


def not_logged_in(what: str) -> NotLoggedInError:
    """Return the error of asking for something that takes a login, which nobody made."""
    return NotLoggedInError(f"{what} takes a login; {HOW_TO_LOG_IN}")


def strange_answer(address: Address, status: int, headers: Mapping[str, str]) -> DockUnreachableError:
    """Return the error of an answer that is none of a dock."""
    kind = headers.get("Content-Type", "nothing").partition(";")[0]
    return DockUnreachableError(
        f"{address.host} does not answer as a dock does (status {_named(status)}, {kind}); is this its address?",
        host=address.host,
    )


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
