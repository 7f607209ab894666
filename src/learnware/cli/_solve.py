"""`learnware solve`: from a task to predictions in one command."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import Session, command
from learnware.cli._market import hint_at_widths
from learnware.cli._options import (
    DataArgument,
    DataTypeOption,
    ForceOption,
    KindOption,
    LibraryOption,
    LicenseOption,
    MaxOption,
    RunInOption,
    SandboxOption,
    ScenarioOption,
    SeedOption,
    TaskOption,
    TextColumnOption,
    TextOption,
    conditions,
)
from learnware.cli._predictions import SUFFIXES, OutputOption, deliver, prediction_columns

if TYPE_CHECKING:
    from learnware.solution import SolutionReport

__all__ = ["register"]

# Seconds for a learnware to load and for each of its answers.
_TIMEOUT = 600.0


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "solve",
        "learnware solve mine.csv -o predictions.csv",
        "learnware solve mine.csv --target price -o predictions.csv",
        "learnware solve mine.parquet --task Regression --scenario Business --json",
        "learnware solve reviews.csv --text-column review --target stars -o predictions.csv",
        "learnware solve photos/ -o predictions.csv",
        uses_market=True,
    )(solve)


def solve(
    session: Session,
    data: DataArgument,
    *,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            help="Column with your labels, left empty where you have none. They choose the way of reuse. A number from "
            "0 for .npy files of tables. For a folder of pictures any text: each is labelled by the folder it lies in.",
        ),
    ] = None,
    kind: KindOption = None,
    text_column: TextColumnOption = None,
    output: OutputOption = None,
    max_learnwares: MaxOption = 10,
    seed: SeedOption = 0,
    text: TextOption = None,
    data_type: DataTypeOption = None,
    task: TaskOption = None,
    library: LibraryOption = None,
    scenario: ScenarioOption = None,
    license: LicenseOption = None,
    run_in: RunInOption = "venv",
    sandbox: SandboxOption = None,
    force: ForceOption = False,
) -> None:
    """Solve a task with the learnwares of a market: find them, combine them, predict every row, image or text.

    Without labels the learnwares answer where they know the data best. With labels (ten or more), several ways of reuse
    are compared by cross-validation, a model of your own among them, and the best one answers. What is printed says who
    answers how much. The learnwares' own code runs in processes of its own, in the environments that they ask for and
    in a sandbox.

    The exit code is 3 if nothing in the market fits.
    """
    from learnware.cli._data import open_source
    from learnware.cli._files import check_output
    from learnware.runtime import Limits
    from learnware.solution import solve as solve_task

    check_output(output, force=force, suffixes=SUFFIXES)
    market = session.open_market()
    wanted = task if task in ("Classification", "Regression") else None
    with open_source(data, session.warn, kind=kind, target=target, text_column=text_column) as source:
        given = source.read()
    with (
        hint_at_widths(session, market, given.X.shape[1]) if source.data_type == "Table" else nullcontext(),
        session.steps("Solving") as step,
        solve_task(
            given.X,
            given.y,
            market=market,
            semantic_spec=conditions(text, data_type, task, library, scenario, license),
            task=wanted,
            max_learnwares=max_learnwares,
            seed=seed,
            runnable_option=run_in,
            sandbox=sandbox,
            limits=Limits(seconds=_TIMEOUT),
            progress=step,
        ) as solution,
    ):
        step("predicting")
        predictions = solution.predict(given.X)
    # A solution names classes itself.
    columns = prediction_columns(predictions, (), given.names)
    deliver(session, columns, output, solution.report.to_dict(), _texts(solution.report))


def _texts(report: "SolutionReport") -> list[Any]:
    from learnware.cli._render import clean

    return [clean(report)]
