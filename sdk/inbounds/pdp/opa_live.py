"""The revocation feed of an Open Policy Agent server: how `data.live.now` is written there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inbounds import clock
from inbounds.errors import InvalidAnswer

from .opa import accepted, json_object
from .transport import Endpoint

_NOW = "/v1/data/live/now"
_MAX_BYTES = 2**28  # a feed of millions of entries


class OpaLive:
    """Writes and reads `data.live.now` in one OPA, as the feed's writer.

    Args:
        url: As for `OpaServer`.
        token: The feed writer's bearer token, or None where OPA asks for none.
        verify: As in `requests`.
        cert: As in `requests`.
        seconds: How long one write or read may take.
        cleartext: Send the token over plain HTTP beyond this machine all the same.

    Raises:
        ConfigurationError: The URL or the token cannot be used, or the token would pass in
            clear text.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        seconds: float = 2.0,
        cleartext: bool = False,
    ) -> None:
        self.url = url
        self._seconds = seconds
        self._endpoint = Endpoint(
            url, token=token, verify=verify, cert=cert, max_bytes=_MAX_BYTES, cleartext=cleartext
        )

    def __repr__(self) -> str:
        return f"OpaLive({self.url!r})"

    def push_live(self, now: Mapping[str, Any]) -> None:
        """Replace `data.live.now` in one write.

        Raises:
            DecisionUnavailable: It may or may not have been written.
        """
        self._write("PUT", now)

    def heartbeat(self, operations: list[dict[str, Any]]) -> None:
        """Apply JSON Patch operations to `data.live.now`, all of them or none.

        OPA knows `add`, `replace` and `remove` of RFC 6902, and no `test`. A `replace` of what
        is not there fails the whole patch, so one can stand for a test that something is.

        Raises:
            InvalidAnswer: Something that was to be replaced is not there; nothing was written.
            DecisionUnavailable: It may or may not have been written.
        """
        self._write("PATCH", operations)

    def read(self, member: str = "") -> Any:
        """Read `data.live.now`, or one member of it; None where there is none.

        Raises:
            DecisionUnavailable: It could not be read.
        """
        path = f"{_NOW}/{member}" if member else _NOW
        deadline = clock.monotonic() + self._seconds
        return json_object(self._endpoint.send("GET", path, deadline=deadline)).get("result")

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()

    def _write(self, method: str, document: Any) -> None:
        body = json.dumps(document, separators=(",", ":")).encode()
        deadline = clock.monotonic() + self._seconds
        received = self._endpoint.send(method, _NOW, body, deadline=deadline)
        if method == "PATCH" and received.status == 404:
            raise InvalidAnswer("what was to be replaced is not there", code="live.emptied")
        accepted(received, 204)
