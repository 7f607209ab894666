"""Run an experiment: ``python -m benchmarks.experiments text`` or ``image``. A run that was stopped goes on."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._table import machine, print_rows
from benchmarks.experiments import image, text
from benchmarks.experiments._picture import draw
from benchmarks.experiments._report import as_json, curves_of, mean_of, print_data_free, rows_of
from benchmarks.experiments._work import default_folder, written_whole

if TYPE_CHECKING:
    from benchmarks.experiments._users import Curve


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments", description=__doc__)
    parser.add_argument("experiment", choices=["text", "image"])
    parser.add_argument("--size", choices=list(text.SIZES), default="small", help="tiny is for tests (default: small)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where networks are trained")
    parser.add_argument("--work", type=Path, help="folder of all that is made (default: in the user's cache)")
    parser.add_argument("--out", type=Path, help="folder of the results (default: the same)")
    parser.add_argument("--no-curves", action="store_true", help="leave out the methods that learn from labels")
    parser.add_argument("--learnwares", type=int, help="only the first ones (default: as many as the size has)")
    parser.add_argument("--jobs", type=int, default=2, help="learnwares that run at a time (default 2)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default 0)")
    options = parser.parse_args()
    work = options.work or default_folder(options.experiment, options.size)
    out = options.out or work
    begin = time.perf_counter()
    name = options.experiment
    if name == "text":
        text_size = text.SIZES[options.size]
        owners = min(options.learnwares or text_size.owners, text_size.owners)
        text_size = replace(text_size, owners=owners, curve=_curve(text_size.curve, options))
        users, published = text.run(text_size, work, seed=options.seed, jobs=options.jobs), text.PUBLISHED
    else:
        image_size = image.SIZES[options.size]
        owners = min(options.learnwares or image_size.learnwares, image_size.learnwares)
        image_size = replace(image_size, learnwares=owners, curve=_curve(image_size.curve, options))
        users, published = (
            image.run(image_size, work, seed=options.seed, device=options.device, jobs=options.jobs),
            image.PUBLISHED,
        )
    rows = rows_of(users, published, name)
    print_data_free(users, f"{name}, {owners} learnwares: errors without labels")
    print_rows(f"{name}, {options.size} size, {owners} learnwares ({machine()})", rows)
    results = as_json(
        users, rows, experiment=name, size=options.size, learnwares=owners, seed=options.seed, machine=machine()
    )
    with written_whole(out / f"{name}-{options.size}.json") as scratch:
        scratch.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    curves = curves_of(users)
    if curves:
        drawn = [user for user in users if user["curve"]]
        lines = {method: mean_of(drawn, method) for method in ("best in market", "averaging")}
        draw(curves, lines, f"{name}: {len(drawn)} users", out / f"{name}-{options.size}.svg")
    print(f"\n{time.perf_counter() - begin:.0f} s; results in {out}")


def _curve(curve: Curve, options: argparse.Namespace) -> Curve:
    return replace(curve, users=0) if options.no_curves else curve


if __name__ == "__main__":
    main()
