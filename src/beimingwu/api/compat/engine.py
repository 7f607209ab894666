"""``/api/engine``: the vocabulary and searches, by the published contract."""

import json
import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from beimingwu.api.compat.envelope import ContractError, OptionalContractIdentity, done
from beimingwu.api.compat.times import last_modify
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.api.threads import in_search_thread
from beimingwu.errors import InvalidInputError
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin
from beimingwu.services.learnware_views import Summary
from beimingwu.services.search import SearchAnswer
from beimingwu.services.search_input import read_conditions, read_specifications, type_of
from learnware.specification import semantic_vocabulary

__all__ = ["router"]

router = APIRouter(prefix="/api/engine", include_in_schema=False)

# Learnwares of an answer, at most: it describes each in full, which may take 100 kB.
_MOST = 1_000
_MOST_FIELDS = 32


@router.get("/semantic_specification")
def semantic_specification() -> JSONResponse:
    """Return the vocabulary of semantic specifications."""
    return done({"semantic_specification": semantic_vocabulary()}, "Ok")


async def _form(request: Request) -> dict[str, str | bytes]:
    """Return the fields of a form; a file counts as its content."""
    most = request.app.state.dock.settings.search_max_bytes
    try:
        async with request.form(max_files=_MOST_FIELDS, max_fields=_MOST_FIELDS, max_part_size=most) as form:
            return {
                name: await value.read() if isinstance(value, UploadFile) else value
                for name, value in form.multi_items()
            }
    except HTTPException:
        # What is no form.
        raise ContractError.parameters() from None


Form = Annotated[dict[str, str | bytes], Depends(_form)]


@router.post("/search_learnware")
async def search_learnware(
    request: Request, form: Form, dock: CurrentDock, identity: OptionalContractIdentity, origin: CurrentOrigin
) -> JSONResponse:
    """Search by words, tags and data; administrators may search what is not verified, and by parts of an id.

    Learnwares that are not verified are found by words and tags only.
    """
    return await in_search_thread(request, _answer, form, dock, identity, origin)


def _answer(form: dict[str, str | bytes], dock: Dock, identity: Identity | None, origin: Origin) -> JSONResponse:
    conditions, specification = _conditions(form), form.get("statistical_specification")
    limit, page = _number(form, "limit"), _number(form, "page") or 0
    if limit == 0:
        raise ContractError(52, "Limit cannot be 0.")
    verified = _truth(form, "is_verified")
    learnware_id = _text(form, "learnware_id")
    administers = identity is not None and identity.administers
    if not verified and not administers:
        raise ContractError(61, "cannot search unverified learnware.")
    if learnware_id:
        if not administers:
            raise ContractError(61, "cannot search learnware by id.")
        conditions["learnware_id"] = {"Values": [learnware_id[:64]]}
    stat_specs = {} if specification in (None, "", b"") else _specifications(specification, dock)
    # Who asks for more on a page gets smaller pages, and is told so; without a limit there is one page.
    count = _MOST if limit is None else min(limit, _MOST)
    offset = 0 if limit is None else page * count
    if verified:
        answer = dock.search.search(identity, conditions, stat_specs, offset=offset, limit=count, origin=origin)
    else:
        assert identity is not None  # noqa: S101  # who is nobody was refused
        answer = dock.search.search_unverified(identity, conditions, offset=offset, limit=count)
    data: dict[str, Any] = {
        "learnware_list_single": [
            _item(one.learnware, one.score if answer.unexplained is not None else 0) for one in answer.singles
        ],
        "learnware_list_multi": _mixture(answer) if page == 0 else [],
        "is_hetero": False,
    }
    if limit is not None:
        data |= {"page": page, "limit": count, "total_pages": math.ceil(answer.total / count)}
    return done(data, "Ok")


def _conditions(form: dict[str, str | bytes]) -> dict[str, Any]:
    given = form.get("semantic_specification")
    if given is None:
        raise ContractError.parameters()
    try:
        parsed = json.loads(given)
        if not isinstance(parsed, dict):
            raise ContractError(41, "Semantic specification error")
        return read_conditions(parsed)
    except (ValueError, RecursionError, InvalidInputError):
        raise ContractError(41, "Semantic specification error") from None


def _specifications(given: str | bytes, dock: Dock) -> dict[str, Any]:
    most_points = dock.settings.specification_max_points
    try:
        states = json.loads(given)
        if not isinstance(states, dict):
            raise ContractError(41, "Statistical specification error.")
        return read_specifications({type_of(states): states}, most_points=most_points)
    except (ValueError, RecursionError, InvalidInputError):
        raise ContractError(41, "Statistical specification error.") from None


def _text(form: dict[str, str | bytes], name: str) -> str:
    value = form.get(name, "")
    if isinstance(value, bytes):
        raise ContractError.parameters()
    return value.strip()


def _number(form: dict[str, str | bytes], name: str) -> int | None:
    text = _text(form, name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise ContractError.parameters()
    return int(text)


def _truth(form: dict[str, str | bytes], name: str) -> bool:
    text = _text(form, name).lower() or "true"
    if text not in {"true", "false"}:
        raise ContractError.parameters()
    return text == "true"


def _mixture(answer: SearchAnswer) -> list[dict[str, Any]]:
    if answer.mixture is None:
        return []
    return [_item(learnware, answer.mixture.score) for learnware, _ in answer.mixture.parts]


def _item(learnware: Summary, matching: float) -> dict[str, Any]:
    return {
        "learnware_id": learnware.learnware_id,
        "semantic_specification": learnware.semantic_specification,
        "matching": matching,
        "last_modify": last_modify(learnware.updated_at),
        "username": learnware.username,
    }
