"""Templates of learnware packages."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.learnware import write_package
from learnware.learnware._manifest import MANIFEST_NAME, dump_yaml, stat_spec_entries

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = [
    "LearnwareTemplate",
    "ModelTemplate",
    "PickleModelTemplate",
    "StatSpecTemplate",
    "convert_folder_to_zipfile",
    "save_dict_to_yaml",
]

_PICKLE_CODE = '''\
"""A pickled model."""

import os
import pickle

from learnware.model import BaseModel


class PickleLoadedModel(BaseModel):
    def __init__(
        self,
        input_shape,
        output_shape,
        predict_method="predict",
        fit_method="fit",
        finetune_method="finetune",
        pickle_filename="model.pkl",
    ):
        super().__init__(
            input_shape=None if input_shape is None else tuple(input_shape),
            output_shape=None if output_shape is None else tuple(output_shape),
        )
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), pickle_filename), "rb") as file:
            self.model = pickle.load(file)
        self._methods = {"predict": predict_method, "fit": fit_method, "finetune": finetune_method}

    def predict(self, X):
        return getattr(self.model, self._methods["predict"])(X)

    def fit(self, X, y):
        getattr(self.model, self._methods["fit"])(X, y)

    def finetune(self, X, y):
        getattr(self.model, self._methods["finetune"])(X, y)
'''


@dataclass
class ModelTemplate:
    """A model's class, its arguments and its files.

    Attributes
    ----------
    class_name : str
        Class in ``__init__.py``.
    model_kwargs : dict
        Its arguments.
    files : dict of str to bytes or Path
        Files of the package by name, ``__init__.py`` among them.
    """

    class_name: str = field(init=False, default="Model")
    model_kwargs: dict[str, Any] = field(init=False, default_factory=dict)
    files: dict[str, bytes | Path] = field(init=False, default_factory=dict)


@dataclass
class PickleModelTemplate(ModelTemplate):
    """A model in a pickle.

    Parameters
    ----------
    model_kwargs : dict
        ``input_shape`` and ``output_shape``; ``predict_method``, ``fit_method`` and ``finetune_method`` where the
        pickled object's methods have other names; ``pickle_filename``, its file in the package.
    pickle_filepath : str or path
        The pickle.
    """

    model_kwargs: dict[str, Any]
    pickle_filepath: str | os.PathLike[str]

    def __post_init__(self) -> None:
        self.class_name = "PickleLoadedModel"
        # Lists, which every YAML reader takes; the model makes tuples of them.
        self.model_kwargs = {
            key: list(value) if isinstance(value, tuple) else value for key, value in self.model_kwargs.items()
        }
        self.files = {
            "__init__.py": _PICKLE_CODE.encode(),
            self.model_kwargs.get("pickle_filename", "model.pkl"): Path(self.pickle_filepath),
        }


@dataclass
class StatSpecTemplate:
    """A statistical specification's file and type.

    Attributes
    ----------
    filepath : str or path
        The file.
    type : str
        "RKMETableSpecification", "RKMEImageSpecification", "RKMETextSpecification" or another type that is known.
    """

    filepath: str | os.PathLike[str]
    type: str = "RKMETableSpecification"


class LearnwareTemplate:
    """Writes the files of a learnware package."""

    @staticmethod
    def generate_requirements(
        filepath: str | os.PathLike[str], requirements: Sequence[tuple[str, str, str] | str] | None = None
    ) -> None:
        """Write ``requirements.txt``.

        Parameters
        ----------
        filepath : str or path
            The file.
        requirements : list of str or of (str, str, str), optional
            Lines, or their name, comparison and version: ``("numpy", "==", "2.0.0")``.
        """
        Path(filepath).write_text(_requirements_text(requirements), encoding="utf-8")

    @staticmethod
    def generate_learnware_yaml(
        filepath: str | os.PathLike[str],
        model_config: dict[str, Any] | None = None,
        stat_spec_config: list[dict[str, Any]] | None = None,
    ) -> None:
        """Write ``learnware.yaml``.

        Parameters
        ----------
        filepath : str or path
            The file.
        model_config : dict, optional
            ``class_name``, ``kwargs`` and ``module_path``.
        stat_spec_config : list of dict, optional
            ``class_name``, ``file_name``, ``module_path`` and ``kwargs`` of each.
        """
        save_dict_to_yaml(_manifest(model_config, stat_spec_config), filepath)

    @staticmethod
    def generate_learnware_zipfile(
        learnware_zippath: str | os.PathLike[str],
        model_template: ModelTemplate,
        stat_spec_template: StatSpecTemplate,
        requirements: Sequence[tuple[str, str, str] | str] | None = None,
    ) -> None:
        """Write a learnware package.

        Parameters
        ----------
        learnware_zippath : str or path
            The zip.
        model_template : ModelTemplate
            The model.
        stat_spec_template : StatSpecTemplate
            The statistical specification.
        requirements : list, optional
            As for `generate_requirements`.
        """
        stat_file = "stat_spec.json"
        manifest = _manifest(
            {"class_name": model_template.class_name, "kwargs": model_template.model_kwargs},
            [
                {
                    "module_path": "learnware.specification",
                    "class_name": stat_spec_template.type,
                    "file_name": stat_file,
                    "kwargs": {},
                }
            ],
        )
        files: dict[str, bytes | Path] = dict(model_template.files)
        files[stat_file] = Path(stat_spec_template.filepath)
        files[MANIFEST_NAME] = dump_yaml(manifest).encode()
        files["requirements.txt"] = _requirements_text(requirements).encode()
        write_package(files, learnware_zippath)


def convert_folder_to_zipfile(folder_path: str | os.PathLike[str], zip_path: str | os.PathLike[str]) -> None:
    """Write the files of a folder as a zip.

    Raises
    ------
    InvalidPackageError
        If the folder holds something that a package may not hold, such as links.
    """
    write_package(folder_path, zip_path)


def save_dict_to_yaml(dict_value: dict[str, Any], save_path: str | os.PathLike[str]) -> None:
    """Write a dictionary as YAML; tuples are written so that they are read as tuples."""
    Path(save_path).write_text(dump_yaml(dict_value), encoding="utf-8")


def _requirements_text(requirements: Sequence[tuple[str, str, str] | str] | None) -> str:
    lines = [line if isinstance(line, str) else "".join(line) for line in requirements or ()]
    return "".join(f"{line}\n" for line in lines)


def _manifest(model_config: dict[str, Any] | None, stat_spec_config: list[dict[str, Any]] | None) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "model": {"class_name": "Model", "kwargs": {}} if model_config is None else model_config
    }
    if stat_spec_config is not None:
        manifest |= stat_spec_entries(stat_spec_config)
    return manifest
