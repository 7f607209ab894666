"""How the published contract answers, and how it is asked."""

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from beimingwu.api.requests import CurrentDock, bearer_of
from beimingwu.errors import (
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    ServiceError,
    TooLargeError,
    TooManyRequestsError,
    TooSlowError,
    UnavailableError,
)
from beimingwu.services.identity import Identity

__all__ = [
    "ContractError",
    "ContractIdentity",
    "JsonBody",
    "OptionalContractIdentity",
    "done",
    "envelope_response",
    "text_of",
]

_PARAMETERS = (21, "Request parameters error.")
_SYSTEM = (31, "System error.")
_TOO_MANY = 29


class ContractError(Exception):
    """An answer with a code other than 0.

    Attributes
    ----------
    code : int
    message : str
    data : dict or None
    status : int
        HTTP status; 200 but where the contract has another.
    """

    def __init__(self, code: int, message: str, data: dict[str, Any] | None = None, *, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status

    @classmethod
    def parameters(cls, *, status: int = 200) -> "ContractError":
        """Return the error of parameters that are missing or not as they must be."""
        return cls(*_PARAMETERS, status=status)


def done(data: dict[str, Any] | None = None, message: str | None = "success", *, code: int = 0) -> JSONResponse:
    """Return a success; some have no message."""
    content: dict[str, Any] = {"code": code}
    if message is not None:
        content["msg"] = message
    if data is not None:
        content["data"] = data
    return JSONResponse(content)


def envelope_response(error: Exception, *, status: int = 200) -> JSONResponse:
    """Return the answer to an error in the words of the contract, with `status` where that has no other."""
    headers: dict[str, str] = {}
    code, message = _SYSTEM
    data = None
    if isinstance(error, ContractError):
        code, message, data = error.code, error.message, error.data
        status = error.status if error.status != 200 else status
    elif isinstance(error, NotAuthenticatedError):
        code, message = 11, "Unauthorized access."
    elif isinstance(error, NotAllowedError):
        code, message = 12, str(error)
    elif isinstance(error, (InvalidInputError, RequestValidationError)):
        code, message = _PARAMETERS
    elif isinstance(error, TooManyRequestsError):
        code, message, status = _TOO_MANY, str(error), error.status
        headers = {"Retry-After": str(error.retry_after)}
    elif isinstance(error, UnavailableError):
        message, status = str(error), error.status
        headers = {"Retry-After": "5"}
    elif isinstance(error, HTTPException):
        message, status, headers = HTTPStatus(error.status_code).phrase, error.status_code, dict(error.headers or {})
    elif isinstance(error, (TooLargeError, TooSlowError)):
        message, status = str(error), error.status
    elif isinstance(error, ServiceError):
        message = str(error)
    else:
        status = 500
    content: dict[str, Any] = {"code": code, "msg": message}
    if data is not None:
        content["data"] = data
    if status != 200:
        # What the published server calls the message where it does not answer in its own form.
        content["message"] = message
    return JSONResponse(content, status, headers=headers)


async def _json_body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise ContractError.parameters(status=415)
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ContractError.parameters(status=400) from None
    if not isinstance(body, dict):
        raise ContractError.parameters()
    return body


async def _identity(request: Request, dock: CurrentDock) -> Identity:
    identity = await run_in_threadpool(dock.sessions.authenticate, bearer_of(request) or "")
    request.state.user_id = identity.user_id
    return identity


async def _optional_identity(request: Request, dock: CurrentDock) -> Identity | None:
    return None if bearer_of(request) is None else await _identity(request, dock)


JsonBody = Annotated[dict[str, Any], Depends(_json_body)]
ContractIdentity = Annotated[Identity, Depends(_identity)]
OptionalContractIdentity = Annotated[Identity | None, Depends(_optional_identity)]


def text_of(body: dict[str, Any], *names: str) -> tuple[str, ...]:
    """Return parameters that must be there and be text.

    Raises
    ------
    ContractError
        If one is not.
    """
    values = tuple(body.get(name) for name in names)
    if not all(isinstance(value, str) for value in values):
        raise ContractError.parameters()
    return tuple(str(value) for value in values)
