"""The revocation feed of an Open Policy Agent server: how `data.live.now` is written there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inbounds.errors import InvalidAnswer
from inbounds.process import clock

from .opa import MAX_REQUEST, accepted, json_object
from .transport import Endpoint

_NOW = "/v1/data/live/now"
_MAX_BYTES = 2**28  # a feed of millions of entries
_WHOLE = 3  # so many times as long as a write may reading all of a feed take
_FIRST = 30  # and so many times where it is to be put whole, and nothing else brings it in force
_PART_BYTES = MAX_REQUEST // 2
_PART_OPERATIONS = 250  # OPA compares each one with those before it in the same write

Operation = dict[str, Any]


class OpaLive:
    """Writes and reads `data.live.now` in one OPA, as the feed's writer.

    Args:
        url: As for `OpaServer`.
        token: The feed writer's bearer token, or None where OPA asks for none.
        verify: As in `requests`.
        cert: As in `requests`.
        seconds: How long one write or read may take; reading the whole feed, three times as long,
            and thirty times before it is put there whole.
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
        """Replace `data.live.now`, in one write where that fits into a request, else in parts.

        Until the last part, a head that was in force stays so, over its own entries and those that
        have been added already; where none was, there is none, and the policy denies.

        Raises:
            InvalidAnswer: Somebody else writes it as well.
            DecisionUnavailable: It may or may not have been written.
        """
        body = _encoded(now)
        if len(body) <= MAX_REQUEST:
            self._write("PUT", body)
            return
        kinds = [kind for kind, entries in now.items() if isinstance(entries, Mapping)]
        found = self._read(_NOW, _FIRST)
        if not _is_feed(found, now):
            found = {**now, "head": "", **{kind: {} for kind in kinds}}
            self._write("PUT", _encoded(found))
        additions = _additions(found, now, kinds)
        for part in _parts(additions):
            self.heartbeat(part)
        # INVARIANT: a head is put only over all that it was signed for, as was read.
        if additions:
            found = self._read(_NOW, _FIRST)
            if not _is_feed(found, now) or _additions(found, now, kinds):
                raise InvalidAnswer(
                    "the feed was changed while it was put in parts",
                    code="live.overwritten",
                    hint="is there a second owner of the feed?",
                )
        head = [
            {"op": "replace", "path": f"/{member}", "value": value}
            for member, value in now.items()
            if member not in kinds
        ]
        # Each has the whole head: one that arrives late is seen by its sequence number.
        for part in _parts(_removals(found, now, kinds)) or [[]]:
            self.heartbeat([*part, *head])

    def heartbeat(self, operations: list[Operation]) -> None:
        """Apply JSON Patch operations to `data.live.now`, all of them or none.

        OPA knows `add`, `replace` and `remove` of RFC 6902, and no `test`. A `replace` of what
        is not there fails the whole patch, so one can stand for a test that something is.

        Raises:
            InvalidAnswer: Something that was to be replaced is not there; nothing was written.
            DecisionUnavailable: It may or may not have been written.
        """
        self._write("PATCH", _encoded(operations))

    def read(self, member: str = "") -> Any:
        """Read `data.live.now`, or one member of it; None where there is none.

        Raises:
            DecisionUnavailable: It could not be read.
        """
        return self._read(f"{_NOW}/{member}", 1) if member else self._read(_NOW, _WHOLE)

    def _read(self, path: str, times: int) -> Any:
        deadline = clock.monotonic() + times * self._seconds
        return json_object(self._endpoint.send("GET", path, deadline=deadline)).get("result")

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()

    def _write(self, method: str, body: bytes) -> None:
        if len(body) > MAX_REQUEST:
            raise InvalidAnswer(
                f"a write of {len(body)} bytes is more than OPA takes", code="live.too_large"
            )
        deadline = clock.monotonic() + self._seconds
        received = self._endpoint.send(method, _NOW, body, deadline=deadline)
        if method == "PATCH" and received.status == 404:
            raise InvalidAnswer("the entry to replace is missing", code="live.emptied")
        accepted(received, 204)


def _encoded(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _is_feed(found: Any, now: Mapping[str, Any]) -> bool:
    """Tell whether what OPA holds has the members of a feed, and lists where those are."""
    return (
        isinstance(found, dict)
        and found.keys() == now.keys()
        and all(isinstance(found[name], dict) == isinstance(now[name], Mapping) for name in now)
    )


def _additions(
    found: Mapping[str, Any], now: Mapping[str, Any], kinds: list[str]
) -> list[Operation]:
    """Return what has to be added for every entry of `now` to count, and none to count less."""
    return [
        _operation("add", kind, name, at)
        for kind in kinds
        for name, at in now[kind].items()
        if not isinstance(found[kind].get(name), int) or found[kind][name] < at
    ]


def _removals(
    found: Mapping[str, Any], now: Mapping[str, Any], kinds: list[str]
) -> list[Operation]:
    """Return what makes entries count less, once `now` is otherwise there."""
    removed: list[Operation] = []
    for kind in kinds:
        for name, at in found[kind].items():
            if name not in now[kind]:
                removed.append(_operation("remove", kind, name))
            elif at != now[kind][name]:
                removed.append(_operation("add", kind, name, now[kind][name]))
    return removed


def _operation(op: str, kind: str, name: str, at: int | None = None) -> Operation:
    path = f"/{kind}/{name.replace('~', '~0').replace('/', '~1')}"
    return {"op": op, "path": path} if at is None else {"op": op, "path": path, "value": at}


def _parts(operations: list[Operation]) -> list[list[Operation]]:
    """Cut operations into parts that each fit into a request."""
    parts: list[list[Operation]] = []
    room = 0
    for operation in operations:
        size = len(_encoded(operation)) + 1
        if size > room or len(parts[-1]) == _PART_OPERATIONS:
            parts.append([])
            room = _PART_BYTES
        parts[-1].append(operation)
        room -= size
    return parts
