"""`beimingwu token`: API tokens."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from beimingwu.cli._command import Operator, dock_command

if TYPE_CHECKING:
    from beimingwu.services.tokens import TokenInfo

__all__ = ["register"]

_USER = typer.Argument(metavar="USER", help="E-mail address or user name.", show_default=False)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="token", help="API tokens of accounts.", no_args_is_help=True)
    dock_command(
        group,
        "create",
        "beimingwu token create ada@example.org",
        "beimingwu token create root@example.org --scope read --scope admin --days 30",
    )(_create)
    dock_command(group, "list", "beimingwu token list ada@example.org")(_list)
    dock_command(group, "revoke", "beimingwu token revoke ada@example.org 3")(_revoke)
    app.add_typer(group)


def _create(
    operator: Operator,
    user: Annotated[str, _USER],
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "command line",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it may do: read, submit, admin; read and submit if not given. Repeatable."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", help="How many days it works; until it is revoked if not given.")
    ] = None,
) -> None:
    """Make an API token and print it, and nothing else. It is shown this once."""
    with operator.dock() as dock:
        made = dock.tokens.create_for(
            dock.users.find(user).user_id, name, scope or ("read", "submit"), expires_in_days=days
        )
    operator.session.show({"token": made.token, **_document(made.info)}, made.token)


def _list(operator: Operator, user: Annotated[str, _USER]) -> None:
    """List the API tokens of an account."""
    from learnware.cli._render import tabulate

    with operator.dock() as dock:
        tokens = dock.tokens.of(dock.users.find(user).user_id)
    rows = [
        (
            one.token_id,
            one.name,
            one.shown[:8] + "…",
            ", ".join(one.scopes),
            _day(one.expires_at),
            _day(one.last_used_at),
        )
        for one in tokens
    ]
    operator.session.show(
        {"tokens": [_document(one) for one in tokens]},
        tabulate([">id", "name", "token", "scopes", "expires", "last used"], rows),
    )


def _revoke(
    operator: Operator,
    user: Annotated[str, _USER],
    token_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number in the list.", show_default=False)],
) -> None:
    """End an API token and the sessions that began with it."""
    with operator.dock() as dock:
        account = dock.users.find(user)
        dock.tokens.revoke_of(account.user_id, token_id)
    operator.session.show({"revoked": token_id}, f"Token {token_id} of {account.email} does not work any more.")


def _day(at: Any) -> str:
    return "never" if at is None else at.strftime("%Y-%m-%d")


def _document(one: "TokenInfo") -> dict[str, Any]:
    return {
        "token_id": one.token_id,
        "name": one.name,
        "shown": one.shown,
        "scopes": list(one.scopes),
        "created_at": one.created_at.isoformat(),
        "expires_at": one.expires_at.isoformat() if one.expires_at else None,
        "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
    }
