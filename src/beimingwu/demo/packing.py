"""Packing what a demo has trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beimingwu.demo.fill import Shipment

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ship"]


def ship(
    model: Any,
    data: Any,
    path: Path,
    *,
    name: str,
    description: str,
    columns: list[str] | None = None,
    outputs: str | list[str] | None = None,
    scenario: str = "Education",
) -> Shipment:
    """Pack a model with the specification of its training data.

    Parameters
    ----------
    model : estimator
    data : array or list of str
        What it was trained on: a table, images or texts.
    path : Path
        The zip to write.
    name, description, scenario : str
    columns : list of str, optional
        What the columns of a table are.
    outputs : str or list of str, optional
        What is predicted, or the names of the classes.
    """
    from learnware.learnware import pack, read_package

    pack(
        model,
        data,
        path,
        input_description=columns,
        output_description=outputs,
        name=name,
        description=description,
        scenarios=scenario,
        license="MIT",
    )
    return Shipment(path, read_package(path).semantic_spec)
