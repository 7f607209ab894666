"""A market of 5 000 learnwares: adding, opening, searching, and finding the parts of mixtures.

``python -m benchmarks.market`` prints each figure beside its bar. The learnwares are synthetic: 20 columns, 100 points,
each a mixture of three Gaussians of its own.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._table import Row, machine, print_rows
from learnware.learnware import write_package
from learnware.market import BaseUserInfo, EasyOrganizer, LearnwareMarket, instantiate_learnware_market
from learnware.market.index import plane
from learnware.specification import RKMETableSpecification, generate_rkme_table_spec, generate_semantic_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from learnware.market._island import IslandIndex

SIZE, COLUMNS, POINTS = 5_000, 20, 100
QUERIES, EXACT_QUERIES, MIXTURES, PARTS, USER_ROWS = 50, 20, 100, 3, 1_000

MANIFEST = """\
model:
  class_name: Model
  kwargs: {}
stat_specifications:
- class_name: RKMETableSpecification
  file_name: stat.json
  kwargs: {}
  module_path: learnware.specification
"""
MODEL = """\
from learnware.model import BaseModel

class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(20,), output_shape=(1,))

    def predict(self, X):
        return X.sum(axis=1)
"""


class World:
    """Distributions of the learnwares' data, from one seed."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.centres = self.rng.normal(size=(size, 3, COLUMNS))
        self.shares = self.rng.dirichlet(np.full(3, 5.0), size=size)
        self.specs = [self.specification(self.rows(i, POINTS)) for i in range(size)]

    def rows(self, number: int, count: int) -> NDArray[np.float64]:
        """Return rows of the data of one learnware."""
        parts = self.rng.choice(3, size=count, p=self.shares[number])
        rows: NDArray[np.float64] = self.centres[number][parts] + 0.5 * self.rng.normal(size=(count, COLUMNS))
        return rows

    def specification(self, rows: NDArray[np.float64]) -> RKMETableSpecification:
        """Return the specification that stands for some rows themselves."""
        beta = np.full(len(rows), 1 / len(rows))
        return RKMETableSpecification.from_states({"z": rows, "beta": beta, "gamma": 0.1, "num_points": len(rows)})

    def user(self, parts: Sequence[int], weights: NDArray[np.float64]) -> RKMETableSpecification:
        """Return a user's specification, made from rows of several learnwares' data that nobody has seen."""
        counts = self.rng.multinomial(USER_ROWS, weights)
        rows = np.concatenate([self.rows(i, int(n)) for i, n in zip(parts, counts, strict=True)])
        return generate_rkme_table_spec(rows)


def semantic() -> dict[str, object]:
    return generate_semantic_spec(
        name="synthetic learnware",
        description="A learnware of a synthetic mixture of Gaussians.",
        data_type="Table",
        task_type="Regression",
        library_type="Scikit-learn",
        scenarios=["Others"],
        license="MIT",
        input_description={"Dimension": COLUMNS, "Description": {str(i): f"column {i}" for i in range(COLUMNS)}},
        output_description={"Dimension": 1, "Description": {"0": "target"}},
    )


def write_packages(world: World, folder: Path) -> list[Path]:
    files = {"__init__.py": MODEL.encode(), "learnware.yaml": MANIFEST.encode(), "requirements.txt": b"numpy\n"}
    return [
        write_package({**files, "stat.json": spec.to_json().encode()}, folder / f"{i}.zip")
        for i, spec in enumerate(world.specs)
    ]


