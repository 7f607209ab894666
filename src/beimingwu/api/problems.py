"""Errors as RFC 9457 problem documents, in the language of who asks."""

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from beimingwu.api.language import language_of, tell_language
from beimingwu.errors import (
    DuplicateContentError,
    InvalidInputError,
    InvalidRangeError,
    NotAuthenticatedError,
    ServiceError,
    TooManyRequestsError,
    UnavailableError,
)
from beimingwu.messages import translated, translated_fault
from learnware.texts import joined, text, text_of

__all__ = ["FieldProblem", "Problem", "problem_response", "problem_type", "responses"]

MEDIA_TYPE = "application/problem+json"
_TYPES = "/api/v1/problems/"


class FieldProblem(BaseModel):
    """What is wrong in one place of a request."""

    field: str = Field(description="A JSON pointer into the body, or where the parameter stands and its name.")
    message: str


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": f"{_TYPES}username-taken",
                    "title": "Somebody else has this name",
                    "status": 409,
                    "detail": "the user name 'ada' is taken; choose another one",
                    "request_id": "8d1f7c1b0e4a4f0c9f5f4d9f7a1b2c3d",
                }
            ]
        }
    )

    type: str = Field(description="The kind of problem; a GET there tells more.")
    title: str
    status: int
    detail: str
    request_id: str | None = Field(None, description="The request in the log of the server.")
    errors: list[FieldProblem] | None = Field(None, description="What is wrong where, if fields are.")
    learnware_id: str | None = Field(None, description="The learnware that stands against it, if one does.")


def problem_type(name: str) -> str:
    """Return the address that names a kind of problem."""
    return _TYPES + name


def problem_response(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to an error, in the language that whoever asks prefers."""
    language = language_of(request)
    headers: dict[str, str] = {}
    fields: tuple[tuple[str, str], ...] = ()
    kind: type[ServiceError] = ServiceError
    detail = "the server's log knows more under this request id"
    if isinstance(error, ServiceError):
        kind, detail = type(error), text_of(error)
        if isinstance(error, InvalidInputError):
            fields = tuple((place, translated(words, language)) for place, words in error.fields)
        headers = _headers(error)
    elif isinstance(error, RequestValidationError):
        kind = InvalidInputError
        fields = tuple((_pointer(fault["loc"]), translated_fault(fault, language)) for fault in error.errors())
        detail = joined([text("{place}: {what}", place=place, what=words) for place, words in fields[:10]])
    name, status, title = problem_type(kind.problem), kind.status, kind.title
    if isinstance(error, HTTPException):
        # No more than the status says: RFC 9457 has a type for that.
        name, status, title = "about:blank", error.status_code, HTTPStatus(error.status_code).phrase
        detail, headers = error.detail, dict(error.headers or {})
    problem = Problem(
        type=name,
        title=translated(title, language),
        status=status,
        detail=translated(detail, language),
        request_id=getattr(request.state, "request_id", None),
        errors=[FieldProblem(field=place, message=words) for place, words in fields] or None,
        learnware_id=error.learnware_id if isinstance(error, DuplicateContentError) else None,
    )
    content = problem.model_dump(exclude_none=True)
    response = JSONResponse(_encodable(content), status, headers=headers, media_type=MEDIA_TYPE)
    tell_language(response.headers, language)
    return response


def responses(*kinds: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI is told of the problems of an endpoint."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        before = found.get(kind.status, {}).get("description")
        found[kind.status] = {
            "description": f"{before}; or: {kind.title}" if before else kind.title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found


def _headers(error: ServiceError) -> dict[str, str]:
    if isinstance(error, TooManyRequestsError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": "5"}
    if isinstance(error, InvalidRangeError):
        return {"Content-Range": f"bytes */{error.size}"}
    if isinstance(error, NotAuthenticatedError):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _pointer(place: tuple[int | str, ...]) -> str:
    if place and place[0] == "body":
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place[1:])
    return " ".join(str(part) for part in place)


def _encodable(value: Any) -> Any:
    """Return a document without lone surrogates, which JSON can hold and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {name: _encodable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_encodable(inner) for inner in value]
    return value
