"""The pictures of the experiments: error over the number of labels, with its spread. Needs matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.experiments._work import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["draw"]

# Colours that people with impaired colour vision tell apart (Okabe and Ito), and a mark for each line.
_STYLES = (
    ("own model", "#000000", "o"),
    ("top-1", "#E69F00", "s"),
    ("pruning", "#56B4E9", "^"),
    ("augmentation", "#CC79A7", "D"),
    ("stacking", "#009E73", "v"),
)


def draw(curves: Sequence[Mapping[str, Any]], lines: Mapping[str, float], title: str, path: Path) -> None:
    """Draw the error over the number of labels, and write the picture.

    Parameters
    ----------
    curves : sequence of mapping
        For each number of labels: ``labels``, and by method a list of the errors of all repetitions.
    lines : mapping of str to float
        Errors that need no labels, which are horizontal lines.
    title : str
    path : path
        An ``.svg`` or ``.png`` file.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.4), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    numbers = [point["labels"] for point in curves]
    for method, colour, mark in _STYLES:
        values = [np.asarray(point[method]) for point in curves]
        mean = np.array([one.mean() for one in values])
        spread = np.array([one.std() for one in values])
        axes.plot(numbers, mean, color=colour, marker=mark, markersize=5, label=method)
        axes.fill_between(numbers, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0)
    for (name, value), dashes in zip(lines.items(), ("--", ":", "-."), strict=False):
        axes.axhline(value, color="#555555", linewidth=1.2, linestyle=dashes, label=f"{name} (no labels)")
    axes.set_xscale("log")
    axes.set_xticks(numbers, [f"{number:,}".replace(",", " ") for number in numbers])
    axes.minorticks_off()
    axes.set_xlabel("labelled samples of the user")
    axes.set_ylabel("error")
    axes.set_ylim(bottom=0.0)
    axes.set_title(title)
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=9)
    with written_whole(path) as scratch:
        # Without the date, so that the same figures give the same file.
        figure.savefig(scratch, format=path.suffix[1:], metadata={"Date": None})
