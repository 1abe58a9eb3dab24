"""Who has what, and who approves of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from inbounds.data_models import Deployment, Group, SubjectEntry
from inbounds.models import Effect

from .check import Check, Place, check

_EVERY = frozenset(get_args(Effect))
_FEW = 4
"""With so few tools, an agent that has them all has no more than it has to."""
_SHOWN = 5
_COSTLY = ("spend", "administer")


def entries(deployment: Deployment, entry: SubjectEntry) -> Iterable[Group]:
    """Return what entitles a subject: its own entry, and those of its groups."""
    return [entry, *(deployment.groups[group] for group in entry.groups)]


@check(
    "holders.subject_unlimited",
    "warning",
    title="A subject has every tool and every effect",
    why="Nothing is held back from an agent that acts for it but what its intents hold back.",
    now="Name the tools, or the effects, that the subject has itself.",
)
def subject_unlimited(deployment: Deployment) -> Iterator[Place]:
    """Subjects that have `*` and all effects, by themselves or through their groups."""
    for name, subject in deployment.subjects.items():
        both = entries(deployment, subject)
        tools = {tool for entry in both for tool in entry.tools}
        if "*" in tools and {effect for entry in both for effect in entry.effects} == _EVERY:
            yield Place("subjects", (name,), f"`{name}` has every tool and every effect")


@check(
    "holders.agent_unlimited",
    "warning",
    title="An agent has every tool and every effect",
    why="A manifest says what an agent was built to do. This one says nothing.",
    now="Name in the manifest what the agent was built to do.",
)
def agent_unlimited(deployment: Deployment) -> Iterator[Place]:
    """Agents whose manifest holds all effects and all of more than a few tools."""
    for name, agent in deployment.agents.items():
        manifest = agent.manifest
        every = {*manifest.tools} >= deployment.tools.keys() and len(deployment.tools) > _FEW
        if every and {*manifest.effects} == _EVERY:
            yield Place("agents", (name, "manifest"), f"`{name}` has every tool and every effect")


@check(
    "holders.owner_missing",
    "warning",
    title="Nobody answers for an agent",
    why="An agent without an owner acts for nobody: all that it wants to do is denied. Where the"
    " owner is a group that nobody is in, nobody is asked.",
    now="Name as its `owner` a user of subjects.yaml, or a group that a user is in.",
)
def owner_missing(deployment: Deployment) -> Iterator[Place]:
    """Agents without an owner, and those whose owner is no person and no group of persons."""
    people = {name: each for name, each in deployment.subjects.items() if each.type == "user"}
    peopled = {group for each in people.values() for group in each.groups}
    for name, agent in deployment.agents.items():
        if not agent.owner:
            said = f"`{name}` has no owner"
        elif agent.owner in people or agent.owner in peopled:
            continue
        elif agent.owner in deployment.groups:
            said = f"nobody is in `{agent.owner}`, which answers for `{name}`"
        else:
            said = f"`{agent.owner}`, which answers for `{name}`, is no person"
        yield Place("agents", (name, "owner"), said)


@check(
    "holders.manifest_wider",
    "warning",
    title="An agent is given tools that no intent names",
    why="No task can use them today, and whoever adds one to an intent gives it to this agent.",
    now="Take the tools out of the manifest, or name them in an intent.",
)
def manifest_wider(deployment: Deployment) -> Iterator[Place]:
    """Agents with tools in their manifest that no intent names, each agent once."""
    named = {tool for intent in deployment.intents.values() for tool in intent.tools}
    for name, agent in deployment.agents.items():
        more = [tool for tool in agent.manifest.tools if tool not in named]
        if more:
            shown = ", ".join(f"`{tool}`" for tool in more[:_SHOWN])
            further = f" and {len(more) - _SHOWN} more" if len(more) > _SHOWN else ""
            yield Place(
                "agents",
                (name, "manifest", "tools"),
                f"no intent names {shown}{further}, which `{name}` has",
            )


@check(
    "holders.approver_keyless",
    "warning",
    title="An approver has no key",
    why="Nothing that this person signs can be verified: there is nobody to say yes.",
    now="Give the public key as a JWK among its `keys`, or take the approver out.",
)
def approver_keyless(deployment: Deployment) -> Iterator[Place]:
    """Approvers without keys."""
    for name, approver in deployment.approvers.items():
        if not approver.keys:
            yield Place("approvers", (name, "keys"), f"`{name}` has no key")


@check(
    "holders.approver_not_entitled",
    "warning",
    title="An approver may not approve",
    why="What this person signs counts for nothing.",
    now="Set `may_approve: true` for the subject or one of its groups, or take the approver out.",
)
def approver_not_entitled(deployment: Deployment) -> Iterator[Place]:
    """Approvers whose subject is not registered, or may not approve."""
    for name, approver in deployment.approvers.items():
        subject = deployment.subjects.get(approver.subject)
        if subject is None:
            said = f"the subject of `{name}` is not registered"
        elif not any(entry.may_approve for entry in entries(deployment, subject)):
            said = f"the subject of `{name}` has no `may_approve`"
        else:
            continue
        yield Place("approvers", (name, "subject"), said)


@check(
    "holders.four_eyes_unset",
    "warning",
    title="Whoever asks for it approves of it alone",
    why="Tools that spend or administer are registered, and who asks for such a call may say yes"
    " to it as well.",
    now="Name the effects that nobody approves for himself in `four_eyes` of settings.yaml.",
)
def four_eyes_unset(deployment: Deployment) -> Iterator[Place]:
    """No `four_eyes` at all, though tools spend or administer."""
    if deployment.settings.four_eyes:
        return
    for effect in _COSTLY:
        names = [name for name, tool in deployment.tools.items() if effect in tool.effects]
        if names:
            yield Place(
                "settings",
                ("four_eyes",),
                f"`{names[0]}` has the effect `{effect}`, and `four_eyes` is empty",
            )
            return


CHECKS: tuple[Check, ...] = (
    subject_unlimited,
    agent_unlimited,
    owner_missing,
    manifest_wider,
    approver_keyless,
    approver_not_entitled,
    four_eyes_unset,
)
