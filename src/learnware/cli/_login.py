"""`learnware login | logout`: who asks a dock."""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from learnware.cli._command import Session, command
from learnware.cli._docks import DOCK_PANEL

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["register"]

HostArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="HOST",
        help="Address of the dock, e.g. https://dock.example.org; the one that commands speak to otherwise, if not "
        "given.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    command(
        app,
        "login",
        "learnware login https://dock.example.org",
        "learnware login https://dock.example.org --token-stdin < token.txt",
        panel=DOCK_PANEL,
    )(login)
    command(app, "logout", "learnware logout", "learnware logout https://dock.example.org", panel=DOCK_PANEL)(logout)


def login(
    session: Session,
    host: HostArgument = None,
    *,
    email: Annotated[
        str | None, typer.Option("--email", metavar="ADDRESS", help="Address of the account; asked for with passwords.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TOKEN",
            envvar="LEARNWARE_TOKEN",
            show_envvar=True,
            help="An API token. Others on this machine may see it in the list of processes: better use --token-stdin.",
        ),
    ] = None,
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")] = False,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the password from standard input, and make a token with it; the password is not kept.",
        ),
    ] = False,
) -> None:
    """Log in to a dock, which commands and programs speak to from now on.

    With an API token, or with the password, which makes one that works for a year. The token is kept in a file that
    only you can read. What is missing is asked for on a terminal.
    """
    from learnware.client import DockConnection
    from learnware.client._addresses import find_address
    from learnware.client._credentials import Credentials, keep_credentials

    if sum((token_stdin, password_stdin)) > 1:
        raise typer.BadParameter("standard input has either the token or the password")
    dock = DockConnection(find_address(host).host)
    if not dock.is_private:
        session.warn(f"{dock.host} has no encryption: whoever is on the way can read the token")
    with _no_advice():
        if token_stdin:
            token = _line()
        elif password_stdin:
            if email is None:
                raise typer.BadParameter("a password is that of an account: give --email")
            token = dock.create_token(email, _line(), _name())
        elif token is None:
            if not session.asks:
                raise typer.BadParameter("there is no terminal to ask on; give the token with --token-stdin")
            email = email or typer.prompt("E-mail address of your account", err=True)
            token = typer.prompt(
                "API token (Enter alone: log in with the password)",
                err=True,
                hide_input=True,
                default="",
                show_default=False,
            )
            token = token or dock.create_token(email, typer.prompt("Password", err=True, hide_input=True), _name())
        account = dock.login(email, token)
    keep_credentials(dock.host, Credentials(account["email"], token.strip()))
    dock.close()
    session.show(
        {"host": dock.host, "email": account["email"], "username": account["username"], "role": account["role"]},
        f"logged in to {dock.host} as {account['username']} ({account['email']})",
    )


def logout(session: Session, host: HostArgument = None) -> None:
    """Forget the login to a dock. The token itself works until it is revoked or ends."""
    from learnware.client._addresses import find_address
    from learnware.client._credentials import forget_credentials

    address = find_address(host).host
    forgotten = forget_credentials(address)
    words = f"the login to {address} is forgotten" if forgotten else f"there was no login to {address}"
    session.show({"host": address, "forgotten": forgotten}, words)


@contextmanager
def _no_advice() -> "Iterator[None]":
    """Leave out of refusals how to log in: whoever reads them is at it."""
    from learnware.client._problems import HOW_TO_LOG_IN
    from learnware.errors import NotLoggedInError

    try:
        yield
    except NotLoggedInError as error:
        error.args = (str(error).removesuffix(f"; {HOW_TO_LOG_IN}"),)
        raise


def _line() -> str:
    return sys.stdin.readline().strip()


def _name() -> str:
    """Return what the account will call the token."""
    import platform

    return f"learnware on {platform.node() or 'a computer'}"[:64]
