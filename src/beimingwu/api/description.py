"""What the OpenAPI description says beyond what FastAPI sees: tags, problems, examples."""

from typing import Any

from fastapi import FastAPI

from beimingwu.api.examples import add_examples
from beimingwu.api.problems import Problem, responses
from beimingwu.api.requests import NO_LOGIN
from beimingwu.errors import (
    CrossSiteError,
    InvalidInputError,
    ServiceError,
    TooLargeError,
    TooSlowError,
    UnavailableError,
)

__all__ = ["OVERVIEW", "TAGS", "describe"]

OVERVIEW = """
**Who asks.** Lists, pages, searches and downloads need no login. All else takes `Authorization: Bearer TOKEN`: the
token of a session (`POST /api/v1/sessions`) or an API token (`POST /api/v1/tokens`), which does what its scopes allow.
The dock's own web app has its session in a cookie (`POST /api/v1/web-session`), which counts where no token is given.

**Problems** are RFC 9457 documents, `application/problem+json`. `type` names the kind, and a GET there says what it is;
`errors` says what is wrong where; `request_id` is in the log of the server and in the header `X-Request-ID`.

**Lists** come in pages: give `next_cursor` as `cursor` for the next one.

**Limits.** What is limited is answered with `RateLimit` and `RateLimit-Policy`; too much is status 429 with
`Retry-After`.
"""
TAGS = [
    {"name": "learnwares", "description": "Lists and pages; submitting, new versions, withdrawing, deleting."},
    {"name": "packages", "description": "Downloads: one package, several in one zip, links that need no login."},
    {"name": "search", "description": "Finding learnwares for a task, and the words that describe them."},
    {"name": "trials", "description": "Small tables of one's own, answered by learnwares in the dock's sandbox."},
    {"name": "uploads", "description": "Contents in parts that survive lost connections, by the tus 1.0 protocol."},
    {"name": "verification", "description": "How the check of a version goes: its report and its log, also live."},
    {"name": "registration", "description": "Getting an account, and a new password for who forgot the old one."},
    {"name": "sessions", "description": "Logging in with a password, and out."},
    {"name": "account", "description": "One's own account: profile, password, address, all that is kept, deletion."},
    {"name": "notifications", "description": "What has happened to one's own learnwares."},
    {"name": "favourites", "description": "Learnwares that one has marked to find them again."},
    {"name": "tokens", "description": "API tokens: keys for programs, with a name, scopes and an end."},
    {"name": "data sets", "description": "Files for experiments that administrators provide."},
    {"name": "problems", "description": "The kinds of problems that this API answers with."},
    {"name": "administration", "description": "For administrators: accounts, queue, data sets, words, figures."},
    {"name": "operations", "description": "For whoever runs the dock: alive, ready, counts."},
]


def describe(app: FastAPI) -> None:
    """Let the description of an application have the problem documents in the place of FastAPI's, and examples."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = make()
            schemas = described["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs"))
            schemas["Problem"] = problem
            for methods in described["paths"].values():
                for method, operation in methods.items():
                    _describe_answers(method, operation)
                    _describe_optional_login(operation)
            described["components"]["securitySchemes"].pop(NO_LOGIN, None)
            add_examples(described)
            app.openapi_schema = described
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI's documentation names


def _describe_answers(method: str, operation: dict[str, Any]) -> None:
    """Tell of the problems that any endpoint may answer with."""
    answers = operation["responses"]
    kinds: list[type[ServiceError]] = [TooLargeError, UnavailableError]
    if "422" in answers:
        # FastAPI's own form of it, where the endpoint has none.
        kinds.append(InvalidInputError)
    described = responses(*kinds)
    if "security" in operation and method not in {"get", "head"}:
        _add_kind(answers, CrossSiteError)
    if "requestBody" in operation:
        described |= responses(TooSlowError)
        described["400"] = {**described[422], "description": "The body is no JSON"}
    for status, answer in described.items():
        if str(status) not in answers or "application/json" in answers[str(status)].get("content", {}):
            answers[str(status)] = answer
        elif status == "400":
            answers["400"]["description"] += "; or: the body is no JSON"
    operation["responses"] = dict(sorted(answers.items()))


def _describe_optional_login(operation: dict[str, Any]) -> None:
    """Say in OpenAPI's way that no login is needed: the last of the ways asks for nothing."""
    if "security" in operation:
        ways = [one for one in operation["security"] if NO_LOGIN not in one]
        operation["security"] = ways if len(ways) == len(operation["security"]) else [*ways, {}]


def _add_kind(answers: dict[str, Any], kind: type[ServiceError]) -> None:
    """Tell of one more kind of problem."""
    ((status, answer),) = responses(kind).items()
    known = answers.setdefault(str(status), {**answer, "description": ""})["description"]
    if kind.title not in known:
        answers[str(status)]["description"] = f"{known}; or: {kind.title}" if known else kind.title
