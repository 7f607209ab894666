"""Predictions as columns of a file."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from learnware.cli._command import Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.learnware import Learnware

__all__ = ["SUFFIXES", "OutputOption", "deliver", "prediction_columns"]

SUFFIXES = (".csv", ".jsonl", ".parquet", ".npy")
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where predictions go, a row for each of the data: .csv, .jsonl, .parquet or .npy. Standard output, as "
        "CSV, if not given.",
        show_default=False,
    ),
]


def prediction_columns(
    predictions: "NDArray[Any]", learnwares: "Sequence[Learnware]", names: Sequence[str] = ()
) -> "dict[str, NDArray[Any]]":
    """Return predictions as named columns; numbers of classes get a column with their names.

    Parameters
    ----------
    predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    learnwares : sequence of Learnware
        Whose descriptions name the classes; empty to leave the names out.
    names : sequence of str
        Names of the files that the samples come from, for a column of their own; empty where there are none.
    """
    import numpy as np

    rows = predictions.reshape(len(predictions), -1)
    columns = {"file": np.array(names, dtype=object)} if names else {}
    if rows.shape[1] != 1:
        return {**columns, **{f"prediction_{number}": rows[:, number] for number in range(rows.shape[1])}}
    columns["prediction"] = rows[:, 0]
    classes = _class_names(learnwares)
    if classes and predictions.dtype.kind in "iu":
        columns["class"] = np.array([classes.get(int(value), str(value)) for value in rows[:, 0]])
    return columns


def _class_names(learnwares: "Sequence[Learnware]") -> dict[int, str]:
    """Return the name of every class by its number; nothing where the learnwares do not agree on it.

    Where they disagree, reusers answer names instead of numbers.
    """
    pairs = set()
    for learnware in learnwares:
        semantic = learnware.get_specification().get_semantic_spec()
        if (semantic.get("Task") or {}).get("Values") != ["Classification"]:
            return {}
        description = (semantic.get("Output") or {}).get("Description") or {}
        pairs |= {(int(number), str(name)) for number, name in description.items()}
    names = dict(pairs)
    return names if len(pairs) == len(names) == len(set(names.values())) else {}


def deliver(
    session: Session,
    columns: "dict[str, NDArray[Any]]",
    output: Path | None,
    document: dict[str, Any],
    summary: Sequence[Any],
) -> None:
    """Write predictions to the file and print the summary; without a file, predictions are what is printed."""
    from learnware.cli._files import write_file
    from learnware.cli._render import count

    n_rows = len(next(iter(columns.values())))
    if output is not None:
        write_file(output, lambda path: _write(path, columns))
        session.show(
            {**document, "rows": n_rows, "output": str(output)},
            *summary,
            f"{count(n_rows, 'prediction')}: {output}",
        )
        return
    if session.json:
        session.show({**document, "rows": n_rows, **{name: column.tolist() for name, column in columns.items()}})
        return
    if session.talks:
        session.err.print(*summary, sep="\n")
    _write_csv(sys.stdout, columns)


def _write(path: Path, columns: "dict[str, NDArray[Any]]") -> None:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            _write_csv(stream, columns)
    elif suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as stream:
            for row in zip(*(column.tolist() for column in columns.values()), strict=True):
                stream.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
    elif suffix == ".npy":
        import numpy as np

        values = [column for name, column in columns.items() if name not in {"file", "class"}]
        np.save(path, values[0] if len(values) == 1 else np.column_stack(values), allow_pickle=False)
    else:
        from learnware.errors import MissingDependencyError

        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise MissingDependencyError("pyarrow", purpose=f"to write {path.name!r}", extra="tables") from error
        parquet.write_table(pa.table(columns), path)


def _write_csv(stream: TextIO, columns: "dict[str, NDArray[Any]]") -> None:
    import csv

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
