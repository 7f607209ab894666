"""The web app in a browser: when pages are there, how evenly a long list scrolls, and what Lighthouse says.

``python -m benchmarks.web`` needs the built web app (`make build`), Chromium or Chrome, and the npm registry, from
which it fetches Lighthouse. It takes some five minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks._table import Row, machine, print_rows
from benchmarks.dock.rig import PASSWORD, bench_dock

__all__ = ["run"]

SIZE = 5000
INTERACTIVE_BAR = 1000
# A frame in 34 ms is thirty in a second.
FRAME_BAR = 34
MARK_BAR = 95
_ROOT = Path(__file__).resolve().parents[1]


def run() -> list[Row]:
    """Return the figures beside their bars."""
    with bench_dock(size=SIZE) as dock, dock.server() as server:
        found = _measured(server.url.removesuffix("/api"), dock.folder)
    nothing, scroll = found["nothing"], found["scroll"]
    rows = [
        Row(
            f"page {path} shows what it has",
            time,
            INTERACTIVE_BAR,
            "ms",
            f"{time / nothing:.1f} times a picture alone ({nothing:.0f} ms); never seen before, median of 5",
        )
        for path, time in found["pages"].items()
    ]
    rows.append(
        Row(
            f"scrolling through {scroll['learnwares']} learnwares, 95 % of frames within",
            scroll["most"],
            FRAME_BAR,
            "ms",
            f"median {scroll['median']:.0f} ms; {scroll['long']} of {scroll['frames']} frames over 50 ms; they are "
            "fetched on the way",
        )
    )
    for device, name in (("desk", "at a desk"), ("phone", "on a slow phone")):
        for category in ("performance", "accessibility", "best-practices"):
            marks = {path: one[category] for path, one in found["lighthouse"][device].items()}
            worst = min(marks.values())
            note = ", ".join(f"{path} {mark}" for path, mark in marks.items())
            # What a phone of the year 2016 on a slow connection does is told, and no bar.
            bar = None if device == "phone" and category == "performance" else MARK_BAR
            rows.append(Row(f"Lighthouse {name}: {category}, the lowest", worst, bar, "", note, higher_is_better=True))
    return rows


def _measured(address: str, folder: Path) -> dict[str, Any]:
    """Have the browser measure a dock."""
    file = folder / "measured.json"
    told = {"address": address, "pid": 0, "log": "", "files": str(folder), "password": PASSWORD}
    variables = {"LEARNWARE_E2E_DOCK": json.dumps(told), "MEASURED": str(file)}
    node = _ROOT / ".venv" / "bin"
    path = f"{node}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["npx", "playwright", "test", "--reporter=line"],
        cwd=_ROOT / "frontend",
        env={**os.environ, "PATH": path, **variables},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the browser measured nothing:\n{done.stdout}\n{done.stderr}")
    return dict(json.loads(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    print(machine())
    print_rows("the web app", run())
