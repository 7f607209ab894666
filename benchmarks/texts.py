"""How fast texts become a specification, and whether specifications of texts tell topics apart.

``python -m benchmarks.texts`` prints each figure beside its bar. The texts are the 20 newsgroups of the shared
material; without it they are made of words by a power law, for the times only.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._table import Row, machine, print_rows
from learnware.specification import RKMETextSpecification, generate_rkme_text_spec
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    # Texts and their topics.
    _Texts: TypeAlias = tuple[list[str], NDArray[np.str_]]

TEXTS = 10_000
SECONDS_BAR = 3.0
TOPICS = ("comp", "rec", "sci", "talk", "misc")
# Runs in a child process: argument is a JSON object.
CHILD = """
import json, sys, time
from learnware.specification import generate_rkme_text_spec
from learnware.specification.encoding import text_encoder
arguments = json.loads(sys.argv[1])
with open(arguments["texts"], encoding="utf-8") as file:
    texts = json.load(file)
seconds = []
for _ in range(arguments["repeat"]):
    start = time.perf_counter()
    spec = generate_rkme_text_spec(texts)
    seconds.append(time.perf_counter() - start)
start = time.perf_counter()
text_encoder("hashing").encode(texts)
encoding = time.perf_counter() - start
print(json.dumps({"seconds": min(seconds), "first": seconds[0], "encoding": encoding, "mmd2": spec.report.mmd2,
                  "language": spec.language, "bytes": len(spec.to_json())}))
"""


def newsgroups(split: str) -> _Texts | None:
    """Return texts and their top-level groups, or None without the shared material."""
    shared = Path(os.environ.get("LEARNWARE_SHARED", Path(__file__).parents[2] / "shared"))
    file = shared / "data" / f"20newsgroups-{split}.parquet"
    if not file.is_file():
        return None
    from pyarrow import parquet

    table = parquet.read_table(file, columns=["text", "group"])
    groups = np.array([group.partition(".")[0] for group in table.column("group").to_pylist()])
    return table.column("text").to_pylist(), groups


def made_up(n: int) -> list[str]:
    """Return texts of 200 words each, by a power law, with a fixed seed."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(letters, size)) for size in rng.integers(2, 11, size=30_000)])
    ranks = np.minimum(rng.zipf(1.2, size=(n, 200)) - 1, len(words) - 1)
    return [" ".join(words[row]) for row in ranks]


def run() -> list[Row]:
    """Measure everything; some 40 seconds on two cores."""
    train, test = newsgroups("train"), newsgroups("test")
    texts = made_up(TEXTS) if train is None else train[0][:TEXTS]
    rows = _speed(texts, "made-up texts" if train is None else "20 newsgroups")
    if train is not None and test is not None:
        rows += _identification(train, test)
    return rows


def _speed(texts: list[str], note: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(texts), encoding="utf-8")
        arguments = json.dumps({"texts": str(file), "repeat": 3})
        done = subprocess.run([sys.executable, "-c", CHILD, arguments], check=True, stdout=subprocess.PIPE)
    figures: dict[str, Any] = json.loads(done.stdout)
    size = sum(map(len, texts)) / len(texts)
    first = f"{note}, {size:,.0f} characters each; best of 3; first {figures['first']:.2f} s"
    found = f"languages found: {', '.join(figures['language']) or 'none'}"
    return [
        Row(f"time of {len(texts):,} texts", figures["seconds"], SECONDS_BAR, "s", first),
        Row("of which encoding", figures["encoding"], None, "s", "hashing encoder"),
        Row("squared MMD", figures["mmd2"], None, "", found),
        Row("size of the file", figures["bytes"] / 1e3, None, "kB"),
    ]


def _identification(train: _Texts, test: _Texts) -> list[Row]:
    """Return how many of ten users with two topics have a learnware with both as the nearest of ten with three."""
    rng = np.random.default_rng(0)

    def describe(data: _Texts, topics: tuple[str, ...], share: float) -> RKMETextSpecification:
        texts, groups = data
        rows = np.flatnonzero(np.isin(groups, topics))
        rows = rng.choice(rows, int(share * len(rows)), replace=False)
        return generate_rkme_text_spec([texts[i] for i in rows], language=["en"])

    triples, pairs = list(itertools.combinations(TOPICS, 3)), list(itertools.combinations(TOPICS, 2))
    learnwares = {"+".join(topics): describe(train, topics, 0.5) for topics in triples}
    metric = KernelMetric.estimate(list(learnwares.values()))
    found, ratios = 0, []
    for topics in pairs:
        user = describe(test, topics, 1.0)
        mmd2 = {name: metric.mmd2(user, spec) for name, spec in learnwares.items()}
        both = {name for name in learnwares if set(topics) <= set(name.split("+"))}
        found += min(mmd2, key=lambda name: mmd2[name]) in both
        ratios.append(min(mmd2[name] for name in learnwares if name not in both) / min(mmd2[name] for name in both))
    note = f"nearest without over nearest with both topics; geometric mean {np.exp(np.mean(np.log(ratios))):.2f}"
    return [
        Row("users whose nearest learnware knows both topics", found, 10, "of 10", higher_is_better=True),
        Row("smallest ratio of squared MMDs", min(ratios), None, "", note),
    ]


def main() -> None:
    print(machine())
    print_rows("Specifications of texts (hashing encoder, K = 100)", run())


if __name__ == "__main__":
    main()
