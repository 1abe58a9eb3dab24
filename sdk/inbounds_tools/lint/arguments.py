"""The arguments that a call may leave out: whether the registry says what the tool does then."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment
from inbounds.model.question import Argument

from .check import Check, Place, check
from .steering import STEERING, lasts


@check(
    "arguments.absence_unstated",
    "error",
    title="The registry does not say what a tool does without an argument",
    why="Without a recipient, a target or an amount, a tool may do nothing, or choose: everybody, a"
    " default, all that was paid. No bound applies to a value that is not there, and nobody is"
    " asked.",
    now="Set `absent: none` if the call then does nothing of that kind, or `absent: any` if the"
    " tool chooses. If the argument must always be there, set `required: true`.",
)
def absence_unstated(deployment: Deployment) -> Iterator[Place]:
    """Optional arguments that steer, of tools whose calls do not come back."""
    for name, tool in deployment.tools.items():
        if not lasts(tool):
            continue
        for pattern, argument in tool.arguments.items():
            if may_be_absent(pattern, argument) and not argument.absent:
                yield Place(
                    "tools",
                    (name, "arguments", pattern),
                    f"a call of `{name}` may leave `{pattern}` out, which has the role"
                    f" `{argument.role}`, and `absent` is not set",
                )


def may_be_absent(pattern: str, argument: Argument) -> bool:
    """Tell whether a call may leave out an argument that steers."""
    left_out = not argument.required or argument.nullable
    return argument.role in STEERING and left_out and "*" not in pattern


CHECKS: tuple[Check, ...] = (absence_unstated,)
