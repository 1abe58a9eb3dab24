"""What an access token is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from inbounds.errors import ConfigurationError

# RFC 6749 §3.3
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the access token of a credential is for.

    Attributes:
        audience: The one whom it is for, exactly as its `aud` says it.
        scope: What it may be good for at most, in words with one space between them.
        resource: The URI to ask for (RFC 8707), where the server is not asked for an `audience`.

    Raises:
        ConfigurationError: `configuration.token_exchange`: one of them cannot be one.
    """

    audience: str
    scope: str
    resource: str = ""

    def __post_init__(self) -> None:
        if not self.audience:
            raise misconfigured("a credential has no `audience`")
        if not _SCOPE.fullmatch(self.scope):
            raise misconfigured("the `scope` of a credential must follow RFC 6749 §3.3")
        if self.resource and (not urlsplit(self.resource).scheme or "#" in self.resource):
            raise misconfigured("the `resource` of a credential must follow RFC 8707 §2")

    @property
    def scopes(self) -> frozenset[str]:
        """The words of its scope."""
        return frozenset(self.scope.split(" "))

    def form(self) -> dict[str, str]:
        """Return how it is asked for (RFC 8693 §2.1)."""
        asked = {"resource": self.resource} if self.resource else {"audience": self.audience}
        return {**asked, "scope": self.scope}


def misconfigured(why: str) -> ConfigurationError:
    """Say why no token can be exchanged."""
    return ConfigurationError(
        f"tokens cannot be exchanged: {why}",
        code="configuration.token_exchange",
        hint="docs/leases.md says what `TokenExchange` and `Target` take",
    )
