"""The application: its groups and its entry point."""

from typing import Annotated

import typer

from learnware.cli._browse import register as register_browse
from learnware.cli._check import register as register_check
from learnware.cli._command import (
    CommonOptions,
    DebugOption,
    JsonOption,
    MarketOption,
    RootOption,
    examples,
    run_application,
)
from learnware.cli._env import register as register_env
from learnware.cli._login import register as register_login
from learnware.cli._market import register as register_market
from learnware.cli._pack import register as register_pack
from learnware.cli._predict import register as register_predict
from learnware.cli._search import register as register_search
from learnware.cli._solve import register as register_solve
from learnware.cli._spec import register as register_spec
from learnware.cli._submit import register as register_submit

__all__ = ["app", "main"]

_NAME = "learnware"

app = typer.Typer(
    name=_NAME,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "learnware pack model.joblib train.csv --target price -o house-prices.zip",
        "learnware market add house-prices.zip",
        "learnware search mine.csv",
        "learnware solve mine.csv --target price -o predictions.csv",
        "learnware login https://dock.example.org",
        "learnware upload house-prices.zip --wait",
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"learnware {version('learnware')}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    market: MarketOption = None,
    root: RootOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    version: Annotated[  # noqa: ARG001  # its callback acts
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Share trained models as learnwares; find and reuse those of others, without showing any data.

    A learnware is a model with a specification: words and tags that say what it is for, and a few weighted points that
    stand for the data it was trained on.

    The exit code is 0 if all went well, 1 if what was asked for failed, 2 if the command was not understood, and 3 if a
    search found nothing that fits.
    """
    context.obj = CommonOptions(market, root, json, debug)


for _register in (
    register_spec,
    register_pack,
    register_check,
    register_market,
    register_search,
    register_predict,
    register_solve,
    register_env,
    register_login,
    register_browse,
    register_submit,
):
    _register(app)


def main() -> None:
    """Run the `learnware` command."""
    run_application(app, _NAME)
