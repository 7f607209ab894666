"""What commands about docks share: which dock, who asks, and following a verification."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import Session

if TYPE_CHECKING:
    from learnware.client import DockConnection

__all__ = [
    "DOCK_PANEL",
    "DockIdArgument",
    "HostOption",
    "OfflineOption",
    "WaitOption",
    "follow",
    "labelled",
    "open_dock",
    "verdict",
]

DOCK_PANEL = "Commands for docks"
_VERIFIED = "SUCCESS"
_STATES = {
    "WAITING": "waits for verification",
    "QUEUE": "is about to be verified",
    "PROCESSING": "is being verified",
    "SUCCESS": "verified",
    "FAIL": "refused",
}

HostOption = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="HOST",
        help="Address of the dock; the variable LEARNWARE_BACKEND_HOST, else the dock of the last learnware login, "
        "else http://127.0.0.1:8088/api, if not given.",
    ),
]
OfflineOption = Annotated[
    bool,
    typer.Option("--offline", help="Take packages from the cache, as they were when they were last asked for."),
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Follow the verification, and end with exit code 1 if it is refused.")
]
DockIdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of a learnware of the dock.", show_default=False)]


@contextmanager
def open_dock(session: Session, host: str | None, *, offline: bool = False) -> Iterator["DockConnection"]:
    """Give a connection to the dock, as who is logged in there."""
    from learnware.client import DockConnection

    # Without a function of its own, a transfer shows a bar on a terminal.
    connection = DockConnection(host, offline=offline, on_transfer=None if session.talks else lambda _: None)
    try:
        if not offline:
            connection.resume_login()
        yield connection
    finally:
        connection.close()


def follow(session: Session, dock: "DockConnection", learnware_id: str, number: int) -> dict[str, Any]:
    """Show the log of a verification as it is written, and return how it ended."""
    from learnware.cli._render import clean

    def tell(line: str) -> None:
        if not session.json:
            session.err.print(f"  {clean(line)}", style="dim", markup=False, soft_wrap=True)

    def state(status: str) -> None:
        tell(_STATES.get(status, status))

    return dock.wait(learnware_id, number, on_line=tell, on_status=state)


def verdict(learnware: dict[str, Any], verification: dict[str, Any] | None) -> tuple[str, bool]:
    """Return in words how a submission stands, and whether that is well."""
    learnware_id, newest = learnware["learnware_id"], learnware["newest_version"]
    version = "" if newest["number"] == 1 else f", version {newest['number']},"
    if verification is None:
        return f"{learnware_id}{version} is submitted, and waits for verification: learnware show {learnware_id}", True
    if verification["status"] == _VERIFIED:
        return f"{learnware_id}{version} is verified; everybody finds it", True
    report = verification.get("report") or {}
    wrong = [
        f"{one.get('part')}: {one.get('message')}"
        for one in report.get("findings") or ()
        if isinstance(one, dict) and one.get("status") in {"wrong", "not checked"}
    ]
    return f"{learnware_id}{version} is refused: {'; '.join(wrong) or 'the log says why'}", False


def labelled(learnware: dict[str, Any]) -> str:
    """Return the state of a learnware, in words."""
    if learnware["withdrawn"]:
        return "withdrawn"
    words = _STATES.get(learnware["status"], str(learnware["status"]))
    if learnware["verified"] and learnware["status"] != _VERIFIED:
        return f"verified; a newer version {words if words.startswith(('is ', 'waits ')) else 'is ' + words}"
    return words
