"""Pack a trained model as a learnware, look into the package, and check it as a market does."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from learnware.errors import PackError
from learnware.learnware import pack, read_package
from learnware.market import instantiate_learnware_market

wine = load_wine(as_frame=True)
cultivars = wine.target.map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
model = RandomForestClassifier(50, random_state=0).fit(wine.data, cultivars)

with TemporaryDirectory() as folder:
    package = Path(folder) / "wine.zip"

    # What cannot be found out from model and data has to be told; all of it is listed at once.
    try:
        pack(model, wine.data, package)
    except PackError as error:
        print("missing:", ", ".join(item.partition(":")[0] for item in error.missing))

    # The packed model is loaded in a process of its own and must answer as the given one does.
    pack(
        model,
        wine.data,
        package,
        name="Cultivars of wine",
        description="Tells three cultivars of Piedmont apart by a chemical analysis of their wine.",
        scenarios="Agriculture",
        license="MIT",
    )

    # Reading a package runs none of its code and unpacks nothing.
    contents = read_package(package)
    print("files:", ", ".join(member.name for member in contents.members))
    print("task:", contents.semantic_spec["Task"]["Values"][0])
    print("classes:", contents.semantic_spec["Output"]["Description"])
    print("columns:", contents.semantic_spec["Input"]["Dimension"])

    # The checks that a market makes before it adds a learnware.
    market = instantiate_learnware_market("cellar", root=folder)
    report = market.check(package)
    print(report)
    print("status:", report.status, "(1 is usable)")
