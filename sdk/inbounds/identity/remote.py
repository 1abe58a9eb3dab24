"""JSON documents of an identity provider, asked for over HTTPS and believed in nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    Timeout,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pdp.transport import Endpoint, Received

MAX_BYTES = 2**18
"""How large a document may be."""
_KEPT = 8


class Remote:
    """Asks for documents by their URL; no redirect is followed, and nothing is taken as gzip.

    Thread-safe. A child process after a fork opens its own connections.

    Args:
        ca: The file of a certificate authority, or None for those that `certifi` has.
    """

    def __init__(self, ca: str | None = None) -> None:
        self._ca = ca
        self._endpoints: dict[str, Endpoint] = {}

    def get(self, url: str, what: str, *, deadline: float) -> dict[str, Any]:
        """Return the JSON object at a URL.

        Args:
            url: Where, in a form that `require_url` lets through.
            what: What it is, for a message.
            deadline: When to give up, in seconds on `clock.monotonic`.

        Raises:
            DecisionUnavailable: `identity.unreachable`: no answer, or another status than 200;
                `identity.unusable`: it is not a JSON object, or too large.
        """
        received = self.send("GET", url, what, deadline=deadline)
        if received.status != 200:
            raise unreachable(what, url, f"it answered with {received.status}")
        return json_object(received, what, url)

    def send(
        self,
        method: str,
        url: str,
        what: str,
        *,
        deadline: float,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Received:
        """Send one request, and return what came back, whatever its status.

        Raises:
            DecisionUnavailable: As `get` does.
        """
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            endpoint = self._endpoint(f"{parts.scheme}://{parts.netloc}")
            return endpoint.send(method, path, body, deadline=deadline, headers=headers)
        except Timeout:
            raise unreachable(what, url, "no answer in time") from None
        except Unreachable as error:
            raise unreachable(what, url, error.message.rpartition(": ")[2]) from None
        except InvalidAnswer as error:
            raise no_document(what, url, error.message) from None

    def _endpoint(self, base: str) -> Endpoint:
        from inbounds.pdp.transport import Endpoint

        if base not in self._endpoints:
            if len(self._endpoints) >= _KEPT:
                self._endpoints.clear()
            self._endpoints[base] = Endpoint(base, verify=self._ca or True, max_bytes=MAX_BYTES)
        return self._endpoints[base]


def require_url(url: object, what: str, *, query: bool = False) -> str:
    """Return a URL that may be asked: HTTPS, or plain HTTP on this machine.

    Args:
        url: What was said to be one.
        what: What it is, for a message.
        query: Whether it may have a query (RFC 6749 §3.2).

    Raises:
        ConfigurationError: `configuration.oidc`: it is not such a URL.
    """
    from inbounds.pdp.transport import readable_on_the_way

    fault = ""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        fault = "is not a URL"
    else:
        try:
            parts = urlsplit(url)
            whole = bool(parts.hostname) and parts.port != 0
        except ValueError:
            parts, whole = urlsplit(""), False
        if parts.scheme not in ("https", "http") or not whole:
            fault = "is not a URL of HTTPS"
        elif "@" in parts.netloc or parts.fragment or "\\" in url or (parts.query and not query):
            fault = "has a user, a query or a fragment"
        elif readable_on_the_way(url):
            fault = "is not HTTPS, so anybody on the way could answer"
    if fault:
        raise ConfigurationError(
            f"{what} {fault}",
            code="configuration.oidc",
            hint="https://host/path; plain HTTP counts on this machine alone",
        )
    return str(url)


def json_object(received: Received, what: str, url: str) -> dict[str, Any]:
    """Return what was received as a JSON object.

    Raises:
        DecisionUnavailable: `identity.unusable`: it is not a JSON object, or readers would
            differ about it.
    """
    try:
        value = strict_json(received.body)
    except NotStrictJson as error:
        raise no_document(what, url, str(error)) from None
    if not isinstance(value, dict):
        raise no_document(what, url, "it is not a JSON object")
    return value


def unreachable(what: str, url: str, why: str) -> DecisionUnavailable:
    """Say why a document was not brought."""
    return DecisionUnavailable(
        f"{what} at {url} could not be had: {why}",
        code="identity.unreachable",
        hint="see that the provider answers there, without a redirect, and that its certificate "
        "is of a known authority",
    )


def no_document(what: str, url: str, why: str) -> DecisionUnavailable:
    """Say why a document cannot be used."""
    return DecisionUnavailable(
        f"{what} at {url} cannot be used: {why}",
        code="identity.unusable",
        hint="check that the URL is the provider's, and the document there",
    )
