"""The calls of a session that wrote to stores, and those that run what is written there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Collection

    from inbounds.model.question import Resource, Tool

_ANY = "*"
_MOST = 64


class Running:
    """A call that executes and is under way, for as long as somebody holds it.

    Attributes:
        tool: What the registry says of the tool.
        is_over: Whether it has ended.
    """

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.is_over = False


class StoredWrites:
    """The latest calls that did more than read. The arguments of none are kept."""

    def __init__(self) -> None:
        self._kept: deque[tuple[str, str, str, Resource | None]] = deque(maxlen=_MOST)
        # One that is dropped without a word is not under way either.
        self._running: dict[ref[Running], None] = {}

    def record(
        self,
        name: str,
        tool: Tool,
        decision: str,
        resource: Resource | None,
        effects: Collection[str] = (),
    ) -> Running | None:
        """Take a call that is about to run.

        Args:
            name: The name of the tool.
            tool: What the registry says of it. What it sets in motion may write to any store.
            decision: The decision that permitted it; empty for a call that was reported.
            resource: What it was called on.
            effects: Those of the call.

        Returns:
            The call as one that is under way, if it executes.
        """
        self._kept.append((decision, name, _store_of(tool), resource))
        if not (decision and "execute" in effects):
            return None
        running = Running(tool)
        self._running[ref(running, lambda gone: self._running.pop(gone, None))] = None
        return running

    def is_run_meanwhile(self, tool: Tool) -> bool:
        """Whether a call that is under way may run what a tool writes."""
        every = [each() for each in [*self._running]]
        return any(
            _feeds(_store_of(tool), each.tool) for each in every if each and not each.is_over
        )

    def read_by(self, tool: Tool) -> list[dict[str, str]]:
        """Return those that may have written what a tool runs, oldest first."""
        return [
            {
                "decision": decision,
                "tool": name,
                "store": store,
                "resource_type": resource.type if resource else "",
                "resource_id": resource.id if resource else "",
            }
            for decision, name, store, resource in self._kept.copy()
            if _feeds(store, tool)
        ]


def _store_of(tool: Tool) -> str:
    return _ANY if tool.reaches else tool.store or _ANY


def _feeds(store: str, tool: Tool) -> bool:
    """Whether a tool may run what was written to a store."""
    stores = {_ANY} if tool.reaches else {*tool.runs_from}
    return bool(stores) and (_ANY in stores or store == _ANY or store in stores)
