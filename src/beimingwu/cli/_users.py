"""`beimingwu user`: accounts."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beimingwu.cli._command import Operator, dock_command

if TYPE_CHECKING:
    from beimingwu.services.views import Account

__all__ = ["register"]

_USER = typer.Argument(metavar="USER", help="E-mail address or user name.", show_default=False)
_ROLES = "user, admin or super-admin"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="user", help="Accounts of the dock.", no_args_is_help=True)
    dock_command(
        group,
        "create",
        "beimingwu user create ada@example.org --username ada --verified",
        "beimingwu user create root@example.org --username root --role super-admin --verified",
    )(_create)
    dock_command(group, "role", "beimingwu user role ada@example.org admin")(_role)
    dock_command(group, "disable", "beimingwu user disable ada@example.org")(_disable)
    dock_command(group, "enable", "beimingwu user enable ada@example.org")(_enable)
    dock_command(group, "list", "beimingwu user list --json")(_list)
    app.add_typer(group)


def _create(
    operator: Operator,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address.", show_default=False)],
    username: Annotated[str, typer.Option("--username", help="User name.", show_default=False)],
    password: Annotated[
        str | None,
        typer.Option("--password", help="Password; asked for, or read from standard input, if not given."),
    ] = None,
    role: Annotated[str, typer.Option("--role", help=f"Role: {_ROLES}.")] = "user",
    verified: Annotated[
        bool, typer.Option("--verified", help="Take the e-mail address as confirmed: the account can be used at once.")
    ] = False,
    language: Annotated[str, typer.Option("--language", help="Language of its mails: en or zh.")] = "en",
) -> None:
    """Make an account. Without --verified, a mail asks to confirm its address."""
    from beimingwu.messages import LANGUAGES
    from beimingwu.services.identity import Role

    try:
        wanted = Role.parse(role)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--role") from None
    if language not in LANGUAGES:
        raise typer.BadParameter(f"there is no language {language!r}: en or zh", param_hint="--language")
    with operator.dock() as dock:
        given = password if password is not None else _ask_password(operator)
        account = dock.users.create(email, username, given, role=wanted, verified=verified, language=language)
    _show(operator, account, "made" if verified else "made; a mail asks to confirm its address")


def _role(
    operator: Operator,
    user: Annotated[str, _USER],
    role: Annotated[str, typer.Argument(metavar="ROLE", help=f"{_ROLES}.", show_default=False)],
) -> None:
    """Give an account a role."""
    from beimingwu.services.identity import Role

    try:
        wanted = Role.parse(role)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="ROLE") from None
    with operator.dock() as dock:
        account = dock.users.set_role(dock.users.find(user).user_id, wanted)
    _show(operator, account, f"has the role {account.role.label} now")


def _disable(operator: Operator, user: Annotated[str, _USER]) -> None:
    """Keep an account from being used: its sessions end, its tokens do not work."""
    with operator.dock() as dock:
        account = dock.users.disable(dock.users.find(user).user_id)
    _show(operator, account, "is disabled")


def _enable(operator: Operator, user: Annotated[str, _USER]) -> None:
    """Let a disabled account be used again."""
    with operator.dock() as dock:
        account = dock.users.enable(dock.users.find(user).user_id)
    _show(operator, account, "can be used again")


def _list(operator: Operator) -> None:
    """List all accounts."""
    from learnware.cli._render import tabulate

    with operator.dock() as dock:
        accounts = dock.users.all()
    rows = [
        (account.user_id, account.email, account.username, account.role.label, _state(account)) for account in accounts
    ]
    operator.session.show(
        {"users": [_document(account) for account in accounts]},
        tabulate([">id", "e-mail address", "user name", "role", "state"], rows),
    )


def _ask_password(operator: Operator) -> str:
    if operator.session.asks:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _state(account: "Account") -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "active" if account.confirmed_at is not None else "not confirmed"


def _document(account: "Account") -> dict[str, Any]:
    return {
        "user_id": account.user_id,
        "username": account.username,
        "email": account.email,
        "role": account.role.label,
        "language": account.language,
        "state": _state(account),
        "created_at": account.created_at.isoformat(),
        "last_login_at": account.last_login_at.isoformat() if account.last_login_at else None,
    }


def _show(operator: Operator, account: "Account", what: str) -> None:
    operator.session.show(
        _document(account), f"Account {account.user_id}, {account.username} <{account.email}>: {what}."
    )
