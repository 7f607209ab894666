"""``/api/user``: one's account and API tokens, by the published contract."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from beimingwu.api.compat.auth import digest_in
from beimingwu.api.compat.envelope import ContractError, ContractIdentity, JsonBody, done, text_of
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.errors import InvalidCredentialsError, NotFoundError

__all__ = ["router"]

router = APIRouter(prefix="/api/user", include_in_schema=False)

_NAME = "made in the web app"
_SCOPES = ("read", "submit")


@router.post("/profile")
def profile(identity: ContractIdentity, dock: CurrentDock) -> JSONResponse:
    """Return the account that asks."""
    account = dock.accounts.profile(identity)
    return done(
        {
            "user_id": account.user_id,
            "username": account.username,
            "email": account.email,
            "role": int(account.role),
        }
    )


@router.post("/change_password")
def change_password(
    identity: ContractIdentity, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Set another password, both as MD5; the other sessions end."""
    old, new = digest_in(body, "old_password"), digest_in(body, "new_password")
    try:
        dock.accounts.change_password_digest(identity, old, new, origin)
    except InvalidCredentialsError:
        raise ContractError(52, "Incorrect password.") from None
    return done(message="Update success")


@router.post("/create_token")
def create_token(identity: ContractIdentity, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Make an API token that reads and submits, until it is revoked; it is shown this once."""
    made = dock.tokens.create(identity, _NAME, _SCOPES, origin, expires_in_days=None)
    return done({"token": made.token}, None)


@router.post("/list_token")
def list_token(identity: ContractIdentity, dock: CurrentDock) -> JSONResponse:
    """Return what may be shown of the tokens: the first eight digits and stars, 32 characters in all."""
    return done({"token_list": [one.shown for one in dock.tokens.mine(identity)]}, None)


@router.post("/delete_token")
def delete_token(identity: ContractIdentity, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Revoke a token, given itself or as `list_token` shows it; one that is gone already is a success, too."""
    (token,) = text_of(body, "token")
    try:
        dock.tokens.revoke_listed(identity, token, origin)
    except NotFoundError:
        return done()
    return done()
