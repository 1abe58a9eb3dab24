"""Stores: what tools write to them comes back from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inbounds.model.deployment import Deployment
from inbounds.model.question import Tool

from .check import Check, Place, check
from .words import HISTORY, about

_ANYWHERE: Final = frozenset({"execute", "administer", "delegate"})


def _store(tool: Tool) -> str:
    return tool.store or tool.resource


def _acts(tool: Tool) -> bool:
    return bool({*tool.effects} - {"read"})


def _own_word(tool: Tool) -> bool:
    """Return whether a tool reads, and states something itself that a call could have written."""
    fields = tool.returns.fields.values()
    return "read" in tool.effects and (
        any(field.party == "first" and field.writable for field in fields)
        or (tool.returns.party == "first" and not fields)
    )


@check(
    "stores.apart",
    "warning",
    title="Tools that share a name prefix write to one store and read from another",
    why="A session that has read a stranger's text and then writes marks the store as untrusted. If"
    " both stores are the same place, what is read back counts as first-party data.",
    now="Set `store` of both tools to one name, or mark the fields that nobody can write as"
    " `writable: false`.",
)
def apart(deployment: Deployment) -> Iterator[Place]:
    """Reading tools beside writing ones, as `note.read` and `note.append`, of other stores."""
    writers: dict[str, list[str]] = {}
    for name, tool in deployment.tools.items():
        # What may write anywhere taints every store.
        if _acts(tool) and (tool.store or _ANYWHERE.isdisjoint(tool.effects)):
            writers.setdefault(name.rpartition(".")[0], []).append(name)
    for name, tool in deployment.tools.items():
        group = name.rpartition(".")[0]
        if not group or not _own_word(tool):
            continue
        for other in writers.get(group, ()):
            store = _store(deployment.tools[other])
            if store != _store(tool):
                yield Place(
                    "tools",
                    (name, "store" if tool.store else "resource"),
                    f"`{name}` reads the store `{_store(tool)}` as first-party data, and"
                    f" `{other}` writes to `{store}`",
                )
                break


@check(
    "stores.history_as_own",
    "warning",
    title="The result of a history counts as first-party data",
    why="It returns the arguments of earlier calls: a stranger's text that an agent searched for is"
    " trusted when it is read there.",
    now="Set `returns.party: third`, or set `store` to that of the tools whose calls it keeps.",
)
def history_as_own(deployment: Deployment) -> Iterator[Place]:
    """Reading tools whose name speaks of a history, of no store that is named."""
    for name, tool in deployment.tools.items():
        found = sorted(HISTORY & about(name, tool))
        if found and _own_word(tool) and not tool.store:
            yield Place(
                "tools",
                (name, "returns"),
                f"`{name}` returns first-party data, and its name mentions `{found[0]}`",
            )


@check(
    "stores.stateless_acts",
    "error",
    title="A tool with `stateless: true` acts or is a memory",
    why="Only a tool that reads and keeps nothing is stateless; the policy ignores the mark here.",
    now="Remove `stateless`, or correct `effects` and `memory`.",
)
def stateless_acts(deployment: Deployment) -> Iterator[Place]:
    """Tools with `stateless: true` that do more than read, or keep what they are given."""
    for name, tool in deployment.tools.items():
        if tool.stateless and (_acts(tool) or tool.memory):
            effects = sorted({*tool.effects} - {"read"})
            what = f"has the effect `{effects[0]}`" if effects else "is a memory"
            yield Place("tools", (name, "stateless"), f"`{name}` is stateless, and {what}")


@check(
    "stores.runs_from_unset",
    "warning",
    title="A tool executes, and does not state the stores that it runs from",
    why="An agent that has the tool can also write, so a stranger's text may be written and then"
    " run. Once any store is tainted, a person is asked about each call (`flow.untrusted_code`).",
    now="Set `runs_from` to the stores whose content a call runs, such as the code of a build, or"
    " to `[]` if a call runs nothing but its arguments.",
)
def runs_from_unset(deployment: Deployment) -> Iterator[Place]:
    """Executing tools that may run from any store, of an agent that has another tool that acts."""
    acting = {name for name, tool in deployment.tools.items() if _acts(tool)}
    held = [{*agent.manifest.tools} & acting for agent in deployment.agents.values()]
    for name, tool in deployment.tools.items():
        if "execute" not in tool.effects or "*" not in tool.runs_from:
            continue
        writers = {each for tools in held if name in tools for each in tools} - {name}
        if writers:
            yield Place(
                "tools",
                (name, "runs_from" if "runs_from" in tool.model_fields_set else "effects"),
                f"`{name}` may run from any store, and its agent can write with `{min(writers)}`",
            )


@check(
    "stores.runs_from_unknown",
    "error",
    title="A tool runs from a store that no tool has",
    why="Nothing taints such a store, so nobody is asked about a call that runs a stranger's text."
    " It may be a misspelt name.",
    now="Name the `store` of the tools that write what is run, or their `resource` if they state"
    " no store. If no tool of this deployment writes there, leave it out.",
)
def runs_from_unknown(deployment: Deployment) -> Iterator[Place]:
    """Stores that tools run from, and that are the store of no tool."""
    known = {_store(tool) for tool in deployment.tools.values()} | {"*"}
    for name, tool in deployment.tools.items():
        for store in tool.runs_from:
            if store not in known:
                yield Place(
                    "tools",
                    (name, "runs_from"),
                    f"`{name}` runs from `{store}`, which is not the store of any tool",
                )


CHECKS: tuple[Check, ...] = (
    apart,
    history_as_own,
    stateless_acts,
    runs_from_unset,
    runs_from_unknown,
)
