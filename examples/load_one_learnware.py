"""Load a learnware from its package and let it predict, in an environment and a process of its own.

`python load_one_learnware.py venv` (or conda, docker) builds the environment that the package asks for; without a word
it takes the packages of this interpreter.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score

from learnware.client import LearnwareClient
from learnware.learnware import pack

runnable_option = sys.argv[1] if len(sys.argv) > 1 else None
iris = load_iris()
X, y = iris.data, iris.target

with TemporaryDirectory() as folder, LearnwareClient(on_progress=print) as client:
    # What somebody else has packed.
    package = pack(
        LogisticRegression(max_iter=1000).fit(X, y),
        X,
        Path(folder) / "iris.zip",
        name="Kinds of iris",
        description="Tells three kinds of iris apart by the sizes of their leaves.",
        scenarios="Nature",
        license="MIT",
        input_description=iris.feature_names,
        output_description=list(iris.target_names),
    )

    learnware = client.load_learnware(learnware_path=package, runnable_option=runnable_option)
    print(f"accuracy {accuracy_score(y, learnware.predict(X)):.3f}")
    print("ran with:", learnware.model.report())
