"""Data that commands take: tables, images and texts, and specifications of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from learnware.cli._files import STDIN, as_file
from learnware.cli._tables import Warn, read_inputs, table_chunks, whole_table
from learnware.errors import SpecificationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.specification import RKMESpecification

__all__ = ["Data", "Source", "describe_source", "in_options", "open_source"]


@dataclass(frozen=True)
class Data:
    """Data in memory, as learnwares are asked to answer them.

    Attributes
    ----------
    X : table, ndarray of shape (n_images, channels, height, width), or list of str
        The inputs.
    y : ndarray of shape (n_samples,) or None
        Values of the target.
    names : list of str
        Names of the files that images come from; empty for other data.
    """

    X: Any
    y: "NDArray[Any] | None" = None
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """Where data are, and what kind they are of.

    Attributes
    ----------
    path : Path
        A file or a folder.
    data_type : str
        "Table", "Image" or "Text".
    target, text_column : str or None
        Names of columns.
    warn : callable
        Called with what the user should know of the data.
    """

    path: Path
    data_type: str
    target: str | None
    text_column: str | None
    warn: Warn

    @contextmanager
    def chunks(self) -> Iterator[Iterator[Any]]:
        """Give the data without the target in chunks, of any length in fixed memory."""
        with in_options():
            if self.data_type == "Table":
                with table_chunks(self.path, self.target, self.warn) as chunks:
                    yield chunks
            elif self.data_type == "Text":
                from learnware.specification._text_files import iter_text_chunks

                yield iter_text_chunks(self.path, self._column_of_texts())
            else:
                from learnware.specification._pictures import PictureFiles

                yield PictureFiles(self.path, self.target).samples()

    def read(self, shape: Sequence[int | None] | None = None) -> Data:
        """Return all of the data.

        Parameters
        ----------
        shape : sequence of int or None, optional
            Channels, height and width that pictures get; by default what all of them have.

        Raises
        ------
        SpecificationError
            If they cannot be read, or there are none.
        """
        with in_options():
            if self.data_type == "Table":
                return Data(*read_inputs(self.path, self.target, self.warn))
            if self.data_type == "Text":
                return self._read_texts()
            from learnware.specification._pictures import PictureFiles

            files = PictureFiles(self.path, self.target)
            names, images = files.read(None if shape is None else tuple(shape))
            return Data(images, None if self.target is None else files.read_labels(), names)

    def whole_table(self) -> Any:
        """Return a table with the target among its columns; an array from a ``.npy`` file."""
        with whole_table(self.path, self.target, self.warn) as table:
            return table

    def _read_texts(self) -> Data:
        from learnware.specification._text_files import read_texts
        from learnware.specification._texts import TextReader

        column = self._column_of_texts()
        texts = [one for chunk in TextReader(read_texts(self.path, column)).chunks() for one in chunk]
        if self.target is None:
            return Data(texts)
        labels = labels_of_texts(self.path, self.target)
        if len(labels) != len(texts):
            raise SpecificationError(f"{self.path.name!r} has {len(texts)} texts and {len(labels)} labels")
        return Data(texts, labels)

    def _column_of_texts(self) -> str | None:
        from learnware.specification._data_files import text_column_of_file

        return self.text_column or text_column_of_file(self.path, self.target)


def labels_of_texts(path: Path, target: str) -> "NDArray[Any]":
    """Return a column of a file of texts; None where a value is missing.

    Raises
    ------
    SpecificationError
        If there is no such column.
    """
    import json

    import numpy as np

    from learnware.errors import MissingDependencyError

    suffix = path.suffix.lower()
    if suffix == ".txt":
        raise SpecificationError(f"{path.name!r} has a text a line and no labels; they can be a column of a .csv file")
    if suffix == ".jsonl":
        with path.open(encoding="utf-8-sig") as lines:
            rows = [json.loads(line) for line in lines if line.strip()]
        if not any(isinstance(row, dict) and target in row for row in rows):
            raise SpecificationError(f"no object in {path.name!r} has a field {target!r}")
        values = np.empty(len(rows), dtype=object)
        values[:] = [row.get(target) if isinstance(row, dict) else None for row in rows]
    else:
        try:
            from pyarrow import csv, parquet
        except ImportError as error:
            raise MissingDependencyError("pyarrow", purpose=f"to read {path.name!r}", extra="tables") from error
        if suffix == ".csv":
            table = csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True))
        else:
            table = parquet.read_table(path)
        if target not in table.schema.names:
            known = ", ".join(table.schema.names)
            raise SpecificationError(f"no column is called {target!r}; the columns are: {known}")
        values = np.asarray(table.column(target).to_numpy(zero_copy_only=False))
    if values.dtype == object:
        values = np.array([None if value == "" else value for value in values], dtype=object)
        if all(value is not None and not isinstance(value, str) for value in values):
            return np.array(values.tolist())
    return values


@contextmanager
def open_source(
    path: Path,
    warn: Warn,
    *,
    kind: str | None = None,
    target: str | None = None,
    text_column: str | None = None,
    expected: str | None = None,
) -> Iterator[Source]:
    """Give data that a command was given; standard input becomes a file first.

    Parameters
    ----------
    path : Path
        A file, a folder, or - for standard input.
    warn : callable
        Called with what the user should know of the data.
    kind : str, optional
        "table", "image" or "text", where the user says so.
    target, text_column : str, optional
        Names of columns.
    expected : str, optional
        "Table", "Image" or "Text", where it is known what they should be.

    Raises
    ------
    SpecificationError
        If it cannot be told what kind they are of.
    """
    from learnware.specification._data_files import data_type_of_file

    data_type = kind.capitalize() if kind else "Text" if text_column is not None else None
    if str(path) == STDIN:
        data_type = data_type or expected or "Table"
        if data_type == "Image":
            raise typer.BadParameter("images come from a folder or a file, not from standard input")
    elif data_type is None:
        with in_options():
            data_type = expected or data_type_of_file(path, target=target)
    if text_column is not None and data_type != "Text":
        raise typer.BadParameter(f"--text-column is for texts; --kind says {kind}")
    with as_file(path, ".csv" if data_type == "Table" or text_column or target else ".txt") as file:
        yield Source(file, data_type, target, text_column, warn)


@contextmanager
def in_options() -> Iterator[None]:
    """Say what is wrong with data by the names of the options."""
    try:
        yield
    except SpecificationError as error:
        message = str(error).replace("is meant with text_column", "is meant")
        if message.endswith("name the one that is meant"):
            message += " with --text-column"
        raise SpecificationError(message, column=error.column) from error


def describe_source(
    source: Source, spec_type: str | None, **options: Any
) -> "tuple[RKMESpecification, list[str] | None]":
    """Return the specification of data, and the names of a table's columns where they are known.

    Parameters
    ----------
    source : Source
        The data.
    spec_type : str or None
        The specification's type; the usual one of such data if None.
    **options
        Further arguments of the function that makes it; those that are None are left out.
    """
    from learnware.learnware._columns import column_names
    from learnware.specification._kinds import generate, spec_types

    known = spec_types(source.data_type)
    if spec_type is not None and spec_type not in known:
        raise typer.BadParameter(
            f"{spec_type} describes no {_PLURALS[source.data_type]}, which the data are; choose one of: "
            f"{', '.join(known)}",
            param_hint="--type",
        )
    if source.data_type != "Text" and options.get("encoder") is not None:
        raise typer.BadParameter(
            f"it is for texts, and the data are {_PLURALS[source.data_type]}", param_hint="--encoder"
        )
    given = {name: value for name, value in options.items() if value is not None}
    with source.chunks() as chunks:
        first = list(islice(chunks, 1))
        made = generate(spec_type or known[0], chain(first, chunks), **given)
    return made, column_names(first[0]) if source.data_type == "Table" else None


_PLURALS = {"Table": "tables", "Image": "images", "Text": "texts"}
