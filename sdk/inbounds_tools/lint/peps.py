"""The programs that ask: whether they are set up for what the registry makes them do."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment
from inbounds.model.question import Tool
from inbounds.pep.obligations import NOTIFY
from inbounds.pep.results import owed

from .check import Check, Place, check


@check(
    "peps.obligation_missing",
    "warning",
    title="A PEP lacks an obligation that a tool needs",
    why="Each call of that tool is denied there (`pep.not_entitled`), or does not run.",
    now="Add the obligation to the `obligations` of the PEP.",
)
def obligation_missing(deployment: Deployment) -> Iterator[Place]:
    """PEPs without an obligation that a tool of their environments brings about, each once."""
    for name, pep in deployment.peps.items():
        told = {*pep.obligations}
        for tool_name, tool in deployment.tools.items():
            if tool.environment and tool.environment not in pep.environments:
                continue
            for obligation in sorted(_owed(tool) - told):
                told.add(obligation)
                yield Place(
                    "peps",
                    (name, "obligations"),
                    f"`{tool_name}` needs the obligation `{obligation}`, which `{name}` lacks",
                )


def _owed(tool: Tool) -> set[str]:
    return {*owed(tool.returns), *([NOTIFY] if tool.notify else [])}


CHECKS: tuple[Check, ...] = (obligation_missing,)
