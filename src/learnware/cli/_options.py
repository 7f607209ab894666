"""Arguments and options that several commands take."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from learnware.specification._kinds import spec_types
from learnware.specification._vocabulary import DATA_TYPES, LIBRARIES, LICENSES, SCENARIOS, TASKS

__all__ = [
    "DataArgument",
    "DataTypeOption",
    "EncoderOption",
    "ForceOption",
    "KindOption",
    "LibraryOption",
    "LicenseOption",
    "MaxOption",
    "RunInOption",
    "SandboxOption",
    "ScenarioOption",
    "SeedOption",
    "SpecTypeOption",
    "StatusOption",
    "TargetOption",
    "TaskOption",
    "TextColumnOption",
    "TextOption",
    "conditions",
    "one_of",
]

_CONDITIONS_PANEL = "Conditions"
_RUNNING_PANEL = "Running learnwares"
_RUN_IN = ("venv", "conda", "docker", "current")
_SPEC_TYPES = tuple(name for data_type in DATA_TYPES for name in spec_types(data_type))
_SANDBOXES = ("bubblewrap", "landlock", "none")
STATUSES = {"usable": 1, "unchecked": 0}


def one_of(allowed: Sequence[str]) -> dict[str, Any]:
    """Return what an option needs to take one of a list of values, in upper or lower case, and to complete them."""
    known = {value.casefold(): value for value in allowed}

    def look_up(value: str) -> str:
        found = known.get(value.casefold())
        if found is None:
            raise typer.BadParameter(f"{value!r} is not known; choose one of: {', '.join(allowed)}")
        return found

    return {"parser": look_up, "autocompletion": lambda: list(allowed)}


DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A table of numbers (.csv with a header line, .parquet, .npy), images (a folder of pictures, .parquet "
        "with encoded ones, .npy of images×channels×height×width) or texts (.txt, a text a line; .jsonl; .csv, "
        ".parquet); - for standard input.",
        show_default=False,
    ),
]
KindOption = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="What the data are: table, image or text; told from them if not given.",
        **one_of(("table", "image", "text")),
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        metavar="COLUMN",
        help="Column or field with the texts, where several hold texts; without it that called text.",
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME|FOLDER",
        help="What turns texts into points: hashing (built in, the default), paraphrase-multilingual-MiniLM-L12-v2 "
        "(downloaded at first use), or the folder of a model. Only specifications of one encoder compare.",
    ),
]
SpecTypeOption = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        help=f"Type of the specification, where there are several for such data: {', '.join(_SPEC_TYPES)}. The first "
        "of them for the data if not given.",
        **one_of(_SPEC_TYPES),
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="COLUMN",
        help="Column to leave out: what is predicted. A number from 0 for .npy files of tables.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Equal seeds give equal results.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
RunInOption = Annotated[
    str,
    typer.Option(
        "--run-in",
        metavar="WHERE",
        envvar="LEARNWARE_RUN_IN",
        help="Where learnwares run: venv, conda or docker build the environment that a learnware asks for, once; "
        "current takes the packages of this program.",
        rich_help_panel=_RUNNING_PANEL,
        **one_of(_RUN_IN),
    ),
]
SandboxOption = Annotated[
    str | None,
    typer.Option(
        "--sandbox",
        metavar="LEVEL",
        envvar="LEARNWARE_SANDBOX",
        help="What keeps learnwares from your files and the network: bubblewrap or landlock, the best that works here "
        "if not given; none lets them do what you may do.",
        rich_help_panel=_RUNNING_PANEL,
        **one_of(_SANDBOXES),
    ),
]
MaxOption = Annotated[int, typer.Option("--max", min=1, metavar="N", help="Combine at most so many learnwares.")]
TextOption = Annotated[
    str | None,
    typer.Option(
        "--text",
        "--query",
        metavar="WORDS",
        help="Words in the name or the description.",
        rich_help_panel=_CONDITIONS_PANEL,
    ),
]
DataTypeOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="TYPE",
        help=f"{', '.join(DATA_TYPES)}.",
        rich_help_panel=_CONDITIONS_PANEL,
        **one_of(DATA_TYPES),
    ),
]
TaskOption = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help=f"{', '.join(TASKS)}.",
        rich_help_panel=_CONDITIONS_PANEL,
        **one_of(TASKS),
    ),
]
LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        metavar="LIBRARY",
        help=f"{', '.join(LIBRARIES)}.",
        rich_help_panel=_CONDITIONS_PANEL,
        **one_of(LIBRARIES),
    ),
]
ScenarioOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="SCENARIO",
        help=f"{', '.join(SCENARIOS)}; may be given several times, any of them fits.",
        rich_help_panel=_CONDITIONS_PANEL,
        **one_of(SCENARIOS),
    ),
]
LicenseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--license",
        metavar="LICENSE",
        help=f"{', '.join(LICENSES)}; may be given several times, any of them fits.",
        rich_help_panel=_CONDITIONS_PANEL,
        **one_of(LICENSES),
    ),
]
StatusOption = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="usable (checked, a trial prediction was right) or unchecked.",
        rich_help_panel=_CONDITIONS_PANEL,
        **one_of(tuple(STATUSES)),
    ),
]


def conditions(
    text: str | None,
    data_type: str | None,
    task: str | None,
    library: str | None,
    scenarios: list[str] | None,
    licenses: list[str] | None,
) -> dict[str, Any] | None:
    """Return conditions as a semantic specification; None where there are none."""
    from learnware.specification import generate_semantic_spec

    if not any((text, data_type, task, library, scenarios, licenses)):
        return None
    return generate_semantic_spec(
        name=text,
        data_type=data_type,
        task_type=task,
        library_type=library,
        scenarios=scenarios,
        license=licenses,
    )
