"""Who has what, and who approves of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from inbounds.model.deployment import Deployment, Group, SubjectEntry
from inbounds.model.question import Effect
from inbounds.model.spiffe import is_spiffe_id

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
    why="Only its intents limit an agent that acts for it.",
    now="Name the tools, or the effects, that the subject needs.",
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
    why="A manifest limits an agent to what it was built to do. This one limits nothing.",
    now="Name in the manifest what the agent was built to do.",
)
def agent_unlimited(deployment: Deployment) -> Iterator[Place]:
    """Agents whose manifest holds all effects and all of more than a few tools."""
    for name, agent in deployment.agents.items():
        manifest = agent.manifest
        every = {*manifest.tools} >= deployment.tools.keys() and len(deployment.tools) > _FEW
        if every and {*manifest.effects} == _EVERY:
            yield Place("agents", (name, "manifest"), f"`{name}` has every tool and every effect")


_NEEDED = ("effects", "tools", "clearance", "tenants")


@check(
    "holders.subject_powerless",
    "warning",
    title="A subject can begin no task",
    why="A task has what subject, agent and intent all have. Nothing is left of it where the"
    " subject and its groups lack effects, tools, a clearance or a tenant.",
    now="State what is missing. Leave the entry empty for somebody who only owns or approves.",
)
def subject_powerless(deployment: Deployment) -> Iterator[Place]:
    """Subjects that have a part of what a task needs, by themselves or by groups, and not all."""
    for name, subject in deployment.subjects.items():
        both = entries(deployment, subject)
        has = {needed for needed in _NEEDED for entry in both if getattr(entry, needed)}
        lacks = [f"`{needed}`" for needed in _NEEDED if needed not in has]
        if has and lacks:
            yield Place("subjects", (name,), f"`{name}` has no {', no '.join(lacks)}")


@check(
    "holders.agent_unnameable",
    "error",
    title="The name of an agent is not a SPIFFE ID",
    why="An agent is known by the SPIFFE ID of its identity token. No token names this one, so"
    " every call of it is denied.",
    now="Name it as its token does, such as `spiffe://acme.example/agent/assistant`.",
)
def agent_unnameable(deployment: Deployment) -> Iterator[Place]:
    """Agents whose name no identity token can have."""
    for name in deployment.agents:
        if not is_spiffe_id(name):
            yield Place("agents", (name,), f"`{name}` is not a SPIFFE ID")


@check(
    "holders.owner_missing",
    "warning",
    title="An agent has no owner who can answer for it",
    why="An agent without an owner is denied every call. If the owner is a group without members,"
    " nobody can be asked.",
    now="Set its `owner` to a user of subjects.yaml, or to a group that has a member.",
)
def owner_missing(deployment: Deployment) -> Iterator[Place]:
    """Agents without an owner, and those whose owner is neither a person nor a group of persons."""
    people = {name: each for name, each in deployment.subjects.items() if each.type == "user"}
    peopled = {group for each in people.values() for group in each.groups}
    for name, agent in deployment.agents.items():
        if not agent.owner:
            said = f"`{name}` has no owner"
        elif agent.owner in people or agent.owner in peopled:
            continue
        elif agent.owner in deployment.groups:
            said = f"the owner of `{name}`, the group `{agent.owner}`, has no member"
        else:
            said = f"the owner of `{name}`, `{agent.owner}`, is neither a user nor a group"
        yield Place("agents", (name, "owner"), said)


@check(
    "holders.manifest_wider",
    "warning",
    title="An agent has tools that no intent names",
    why="No task can use them. If one is added to an intent later, this agent has it at once.",
    now="Remove the tools from the manifest, or name them in an intent.",
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
    why="No signature of this person can be verified, so no approval can be given.",
    now="Add the public key, a JWK, to its `keys`, or remove the approver.",
)
def approver_keyless(deployment: Deployment) -> Iterator[Place]:
    """Approvers without keys."""
    for name, approver in deployment.approvers.items():
        if not approver.keys:
            yield Place("approvers", (name, "keys"), f"`{name}` has no key")


@check(
    "holders.approver_not_entitled",
    "warning",
    title="An approver is not entitled to approve",
    why="An approval that this person signs is not accepted.",
    now="Set `may_approve: true` for the subject or one of its groups, or remove the approver.",
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
    title="The person who asks for a call may approve it alone",
    why="Tools that spend or administer are registered, and the person who asks for such a call may"
    " approve it as well.",
    now="List in `four_eyes` of settings.yaml the effects that need a second person.",
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
    subject_powerless,
    agent_unnameable,
    owner_missing,
    manifest_wider,
    approver_keyless,
    approver_not_entitled,
    four_eyes_unset,
)
