"""`beimingwu serve` and `beimingwu migrate`."""

from typing import Annotated, Literal

import typer

from beimingwu.cli._command import Operator, Processes, dock_command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dock_command(
        app,
        "serve",
        "beimingwu serve --data-dir ./dock",
        "BEIMINGWU_DATABASE_URL=postgresql://… beimingwu serve --host 0.0.0.0 --mode production",
    )(_serve)
    dock_command(app, "migrate", "beimingwu migrate", "beimingwu migrate --to 0001")(_migrate)


def _serve(
    operator: Operator,
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
    """Serve the API until the process is told to stop.

    The embedded database is made, or brought up to date, when the server starts. A PostgreSQL database is not: run
    `beimingwu migrate` first, once for all servers.
    """
    from beimingwu.orders import Orders
    from beimingwu.serving.run import process_count, run_server

    settings = operator.settings(host=host, port=port, mode=mode, server_processes=processes)

    def started(address: str) -> None:
        document = {"address": address, "processes": process_count(settings)}
        operator.session.show(document, f"The dock is at {address}")

    with Orders() as orders:
        run_server(settings, orders, started=started)


def _migrate(
    operator: Operator,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="REVISION", help="Revision to go to, up or down; the newest if not given."),
    ] = None,
) -> None:
    """Bring the database to the tables of this version.

    It happens in one transaction: it is done, or the database stays what it was. Going down loses data that the older
    tables have no place for.
    """
    from beimingwu.db.engine import Database
    from beimingwu.db.migrate import migrate
    from beimingwu.db.revision import current_revision

    settings = operator.settings()
    database = Database(settings.database_address)
    try:
        before = migrate(database, to)
        now = current_revision(database)
    finally:
        database.close()
    words = f"The database is at revision {now or 'none'}"
    operator.session.show(
        {"before": before, "revision": now}, f"{words}." if before == now else f"{words}; it was at {before or 'none'}."
    )
