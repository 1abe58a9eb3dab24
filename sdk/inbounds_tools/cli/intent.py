"""`inbounds intent`: what a prompt asks for, drafted for somebody to confirm."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.model.deployment import Intent
    from inbounds_tools.intents import Draft

app = typer.Typer(help="Draft what a task may do from what its user says.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Draft what a task may do from what its user says."""


@app.command()
def draft(
    *,
    prompt: Annotated[str, typer.Argument(help="What the user says; `-` reads it from stdin.")],
    intent: Annotated[
        str, typer.Option(help="The intent; without it, the one that understands most.")
    ] = "",
    deployment: Annotated[
        Path | None,
        typer.Option(help="The folder of YAML. (default: INBOUNDS_DEPLOYMENT or deployment/)"),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Say what a prompt asks for of an intent: never more than the intent has.

    The same words give the same draft. `scope` of its JSON is what a task is begun with, once
    somebody has confirmed it. Nothing is sent anywhere.
    """
    from inbounds.dev.deployment import load
    from inbounds.errors import ConfigurationError
    from inbounds_tools.intents import draft as drafted
    from inbounds_tools.intents import likeliest

    folder = deployment or Path(os.environ.get("INBOUNDS_DEPLOYMENT") or "deployment")
    intents = load(folder).intents
    said = sys.stdin.buffer.read().decode("utf-8", "replace") if prompt == "-" else prompt
    if not said.strip():
        raise ConfigurationError(
            "the prompt is empty",
            code="intent.no_prompt",
            hint="pass the user's words, or `-` to read them from standard input",
        )
    made = (
        drafted(said, _named(intents, intent), name=intent) if intent else likeliest(said, intents)
    )
    output.emit(_value(made), as_json=as_json, show=lambda console: _show(console, made))


def _named(intents: dict[str, Intent], name: str) -> Intent:
    from inbounds.dev.schema_issues import suggestion
    from inbounds.errors import ConfigurationError

    if name not in intents:
        raise ConfigurationError(
            f"the deployment has no intent of this name{suggestion(name, intents)}",
            code="intent.unknown",
            hint="use one of deployment/intents.yaml, or leave --intent out",
        )
    return intents[name]


def _value(made: Draft) -> dict[str, Any]:
    return {
        "intent": made.name,
        "scope": made.scope.model_dump(mode="json"),
        "said": [{"words": row.words, "understood": row.understood} for row in made.said],
        "delegations": [{"record": one.record, "words": one.words} for one in made.delegations],
    }


def _show(console: Console, made: Draft) -> None:
    from rich.table import Table

    from inbounds.text.printable import shown

    console.print(output.text(("intent  ", "dim"), (made.name, "bold")))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("may be", "on", "whose id begins with"):
        table.add_column(heading, overflow="fold")
    for bound in made.scope.resources:
        prefixes = ", ".join(prefix or "anything" for prefix in bound.prefixes)
        effects = ", ".join(bound.effects) + ": a person is asked" * bound.assumed
        table.add_row(effects, bound.type, prefixes)
    console.print(table)
    console.print()
    for row in shown([(row.words, row.understood) for row in made.said]):
        words, understood = row
        console.print(output.text((f"“{words}” ", "cyan") if words else "", understood))
    console.print(
        output.text(
            ("\nnext    ", "bold"), "confirm it, then begin the task with its `scope` (--json)"
        )
    )
