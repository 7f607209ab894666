"""``/api/admin``: accounts, learnwares and counts for administrators, by the published contract."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from beimingwu.api.compat.envelope import ContractError, ContractIdentity, JsonBody, done, text_of
from beimingwu.api.compat.times import last_modify
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.errors import LearnwaresLeftError, NotAllowedError, NotFoundError
from beimingwu.services.catalogue_filters import Filters
from beimingwu.services.identity import Identity, Role
from beimingwu.services.learnware_views import Summary
from beimingwu.services.user_lists import ManagedUser, UserFilters
from beimingwu.services.version_states import STATES

__all__ = ["ContractAdmin", "router"]

_LARGEST_PAGE = 10_000
_LAST_PAGE = 10**12
_LARGEST_ID = 2**63 - 1
_ALL = 2**31
_USER_NOT_FOUND = (51, "User not found.")
_COUNTED = ("Data", "Task", "Library", "Scenario")


def _admin(identity: ContractIdentity) -> Identity:
    return _of_role(identity, Role.ADMIN, "Admin account required.")


def _super_admin(identity: ContractIdentity) -> Identity:
    return _of_role(identity, Role.SUPER_ADMIN, "Super Admin account required.")


def _of_role(identity: Identity, role: Role, refusal: str) -> Identity:
    if identity.role < role:
        raise ContractError(12, refusal)
    identity.require_role(role)
    return identity


ContractAdmin = Annotated[Identity, Depends(_admin)]
ContractSuperAdmin = Annotated[Identity, Depends(_super_admin)]

# Nobody gets to the parameters who is no administrator.
router = APIRouter(prefix="/api/admin", include_in_schema=False, dependencies=[Depends(_admin)])


@router.post("/list_user")
def list_user(identity: ContractAdmin, body: JsonBody, dock: CurrentDock) -> JSONResponse:
    """Return accounts, the newest first: a page of them, or all if no limit is given."""
    username, email = _optional_text(body, "username"), _optional_text(body, "email")
    if body.get("limit") is None:
        users = dock.user_administration.list(identity, UserFilters(username=username, email=email), limit=_ALL)
        return done({"user_list": [_user(one) for one in users.items]}, "Get user list success.")
    limit, page = _page(body)
    filters = UserFilters(username=username, email=email, verified=_truth(body, "is_verified"))
    users = dock.user_administration.list(identity, filters, offset=page * limit, limit=limit)
    listed = {"user_list": [_user(one) for one in users.items], **_pages(limit, page, users.total)}
    return done(listed, "Get user list success.")


@router.post("/delete_user")
def delete_user(identity: ContractAdmin, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Delete an account that has no learnwares."""
    user_id = _number(body, "user_id")
    try:
        dock.user_administration.delete(identity, user_id, origin)
    except NotFoundError:
        raise ContractError(*_USER_NOT_FOUND) from None
    except NotAllowedError:
        raise ContractError(52, "cannot delete user with higher priority") from None
    except LearnwaresLeftError:
        filters = Filters(status=STATES, owner_id=user_id)
        left = dock.catalogue.list(identity, filters, limit=_LARGEST_PAGE)
        data = {"learnware_list": [_learnware(one) for one in left.items]}
        raise ContractError(52, "Learnware list is not empty.", data) from None
    return done(message="Delete success.")


@router.post("/list_learnware")
def list_learnware(identity: ContractAdmin, body: JsonBody, dock: CurrentDock) -> JSONResponse:
    """Return a page of the learnwares of all people, or of one, in all states."""
    limit, page = _page({"limit": 10, **body})
    owner_id = None if body.get("user_id") is None else _number(body, "user_id")
    verified = _truth(body, "is_verified")
    states = tuple(one for one in STATES if verified is None or (one == "SUCCESS") == verified)
    filters = Filters(status=states, owner_id=owner_id)
    found = dock.catalogue.list(identity, filters, offset=page * limit, limit=limit)
    listed = [{"username": one.username, **_learnware(one)} for one in found.items]
    return done({"learnware_list_single": listed, **_pages(limit, page, found.counts.total)}, "Ok.")


@router.post("/delete_learnware")
def delete_learnware(identity: ContractAdmin, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Delete a learnware."""
    (learnware_id,) = text_of(body, "learnware_id")
    try:
        dock.ownership.delete(identity, learnware_id, origin)
    except NotFoundError:
        raise ContractError(51, "Learnware not exist.") from None
    return done(message="Delete success.")


@router.post("/reset_password")
def reset_password(identity: ContractAdmin, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Give an account a generated password, and return it."""
    try:
        generated = dock.user_administration.generate_password(identity, _number(body, "id"), origin)
    except NotFoundError:
        raise ContractError(*_USER_NOT_FOUND) from None
    return done({"password": generated.password, "md5": generated.digest}, "Reset success")


@router.post("/set_user_role")
def set_user_role(
    identity: ContractSuperAdmin, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Give an account a role."""
    user_id, role = _number(body, "user_id"), body.get("role")
    if type(role) is not int or role not in set(Role):
        raise ContractError.parameters()
    try:
        dock.user_administration.change(identity, user_id, origin, role=Role(role))
    except NotFoundError:
        raise ContractError(*_USER_NOT_FOUND) from None
    return done(message="Set user role success.")


@router.post("/summary")
def summary(identity: ContractAdmin, dock: CurrentDock) -> JSONResponse:
    """Return how many there are of what."""
    totals = dock.statistics.totals(identity)
    counts = {
        "count_verified_user": totals.verified_users,
        "count_unverified_user": totals.unverified_users,
        "count_verified_learnware": totals.verified_learnwares,
        "count_unverified_learnware": totals.unverified_learnwares,
        # What is verified is found at once.
        "count_learnware_awaiting_storage": 0,
        "count_download": totals.downloads,
        "count_search": totals.searches,
        "count_queued": totals.queued,
        "count_detail": {facet: dict(totals.values[facet]) for facet in _COUNTED},
    }
    return done(counts, "Get summary success.")


def _page(body: Mapping[str, Any]) -> tuple[int, int]:
    limit, page = body.get("limit"), body.get("page")
    page = 0 if page is None else page
    if limit == 0 and type(limit) is int:
        raise ContractError(51, "Limit cannot be 0.")
    if not (type(limit) is int and 1 <= limit <= _LARGEST_PAGE and type(page) is int and 0 <= page <= _LAST_PAGE):
        raise ContractError.parameters()
    return limit, page


def _pages(limit: int, page: int, total: int) -> dict[str, int]:
    return {"page": page, "limit": limit, "total_pages": math.ceil(total / limit)}


def _number(body: Mapping[str, Any], name: str) -> int:
    """Return the number of an account, which may be given as digits."""
    value = body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        value = int(value)
    if type(value) is not int or not 0 <= value <= _LARGEST_ID:
        raise ContractError.parameters()
    return value


def _truth(body: Mapping[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ContractError.parameters()
    return value


def _optional_text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ContractError.parameters()
    return value or ""


def _user(user: ManagedUser) -> dict[str, Any]:
    account = user.account
    return {
        "id": account.user_id,
        "username": account.username,
        "email": account.email,
        "role": int(account.role),
        "verified_learnware_count": user.verified_learnwares,
        "unverified_learnware_count": user.unverified_learnwares,
    }


def _learnware(learnware: Summary) -> dict[str, Any]:
    return {
        "learnware_id": learnware.learnware_id,
        "last_modify": last_modify(learnware.updated_at),
        "verify_status": learnware.status,
        "semantic_specification": learnware.semantic_specification,
    }
