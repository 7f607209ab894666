"""The log of the server: one line an event, as text or JSON, with the id of the request it belongs to."""

from __future__ import annotations

import logging
import sys
from textwrap import indent
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["configure_logs"]


class _Readable:
    """Puts the text of a mail below the line of its event, for whoever copies a code or a link out of it."""

    def __init__(self, line: structlog.dev.ConsoleRenderer) -> None:
        self._line = line

    def __call__(self, logger: object, method: str, event: structlog.typing.EventDict) -> str:
        text = event.pop("text", None) if event.get("event") == "mail" else None
        line = str(self._line(logger, method, event))
        if text is None:
            return line
        # Indented, so that no text looks like an event, and without what terminals obey.
        shown = "".join(one if one.isprintable() or one == "\n" else "?" for one in str(text).strip())
        return f"{line}\n{indent(shown, '    ', lambda _: True)}"


def configure_logs(settings: Settings, *, process: int | None = None) -> None:
    """Send the events of this process, those of the libraries included, to standard error.

    Parameters
    ----------
    settings : Settings
    process : int, optional
        Number of this process among those of a server; each event tells it.
    """
    as_json = settings.log_format == "json" or (settings.log_format is None and settings.production)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if process is not None:

        def told(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
            event["process"] = process
            return event

        shared.append(told)
    if as_json:
        last: list[structlog.typing.Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    else:
        # Not rich's form of tracebacks: it shows the values of variables, and those are passwords and tokens.
        last = [
            _Readable(
                structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
                )
            )
        ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Alembic tells of every step; what migrates says it in a line of its own.
    logging.getLogger("alembic").setLevel(logging.WARNING)
