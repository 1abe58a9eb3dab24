"""What a server asks of its host, which goes no further unless it was named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    INVALID_REQUEST,
    ClientCapabilities,
    CreateMessageRequest,
    CreateMessageResult,
    ElicitationCapability,
    ElicitRequest,
    ElicitResult,
    ErrorData,
    ListRootsRequest,
    ListRootsResult,
    RootsCapability,
    SamplingCapability,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mcp.server.context import ServerRequestContext

METHODS = {
    "elicitation": "elicitation/create",
    "roots": "roots/list",
    "sampling": "sampling/createMessage",
}
"""What a server may ask of its host, and by which method."""

_CAPABILITIES = {
    "elicitation": ClientCapabilities(elicitation=ElicitationCapability()),
    "roots": ClientCapabilities(roots=RootsCapability()),
    "sampling": ClientCapabilities(sampling=SamplingCapability()),
}
_MOST = 16
"""How many requests of a server may wait for the host's answer: a person or a model gives each."""
_REFUSED = ErrorData(code=INVALID_REQUEST, message="Not supported")


class Asked:
    """Passes what a server asks to the host whose call is under way, where that kind is named.

    Args:
        named: Of `METHODS`.
        under_way: Says which call the server can mean; None where there is none, or several.
    """

    def __init__(
        self,
        named: Collection[str],
        under_way: Callable[[], ServerRequestContext[Any, Any] | None],
    ) -> None:
        self.named = frozenset(named)
        self._under_way = under_way
        self._waiting = 0

    @property
    def callbacks(self) -> dict[str, Any]:
        """What answers the server, as options of the protocol's client; the rest is refused."""
        every = {
            "elicitation": ("elicitation_callback", self._elicit),
            "roots": ("list_roots_callback", self._roots),
            "sampling": ("sampling_callback", self._sample),
        }
        return dict(every[kind] for kind in self.named)

    async def _elicit(self, _: Any, params: Any) -> Any:
        asked = ElicitRequest(params=_bare(params))
        return await self._ask("elicitation", asked, ElicitResult)

    async def _roots(self, _: Any) -> Any:
        return await self._ask("roots", ListRootsRequest(), ListRootsResult)

    async def _sample(self, _: Any, params: Any) -> Any:
        asked = CreateMessageRequest(params=_bare(params))
        return await self._ask("sampling", asked, CreateMessageResult)

    async def _ask(self, kind: str, request: Any, answer: Any) -> Any:
        call = self._under_way()
        if call is None or not call.session.can_send_request or self._waiting >= _MOST:
            return _REFUSED
        if not call.session.check_client_capability(_CAPABILITIES[kind]):
            return _REFUSED
        related = ServerMessageMetadata(related_request_id=call.request_id)
        self._waiting += 1
        try:
            return await call.session.send_request(request, answer, metadata=related)
        finally:
            self._waiting -= 1


def _bare(params: Any) -> Any:
    """Return what a server asks without `_meta`, by which a host knows who asks."""
    return params.model_copy(update={"meta": None})
