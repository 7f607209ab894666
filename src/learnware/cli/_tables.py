"""Tables that commands read."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.cli._files import as_file
from learnware.errors import SpecificationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Warn", "read_inputs", "table_chunks", "whole_table"]

Warn = Callable[[str], None]


@contextmanager
def table_chunks(path: Path, target: str | None, warn: Warn | None = None) -> Iterator[Iterator[Any]]:
    """Give the chunks of a table without the target, of any length in fixed memory.

    Raises
    ------
    SpecificationError
        If the file is missing or broken, or has no such column; while reading.
    """
    from learnware.specification._table_files import iter_table_chunks

    def chunks(file: Path) -> Iterator[Any]:
        for number, chunk in enumerate(iter_table_chunks(file)):
            if number == 0:
                _look_at(chunk, file, target, warn)
            yield _without(chunk, target)[0]

    with as_file(path, ".csv") as file, _reading(file, target):
        yield chunks(file)


@contextmanager
def whole_table(path: Path, target: str | None, warn: Warn | None = None) -> Iterator[Any]:
    """Give a table, the target among its columns.

    Raises
    ------
    SpecificationError
        If the file is missing or broken; while reading.
    """
    from learnware.specification._table_files import read_table

    with as_file(path, ".csv") as file:
        with _reading(file, target):
            table = read_table(file)
            _look_at(table, file, target, warn)
        yield table


def _look_at(table: Any, file: Path, target: str | None, warn: Warn | None) -> None:
    """Raise where names of columns cannot be told apart or read; warn where they are none."""
    if not hasattr(table, "schema"):
        return  # an array has no names
    names = table.schema.names
    twice = next((name for name in names if names.count(name) > 1), None)
    is_csv = file.suffix.lower() == ".csv"
    header = "the first line of a .csv file is its header"
    if twice is not None:
        hint = f" ({header})" if is_csv else ""
        raise SpecificationError(
            f"several columns are called {twice!r} in {file.name!r}; give each a name of its own{hint}"
        )
    if not is_csv:
        return
    for column in table.schema:
        # What a .csv file has in it and is no text in UTF-8.
        if str(column.type) == "binary":
            raise _no_utf8(file)
    if warn is None:
        return
    if names[0] == "" and target != "":
        warn(
            f"the first column of {file.name!r} has no name, and is taken for one of the data's; the index that "
            "df.to_csv() writes there is left out with df.to_csv(index=False)"
        )
    named = [name for name in names if name]
    if named != [str(number) for number in range(len(named))] and all(map(_is_number, named)):
        warn(f"all columns of {file.name!r} have numbers as names: {header}, and no row of the data")


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _no_utf8(file: Path) -> SpecificationError:
    return SpecificationError(f"{file.name!r} holds text that is not in UTF-8; save it as UTF-8")


@contextmanager
def _reading(file: Path, target: str | None) -> Iterator[None]:
    """Say how to save a table so that it can be read, and how to leave out a column that is no input."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise _no_utf8(file) from error
    except SpecificationError as error:
        if "invalid UTF8" in str(error):  # as pyarrow says of later rows
            raise _no_utf8(file) from error
        if error.column is None or target is not None:
            raise
        hint = f"{error}; --target {shlex.quote(str(error.column))} takes it as what is predicted"
        raise SpecificationError(hint, column=error.column) from error


def read_inputs(path: Path, target: str | None, warn: Warn | None = None) -> "tuple[Any, NDArray[Any] | None]":
    """Return a table, with its names if it has any, without the target, and the target's values.

    Raises
    ------
    SpecificationError
        If the file is missing, broken or empty, or has no such column.
    """
    with whole_table(path, target, warn) as whole, _reading(path, target):
        table, labels = _without(whole, target)
    if not len(table):
        raise SpecificationError(f"the table in {path.name!r} has no rows")
    return table, labels


def _without(table: Any, target: str | None) -> "tuple[Any, NDArray[Any] | None]":
    """Return a table without a column, and the column's values."""
    import numpy as np

    if target is None:
        return table, None
    if isinstance(table, np.ndarray):
        width = table.shape[1]
        number = int(target) if target.lstrip("-").isdecimal() else width
        if not -width <= number < width:
            raise SpecificationError(f"there is no column {target!r}; an array's have numbers from 0 to {width - 1}")
        return np.delete(table, number, axis=1), np.asarray(table[:, number])
    names = table.schema.names
    if target not in names:
        raise SpecificationError(f"no column is called {target!r}; the columns are: {', '.join(names)}")
    values = table.column(target).to_numpy(zero_copy_only=False)
    if values.dtype == object:
        # What is left empty in a column of texts is missing too.
        values = np.array([None if value == "" else value for value in values], dtype=object)
    return table.drop_columns([target]), values
