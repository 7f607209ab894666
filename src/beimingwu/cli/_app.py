"""The application: its groups and its entry point."""

from typing import Annotated

import typer

from beimingwu.cli._backup import register as register_backup
from beimingwu.cli._demo import register as register_demo
from beimingwu.cli._doctor import register as register_doctor
from beimingwu.cli._serve import register as register_serve
from beimingwu.cli._tokens import register as register_tokens
from beimingwu.cli._up import register as register_up
from beimingwu.cli._users import register as register_users
from beimingwu.cli._worker import register as register_worker
from learnware.cli._command import CommonOptions, DebugOption, JsonOption, examples, run_application

__all__ = ["app", "run"]

_NAME = "beimingwu"

app = typer.Typer(
    name=_NAME,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "beimingwu user create ada@example.org --username ada --verified",
        "beimingwu token create ada@example.org",
        "beimingwu up",
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"beimingwu {version('learnware')}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    json: JsonOption = False,
    debug: DebugOption = False,
    version: Annotated[  # noqa: ARG001  # its callback acts
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Run a learnware dock: a server that people share learnwares on.

    Settings come from options, then variables `BEIMINGWU_…`, then a YAML file (`--settings`). The exit code is 0 if all
    went well, 1 if what was asked for failed, and 2 if the command was not understood.
    """
    context.obj = CommonOptions(json=json, debug=debug)


_COMMANDS = (
    register_up,
    register_serve,
    register_worker,
    register_users,
    register_tokens,
    register_backup,
    register_doctor,
    register_demo,
)
for _register in _COMMANDS:
    _register(app)


def run() -> None:
    """Run the command."""
    run_application(app, _NAME)
