"""`learnware upload | update | delete | withdraw | restore`: one's own learnwares on a dock."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._check import SemanticOption, read_semantic
from learnware.cli._command import Session, command
from learnware.cli._docks import DOCK_PANEL, DockIdArgument, HostOption, WaitOption, follow, open_dock, verdict
from learnware.errors import DockError, DockProblemError

if TYPE_CHECKING:
    from learnware.client import DockConnection

__all__ = ["register"]

_NOT_FOUND = 404


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    command(
        app, "upload", "learnware upload house-prices.zip --wait", "learnware upload old.zip --semantic old.json",
        panel=DOCK_PANEL,
    )(upload)  # fmt: skip
    command(
        app, "update", "learnware update 00000017 house-prices.zip --wait",
        "learnware update 00000017 --semantic words.json", panel=DOCK_PANEL,
    )(update)  # fmt: skip
    command(app, "withdraw", "learnware withdraw 00000017", panel=DOCK_PANEL)(withdraw)
    command(app, "restore", "learnware restore 00000017", panel=DOCK_PANEL)(restore)
    command(app, "delete", "learnware delete 00000017", "learnware delete 00000017 00000018 --yes", panel=DOCK_PANEL)(
        delete
    )


def upload(
    session: Session,
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="Learnware package (.zip).", show_default=False)],
    *,
    semantic: SemanticOption = None,
    wait: WaitOption = False,
    host: HostOption = None,
) -> None:
    """Submit a package to a dock as a new learnware.

    The dock verifies it, and everybody finds it then. An upload that is broken off goes on where it was when the
    command is run again.
    """
    with open_dock(session, host) as dock:
        _told(session, dock, dock.submit(package, read_semantic(package, semantic)), wait=wait)


def update(
    session: Session,
    learnware_id: DockIdArgument,
    package: Annotated[
        Path | None,
        typer.Argument(metavar="PACKAGE", help="Another package (.zip); as it was if not given.", show_default=False),
    ] = None,
    *,
    semantic: SemanticOption = None,
    wait: WaitOption = False,
    host: HostOption = None,
) -> None:
    """Submit a new version of a learnware: another package, other words and tags, or both.

    The version before it serves until the new one is verified.
    """
    if package is None and semantic is None:
        raise typer.BadParameter("nothing to update: give a PACKAGE, --semantic, or both")
    words = read_semantic(Path() if package is None else package, semantic)
    with open_dock(session, host) as dock:
        _told(session, dock, dock.submit_version(learnware_id, package, words), wait=wait)


def _told(session: Session, dock: Any, learnware: dict[str, Any], *, wait: bool) -> None:
    """Tell what has become of a submission."""
    verification = None
    if wait:
        verification = follow(session, dock, learnware["learnware_id"], learnware["newest_version"]["number"])
        learnware = dock.learnware(learnware["learnware_id"])
    words, well = verdict(learnware, verification)
    document = {"host": dock.host, "learnware": learnware, "verification": verification}
    if well or session.json:
        session.show(document, words)
    else:
        from learnware.cli._render import clean

        session.err.print(f"error: {clean(words)}", style="red", markup=False, soft_wrap=True)
    if not well:
        raise typer.Exit(1)


def withdraw(session: Session, learnware_id: DockIdArgument, *, host: HostOption = None) -> None:
    """Take a learnware of yours out of lists and searches; `learnware restore` undoes it."""
    with open_dock(session, host) as dock:
        dock.withdraw(learnware_id)
    session.show({"host": dock.host, "withdrawn": learnware_id}, f"{learnware_id} is withdrawn from {dock.host}")


def restore(session: Session, learnware_id: DockIdArgument, *, host: HostOption = None) -> None:
    """Put a learnware of yours that was withdrawn back into lists and searches."""
    with open_dock(session, host) as dock:
        dock.restore(learnware_id)
    session.show({"host": dock.host, "restored": learnware_id}, f"{learnware_id} is back on {dock.host}")


def delete(
    session: Session,
    learnware_ids: Annotated[
        list[str], typer.Argument(metavar="ID", help="Ids of learnwares of the dock.", show_default=False)
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    host: HostOption = None,
) -> None:
    """Delete learnwares of yours from a dock, with all of their versions, for good."""
    from learnware.cli._render import clean, count

    ids = list(dict.fromkeys(learnware_ids))
    with open_dock(session, host) as dock:
        known = _known(dock, ids)
        if not yes:
            if not session.asks:
                raise typer.BadParameter("there is no terminal to ask on; say --yes to delete without asking")
            for learnware in known:
                session.err.print(f"{learnware['learnware_id']}  {clean(learnware['name'])}")
            if not typer.confirm(f"Delete {count(len(ids), 'learnware')} from {dock.host} for good?", err=True):
                raise typer.Abort
        for i, learnware_id in enumerate(ids):
            _delete(dock, learnware_id, ids[:i])
    session.show({"host": dock.host, "deleted": ids}, f"{count(len(ids), 'learnware')} deleted from {dock.host}")


def _known(dock: "DockConnection", ids: list[str]) -> list[dict[str, Any]]:
    """Return what a dock knows of learnwares.

    Raises
    ------
    DockProblemError
        If it does not know some of them; it names them all.
    """
    found = {learnware_id: _look(dock, learnware_id) for learnware_id in ids}
    unknown = [learnware_id for learnware_id, learnware in found.items() if learnware is None]
    if unknown:
        raise DockProblemError(
            f"{dock.host} has no learnware {', '.join(unknown)} that you may see; {_deleted([])}",
            status=_NOT_FOUND,
            problem="not-found",
        )
    return [learnware for learnware in found.values() if learnware is not None]


def _look(dock: "DockConnection", learnware_id: str) -> dict[str, Any] | None:
    try:
        return dock.learnware(learnware_id)
    except DockProblemError as error:
        if error.status != _NOT_FOUND:
            raise
        return None


def _delete(dock: "DockConnection", learnware_id: str, before: list[str]) -> None:
    try:
        dock.delete(learnware_id)
    except DockError as error:
        # The kind of error and what it knows stay; with several, the words have to say which.
        error.args = (f"{learnware_id}: {error}; {_deleted(before)}",)
        raise


def _deleted(ids: list[str]) -> str:
    return f"deleted before: {', '.join(ids)}" if ids else "nothing was deleted"
