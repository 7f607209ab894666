"""A learnware: a model, its specification and the folder they are in."""

from __future__ import annotations

import logging
import os
import traceback
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware._helpers import get_module_logger
from learnware.errors import InvalidPackageError, ModelError, SpecificationError
from learnware.learnware._columns import align_columns
from learnware.learnware._manifest import parse_yaml
from learnware.learnware._package import read_package
from learnware.runtime._worker.models import forget_package, load_model, plain_output, unique_package_name
from learnware.specification import Specification, stat_specification_class

if TYPE_CHECKING:
    from datetime import date

    from learnware.model import BaseModel
    from learnware.runtime import ModelRunner
    from learnware.specification import BaseStatSpecification

__all__ = [
    "Learnware",
    "Specification",
    "get_learnware_from_dirpath",
    "get_module_logger",
    "get_stat_spec_from_config",
    "read_yaml_to_dict",
]

_logger = logging.getLogger(__name__)


class Learnware:
    """A model with its specification.

    Parameters
    ----------
    id : str
        The learnware's id.
    model : BaseModel or dict
        The model, or where it is: ``class_name``, ``module_path`` and ``kwargs`` as in ``learnware.yaml``. Such a model
        is loaded in this process at the first prediction, which runs the learnware's own code here; `run_with` has it
        run in a process of its own.
    specification : Specification
        Semantic and statistical specification.
    learnware_dirpath : str or path
        Folder of the unpacked package.

    Attributes
    ----------
    made : date or None
        When its package was made, where that is known. The environment that `run_with` builds is as of this date where
        the learnware names no exact versions.
    """

    made: date | None = None

    def __init__(
        self,
        id: str,
        model: BaseModel | dict[str, Any],
        specification: Specification,
        learnware_dirpath: str | os.PathLike[str],
    ) -> None:
        self.id = id
        self.model = model
        self.specification = specification
        self.learnware_dirpath = os.fspath(learnware_dirpath)

    def __repr__(self) -> str:
        return f"Learnware(id={self.id!r}, learnware_dirpath={self.learnware_dirpath!r})"

    @staticmethod
    def get_model_module_abspath(learnware_dirpath: str | os.PathLike[str], module_path: str) -> str:
        """Return the path of a ``.py`` file of the learnware; the name of an installed module stays as it is."""
        if module_path.endswith(".py"):
            return os.path.abspath(os.path.join(learnware_dirpath, module_path))  # noqa: PTH100, PTH118  # published: text
        return module_path

    def instantiate_model(self) -> None:
        """Load the model into this process, if that has not been done yet.

        Raises
        ------
        ModelError
            If the learnware's code raises.
        """
        if not isinstance(self.model, dict):
            return
        name = unique_package_name()
        try:
            model = load_model(self.learnware_dirpath, self.model, name)
        except (Exception, SystemExit) as error:  # the edge to the learnware's own code, which may raise anything
            forget_package(name)
            raise ModelError(
                f"the model of learnware {self.id!r} could not be loaded: {type(error).__name__}: {error}",
                traceback_text=traceback.format_exc(),
            ) from error
        # Its modules stay as long as the model does: it may import more of them, or be pickled.
        # One of a class with slots cannot be watched; its learnware is, then.
        weakref.finalize(model if type(model).__weakrefoffset__ else self, forget_package, name)
        self.model = model

    def run_with(self, runner: ModelRunner) -> None:
        """Let the model run in a worker process from now on; it starts with the next prediction.

        Parameters
        ----------
        runner : ModelRunner
            Which runs it, and says in which environment and sandbox. ``self.model.report()`` tells which they are.

        Raises
        ------
        InvalidPackageError
            If there is no package in the learnware's folder to load the model from.
        """
        model = self.model
        if not isinstance(model, dict):
            model = read_package(self.learnware_dirpath).manifest.model.to_config()
        self.model = runner.model(self.learnware_dirpath, model, as_of=self.made)

    def predict(self, X: Any) -> Any:
        """Return the model's outputs for `X`, one row each.

        Parameters
        ----------
        X : array of shape (n_samples, ...), data frame or list of str
            Inputs of the model's `input_shape`. The columns of a data frame are taken by name where the semantic
            specification names them, see `align_columns`.

        Returns
        -------
        ndarray of shape (n_samples, ...)
            Its outputs; what they mean is in the semantic specification.

        Raises
        ------
        ModelError
            If the model cannot be loaded.
        ReuseError
            If some columns of a data frame are the model's by name, and others are not.
        """
        return plain_output(self._instance().predict(align_columns(X, self)))

    def predict_proba(self, X: Any) -> Any:
        """Return class probabilities, shape (n_samples, n_classes), in the order of the output description.

        Raises
        ------
        ModelError
            If the model cannot be loaded or gives no probabilities.
        ReuseError
            If some columns of a data frame are the model's by name, and others are not.
        """
        model = self._instance()
        if not callable(getattr(model, "predict_proba", None)):
            raise ModelError(f"the model of learnware {self.id!r} gives no probabilities")
        return plain_output(model.predict_proba(align_columns(X, self)))

    def _instance(self) -> Any:
        self.instantiate_model()
        return self.model

    def get_model(self) -> BaseModel | dict[str, Any]:
        """Return the model, or where it is if it has not been loaded yet."""
        return self.model

    def get_specification(self) -> Specification:
        """Return the specification."""
        return self.specification

    def get_dirpath(self) -> str:
        """Return the folder of the unpacked package."""
        return self.learnware_dirpath

    def update_stat_spec(self, name: str, new_stat_spec: BaseStatSpecification) -> None:
        """Add or replace a statistical specification."""
        self.specification.update_stat_spec(**{name: new_stat_spec})

    def update_semantic_spec(self, new_semantic_spec: dict[str, Any]) -> None:
        """Replace the semantic specification."""
        self.specification.update_semantic_spec(new_semantic_spec)

    def update(self) -> None:
        """Read the statistical specifications anew from the learnware's folder."""
        self.specification.update_stat_spec(**read_package(self.learnware_dirpath).stat_specs)


