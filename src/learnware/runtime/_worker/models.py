"""Loading a learnware's model from its folder, and what it needs to find there."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import sys
import types
from pathlib import Path
from typing import Any


def load_model(folder: str, config: dict[str, Any], package_name: str) -> Any:
    """Return the model of a learnware folder: an instance of the class that `config` names.

    The folder is imported as a package of the name `package_name`, so that relative imports inside it work and two
    learnwares with files of equal names do not meet.

    Parameters
    ----------
    folder : str
        The learnware's folder.
    config : dict
        ``class_name``, ``module_path`` (a ``.py`` file of the folder, or an installed module) and ``kwargs``.
    package_name : str
        A name that no module has yet.
    """
    module = _import(folder, config.get("module_path") or "__init__.py", package_name)
    class_name = config.get("class_name") or "Model"
    try:
        model_class = getattr(module, class_name)
    except AttributeError:
        raise AttributeError(f"the learnware's module has no class {class_name!r}") from None
    model = model_class(**(config.get("kwargs") or {}))
    if not callable(getattr(model, "predict", None)):
        raise TypeError(f"{class_name} has no predict")
    return model


def _import(folder: str, module_path: str, package_name: str) -> Any:
    if not module_path.endswith(".py"):
        return importlib.import_module(module_path)
    file = Path(folder, module_path)
    if file == Path(folder, "__init__.py"):
        spec = importlib.util.spec_from_file_location(package_name, str(file), submodule_search_locations=[folder])
        if spec is None or spec.loader is None:
            raise ImportError(f"{module_path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[package_name] = module
        spec.loader.exec_module(module)
        return module
    package = types.ModuleType(package_name)
    package.__path__ = [folder]
    sys.modules[package_name] = package
    importlib.invalidate_caches()
    return importlib.import_module(".".join([package_name, *file.relative_to(folder).with_suffix("").parts]))


def forget_package(package_name: str) -> None:
    """Take a learnware's modules out of the interpreter."""
    for name in [name for name in sys.modules if name == package_name or name.startswith(package_name + ".")]:
        del sys.modules[name]


_numbers = itertools.count()


def unique_package_name() -> str:
    """Return a package name that nothing has in this process."""
    return f"_learnware_package_{next(_numbers)}"


def provide_base_model() -> None:
    """Make ``from learnware.model import BaseModel`` work where the engine is not installed."""
    try:
        importlib.import_module("learnware.model.base")
    except ImportError:
        pass
    else:
        return

    class BaseModel:
        """What a learnware's model implements."""

        def __init__(self, input_shape: Any = None, output_shape: Any = None) -> None:
            self.input_shape = input_shape
            self.output_shape = output_shape

        def predict(self, X: Any) -> Any:
            raise NotImplementedError

        def fit(self, X: Any, y: Any) -> None:
            raise NotImplementedError

        def finetune(self, X: Any, y: Any) -> None:
            raise NotImplementedError

        def get_model(self) -> Any:
            raise NotImplementedError

    names = ["learnware", "learnware.model", "learnware.model.base"]
    modules = [types.ModuleType(name) for name in names]
    for name, module in zip(names, modules):  # noqa: B905  # Python 3.8
        module.__path__ = []  # a module with a path is a package
        sys.modules[name] = module
    modules[0].model = modules[1]  # type: ignore[attr-defined]
    modules[1].base = modules[2]  # type: ignore[attr-defined]
    BaseModel.__module__ = "learnware.model.base"
    modules[1].BaseModel = modules[2].BaseModel = BaseModel  # type: ignore[attr-defined]


def describe(model: Any) -> dict[str, Any]:
    """Return the model's shapes as plain values and the methods that it has."""
    inherited: Any = getattr(sys.modules.get("learnware.model.base"), "BaseModel", None)
    methods = [
        name
        for name in ("predict", "predict_proba", "fit", "finetune")
        if callable(getattr(model, name, None))
        and getattr(type(model), name, None) is not getattr(inherited, name, type(model))
    ]
    return {
        "input_shape": _plain_shape(getattr(model, "input_shape", None)),
        "output_shape": _plain_shape(getattr(model, "output_shape", None)),
        "methods": methods,
    }


def _plain_shape(shape: Any) -> list[int] | None:
    return None if shape is None else [int(size) for size in shape]


def plain_output(output: Any) -> Any:
    """Return a model's output without a framework's tensor around it."""
    for name in ("detach", "cpu"):  # torch tensors, also on a device and with a gradient
        if callable(getattr(output, name, None)):
            output = getattr(output, name)()
    # numpy has no such precision.
    return output.float() if str(getattr(output, "dtype", None)) == "torch.bfloat16" else output
