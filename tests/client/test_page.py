"""The programs of docs/client.md run, one after the other, against a real dock."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.dock import learnwares
from tests.live_dock import live_dock

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client.md"
PRINTED = """\
['00000001'] [0…]
[] None
False One learnware fits best (similarity 0…).
(300,)
SUCCESS
[2, 1]
True
404 not-found
"""


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("house-prices", "house-prices-2"), 30):
        learnwares.package(tmp_path, name="prices of houses", centre=300.0, seed=seed).rename(f"{name}.zip")
    with live_dock(tmp_path / "dock") as dock, contextlib.redirect_stdout(io.StringIO()) as printed:
        learnwares.publish_learnware(dock, "grace", name="around the origin")
        monkeypatch.setenv("LEARNWARE_BACKEND_HOST", dock.url)
        monkeypatch.setenv("LEARNWARE_TOKEN", dock.token())
        names: dict[str, object] = {}
        try:
            for block in blocks:
                # Of all of them, one waits for a worker; it works on nothing else.
                with dock.working() if "wait(" in block else contextlib.nullcontext():
                    exec(block, names)
        finally:
            for client in ("client", "offline"):
                if client in names:
                    names[client].cleanup()  # type: ignore[attr-defined]
    pattern = re.escape(PRINTED).replace("…", r"[0-9.]*")
    assert re.fullmatch(pattern, printed.getvalue()), printed.getvalue()
