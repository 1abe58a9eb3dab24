"""`inbounds test`: try a site's own rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.policytest.trial import Step

_SIGNS = {
    "ok": ("ok", "green"),
    "warning": ("warning", "yellow"),
    "failed": ("failed", "red"),
    "skipped": ("skipped", "dim"),
}


def command(
    *,
    site: Annotated[Path, typer.Argument(help="The folder of your own rules.")] = Path("site"),
    as_json: output.Json = False,
) -> None:
    """Try your own rules: METADATA, form, compiler, tests, coverage and cases.

    Cases are `cases/**/*.yaml` in the folder; they go through the whole policy, embedded, with
    your rules compiled in. A warning fails nothing.
    """
    from inbounds_tools.opa import binary
    from inbounds_tools.policytest.trial import STEPS, Trial

    trial = Trial(site, opa=binary.find())
    console = output.console()
    steps: list[Step] = []
    with console.status("") as status:
        running = trial.steps()
        for name in STEPS:
            status.update(output.text(f"{name} …"))
            step = next(running)
            steps.append(step)
            if not as_json:
                _show(console, step)
    failed = [step for step in steps if step.state == "failed"]
    value = {
        "ok": not failed,
        "steps": [
            {
                "name": step.name,
                "state": step.state,
                "message": step.message,
                "lines": step.lines,
                **step.figures,
            }
            for step in steps
        ],
    }
    output.emit(value, as_json=as_json, show=lambda console: _sum_up(console, steps))
    raise typer.Exit(output.FAILED if failed else output.OK)


def _show(console: Console, step: Step) -> None:
    sign, colour = _SIGNS[step.state]
    room = " " * (9 - len(sign))
    console.print(output.text((sign, colour), f"{room}{step.name:<9} {step.message}"))
    for line in step.lines:
        console.print(f"                   {line}")
    for code in step.figures.get("codes", ()):
        console.print(output.text("                   ", (code, "dim")))


def _sum_up(console: Console, steps: list[Step]) -> None:
    failed = [step.name for step in steps if step.state == "failed"]
    if failed:
        console.print(output.text("\n", ("failed", "bold red"), f"   {', '.join(failed)}"))
    else:
        warnings = sum(step.state == "warning" for step in steps)
        more = f", {warnings} warning{'s' * (warnings > 1)}" if warnings else ""
        console.print(output.text("\n", ("passed", "bold green"), more))
