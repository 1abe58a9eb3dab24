"""What a client is told instead of an answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, CallToolResult, TextContent
from pydantic import ValidationError

from inbounds.errors import ApprovalRequired, InboundsError
from inbounds.integrations._adapter import refusals
from inbounds.integrations._adapter.questions import request_id

logger = logging.getLogger(__name__)

REFUSED = -32003
"""The JSON-RPC code of a refusal, where the answer is not a tool's result."""


OWN = "inbounds/"
"""How the names begin under which a client is told of decisions. No server's word stands there."""


class Refusal(MCPError):  # type: ignore[misc]  # not there for mypy
    """An error that this package itself answers with. Its `data` says nothing of that."""


def about(error: BaseException) -> dict[str, str]:
    """Return what a program may know of a refusal."""
    if not isinstance(error, InboundsError):
        return {"inbounds/code": "decision.unavailable"}
    said = {"inbounds/code": error.code}
    if error.decision_id:
        said["inbounds/decision_id"] = error.decision_id
    if isinstance(error, ApprovalRequired):
        said["inbounds/request_id"] = request_id(error)
    return said


def told(error: BaseException) -> BaseException:
    """Return what the client is told of what the server's own code raised.

    For clients of 2025-11-25 the SDK says what an exception says: text that nothing was done to.
    """
    if isinstance(error, MCPError) and not isinstance(error, Refusal):
        bare: Exception = _without_our_words(error)
        return bare
    if isinstance(error, MCPError | ValidationError) or not isinstance(error, Exception):
        return error
    logger.error("a handler raised %s", type(error).__name__)
    silent: Exception = MCPError(INTERNAL_ERROR, "Internal server error")
    return silent


def refusal(method: str, error: BaseException) -> Any:
    """Return a tool's result that says why there is no result.

    Raises:
        MCPError: What was asked for is not a tool: its answer has no place for a refusal.
    """
    text = refusals.told(error)
    if method != "tools/call":
        raise Refusal(REFUSED, text, about(error)) from None
    return CallToolResult(
        content=[TextContent(type="text", text=text)], is_error=True, _meta=about(error)
    )


def _without_our_words(error: MCPError) -> MCPError:
    """Return a server's error without what a client would take for a decision of the policy."""
    data = error.data
    if isinstance(data, Mapping):
        data = {name: each for name, each in data.items() if not str(name).startswith(OWN)}
    code = INTERNAL_ERROR if error.code == REFUSED else error.code
    return MCPError(code, error.message, data)
