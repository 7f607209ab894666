"""Serving a dock as its settings say."""

from __future__ import annotations

import gc
import socket
from typing import TYPE_CHECKING

from beimingwu.processes import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.orders import Orders
    from beimingwu.settings import Settings

__all__ = ["process_count", "run_server"]

_MOST_PROCESSES = 4


def process_count(settings: Settings) -> int:
    """Return how many processes answer requests: what the settings say, or as many as there are cores, four at most.

    One where connections cannot be handed to another process, as on Windows.
    """
    if not hasattr(socket, "send_fds"):
        return 1
    return settings.server_processes or min(_MOST_PROCESSES, available_cores())


def run_server(settings: Settings, orders: Orders, *, migrate: bool = False, started: Callable[[str], None]) -> None:
    """Serve a dock until this process is told to stop; requests that are running then are finished.

    Parameters
    ----------
    settings : Settings
    orders : Orders
        Entered; they tell when to stop.
    migrate : bool, default=False
        Whether to bring the database up to date first, also where that is for the operator.
    started : callable
        Told the address once requests are answered.

    Raises
    ------
    ServiceError
        If the settings, the database or the address keep it from answering.
    OSError
        If the address cannot be listened on.
    """
    from beimingwu.logs import configure_logs

    configure_logs(settings)
    count = process_count(settings)
    if count > 1:
        from beimingwu.serving.parent import serve_with_processes

        serve_with_processes(settings, count, orders, migrate=migrate, started=started)
        return
    # See `child.main`.
    gc.disable()
    try:
        from beimingwu.metrics import Metrics
        from beimingwu.services.dock import Dock, open_database
        from beimingwu.serving.listening import listen, with_web_address
        from beimingwu.serving.server import serve

        with listen(settings) as listening:
            settings = with_web_address(settings, listening)
            metrics = Metrics()
            dock = Dock(settings, open_database(settings, migrated=migrate), count_mail=metrics.count_mail)
            serve(dock, metrics, listening, started=started)
    finally:
        # Also where it never came to answering: whoever has called this goes on.
        gc.enable()
