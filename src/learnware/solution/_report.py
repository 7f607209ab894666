"""How a task was solved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnware.runtime import RunReport

__all__ = ["FEWEST_LABELS", "ChosenLearnware", "SolutionReport", "runs_text"]

# Fewer labels than this cannot choose between ways of reuse.
FEWEST_LABELS = 10


@dataclass(frozen=True)
class ChosenLearnware:
    """A learnware that a solution uses.

    Attributes
    ----------
    id, name : str
        The learnware.
    similarity : float or None
        Similarity of its data to the user's, in [0, 1].
    share : float
        Share of the answers that it gives.
    """

    id: str
    name: str
    similarity: float | None
    share: float


@dataclass(frozen=True)
class SolutionReport:
    """How a task was solved.

    Attributes
    ----------
    task : {"Classification", "Regression"}
        The kind of task.
    way : str
        The way of reuse that was chosen.
    measure : str
        What `scores` measures.
    scores : dict of str to float
        Cross-validated score of every way; empty where no labels were given.
    n_labels : int
        Labelled rows that were given.
    learnwares : tuple of ChosenLearnware
        Those that answer, heaviest first.
    own_share : float
        Share of models that were trained on the user's own labels.
    unexplained : float or None
        Share of the data that no learnware covers.
    message : str
        What the search said.
    runs : dict of str to RunReport
        Where the learnwares that answer run, by id: environment and sandbox.
    """

    task: str
    way: str
    measure: str
    scores: dict[str, float]
    n_labels: int
    learnwares: tuple[ChosenLearnware, ...]
    own_share: float
    unexplained: float | None
    message: str
    runs: dict[str, RunReport]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)

    def __str__(self) -> str:
        labels = f"{self.n_labels} label{'' if self.n_labels == 1 else 's'}" if self.n_labels else "without labels"
        if self.scores:
            labels = f"chosen by cross-validation on {labels}"
        elif self.n_labels:
            verb = "is" if self.n_labels == 1 else "are"
            labels += f" {verb} too few to choose by ({FEWEST_LABELS} are needed)"
        lines = [f"{self.task} by {self.way}, {labels}", self.message]
        if self.scores:
            lines.append(f"cross-validated {self.measure}:")
            lines += [f"  {way:<14} {score:.4g}" for way, score in self.scores.items()]
        lines.append("who answers:")
        lines += [
            f"  {one.share:6.1%}  {one.id}  {one.name}"
            + ("" if one.similarity is None else f" (similarity {one.similarity:.3f})")
            for one in self.learnwares
        ]
        if self.own_share:
            lines.append(f"  {self.own_share:6.1%}  models trained on your own labels")
        lines += runs_text(self.runs)
        return "\n".join(lines)


def runs_text(runs: Mapping[str, RunReport]) -> list[str]:
    """Return where learnwares run as lines of text, those that run alike in one."""
    alike: dict[str, list[str]] = {}
    for learnware_id, run in runs.items():
        alike.setdefault(str(run), []).append(learnware_id)
    lines = [f"run by: {text}" + (f" ({', '.join(ids)})" if len(alike) > 1 else "") for text, ids in alike.items()]
    return lines + [f"{learnware_id}: {warning}" for learnware_id, run in runs.items() for warning in run.warnings]
