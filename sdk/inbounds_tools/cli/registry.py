"""`inbounds registry`: entries of the tool registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import mcp_server, output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inbounds_server.mcp_proxy.place import Place
    from inbounds_tools.scaffold.mcp_tools import Drafted

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
    tenant: Annotated[
        str, typer.Option(help="The tenant that all belongs to which the server reaches.")
    ] = "",
    environment: Annotated[
        str, typer.Option(help="The environment that it is in, such as production.")
    ] = "",
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
    from inbounds.dev import deployment as deployments
    from inbounds_tools.scaffold.mcp_tools import beside, described

    place = mcp_server.place(mcp, run or [], url, env=env or [])
    known = deployments.load(deployment) if deployment else None
    tools = mcp_server.listed(place)
    found = [*beside(described(mcp, tools), known.tools if known else {})]
    value = {
        "server": mcp,
        "at": place.at,
        "tools": [
            {
                "name": each.tool.name,
                "state": each.state,
                "pin": each.tool.pin,
                "before": each.before,
            }
            for each in found
        ],
    }
    said = {"tenant": tenant, "environment": environment}
    where = {member: value for member, value in said.items() if value}
    fresh = [each for each in found if deployment is None or each.state != "pinned"]
    text = _entries(place, fresh, where)
    output.emit(
        value,
        as_json=as_json,
        # Whole lines, since it goes into a file.
        show=lambda console: console.out(text, end="", highlight=False),
    )
    if known is not None:
        listed = known.servers.get(mcp)
        _tell(found, value, at=listed.at if listed is not None else [])


def _entries(place: Place, found: Sequence[Drafted], where: Mapping[str, str]) -> str:
    from inbounds_tools.scaffold.deployment import block
    from inbounds_tools.scaffold.insertion import comment, flow

    text = f"# In servers.yaml:  {flow({place.name: {'at': [place.at]}})[1:-1]}\n"
    for each in found:
        changed = (
            comment(f"changed: it was {each.before or 'not pinned'}") + "\n"
            if each.state == "changed"
            else ""
        )
        text += f"\n{changed}{block(each.tool, where=where)}"
    return text


def _tell(found: Sequence[Drafted], value: Mapping[str, Any], *, at: Sequence[str]) -> None:
    counted = {
        state: sum(each.state == state for each in found) for state in ("new", "changed", "pinned")
    }
    said = ", ".join(f"{number} {state}" for state, number in counted.items())
    elsewhere = value["at"] not in at
    if elsewhere:
        said += f"; servers.yaml does not list {value['at']}"
    output.console(error=True).print(f"{value['server']}: {said}", highlight=False)
    if counted["new"] or counted["changed"] or elsewhere:
        raise typer.Exit(output.FAILED)
