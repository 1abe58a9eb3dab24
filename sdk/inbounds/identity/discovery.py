"""What an identity provider says of itself at its well-known place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inbounds.errors import ConfigurationError

from .remote import json_object, no_document, require_url, unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .remote import Remote

_WHAT = "the provider's configuration"


@dataclass(frozen=True, slots=True)
class Provider:
    """What is used of a provider's metadata.

    Attributes:
        issuer: Its issuer identifier, as it was asked for.
        jwks_uri: Where its keys are.
        token_endpoint: Where tokens are asked for; empty where it has none, as Kubernetes.
        revocation_endpoint: Where they are given back (RFC 7009); empty where it has none.
    """

    issuer: str
    jwks_uri: str
    token_endpoint: str
    revocation_endpoint: str = ""


def require_issuer(issuer: str) -> str:
    """Return an issuer identifier that can be discovered.

    Raises:
        ConfigurationError: `configuration.oidc`: it is not a URL of HTTPS.
    """
    return require_url(issuer, f"the issuer {issuer!r}")


def discover(issuer: str, remote: Remote, *, deadline: float) -> Provider:
    """Ask a provider for its metadata: as OpenID Connect, else as OAuth has it.

    Args:
        issuer: The issuer identifier, exactly as its tokens say it in `iss`.
        remote: What asks.
        deadline: When to give up, in seconds on `clock.monotonic`.

    Raises:
        ConfigurationError: `configuration.oidc`: the issuer is not a URL of HTTPS.
        DecisionUnavailable: `identity.unreachable`: no answer; `identity.unusable`: it speaks for
            another issuer, or names places that cannot be asked.

    Source: OpenID Connect Discovery 1.0 §4; RFC 8414 §3.
    """
    parts = urlsplit(require_issuer(issuer))
    path = parts.path.rstrip("/")
    base = f"{parts.scheme}://{parts.netloc}"
    for url in (
        f"{base}{path}/.well-known/openid-configuration",
        f"{base}/.well-known/oauth-authorization-server{path}",
    ):
        received = remote.send("GET", url, _WHAT, deadline=deadline)
        if received.status != 404:
            break
    if received.status != 200:
        raise unreachable(_WHAT, url, f"it answered with {received.status}")
    said = json_object(received, _WHAT, url)
    # Whoever answers in another's name could have its tokens taken for the other's.
    if said.get("issuer") != issuer:
        raise no_document(_WHAT, url, "it speaks for another issuer (`issuer`)")
    try:
        return Provider(
            issuer,
            require_url(said.get("jwks_uri"), "its `jwks_uri`", query=True),
            _endpoint(said, "token_endpoint"),
            _endpoint(said, "revocation_endpoint"),
        )
    except ConfigurationError as error:
        raise no_document(_WHAT, url, error.message) from None


def _endpoint(said: Mapping[str, Any], name: str) -> str:
    return require_url(said[name], f"its `{name}`", query=True) if name in said else ""
