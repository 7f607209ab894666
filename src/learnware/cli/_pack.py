"""`learnware pack`: a learnware from a trained model."""

import json
import re
import shlex
from contextlib import contextmanager
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
    TextColumnOption,
    one_of,
)
from learnware.errors import PackError
from learnware.specification._vocabulary import LICENSES, SCENARIOS, TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from learnware.cli._data import Source
    from learnware.learnware import MissingField, PackageContents
    from learnware.learnware.packing._plan import ModelPlan
    from learnware.learnware.packing._samples import Samples

__all__ = ["register"]

_PIXEL_VALUES = ("0-255", "0-1")
_ANSWERS = ("labels", "probabilities")
_OPTIONS = {
    "name": "--name",
    "description": "--description",
    "scenarios": "--scenario",
    "license": "--license",
    "task_type": "--task",
    "input_description": "--inputs",
    "output_description": "--outputs",
    "pixel_values": "--pixel-values",
    "image_size": "--image-size",
    "text_column": "--text-column",
    "encoder": "--encoder",
    "data_type": "--kind",
}
_PANEL = "What the learnware is (asked for on a terminal)"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "pack",
        "learnware pack model.joblib train.csv --target price -o house-prices.zip",
        "learnware pack pipeline.joblib reviews.csv --text-column review -o reviews.zip",
        "learnware pack net.pt photos/ --pixel-values 0-1 -o photos.zip",
        "learnware pack model.txt train.parquet -o sales.zip --name 'Weekly sales' --description 'Weekly sales of a "
        "store, from the calendar.' --scenario Business --license MIT --outputs 'sales in dollars'",
    )(pack)


