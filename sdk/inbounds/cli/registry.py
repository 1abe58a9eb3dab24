"""`inbounds registry`: entries of the tool registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from inbounds.draft.mcp_tools import Drafted

app = typer.Typer(no_args_is_help=True, help="Entries of the tool registry.")


@app.callback()
def registry() -> None:
    """Entries of the tool registry."""


@app.command()
def draft(
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND...]", help="How the server is started."),
    ] = None,
    *,
    mcp: Annotated[
        str, typer.Option("--mcp", help="The MCP server: what the names of its tools begin with.")
    ],
    url: Annotated[str, typer.Option(help="Where the server answers, instead of a COMMAND.")] = "",
    env: Annotated[
        list[str] | None,
        typer.Option(help="A variable that the server has from here; give one for each."),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose all is that the server holds.")] = "",
    environment: Annotated[str, typer.Option(help="Where it lives.")] = "",
    deployment: Annotated[
        Path | None,
        typer.Option(help="Draft only what is new or changed against this folder, and say which."),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Print entries of tools.yaml for the tools of an MCP server, each pinned to what it says now.

    The server is asked for its tools, and none is called. Effects are left for a person to set;
    until then a tool is denied. A tool whose server says something else of it since is denied as
    well, until a person has looked and pinned it anew.
    """
    from inbounds import deployment as deployments
    from inbounds.draft.mcp_tools import drafted
    from inbounds.errors import ConfigurationError

    try:
        from inbounds.draft.mcp_list import listed
        from inbounds.mcp_proxy.place import Place
        from inbounds.mcp_proxy.process import environment as variables_of
    except ImportError as missing:
        raise ConfigurationError(
            "asking an MCP server needs more than is installed",
            code="configuration.extra_missing",
            hint="pip install 'inbounds[mcp]'",
        ) from missing

    if bool(run) == bool(url) or "." in mcp or not mcp.isprintable():
        raise ConfigurationError(
            "a server has a name without dots, and a command or a URL, not both",
            code="registry.server",
            hint="inbounds registry draft --mcp files -- COMMAND, or --url URL",
        )
    missing_names = [name for name in env or () if name not in os.environ]
    if missing_names:
        raise ConfigurationError(
            f"the variable {missing_names[0]} is not set",
            code="registry.server",
            hint="name variables that there are",
        )
    registered = deployments.load(deployment).tools if deployment else {}
    with output.console(error=True).status("asking the server …"):
        place = Place(mcp, tuple(run or ()), url, variables_of(env or ()))
        tools = listed(place)
    said = {"tenant": tenant, "environment": environment}
    where = {member: value for member, value in said.items() if value}
    found = [*drafted(mcp, tools, registered, where)]
    value = {
        "server": mcp,
        "at": place.at,
        "tools": [
            {"name": each.name, "state": each.state, "pin": each.pin, "before": each.before}
            for each in found
        ],
    }
    fresh = [each for each in found if deployment is None or each.state != "pinned"]
    output.emit(value, as_json=as_json, show=lambda console: _show(console, mcp, place.at, fresh))
    if deployment is not None:
        _tell(found, value)


def _show(console: Console, server: str, at: str, found: Sequence[Drafted]) -> None:
    from inbounds.draft.insertion import flow

    text = f"# In servers.yaml:  {flow({server: {'at': [at]}})[1:-1]}\n"
    for each in found:
        changed = (
            f"# changed: it was {each.before or 'not pinned'}\n" if each.state == "changed" else ""
        )
        text += f"\n{changed}{each.block}"
    # Whole lines, since it goes into a file.
    console.out(text, end="", highlight=False)


def _tell(found: Sequence[Drafted], value: Mapping[str, Any]) -> None:
    counted = {
        state: sum(each.state == state for each in found) for state in ("new", "changed", "pinned")
    }
    said = ", ".join(f"{number} {state}" for state, number in counted.items())
    output.console(error=True).print(f"{value['server']}: {said}", highlight=False)
    if counted["new"] or counted["changed"]:
        raise typer.Exit(output.FAILED)
