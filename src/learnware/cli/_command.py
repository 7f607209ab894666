"""What every command shares: common options, results as text or JSON, and the edge where errors end.

This module and those of the commands do without ``from __future__ import annotations``: Typer reads annotations when
the program runs.
"""

import functools
import inspect
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main

from learnware.errors import (
    DockProblemError,
    LearnwareError,
    LearnwareNotFoundError,
    MarketError,
    NothingFitsError,
)

if TYPE_CHECKING:
    from rich.console import Console

    from learnware.market import LearnwareMarket

__all__ = [
    "COMMON_PANEL",
    "NOTHING_FITS",
    "CommonOptions",
    "Session",
    "command",
    "examples",
    "run_application",
    "words_of",
]

COMMON_PANEL = "Common options"
# Exit code of a search or a solution that found nothing that fits; no error, so it has a code of its own.
NOTHING_FITS = 3
_FAILED = 1
_DEFAULT_MARKET = "default"
# What errors know besides their words.
_DETAILS = (
    "column", "member", "missing", "learnware_id", "package", "requirements", "limit", "host", "status", "problem",
    "errors", "request_id", "retry_after",
)  # fmt: skip

MarketOption = Annotated[
    str | None,
    typer.Option(
        "--market", metavar="NAME", help="Market to work with; 'default' if not given.", rich_help_panel=COMMON_PANEL
    ),
]
RootOption = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="FOLDER",
        help="Folder that markets are kept in; the variable LEARNWARE_STORAGE_PATH, else ~/.learnware, if not given.",
        rich_help_panel=COMMON_PANEL,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document instead of text.", rich_help_panel=COMMON_PANEL),
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=COMMON_PANEL),
]


@dataclass
class CommonOptions:
    """Options that may stand before the subcommand as well as after it."""

    market: str | None = None
    root: Path | None = None
    json: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Session:
    """One run of a command: what its common options say, and where its results go.

    Attributes
    ----------
    market : str
        Name of the market.
    root : Path or None
        Folder that markets are kept in.
    json : bool
        Whether results and errors are JSON.
    debug : bool
        Whether errors come with their traceback.
    warnings : list of str
        What was warned of, which is a part of the JSON document.
    """

    market: str
    root: Path | None
    json: bool
    debug: bool
    warnings: list[str] = field(default_factory=list)

    @property
    def out(self) -> "Console":
        """Where results go."""
        from learnware.cli._render import console

        return console(stderr=False)

    @property
    def err(self) -> "Console":
        """Where everything else goes."""
        from learnware.cli._render import console

        return console(stderr=True)

    @property
    def talks(self) -> bool:
        """Whether there is somebody to show progress to."""
        return not self.json and self.err.is_terminal

    @property
    def asks(self) -> bool:
        """Whether there is somebody to ask."""
        return not self.json and sys.stdin.isatty() and self.err.is_terminal

    def warn(self, message: str) -> None:
        """Say what may be wrong: on standard error, or in the JSON document."""
        from learnware.cli._render import clean

        self.warnings.append(message)
        if not self.json:
            self.err.print(f"warning: {clean(message)}", style="yellow", markup=False, soft_wrap=True)

    def show(self, document: dict[str, Any], *renderables: Any) -> None:
        """Print the result: the document as JSON, or the renderables as text."""
        from learnware.cli._render import print_json

        if self.json:
            print_json({**document, "warnings": self.warnings} if self.warnings else document, sys.stdout)
        else:
            out = self.out
            for one in renderables:
                # In files and pipes a line is a line: addresses and paths are not broken.
                out.print(one, soft_wrap=isinstance(one, str) and not out.is_terminal)
        # A server goes on for long; who reads its address from a pipe waits for it.
        sys.stdout.flush()

    def open_market(self, *, create: bool = False) -> "LearnwareMarket":
        """Return the market.

        Raises
        ------
        MarketError
            If it is not there and `create` is False, or cannot be opened.
        """
        from learnware.market import instantiate_learnware_market
        from learnware.market._organizer import market_folder

        try:
            folder = market_folder(self.market, self.root)
        except MarketError as error:
            raise MarketError(str(error).replace("market_id", "--market", 1)) from error
        if not create and not folder.is_dir():
            raise MarketError(
                f"there is no market {self.market!r} in {str(folder.parent)!r}; "
                "it is made when something is added: learnware market add PACKAGE.zip"
            )
        return instantiate_learnware_market(self.market, root=self.root)

    @contextmanager
    def steps(self, title: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
        """Give what to call before every step of long work; a terminal sees a bar, nobody else sees anything."""
        if not self.talks:
            yield lambda _: None
            return
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        from learnware.cli._render import clean

        bars = [] if total is None else [BarColumn(bar_width=20)]
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), *bars, TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True) as progress:
            task = progress.add_task(title, total=total)
            begun = 0

            def step(words: str) -> None:
                nonlocal begun
                progress.update(task, description=f"{title}: {clean(words)}", completed=begun)
                begun += 1

            yield step


def examples(*lines: str) -> str:
    """Return the examples of a command for the end of its help."""
    return "\n\n".join(["**Examples**", *(f"- `{line}`" for line in lines)])


