"""`beimingwu worker`."""

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from beimingwu.cli._command import Operator, dock_command

if TYPE_CHECKING:
    from beimingwu.orders import Orders
    from beimingwu.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    dock_command(
        app,
        "worker",
        "beimingwu worker --data-dir ./dock",
        "BEIMINGWU_DATABASE_URL=postgresql://… beimingwu worker --concurrency 4",
    )(_worker)


def _worker(
    operator: Operator,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Verifications at a time, each in its own process.")
    ] = 1,
    once: Annotated[bool, typer.Option("--once", help="End when nothing waits to be verified.")] = False,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="Name of the worker in logs; made up if not given. Two workers must not have the same.",
        ),
    ] = None,
    end_with_input: Annotated[
        bool, typer.Option("--end-with-input", help="End when standard input does: with the process that holds it.")
    ] = False,
) -> None:
    """Verify what was submitted, until the process is told to stop.

    Any number of workers may run, on any machines that reach the database and the store. One that is told to stop gives
    back what it works on; what one that was killed had is taken over by another.
    """
    from beimingwu.logs import configure_logs
    from beimingwu.orders import Orders
    from beimingwu.processes import follow_input

    settings = operator.settings()
    configure_logs(settings)
    stop = threading.Event()
    if end_with_input:
        follow_input(stop.set, settings.shutdown_seconds)
    with Orders() as orders:
        orders.follow(stop.set)
        if concurrency == 1:
            _work(settings, name, stop, once)
        else:
            _supervise(settings, name, stop, once, concurrency, orders)


def _work(settings: "Settings", name: str | None, stop: threading.Event, once: bool) -> None:
    from beimingwu.services.dock import Dock, open_database
    from beimingwu.worker.scratch import scratch_folder
    from beimingwu.worker.worker import Worker, new_name

    with scratch_folder(settings.data_dir / "workers"), closing(Dock(settings, open_database(settings))) as dock:
        Worker(dock, name or new_name(), stop=stop).run(once=once)


def _supervise(
    settings: "Settings", name: str | None, stop: threading.Event, once: bool, concurrency: int, orders: "Orders"
) -> None:
    from beimingwu.worker.pool import WorkerPool

    pool = WorkerPool(settings, concurrency, once=once, name=name)
    orders.at_once(pool.kill)
    pool.start()

    def finish() -> None:
        pool.wait()
        stop.set()

    threading.Thread(target=finish, daemon=True).start()
    stop.wait()
    pool.stop()
