"""What stands in a handler's place, and lets it run with what was judged alone."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.threads import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Permit

    from .wish import Wish


class InPlace:
    """Stands in a handler's place, and lets it run with what was judged alone."""

    def __init__(self, wish: Wish, permit: Permit) -> None:
        self._wish = wish
        self._permit = permit
        self.begun = False
        self.refusal: InboundsError | None = None

    def compare(self, method: str, said: Mapping[str, Any]) -> None:
        """Make sure that the handler gets what was judged, right before it runs.

        Args:
            method: The handler's.
            said: What it is called with, as a request has it: without `_meta`, and without what a
                client brings back.

        Raises:
            DecisionUnavailable: It does not, or it has run already.
        """
        arguments = {name: value for name, value in said.items() if value is not None}
        own = self._wish.own
        if own and method == "tools/call":
            same = said.get("name") == own
            arguments = dict(said.get("arguments") or {})
        else:
            same = True
            if not arguments.get("arguments", True):
                del arguments["arguments"]
        try:
            if method != self._wish.method or not same:
                raise self._changed()
            self._permit.compare(arguments)
        except InboundsError as error:
            if self.begun:
                # A layer wants it once more; the first time was the only one.
                error.executed = "yes"
            self.refusal = error
            raise
        self.begun = True

    def _changed(self) -> DecisionUnavailable:
        self._permit.cancel()
        return DecisionUnavailable(
            "what the handler is called for is no longer what was judged",
            code="permit.arguments_changed",
            hint="let nothing change a request after the authorization",
            decision_id=self._permit.decision.id,
        )


in_place: ContextVar[InPlace | None] = ContextVar("inbounds_mcp_in_place", default=None)
"""What stands in the handler's place, for the request of this context."""


async def compared(method: str, said: Mapping[str, Any]) -> None:
    """Refuse to let a handler run with anything but what was judged for this request.

    Raises:
        DecisionUnavailable: As `InPlace.compare`; or `call.not_judged`: nothing was.
    """
    place = in_place.get()
    if place is None:
        raise DecisionUnavailable(
            "a request has reached its handler past the authorization",
            code="call.not_judged",
            hint="let the authorization be the last of the server's middleware",
        )
    await beside(place.compare, method, said)
