"""Errors that a call of a tool raises: what of them LiteLLM needs, without their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
from litellm.experimental_mcp_client.client import UpstreamSessionClosedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOGIN = frozenset({401, 403})
_CHALLENGE = "www-authenticate"
_MOST = 2048
"""How many characters a challenge has at most."""


class Signal(Exception):
    """An error that LiteLLM acts on, on its way past the code that makes results of errors.

    Attributes:
        error: Made here: it holds a status and a challenge, and nothing else of the server's.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class HandlerFailed(Exception):
    """A tool that the gateway itself runs has failed; the text is what the client may have."""


def signal_of(error: BaseException) -> Signal | None:
    """Return what LiteLLM acts on: a log-in that is required, or a session that has ended.

    LiteLLM answers the first with a way to log in, or a new token, and the second with a new
    session.

    Args:
        error: What a call of a server's tool has raised.
    """
    for response in _responses(error):
        if response.status_code in _LOGIN:
            return Signal(_status_error(response))
    if isinstance(error, UpstreamSessionClosedError):
        return Signal(UpstreamSessionClosedError())
    return None


def handler_signal_of(error: BaseException) -> Signal | None:
    """Return the log-in that a handler of the gateway's own asks for, or None.

    Args:
        error: What the handler has raised.
    """
    from litellm.proxy._experimental.mcp_server.exceptions import MCPUpstreamAuthError

    if not isinstance(error, MCPUpstreamAuthError):
        return None
    challenge = _printable(error.www_authenticate)
    return Signal(MCPUpstreamAuthError(error.status_code, challenge, error.server_name))


def failure_text(error: BaseException) -> str:
    """Return a line that names the type of an error and an HTTP status, and none of its words."""
    kind = type(error).__name__.encode("ascii", "backslashreplace").decode()[:256]
    status = next((f", HTTP {each.status_code}" for each in _responses(error)), "")
    return f"The call failed: {kind}{status}"


def _status_error(response: Any) -> httpx2.HTTPStatusError:
    challenge = _printable(getattr(response, "headers", {}).get(_CHALLENGE))
    status: int = response.status_code
    return httpx2.HTTPStatusError(
        f"HTTP {status}",
        request=(request := httpx2.Request("POST", "http://server.invalid")),
        response=httpx2.Response(
            status, headers={_CHALLENGE: challenge} if challenge else {}, request=request
        ),
    )


def _printable(challenge: Any) -> str | None:
    """Return a challenge that may be a header; LiteLLM makes one of its own for None."""
    said = isinstance(challenge, str) and challenge.isascii() and challenge.isprintable()
    return challenge if said and len(challenge) <= _MOST else None


def _responses(error: BaseException) -> Iterator[Any]:
    """Yield the HTTP responses that an error, or one behind it, is about."""
    behind, known = [error], {id(error)}
    while behind:
        each = behind.pop(0)
        response = getattr(each, "response", None)
        if type(getattr(response, "status_code", None)) is int:
            yield response
        group = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        for more in (each.__cause__, *group, each.__context__):
            if more is not None and id(more) not in known:
                known.add(id(more))
                behind.append(more)
