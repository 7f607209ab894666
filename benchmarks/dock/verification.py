"""From upload to verified, through HTTP, with real workers: one learnware, many of them, and what workers cost.

The learnwares have scikit-learn models. The first one of a dock builds their environment, from the package index or
what ``UV_FIND_LINKS`` names, and is told of without a bar.
"""

from __future__ import annotations

import json
import pickle
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import urllib3

from benchmarks._table import Row, machine, print_rows
from benchmarks.dock.rig import bench_dock, postgresql
from benchmarks.market import MANIFEST
from learnware.learnware import write_package
from learnware.specification import generate_rkme_table_spec, generate_semantic_spec

if TYPE_CHECKING:
    from benchmarks.dock.rig import BenchDock, Somebody

__all__ = ["run"]

ONE_BAR, MANY_BAR = 3.0, 30.0
MANY, WORKERS, REPEATS = 20, 2, 5
_COLUMNS = 8
_PATIENCE = 300.0
_MODEL = b"""
import os
import pickle

from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(8,), output_shape=(1,))
        with open(os.path.join(os.path.dirname(__file__), "model.pkl"), "rb") as file:
            self.model = pickle.load(file)

    def predict(self, X):
        return self.model.predict(X).astype(int)
"""


class Submitter:
    """Uploads and submits learnwares as a client does, and asks how their verification goes."""

    def __init__(self, url: str, somebody: Somebody, folder: Path) -> None:
        self._url = f"{url}/v1"
        self._headers = somebody.headers
        self._folder = folder
        self._http = urllib3.PoolManager(maxsize=4)
        self._count = 0

    def package(self) -> tuple[bytes, dict[str, Any]]:
        """Return a learnware that differs from all before, with its semantic specification."""
        from sklearn.linear_model import LogisticRegression

        self._count += 1
        rng = np.random.default_rng(self._count)
        X = rng.normal(rng.normal(size=_COLUMNS), 1.0, size=(400, _COLUMNS))
        semantic_spec = generate_semantic_spec(
            name=f"measured learnware {self._count}",
            description="Tells rows above the mean from rows below it.",
            data_type="Table",
            task_type="Classification",
            library_type="Scikit-learn",
            scenarios=["Others"],
            license="MIT",
            input_description={"Dimension": _COLUMNS, "Description": {str(i): f"column {i}" for i in range(_COLUMNS)}},
            output_description={"Dimension": 2, "Description": {"0": "below", "1": "above"}},
        )
        content = {
            "__init__.py": _MODEL,
            "learnware.yaml": MANIFEST.encode(),
            "model.pkl": pickle.dumps(LogisticRegression().fit(X, X.sum(axis=1) > X.sum(axis=1).mean())),
            "requirements.txt": f"scikit-learn=={version('scikit-learn')}\nnumpy=={np.__version__}\n".encode(),
            "semantic_specification.json": json.dumps(semantic_spec).encode(),
            "stat.json": generate_rkme_table_spec(X, reduced_set_size=50).to_json().encode(),
        }
        return write_package(content, self._folder / f"{self._count}.zip").read_bytes(), semantic_spec

    def submit(self, content: bytes, semantic_spec: dict[str, Any]) -> str:
        """Return the id of a learnware that was uploaded and submitted."""
        tus = {**self._headers, "Tus-Resumable": "1.0.0"}
        made = self._http.request("POST", f"{self._url}/uploads", headers={**tus, "Upload-Length": str(len(content))})
        upload_id = made.headers["Location"].rsplit("/", 1)[1]
        patch = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = self._http.request("PATCH", f"{self._url}/uploads/{upload_id}", body=content, headers=patch)
        answer = self._http.request(
            "POST",
            f"{self._url}/learnwares",
            json={"upload_id": upload_id, "semantic_specification": semantic_spec},
            headers=self._headers,
        )
        if sent.status != 204 or answer.status != 201:
            raise RuntimeError(f"{sent.status}, {answer.status}: {answer.data.decode()}")
        return str(answer.json()["learnware_id"])

    def wait(self, learnware_id: str) -> dict[str, Any]:
        """Return the report once the learnware is verified."""
        url = f"{self._url}/learnwares/{learnware_id}/versions/1/verification"
        give_up = time.monotonic() + _PATIENCE
        while time.monotonic() < give_up:
            found = self._http.request("GET", url, headers=self._headers).json()
            if found["status"] == "SUCCESS":
                return dict(found["report"])
            if found["status"] == "FAIL":
                break
            # Not so often that answering takes a good part of a core.
            time.sleep(0.05)
        raise RuntimeError(f"{learnware_id} was not verified: {json.dumps(found)[:4000]}")


def measured(dock: BenchDock, kind: str, folder: Path) -> list[Row]:
    """Return the rows of a dock with a server and workers."""
    with dock.server() as server, dock.worker("--concurrency", str(WORKERS)):
        somebody = dock.somebody()
        submitter = Submitter(server.url, somebody, folder)
        cold = timed(submitter)
        rows = [Row(f"upload to verified, environment new, {kind}", cold[0], unit="s", note="not judged: downloads")]
        ones = [timed(submitter) for _ in range(REPEATS)]
        seconds = statistics.median(one[0] for one in ones)
        checks = statistics.median(one[1] for one in ones)
        note = (
            f"median of {REPEATS}; the checks alone {checks:.2f} s, the rest of the way {seconds / checks - 1:.0%} more"
        )
        rows.append(Row(f"upload to verified, environment warm, {kind}", seconds, ONE_BAR, "s", note))
        packages = [submitter.package() for _ in range(MANY)]
        began = time.perf_counter()
        ids = [submitter.submit(*one) for one in packages]
        submitted = time.perf_counter() - began
        reports = [submitter.wait(one) for one in ids]
        seconds = time.perf_counter() - began
        alone = sum(report["seconds"] for report in reports)
        note = f"submitted in {submitted:.2f} s; {alone:.1f} s of checks, {alone / seconds:.2f} at a time"
        rows.append(Row(f"{MANY} learnwares, {WORKERS} workers, {kind}", seconds, MANY_BAR, "s", note))
    return rows


def timed(submitter: Submitter) -> tuple[float, float]:
    """Return how long it takes from upload to verified, and how long the checks among that."""
    package = submitter.package()
    began = time.perf_counter()
    report = submitter.wait(submitter.submit(*package))
    return time.perf_counter() - began, report["seconds"]


def run() -> list[Row]:
    """Return the rows: on SQLite, and on PostgreSQL where one can be started."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="dock-bench-") as name, bench_dock() as dock:
        rows += measured(dock, "SQLite", Path(name))
    try:
        with (
            postgresql() as database,
            tempfile.TemporaryDirectory(prefix="dock-bench-") as name,
            bench_dock(database=database) as dock,
        ):
            rows += measured(dock, "PostgreSQL", Path(name))
    except ModuleNotFoundError:
        rows.append(Row("verification on PostgreSQL", float("nan"), note="not measured: no PostgreSQL is installed"))
    return rows


if __name__ == "__main__":
    print(machine())
    print_rows("verification", run())
