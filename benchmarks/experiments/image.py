"""The experiment on images: learnwares that know four of ten classes, users with six of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.experiments._answers import RememberedModel, positions
from benchmarks.experiments._data import IMAGE_CLASSES, cifar
from benchmarks.experiments._market import fill, name_of
from benchmarks.experiments._networks import Recipe, scores, train
from benchmarks.experiments._report import Published
from benchmarks.experiments._tasks import image_tasks
from benchmarks.experiments._users import Curve, Users, solve
from benchmarks.experiments._work import arrays_once, of_this_engine, tracked, written_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.experiments._data import Samples
    from benchmarks.experiments._tasks import Task
    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket

__all__ = ["PUBLISHED", "SIZES", "Size", "run"]

# Errors of the published experiment (Beimingwu, 2024), and the bars of this one.
PUBLISHED = Published(
    figures={
        "mean in market": 0.655,
        "best in market": 0.304,
        "top-1": 0.406,
        "job selector": 0.406,
        "averaging": 0.310,
    },
    best_data_free=0.27,
    below_best=True,
)

# Shares of the classes among an owner's images and among a user's, as published.
_OWNERS, _USERS = (0.4, 0.4, 0.1, 0.1), (0.3, 0.3, 0.1, 0.1, 0.1, 0.1)
# Seeds of the owners' and the users' draws, beside that of the run.
_OWNER, _USER = 1, 2
# How far an answer in the sandbox may be from the network's on another device, which sums in another order.
_TOLERANCE = 0.05


@dataclass(frozen=True)
class Size:
    """How large the experiment is.

    Attributes
    ----------
    learnwares, users : int
    owner_images, user_images : int
        Images of each.
    pool : int
        Training images that users' labelled ones are drawn from.
    combined : int
        Learnwares that are combined without labels.
    recipe : Recipe
        How networks are trained.
    curve : Curve
    """

    learnwares: int
    users: int
    owner_images: int
    user_images: int
    pool: int
    combined: int
    recipe: Recipe
    curve: Curve


# A small network: one processor core that has nothing else to do trains it in a minute.
_RECIPE = Recipe(widths=(16, 32, 32, 64, 96), epochs=10, learning_rate=0.04)

SIZES = {
    "tiny": Size(3, 2, 200, 100, 200, 3, Recipe(widths=(4, 4, 4, 8, 8), epochs=1), Curve((10, 30), (1, 1), 1, 2)),
    "small": Size(10, 20, 12_000, 3000, 20_000, 10, _RECIPE, Curve((10, 100, 1000), (2, 2, 1), 4, 5)),
    "full": Size(
        50,
        100,
        12_000,
        3000,
        20_000,
        20,
        _RECIPE,
        Curve((10, 30, 100, 300, 1000, 2000, 5000), (5, 5, 5, 3, 3, 2, 1), 10, 5),
    ),
}


def run(size: Size, work: Path, *, seed: int = 0, device: str = "cpu", jobs: int = 2) -> list[dict[str, Any]]:
    """Run the experiment and return what was measured for every user.

    Parameters
    ----------
    size : Size
    work : path
        Where all that was made is kept, so that a run that was stopped goes on; after a change of the engine all that
        it makes is made anew.
    seed : int
        Seed of everything random.
    device : {"cpu", "cuda"}
        Where networks are trained, and asked for the answers that are remembered.
    jobs : int
        Learnwares that are checked at a time.
    """
    train_split, test_split = cifar("train"), cifar("test")
    owners = image_tasks(train_split.y, size.learnwares, _OWNERS, size.owner_images, len(IMAGE_CLASSES), (seed, _OWNER))
    networks = {
        _name(owner): _network(owner, train_split, work / "networks", size.recipe, device)
        for owner in tracked(owners, "train networks")
    }
    made = of_this_engine(work)
    packages = [
        _package(owner, networks[_name(owner)], train_split, made / "packages", seed)
        for owner in tracked(owners, "describe and pack")
    ]
    market = fill(made / "market", packages, jobs)
    pool = train_split.take(np.sort(np.random.default_rng([seed, 3]).permutation(len(train_split))[: size.pool]))
    learnwares = _with_answers(market, networks, [pool, test_split], made / "answers", device)
    users = Users(
        tasks=image_tasks(test_split.y, size.users, _USERS, size.user_images, len(IMAGE_CLASSES), (seed, _USER)),
        data=test_split,
        pool=pool,
        classes=IMAGE_CLASSES,
        describe=partial(_describe, seed=seed),
        own_model=partial(_own_model, learnwares),
    )
    return solve(
        users,
        market,
        learnwares,
        made / f"users-{len(packages)}-{size.combined}",
        combined=size.combined,
        curve=size.curve,
    )


def _name(owner: Task) -> str:
    return f"images {owner.name}"


def _describe(images: NDArray[np.uint8], *, seed: int) -> Any:
    """Return the default specification of images."""
    from learnware.specification import generate_stat_spec

    return generate_stat_spec("image", images, seed=seed)


def _network(owner: Task, samples: Samples, folder: Path, recipe: Recipe, device: str) -> Path:
    """Train an owner's network, unless that has been done, and return the file of it."""
    path = folder / f"{_name(owner)}.pt"
    if not path.exists():
        labels = np.searchsorted(owner.classes, samples.y[owner.rows])
        number = int(owner.name.partition("-")[0])
        module = train(samples.X[owner.rows], labels, len(owner.classes), recipe, seed=number, device=device)
        with written_whole(path) as scratch:
            scratch.write_bytes(module)
    return path


