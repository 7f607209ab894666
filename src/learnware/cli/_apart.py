"""Learnwares whose models run in processes of their own.

What comes out of a market is somebody else's code, and it never runs in the process of the command.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from learnware.market import BaseSearcher
from learnware.model import BaseModel

if TYPE_CHECKING:
    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket, SearchResults
    from learnware.runtime import ModelProcess

__all__ = ["models_apart", "search_apart"]


class _ProcessModel(BaseModel):
    """A model that answers from a process of its own, which starts when it is first asked."""

    def __init__(self, learnware: "Learnware", processes: ExitStack, timeout: float) -> None:
        super().__init__(None, None)
        self._learnware = learnware
        self._processes = processes
        self._timeout = timeout

    @cached_property
    def _process(self) -> "ModelProcess":
        from learnware.learnware import read_package
        from learnware.runtime import ModelProcess

        folder = self._learnware.get_dirpath()
        config = read_package(folder).manifest.model.to_config()
        return self._processes.enter_context(ModelProcess(folder, config, timeout=self._timeout))

    def predict(self, X: Any) -> Any:
        return self._process.predict(X)


@contextmanager
def models_apart(timeout: float) -> Iterator[Callable[["Learnware"], None]]:
    """Give what sets a learnware's model to run in a process of its own; the processes end with the context.

    Parameters
    ----------
    timeout : float
        Seconds for loading a model and for each of its answers.
    """
    with ExitStack() as processes:

        def set_apart(learnware: "Learnware") -> None:
            learnware.model = _ProcessModel(learnware, processes, timeout)

        yield set_apart


def search_apart(market: "LearnwareMarket", set_apart: Callable[["Learnware"], None]) -> None:
    """Let the models of all that a search of this market finds run in processes of their own."""
    market.learnware_searcher = _ApartSearcher(market.learnware_searcher, set_apart)


class _ApartSearcher(BaseSearcher):
    """Another searcher's results, set apart."""

    def __init__(self, searcher: BaseSearcher, set_apart: Callable[["Learnware"], None]) -> None:
        super().__init__(searcher.learnware_organizer)
        self._searcher = searcher
        self._set_apart = set_apart

    def __call__(self, *args: Any, **kwargs: Any) -> "SearchResults":
        results = self._searcher(*args, **kwargs)
        found = [item.learnware for item in results.get_single_results()]
        found += [learnware for item in results.get_multiple_results() for learnware in item.learnwares]
        for learnware in {id(learnware): learnware for learnware in found}.values():
            self._set_apart(learnware)
        return results
