"""Checks of `reaches`: whether the effects of a tool include those that it sets in motion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inbounds.model.deployment import Deployment
from inbounds_tools.closure import EFFECTS, chains_beyond_reading

from .check import Check, Place, check

_FOLLOWED_NAMES = 64
_FOLLOWED_STEPS = 8
"""How many names and steps of `reaches` the policy follows (rego/inbounds/lib/tools)."""


@check(
    "reach.effects_hidden",
    "error",
    title="A tool reaches an effect that is not among its own",
    why="Each call is judged by that effect as well, so its agent and task need it; a reader of the"
    " tool's `effects` cannot tell.",
    now="Add the effect to those of the tool, or remove from `reaches` what it does not reach.",
)
def effects_hidden(deployment: Deployment) -> Iterator[Place]:
    """Yield tools that reach an effect which they do not have, directly or through other tools."""
    reached = _reached(deployment)
    for name, tool in deployment.tools.items():
        # `read` is not reported: a tool with any other effect may read as well.
        hidden = reached[name].keys() - {*tool.effects, "read"} if tool.effects else ()
        for effect in sorted(hidden):
            by = reached[name][effect]
            through = f" through `{by}`" if by else ""
            yield Place(
                "tools",
                (name, "reaches"),
                f"`{name}` reaches `{effect}`{through}, which is not among its effects",
            )


@check(
    "reach.unknown",
    "error",
    title="A tool reaches something that is not registered",
    why="Its effects are unknown, so each call is denied (`capability.reaches_further`).",
    now="Name a registered tool or an effect.",
)
def unknown(deployment: Deployment) -> Iterator[Place]:
    """Yield entries of `reaches` that are neither a tool nor an effect."""
    for name, tool in deployment.tools.items():
        for word in tool.reaches:
            if word not in deployment.tools and word not in EFFECTS:
                yield Place(
                    "tools",
                    (name, "reaches", word),
                    f"`{name}` reaches `{word}`, which is neither a registered tool nor an effect",
                )


@check(
    "reach.cycle",
    "error",
    title="Tools reach each other in a cycle",
    why="One call can run forever, and only the first call is judged and counted.",
    now="Remove a wrong entry from `reaches`; if the cycle exists, make sure that the tools stop.",
)
def cycle(deployment: Deployment) -> Iterator[Place]:
    """Yield tools that reach themselves, each cycle once."""
    for group in _circles(_edges(deployment)):
        first = min(group)
        if len(group) > 1:
            others = f"`{first}` and {len(group) - 1} more reach each other"
            yield Place("tools", (first, "reaches"), others)
        elif first in deployment.tools[first].reaches:
            yield Place("tools", (first, "reaches"), f"`{first}` reaches itself")


@check(
    "reach.too_far",
    "error",
    title="A tool reaches more than the policy follows",
    why=f"The policy follows {_FOLLOWED_STEPS} steps and {_FOLLOWED_NAMES} names: each call beyond"
    " that is denied (`capability.reaches_further`).",
    now="Name in `reaches` the effects themselves, in place of tools.",
)
def too_far(deployment: Deployment) -> Iterator[Place]:
    """Yield tools that reach more names, or over more steps, than the policy follows."""
    for name, tool in deployment.tools.items():
        found: set[str] = set()
        ring = {*tool.reaches}
        steps = 0
        while ring and steps <= _FOLLOWED_STEPS and len(found) <= _FOLLOWED_NAMES:
            found |= ring
            steps += 1
            known = (deployment.tools[word] for word in ring if word in deployment.tools)
            ring = {word for each in known for word in each.reaches} - found
        if steps > _FOLLOWED_STEPS or len(found) > _FOLLOWED_NAMES:
            yield Place(
                "tools",
                (name, "reaches"),
                f"`{name}` reaches too many names or over too many steps",
            )


@check(
    "reach.read_only",
    "error",
    title="An agent with `read_only: true` can reach another effect than `read`",
    why="An agent that is `read_only` may only read, and so may its tools, the tools that those"
    " reach, its credentials and its delegates. No bundle of this deployment is built, and"
    " such calls are denied (`capability.reaches_further`).",
    now="Remove the tool, credential or delegate at the end of the chain, or set `read_only:"
    " false`.",
)
def read_only(deployment: Deployment) -> Iterator[Place]:
    """Yield agents that are `read_only`, with each chain that leads to another effect."""
    for chain in chains_beyond_reading(deployment):
        yield Place(
            "agents",
            (chain.steps[0], "read_only"),
            f"an effect other than `read` is reached: {chain}",
        )


def _reached(deployment: Deployment) -> dict[str, dict[str, str]]:
    """Return the effects that each tool reaches, each with the tool that has it.

    "" stands for an effect that `reaches` names itself.
    """
    reached: dict[str, dict[str, str]] = {}
    for group in _circles(_edges(deployment)):
        # Reached components come first; the tools of one component reach each other.
        found: dict[str, str] = {}
        for word in (word for name in group for word in deployment.tools[name].reaches):
            tool = deployment.tools.get(word)
            if tool is not None:
                found = reached.get(word, {}) | dict.fromkeys(tool.effects, word) | found
            elif word in EFFECTS:
                found.setdefault(word, "")
        reached.update(dict.fromkeys(group, found))
    return reached


def _edges(deployment: Deployment) -> dict[str, list[str]]:
    return {
        name: [word for word in tool.reaches if word in deployment.tools]
        for name, tool in deployment.tools.items()
    }


def _circles(edges: Mapping[str, list[str]]) -> list[list[str]]:
    """Return the strongly connected components; a component follows those that it reaches.

    Tarjan, SIAM J. Comput. 1 (1972) 146-160; with an explicit stack, because a chain of tools can
    be as long as the registry.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    is_open: set[str] = set()
    groups: list[list[str]] = []
    for root in edges:
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        open_.append(root)
        is_open.add(root)
        path = [(root, iter(edges[root]))]
        while path:
            name, following = path[-1]
            step = next(following, None)
            if step is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == order[name]:
                    at = open_.index(name) if open_[-1] != name else len(open_) - 1
                    groups.append(open_[at:])
                    is_open.difference_update(open_[at:])
                    del open_[at:]
            elif step not in order:
                order[step] = lowest[step] = len(order)
                open_.append(step)
                is_open.add(step)
                path.append((step, iter(edges[step])))
            elif step in is_open:
                lowest[name] = min(lowest[name], order[step])
    return groups


CHECKS: tuple[Check, ...] = (effects_hidden, unknown, cycle, too_far, read_only)
