"""Registry entries for the tools of an MCP server, drafted from what it says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inbounds.errors import ConfigurationError
from inbounds.mcp_descriptor import digest
from inbounds.printable import printable

from .deployment import LABEL
from .insertion import flow, plain
from .json_schema import Schema

if TYPE_CHECKING:
    from inbounds.models import Tool

_LONGEST_NAME = 256
_LONGEST_TEXT = 200
_MOST = 512
"""How many tools are drafted: a server may name any number."""

State = Literal["new", "changed", "pinned"]


@dataclass(frozen=True, slots=True)
class Drafted:
    """One tool of a server.

    Attributes:
        name: What it is to be registered under.
        pin: The digest of its descriptor.
        state: `new` where the registry has no such tool, `changed` where it has another pin of
            it, or none, `pinned` where nothing has changed.
        before: The registry's pin; empty for none.
        block: Its entry of `tools.yaml`, with what a person has to look at.
    """

    name: str
    pin: str
    state: State
    before: str
    block: str


def drafted(
    server: str,
    tools: Sequence[Mapping[str, Any]],
    registered: Mapping[str, Tool],
    where: Mapping[str, str] | None = None,
) -> Iterator[Drafted]:
    """Draft an entry for each tool of a server.

    Args:
        server: The name of the server, which the names of its tools begin with.
        tools: What it answers to `tools/list`, as JSON.
        registered: The tools that the deployment has, by name.
        where: The `tenant` and the `environment` of all that the server holds, where it is of one.

    Raises:
        ConfigurationError: A tool has no name that can be registered, two have one, there are
            too many of them, or a descriptor cannot be pinned.
    """
    if len(tools) > _MOST:
        raise ConfigurationError(
            f"`{printable(server)}` names {len(tools)} tools, of which {_MOST} would be drafted",
            code="registry.too_many",
            hint="register by hand those that agents need",
        )
    seen = set()
    for tool in tools:
        own = tool.get("name")
        name = f"{server}.{own}"
        if (
            not isinstance(own, str)
            or not own.isprintable()
            or len(name) > _LONGEST_NAME
            or not own
        ):
            raise ConfigurationError(
                f"`{printable(server)}` has a tool whose name cannot be registered",
                code="registry.name",
                hint="names are printable, of at most 256 signs with that of the server",
            )
        if name in seen:
            raise ConfigurationError(
                f"`{printable(server)}` has two tools of the name `{own}`",
                code="registry.name",
                hint="no call says which of them it means; ask who runs the server",
            )
        seen.add(name)
        pin = digest(tool)
        known = registered.get(name)
        before = known.pin if known else ""
        state: State = "new" if known is None else "pinned" if before == pin else "changed"
        yield Drafted(name, pin, state, before, _block(name, tool, pin, where or {}))


def _block(name: str, tool: Mapping[str, Any], pin: str, where: Mapping[str, str]) -> str:
    schema = Schema(tool["inputSchema"] if isinstance(tool.get("inputSchema"), Mapping) else {})
    lines = [f"# to be told by a person: {printable(note)}" for note in schema.notes]
    said = [*_hints(tool.get("annotations"))]
    lines += (
        [f"# the server's own word, which counts for nothing: {', '.join(said)}"] if said else []
    )
    lines += [f"{plain(name)}:"]
    about = tool.get("description")
    if isinstance(about, str) and about.strip():
        first = about.strip().splitlines()[0]
        lines += [f"  description: {flow(printable(first)[:_LONGEST_TEXT])}"]
    lines += [
        "  effects: []  # a person has to set these; until then every call is denied",
        '  reversible: unknown  # "yes" or "no"; until then it can only read or send',
        "  resource: mcp_tool  # its id is the tool's name",
        *(f"  {member}: {plain(value)}" for member, value in where.items()),
    ]
    lines += ["  arguments:" if schema.leaves else "  arguments: {}"]
    for leaf in schema.leaves:
        note = f"  # {leaf.note}" if leaf.note else ""
        lines += [f"    {plain(leaf.pattern)}: {flow(dict(leaf.members))}{note}"]
    lines += [
        f"  returns: {{label: {plain(LABEL)}, party: third}}  # guess: no more sensitive than this",
        f"  pin: {plain(pin)}",
    ]
    return "\n".join(lines) + "\n"


def _hints(annotations: object) -> Iterator[str]:
    """What a server says of a tool's effects, for a person to compare with the truth."""
    words = {
        "readOnlyHint": ("reads only", "does not only read"),
        "destructiveHint": ("destroys", "destroys nothing"),
        "openWorldHint": ("reaches out", "reaches nothing else"),
    }
    for hint, (yes, no) in words.items():
        value = annotations.get(hint) if isinstance(annotations, Mapping) else None
        if isinstance(value, bool):
            yield yes if value else no
