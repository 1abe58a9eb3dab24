"""What is kept from one session to the next."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.data_models import Deployment

from .check import Check, Place, check
from .words import MEMORY, about


@check(
    "memory.as_own",
    "error",
    title="What a memory gives back counts as our own word",
    why="It gives back what it was told, by whomever: a stranger's text is trusted one session"
    " later.",
    now="Set `returns.party: third`, or the fields of it that hold what it was told.",
)
def as_own(deployment: Deployment) -> Iterator[Place]:
    """Memories that are read, all of whose result is a first party's."""
    for name, tool in deployment.tools.items():
        fields = tool.returns.fields.values()
        own = tool.returns.party == "first" and all(field.party == "first" for field in fields)
        if tool.memory and "read" in tool.effects and own:
            yield Place(
                "tools",
                (name, "returns", "party"),
                f"`{name}` is a memory, and returns only a first party's word",
            )


@check(
    "memory.unmarked",
    "warning",
    title="A tool is a memory by its name, and not by its entry",
    why="What is written to it in a session that has read a stranger's text is believed in every"
    " session to come: only of a tool with `memory: true` is that asked"
    " (`memory.untrusted_write`).",
    now="Set `memory: true`.",
)
def unmarked(deployment: Deployment) -> Iterator[Place]:
    """Tools whose name speaks of a memory, and whose entry does not."""
    for name, tool in deployment.tools.items():
        found = sorted(MEMORY & about(name, tool))
        if found and tool.effects and not tool.memory:
            yield Place(
                "tools", (name,), f"the name of `{name}` says `{found[0]}`, and `memory` is false"
            )


CHECKS: tuple[Check, ...] = (as_own, unmarked)