def get_learnware_from_dirpath(
    id: str,
    semantic_spec: dict[str, Any] | None,
    learnware_dirpath: str | os.PathLike[str],
    ignore_error: bool = True,
) -> Learnware | None:
    """Return the learnware in a folder; its model is not loaded yet.

    Parameters
    ----------
    id : str
        Its id.
    semantic_spec : dict or None
        Its semantic specification; the one in the folder if None or empty.
    learnware_dirpath : str or path
        Folder of the unpacked package.
    ignore_error : bool, default=True
        Log what is wrong with the folder and return None instead of raising.

    Raises
    ------
    InvalidPackageError, SpecificationError
        If the folder is no learnware and `ignore_error` is False.
    """
    try:
        contents = read_package(learnware_dirpath)
    except (InvalidPackageError, SpecificationError) as error:
        if not ignore_error:
            raise
        _logger.warning("learnware %s in %s cannot be read: %s", id, learnware_dirpath, error)
        return None
    return Learnware(
        id=id,
        model=contents.manifest.model.to_config(),
        specification=Specification(semantic_spec or contents.semantic_spec, dict(contents.stat_specs)),
        learnware_dirpath=learnware_dirpath,
    )


def get_stat_spec_from_config(stat_spec: dict[str, Any]) -> BaseStatSpecification:
    """Return the statistical specification of an entry of ``learnware.yaml``.

    Parameters
    ----------
    stat_spec : dict
        ``class_name``, ``file_name`` (with its folder) and ``kwargs``; ``module_path`` is not imported: the class is
        looked up by name.

    Raises
    ------
    SpecificationError
        If the type is unknown or the file broken.
    """
    spec = stat_specification_class(stat_spec["class_name"])(**stat_spec.get("kwargs", {}))
    spec.load(stat_spec["file_name"])
    return spec


def read_yaml_to_dict(yaml_path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the plain values of a YAML file; tuples are understood, other objects are refused.

    Raises
    ------
    InvalidPackageError
        If it is no plain YAML, or no mapping.
    """
    path = Path(yaml_path)
    value = parse_yaml(path.read_bytes(), path.name)
    if not isinstance(value, dict):
        raise InvalidPackageError(f"{path.name!r} is no mapping", member=path.name)
    return value
