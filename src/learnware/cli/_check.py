"""`learnware check`: everything that is wrong with packages."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import Session, command, words_of
from learnware.errors import InvalidPackageError, LearnwareError, SpecificationError

if TYPE_CHECKING:
    from rich.text import Text

__all__ = [
    "Finding",
    "PackagesArgument",
    "SemanticOption",
    "findings_text",
    "inspect_package",
    "read_semantic",
    "register",
    "unreadable",
]

_SIDECAR = ".semantic.json"


@dataclass(frozen=True)
class Finding:
    """What one part of a check says.

    Attributes
    ----------
    part : {"package", "semantic", "statistical"}
        What was checked.
    ok : bool or None
        Whether it is in order; None where it could not be checked.
    messages : tuple of str
        What is wrong and how to mend it, or what is right.
    """

    part: str
    ok: bool | None
    messages: tuple[str, ...]


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
        "learnware check *.zip --json",
    )(check)


def check(
    session: Session,
    packages: PackagesArgument,
    *,
    semantic: SemanticOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Check packages: their form, the words and tags, the statistical specification, and a trial prediction.

    The learnware's own code runs in a process of its own. What is wrong is printed with how to mend it; the exit code
    is 1 if any package is invalid.
    """
    documents, lines = [], []
    if semantic is not None:
        read_semantic(Path(), semantic)  # what is wrong with it is no package's fault
    with session.steps("Checking", len(packages)) as step:
        for path in packages:
            step(path.name)
            try:
                findings = inspect_package(path, read_semantic(path, semantic), timeout=timeout)
            except (LearnwareError, OSError) as error:
                findings = unreadable(words_of(error))
            valid = all(finding.ok for finding in findings)
            documents.append({"package": str(path), "valid": valid, "findings": [asdict(f) for f in findings]})
            lines.append(findings_text(path, findings))
    session.show({"packages": documents}, *lines)
    if not all(document["valid"] for document in documents):
        raise typer.Exit(1)


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


def inspect_package(package: Path, semantic_spec: dict[str, Any] | None, *, timeout: float) -> list[Finding]:
    """Return what the three checks say of a package; the later ones need what the earlier ones found right."""
    from learnware.learnware import get_learnware_from_dirpath, unpack
    from learnware.market import EasySemanticChecker, EasyStatChecker

    if package.is_dir():
        return unreadable(f"{str(package)!r} is a folder; name the .zip files in it")
    if not package.exists():
        return unreadable(f"there is no file {str(package)!r}")
    with tempfile.TemporaryDirectory(prefix="learnware-check-") as scratch:
        try:
            folder = unpack(package, Path(scratch) / "learnware")
            learnware = get_learnware_from_dirpath("pending", semantic_spec, folder, ignore_error=False)
        except (InvalidPackageError, SpecificationError) as error:
            return unreadable(str(error))
        assert learnware is not None  # noqa: S101  # errors are raised
        findings = [Finding("package", True, ("the package is well-formed",))]
        status, message = EasySemanticChecker()(learnware)
        valid = status != EasySemanticChecker.INVALID_LEARNWARE
        findings.append(Finding("semantic", valid, tuple(message.splitlines())))
        if not valid:
            reason = "not checked: the semantic specification says what to expect of the model, and is not valid"
            return [*findings, Finding("statistical", None, (reason,))]
        status, message = EasyStatChecker(timeout=timeout)(learnware)
        usable = status == EasyStatChecker.USABLE_LEARNWARE
        return [*findings, Finding("statistical", usable, tuple(message.splitlines()))]


def unreadable(reason: str) -> list[Finding]:
    """Return the findings of a package that cannot be read."""
    rest = "not checked: the package cannot be read"
    return [
        Finding("package", False, (reason,)),
        *(Finding(part, None, (rest,)) for part in ("semantic", "statistical")),
    ]


def findings_text(package: Path, findings: list[Finding]) -> "Text":
    """Return findings as text, a line each."""
    from rich.text import Text

    from learnware.cli._render import clean

    valid = all(finding.ok for finding in findings)
    text = Text.assemble((str(package), "bold"), ": ", ("valid", "green") if valid else ("invalid", "red"))
    for finding in findings:
        mark = {True: ("ok   ", "green"), False: ("wrong", "red"), None: ("-    ", "dim")}[finding.ok]
        text.append("\n  ").append(*mark).append(f"  {finding.part}: ")
        text.append("\n         ".join(clean(message) for message in finding.messages))
    return text
