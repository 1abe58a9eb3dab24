"""`inbounds init`: draft a deployment and a development issuer; write the policy for plain OPA."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import mcp_server, output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.scaffold.setup import SetUp
    from inbounds_tools.scaffold.tool import DraftTool
    from inbounds_tools.scaffold.tools import FoundTask


def command(
    *,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCES]... | -- COMMAND...",
            help="Files, folders or modules that guard tools; without any, this folder. "
            "With --mcp, how the server is started.",
        ),
    ] = None,
    mcp: Annotated[
        str,
        typer.Option(
            "--mcp", help="An MCP server whose tools to draft, as the deployment is to call it."
        ),
    ] = "",
    url: Annotated[str, typer.Option(help="Where that server answers, instead of a COMMAND.")] = "",
    env: Annotated[
        list[str] | None,
        typer.Option(help="A variable that the server has from here; give one for each."),
    ] = None,
    subject: Annotated[
        str,
        typer.Option(help="The user it is for. (default: as tasks say, or alice@acme.example)"),
    ] = "",
    agent: Annotated[
        str,
        typer.Option(
            help="The agent's SPIFFE ID. (default: spiffe://acme.example/agent/assistant)"
        ),
    ] = "",
    tenant: Annotated[str, typer.Option(help="The tenant. (default: acme)")] = "",
    environment: Annotated[str, typer.Option(help="The environment. (default: development)")] = "",
    intent: Annotated[
        str, typer.Option(help="What a user asks for. (default: as tasks say, or summarise)")
    ] = "",
    deployment: Annotated[
        Path | None,
        typer.Option(help="The folder to write to. (default: INBOUNDS_DEPLOYMENT or deployment/)"),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", help="Only write the policy, its fixtures and schemas there, for OPA alone."
        ),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Draft a deployment and a development issuer from the tools and tasks of sources.

    Sources are read and never run; an MCP server is asked for its tools, and none is called. What
    is there already is kept: a second run adds tools that were not registered. Effects are left
    for a person to set; until then a tool is denied.
    """
    from inbounds_tools.scaffold.setup import Wishes, set_up

    if policy is not None:
        _write_policy(policy, as_json=as_json)
        return
    found = _of_server(mcp, sources or [], url, env or []) if mcp else _in_sources(sources or [])
    done = set_up(
        found.tools,
        found.tasks,
        deployment=deployment or Path(os.environ.get("INBOUNDS_DEPLOYMENT") or "deployment"),
        home=_home(),
        wishes=Wishes(
            subject=subject, agent=agent, tenant=tenant, environment=environment, intent=intent
        ),
        at=found.at,
    )
    output.emit(
        _value(found, done), as_json=as_json, show=lambda console: _show(console, found, done)
    )
    if done.by_hand:
        raise typer.Exit(output.FAILED)


@dataclass(frozen=True, slots=True)
class _Found:
    tools: Mapping[str, DraftTool]
    tasks: Sequence[FoundTask] = ()
    notes: Sequence[str] = ()
    at: Mapping[str, str] = field(default_factory=dict)


def _in_sources(named: list[str]) -> _Found:
    from inbounds.errors import ConfigurationError
    from inbounds_tools.scaffold.files import sources
    from inbounds_tools.scaffold.tools import find

    found = find(sources(named), strict=bool(named))
    if not found.tools:
        raise ConfigurationError(
            f"no guarded tool was found in {found.files} file{'s' * (found.files != 1)}",
            code="init.no_tools",
            hint="decorate a function with `@guard.tool(name, resource=…)` and name its file, as "
            "in `inbounds init app.py`, or name an MCP server: `inbounds init --mcp files -- "
            "COMMAND`",
        )
    return _Found(found.tools, found.tasks, found.notes)


def _of_server(name: str, run: list[str], url: str, env: list[str]) -> _Found:
    from inbounds.errors import ConfigurationError
    from inbounds_tools.scaffold.mcp_tools import described

    place = mcp_server.place(name, run, url, env=env)
    tools = described(name, mcp_server.listed(place))
    if not tools:
        raise ConfigurationError(
            f"the server `{name}` has no tools",
            code="init.no_tools",
            hint="check that this is the right server, and that it can start",
        )
    return _Found({tool.name: tool for tool in tools}, at={name: place.at})


def _home() -> Path:
    from inbounds.evidence.paths import home

    # Not the user's own folder: what is drafted here belongs to what lies here.
    return home() if "INBOUNDS_HOME" in os.environ else Path(".inbounds")


