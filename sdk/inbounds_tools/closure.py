"""All that an agent can bring about: by its tools, what they set in motion, and its delegates.

This module does no I/O.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from inbounds.model.deployment import Deployment
from inbounds.model.question import Effect

EFFECTS = frozenset(get_args(Effect))

Step = tuple[str, str]
"""What a step of a chain is, `agent`, `tool`, `credential` or `effect`, and its name."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How an agent comes to an effect.

    Attributes:
        steps: Names from the agent to the one that has the effect.
        effect: The effect.
    """

    steps: tuple[str, ...]
    effect: str

    def __str__(self) -> str:
        return f"{' → '.join(self.steps)}: {self.effect}"


def chains_beyond_reading(deployment: Deployment) -> Iterator[Chain]:
    """Yield how agents that are `read_only` come to any other effect than `read`.

    Each effect of each place is told once, over the fewest steps. What is not registered, and a
    tool whose effects nobody has set, have no effect: every call of those is denied.
    """
    for name, agent in deployment.agents.items():
        if agent.read_only:
            yield from _chains(deployment, ("agent", name))


def _chains(deployment: Deployment, start: Step) -> Iterator[Chain]:
    came_from: dict[Step, Step | None] = {start: None}
    waiting = deque([start])
    while waiting:
        step = waiting.popleft()
        for effect in _effects(deployment, step):
            if effect != "read":
                yield Chain(_names(came_from, step), effect)
        for further in _further(deployment, step):
            if further not in came_from:
                came_from[further] = step
                waiting.append(further)


def _effects(deployment: Deployment, step: Step) -> list[str]:
    kind, name = step
    if kind == "agent":
        return sorted({*deployment.agents[name].manifest.effects})
    if kind == "tool":
        return sorted({*deployment.tools[name].effects})
    if kind == "credential":
        return sorted({*deployment.credentials[name].effects})
    return [name]


def _further(deployment: Deployment, step: Step) -> Iterator[Step]:
    kind, name = step
    if kind == "agent":
        agent = deployment.agents[name]
        yield from (("tool", tool) for tool in agent.manifest.tools if tool in deployment.tools)
        yield from (("agent", each) for each in agent.may_delegate_to if each in deployment.agents)
    elif kind == "tool":
        tool = deployment.tools[name]
        yield from (("tool", word) for word in tool.reaches if word in deployment.tools)
        yield from (("effect", word) for word in tool.reaches if word in EFFECTS)
        if tool.credential in deployment.credentials:
            yield "credential", tool.credential


def _names(came_from: dict[Step, Step | None], step: Step) -> tuple[str, ...]:
    names: list[str] = []
    at: Step | None = step
    while at is not None:
        if at[0] != "effect":
            names.append(at[1])
        at = came_from[at]
    return tuple(reversed(names))
