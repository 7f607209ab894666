"""`learnware predict`: the answers of learnwares."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import Session, command
from learnware.cli._market import IdsArgument, brief, value_of
from learnware.cli._options import (
    DataArgument,
    ForceOption,
    RunInOption,
    SandboxOption,
    TargetOption,
    TextColumnOption,
    one_of,
)
from learnware.cli._predictions import SUFFIXES, OutputOption, deliver, prediction_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from learnware.cli._data import Data, Source
    from learnware.learnware import Learnware
    from learnware.runtime import ModelRunner, RunningModel

__all__ = ["register"]

_IMAGE_AXES = 3
_WAYS = ("routing", "averaging", "job-selector")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "predict",
        "learnware predict 00000001 mine.csv -o predictions.csv",
        "learnware predict 00000001 00000004 mine.csv --way averaging -o predictions.parquet",
        "learnware predict 00000001 mine.csv --target price --json",
        "learnware predict 00000007 reviews.csv --text-column review -o predictions.jsonl",
        "learnware predict 00000009 photos/ -o predictions.csv",
        uses_market=True,
    )(predict)


def predict(
    session: Session,
    learnware_ids: IdsArgument,
    data: DataArgument,
    *,
    output: OutputOption = None,
    way: Annotated[
        str,
        typer.Option(
            "--way",
            metavar="WAY",
            help="How several answer together: routing (each row by those that know its region), averaging (mean or "
            "vote), job-selector (each row by one).",
            **one_of(_WAYS),
        ),
    ] = "routing",
    target: TargetOption = None,
    text_column: TextColumnOption = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time for a learnware to answer.")
    ] = 600.0,
    run_in: RunInOption = "venv",
    sandbox: SandboxOption = None,
    force: ForceOption = False,
) -> None:
    """Let learnwares of a market answer for your data.

    Columns must be those that the learnwares take: `learnware market show ID` lists them. Columns of the same names
    may stand in any order, others in that of the learnwares. The learnwares' own code runs in processes of its own, in
    the environments that they ask for and in a sandbox. Classes are numbered as the learnware describes them, and named
    in a second column.

    Learnwares for images take those of a folder or file in the size that they want them, which pictures are brought to;
    the predictions are beside the names of the files. Learnwares for texts answer each text.
    """
    from learnware.cli._data import open_source
    from learnware.cli._files import check_output
    from learnware.cli._render import clean, percent, tabulate
    from learnware.runtime import Limits, ModelRunner
    from learnware.solution._report import runs_text

    check_output(output, force=force, suffixes=SUFFIXES)
    market = session.open_market()
    learnwares = [market.get_learnware_by_ids(learnware_id) for learnware_id in dict.fromkeys(learnware_ids)]
    data_type = _data_type(learnwares)
    with (
        open_source(data, session.warn, target=target, text_column=text_column, expected=data_type) as source,
        session.steps("Predicting") as step,
        ModelRunner(
            run_in,
            sandbox=sandbox,
            limits=Limits(seconds=timeout),
            max_processes=max(4, len(learnwares)),
            on_progress=step,
        ) as runner,
    ):
        # A table that does not fit is refused before an environment is built.
        given = _rows(source, learnwares) if data_type == "Table" else None
        models = {learnware.id: _run(learnware, runner) for learnware in learnwares}
        runner.prepare(models.values())
        if given is None:
            given = source.read(_image_shape(models) if data_type == "Image" else None)
        step(", ".join(models))
        predictions, shares = _answer(learnwares, given.X, way)
        runs = {learnware_id: model.report() for learnware_id, model in models.items()}
    columns = prediction_columns(predictions, learnwares, given.names)
    document = {
        "learnwares": [{**brief(learnware), "share": shares[learnware.id]} for learnware in learnwares],
        "way": way if len(learnwares) > 1 else None,
        "runs": {learnware_id: asdict(run) for learnware_id, run in runs.items()},
    }
    who = [(learnware.id, brief(learnware)["name"], percent(shares[learnware.id])) for learnware in learnwares]
    summary: list[Any] = [tabulate(["!Id", "Name", ">Share"], who)] if len(learnwares) > 1 else []
    summary += [clean(line) for line in runs_text(runs)]
    deliver(session, columns, output, document, summary)


def _run(learnware: "Learnware", runner: "ModelRunner") -> "RunningModel":
    """Let a learnware run apart, and return its model."""
    from learnware.runtime import RunningModel

    learnware.run_with(runner)
    assert isinstance(learnware.model, RunningModel)  # noqa: S101  # what it was given
    return learnware.model


def _data_type(learnwares: "Sequence[Learnware]") -> str:
    """Return what kind of data the learnwares take."""
    from learnware.errors import ReuseError
    from learnware.specification._kinds import DATA_TYPES

    types = {learnware.id: value_of(learnware, "Data") for learnware in learnwares}
    if len(set(types.values())) > 1:
        known = ", ".join(f"{learnware_id} {data_type}" for learnware_id, data_type in types.items())
        raise ReuseError(f"the learnwares take different kinds of data: {known}")
    data_type = next(iter(types.values()))
    if data_type not in DATA_TYPES:
        raise ReuseError(f"learnware {learnwares[0].id!r} does not say whether it takes a table, images or texts")
    return data_type


def _rows(source: "Source", learnwares: "Sequence[Learnware]") -> "Data":
    """Return the numbers of a table without the target, its columns in the order of the learnwares."""
    import numpy as np

    from learnware.cli._data import Data
    from learnware.errors import SpecificationError
    from learnware.learnware import align_columns
    from learnware.specification._tables import TableReader

    with source.chunks() as chunks:
        blocks = list(TableReader(align_columns(chunk, *learnwares) for chunk in chunks).blocks())
    if not blocks:
        raise SpecificationError(f"the table in {source.path.name!r} has no rows")
    X = np.concatenate(blocks)
    for learnware in learnwares:
        _check_width(learnware, X.shape[1])
    return Data(X)


def _image_shape(models: "Mapping[str, RunningModel]") -> tuple[int, ...]:
    """Return channels, height and width of the images that all of the learnwares take."""
    from learnware.errors import ReuseError

    shapes = {learnware_id: model.input_shape for learnware_id, model in models.items()}
    if len(set(shapes.values())) > 1:
        known = ", ".join(f"{learnware_id} {_size(shape)}" for learnware_id, shape in shapes.items())
        raise ReuseError(f"the learnwares take images of different sizes: {known}; let each of them answer alone")
    shape = next(iter(shapes.values()))
    if shape is None or len(shape) != _IMAGE_AXES:
        raise ReuseError(f"learnware {next(iter(shapes))!r} does not say which size of images it takes")
    return shape


def _size(shape: tuple[int, ...] | None) -> str:
    return "any" if shape is None else "×".join(map(str, shape))


def _check_width(learnware: "Learnware", width: int) -> None:
    from learnware.errors import ReuseError
    from learnware.specification import RKMETableSpecification

    spec = learnware.get_specification().get_stat_spec_by_name("RKMETableSpecification")
    if not isinstance(spec, RKMETableSpecification):
        raise ReuseError(f"learnware {learnware.id!r} has no specification of the tables that it takes")
    wanted = spec.get_z().shape[1]
    if wanted != width:
        hint = "; leave out what is predicted with --target COLUMN" if width == wanted + 1 else ""
        raise ReuseError(
            f"the data have {width} columns, learnware {learnware.id!r} takes {wanted}{hint}; "
            f"what it takes: learnware market show {learnware.id}"
        )


def _answer(learnwares: "Sequence[Learnware]", X: Any, way: str) -> "tuple[NDArray[Any], dict[str, float]]":
    """Return the predictions, and the share of each learnware in them."""
    import numpy as np

    from learnware.reuse import AveragingReuser, JobSelectorReuser, RoutingReuser

    task = value_of(learnwares[0], "Task")
    if len(learnwares) == 1 and task != "Classification":
        return np.asarray(learnwares[0].predict(X)), {learnwares[0].id: 1.0}
    several = list(learnwares)
    reuser: Any
    if way == "averaging" or len(several) == 1:
        reuser = AveragingReuser(several, "vote_by_label" if task == "Classification" else "mean")
    else:
        reuser = RoutingReuser(several) if way == "routing" else JobSelectorReuser(several)
    predictions = reuser.predict(X)
    return predictions, dict(reuser.report_.shares)
