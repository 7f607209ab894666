"""`beimingwu doctor`."""

from typing import Annotated

import typer

from beimingwu.cli._command import Operator, dock_command

__all__ = ["register"]

_STYLES = {"ok": "green", "warning": "yellow", "wrong": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    dock_command(app, "doctor", "beimingwu doctor", "beimingwu doctor --all --json")(_doctor)


def _doctor(
    operator: Operator,
    everything: Annotated[
        bool, typer.Option("--all", help="Read every content of the store, instead of looking some up.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended without loss: the index.")] = False,
) -> None:
    """Tell what is wrong with the dock and what to do about it, a line for each check.

    The dock may be running. Ask with the settings that its processes have. The exit code is 1 if something is wrong.
    """
    from rich.text import Text

    from beimingwu.services.doctor import Level, examine
    from learnware.cli._render import clean

    session, findings = operator.session, []
    for finding in examine(operator.settings(), everything=everything, repair=repair):
        findings.append(finding)
        if not session.json:
            level = finding.level.value
            line = Text.assemble(
                (f"{level:<8}", _STYLES[level]), f"{finding.check:<16}", clean(" ".join(finding.message.split()))
            )
            if finding.remedy:
                line.append(f" -> {clean(finding.remedy)}")
            session.out.print(line, soft_wrap=True)
    bad = any(finding.level is Level.WRONG for finding in findings)
    if session.json:
        checks = [
            {"check": one.check, "level": one.level.value, "message": one.message, "remedy": one.remedy}
            for one in findings
        ]
        session.show({"well": not bad, "checks": checks})
    if bad:
        raise typer.Exit(1)
