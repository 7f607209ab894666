"""The experiment on texts: learnwares that know three of five super-classes of newsgroups, users with two of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.experiments._answers import RememberedModel, positions
from benchmarks.experiments._data import SUPER_CLASSES, newsgroups
from benchmarks.experiments._market import fill, name_of
from benchmarks.experiments._report import Published
from benchmarks.experiments._tasks import text_owners, text_users
from benchmarks.experiments._users import Curve, Users, solve
from benchmarks.experiments._work import arrays_once, of_this_engine, side_by_side, tracked, written_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.experiments._data import Samples
    from benchmarks.experiments._tasks import Task
    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket

__all__ = ["PUBLISHED", "SIZES", "Size", "run"]

# Accuracies of the published experiment (Beimingwu, 2024), and the bars of this one, as errors.
PUBLISHED = Published(
    figures={
        "mean in market": 0.493,
        "best in market": 0.141,
        "top-1": 0.154,
        "job selector": 0.155,
        "averaging": 0.138,
    },
    best_data_free=0.10,
    top_1=0.14,
)


@dataclass(frozen=True)
class Size:
    """How large the experiment is.

    Attributes
    ----------
    per_triple : int
        Learnwares for each of the ten triples of super-classes.
    owners, users : int
        How many there are, the first ones.
    share : float
        Share of the texts that is used at all.
    combined : int
        Learnwares that are combined without labels.
    curve : Curve
    """

    per_triple: int
    owners: int
    users: int
    share: float
    combined: int
    curve: Curve


SIZES = {
    "tiny": Size(1, 3, 2, 0.03, 2, Curve((10, 30), (1, 1), 1, 2)),
    "small": Size(1, 10, 10, 1.0, 3, Curve((10, 100, 1000), (2, 2, 1), 2, 3)),
    "full": Size(5, 50, 10, 1.0, 10, Curve((10, 30, 100, 300, 1000, 2000, 5000), (5, 5, 5, 3, 3, 2, 1), 10, 5)),
}


def train(texts: list[str], names: NDArray[np.str_]) -> Any:
    """Return a fitted model as the published ones: tf-idf without stop words, naive Bayes with a smoothing of 0.1."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(stop_words="english"), MultinomialNB(alpha=0.1)).fit(texts, names)


def run(size: Size, work: Path, *, seed: int = 0, jobs: int = 2) -> list[dict[str, Any]]:
    """Run the experiment and return what was measured for every user.

    Parameters
    ----------
    size : Size
    work : path
        Where all that was made is kept, so that a run that was stopped goes on; after a change of the engine all that
        it makes is made anew.
    seed : int
        Seed of everything random.
    jobs : int
        Learnwares that run at a time.
    """
    from learnware.specification import generate_rkme_text_spec

    train_split, test_split = (_some(newsgroups(split), size.share) for split in ("train", "test"))
    owners = text_owners(train_split.y, len(SUPER_CLASSES), size.per_triple, seed)[: size.owners]
    made = of_this_engine(work)
    packages = [_package(owner, train_split, made / "packages", seed) for owner in tracked(owners, "train and pack")]
    market = fill(made / "market", packages, jobs)
    learnwares = _with_answers(market, [train_split, test_split], made / "answers", jobs)
    users = Users(
        tasks=text_users(test_split.y, len(SUPER_CLASSES))[: size.users],
        data=test_split,
        pool=train_split,
        classes=SUPER_CLASSES,
        describe=partial(generate_rkme_text_spec, seed=seed, progress=False),
        own_model=_own_model,
    )
    return solve(
        users,
        market,
        learnwares,
        made / f"users-{len(packages)}-{size.combined}",
        combined=size.combined,
        curve=size.curve,
    )


def _some(samples: Samples, share: float) -> Samples:
    """Return every n-th sample."""
    return samples.take(np.arange(0, len(samples), max(1, round(1.0 / share))))


def _package(owner: Task, samples: Samples, folder: Path, seed: int) -> Path:
    """Train and pack an owner's model, unless that has been done."""
    from learnware.learnware import pack

    path = folder / f"texts {owner.name}.zip"
    if not path.exists():
        names = [SUPER_CLASSES[label] for label in owner.classes]
        texts = samples.X[owner.rows].tolist()
        model = train(texts, np.array(SUPER_CLASSES)[samples.y[owner.rows]])
        with written_whole(path) as scratch:
            pack(
                model,
                texts,
                scratch,
                name=path.stem,
                description=f"Tells newsgroup articles of the groups {', '.join(names)} apart: tf-idf and naive Bayes.",
                scenarios="Education",
                license="MIT",
                output="probabilities",
                seed=seed,
            )
    return path


def _with_answers(market: LearnwareMarket, splits: Sequence[Samples], folder: Path, jobs: int) -> list[Learnware]:
    """Return the market's learnwares with their answers to all texts, which are asked for once."""
    texts: list[str] = [text for split in splits for text in split.X.tolist()]
    known = positions(texts)

    def remember(learnware: Learnware) -> Learnware:
        make = partial(_answers, learnware, texts)
        answers = arrays_once(folder / f"{name_of(learnware)}.npz", make)["answers"]
        learnware.model = RememberedModel(known, answers, None)
        return learnware

    return side_by_side(remember, market.get_learnwares(), "answers to all texts", jobs)


def _answers(learnware: Learnware, texts: list[str]) -> dict[str, NDArray[Any]]:
    from learnware.runtime import ModelRunner

    with ModelRunner() as runner:
        learnware.run_with(runner)
        return {"answers": np.asarray(learnware.predict(texts), dtype=np.float32)}


def _own_model(texts: list[str], names: NDArray[np.str_]) -> Callable[[list[str]], NDArray[np.str_]]:
    model = train(texts, names)
    return lambda more: np.asarray(model.predict(more))
