"""What tools do to the world: whether that is said, and fits their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from inbounds.model.deployment import Deployment
from inbounds.model.question import Tool

from .check import Check, Place, check
from .holders import entries
from .steering import acts, outward_arguments
from .words import suggested

_SENDING = frozenset({"export", "spend", "delegate"})
_UNDONE = frozenset({"write", "delete", "execute", "spend", "administer"})


@check(
    "effects.unset",
    "note",
    title="A tool has no effects",
    why="Each call of it is denied (`capability.effects_unset`).",
    now="Set its `effects`, or remove the tool.",
)
def unset(deployment: Deployment) -> Iterator[Place]:
    """Tools without effects."""
    for name, tool in deployment.tools.items():
        if not tool.effects:
            yield Place("tools", (name, "effects"), f"`{name}` has no effects")


@check(
    "effects.only_reads",
    "error",
    title="The name of a tool suggests an action, and its only effect is `read`",
    why="No rule checks where the arguments of a read come from, and every task that reads may call"
    " it.",
    now="Name each of its `effects`. If it only reads, say so in a comment: `# lint: allow"
    " effects.only_reads …`.",
)
def only_reads(deployment: Deployment) -> Iterator[Place]:
    """Tools whose verb suggests an effect, and which only read."""
    for name, tool in deployment.tools.items():
        if tool.effects and not acts(tool):
            for effect in sorted(suggested(name)):
                yield Place(
                    "tools",
                    (name, "effects"),
                    f"`{name}` has no effect but `read`, and its name suggests `{effect}`",
                )


@check(
    "effects.export_unnamed",
    "error",
    title="An argument names a destination, and `export` is not among the tool's effects",
    why="A request carries data to its destination, even one that only reads. The policy judges"
    " such a call as an export: a task without `export` cannot make it, and a reader of the"
    " registry cannot tell.",
    now="Add `export` to its `effects`, and to those of the intents, agents and subjects that may"
    " call it. If the argument is only a search term, give it the role `query`.",
)
def export_unnamed(deployment: Deployment) -> Iterator[Place]:
    """Tools with an argument that is a destination, and no effect that sends."""
    for name, tool in deployment.tools.items():
        if not tool.effects or _SENDING.intersection(tool.effects):
            continue
        for pattern in outward_arguments(tool):
            yield Place(
                "tools",
                (name, "arguments", pattern),
                f"`{pattern}` names a destination, and `export` is not among the effects of"
                f" `{name}`",
            )


@check(
    "effects.other_than_name",
    "warning",
    title="The name of a tool suggests an effect that it does not have",
    why="Rules, budgets and intents use the effects: an effect that is missing is not checked.",
    now="Name each of its `effects`, or rename the tool.",
)
def other_than_name(deployment: Deployment) -> Iterator[Place]:
    """Tools that act, and whose verb suggests an effect that they do not have."""
    for name, tool in deployment.tools.items():
        if not acts(tool):
            continue
        # Whatever else a tool does, it changes something, and what is spent is sent as well.
        said = {*tool.effects, "write", *(["export"] if "spend" in tool.effects else [])}
        for effect in sorted(suggested(name) - said):
            yield Place(
                "tools",
                (name, "effects"),
                f"the name of `{name}` suggests `{effect}`, which is not among its effects",
            )


@check(
    "effects.reversible_unknown",
    "warning",
    title="It is unknown whether a tool's action can be undone",
    why="Each call of it is denied (`irreversible.unknown_reversibility`).",
    now='Set `reversible` to "yes" or "no".',
)
def reversible_unknown(deployment: Deployment) -> Iterator[Place]:
    """Tools that change, run or spend something; what was sent or read needs no word."""
    for name, tool in deployment.tools.items():
        effects = [effect for effect in tool.effects if effect in _UNDONE]
        if effects and tool.reversible == "unknown":
            yield Place(
                "tools",
                (name, "reversible"),
                f"`{name}` has the effect `{effects[0]}`, and its `reversible` is unknown",
            )


@check(
    "effects.not_granted",
    "note",
    title="A tool has an effect that a file which names the tool does not grant",
    why="A call needs each of its effects in four files: tools.yaml, the `manifest` in agents.yaml,"
    " the subject or its groups in subjects.yaml and groups.yaml, and the intent in intents.yaml."
    " Every call of this tool is denied (`capability.not_in_manifest`, `subject.not_entitled`,"
    " `intent.effect_outside_intent`).",
    now="Add the effect in each file that is named, for the agent, subject or intent that is to use"
    " the tool.",
)
def not_granted(deployment: Deployment) -> Iterator[Place]:
    """Tools for which a file has holders, and no holder with the effects of any call."""
    holders = _holders(deployment)
    for name, tool in deployment.tools.items():
        lacking = [
            f"{file} lacks {' and '.join(f'`{effect}`' for effect in missing)}"
            for file, held in holders.items()
            if (missing := _missing(tool, {*held.get(name, ()), *held.get("*", ())}))
        ]
        if lacking:
            yield Place(
                "tools",
                (name, "effects"),
                f"the effects of `{name}` are not granted: {', '.join(lacking)}",
            )


def _holders(deployment: Deployment) -> Mapping[str, Mapping[str, set[frozenset[str]]]]:
    """The sets of effects that a file gives together with a tool, by file and by tool."""
    agents = deployment.agents.values()
    subjects = (entries(deployment, subject) for subject in deployment.subjects.values())
    intents = deployment.intents.values()
    return {
        "agents.yaml": _by_tool((each.manifest.tools, each.manifest.effects) for each in agents),
        "subjects.yaml with groups.yaml": _by_tool(
            (
                [tool for entry in each for tool in entry.tools],
                [effect for entry in each for effect in entry.effects],
            )
            for each in subjects
        ),
        "intents.yaml": _by_tool((each.tools, each.effects) for each in intents),
    }


def _by_tool(
    given: Iterable[tuple[Iterable[str], Iterable[str]]],
) -> Mapping[str, set[frozenset[str]]]:
    found: dict[str, set[frozenset[str]]] = defaultdict(set)
    for tools, effects in given:
        together = frozenset(effects)
        for tool in tools:
            found[tool].add(together)
    return found


def _missing(tool: Tool, held: Iterable[frozenset[str]]) -> list[str]:
    """What the closest holder lacks of the effects of the least call; nothing without a holder."""
    calls = [{*tool.effects}, *({*less} for less in tool.effects_by.values.values())]
    lacking: list[list[str]] = [sorted(call - effects) for effects in held for call in calls]
    return min(lacking, key=len, default=[])


CHECKS: tuple[Check, ...] = (
    unset,
    not_granted,
    only_reads,
    export_unnamed,
    other_than_name,
    reversible_unknown,
)