def pack(
    session: Session,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A fitted model: scikit-learn (.joblib, .pkl, .skops), LightGBM (.txt), XGBoost (.json, .ubj), ONNX "
            "(.onnx) or TorchScript (.pt). A pickle runs its own code when it is loaded: pack your own files only.",
            show_default=False,
        ),
    ],
    data: DataArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The package to write (.zip).", show_default=False)
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="COLUMN",
            help="Column of the data that the model predicts; it is no input. A number from 0 for .npy files of "
            "tables.",
        ),
    ] = None,
    kind: KindOption = None,
    text_column: TextColumnOption = None,
    encoder: EncoderOption = None,
    pixel_values: Annotated[
        str | None,
        typer.Option(
            "--pixel-values",
            metavar="RANGE",
            help="What the model takes pixels of pictures as: 0-255, as they are, or 0-1. What floating-point images "
            "show if not given.",
            rich_help_panel=_PANEL,
            **one_of(_PIXEL_VALUES),
        ),
    ] = None,
    image_size: Annotated[
        str | None,
        typer.Option(
            "--image-size",
            metavar="SIZE",
            help="Size of the pictures that the model takes, 224 or 224x160 (height x width), where neither its file "
            "nor the pictures tell.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="5 to 50 characters.", rich_help_panel=_PANEL)
    ] = None,
    description: Annotated[
        str | None,
        typer.Option(
            "--description",
            metavar="TEXT",
            help="What it does and on which data it was trained (Markdown).",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help=f"{', '.join(TASKS)}; found from the model where it tells.",
            rich_help_panel=_PANEL,
            **one_of(TASKS),
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="SCENARIO",
            help=f"{', '.join(SCENARIOS)}; may be given several times.",
            rich_help_panel=_PANEL,
            **one_of(SCENARIOS),
        ),
    ] = None,
    license: Annotated[
        str | None,
        typer.Option(
            "--license",
            metavar="LICENSE",
            help=f"{', '.join(LICENSES)}.",
            rich_help_panel=_PANEL,
            **one_of(LICENSES),
        ),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            "--inputs",
            metavar="TEXTS",
            help="What the columns of a table mean, with commas between, or a .json file with a list or an object by "
            "column number. The columns' names if not given.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    outputs: Annotated[
        str | None,
        typer.Option(
            "--outputs",
            metavar="TEXTS",
            help="Names of the classes in order, or what the predicted numbers mean; as for --inputs. What the model "
            "and --target tell if not given.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    answers: Annotated[
        str,
        typer.Option(
            "--answers",
            metavar="KIND",
            help="What a packed classifier answers: labels or probabilities.",
            **one_of(_ANSWERS),
        ),
    ] = "labels",
    seed: SeedOption = 0,
    force: ForceOption = False,
) -> None:
    """Pack a trained model and the specification of its training data as a learnware.

    The data, a table, images or texts, are not packed themselves, only their specification. The packed model is tried
    in a process of its own and must answer as the given one does. What is missing is asked for on a terminal.

    A packed model of images takes pictures with pixels from 0 to 255, in the size of those that it was trained on.
    """
    from learnware.cli._data import open_source
    from learnware.cli._files import check_output, write_file
    from learnware.cli._render import count
    from learnware.learnware import pack as write_pack
    from learnware.learnware import read_package
    from learnware.learnware.packing._models import plan_model
    from learnware.learnware.packing._samples import open_samples

    check_output(output, force=force, suffixes=(".zip",))
    given: dict[str, Any] = {
        "name": name,
        "description": description,
        "task_type": task,
        "scenarios": scenario or None,
        "license": license,
        "input_description": _texts(inputs),
        "output_description": _texts(outputs),
        "pixel_values": pixel_values,
    }
    with open_source(data, session.warn, kind=kind, target=target, text_column=text_column) as source:
        given |= {"data_type": source.data_type, "target": _target(data, target)}
        with _in_options():
            # Read once, for what is asked for and for what is packed.
            plan = plan_model(model)
            samples = open_samples(
                plan,
                _training_data(source),
                data_type=source.data_type,
                target=given["target"],
                text_column=text_column,
                encoder=encoder,
                image_size=_size(image_size),
            )
        _complete(session, plan, samples, given)
        with _in_options(), session.steps("Packing") as step:
            step("describing the data and trying the model")
            write_file(
                output,
                lambda path: write_pack(plan, samples, path, output=answers, seed=seed, **given),  # type: ignore[arg-type]  # checked by pack itself
            )
    contents = read_package(output)
    semantic = contents.semantic_spec
    session.show(
        {
            "output": str(output),
            "semantic_specification": semantic,
            "files": [{"name": member.name, "bytes": member.size} for member in contents.members],
        },
        f"{semantic['Name']['Values']}: {semantic['Task']['Values'][0]} from "
        f"{_inputs_of(contents)}, {count(len(contents.members), 'file')}: {output}",
        f"Next: learnware market add {shlex.quote(str(output))}",
    )


def _training_data(source: "Source") -> Any:
    """Return a table, or where images and texts are, which are read when they are needed."""
    return source.path if source.data_type != "Table" else source.whole_table()


def _inputs_of(contents: "PackageContents") -> str:
    """Return what a packed model takes: "4 columns", "images of 3×32×32", "texts (hashing encoder)"."""
    from learnware.cli._render import count

    semantic = contents.semantic_spec
    if semantic["Data"]["Values"] == ["Table"]:
        return count(semantic["Input"]["Dimension"], "column")
    spec: Any = next(iter(contents.stat_specs.values()))
    return str(spec.describe_space())


def _size(value: str | None) -> tuple[int, ...] | None:
    """Return a size in pixels, one number for each side or height and width."""
    if value is None:
        return None
    parts = value.lower().replace("×", "x").split("x")
    if len(parts) > 2 or not all(part.strip().isdecimal() and int(part) for part in parts):
        raise typer.BadParameter(f"{value!r} is no size: give 224, or 224x160", param_hint="--image-size")
    return tuple(int(part) for part in parts * (3 - len(parts)))


def _target(data: Path, target: str | None) -> str | int | None:
    numbered = target is not None and data.suffix.lower() == ".npy" and target.lstrip("-").isdecimal()
    return int(target) if numbered and target is not None else target


def _texts(value: str | None) -> list[str] | dict[str, str] | None:
    """Return descriptions from a list with commas or from a JSON file."""
    if value is None or not value.endswith(".json"):
        return None if value is None else [text.strip() for text in value.split(",")]
    try:
        texts = json.loads(Path(value).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise typer.BadParameter(f"{value!r} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"{value!r} is no JSON in UTF-8: {error}") from error
    if not isinstance(texts, list | dict):
        raise typer.BadParameter(f"{value!r} holds neither a JSON list nor an object")
    return texts


@contextmanager
def _in_options() -> "Iterator[None]":
    """Say what is wrong by the names of the options."""
    try:
        yield
    except PackError as error:
        raise PackError(_by_options(str(error)), missing=error.missing) from error


def _by_options(message: str) -> str:
    message = message.replace("name the column that is predicted as target", "name what is predicted: --target COLUMN")
    message = message.replace("say which as image_size", "say which: --image-size")
    # Where the engine names an argument, it begins or ends its sentence with it.
    for argument, option in {**_OPTIONS, "target": "--target", "output": "--answers"}.items():
        message = re.sub(rf"^{argument}(?= (is|names|describes|has) )|\b{argument}(?= names$)", option, message)
    return message


def _complete(session: Session, plan: "ModelPlan", samples: "Samples", given: dict[str, Any]) -> None:
    """Ask for what is missing, and put it into `given`.

    Raises
    ------
    PackError
        If there is nobody to ask; it names the options to give.
    """
    from learnware.learnware import missing_information

    with _in_options():
        missing = missing_information(plan, samples, **given)
    if missing and not session.asks:
        lines = tuple(
            f"{_OPTIONS[field.field]}: {field.question}" + (f" ({', '.join(field.choices)})" if field.choices else "")
            for field in missing
        )
        raise PackError("the learnware cannot be packed yet; missing are:\n  " + "\n  ".join(lines), missing=lines)
    while missing:
        answer = {missing[0].field: _ask(missing[0])}
        try:
            # An answer may bring up another question: a task does.
            missing = missing_information(plan, samples, **{**given, **answer})
        except PackError as error:
            session.err.print(f"Error: {_by_options(str(error))}")
        else:
            given.update(answer)


def _ask(field: "MissingField") -> Any:
    """Ask on the terminal; questions go to standard error, for results go to standard output."""
    question = field.question[0].upper() + field.question[1:]
    if field.choices:
        typer.echo(f"{question}: {', '.join(field.choices)}", err=True)
        look_up = one_of(field.choices)["parser"]
        if not field.several:
            return typer.prompt("One of them", value_proc=look_up, err=True)
        return typer.prompt("One or more, with commas between", value_proc=_each(look_up), err=True)
    if field.several:
        return typer.prompt(f"{question} (with commas between, or a .json file)", value_proc=_texts, err=True)
    return typer.prompt(question, err=True)


def _each(look_up: "Callable[[str], str]") -> "Callable[[str], list[str]]":
    def look_up_all(value: str) -> list[str]:
        return [look_up(part.strip()) for part in value.split(",")]

    return look_up_all
