"""What the right calls of a task are, as classes of effects on types of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.model.claims import ResourceBound

if TYPE_CHECKING:
    from inbounds.model.deployment import Deployment
    from inbounds_tools.replay.cases import UserCase


def classes_of(user: UserCase, deployment: Deployment) -> list[ResourceBound]:
    """Return the types of resources and effects of the right calls, each once.

    Args:
        user: The task.
        deployment: The registry of its tools.
    """
    bounds: dict[str, ResourceBound] = {}
    for call in user.calls:
        tool = deployment.tools[call.tool]
        bound = ResourceBound(type=tool.resource, effects=tool.effects)
        bounds.setdefault(f"{tool.resource} {sorted(tool.effects)}", bound)
    return list(bounds.values())