def _value(found: _Found, done: SetUp) -> dict[str, Any]:
    return {
        "deployment": str(done.deployment),
        "issuer": str(done.issuer),
        "written": [str(path) for path in done.written],
        "tools": {
            name: {
                **tool.place,
                "resource": tool.resource,
                "arguments": {leaf.pattern: dict(leaf.members) for leaf in tool.leaves},
                "notes": [*tool.notes],
            }
            for name, tool in sorted(found.tools.items())
        },
        "added": done.added,
        "known": done.known,
        "effects_unset": done.unset,
        "notes": [*found.notes],
        "further": done.further,
        "by_hand": done.by_hand,
    }


def _show(console: Console, found: _Found, done: SetUp) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("tool", "touches", "arguments", "found in", ""):
        # Nothing is cut off: what is too long for a narrow terminal goes on in the next line.
        table.add_column(heading, overflow="fold", no_wrap=not heading)
    for name, tool in sorted(found.tools.items()):
        table.add_row(
            output.text((name, "bold")),
            tool.resource + ("?" if tool.guessed else ""),
            " ".join(leaf.pattern for leaf in tool.leaves),
            _found_in(tool.place),
            "registered" if name in done.added else output.text(("known", "dim")),
        )
    console.print(table)
    for note in found.notes:
        console.print(output.text(("note", "yellow"), f"   {note}"))
    for name, tool in sorted(found.tools.items()):
        for note in tool.notes if name in done.added else ():
            console.print(output.text(("note", "yellow"), f"   {name}: {note}"))
    _show_written(console, done)
    _show_next(console, done, in_process=not found.at)


def _show_written(console: Console, done: SetUp) -> None:
    console.print()
    if done.issuer in done.written:
        console.print(
            f"Drafted a deployment for development in {done.deployment}, and a "
            f"development issuer in {done.issuer}. No tool was called."
        )
    elif done.written:
        console.print(f"Added to the deployment in {done.deployment}.")
    for path in done.written:
        console.print(output.text(("wrote", "green"), f"  {path}"))
    if not done.written:
        console.print("nothing to add: everything found is registered")
    for file, text in done.by_hand.items():
        kept = str(done.deployment / file)
        console.print(
            output.text(("by hand", "red"), f" {kept} cannot be changed by a program; add to it:")
        )
        console.print(text)


def _found_in(place: Mapping[str, str | int]) -> str:
    return (
        f"{place['file']}:{place['line']}" if "file" in place else f"the server {place['server']}"
    )


def _show_next(console: Console, done: SetUp, *, in_process: bool) -> None:
    from inbounds_tools.scaffold.deployment import DRAFTED

    where = done.deployment
    steps: list[str] = []
    if done.unset:
        steps.append(
            f"In {where / 'tools.yaml'}, set `effects` of {', '.join(done.unset)}. Every call is "
            "denied until then."
        )
    if done.added:
        steps.append(
            "Give `export` to a tool that sends data out or requests a URL from its arguments. Set "
            "`reversible` of a tool that writes, deletes, executes, spends or administers."
        )
        steps.append(
            "Grant the same effects in agents.yaml, in groups.yaml or subjects.yaml, and in "
            f"intents.yaml. The draft grants {', '.join(DRAFTED)} to the agent and the group, and "
            "read to the intent."
        )
    steps += [f"{_begun(step)}." for step in done.further]
    folder = "" if where == Path("deployment") else f" {where}"
    steps.append(f"Run `inbounds lint{folder}`. It names what is missing, with file and line.")
    if in_process:
        steps.append("Run your program. The policy runs in its process; no server is needed.")
    console.print(output.text("\n", ("next", "bold")))
    for number, step in enumerate(steps, 1):
        console.print(f"  {number}  {step}")


def _begun(sentence: str) -> str:
    """Return a sentence with a capital, unless it begins with the name of a file."""
    first = sentence.partition(" ")[0]
    return f"{sentence[:1].upper()}{sentence[1:]}" if first.isalpha() else sentence


def _write_policy(folder: Path, *, as_json: bool) -> None:
    from inbounds_tools.policytest.plain import command_line, write

    write(folder)
    commands = command_line(folder)

    def show(console: Console) -> None:
        console.print(
            output.text(("wrote", "green"), f"  the policy, its fixtures and schemas to {folder}\n")
        )
        for what, line in commands.items():
            console.print(output.text((what, "bold")), highlight=False)
            console.print(f"  {line}")

    output.emit({"folder": str(folder), "commands": commands}, as_json=as_json, show=show)
