"""Measure how well held-back users' tasks are solved.

``python -m benchmarks.quality`` prints one table a world: a line for each user and the mean. ``--demo`` is the main job
of a fresh checkout: it fills a market, checks every learnware, and solves the tasks of the worlds that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks._table import Row, machine, print_rows
from benchmarks.quality.methods import DATA_FREE, LABELLED, REFERENCES, data_free_errors, labelled_errors, search
from benchmarks.quality.worlds import World, digits_world, zoo_world
from learnware.market import LearnwareMarket, instantiate_learnware_market
from learnware.runtime import ModelRunner

if TYPE_CHECKING:
    from collections.abc import Iterable

# Bars of the worlds: top-1, and the best method that sees no label.
_BARS = {"air": (20.5, 18.8), "stores": (None, 0.112)}
# Stacking may be worse than the better of own model and top-1 by this factor, on average over users.
_STACKING_BAR = 1.02


def fill_market(world: World, root: Path, *, checked: bool) -> LearnwareMarket:
    """Put a world's learnwares into a new market; `checked` runs the checks, a trial prediction included."""
    market = instantiate_learnware_market(world.name, root=root)
    names: list[str] | None = None if checked else []
    verb = "checking and adding" if checked else "adding"
    refused = []
    for path, semantic_spec in _tracked(world.packages, f"{world.name}: {verb} learnwares"):
        learnware_id, _ = market.add_learnware(str(path), semantic_spec, checker_names=names)
        if learnware_id is None:
            refused.append(path.name)
    if refused:
        print(f"refused by the checks: {', '.join(refused)}")
    return market


def measure(
    world: World, market: LearnwareMarket, *, seed: int, n_labels: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the errors of all methods by user: without labels, and with."""
    everybody = market.get_learnwares()
    figures = {}
    # Every user's task asks all of them: none is to be started twice.
    by_id = {one.id: one for one in everybody}
    with ModelRunner(max_processes=len(everybody)) as runner:
        for learnware in everybody:
            learnware.run_with(runner)
        for user in _tracked(world.users, f"{world.name}: solving users' tasks"):
            fitting = [one for one in everybody if _width(one) == user.X.shape[1]]
            found = [by_id[one.id] for one in search(market, user, seed)]
            figures[user.name] = {
                "data-free": data_free_errors(world, fitting, found, user),
                "labelled": labelled_errors(world, found, user, seed, n_labels),
            }
    return figures


def _width(learnware: Any) -> int:
    return int(learnware.get_specification().get_semantic_spec()["Input"]["Dimension"])


def _tracked(items: list[Any], what: str) -> Iterable[Any]:
    return track(items, what, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def mean_of(figures: dict[str, dict[str, dict[str, float]]], kind: str, method: str) -> float:
    """Return a method's error, averaged over users."""
    return float(np.mean([user[kind][method] for user in figures.values()]))


def print_figures(world: World, figures: dict[str, dict[str, dict[str, float]]], n_labels: int) -> None:
    """Print a line for each user, and the mean."""
    measure_name = "share of wrong answers" if world.classes else "root mean squared error"
    columns = [("data-free", name) for name in (*REFERENCES, *DATA_FREE)] + [("labelled", name) for name in LABELLED]
    table = Table(title=f"{world.name}: {world.description}", caption=measure_name, title_justify="left")
    table.add_column("user", no_wrap=True)
    for kind, name in columns:
        heading = name if kind == "data-free" else f"{name}\n(labels)"
        table.add_column(heading, justify="right", no_wrap=True)
    digits = 2 if mean_of(figures, "data-free", "mean in market") > 1 else 3
    for name, user in figures.items():
        table.add_row(name, *(f"{user[kind][method]:.{digits}f}" for kind, method in columns))
    table.add_section()
    table.add_row("mean", *(f"{mean_of(figures, kind, method):.{digits}f}" for kind, method in columns), style="bold")
    console = Console(width=None if sys.stdout.isatty() else 190)
    console.print(table)
    console.print(
        f"(labels): trained on {n_labels} labelled rows, or half of a user's rows, and measured on the others\n"
    )


def rows_of(world: World, figures: dict[str, dict[str, dict[str, float]]]) -> list[Row]:
    """Return the figures that have bars."""
    top, data_free = _BARS.get(world.name, (None, None))
    best = min(DATA_FREE, key=lambda name: mean_of(figures, "data-free", name))
    reference = (
        f"mean in market {mean_of(figures, 'data-free', 'mean in market'):.4g}, "
        f"best {mean_of(figures, 'data-free', 'best in market'):.4g}"
    )
    alternatives = [mean_of(figures, "labelled", name) for name in ("own model", "top-1")]
    stacking = mean_of(figures, "labelled", "stacking") / min(alternatives)
    return [
        Row(f"{world.name}: top-1", mean_of(figures, "data-free", "top-1"), top, "", reference),
        Row(f"{world.name}: best without labels", mean_of(figures, "data-free", best), data_free, "", best),
        Row(
            f"{world.name}: stacking over the better of own model and top-1",
            stacking,
            _STACKING_BAR,
            "x",
            f"own model {alternatives[0]:.4g}, top-1 {alternatives[1]:.4g}",
        ),
    ]


def run(*, seed: int = 0, n_labels: int = 100, checked: bool = False, worlds: tuple[str, ...] = ()) -> list[Row]:
    """Measure every world that is on this machine, print its table and return the figures with bars."""
    with tempfile.TemporaryDirectory() as folder:
        found = [world for name in ("air", "stores") if (world := zoo_world(name)) is not None]
        if not found or "digits" in worlds:
            found.append(digits_world(Path(folder), seed))
        rows = []
        for world in found:
            if worlds and world.name not in worlds:
                continue
            market = fill_market(world, Path(folder) / "markets", checked=checked)
            figures = measure(world, market, seed=seed, n_labels=n_labels)
            print_figures(world, figures, n_labels)
            rows += rows_of(world, figures)
        return rows


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="check every learnware before it is added")
    parser.add_argument(
        "--world", action="append", choices=["air", "stores", "digits"], help="only this one; repeatable"
    )
    parser.add_argument("--labels", type=int, default=100, help="labelled rows of a user (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default 0)")
    parser.add_argument("--json", type=Path, help="write the figures with bars to this file, too")
    options = parser.parse_args()
    start = time.perf_counter()
    rows = run(seed=options.seed, n_labels=options.labels, checked=options.demo, worlds=tuple(options.world or ()))
    print_rows(f"quality ({machine()})", rows)
    print(f"\n{time.perf_counter() - start:.0f} s")
    if options.json:
        figures = [{"name": row.name, "measured": row.measured, "bar": row.bar, "note": row.note} for row in rows]
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
