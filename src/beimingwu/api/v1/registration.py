"""Registering and confirming, and choosing a new password, for who is not logged in."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from beimingwu.api.language import tell_language
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.api.v1.fields import Code, Email, Language, Password, Request, Username
from beimingwu.errors import InvalidCodeError, InvalidInputError, TooManyRequestsError, UsernameTakenError
from beimingwu.messages import translated
from beimingwu.services.identity import Origin
from learnware.texts import text

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/accounts", tags=["registration"])


class Registering(Request):
    """Who wants an account."""

    username: Username = Field(examples=["ada"])
    email: Email = Field(examples=["ada@example.org"])
    password: Password = Field(examples=["correct horse battery staple"])
    language: Language | None = Field(
        None, description="Of the account's mails; if not given, as in `Accept-Language`.", examples=["en"]
    )


class Address(Request):
    """Where a mail is to go."""

    email: Email = Field(examples=["ada@example.org"])


class Confirmation(Request):
    """A code from a mail."""

    code: Code = Field(examples=["0f5d8a4b6c3e2d1f0a9b8c7d6e5f4a3b"])


class NewPassword(Confirmation):
    """A code from a mail, and the password chosen with it."""

    password: Password = Field(examples=["correct horse battery staple"])


class MailPromised(BaseModel):
    """What happens next."""

    message: str


@router.post(
    "",
    status_code=202,
    summary="Register",
    responses=responses(InvalidInputError, UsernameTakenError, TooManyRequestsError),
)
def register(body: Registering, dock: CurrentDock, origin: CurrentOrigin, response: Response) -> MailPromised:
    """Make an account; it can be used once the code that comes by mail is confirmed.

    The answer is the same whether there is an account of the address or not; its owner gets a mail that says so.
    """
    dock.registration.register_quietly(body.username, body.email, body.password, origin, language=body.language)
    return _promised(text("a mail is on its way to this address"), origin, response)


@router.post(
    "/confirmation-mails",
    status_code=202,
    summary="Ask for the confirmation mail again",
    responses=responses(InvalidInputError, TooManyRequestsError),
)
def send_confirmation(body: Address, dock: CurrentDock, origin: CurrentOrigin, response: Response) -> MailPromised:
    """Send another code if an account of the address waits for one; the answer is the same if none does."""
    dock.registration.send_code(body.email, origin)
    said = text("if an account of this address waits to be confirmed, a mail is on its way")
    return _promised(said, origin, response)


@router.post(
    "/confirmations",
    status_code=204,
    summary="Confirm the e-mail address",
    responses=responses(InvalidCodeError, InvalidInputError, TooManyRequestsError),
)
def confirm(body: Confirmation, dock: CurrentDock, origin: CurrentOrigin) -> None:
    """Use the code of a confirmation mail; it works once."""
    dock.registration.confirm(body.code, origin)


@router.post(
    "/reset-mails",
    status_code=202,
    summary="Ask for a code to choose a new password",
    responses=responses(InvalidInputError, TooManyRequestsError),
)
def send_reset(body: Address, dock: CurrentDock, origin: CurrentOrigin, response: Response) -> MailPromised:
    """Send a code if there is an account of the address; the answer is the same if there is none."""
    dock.password_resets.send_code(body.email, origin)
    return _promised(text("if there is an account of this address, a mail is on its way"), origin, response)


@router.post(
    "/resets",
    status_code=204,
    summary="Choose a new password with a code",
    responses=responses(InvalidCodeError, InvalidInputError, TooManyRequestsError),
)
def reset(body: NewPassword, dock: CurrentDock, origin: CurrentOrigin) -> None:
    """Use the code of a reset mail; it works once, and all sessions of the account end."""
    dock.password_resets.reset(body.code, body.password, origin)


def _promised(words: str, origin: Origin, response: Response) -> MailPromised:
    tell_language(response.headers, origin.language)
    return MailPromised(message=translated(words, origin.language))