def seconds(function: Callable[[], object]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def exact_nearest(
    index: IslandIndex, world: World, query: RKMETableSpecification, own: NDArray[np.float64]
) -> set[int]:
    """Return the ten nearest learnwares by their squared MMD, each computed in full."""
    products = np.empty(len(world.specs))
    for start in range(0, len(world.specs), 100):
        block = world.specs[start : start + 100]
        points = np.concatenate([spec.get_z() for spec in block])
        values = query.get_beta() @ index.metric.kernel(query.get_z(), points)
        products[start : start + 100] = values.reshape(len(block), POINTS) @ np.full(POINTS, 1 / POINTS)
    return set(np.argsort(own - 2 * products)[:10].tolist())


def recovered(market: LearnwareMarket, world: World, ids: list[str]) -> tuple[int, int]:
    """Return of how many planted mixtures all parts were found, and of how many nothing else, too."""
    rng = np.random.default_rng(1)
    whole = exactly = 0
    for _ in range(MIXTURES):
        parts = rng.choice(SIZE, size=PARTS, replace=False).tolist()
        weights = 0.2 + 0.4 * rng.dirichlet(np.ones(PARTS))
        spec = world.user(parts, weights / weights.sum())
        results = market.search_learnware(BaseUserInfo(stat_info={spec.type: spec})).get_multiple_results()
        found = {learnware.id for item in results[:1] for learnware in item.learnwares}
        planted = {ids[i] for i in parts}
        whole += planted <= found
        exactly += planted == found
    return whole, exactly


def run() -> list[Row]:
    """Measure and return all figures."""
    folder = Path(tempfile.mkdtemp(prefix="learnware-bench-"))
    try:
        return _run(folder)
    finally:
        shutil.rmtree(folder)


def _run(folder: Path) -> list[Row]:
    world = World(SIZE)
    packages = write_packages(world, folder)
    description = semantic()

    single = EasyOrganizer("single", root=folder)
    one_by_one = seconds(lambda: [single.add_learnware(path, description, 0) for path in packages[:500]])
    single.close()
    organizer = EasyOrganizer("batch", root=folder)
    ids: list[str] = []
    batch = seconds(lambda: ids.extend(organizer.add_learnwares((path, description, 0) for path in packages)))
    organizer.close()

    market = instantiate_learnware_market("batch", root=folder)

    def open_and_search() -> None:
        market.reload_market()
        market.search_learnware(user(world.specs[0]))

    def user(spec: RKMETableSpecification) -> BaseUserInfo:
        return BaseUserInfo(stat_info={spec.type: spec})

    opening = min(seconds(open_and_search) for _ in range(3))
    queries = [world.specification(world.rows(i * 97 % SIZE, 300)[:POINTS]) for i in range(QUERIES)]
    searches = [seconds(partial(market.search_learnware, user(query))) for query in queries]

    index = market.learnware_organizer.island_index(f"RKMETableSpecification/{COLUMNS}")  # type: ignore[attr-defined]  # an EasyOrganizer's
    own = np.array([index.metric.inner_product(spec, spec) for spec in world.specs])
    hits, naive = 0, []
    for query in queries[:EXACT_QUERIES]:
        begin = time.perf_counter()
        exact = exact_nearest(index, world, query, own)
        naive.append(time.perf_counter() - begin)
        hits += len(exact & {ids.index(hit.learnware_id) for hit in index.single(query, top=10)})
    search = statistics.median(searches)
    words = generate_semantic_spec(name="sinthetic learnware", data_type="Table")
    fuzzy = statistics.median(
        seconds(lambda: market.search_learnware(BaseUserInfo(semantic_spec=words))) for _ in range(11)
    )
    whole, exactly = recovered(market, world, ids)
    drawing = min(seconds(lambda: plane(index.vectors)) for _ in range(3))
    rows = [
        Row("add without checks, batch", 1e3 * batch / SIZE, 2.0, "ms", f"each of {SIZE}; checked and fsynced"),
        Row("add without checks, one by one", 1e3 * one_by_one / 500, None, "ms", "each of 500, own transactions"),
        Row("open again, first search included", opening, 0.5, "s", "best of 3"),
        Row(
            "search with mixture",
            1e3 * search,
            20.0,
            "ms",
            f"median of {QUERIES}; all exact: {1e3 * statistics.median(naive):.0f} ms for the singles alone",
        ),
        Row("recall@10 against exact MMD", hits / (10 * EXACT_QUERIES), 1.0, "", f"{EXACT_QUERIES} queries", True),
        Row("mixtures of 3 recovered whole", whole, 95, "of 100", f"{exactly} without another part", True),
        Row("search by text with typing errors", 1e3 * fuzzy, None, "ms", "all match; median of 11"),
        Row("map of all", drawing, 1.0, "s", f"best of 3; keeps a correlation of {plane(index.vectors).kept:.2f}"),
    ]
    market.learnware_organizer.close()  # type: ignore[attr-defined]  # an EasyOrganizer's
    return rows


if __name__ == "__main__":
    print(machine())
    print_rows(f"Market of {SIZE} learnwares ({COLUMNS} columns, {POINTS} points)", run())
