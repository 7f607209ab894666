"""Run all hostile learnwares: ``python -m tests.hostile`` prints those that were not contained, and the sums."""

# ruff: noqa: T201  # a command
from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.hostile.corpus import CORPUS
from tests.hostile.stage import Stage
from tests.hostile.trial import Trial, run

from learnware.runtime import ModelProcess
from learnware.runtime.sandbox import SANDBOX_LEVELS, sandbox_report


def run_corpus(levels: list[str], names: list[str], *, runs: int = 1, verbose: bool = False) -> list[Trial]:
    """Return the trials of all named specimens at all levels, run after run."""
    trials = []
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        Path(folder).chmod(0o755)
        with Stage(Path(folder)) as stage:
            for level in levels:
                # The first process of a level also starts what stays: threads and descriptors of this one.
                with ModelProcess(stage.neighbour, {"class_name": "Model"}, sandbox=level) as process:
                    process.predict(np.zeros((1, 1)))
            for _ in range(runs):
                for name in names:
                    for level in levels:
                        trials.append(trial := run(CORPUS[name], level, stage))
                        if verbose or trial.problems:
                            _print(trial, verbose)
    return trials


def _print(trial: Trial, verbose: bool) -> None:
    print(
        f"{'ESCAPED' if trial.problems else 'held':8} {trial.level:11} {trial.name:30} {trial.seconds:5.1f} s", end=""
    )
    print(f"  {trial.ended[:150]!r}" if verbose else "", flush=True)
    for problem in trial.problems:
        print(f"         {problem}", flush=True)


def main() -> int:
    """Run the corpus as the command line says; return 0 if all were contained."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="specimens, or the beginnings of names; default: all")
    parser.add_argument("--level", action="append", choices=[level for level in SANDBOX_LEVELS if level != "none"])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print all of them")
    arguments = parser.parse_args()
    levels = arguments.level or [level for level in SANDBOX_LEVELS if level != "none" and not sandbox_report()[level]]
    names = [name for name in CORPUS if not arguments.names or name.startswith(tuple(arguments.names))]
    if not levels or not names:
        print(f"nothing to run: {sandbox_report()}")
        return 2
    begin = time.monotonic()
    trials = run_corpus(levels, names, runs=arguments.runs, verbose=arguments.verbose)
    held = sum(not trial.problems for trial in trials)
    print(
        f"{held} of {len(trials)} contained ({len(names)} hostile learnwares at {', '.join(levels)},"
        f" {arguments.runs} runs) in {time.monotonic() - begin:.0f} s"
    )
    return int(held != len(trials))


if __name__ == "__main__":
    sys.exit(main())
