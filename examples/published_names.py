# ruff: noqa: PTH118, PTH123  # programs of that time put paths together as text
"""A program as it is written for the names of the published package: it runs unchanged.

Packages are written by template, added, found by their specifications and reused with and without labels.
"""

import os
import pickle
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from learnware.market import BaseUserInfo, instantiate_learnware_market
from learnware.reuse import AveragingReuser, EnsemblePruningReuser, FeatureAugmentReuser, JobSelectorReuser
from learnware.specification import generate_semantic_spec, generate_stat_spec
from learnware.tests.templates import LearnwareTemplate, PickleModelTemplate, StatSpecTemplate

X, y = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(X))
X, y = X[order], y[order]
X_user, y_user = X[1200:], y[1200:]

semantic_spec = generate_semantic_spec(
    name="learnware_example",
    description="Just a example for uploading learnware",
    data_type="Table",
    task_type="Classification",
    library_type="Scikit-learn",
    scenarios=["Computer"],
    license="MIT",
    input_description={"Dimension": 64, "Description": {str(i): f"pixel {i}" for i in range(64)}},
    output_description={"Dimension": 10, "Description": {str(i): f"digit {i}" for i in range(10)}},
)

with TemporaryDirectory() as root:
    os.environ["LEARNWARE_STORAGE_PATH"] = root
    market = instantiate_learnware_market(market_id="demo", rebuild=True)

    # Each of the learnwares was trained on some of the digits.
    for i, classes in enumerate(([0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 2, 4, 6, 8])):
        chosen = np.isin(y[:1200], classes)
        X_train, y_train = X[:1200][chosen], y[:1200][chosen]
        model = SVC(random_state=0).fit(X_train, y_train)

        pickle_filepath = os.path.join(root, "model.pkl")
        with open(pickle_filepath, "wb") as f:
            pickle.dump(model, f)
        spec = generate_stat_spec(type="table", X=X_train)
        spec_filepath = os.path.join(root, "stat_spec.json")
        spec.save(spec_filepath)

        zip_path = os.path.join(root, f"learnware_{i}.zip")
        LearnwareTemplate.generate_learnware_zipfile(
            learnware_zippath=zip_path,
            model_template=PickleModelTemplate(
                model_kwargs={"input_shape": (64,), "output_shape": (1,)}, pickle_filepath=pickle_filepath
            ),
            stat_spec_template=StatSpecTemplate(filepath=spec_filepath, type="RKMETableSpecification"),
            requirements=["scikit-learn"],
        )
        learnware_id, status = market.add_learnware(zip_path, semantic_spec)
        print("added", learnware_id, status)

    print("learnwares in the market:", len(market))

    # Search by semantic specification, then by statistical specification as well.
    user_semantic = generate_semantic_spec(name="learnware_example", data_type="Table", task_type="Classification")
    results = market.search_learnware(BaseUserInfo(semantic_spec=user_semantic))
    print("found by semantic specification:", len(results.get_single_results()))

    user_spec = generate_stat_spec(type="table", X=X_user)
    user_info = BaseUserInfo(semantic_spec=user_semantic, stat_info={"RKMETableSpecification": user_spec})
    results = market.search_learnware(user_info)
    single, multiple = results.get_single_results(), results.get_multiple_results()
    for item in single:
        print(f"single: score {item.score:.3f}, learnware {item.learnware.id}")
    for item in multiple:
        print(f"multiple: score {item.score:.3f}, learnwares {[learnware.id for learnware in item.learnwares]}")

    # Reuse without labels.
    print(f"best single: accuracy {np.mean(single[0].learnware.predict(X_user) == y_user):.3f}")
    mixture = multiple[0].learnwares
    job_selector = JobSelectorReuser(learnware_list=mixture, herding_num=1000)
    print(f"job selector: accuracy {np.mean(job_selector.predict(user_data=X_user) == y_user):.3f}")
    averaging = AveragingReuser(learnware_list=mixture, mode="vote_by_label")
    print(f"averaging: accuracy {np.mean(averaging.predict(user_data=X_user) == y_user):.3f}")

    # Reuse with a hundred labels.
    pruning = EnsemblePruningReuser(learnware_list=mixture, mode="classification")
    pruning.fit(val_X=X_user[:100], val_y=y_user[:100])
    print(f"pruning: accuracy {np.mean(pruning.predict(user_data=X_user[100:]) == y_user[100:]):.3f}")
    augment = FeatureAugmentReuser(learnware_list=mixture, mode="classification")
    augment.fit(x_train=X_user[:100], y_train=y_user[:100])
    print(f"augmentation: accuracy {np.mean(augment.predict(user_data=X_user[100:]) == y_user[100:]):.3f}")
