"""Learnwares that know different digits answer together for a user who has all of them, and shows no data.

Each learnware was trained on some of the ten digits. No single one is enough for the user; together they are.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from learnware.learnware import pack
from learnware.market import BaseUserInfo, instantiate_learnware_market
from learnware.reuse import AveragingReuser, JobSelectorReuser, RoutingReuser
from learnware.specification import generate_stat_spec

digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.data))
train, users = order[:1400], order[1400:]

with TemporaryDirectory() as folder:
    market = instantiate_learnware_market("digits", root=folder)

    # Three owners, each with a model of the digits that they have.
    for known in ([0, 1, 2, 3], [4, 5, 6], [7, 8, 9]):
        rows = train[np.isin(digits.target[train], known)]
        model = ExtraTreesClassifier(50, random_state=0).fit(digits.data[rows], digits.target[rows])
        package = Path(folder) / "package.zip"
        pack(
            model,
            digits.data[rows],
            package,
            name="Handwritten " + ", ".join(map(str, known)),
            description=f"Tells the digits {', '.join(map(str, known))} apart, from 8 x 8 pixels.",
            scenarios="Education",
            license="MIT",
            input_description=digits.feature_names,
        )
        learnware_id, status = market.add_learnware(package)
        print(f"added {learnware_id}, status {status}")

    # The user's requirement: a specification of the data, made on the user's machine.
    X, y = digits.data[users], digits.target[users]
    spec = generate_stat_spec("table", X)
    results = market.search_learnware(BaseUserInfo(stat_info={spec.type: spec}))
    print(results.message)
    for item in results.get_single_results():
        print(f"  {item.learnware.id}: similarity {item.similarity:.3f}, squared MMD {item.mmd2:.4f}")
    for item in results.get_multiple_results():
        shares = ", ".join(f"{one.id} {weight:.0%}" for one, weight in zip(item.learnwares, item.weights, strict=True))
        print(f"  together: {shares}; not covered by any: {item.unexplained:.0%}")

    # Ways to let them answer together. Each numbers its own classes from 0; they are aligned by name.
    found = [item.learnware for item in results.get_single_results()]
    for reuser in (
        AveragingReuser(found, mode="vote_by_label"),
        RoutingReuser(found),
        JobSelectorReuser(found),
    ):
        accuracy = np.mean(reuser.predict(X) == y)
        print(f"{type(reuser).__name__} of {len(reuser.learnware_list)}: accuracy {accuracy:.3f}")
    print(reuser.report_)
