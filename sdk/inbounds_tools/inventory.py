"""The agents of a deployment: who answers for each, and what it has of what it uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inbounds.evidence.usage import AgentUse, Use
from inbounds.model.deployment import Deployment


@dataclass(frozen=True, slots=True)
class ListedAgent:
    """One agent of the deployment, or of the log.

    Attributes:
        agent: Its id.
        known: Whether the deployment knows it. What it was built to do is not known otherwise.
        owner: Who answers for it; "" where nobody does.
        state: As its entry says; "" without one.
        use: What it did; None where there is no log to tell.
        never_used_tools, never_used_effects: What its manifest holds and no call of it has
            used, as far as the log goes back; empty where there is no log.
    """

    agent: str
    known: bool
    owner: str = ""
    state: str = ""
    use: AgentUse | None = None
    never_used_tools: tuple[str, ...] = ()
    never_used_effects: tuple[str, ...] = ()

    def unused_since(self, moment: int) -> bool:
        """Whether the log has no call of it from that moment on, in nanoseconds."""
        return self.use is not None and self.use.last_seen < moment


def inventory(deployment: Deployment, use: Use | None) -> Iterator[ListedAgent]:
    """Yield every agent of a deployment, and then those that only the log knows.

    Args:
        deployment: Whose agents.
        use: What the log says of them; None where there is no log.
    """
    for name, entry in deployment.agents.items():
        done = None if use is None else use.agents.get(name, AgentUse())
        tools, effects = entry.manifest.tools, entry.manifest.effects
        yield ListedAgent(
            agent=name,
            known=True,
            owner=entry.owner,
            state=entry.state,
            use=done,
            never_used_tools=() if done is None else _left(tools, done.tools),
            never_used_effects=() if done is None else _left(effects, done.effects),
        )
    strangers = {} if use is None else use.agents
    for name in sorted(strangers.keys() - deployment.agents.keys()):
        yield ListedAgent(agent=name, known=False, use=strangers[name])


def _left(held: Sequence[str], used: set[str]) -> tuple[str, ...]:
    return tuple(sorted({*held} - used))
