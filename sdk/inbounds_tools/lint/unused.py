"""What is written down and used by nothing."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment

from .check import Check, Place, check

_WHY = "It makes the deployment longer to read, and may be a misspelt name."


@check(
    "unused.tool",
    "note",
    title="A tool is in no intent",
    why="No task can call it.",
    now="Name it in an intent, or remove it.",
)
def tool(deployment: Deployment) -> Iterator[Place]:
    """Tools that no intent names."""
    named = {name for intent in deployment.intents.values() for name in intent.tools}
    for name in deployment.tools:
        if name not in named:
            yield Place("tools", (name,), f"no intent names `{name}`")


@check(
    "unused.intent",
    "note",
    title="No agent has a tool of an intent",
    why="A task of it can do nothing.",
    now="Add its tools to the manifest of an agent, or remove the intent.",
)
def intent(deployment: Deployment) -> Iterator[Place]:
    """Intents none of whose tools is in a manifest."""
    had = {name for agent in deployment.agents.values() for name in agent.manifest.tools}
    for name, entry in deployment.intents.items():
        if not had.intersection(entry.tools):
            yield Place("intents", (name,), f"no agent has a tool of `{name}`")


@check(
    "unused.destination",
    "note",
    title="A destination is not used",
    why=_WHY,
    now="Name it in an intent, or remove it.",
)
def destination(deployment: Deployment) -> Iterator[Place]:
    """Destinations that neither an intent nor a tool names."""
    named = {name for entry in deployment.intents.values() for name in entry.destinations}
    named |= {name for entry in deployment.tools.values() for name in entry.destinations}
    for name in deployment.destinations:
        if name not in named:
            yield Place("destinations", (name,), f"neither an intent nor a tool names `{name}`")


@check(
    "unused.group",
    "note",
    title="A group has no member",
    why=_WHY,
    now="Name it in the `groups` of a subject, or remove it.",
)
def group(deployment: Deployment) -> Iterator[Place]:
    """Groups that no subject is in."""
    named = {name for subject in deployment.subjects.values() for name in subject.groups}
    for name in deployment.groups:
        if name not in named:
            yield Place("groups", (name,), f"no subject is in `{name}`")


CHECKS: tuple[Check, ...] = (tool, intent, destination, group)
