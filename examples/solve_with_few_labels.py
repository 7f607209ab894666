"""One call from a table with a few labels to a fitted predictor, and the report of how it was chosen."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

import learnware
from learnware.learnware import pack
from learnware.market import instantiate_learnware_market

tumours = load_breast_cancer(as_frame=True)
diagnosis = tumours.target_names[tumours.target]
order = np.random.default_rng(0).permutation(len(diagnosis))
owners, mine = order[:400], order[400:]

with TemporaryDirectory() as folder:
    market = instantiate_learnware_market("clinics", root=folder)
    # Two clinics share a model each. They have different patients.
    texture = tumours.data["mean texture"].to_numpy()[owners]
    for clinic, rows in (("north", owners[texture < 19]), ("south", owners[texture >= 19])):
        X = tumours.data.iloc[rows]
        package = Path(folder) / f"{clinic}.zip"
        pack(
            RandomForestClassifier(50, random_state=0).fit(X, diagnosis[rows]),
            X,
            package,
            name=f"Tumours, clinic in the {clinic}",
            description=f"Benign or malignant, from measurements of cell nuclei; trained on {len(rows)} patients.",
            scenarios="Health",
            license="CC-BY-4.0",
        )
        market.add_learnware(package)

    # My own patients. The diagnosis is known for 30 of them; None stands for the others.
    X, truth = tumours.data.iloc[mine], diagnosis[mine]
    y = [name if row < 30 else None for row, name in enumerate(truth)]

    solution = learnware.solve(X, y, market=market)
    print(solution.report)

    accuracy = np.mean(solution.predict(X)[30:] == truth[30:])
    print(f"accuracy on the other patients: {accuracy:.3f}")
