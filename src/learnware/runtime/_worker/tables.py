"""Tables on the child's side: they become data frames of pandas where it and pyarrow are installed."""

from __future__ import annotations

import importlib.util
from typing import Any

from .frames import ArrowStream

_NEEDED = ("pandas", "pyarrow")


def missing_packages() -> list[str]:
    """Return which of the packages that tables need are not there; nothing is imported."""
    return [name for name in _NEEDED if importlib.util.find_spec(name) is None]


def open_value(value: Any) -> Any:
    """Return a value of a request as the model takes it: a table as a data frame, anything else as it is."""
    if not isinstance(value, ArrowStream):
        return value
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(value.data)) as stream:
        return stream.read_all().to_pandas()
