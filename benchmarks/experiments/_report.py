"""What an experiment found: by user, on average, beside the published figures and the bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._table import Row
from benchmarks.experiments._methods import DATA_FREE, LABELLED, REFERENCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Published", "as_json", "curves_of", "print_data_free", "rows_of"]


@dataclass(frozen=True)
class Published:
    """Figures of the published experiment, and the bars of this one.

    Attributes
    ----------
    figures : mapping of str to float
        Error by method.
    best_data_free : float
        The largest error that the best method without labels may have.
    top_1 : float or None
        The largest error of the nearest learnware.
    below_best : bool
        Whether the best method without labels has to beat the best learnware of the market.
    """

    figures: Mapping[str, float]
    best_data_free: float
    top_1: float | None = None
    below_best: bool = False


# Accuracy that the nearest learnware may lack to the best one, relative to it.
_NEAR_THE_BEST = 0.03


def mean_of(users: Sequence[Mapping[str, Any]], method: str) -> float:
    """Return a method's error without labels, averaged over users."""
    return float(np.mean([user["errors"][method] for user in users]))


def rows_of(users: Sequence[Mapping[str, Any]], published: Published, name: str) -> list[Row]:
    """Return the figures without labels, beside the published ones and the bars."""
    means = {method: mean_of(users, method) for method in (*REFERENCES, *DATA_FREE)}
    best = min(DATA_FREE, key=means.__getitem__)
    rows = [
        Row(f"{name}: {method}", value, note=_beside(published, method), unit="error")
        for method, value in means.items()
    ]
    rows.append(Row(f"{name}: best without labels", means[best], published.best_data_free, "error", best))
    if published.below_best:
        rows.append(Row(f"{name}: it, against the best learnware", means[best], means["best in market"], "error", best))
    if published.top_1 is not None:
        rows.append(Row(f"{name}: nearest learnware", means["top-1"], published.top_1, "error"))
    lacking = 1.0 - (1.0 - means["top-1"]) / (1.0 - means["best in market"])
    note = "share of the accuracy of each user's best learnware"
    return [*rows, Row(f"{name}: nearest learnware, what it lacks", lacking, _NEAR_THE_BEST, "", note)]


def _beside(published: Published, method: str) -> str:
    return f"published: {published.figures[method]:.3f}" if method in published.figures else ""


def print_data_free(users: Sequence[Mapping[str, Any]], title: str) -> None:
    """Print a line for each user, and the mean."""
    from rich.console import Console
    from rich.table import Table

    methods = (*REFERENCES, *DATA_FREE)
    table = Table(title=title, caption="share of wrong answers", title_justify="left")
    table.add_column("user", no_wrap=True)
    for method in methods:
        table.add_column(method, justify="right")
    for user in users:
        table.add_row(user["name"], *(f"{user['errors'][method]:.3f}" for method in methods))
    table.add_section()
    table.add_row("mean", *(f"{mean_of(users, method):.3f}" for method in methods), style="bold")
    Console(width=None if Console().is_terminal else 120).print(table)


def curves_of(users: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors with labels, averaged over users: for each number of labels the repetitions of each method."""
    by_number: dict[int, list[Mapping[str, Any]]] = {}
    for user in users:
        for point in user["curve"]:
            by_number.setdefault(point["labels"], []).append(point)
    return [
        {"labels": number, "labels_on_average": float(np.mean([point["there"] for point in points]))}
        | {method: np.mean([point["errors"][method] for point in points], axis=0).tolist() for method in LABELLED}
        for number, points in sorted(by_number.items())
    ]


def as_json(users: Sequence[Mapping[str, Any]], rows: Sequence[Row], **about: Any) -> dict[str, Any]:
    """Return all results in one document."""
    return {
        **about,
        "rows": [
            {"name": row.name, "measured": row.measured, "bar": row.bar, "unit": row.unit, "note": row.note}
            for row in rows
        ],
        "users": list(users),
        "curves": curves_of(users),
    }
