# noqa: INP001  # a script, no module
"""Write what the documentation tells of the dock server from the server itself.

The table of settings in docs/dock.md, docs/dock-cli.md and docs/openapi.json. Run
``python docs/make_dock_reference.py`` after a change of settings, commands or the API; a test tells when that was
forgotten.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from beimingwu.app import create_app
from beimingwu.metrics import Metrics
from beimingwu.services.dock import Dock, open_database
from beimingwu.settings import Settings

DOCS = Path(__file__).parent
GUIDE = DOCS / "dock.md"
COMMANDS = DOCS / "dock-cli.md"
OPENAPI = DOCS / "openapi.json"
_BEGIN, _END = "<!-- settings: written by docs/make_dock_reference.py -->", "<!-- end of settings -->"
_NOTE = (
    "<!-- Written by docs/make_dock_reference.py. Change the commands in src/beimingwu/cli and run it again. -->\n\n"
)


def settings_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| setting | default | what it is |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        if name == "data_dir":
            default = "the user's data folder"
        elif field.default is None:
            default = "none"
        else:
            value = getattr(field.default, "get_secret_value", lambda value=field.default: value)()
            default = f"`{','.join(value) if isinstance(value, tuple) else value}`"
        lines.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(lines)


def guide() -> str:
    """Return docs/dock.md with the settings of this version."""
    before, _, rest = GUIDE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{settings_table()}\n\n{_END}{after}"


def commands() -> str:
    """Return the reference of the command as Markdown."""
    command = [sys.executable, "-m", "typer", "beimingwu.cli._app", "utils", "docs", "--name", "beimingwu"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")  # noqa: S603  # this
    return _NOTE + done.stdout.strip() + "\n"


def openapi() -> str:
    """Return the description of ``/api/v1``."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=f"sqlite:///{folder}/dock.sqlite3")
        dock = Dock(settings, open_database(settings))
        try:
            described = create_app(dock, Metrics()).openapi()
        finally:
            dock.close()
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GUIDE.write_text(guide(), encoding="utf-8")
    COMMANDS.write_text(commands(), encoding="utf-8")
    OPENAPI.write_text(openapi(), encoding="utf-8")
