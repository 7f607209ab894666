# ruff: noqa: INP001  # a program that the web app's tests start, no package
"""Judges specifications that the web app has made, as a dock and the engine do.

Reads ``{"tables": {name: rows}, "specifications": {name: JSON of a search}}`` and writes for each specification the
squared MMD to its table, and the learnware that a market finds for it, where each table has a learnware whose
specification the engine has made.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from beimingwu.services.search_input import read_specifications
from learnware.learnware import write_package
from learnware.market import BaseUserInfo, instantiate_learnware_market
from learnware.specification import generate_semantic_spec, generate_stat_spec
from learnware.specification._gaussian import gaussian_inner_product

MANIFEST = b"stat_specifications: [{class_name: RKMETableSpecification, file_name: stat.json}]\n"


def judge(asked: dict) -> dict:
    """Return what is found, by name."""
    tables = {name: np.asarray(rows, dtype=np.float64) for name, rows in asked["tables"].items()}
    given = {
        name: read_specifications(specs, most_points=1000)["RKMETableSpecification"]
        for name, specs in asked["specifications"].items()
    }
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        market = instantiate_learnware_market("vectors", root=Path(folder) / "root")
        owners = {}
        for name, X in tables.items():
            # The developer of a learnware has other rows of the same kind than the user, and another seed.
            spec = generate_stat_spec("table", X[::2], seed=9)
            files = {"__init__.py": b"", "learnware.yaml": MANIFEST, "stat.json": spec.to_json().encode()}
            semantic = generate_semantic_spec(
                name=f"Learnware {name}",
                description="One of the tables of the test.",
                data_type="Table",
                task_type="Others",
                library_type="Others",
                scenarios=["Others"],
                license="MIT",
                input_description={"Dimension": X.shape[1], "Description": {}},
            )
            package = write_package(files, Path(folder) / f"{name}.zip")
            learnware_id, _ = market.learnware_organizer.add_learnware(package, semantic, 1)
            owners[learnware_id] = name
        for name, spec in given.items():
            user = BaseUserInfo("user", generate_semantic_spec(), {"RKMETableSpecification": spec})
            singles = market.search_learnware(user).get_single_results()
            X, share = tables[name], np.full(len(tables[name]), 1.0 / len(tables[name]))
            z, beta, gamma = spec.get_z(), spec.get_beta(), spec.gamma
            found[name] = {
                "nearest": owners[singles[0].learnware.id],
                "similarity": singles[0].similarity,
                "report": None if spec.report is None else spec.report.to_states(),
                "num_points": spec.num_points,
                "mmd2": gaussian_inner_product(X, share, X, share, gamma)
                - 2.0 * gaussian_inner_product(X, share, z, beta, gamma)
                + gaussian_inner_product(z, beta, z, beta, gamma),
            }
        market.learnware_organizer.close()
    return found


if __name__ == "__main__":
    json.dump(judge(json.load(sys.stdin)), sys.stdout)
