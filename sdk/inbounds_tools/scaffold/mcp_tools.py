"""Registry entries for the tools of an MCP server, drafted from what it says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inbounds.canonical.mcp_descriptor import digest
from inbounds.errors import ConfigurationError
from inbounds.text.printable import printable

from .json_schema import Schema
from .tool import DraftTool

if TYPE_CHECKING:
    from inbounds.model.question import Tool

_LONGEST_NAME = 256
_LONGEST_TEXT = 200
_LONGEST_CITED, _WIDTH = 16_000, 96
_MOST = 512
"""How many tools are drafted: a server may name any number."""

State = Literal["new", "changed", "pinned"]


@dataclass(frozen=True, slots=True)
class Drafted:
    """One tool of a server beside the registry.

    Attributes:
        tool: What the server says of it.
        state: `new` where the registry has no such tool, `changed` where it has another pin of
            it, or none, `pinned` where nothing has changed.
        before: The registry's pin; empty for none.
    """

    tool: DraftTool
    state: State
    before: str


def described(server: str, tools: Sequence[Mapping[str, Any]]) -> list[DraftTool]:
    """Return what can be registered of each tool of a server.

    Args:
        server: The name of the server, which the names of its tools begin with.
        tools: What it answers to `tools/list`, as JSON.

    Raises:
        ConfigurationError: A tool has no name that can be registered, two have one, there are
            too many of them, or a descriptor cannot be pinned.
    """
    if len(tools) > _MOST:
        raise ConfigurationError(
            f"`{printable(server)}` names {len(tools)} tools, of which {_MOST} would be drafted",
            code="registry.too_many",
            hint="register the tools that agents need by hand",
        )
    found: dict[str, DraftTool] = {}
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
                hint="a name must be printable, of at most 256 characters with the server's name",
            )
        if name in found:
            raise ConfigurationError(
                f"`{printable(server)}` has two tools of the name `{own}`",
                code="registry.name",
                hint="a call cannot say which of them it means; ask the operator of the server",
            )
        found[name] = _described(server, name, tool)
    return [*found.values()]


def _described(server: str, name: str, tool: Mapping[str, Any]) -> DraftTool:
    schema = Schema(tool["inputSchema"] if isinstance(tool.get("inputSchema"), Mapping) else {})
    about = tool.get("description")
    lines = about.strip().splitlines() if isinstance(about, str) else []
    hints = ", ".join(_hints(tool.get("annotations")))
    remarks = [f"the server's own claim, which is not relied on: {hints}"] if hints else []
    if len(lines) > 1 or len("".join(lines[:1])) > _LONGEST_TEXT:
        remarks += ["all that the server says of it:", *_cited(lines)]
    return DraftTool(
        name=name,
        place={"server": server},
        pin=digest(tool),
        resource="mcp_tool",
        guessed=False,
        description=printable(lines[0])[:_LONGEST_TEXT] if lines else "",
        remarks=tuple(remarks),
        leaves=tuple(schema.leaves),
        notes=tuple(printable(note) for note in schema.notes),
    )


def _cited(lines: Sequence[str]) -> Iterator[str]:
    """What a person has to look at before it is pinned: a change may stand anywhere in it."""
    room = _LONGEST_CITED
    for line in lines:
        for start in range(0, len(line) or 1, _WIDTH):
            if room < 0:
                yield "  … and more: look at what it answers to `tools/list`"
                return
            part = printable(line[start : start + _WIDTH])
            room -= _WIDTH // 4 + len(part)
            yield f"  {part}".rstrip()


def beside(tools: Sequence[DraftTool], registered: Mapping[str, Tool]) -> Iterator[Drafted]:
    """Say of each tool of a server whether it is what the registry has.

    Args:
        tools: What the server says.
        registered: The tools that the deployment has, by name.
    """
    for tool in tools:
        known = registered.get(tool.name)
        before = known.pin if known else ""
        state: State = "new" if known is None else "pinned" if before == tool.pin else "changed"
        yield Drafted(tool, state, before)


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
