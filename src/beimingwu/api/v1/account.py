"""One's own account."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.fields import AccountOut, Code, Email, Language, Password, Request, Username
from beimingwu.errors import (
    ConflictError,
    EmailNotPermittedError,
    EmailTakenError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    TooManyRequestsError,
    UsernameTakenError,
)

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/account", tags=["account"])


class Profile(Request):
    """What can be changed of a profile; what is not given stays."""

    username: Username | None = Field(None, examples=["ada"])
    language: Language | None = Field(None, description="Of the account's mails.", examples=["zh"])


class PasswordChange(Request):
    """The password, and what it is to be."""

    password: Password
    new_password: Password


class EmailChange(Request):
    """The address that the account is to have, and its password."""

    email: Email = Field(examples=["ada@example.net"])
    password: Password


class EmailConfirmation(Request):
    """The code from the mail."""

    code: Code = Field(examples=["0f343b0931126a20f133d67c2b018a3b"])


class Deletion(Request):
    """What the deletion of an account takes."""

    password: Password


@router.get("", summary="One's account", responses=responses(NotAuthenticatedError, NotAllowedError))
def get_account(dock: CurrentDock, identity: CurrentIdentity) -> AccountOut:
    """Return the account that asks."""
    return AccountOut.of(dock.accounts.profile(identity))


@router.patch(
    "",
    summary="Change the profile",
    responses=responses(NotAuthenticatedError, NotAllowedError, InvalidInputError, UsernameTakenError),
)
def change_account(body: Profile, dock: CurrentDock, identity: CurrentIdentity) -> AccountOut:
    """Give the account another user name, its mails another language, or both."""
    return AccountOut.of(dock.accounts.change(identity, username=body.username, language=body.language))


@router.put(
    "/password",
    status_code=204,
    summary="Change the password",
    responses=responses(
        NotAuthenticatedError, InvalidCredentialsError, NotAllowedError, InvalidInputError, TooManyRequestsError
    ),
)
def change_password(body: PasswordChange, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """Set another password; all other sessions of the account end."""
    dock.accounts.change_password(identity, body.password, body.new_password, origin)


@router.post(
    "/email",
    status_code=202,
    summary="Ask for another e-mail address",
    responses=responses(
        NotAuthenticatedError,
        InvalidCredentialsError,
        NotAllowedError,
        InvalidInputError,
        EmailNotPermittedError,
        TooManyRequestsError,
    ),
)
def ask_for_email(body: EmailChange, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """Send a code to the address that the account is to have. The answer is the same where another account has it."""
    dock.email_changes.ask(identity, body.email, body.password, origin)


@router.post(
    "/email/confirmations",
    summary="Confirm the other e-mail address",
    responses=responses(
        InvalidCodeError,
        NotAuthenticatedError,
        NotAllowedError,
        EmailTakenError,
        InvalidInputError,
        TooManyRequestsError,
    ),
)
def confirm_email(
    body: EmailConfirmation, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin
) -> AccountOut:
    """Give the account the address that the code was sent to. Sessions and API tokens go on."""
    return AccountOut.of(dock.email_changes.confirm(identity, body.code, origin))


@router.get("/export", summary="All that is kept of one", responses=responses(NotAuthenticatedError, NotAllowedError))
def export_account(dock: CurrentDock, identity: CurrentIdentity) -> dict[str, Any]:
    """Return all that the dock keeps of the account, by the names of the parts."""
    return dock.accounts.export(identity)


@router.post(
    "/deletion",
    status_code=204,
    summary="Delete the account",
    responses=responses(
        NotAuthenticatedError,
        InvalidCredentialsError,
        NotAllowedError,
        ConflictError,
        InvalidInputError,
        TooManyRequestsError,
    ),
)
def delete_account(body: Deletion, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """Delete the account and what the dock keeps of it. It takes the password, and cannot be undone."""
    dock.accounts.delete(identity, body.password, origin)
