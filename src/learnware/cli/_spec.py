"""`learnware spec`: the statistical specification of a table."""

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from learnware.cli._command import Session, command
from learnware.cli._options import DataArgument, ForceOption, SeedOption, TargetOption, one_of

__all__ = ["register"]

_QUALITIES = ("default", "best")
# A point that fewer rows stand behind is nearly a row.
_FEWEST_ROWS = 2


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "spec",
        "learnware spec train.csv -o stat.json",
        "learnware spec train.parquet --target price --points 50 -o stat.json",
        "learnware search stat.json",
    )(spec)


def spec(
    session: Session,
    data: DataArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The specification to write (JSON).")
    ] = Path("stat.json"),
    target: TargetOption = None,
    points: Annotated[int, typer.Option("--points", min=1, metavar="K", help="At most so many points.")] = 100,
    quality: Annotated[
        str,
        typer.Option(
            "--quality",
            metavar="QUALITY",
            help="default, or best: several times slower for a closer fit.",
            **one_of(_QUALITIES),
        ),
    ] = "default",
    privacy_floor: Annotated[
        int,
        typer.Option(
            "--privacy-floor",
            min=0,
            metavar="N",
            help="At least so many rows to a point on average, and no point on a row; 0 switches both off.",
        ),
    ] = 5,
    seed: SeedOption = 0,
    force: ForceOption = False,
) -> None:
    """Describe a table by a few weighted points, so that others can compare their data with it.

    The specification (RKME, reduced kernel mean embedding) is what a market knows of your data: none of its points is a
    row. It is printed how well the points fit, and what they give away of single rows. Tables may be of any length.
    """
    from learnware.cli._data import check_output, table_chunks, write_file
    from learnware.cli._render import count, facts, number
    from learnware.specification import generate_rkme_table_spec

    check_output(output, force=force)
    with table_chunks(data, target, session.warn) as chunks:
        made = generate_rkme_table_spec(
            chunks,
            reduced_set_size=points,
            quality=cast(Literal["default", "best"], quality),
            seed=seed,
            privacy_floor=privacy_floor,
            progress=None if session.talks else False,
        )
    write_file(output, made.save)
    report = made.report
    assert report is not None  # noqa: S101  # it was made here
    n_points, n_columns = made.get_z().shape
    cleaned = {"missing": report.missing, "infinite": report.infinite, "too far out": report.limited}
    replaced = [f"{n:,} {what}" for what, n in cleaned.items() if n]
    document = {
        "output": str(output),
        "type": made.type,
        "points": n_points,
        "columns": n_columns,
        "rows": made.num_points,
        "gamma": made.gamma,
        "report": report.to_states(),
    }
    if report.rows_per_point < privacy_floor or report.fewest_rows < _FEWEST_ROWS:
        session.warn(
            f"the specification gives away single rows: there are {report.rows_per_point:.1f} rows to a point on "
            f"average, and {report.fewest_rows:.1f} behind one; describe more rows, or take fewer --points"
        )
    nearest = "-" if report.nearest_row is None else f"{report.nearest_row:.2f} of the distance between rows"
    session.show(
        document,
        f"{count(n_points, 'point')} for {count(made.num_points, 'row')} of {count(n_columns, 'column')}: {output}",
        facts(
            [
                ("Fit", f"squared MMD {number(report.mmd2, 3)} (0 is perfect)"),
                ("Kernel", "columns as they are" if report.kernel_scale is None else "columns scaled robustly"),
                ("Privacy", f"{report.rows_per_point:.1f} rows to a point on average"),
                ("", f"at least {report.fewest_rows:.1f} rows behind any point"),
                ("", f"nearest point to a row: {nearest}"),
                *([("Replaced values", ", ".join(replaced))] if replaced else []),
            ]
        ),
    )
