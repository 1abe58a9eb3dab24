"""Decisions from an Open Policy Agent server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    Unreachable,
)
from inbounds.process import clock

from . import Reply, opa_version
from .transport import Endpoint, Received

if TYPE_CHECKING:
    import requests

MAX_REQUEST = 2**19
"""How large a request OPA takes as it is shipped (`server.decoding` of its configuration)."""
_TOKEN_HINT = "is the bearer token's SHA-256 in `peps`, or the feed's in `settings.feed_writers`?"  # noqa: S105 -- a hint
_NO_TOKEN_HINT = (
    "no token was sent; set INBOUNDS_PDP_TOKEN (the feed's writer: give `--token-file`)"  # noqa: S105 -- a hint
)
_BUNDLE_HINT = "before its first bundle OPA answers 500: is the bundle loaded? `/health?bundles`"
_ADDRESS_HINT = "is this address an OPA, and not a page or a proxy before it?"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C §3.2
_VERSION = "/v1/data/system/version/version"
_VERSION_HOLDS = 60.0
"""For how long a version that was read is relied on, in seconds: an OPA may be replaced."""
_NO_POLICY = b"authorization policy missing or undefined"


class OpaServer:
    """A PDP: OPA with the policy bundle, over HTTP or a Unix socket.

    Only HTTP 200 with a JSON object that has a `result` is an answer, and that of an OPA that
    says it is of an unsupported version does not count. Threads share one instance.

    Args:
        url: `http://host:port`, `https://host:port` or `unix:///path/of.sock`.
        token: The PEP's bearer token, or None where OPA asks for none.
        verify: As in `requests`: True, or the file of a certificate authority.
        cert: As in `requests`: the client's certificate, or certificate and key.
        session: A `requests.Session` to send with. Its transport for this URL is replaced.
        cleartext: Send the token over plain HTTP beyond this machine all the same.

    Raises:
        ConfigurationError: The URL or the token cannot be used, or the token would pass in
            clear text.
    """

    name = "opa"

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        session: requests.Session | None = None,
        cleartext: bool = False,
    ) -> None:
        self.url = url
        self._version_holds_until = float("-inf")
        self._endpoint = Endpoint(
            url, token=token, verify=verify, cert=cert, session=session, cleartext=cleartext
        )

    def __repr__(self) -> str:
        return f"OpaServer({self.url!r})"

    def ask(
        self, entrypoint: str, question: bytes, *, deadline: float, traceparent: str = ""
    ) -> Reply:
        """Evaluate one entry point; see `PolicyDecisionPoint.ask`.

        Raises:
            ConfigurationError: `opa.unsupported`: OPA says that it is of another version than
                the supported ones.
            DecisionUnavailable: `question.too_large`: OPA would not read it; nothing was sent.
        """
        body = b'{"input":' + question + b"}"
        if len(body) > MAX_REQUEST:
            raise DecisionUnavailable(
                f"the question must be at most {MAX_REQUEST} bytes for an OPA; it has {len(body)}",
                code="question.too_large",
                hint="pass large content by reference, such as the path of a file, and ask about "
                "fewer calls at a time",
            )
        received = self._endpoint.send(
            "POST",
            f"/v1/data/{entrypoint}?strict-builtin-errors=true",
            body,
            deadline=deadline,
            headers={"traceparent": traceparent} if _TRACEPARENT.fullmatch(traceparent) else None,
        )
        answer = json_object(received)
        if "result" not in answer:
            raise InvalidAnswer(
                "OPA answered without a result: the entry point is undefined",
                hint="undefined: is the bundle loaded and the path right?",
            )
        self._require_supported(deadline)
        engine_id = answer.get("decision_id", "")
        return Reply(answer["result"], engine_id if isinstance(engine_id, str) else "")

    def health(self, *, bundles: bool = True, seconds: float = 5.0) -> bool:
        """Tell whether OPA is up, and with `bundles` whether every bundle has been activated.

        Raises:
            DecisionUnavailable: Nobody there, or not an OPA.
        """
        path = "/health?bundles" if bundles else "/health"
        received = self._endpoint.send("GET", path, deadline=clock.monotonic() + seconds)
        if received.status == 500:
            return False
        json_object(received)
        return True

    def versions(self, *, seconds: float = 5.0) -> dict[str, Any]:
        """Read what is running: `opa`, and the revision of each bundle by its name.

        Raises:
            DecisionUnavailable: Nobody there, or this token may not read it.
        """
        deadline = clock.monotonic() + seconds
        version = self._read("/v1/data/system/version", deadline)
        bundles = self._read("/v1/data/system/bundles", deadline)
        return {
            "opa": version.get("version", ""),
            "bundles": {
                name: bundle.get("manifest", {}).get("revision", "")
                for name, bundle in bundles.items()
            },
        }

    def version(self, *, seconds: float = 5.0) -> str:
        """Read the version of OPA; "" where it does not tell this PEP.

        Raises:
            DecisionUnavailable: Nobody there.
        """
        return self._version(clock.monotonic() + seconds)

    def _version(self, deadline: float) -> str:
        received = self._endpoint.send("GET", _VERSION, deadline=deadline)
        try:
            said = json_object(received).get("result", "")
        except DecisionUnavailable:
            return ""
        return said if isinstance(said, str) else ""

    def _require_supported(self, deadline: float) -> None:
        now = clock.monotonic()
        if now < self._version_holds_until:
            return
        try:
            said = self._version(deadline)
        except DecisionUnavailable:
            return  # it has just answered; the next question reads it again
        # A policy of one's own may keep it closed: who does not tell is not known to be old.
        if said and not opa_version.supported(opa_version.parse(said)):
            raise ConfigurationError(
                f"{self.url} is OPA {said}, and {opa_version.described()} is needed",
                code="opa.unsupported",
                hint="install another OPA there; the answers of this one are not trusted",
            )
        self._version_holds_until = now + _VERSION_HOLDS

    def _read(self, path: str, deadline: float) -> dict[str, Any]:
        result = json_object(self._endpoint.send("GET", path, deadline=deadline)).get("result", {})
        return result if isinstance(result, dict) else {}

    def close(self) -> None:
        """Close the connections. A closed PDP answers nothing."""
        self._endpoint.close()


def json_object(received: Received) -> dict[str, Any]:
    """Take the JSON object out of what OPA sent, if that is an answer at all.

    Raises:
        Unreachable: OPA refused the caller, or has a fault of its own.
        InvalidAnswer: Not from an OPA, or no JSON object.
    """
    accepted(received, 200)
    try:
        answer = strict_json(received.body)
    except NotStrictJson as fault:
        raise InvalidAnswer(f"the answer is {fault}", hint=_ADDRESS_HINT) from None
    if not isinstance(answer, dict):
        raise InvalidAnswer("the answer is not a JSON object", hint=_ADDRESS_HINT)
    return answer


def accepted(received: Received, expected: int) -> None:
    """Refuse every HTTP status but the expected one, and say what it means with OPA.

    Raises:
        Unreachable: OPA refused the caller, or has a fault of its own.
        InvalidAnswer: A redirect, or nothing is there.
    """
    status = received.status
    if status == expected:
        return
    if status in (401, 403):
        hint = _TOKEN_HINT if received.with_token else _NO_TOKEN_HINT
        raise Unreachable(f"OPA refused this caller (HTTP {status})", hint=hint)
    if status == 500 and _NO_POLICY in received.body:
        raise Unreachable("OPA has no policy yet (HTTP 500)", hint=_BUNDLE_HINT)
    if status >= 500:
        raise Unreachable(f"OPA has a fault of its own (HTTP {status})", hint=_BUNDLE_HINT)
    if 300 <= status < 400:
        raise InvalidAnswer(f"a redirect (HTTP {status}) is not followed", hint=_ADDRESS_HINT)
    if status == 404 or status < 300:
        raise InvalidAnswer(f"HTTP {status} where {expected} was expected", hint=_ADDRESS_HINT)
    raise Unreachable(f"OPA did not take the question (HTTP {status})")
