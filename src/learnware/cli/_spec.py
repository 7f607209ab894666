"""`learnware spec`: the statistical specification of a table, of images or of texts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import Session, command
from learnware.cli._options import (
    DataArgument,
    EncoderOption,
    ForceOption,
    KindOption,
    SeedOption,
    SpecTypeOption,
    TargetOption,
    TextColumnOption,
    one_of,
)

if TYPE_CHECKING:
    from learnware.specification import ReductionReport, RKMESpecification

__all__ = ["register"]

_QUALITIES = ("default", "best")
# A point that fewer rows stand behind is nearly a row.
_FEWEST_ROWS = 2
_OF_ONE_QUALITY = "RKMEImageSpecification"
_THINGS = {"Table": "row", "Image": "image", "Text": "text"}
_ARTICLES = {"row": "a", "image": "an", "text": "a"}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "spec",
        "learnware spec train.csv -o stat.json",
        "learnware spec train.parquet --target price --points 50 -o stat.json",
        "learnware spec photos/ -o stat.json",
        "learnware spec reviews.txt -o stat.json",
        "learnware spec reviews.csv --text-column review -o stat.json",
        "learnware search stat.json",
    )(spec)


def spec(
    session: Session,
    data: DataArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The specification to write (JSON).")
    ] = Path("stat.json"),
    kind: KindOption = None,
    target: TargetOption = None,
    text_column: TextColumnOption = None,
    encoder: EncoderOption = None,
    spec_type: SpecTypeOption = None,
    points: Annotated[
        int | None,
        typer.Option("--points", min=1, metavar="K", help="At most so many points; 100 if not given, 50 for images."),
    ] = None,
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
            help="At least so many rows, images or texts to a point on average, and no point on one; 0 switches both "
            "off.",
        ),
    ] = 5,
    seed: SeedOption = 0,
    force: ForceOption = False,
) -> None:
    """Describe data by a few weighted points, so that others can compare their data with them.

    The specification (RKME, reduced kernel mean embedding) is what a market knows of your data: none of its points is a
    row, an image or a text of yours. It is printed how well the points fit, and what they give away of single ones.
    Data may be of any length.

    Images are described as pictures of any size, and texts by what an encoder makes of them, in any language.
    """
    from learnware.cli._data import describe_source, open_source
    from learnware.cli._files import check_output, write_file

    check_output(output, force=force)
    with open_source(data, session.warn, kind=kind, target=target, text_column=text_column) as source:
        if quality != _QUALITIES[0] and spec_type == _OF_ONE_QUALITY:
            raise typer.BadParameter(f"there is only one of a {spec_type}", param_hint="--quality")
        made, _ = describe_source(
            source,
            spec_type,
            reduced_set_size=points,
            encoder=encoder,
            quality=None if quality == _QUALITIES[0] else quality,
            seed=seed,
            privacy_floor=privacy_floor,
            progress=None if session.talks else False,
        )
    write_file(output, made.save)
    report = made.report
    assert report is not None  # noqa: S101  # it was made here
    thing = _THINGS[source.data_type]
    if report.rows_per_point < privacy_floor or report.fewest_rows < _FEWEST_ROWS:
        session.warn(
            f"the specification gives away single {thing}s: there are {report.rows_per_point:.1f} {thing}s to a point "
            f"on average, and {report.fewest_rows:.1f} behind one; describe more {thing}s, or take fewer --points"
        )
    session.show(_document(made, source.data_type, output), *_texts(made, report, thing, output))


def _document(made: "RKMESpecification", data_type: str, output: Path) -> dict[str, Any]:
    assert made.report is not None  # noqa: S101  # it was made here
    document = {
        "output": str(output),
        "type": made.type,
        "data": data_type,
        "space": made.space,
        "points": len(made.get_z()),
        "rows": made.num_points,
    }
    if data_type == "Table":
        document["columns"] = made.get_z().shape[1]
    # What only some types know.
    known = {name: getattr(made, name) for name in ("gamma", "encoder", "language", "channels") if hasattr(made, name)}
    return {**document, **known, "report": made.report.to_states()}


def _texts(made: "RKMESpecification", report: "ReductionReport", thing: str, output: Path) -> list[Any]:
    from learnware.cli._render import count, facts, number

    cleaned = {"missing": report.missing, "infinite": report.infinite, "too far out": report.limited}
    replaced = [f"{n:,} {what}" for what, n in cleaned.items() if n]
    nearest = "-" if report.nearest_row is None else f"{report.nearest_row:.2f} of the distance between {thing}s"
    of = f" of {count(made.get_z().shape[1], 'column')}" if thing == "row" else ""
    pairs = [("Fit", f"squared MMD {number(report.mmd2, 3)} (0 is perfect)")]
    if thing == "row":
        pairs.append(("Kernel", "columns as they are" if report.kernel_scale is None else "columns scaled robustly"))
    else:
        pairs.append(("Compares with", made.describe_space()))
    if thing == "text":
        languages = ", ".join(getattr(made, "language", [])) or "cannot be told: the texts are too short"
        pairs.append(("Languages", languages))
        pairs += [(title, count(n, "text")) for title, n in _odd_texts(report)]
    pairs += [
        ("Privacy", f"{report.rows_per_point:.1f} {thing}s to a point on average"),
        ("", f"at least {report.fewest_rows:.1f} {thing}s behind any point"),
        ("", f"nearest point to {_ARTICLES[thing]} {thing}: {nearest}"),
        *([("Replaced values", ", ".join(replaced))] if replaced else []),
    ]
    head = f"{count(len(made.get_z()), 'point')} for {count(made.num_points, thing)}{of}: {output}"
    return [head, facts(pairs)]


def _odd_texts(report: "ReductionReport") -> list[tuple[str, int]]:
    """Return what was odd about texts, and about how many."""
    titles = {
        "empty_texts": "Empty",
        "missing_texts": "Missing",
        "replaced_texts": "Not in UTF-8",
        "shortened_texts": "Read in part",
    }
    return [(title, getattr(report, name)) for name, title in titles.items() if getattr(report, name, 0)]
