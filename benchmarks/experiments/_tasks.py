"""Who has which data in the experiments: owners of learnwares, and users."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Task", "image_tasks", "labelled_rows", "text_owners", "text_users"]


@dataclass(frozen=True)
class Task:
    """What one owner or user has.

    Attributes
    ----------
    name : str
    classes : tuple of int
        The classes that it knows, in ascending order.
    rows : ndarray of int
        Its samples, as rows of a split.
    """

    name: str
    classes: tuple[int, ...]
    rows: NDArray[np.intp]


def text_owners(y: NDArray[np.intp], n_classes: int, per_triple: int, seed: int) -> list[Task]:
    """Return the owners of texts: for every three classes some, each with a random half of their samples.

    The first ones know every triple once, so that a larger experiment begins with the owners of a smaller one.
    """
    owners = []
    for number, triple in product(range(per_triple), combinations(range(n_classes), 3)):
        rows = np.flatnonzero(np.isin(y, triple))
        order = np.random.default_rng([seed, *triple, number]).permutation(rows)
        owners.append(Task(f"{'-'.join(map(str, triple))}-{number}", triple, np.sort(order[: len(rows) // 2])))
    return owners


def text_users(y: NDArray[np.intp], n_classes: int) -> list[Task]:
    """Return the users of texts: all samples of any two classes."""
    return [
        Task("-".join(map(str, pair)), pair, np.flatnonzero(np.isin(y, pair)))
        for pair in combinations(range(n_classes), 2)
    ]


def image_tasks(
    y: NDArray[np.intp], n_tasks: int, shares: Sequence[float], n_samples: int, n_classes: int, seed: Sequence[int]
) -> list[Task]:
    """Return owners or users of images: each has random classes, in given shares of its samples.

    Parameters
    ----------
    y : ndarray of shape (n,), int
        Classes of the split's samples.
    n_tasks : int
    shares : sequence of float
        Share of each class among a task's samples; as many classes as shares.
    n_samples : int
        Samples of a task.
    n_classes : int
    seed : sequence of int
        Task i depends on this and i only, so that a larger experiment begins with the tasks of a smaller one.
    """
    tasks = []
    for number in range(n_tasks):
        rng = np.random.default_rng([*seed, number])
        classes = rng.permutation(n_classes)[: len(shares)]
        rows = [
            rng.permutation(np.flatnonzero(y == label))[: round(share * n_samples)]
            for label, share in zip(classes, shares, strict=True)
        ]
        name = f"{number:03d}-{'-'.join(map(str, classes))}"
        tasks.append(Task(name, tuple(sorted(classes.tolist())), np.sort(np.concatenate(rows))))
    return tasks


def labelled_rows(y: NDArray[np.intp], like: NDArray[np.intp], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return rows in random order whose classes are mixed as those in `like` are, at most `most` of them.

    Parameters
    ----------
    y : ndarray of shape (n,), int
        Classes of the samples to draw from.
    like : ndarray of shape (m,), int
        Classes of the samples whose mixture they shall have.
    most : int
        They are fewer where a class has not as many samples.
    """
    classes, counts = np.unique(like, return_counts=True)
    shares = counts / counts.sum()
    there = np.array([np.count_nonzero(y == label) for label in classes])
    n_rows = min(most, int((there / shares).min()))
    rows = [
        rng.permutation(np.flatnonzero(y == label))[: round(share * n_rows)]
        for label, share in zip(classes, shares, strict=True)
    ]
    return rng.permutation(np.concatenate(rows))