def _package(owner: Task, network: Path, samples: Samples, folder: Path, seed: int) -> Path:
    """Pack an owner's network, unless that has been done."""
    from learnware.learnware import pack
    from learnware.specification import spec_types

    path = folder / f"{_name(owner)}.zip"
    if not path.exists():
        names = [IMAGE_CLASSES[label] for label in owner.classes]
        with written_whole(path) as scratch:
            pack(
                network,
                samples.X[owner.rows],
                scratch,
                name=path.stem,
                description=f"Tells photographs of {', '.join(names)} apart: a small convolutional network.",
                scenarios="Education",
                license="MIT",
                task_type="Classification",
                output_description=names,
                pixel_values="0-255",
                # The other one takes twenty times as long, and no user here searches by it.
                spec_types=spec_types("Image")[:1],
                output="probabilities",
                seed=seed,
            )
    return path


def _with_answers(
    market: LearnwareMarket, networks: dict[str, Path], splits: Sequence[Samples], folder: Path, device: str
) -> list[Learnware]:
    """Return the market's learnwares with their answers to all images.

    The networks answer on the device, in minutes where all learnwares in their sandboxes would take an hour; that these
    answer the same is looked at with some images.

    Raises
    ------
    RuntimeError
        If a learnware answers otherwise than its network.
    """
    images = np.concatenate([split.X for split in splits])
    known = positions(images)
    learnwares = market.get_learnwares()
    for learnware in tracked(learnwares, "answers to all images"):
        make = partial(_answers, learnware, networks[name_of(learnware)].read_bytes(), images, device)
        answers = arrays_once(folder / f"{name_of(learnware)}.npz", make)["answers"]
        learnware.model = RememberedModel(known, answers, images.shape[1:])
    return learnwares


def _answers(learnware: Learnware, module: bytes, images: NDArray[np.uint8], device: str) -> dict[str, NDArray[Any]]:
    from learnware.runtime import ModelRunner

    answers = scores(module, images, device=device)
    with ModelRunner() as runner:
        learnware.run_with(runner)
        some = np.asarray(learnware.predict(images[:100]))
    if not np.allclose(some, answers[:100], atol=_TOLERANCE):
        raise RuntimeError(f"{learnware.id} answers otherwise than its network")
    return {"answers": answers}


def _own_model(
    learnwares: Sequence[Learnware], images: NDArray[np.uint8], names: NDArray[np.str_]
) -> Callable[[NDArray[np.uint8]], NDArray[np.str_]]:
    """Train a logistic regression on the features of images that specifications use."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from learnware.reuse._spaces import common_specs

    space = common_specs(learnwares[:1], "Image")[0]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    model.fit(space.to_points(images), names)
    return lambda more: np.asarray(model.predict(space.to_points(more)))
