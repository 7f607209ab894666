# noqa: INP001  # a script, no module
"""Write docs/cli.md, the reference of the `learnware` command, from the command itself.

Run ``python docs/make_cli_reference.py`` after a change of the commands; a test tells when that was forgotten.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("cli.md")
_NOTE = "<!-- Written by docs/make_cli_reference.py. Change the commands in src/learnware/cli and run it again. -->\n\n"


def reference() -> str:
    """Return the page as Markdown."""
    command = [sys.executable, "-m", "typer", "learnware.cli._app", "utils", "docs", "--name", "learnware"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")  # noqa: S603  # this
    return _NOTE + done.stdout.strip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
