"""What is kept from one session to the next."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment

from .check import Check, Place, check
from .words import MEMORY, about


@check(
    "memory.as_own",
    "error",
    title="The result of a memory counts as first-party data",
    why="A memory returns what it was given, whoever wrote it: a stranger's text is trusted one"
    " session later.",
    now="Set `returns.party: third`, or set it for the fields that hold what it was given.",
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
                f"`{name}` is a memory, and returns only first-party data",
            )


@check(
    "memory.unmarked",
    "warning",
    title="The name of a tool suggests a memory, and `memory` is not set",
    why="A stranger's text that is written to it is trusted in every later session: only a tool"
    " with `memory: true` is checked for that (`memory.untrusted_write`).",
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
