"""``/api/auth``: registering, confirming, logging in and out, by the published contract."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from beimingwu.api.compat.envelope import ContractError, ContractIdentity, JsonBody, done, text_of
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.errors import (
    AccountDisabledError,
    EmailNotConfirmedError,
    EmailNotPermittedError,
    EmailTakenError,
    InvalidCodeError,
    InvalidCredentialsError,
    NotFoundError,
    UsernameTakenError,
)
from beimingwu.services.passwords import is_digest

__all__ = ["digest_in", "router"]

router = APIRouter(prefix="/api/auth", include_in_schema=False)

_NO_ACCOUNT = "Account not exist."
_UNUSABLE = 54


def digest_in(body: dict[str, Any], name: str) -> str:
    """Return a parameter that must be the MD5 of a password."""
    (digest,) = text_of(body, name)
    if not is_digest(digest):
        raise ContractError.parameters()
    return digest


@router.post("/register")
def register(body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Make an account. ``confirm_email`` is taken and changes nothing: an address is confirmed in any case."""
    username, email = text_of(body, "username", "email")
    digest = digest_in(body, "password")
    if not isinstance(body.get("confirm_email", True), bool):
        raise ContractError.parameters()
    try:
        registered = dock.registration.register(username, email, digest, origin)
    except EmailNotPermittedError:
        raise ContractError(41, "Your email is not allowed to register.") from None
    except UsernameTakenError:
        raise ContractError(51, "Username already exist.") from None
    except EmailTakenError:
        raise ContractError(52, "Email already exist.") from None
    return done({"user_id": registered.user_id}, code=53 if registered.renewed else 0)


@router.post("/resend_email_confirm")
def resend_email_confirm(body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Send the confirmation mail once more; the answer is the same for every address."""
    (email,) = text_of(body, "email")
    dock.registration.send_code(email, origin)
    return done({})


@router.post("/email_confirm")
def email_confirm(dock: CurrentDock, origin: CurrentOrigin, code: str = "") -> JSONResponse:
    """Confirm an address with the code from the mail, a parameter of the query."""
    try:
        dock.registration.confirm(code, origin)
    except InvalidCodeError:
        raise ContractError(55, "Invalid verification code.") from None
    return done(message="Email confirm success.")


@router.post("/send_reset_password_email")
def send_reset_password_email(body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Send a code for a new password."""
    (email,) = text_of(body, "email")
    try:
        dock.password_resets.send_code_to_account(email, origin)
    except NotFoundError:
        raise ContractError(51, "Your email not exist. Please register first") from None
    return done({})


@router.post("/reset_password")
def reset_password(body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Set a generated password with a code from a mail, and return it."""
    (code,) = text_of(body, "code")
    user_id = body.get("user_id")
    if user_id is None or isinstance(user_id, bool) or not isinstance(user_id, (int, str)):
        raise ContractError.parameters()
    digits = str(user_id) if isinstance(user_id, int) and abs(user_id) < 2**63 else user_id
    if not isinstance(digits, str) or len(digits) > 19 or not (digits.isascii() and digits.isdecimal()):
        raise ContractError(56, "Invalid user id.")
    try:
        generated = dock.password_resets.reset_to_generated(code, int(digits), origin)
    except InvalidCodeError:
        raise ContractError(55, "Invalid verification code.") from None
    return done({"password": generated.password, "md5": generated.digest}, "Reset success")


@router.post("/login")
def login(body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Begin a session with e-mail address and the MD5 of the password."""
    (email,) = text_of(body, "email")
    digest = digest_in(body, "password")
    try:
        begun = dock.sessions.login(email, digest, origin)
    except InvalidCredentialsError as error:
        wrong = (52, "Incorrect password.") if error.account_exists else (51, _NO_ACCOUNT)
        raise ContractError(*wrong) from None
    except EmailNotConfirmedError:
        raise ContractError(_UNUSABLE, "Email not verified.") from None
    except AccountDisabledError:
        raise ContractError(_UNUSABLE, "Account is disabled.") from None
    return done({"token": begun.token}, "Login success.")


@router.post("/login_by_token")
def login_by_token(body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Begin a session with e-mail address and API token. Without a body, it tells the client that a dock is here."""
    email, token = text_of(body, "email", "token")
    try:
        begun = dock.sessions.login_by_token(email, token, origin)
    except (InvalidCredentialsError, EmailNotConfirmedError, AccountDisabledError):
        raise ContractError(53, "Invalid token.") from None
    return done({"token": begun.token})


@router.post("/logout")
def logout(identity: ContractIdentity, dock: CurrentDock) -> JSONResponse:
    """End the session: its token does not work any more."""
    dock.sessions.logout(identity)
    return done(message="Logout success.")


@router.post("/get_role")
def get_role(identity: ContractIdentity) -> JSONResponse:
    """Return the role as a number."""
    return done({"role": int(identity.role)})
