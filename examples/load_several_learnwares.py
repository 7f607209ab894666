"""Load several learnwares from their packages and let them vote; each runs in a process of its own, at the same time.

`python load_several_learnwares.py venv` (or conda, docker) builds the environment that they ask for, once for all of
them; without a word they take the packages of this interpreter.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.svm import SVC

from learnware.client import LearnwareClient
from learnware.learnware import pack
from learnware.reuse import AveragingReuser

runnable_option = sys.argv[1] if len(sys.argv) > 1 else None
X, y = load_digits(return_X_y=True)

with TemporaryDirectory() as folder, LearnwareClient(on_progress=print) as client:
    # What three others have packed, each trained on pictures of their own.
    packages = [
        pack(
            SVC(C=10).fit(X[part], y[part]),
            X[part],
            Path(folder) / f"digits-{number}.zip",
            name=f"Digits, collection {number}",
            description="Reads handwritten digits of eight by eight pixels.",
            scenarios="Computer",
            license="MIT",
            input_description=[f"pixel {i}" for i in range(64)],
            output_description=[str(digit) for digit in range(10)],
        )
        for number, part in enumerate(np.array_split(np.random.default_rng(0).permutation(len(X)), 3))
    ]

    learnwares = client.load_learnware(learnware_path=packages, runnable_option=runnable_option)
    reuser = AveragingReuser(learnwares, mode="vote_by_label")
    print(f"accuracy {accuracy_score(y, reuser.predict(X)):.3f}")
    print("learnwares:", ", ".join(learnware.id for learnware in learnwares))
