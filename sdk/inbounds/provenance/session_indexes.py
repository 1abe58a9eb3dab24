"""One index for each session of a guard, the least used dropped first."""

from __future__ import annotations

from collections import OrderedDict
from traceback import format_exception_only
from typing import TYPE_CHECKING, Any

from inbounds.model.question import Returns
from inbounds.process.locks import ProcessLock

from .destinations import CHANGES_NOTHING, effects_of
from .origins import Origins
from .value_leaves import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.canonical.arguments import Canonical
    from inbounds.model.question import Resource, Tool
    from inbounds.sessions.store import SessionKey


_MOST_DROPPED = 100_000
"""So many sessions that are not kept are known to have been there; one takes some 100 bytes."""


class SessionOrigins:
    """What each session of this process has seen. A session that is not kept starts with none.

    Then its values were found nowhere, which is never more than they were. What its user ruled out
    is not known any more, so a person is asked about every value from then on.

    Args:
        limit: How many sessions are kept at most.
        values: How many values of all of them; a million take some 250 MB.
    """

    def __init__(self, *, limit: int = 1_000, values: int = 1_000_000) -> None:
        self._limit = limit
        self._values = values
        self._sizes: dict[SessionKey, int] = {}
        self._total = 0
        self._kept: OrderedDict[SessionKey, Origins] = OrderedDict()
        # Of those that were dropped, what tells them apart.
        self._dropped: OrderedDict[int, None] = OrderedDict()
        self._lock = ProcessLock()

    def of(self, key: SessionKey) -> Origins:
        """The index of one session."""
        with self._lock:
            origins = self._kept.get(key)
            if origins is None:
                origins = self._kept[key] = Origins()
                if hash(key) in self._dropped:
                    origins.doubt()
                if len(self._kept) > self._limit:
                    self._drop()
            else:
                self._kept.move_to_end(key)
            return origins

    def _drop(self) -> None:
        key, _ = self._kept.popitem(last=False)
        self._total -= self._sizes.pop(key, 0)
        self._dropped[hash(key)] = None
        if len(self._dropped) > _MOST_DROPPED:
            self._dropped.popitem(last=False)

    def _settle(self, key: SessionKey) -> None:
        """Drop the least used sessions where this one has made it too much for all."""
        with self._lock:
            if key not in self._kept:
                return
            size = len(self._kept[key])
            self._total += size - self._sizes.get(key, 0)
            self._sizes[key] = size
            while self._total > self._values and len(self._kept) > 1:
                self._drop()

    def told(self, key: SessionKey, canonical: Canonical, tool: Tool) -> dict[str, Any]:
        """What a question says of the arguments of a call beside what they are.

        `origins` and `links` say where they came from, `statements` what a statement does that
        the effects of the tool depend on.
        """
        seen = self.of(key)
        call = canonical.arguments, tool.arguments, canonical.parsed
        deletes = "delete" in tool.effects
        found = seen.trace(*call, decimals=tool.decimals, currency=tool.currency, deletes=deletes)
        links = seen.links(canonical.arguments, tool.arguments)
        mentioned = seen.mentioned(*call, found)
        properties: dict[str, Any] = {
            "origins": {at: each.model_dump(exclude_defaults=True) for at, each in found.items()},
            "links": {at: [link.model_dump() for link in each] for at, each in links.items()},
        }
        if mentioned:
            properties["mentioned"] = mentioned
        spends = "spend" in tool.effects
        doubtful = seen.doubtful(
            *call, found, deletes=deletes, spends=spends, resource=tool.resource
        )
        if doubtful:
            properties["doubtful"] = doubtful
        if seen.is_sent_or_run and not CHANGES_NOTHING.issuperset(tool.effects):
            from .unsettled import distrust

            distrust(seen, canonical.arguments, tool, properties)
        if tool.effects_by.kind == "sql":
            from inbounds.canonical.sql import statements

            properties |= statements(tool.effects_by, canonical.arguments)
        return properties

    def observer(
        self,
        key: SessionKey,
        name: str,
        tool: Tool,
        arguments: Mapping[str, Any],
        *,
        call: int,
        is_tainted: Callable[[], bool],
        steered: Mapping[str, Any] | None = None,
        decision: str = "",
        resource: Resource | None = None,
    ) -> Callable[..., None]:
        """Return the observer of the results of one call.

        It takes a result, with `item=True` one item of a result that comes item by item, or what
        the tool raised, which is text of a third party whatever the tool returns; or None once the
        call is over. It never raises.

        Args:
            key: The session of the call.
            name: The name of the tool.
            tool: What the registry says of it.
            arguments: What it is called with.
            call: The number of the call within its task.
            is_tainted: Tells whether the tool's store may hold a third party's words. It is asked
                when there is a result: another call may have written since this one was permitted.
            steered: The properties of the question about it, where a third party may have steered
                it and no person has approved it.
            decision: The decision that permitted it, if it was permitted.
            resource: What it was called on.
        """
        # Told in questions later on: an adapter may say anything.
        name = str(name).encode("utf-8", "backslashreplace").decode()[:256]
        # What a tool of unknown effects does with what it is given, nobody knows. Told now, since
        # it may fail halfway, or return nothing.
        weak, effects, running = False, set(effects_of(tool, arguments)), None
        if effects != {"read"}:
            seen = self.of(key)
            seen.write(arguments)
            running = seen.writes.record(name, tool, decision, resource, effects)
            if steered is not None:
                from .unsettled import is_unsure

                weak = is_unsure(leaves(arguments, tool.arguments), tool, effects, steered)
            sends = "export" in effects and "target" in {a.role for a in tool.arguments.values()}
            seen.is_sent_or_run |= sends or "execute" in effects
            if weak or sends or "spend" in effects:
                seen.act(lambda done: done.begin(arguments, tool.arguments, effects, weak=weak))
        listed = any(pattern.startswith("/*") for pattern in tool.returns.fields)

        def observe(result: Any, *, item: bool = False) -> None:
            if result is None:
                if running is not None and not item:
                    running.is_over = True
                return
            returns = tool.returns
            if isinstance(result, BaseException):
                result, returns = "".join(format_exception_only(result)), Returns()
            self.of(key).observe(
                [result] if item and listed else result,
                tool=name,
                returns=returns,
                arguments=arguments,
                call=call,
                memory=tool.memory,
                tainted=is_tainted(),
                weak=weak,
                registered=tool.arguments,
                resource=tool.resource,
                resource_argument=tool.resource_argument,
            )
            self._settle(key)

        return observe

    def __len__(self) -> int:
        return len(self._kept)
