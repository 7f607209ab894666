"""Accounts of others."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.admin.guard import admin_router
from beimingwu.api.v1.fields import AccountOut, Id, Request
from beimingwu.api.v1.paging import Cursor, Limit, next_cursor
from beimingwu.errors import ConflictError, LearnwaresLeftError, NotFoundError, TooManyRequestsError
from beimingwu.services.identity import Role
from beimingwu.services.user_lists import ManagedUser, UserFilters

__all__ = ["router"]

router = admin_router("users")

RoleName = Literal["user", "admin", "super-admin"]


class LearnwareCounts(BaseModel):
    """How many learnwares an account has."""

    verified: int = Field(description="With a version that serves.")
    unverified: int


class UserOut(AccountOut):
    """An account, for administrators."""

    confirmed_at: datetime | None = Field(description="When the e-mail address was confirmed.")
    disabled_at: datetime | None = Field(description="When an administrator disabled it.")
    learnwares: LearnwareCounts

    @classmethod
    def shown(cls, user: ManagedUser) -> "UserOut":
        """Return what administrators are told of an account."""
        return cls(
            **AccountOut.of(user.account).model_dump(),
            confirmed_at=user.account.confirmed_at,
            disabled_at=user.account.disabled_at,
            learnwares=LearnwareCounts(verified=user.verified_learnwares, unverified=user.unverified_learnwares),
        )


class UserPage(BaseModel):
    """A part of the list of accounts."""

    items: list[UserOut]
    next_cursor: str | None = Field(description="Where the next page begins; null if this is the last.")
    total: int = Field(description="How many the whole list holds.")


class UserChange(Request):
    """What is to change of an account; what is not given stays."""

    role: RoleName | None = Field(None, description="For super administrators to give.")
    disabled: bool | None = Field(None, description="The sessions of an account that is disabled end.")
    confirmed: Literal[True] | None = Field(None, description="Take the e-mail address as confirmed.")


class PasswordMade(BaseModel):
    """A password that the dock has made."""

    password: str = Field(description="Shown this once.")


@router.get("", summary="List accounts")
def list_users(
    dock: CurrentDock,
    identity: CurrentIdentity,
    text: Annotated[str, Query(max_length=254, description="What user name or e-mail address must have in them.")] = "",
    role: RoleName | None = None,
    verified: Annotated[bool | None, Query(description="Whether the e-mail address is confirmed.")] = None,
    disabled: bool | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> UserPage:
    """Return a page of the accounts, the newest first."""
    wanted = None if role is None else Role.parse(role)
    filters = UserFilters(text=text, role=wanted, verified=verified, disabled=disabled)
    page = dock.user_administration.list(identity, filters, cursor=cursor, limit=limit)
    return UserPage(
        items=[UserOut.shown(one) for one in page.items],
        next_cursor=next_cursor(page.next_cursor),
        total=page.total,
    )


@router.get("/{user_id}", summary="An account", responses=responses(NotFoundError))
def get_user(user_id: Id, dock: CurrentDock, identity: CurrentIdentity) -> UserOut:
    """Return an account."""
    return UserOut.shown(dock.user_administration.get(identity, user_id))


@router.patch("/{user_id}", summary="Change an account", responses=responses(NotFoundError, ConflictError))
def change_user(
    user_id: Id, body: UserChange, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin
) -> UserOut:
    """Give an account a role, disable or enable it, take its e-mail address as confirmed.

    Administrators disable, enable and confirm accounts of lower roles; super administrators give roles, and one of
    them always stays.
    """
    role = None if body.role is None else Role.parse(body.role)
    changed = dock.user_administration.change(
        identity, user_id, origin, role=role, disabled=body.disabled, confirm=bool(body.confirmed)
    )
    return UserOut.shown(changed)


@router.delete(
    "/{user_id}", status_code=204, summary="Delete an account", responses=responses(NotFoundError, LearnwaresLeftError)
)
def delete_user(
    user_id: Id,
    dock: CurrentDock,
    identity: CurrentIdentity,
    origin: CurrentOrigin,
    learnwares: Annotated[
        Literal["delete", "transfer"] | None,
        Query(description="What is to become of its learnwares; without it, an account that has some stays."),
    ] = None,
    to: Annotated[
        str | None,
        Query(max_length=64, description="Name of the user that gets them; the one that asks, if not given."),
    ] = None,
) -> None:
    """Delete an account of a lower role, with what the dock keeps of it. It cannot be undone."""
    dock.user_administration.delete(identity, user_id, origin, learnwares=learnwares, to=to)


@router.post(
    "/{user_id}/password-reset",
    status_code=202,
    summary="Send the mail for a new password",
    responses=responses(NotFoundError, TooManyRequestsError),
)
def send_password_reset(user_id: Id, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """Send an account of a lower role the mail that a new password can be chosen with."""
    dock.user_administration.send_reset(identity, user_id, origin)


@router.post("/{user_id}/generated-password", summary="Give a generated password", responses=responses(NotFoundError))
def generate_password(user_id: Id, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> PasswordMade:
    """Give an account of a lower role a password that the dock makes, for who gets no mails; its sessions end."""
    return PasswordMade(password=dock.user_administration.generate_password(identity, user_id, origin).password)