def command(
    group: typer.Typer,
    name: str,
    *lines: str,
    uses_market: bool = False,
    panel: str | None = None,
    instead: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function ``(session, ...)`` a subcommand.

    Its docstring is the help and `lines` are the examples. The common options are added to its own; its errors end
    here, as one line or one JSON document.

    Parameters
    ----------
    group : typer.Typer
        The group that it belongs to.
    name : str
        What it is called.
    *lines : str
        Examples.
    uses_market : bool, default=False
        Whether it takes ``--market`` and ``--root``.
    panel : str, optional
        Under which heading the help of the group lists it.
    instead : str, optional
        What somebody means who gives words that the command does not take; the words come after it.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*, context: typer.Context, **kwargs: Any) -> None:
            session = _session(context, kwargs)
            if context.args:
                raise typer.BadParameter(f"did you mean: {instead} {shlex.quote(' '.join(context.args))}")
            with _edge(session):
                function(session, **kwargs)
                sys.stdout.flush()

        _set_signature(run, function, uses_market=uses_market)
        # The whole first line: left alone, Typer cuts it after 45 letters where commands are listed.
        title = (inspect.getdoc(function) or "").partition("\n")[0]
        group.command(
            name,
            short_help=title,
            epilog=examples(*lines),
            no_args_is_help=_needs_arguments(function),
            rich_help_panel=panel,
            context_settings={"allow_extra_args": instead is not None},
        )(run)
        return function

    return register


def run_application(app: typer.Typer, name: str) -> None:
    """Run a program of commands; errors of its usage are JSON where that was asked for."""
    if "--json" not in sys.argv:
        app(prog_name=name)
    # Typer prints usage errors and the help of commands without arguments as text; who asked for JSON gets JSON.
    group = typer.main.get_command(app)
    _without_help(group)
    try:
        code = group.main(prog_name=name, standalone_mode=False)
    except Exception as error:  # the edge of the process; Typer gives its usage errors no public class
        if not hasattr(error, "format_message"):
            raise
        from learnware.cli._render import print_json

        print_json({"error": {"type": "UsageError", "message": error.format_message()}}, sys.stderr)
        code = getattr(error, "exit_code", 2)
    sys.exit(code)


def _without_help(one: Any) -> None:
    """Let missing arguments be an error of a command and of those in it."""
    one.no_args_is_help = False
    for inner in getattr(one, "commands", {}).values():
        _without_help(inner)


def _needs_arguments(function: Callable[..., None]) -> bool:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return any(parameter.default is inspect.Parameter.empty for parameter in parameters)


def _set_signature(run: Callable[..., None], function: Callable[..., None], *, uses_market: bool) -> None:
    """Show Typer the function's own parameters and the common options."""
    own = list(inspect.signature(function).parameters.values())[1:]
    common: dict[str, Any] = {"json": JsonOption, "debug": DebugOption}
    if uses_market:
        common = {"market": MarketOption, "root": RootOption, **common}
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(parameter.replace(kind=keyword) for parameter in own),
        *(
            inspect.Parameter(name, keyword, annotation=kind, default=None if name in {"market", "root"} else False)
            for name, kind in common.items()
        ),
    ]
    del run.__wrapped__  # type: ignore[attr-defined]  # its signature is another one
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _session(context: typer.Context, given: dict[str, Any]) -> Session:
    """Return the session of the common options, which are taken out of `given`."""
    before = context.obj if isinstance(context.obj, CommonOptions) else CommonOptions()
    return Session(
        market=given.pop("market", None) or before.market or _DEFAULT_MARKET,
        root=given.pop("root", None) or before.root,
        json=given.pop("json") or before.json,
        debug=given.pop("debug") or before.debug,
    )


@contextmanager
def _edge(session: Session) -> Iterator[None]:
    """End errors: one line and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise  # Typer's own to end; silently, where nobody reads any more
    except Exception as error:  # the edge of the process
        if session.debug:
            # That of a learnware's own code, which the error's does not reach.
            session.err.print(getattr(error, "traceback_text", None) or "", markup=False, soft_wrap=True, end="")
            raise
        words = words_of(error)
        if isinstance(error, LearnwareNotFoundError):
            there = "" if session.market == _DEFAULT_MARKET else f" --market {shlex.quote(session.market)}"
            words = (
                f"no learnware {error.learnware_id!r} in the market {session.market!r}; "
                f"what is in it: learnware market list{there}"
            )
        _report(session, error, words)
        raise typer.Exit(NOTHING_FITS if isinstance(error, NothingFitsError) else _FAILED) from None


def words_of(error: Exception) -> str:
    """Return what is wrong, in a line."""
    if isinstance(error, DockProblemError):
        # Most docks say in their words what is wrong where.
        missing = [f"{place} {words}".strip() for place, words in error.errors if words not in str(error)]
        return ": ".join(filter(None, (str(error), "; ".join(missing))))
    if isinstance(error, LearnwareError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    return f"this should not have happened, and --debug shows where it did: {type(error).__name__}: {error}"


def _report(session: Session, error: BaseException, message: str) -> None:
    from learnware.cli._render import clean, print_json

    if session.json:
        details = {name: value for name in _DETAILS if (value := getattr(error, name, None))}
        if session.warnings:
            details["warnings"] = session.warnings
        print_json({"error": {"type": type(error).__name__, "message": message, **details}}, sys.stderr)
    else:
        session.err.print(f"error: {clean(message)}", style="red", markup=False, soft_wrap=True)
