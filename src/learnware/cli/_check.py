"""`learnware check`: everything that is wrong with packages."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import Session, command, words_of
from learnware.cli._options import RunInOption, SandboxOption
from learnware.errors import LearnwareError, SpecificationError

if TYPE_CHECKING:
    from rich.console import Group

    from learnware.verification import VerificationProgress, VerificationReport

__all__ = [
    "PackagesArgument",
    "SemanticOption",
    "progress_steps",
    "read_semantic",
    "register",
    "report_text",
    "unreadable",
    "verifier",
]

_SIDECAR = ".semantic.json"
_STYLES = {"ok": "green", "warning": "yellow", "wrong": "red", "not checked": "dim"}

PackagesArgument = Annotated[
    list[Path], typer.Argument(metavar="PACKAGE", help="Learnware packages (.zip).", show_default=False)
]
SemanticOption = Annotated[
    Path | None,
    typer.Option(
        "--semantic",
        metavar="FILE",
        help="Semantic specification (JSON) to use instead of the package's. A file NAME.semantic.json beside NAME.zip "
        "is used where the package has none.",
    ),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time for loading the model and for its trial.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "check",
        "learnware check house-prices.zip",
        "learnware check old.zip --semantic old.semantic.json",
        "learnware check *.zip --run-in current --json",
    )(check)


def check(
    session: Session,
    packages: PackagesArgument,
    *,
    semantic: SemanticOption = None,
    timeout: TimeoutOption = 60.0,
    run_in: RunInOption = "venv",
    sandbox: SandboxOption = None,
) -> None:
    """Check packages: form, words and tags, statistical specification, pickles, environment, and a trial prediction.

    The model is tried in the environment that it asks for, which is built if it is not there, and in a sandbox. Pickles
    are looked at without loading them: names that are not known to be harmless are a warning. All that is wrong is
    printed at once, with how to mend it; the exit code is 1 if any package is invalid or could not be checked.
    """
    documents, lines = [], []
    if semantic is not None:
        read_semantic(Path(), semantic)  # what is wrong with it is no package's fault
    verify = verifier(run_in, sandbox, timeout)
    with session.steps("Checking") as step:
        for number, path in enumerate(packages):
            try:
                semantic_spec = read_semantic(path, semantic)
            except (LearnwareError, OSError) as error:
                report = unreadable(path, words_of(error))
            else:
                report = verify(path, semantic_spec=semantic_spec, on_progress=progress_steps(step, packages, number))
            documents.append(report.to_dict())
            lines.append(report_text(report))
    session.show({"packages": documents}, *lines)
    if not all(document["valid"] for document in documents):
        raise typer.Exit(1)


def verifier(run_in: str, sandbox: str | None, timeout: float) -> "Callable[..., VerificationReport]":
    """Return `learnware.verification.verify` with the values of the options."""
    from learnware.runtime import Limits
    from learnware.verification import verify

    return partial(verify, runnable_option=run_in, sandbox=sandbox, limits=Limits(seconds=timeout))


def progress_steps(
    step: Callable[[str], None], packages: list[Path], number: int
) -> "Callable[[VerificationProgress], None]":
    """Return what turns the progress of the verification of one of some packages into words."""
    counted = f" ({number + 1} of {len(packages)})" if len(packages) > 1 else ""
    at = f"{packages[number].name}{counted}"

    def tell(progress: "VerificationProgress") -> None:
        if progress.stage != "finished":
            step(", ".join(filter(None, (at, progress.part, progress.words))))

    return tell


def read_semantic(package: Path, semantic: Path | None) -> dict[str, Any] | None:
    """Return the semantic specification of a file, or of the one beside a package without one; None for its own.

    Raises
    ------
    SpecificationError
        If the file is no JSON object.
    """
    import json

    from learnware.learnware import read_package

    path = semantic
    if path is None:
        if not package.is_file():
            return None  # the check tells
        beside = package.with_name(package.name.removesuffix(package.suffix) + _SIDECAR)
        if not beside.is_file():
            return None
        try:
            if read_package(package).semantic_spec:
                return None
        except LearnwareError:
            return None  # the check tells what is wrong with the package
        path = beside
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SpecificationError(f"{str(path)!r} is no JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise SpecificationError(f"{str(path)!r} holds no JSON object; a semantic specification is one")
    return value


def unreadable(path: Path, reason: str) -> "VerificationReport":
    """Return the report on a package that cannot be read."""
    from learnware.verification import PARTS, Finding, VerificationReport

    rest = [Finding.not_checked(part, "the package cannot be read") for part in PARTS[1:]]
    return VerificationReport(str(path), (Finding(PARTS[0], "wrong", reason), *rest))


def report_text(report: "VerificationReport") -> "Group":
    """Return a report for a terminal: a line to a finding, and what else there is to know."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from learnware.cli._render import clean
    from learnware.verification._report import MARKS

    verdict = Text(report.verdict, "green" if report.valid else "red")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for finding in report.findings:
        mark = Text(f"  {MARKS[finding.status]}", _STYLES[finding.status])
        grid.add_row(mark, finding.part, Text(clean(finding)))
    notes = []
    for line in report.notes():
        quoted = line.startswith("| ")
        # What does not fit goes on below its beginning, not below the bar.
        note = Table.grid(padding=(0, 1, 0, 0))
        note.add_column(no_wrap=True)
        note.add_column(overflow="fold")
        note.add_row(Text("  |" if quoted else " ", "dim"), Text(clean(line[2:] if quoted else line), "dim"))
        notes.append(note)
    return Group(Text.assemble((clean(report.package), "bold"), ": ", verdict), grid, *notes)
