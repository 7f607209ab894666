"""Results of experiments that were run before, for who prints all benchmarks: a run takes minutes to hours."""

from __future__ import annotations

import json

from benchmarks._table import Row
from benchmarks.experiments._work import default_folder

__all__ = ["stored_rows"]


def stored_rows() -> list[Row]:
    """Return the rows of the largest run of each experiment that is in its default folder, if there is one."""
    rows = []
    for experiment in ("text", "image"):
        files = [default_folder(experiment, size) / f"{experiment}-{size}.json" for size in ("full", "small")]
        found = next((path for path in files if path.exists()), None)
        if found is not None:
            document = json.loads(found.read_text(encoding="utf-8"))
            about = f"stored, {document['learnwares']} learnwares on {document['machine']}"
            rows += [
                Row(
                    row["name"], row["measured"], row["bar"], row["unit"], "; ".join(filter(None, (row["note"], about)))
                )
                for row in document["rows"]
            ]
    return rows
