"""What a model needs to be installed: found from its objects, pinned to what is installed here."""

from __future__ import annotations

import pickle
import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

from learnware.errors import PackError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["modules_of", "pinned_requirements"]


class _ModuleFinder(pickle.Pickler):
    """Notes the top-level module of every object that pickling meets."""

    def __init__(self) -> None:
        super().__init__(self, protocol=5, buffer_callback=self._skip)
        self.modules: set[str] = set()

    def write(self, data: Any) -> int:
        """Drop what is pickled."""
        return len(data)

    @staticmethod
    def _skip(buffer: pickle.PickleBuffer) -> None:
        """Leave the data of arrays out."""

    def persistent_id(self, obj: Any) -> None:
        """Note where `obj` (a class or function) or its class comes from."""
        module = getattr(obj, "__module__", None)
        if not isinstance(module, str):
            module = type(obj).__module__
        self.modules.add(module.partition(".")[0])


def modules_of(model: Any) -> set[str]:
    """Return the top-level modules that unpickling `model` needs, those of the standard library left out.

    Raises
    ------
    PackError
        If the model cannot be pickled, or is defined in a script or notebook.
    """
    finder = _ModuleFinder()
    try:
        finder.dump(model)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise PackError(f"the model cannot be saved: {error}") from error
    if "__main__" in finder.modules:
        raise PackError(
            "the model uses a class or function of the running script or notebook, which is not there when somebody"
            " else loads it; move it into an installed package"
        )
    return {name for name in finder.modules if name not in sys.stdlib_module_names}


def pinned_requirements(modules: Iterable[str]) -> list[str]:
    """Return ``distribution==version`` of every module, sorted.

    Raises
    ------
    PackError
        If no installed distribution provides a module.
    """
    modules = sorted(set(modules) - {"learnware"})  # wherever a learnware runs, its base class is there
    providers = _providers(modules)
    pins = set()
    for module in modules:
        if module not in providers:
            raise PackError(
                f"the model needs the module {module!r}, which is no installed package: others could not load it"
            )
        provider = providers[module]
        # A local version ("2.2.0+cpu") says how it was built and is on no index.
        pins.add(f"{provider.metadata['Name']}=={provider.version.partition('+')[0]}")
    return sorted(pins, key=str.lower)


def _providers(modules: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Return the installed distribution that provides each top-level module.

    Before Python 3.11, `importlib.metadata.packages_distributions` knows only those with a ``top_level.txt``.
    """
    patterns = {module: re.compile(rf"^{re.escape(module)}(/|\.[^/]*,)", re.MULTILINE) for module in modules}
    providers: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        declared = (distribution.read_text("top_level.txt") or "").split()
        record = distribution.read_text("RECORD") or ""
        for module, pattern in patterns.items():
            # As in an import, the first on the path wins.
            if module not in providers and (module in declared or pattern.search(record)):
                providers[module] = distribution
    return providers
