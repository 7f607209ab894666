"""The `beimingwu` command."""

import sys
from importlib.util import find_spec

__all__ = ["main"]

# Modules of the distributions of the extra "server" that a command cannot do without.
_NEEDED = {
    "alembic": "alembic",
    "argon2": "argon2-cffi",
    "fastapi": "fastapi",
    "prometheus_client": "prometheus-client",
    "psycopg": "psycopg",
    "pydantic_settings": "pydantic-settings",
    "sqlalchemy": "sqlalchemy",
    "structlog": "structlog",
    "uvicorn": "uvicorn",
}


def main() -> None:
    """Run the `beimingwu` command."""
    missing = next((package for module, package in _NEEDED.items() if find_spec(module) is None), None)
    if missing is not None:
        from learnware.errors import MissingDependencyError

        error = MissingDependencyError(missing, purpose="to run a learnware dock", extra="server")
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # the edge of the process
        sys.exit(1)
    from beimingwu.cli._app import run

    run()
