"""The calls of a session that wrote to stores, for a person who is asked about what runs there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbounds.model.question import Resource, Tool

_ANY = "*"
_MOST = 64


class StoredWrites:
    """The latest calls that did more than read. The arguments of none are kept."""

    def __init__(self) -> None:
        self._kept: deque[tuple[str, str, str, Resource | None]] = deque(maxlen=_MOST)

    def record(self, name: str, tool: Tool, decision: str, resource: Resource | None) -> None:
        """Take a call that is about to run.

        Args:
            name: The name of the tool.
            tool: What the registry says of it. What it sets in motion may write to any store.
            decision: The decision that permitted it; empty for a call that was reported.
            resource: What it was called on.
        """
        store = _ANY if tool.reaches else tool.store or _ANY
        self._kept.append((decision, name, store, resource))

    def read_by(self, tool: Tool) -> list[dict[str, str]]:
        """Return those that may have written what a tool runs, oldest first."""
        stores = {_ANY} if tool.reaches else {*tool.runs_from}
        return [
            {
                "decision": decision,
                "tool": name,
                "store": store,
                "resource_type": resource.type if resource else "",
                "resource_id": resource.id if resource else "",
            }
            for decision, name, store, resource in self._kept.copy()
            if stores and (_ANY in stores or store == _ANY or store in stores)
        ]
