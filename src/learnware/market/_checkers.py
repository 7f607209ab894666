"""Checkers: what is wrong with a learnware, where, and how to mend it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError, InvalidPackageError, LearnwareError
from learnware.market._base import BaseChecker
from learnware.market._semantic_rules import Promise, semantic_problems
from learnware.market._trial import stat_spec_problems, try_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.learnware import Learnware
    from learnware.market._problems import Problem
    from learnware.runtime import Environment, Limits
    from learnware.runtime.environment import EnvironmentStore

__all__ = ["CondaChecker", "EasySemanticChecker", "EasyStatChecker"]


class EasySemanticChecker(BaseChecker):
    """Checks a semantic specification against the vocabulary: keys, kinds, values, lengths, dimensions."""

    @staticmethod
    def check_semantic_spec(semantic_spec: Any) -> tuple[int, str]:
        """Check a semantic specification.

        Parameters
        ----------
        semantic_spec : dict
            As `learnware.specification.generate_semantic_spec` makes it. Specifications from before the key ``Model``
            existed are valid.

        Returns
        -------
        tuple of (int, str)
            -1 and everything that is wrong, one finding a line; or 0 (valid, and nothing known about the model).

        Examples
        --------
        >>> from learnware.specification import generate_semantic_spec
        >>> status, message = EasySemanticChecker.check_semantic_spec(generate_semantic_spec(name="Iris"))
        >>> status
        -1
        >>> print(message.splitlines()[0])
        Data has no value; choose one of: Table, Image, Text
        """
        problems = semantic_problems(semantic_spec)
        if problems:
            return BaseChecker.INVALID_LEARNWARE, "\n".join(map(str, problems))
        return BaseChecker.NONUSABLE_LEARNWARE, "the semantic specification is valid"

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Check the semantic specification of a learnware: (-1, findings), or (0, message) if it is valid."""
        return self.check_semantic_spec(learnware.get_specification().get_semantic_spec())


class EasyStatChecker(BaseChecker):
    """Checks that a learnware's model and statistical specification keep what its semantic specification promises.

    The specification's kind must suit the data type, its distance to itself be finite, its dimension agree with the
    table's. Then the model answers a few inputs in a sandboxed process, for a table some points of the specification
    and some random rows; number, shape, type and range of the answers are checked. All that is wrong is found at once,
    as far as one part can be checked without the other.

    Parameters
    ----------
    timeout : float, default=60
        Seconds for loading the model, and for each answer.
    seed : int, default=0
        Seed of the random inputs.
    sandbox : str, optional
        One of `learnware.runtime.sandbox.SANDBOX_LEVELS`; the best of this machine by default.
    limits : Limits, optional
        What the model may use; `timeout` goes before its `seconds`.
    """

    def __init__(
        self, *, timeout: float = 60.0, seed: int = 0, sandbox: str | None = None, limits: Limits | None = None
    ) -> None:
        self.timeout = timeout
        self.seed = seed
        self.sandbox = sandbox
        self.limits = limits

    def reset(self, **kwargs: Any) -> None:
        """Change settings: `timeout`, `seed`, `sandbox`, `limits`."""
        for name in ("timeout", "seed", "sandbox", "limits"):
            setattr(self, name, kwargs.pop(name, getattr(self, name)))
        super().reset(**kwargs)

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Check a learnware in the environment of this interpreter: (-1, findings) or (1, message).

        A learnware whose semantic specification is not valid is not tried: then it is not known what to expect.
        """
        return self.check_in(learnware, None)

    def check_in(self, learnware: Learnware, environment: Environment | None) -> tuple[int, str]:
        """Check a learnware whose model runs in an environment, that of this interpreter if None."""
        semantic_spec = learnware.get_specification().get_semantic_spec()
        status, message = EasySemanticChecker.check_semantic_spec(semantic_spec)
        if status == self.INVALID_LEARNWARE:
            return status, message
        promise, stat_specs = Promise.of(semantic_spec), learnware.get_specification().get_stat_spec()
        problems = stat_spec_problems(promise, stat_specs)
        try:
            problems += self._try(learnware, promise, environment)
        except LearnwareError as error:
            return self.INVALID_LEARNWARE, "\n".join([*map(_words, problems), str(error)])
        serious = [problem for problem in problems if problem.serious]
        if serious:
            return self.INVALID_LEARNWARE, "\n".join(map(_words, serious))
        return self.USABLE_LEARNWARE, "the model answers as its specification says"

    def _try(self, learnware: Learnware, promise: Promise, environment: Environment | None) -> list[Problem]:
        from learnware.learnware import read_package
        from learnware.runtime import Limits, ModelProcess

        folder = learnware.get_dirpath()
        config = read_package(folder).manifest.model.to_config()
        process = ModelProcess(
            folder,
            config,
            environment=environment,
            sandbox=self.sandbox,
            limits=self.limits or Limits(),
            timeout=self.timeout,
        )
        with contextlib.closing(process):
            stat_specs = learnware.get_specification().get_stat_spec()
            return list(try_model(process, promise, stat_specs, seed=self.seed).problems)


def _words(problem: Problem) -> str:
    trace = f"\n{problem.traceback_text.strip()}" if problem.traceback_text else ""
    return f"{problem}{trace}"


class CondaChecker(BaseChecker):
    """Runs another checker with the learnware's model in an environment of its own, built from its requirements.

    Parameters
    ----------
    inner_checker : BaseChecker
        The checker to run. Of those in this package, `EasyStatChecker` runs the model; others are called as they are.
    kind : {"conda", "venv", "docker"}, default="conda"
        The kind of environment; where there is no conda, what the package index has becomes a venv.
    store : EnvironmentStore, optional
        Where environments are kept and shared; that of the user by default.
    on_progress : callable, optional
        Called with words while an environment is built.
    """

    def __init__(
        self,
        inner_checker: BaseChecker,
        *,
        kind: str = "conda",
        store: EnvironmentStore | None = None,
        on_progress: Callable[[str], None] | None = None,
        **kwargs: Any,
    ) -> None:
        self.inner_checker = inner_checker
        self.kind = kind
        self.store = store
        self.on_progress = on_progress
        self.reset(**kwargs)

    def reset(self, **kwargs: Any) -> None:
        """Change settings of the inner checker."""
        self.inner_checker.reset(**kwargs)

    def __call__(self, learnware: Learnware) -> tuple[int, str]:
        """Return what the inner checker finds; (-1, message) if the environment cannot be built."""
        if not isinstance(self.inner_checker, EasyStatChecker):
            return self.inner_checker(learnware)
        from learnware.runtime.environment import EnvironmentStore, read_requirements

        try:
            requirements = read_requirements(Path(learnware.get_dirpath()), as_of=learnware.made)
            store = self.store or EnvironmentStore()
            environment = store.provide(requirements, self.kind, on_progress=self.on_progress)
        except (EnvironmentBuildError, InvalidPackageError) as error:
            return self.INVALID_LEARNWARE, f"the environment of the learnware cannot be built: {error}"
        status, message = self.inner_checker.check_in(learnware, environment)
        return status, "\n".join([message, *environment.warnings])
