"""`beimingwu demo`."""

import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beimingwu.cli._command import Operator, dock_command
from beimingwu.cli._up import run_dock, usual_workers

if TYPE_CHECKING:
    from beimingwu.demo.fill import Filling, Outcome
    from beimingwu.demo.people import Person
    from beimingwu.services.dock import Dock
    from beimingwu.settings import Settings

__all__ = ["register"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def register(app: typer.Typer) -> None:
    """Add the command."""
    dock_command(app, "demo", "beimingwu demo", "beimingwu demo --learnwares ./zips --data-dir ./demo")(_demo)


def _demo(
    operator: Operator,
    learnwares: Annotated[
        list[Path] | None,
        typer.Option(
            "--learnwares",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Submit the packages of this folder, too. Repeatable.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=256, help="Workers; half as many as there are cores, if not given."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on; 8088 if not given, 0 takes a free one.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--exit", help="End when everything is verified; with 1 if something was refused.")
    ] = False,
) -> None:
    """Run a dock to try things on, on this machine only: with accounts and learnwares.

    It has an administrator, two developers and a user, whose passwords and tokens are printed, and learnwares for iris,
    handwritten digits, wines and a city's air, which are trained on the spot, submitted through the API and verified by
    a worker. Those of `--learnwares` follow. It serves until Ctrl-C. Started again, it goes on with what is there.
    Without `--data-dir` it is kept apart from a dock of your own.
    """
    from beimingwu.demo.people import provide_people

    settings = _settings(operator, port)
    people: list[Person] = []
    filling = _Background(operator, people, learnwares or [], once=once)

    def prepare(dock: "Dock") -> None:
        people.extend(provide_people(dock))

    run_dock(settings, workers or usual_workers(), prepare=prepare, started=filling.start, ending=filling.end)
    if once and (filling.error is not None or filling.outcome is None or filling.outcome.refused):
        raise typer.Exit(1)


class _Background:
    """The thread that submits while the dock serves."""

    def __init__(self, operator: Operator, people: "list[Person]", folders: list[Path], *, once: bool) -> None:
        self.outcome: Outcome | None = None
        self.error: Exception | None = None
        self._operator = operator
        self._people = people
        self._folders = folders
        self._once = once
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, address: str) -> None:
        """Show the accounts and begin."""
        rows = [(one.part, one.email, one.password, one.token) for one in self._people]
        self._operator.session.show(
            {"address": address, "people": [dict(zip(_FIELDS, row, strict=True)) for row in rows]},
            f"The dock is at {address}",
            *(f"{part}: {email}, password {password}\n  token {token}" for part, email, password, token in rows),
        )
        self._thread = threading.Thread(target=self._run, args=(address,), name="beimingwu-demo", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait until the thread has ended."""
        self._stop.set()
        if self._thread is not None and self._thread.is_alive() and not self._once:
            self._say("Ending, when the learnware in hand is done; what is missing comes with the next start.")
        if self._thread is not None:
            self._thread.join()

    def _run(self, address: str) -> None:
        from beimingwu.demo.fill import Filling
        from learnware.cli._command import words_of

        developers = [one for one in self._people if one.part == "developer"]
        try:
            filling = Filling(address, developers, say=self._say, stop=self._stop)
            try:
                self.outcome = self._fill(filling, address)
            finally:
                filling.close()
        except Exception as error:  # noqa: BLE001  # the edge of a thread
            self.error = error
            if not self._stop.is_set():
                self._say(f"error: {words_of(error)}")
        if self._once:
            os.kill(os.getpid(), signal.SIGTERM)

    def _fill(self, filling: "Filling", address: str) -> "Outcome":
        """Submit and wait: first for what is trained here, with which somebody can begin."""
        from beimingwu.demo.fill import packages_in
        from beimingwu.demo.trained import train_packages
        from learnware.cli._render import count

        if not filling.there:
            self._say(
                "Learnwares are trained, submitted and verified; the first takes longest: its packages are fetched."
            )
        with tempfile.TemporaryDirectory(prefix="beimingwu-demo-") as folder:
            filling.submit(train_packages(Path(folder), without=filling.there))
        outcome = filling.wait()
        if not self._stop.is_set() and not self._once:
            self._say(f"The demo is ready to be used: learnware list --host {address}    Ctrl-C ends it.")
        more = [one for given in self._folders for one in packages_in(given) if one.name not in filling.there]
        if more and not self._stop.is_set():
            self._say(f"Submitting {count(len(more), 'more learnware')} from the given folders.")
            filling.submit(more)
            outcome = filling.wait()
        if not self._stop.is_set():
            self._say(f"{outcome.verified} learnwares are verified, {len(outcome.refused)} were refused")
        return outcome

    def _say(self, words: str) -> None:
        from learnware.cli._render import clean

        self._operator.session.err.print(clean(words), markup=False, highlight=False, soft_wrap=True)


_FIELDS = ("part", "email", "password", "token")


def _settings(operator: Operator, port: int | None) -> "Settings":
    from platformdirs import user_data_path

    from beimingwu.errors import SettingsError
    from beimingwu.services.doctor import Level
    from beimingwu.services.doctor.machine import check_index

    settings = operator.settings(port=port)
    changes: dict[str, Any] = {}
    if settings.production or settings.host not in _LOOPBACK:
        raise SettingsError("passwords of a demo are printed, so it is for this machine only, in development mode")
    if settings.data_dir == user_data_path("beimingwu", appauthor=False):
        changes["data_dir"] = user_data_path("beimingwu-demo", appauthor=False)
    if settings.verify_in == "venv" and check_index(settings).level is Level.WRONG:
        operator.session.warn(
            "no package index can be reached, so models are tried in the worker's own environment (verify_in=current)"
        )
        changes["verify_in"] = "current"
    if "log_level" not in settings.model_fields_set:
        changes["log_level"] = "warning"
    return settings.model_copy(update=changes)
