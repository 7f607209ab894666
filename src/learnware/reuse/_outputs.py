"""Asking learnwares, and the values that they answer in regression and the like."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ModelError, ReuseError
from learnware.reuse._classes import ClassSpace
from learnware.runtime import RunningModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["ValueSpace", "ask", "ask_each", "labelled_space", "output_space", "task_of"]


def task_of(learnwares: Sequence[Learnware]) -> str | None:
    """Return the task that the learnwares share by their semantic specifications, e.g. ``"Regression"``.

    None where no learnware says.

    Raises
    ------
    ReuseError
        If they have different tasks.
    """
    tasks: dict[str, str] = {}
    for learnware in learnwares:
        values = (learnware.get_specification().get_semantic_spec().get("Task") or {}).get("Values") or []
        for task in [values] if isinstance(values, str) else values:
            tasks.setdefault(task, learnware.id)
    if len(tasks) > 1:
        raise ReuseError(
            f"the learnwares have different tasks: {', '.join(f'{task} ({id_})' for task, id_ in tasks.items())}"
        )
    return next(iter(tasks), None)


def ask(learnwares: Sequence[Learnware], X: NDArray[Any] | list[str]) -> list[NDArray[Any]]:
    """Return every learnware's answers, one row for each row of `X`.

    Learnwares that run in processes of their own answer at the same time, the others one after the other.

    Raises
    ------
    ReuseError
        If an answer has another number of rows or a missing value.
    ModelError
        If a learnware's process does not answer properly.
    """
    return ask_each(learnwares, [X] * len(learnwares))


def ask_each(learnwares: Sequence[Learnware], parts: Sequence[NDArray[Any] | list[str]]) -> list[NDArray[Any]]:
    """Return every learnware's answers to its own part of the rows, as `ask` does; the first one's error is raised."""
    apart = [isinstance(learnware.model, RunningModel) for learnware in learnwares]
    if sum(apart) < 2:
        return [_answers(*pair) for pair in zip(learnwares, parts, strict=True)]
    with ThreadPoolExecutor(sum(apart), thread_name_prefix="learnware-ask") as pool:
        try:
            # Those in processes of their own begin here, the others when it is their turn.
            turns = [
                pool.submit(_answers, learnware, part).result if other else partial(_answers, learnware, part)
                for learnware, part, other in zip(learnwares, parts, apart, strict=True)
            ]
            return [turn() for turn in turns]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _answers(learnware: Learnware, X: NDArray[Any] | list[str]) -> NDArray[Any]:
    if isinstance(learnware.model, RunningModel):
        try:
            answers = np.asarray(learnware.predict(X))
        except ModelError as error:
            # Of several learnwares only here it is known which one it was.
            error.args = (f"learnware {learnware.id!r}: {error}",)
            raise
    else:
        # A copy, because the learnware's code is somebody else's and may write into its input.
        answers = np.asarray(learnware.predict(X.copy()))
    if answers.ndim == 0 or len(answers) != len(X):
        raise ReuseError(
            f"learnware {learnware.id!r} answered shape {answers.shape} to {len(X)} rows; its model is broken"
        )
    if answers.dtype.kind == "f" and not np.isfinite(answers).all():
        raise ReuseError(f"learnware {learnware.id!r} answered values that are missing or infinite; leave it out")
    return answers


@dataclass(frozen=True)
class ValueSpace:
    """The shape of one numeric answer, the same for all learnwares.

    Attributes
    ----------
    shape : tuple of int
        Shape of one answer; ``(1,)`` for a single target.
    """

    shape: tuple[int, ...]

    @classmethod
    def of(cls, learnwares: Sequence[Learnware], outputs: Sequence[NDArray[Any]]) -> ValueSpace:
        """Return the space of these outputs.

        Raises
        ------
        ReuseError
            If the outputs are no numbers or their shapes differ.
        """
        shapes = {
            (output.shape[1:] or (1,)): learnware.id for learnware, output in zip(learnwares, outputs, strict=True)
        }
        if len(shapes) > 1:
            raise ReuseError(
                "the learnwares answer values of different shapes and cannot be combined: "
                + ", ".join(f"{shape} ({id_})" for shape, id_ in shapes.items())
            )
        for learnware, output in zip(learnwares, outputs, strict=True):
            if output.dtype.kind not in "biuf":
                raise ReuseError(f"learnware {learnware.id!r} answers {output.dtype} where numbers are needed")
        return cls(next(iter(shapes)))

    def encode(self, outputs: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        """Return all answers as shape (n_learnwares, n_samples, n_values)."""
        return np.stack([self.encode_one(number, output) for number, output in enumerate(outputs)])

    def encode_one(self, number: int, output: NDArray[Any]) -> NDArray[np.float64]:  # noqa: ARG002  # as of classes
        """Return the answers of learnware `number` as shape (n_samples, n_values)."""
        return output.reshape(len(output), -1).astype(np.float64)

    def decode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows of values as answers: shape (n_samples,) for a single target."""
        return values[:, 0] if self.shape == (1,) else values.reshape(len(values), *self.shape)

    def with_targets(self, y: NDArray[Any]) -> tuple[ValueSpace, NDArray[np.float64]]:
        """Return the space itself, and targets as shape (n_samples, n_values).

        Raises
        ------
        ReuseError
            If they are no numbers or have another width.
        """
        if y.dtype.kind not in "biuf":
            raise ReuseError(f"regression needs numbers as targets, received {y.dtype}")
        targets = y.reshape(len(y), -1).astype(np.float64)
        width = int(np.prod(self.shape))
        if targets.shape[1] != width:
            raise ReuseError(f"the targets have {targets.shape[1]} columns, the learnwares answer {width}")
        return self, targets


def output_space(
    learnwares: Sequence[Learnware], outputs: Sequence[NDArray[Any]], mode: str | None = None
) -> ClassSpace | ValueSpace:
    """Return the space in which the outputs are combined.

    Parameters
    ----------
    learnwares, outputs : sequence
        The learnwares and some of their answers.
    mode : {"classification", "regression"}, optional
        The task; by default that of the semantic specifications, else classification if all answers are whole numbers
        by type, or texts.
    """
    if mode is None:
        task = task_of(learnwares)
        classes = all(output.dtype.kind not in "fc" for output in outputs) if task is None else task == "Classification"
    else:
        classes = mode == "classification"
    return ClassSpace.of(learnwares, outputs) if classes else ValueSpace.of(learnwares, outputs)


def labelled_space(
    learnwares: Sequence[Learnware], outputs: Sequence[NDArray[Any]], labels: NDArray[Any], mode: str | None
) -> tuple[ClassSpace | ValueSpace, NDArray[np.float64]]:
    """Return the space in the user's vocabulary and the labels in it; without a mode or a stated task, labels decide.

    Texts and whole numbers of few values are classes.
    """
    if mode is None and task_of(learnwares) is None:
        few = labels.dtype.kind in "iu" and len(np.unique(labels)) <= max(2, len(labels) // 5)
        numbers = any(output.dtype.kind == "f" and output[0].size == 1 for output in outputs)
        mode = "classification" if labels.dtype.kind in "OUSb" or (few and not numbers) else "regression"
    return output_space(learnwares, outputs, mode).with_targets(labels)
