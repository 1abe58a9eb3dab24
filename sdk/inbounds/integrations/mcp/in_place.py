"""What stands in a handler's place, and lets it run with what was judged alone."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from inbounds.errors import DecisionUnavailable, InboundsError

from .wish import ROUND, Wish

if TYPE_CHECKING:
    from inbounds.pep import Permit


class InPlace:
    """Stands in a handler's place, and lets it run with what was judged alone."""

    def __init__(self, wish: Wish, permit: Permit) -> None:
        self._wish = wish
        self._permit = permit
        self.begun = False
        self.refusal: InboundsError | None = None

    def compare(self, method: str, params: Any) -> None:
        """Make sure that the handler gets what was judged, right before it runs.

        Raises:
            DecisionUnavailable: It does not, or it has run already.
        """
        try:
            if method != self._wish.method or getattr(params, "name", self._wish.own) != (
                self._wish.own or getattr(params, "name", "")
            ):
                raise self._changed()
            self._permit.compare(self._arguments(params))
        except InboundsError as error:
            if self.begun:
                # A layer wants it once more; the first time was the only one.
                error.executed = "yes"
            self.refusal = error
            raise
        self.begun = True

    def _arguments(self, params: Any) -> dict[str, Any]:
        if self._wish.method == "tools/call":
            return dict(params.arguments or {})
        said = params.model_dump(by_alias=True, mode="json", exclude_none=True)
        return {n: v for n, v in said.items() if n not in ("_meta", *ROUND)}

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
