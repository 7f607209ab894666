"""One user after the other: specification, search, reuse without labels and with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.experiments import _methods as methods
from benchmarks.experiments._market import name_of, search
from benchmarks.experiments._tasks import labelled_rows
from benchmarks.experiments._work import json_once, tracked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.experiments._data import Samples
    from benchmarks.experiments._tasks import Task
    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket
    from learnware.specification import RKMESpecification

__all__ = ["Curve", "Users", "solve"]


@dataclass(frozen=True)
class Curve:
    """How the methods that learn from labels are measured.

    Attributes
    ----------
    labels : tuple of int
        Numbers of labelled samples; a user who has fewer takes all of them.
    repeats : tuple of int
        How often each number is drawn anew.
    users : int
        How many of the users are measured so, the first ones.
    combined : int
        How many learnwares, the nearest ones, are combined.
    """

    labels: tuple[int, ...]
    repeats: tuple[int, ...]
    users: int
    combined: int


@dataclass(frozen=True)
class Users:
    """The users of an experiment.

    Attributes
    ----------
    tasks : sequence of Task
        Rows of `data` that each has.
    data : Samples
        The split that no learnware was trained on.
    pool : Samples
        Where labelled samples come from, in each user's mixture of classes. As in the published experiment this is the
        split that the learnwares were trained on.
    classes : tuple of str
        Names of the labels.
    describe : callable
        Makes the specification of samples.
    own_model : callable
        Trains a model on samples and names of classes; what it returns answers names for samples.
    """

    tasks: Sequence[Task]
    data: Samples
    pool: Samples
    classes: tuple[str, ...]
    describe: Callable[[Any], RKMESpecification]
    own_model: Callable[[Any, NDArray[np.str_]], Callable[[Any], NDArray[np.str_]]]

    def samples(self, data: Samples, rows: NDArray[np.intp]) -> tuple[Any, NDArray[np.str_]]:
        """Return samples as a learnware takes them, and the names of their classes."""
        X = data.X[rows]
        return X.tolist() if X.dtype == object else X, np.array(self.classes)[data.y[rows]]


def solve(
    users: Users, market: LearnwareMarket, learnwares: Sequence[Learnware], folder: Path, *, combined: int, curve: Curve
) -> list[dict[str, Any]]:
    """Return what was measured for every user.

    Parameters
    ----------
    users : Users
    market : LearnwareMarket
        Where their specifications are searched for.
    learnwares : sequence of Learnware
        All of the market, whose answers are known.
    folder : path
        Where each user's results are kept.
    combined : int
        How many learnwares, the nearest ones, are combined without labels.
    curve : Curve
    """
    by_name = {name_of(one): one for one in learnwares}
    results: list[dict[str, Any]] = []
    for task in tracked(users.tasks, "users without labels"):
        make = partial(_without_labels, users, task, market, by_name, combined)
        results.append({"name": task.name, "curve": [], **json_once(folder / f"{task.name}.json", make)})
    for result, task in zip(tracked(results[: curve.users], "users with labels"), users.tasks, strict=False):
        nearest = [by_name[name] for name in result["found"][: curve.combined]]
        make_curve = partial(_with_labels, users, task, nearest, curve)
        result["curve"] = json_once(folder / f"{task.name}-labels.json", make_curve)
    return results


def _without_labels(
    users: Users, task: Task, market: LearnwareMarket, by_name: dict[str, Learnware], combined: int
) -> dict[str, Any]:
    X, names = users.samples(users.data, task.rows)
    begin = time.perf_counter()
    spec = users.describe(X)
    described = time.perf_counter()
    found = [name_of(one) for one in search(market, spec).learnwares]
    searched = time.perf_counter()
    every = {name: methods.alone(one, X, names) for name, one in by_name.items()}
    accuracies = {"mean in market": float(np.mean(list(every.values()))), "best in market": max(every.values())}
    accuracies |= methods.data_free([by_name[name] for name in found], X, names, combined)
    return {
        "classes": [users.classes[label] for label in task.classes],
        "samples": len(names),
        "errors": {method: 1.0 - value for method, value in accuracies.items()},
        "found": found,
        "alone": {name: 1.0 - value for name, value in every.items()},
        "seconds": {"specification": described - begin, "search": searched - described},
    }


def _with_labels(users: Users, task: Task, nearest: list[Learnware], curve: Curve) -> list[dict[str, Any]]:
    test, truth = users.samples(users.data, task.rows)
    points = []
    for number, repeats in zip(curve.labels, curve.repeats, strict=True):
        drawn: list[dict[str, float]] = []
        there = 0
        for repeat in range(repeats):
            rng = np.random.default_rng([number, repeat, *task.classes])
            rows = labelled_rows(users.pool.y, users.data.y[task.rows], number, rng)
            X, y = users.samples(users.pool, rows)
            there = len(rows)
            own = float(np.mean(users.own_model(X, y)(test) == truth))
            drawn.append({"own model": own} | methods.labelled(nearest, X, y, test, truth, seed=repeat))
        errors = {method: [1.0 - one[method] for one in drawn] for method in methods.LABELLED}
        points.append({"labels": number, "there": there, "errors": errors})
    return points
