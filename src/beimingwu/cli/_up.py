"""`beimingwu up`."""

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from beimingwu.cli._command import Operator, Processes, dock_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.services.dock import Dock
    from beimingwu.settings import Settings

__all__ = ["register", "run_dock", "usual_workers"]

_MOST_WORKERS = 4


def register(app: typer.Typer) -> None:
    """Add the command."""
    dock_command(app, "up", "beimingwu up", "beimingwu up --data-dir ./dock --workers 4 --port 9000")(_up)


def _up(
    operator: Operator,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=0, max=256, help="Workers that verify; half as many as there are cores, if not given."
        ),
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 if not given.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on; 8088 if not given, 0 takes a free one.")
    ] = None,
    processes: Processes = None,
    mode: Annotated[
        Literal["development", "production"] | None,
        typer.Option("--mode", help="'production' refuses what is only good on one's own machine."),
    ] = None,
) -> None:
    """Run a whole dock: bring the database up to date, serve, and verify what is submitted.

    It ends in an orderly way when it is told to stop (Ctrl-C, SIGTERM): running requests are finished, and workers give
    back what they work on. A worker that dies is started again; workers never outlive this process.
    """
    settings = operator.settings(host=host, port=port, mode=mode, server_processes=processes)
    count = workers if workers is not None else usual_workers()

    def started(address: str) -> None:
        operator.session.show(
            {"address": address, "workers": count, "data_dir": str(settings.data_dir)},
            f"The dock is at {address}, with {count} worker{'' if count == 1 else 's'}; its data: {settings.data_dir}",
        )

    run_dock(settings, count, started=started)


def run_dock(
    settings: "Settings",
    workers: int,
    *,
    prepare: "Callable[[Dock], None] | None" = None,
    started: "Callable[[str], None]",
    ending: "Callable[[], None]" = lambda: None,
) -> None:
    """Run a dock until this process is told to stop.

    Parameters
    ----------
    settings : Settings
    workers : int
    prepare : callable, optional
        Given the dock before it serves.
    started : callable
        Told the address once requests are answered.
    ending : callable, optional
        Called when the server has ended, before the workers do.
    """
    from beimingwu.orders import Orders
    from beimingwu.serving.run import run_server

    if prepare is not None:
        _prepare(settings, prepare)

    def answers(address: str) -> None:
        from beimingwu.worker.pool import WorkerPool

        pool = WorkerPool(settings, workers)
        orders.at_once(pool.kill)
        pool.start()
        running.callback(pool.stop)
        running.callback(ending)
        started(address)

    with Orders() as orders, ExitStack() as running:
        run_server(settings, orders, migrate=True, started=answers)


def _prepare(settings: "Settings", prepare: "Callable[[Dock], None]") -> None:
    from beimingwu.logs import configure_logs
    from beimingwu.services.dock import Dock, open_database
    from beimingwu.serving.listening import listen

    # Where nobody can be served, nothing is made.
    listen(settings).close()
    configure_logs(settings)
    with closing(Dock(settings, open_database(settings, migrated=True))) as dock:
        prepare(dock)


def usual_workers() -> int:
    """Return how many workers suit this machine: half as many as it has cores."""
    from beimingwu.processes import available_cores

    return max(1, min(_MOST_WORKERS, available_cores() // 2))
