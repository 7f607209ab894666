"""The published clients, unchanged, in environments of their own: `make compat`.

Their environments are large (torch among others), so these tests run only where they are asked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from benchmarks.dock.rig import bench_dock
from tests.dock.learnwares import package

pytestmark = [pytest.mark.compat, pytest.mark.index, pytest.mark.usefixtures("package_index")]

# What their client imports; the rest of what they ask for is left out.
_NEEDED = [
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "requests",
    "tqdm",
    "pyyaml",
    "rapidfuzz",
    "psutil",
    "docker",
    "sqlalchemy",
    "langdetect",
    "cvxopt",
    "clarabel",
    "qpsolvers",
    "fire",
    "tabulate",
    "shortuuid",
    "joblib",
    "lightgbm",
    "setuptools",
    "torch",
    "torchvision",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "sentence_transformers",
    "fast_pytorch_kmeans",
]  # thirty lines less
_VERSIONS = {"0.3.2": (), "0.4.0.post1": ("lm_eval",)}


@pytest.mark.parametrize("version", list(_VERSIONS))
def test_a_round(version: str) -> None:
    from uv import find_uv_bin

    uv = find_uv_bin()
    with tempfile.TemporaryDirectory(prefix="published-") as name:
        folder = Path(name)
        python = folder / "venv" / "bin" / "python"
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(folder / "venv")], check=True)
        install = [uv, "pip", "install", "-q", "--python", str(python)]
        subprocess.run([*install, *_NEEDED, *_VERSIONS[version]], check=True)
        subprocess.run([*install, "--no-deps", f"learnware=={version}"], check=True)
        told = play(python, folder)
    assert set(told["vocabulary"]) >= {"Table", "Image", "Text"}
    assert told["status"] == "SUCCESS"
    assert told["description"].startswith("Changed by the published client")
    for search in ("statistical", "semantic", "both"):
        assert told[search] == [told["id"]], search
    assert {"learnware.yaml", "__init__.py", "stat.json"} <= set(told["members"])
    assert told["left"] == []


def play(python: Path, folder: Path) -> dict[str, object]:
    """Let the client of an environment do its round against a dock of its own."""
    variables = {"BEIMINGWU_VERIFY_IN": "current", "LEARNWARE_RUN_IN": "current"}
    with bench_dock(0, **variables) as dock:  # type: ignore[arg-type]  # variables of its processes
        somebody = dock.somebody("ada")
        zip_path = package(folder, name="iris of the world")
        with dock.server() as server, dock.worker():
            script = Path(__file__).with_name("published_round.py")
            done = subprocess.run(
                [str(python), str(script), server.url, somebody.email, somebody.token, str(zip_path), str(folder)],
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
                capture_output=True,
                text=True,
                check=False,
            )
    assert done.returncode == 0, done.stderr[-4000:]
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    told: dict[str, object] = json.loads(line.removeprefix("RESULT "))
    return told
