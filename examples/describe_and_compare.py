"""Describe tables by a few weighted points, see what the description gives away, and compare two of them.

A specification is made where the data are. Only the specification leaves the machine.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_iris

from learnware.specification import RKMETableSpecification, generate_stat_spec

iris = load_iris()
order = np.random.default_rng(0).permutation(len(iris.data))
measurements, species = iris.data[order], iris.target[order]

# Two botanists measured the same kind of flowers, a third one measured setosas only.
first = generate_stat_spec("table", measurements[:75])
second = generate_stat_spec("table", measurements[75:])
setosas = generate_stat_spec("table", measurements[species == 0])
print("specification:", first)

# How well the points stand for the rows, and what they give away of single rows.
report = first.report
print(f"squared MMD to the rows: {report.mmd2:.4f} (0 is perfect)")
print(f"rows to a point, on average: {report.rows_per_point:.0f}, never less than {report.privacy_floor}")
print(f"nearest point to a row: {report.nearest_row:.2f} of the distance between neighbouring rows")

# The squared distance (MMD) is small between equal distributions.
print(f"first to second botanist: {first.dist(second):.3f}")
print(f"first botanist to setosas: {first.dist(setosas):.3f}")

# The file is plain JSON, the same that other programs of the field read and write.
with TemporaryDirectory() as folder:
    path = Path(folder) / "stat.json"
    first.save(path)
    again = RKMETableSpecification()
    again.load(path)
    print(f"read back from {path.name}: {again.dist(second) == first.dist(second)}")
