"""How one model is packed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from learnware.learnware.packing._code import ModelCode

__all__ = ["BATCH", "ROWS", "ModelPlan", "import_library"]

# Rows as the libraries of boosters take them.
ROWS = "np.asarray(X, dtype=float)"
# How many samples a network is given at a time, which bounds the memory of its layers.
BATCH = "BATCH = 256\n"


@dataclass(frozen=True)
class ModelPlan:
    """How one model is packed.

    Attributes
    ----------
    code : ModelCode
        What its ``__init__.py`` says, without the methods.
    files : mapping of str to bytes or Path
        Its files in the package.
    modules : frozenset of str
        Modules that it needs to be installed.
    library : str
        Value of the semantic specification.
    reference : callable
        The model's own answer to inputs: its "labels" (class numbers), "scores" or "values".
    values : str
        Expression of the outputs as they are; what `predict` gives for anything but classification.
    labels : str or None
        Expression of the class numbers; the largest score by default.
    scores : str or None
        Statements that return one score to a class.
    probabilities : bool
        Whether the scores are probabilities.
    task : str or None
        Where the model tells.
    data_type : str or None
        "Table", "Image" or "Text", where the model tells.
    n_features : int or None
        Number of input columns, where the model tells.
    image_shape : tuple of int or None
        Channels, height and width of the images that the model takes, None for what it leaves open; where it tells.
    scales_pixels : bool
        Whether images of whole numbers, from 0 to 255, may have to be scaled before the model takes them.
    feature_names : tuple of str or None
        Their names, where the model knows them.
    classes : tuple of str or None
        Names of the classes, where the model knows them.
    n_classes : int or None
        Number of classes, where the model tells.
    """

    code: ModelCode
    files: Mapping[str, bytes | Path]
    modules: frozenset[str]
    library: str
    reference: Callable[[Any, str], Any]
    values: str
    labels: str | None = None
    scores: str | None = None
    probabilities: bool = False
    task: str | None = None
    data_type: str | None = None
    n_features: int | None = None
    image_shape: tuple[int | None, ...] | None = None
    scales_pixels: bool = False
    feature_names: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    n_classes: int | None = None


def import_library(name: str, path: Path | str) -> Any:
    """Return a model's library, which is needed for a file (or for what `path` says in words)."""
    try:
        return import_module(name)
    except ImportError as error:
        extra = "torch" if name == "torch" else "models"
        purpose = f"to read {path.name!r}" if isinstance(path, Path) else path
        raise MissingDependencyError(name, purpose=purpose, extra=extra) from error
