"""What every command shares: where the dock is, and the way to its services.

The modules of commands do without ``from __future__ import annotations``: Typer reads annotations when the program
runs.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import COMMON_PANEL, Session
from learnware.cli._command import command as engine_command

if TYPE_CHECKING:
    from beimingwu.services.dock import Dock
    from beimingwu.settings import Settings

__all__ = ["Operator", "Processes", "dock_command"]

Processes = Annotated[
    int | None,
    typer.Option(
        "--processes",
        min=1,
        max=256,
        help="Processes that answer requests; as many as there are cores, four at most, if not given.",
    ),
]

_COMMON: dict[str, Any] = {
    "data_dir": Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            metavar="FOLDER",
            help="Folder that the dock keeps everything in; BEIMINGWU_DATA_DIR.",
            rich_help_panel=COMMON_PANEL,
        ),
    ],
    "database_url": Annotated[
        str | None,
        typer.Option(
            "--database-url",
            metavar="URL",
            help="Database, if it is not in that folder; BEIMINGWU_DATABASE_URL keeps passwords out of process lists.",
            rich_help_panel=COMMON_PANEL,
        ),
    ],
    "settings_file": Annotated[
        Path | None,
        typer.Option(
            "--settings",
            metavar="FILE",
            help="YAML file of settings; BEIMINGWU_SETTINGS.",
            rich_help_panel=COMMON_PANEL,
        ),
    ],
}


class Operator:
    """Somebody at the command line of the server's machine."""

    def __init__(self, session: Session, settings_file: Path | None, flags: dict[str, Any]) -> None:
        self.session = session
        self._settings_file = settings_file
        self._flags = flags

    def settings(self, **flags: Any) -> "Settings":
        """Return the settings; `flags` are those of this command."""
        from beimingwu.settings import load_settings

        return load_settings(self._settings_file, **self._flags, **flags)

    @contextmanager
    def dock(self) -> Iterator["Dock"]:
        """Give the services of the dock."""
        from beimingwu.services.dock import Dock, open_database

        settings = self.settings()
        dock = Dock(settings, open_database(settings))
        try:
            yield dock
        finally:
            dock.close()


def dock_command(group: typer.Typer, name: str, *lines: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function ``(operator, ...)`` a subcommand; see `learnware.cli._command.command`."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run(session: Session, **given: Any) -> None:
            flags = {option: given.pop(option) for option in ("data_dir", "database_url")}
            function(Operator(session, given.pop("settings_file"), flags), **given)

        session, *own = (
            inspect.Parameter("session", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *list(inspect.signature(function).parameters.values())[1:],
            *(
                inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=None)
                for option, kind in _COMMON.items()
            ),
        )
        run.__signature__ = inspect.Signature([session, *own])  # type: ignore[attr-defined]  # what Typer shows
        run.__doc__ = function.__doc__
        run.__name__ = function.__name__
        engine_command(group, name, *lines)(run)
        return function

    return register
