"""An identity from SPIRE, or from whatever else serves the SPIFFE Workload API."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.model.spiffe import is_spiffe_id
from inbounds.process import clock

from .compact import read_compact, unusable
from .token import IdentityToken
from .workload_api import fetch_svid

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = "SPIFFE_ENDPOINT_SOCKET"
_SOCKET = re.compile(r"unix:(?://)?(?P<path>/[^/?#%][^?#%]*)")
_ALGORITHMS = ("ES256", "RS256", "PS256")
_MEMBERS = {"alg", "kid", "typ"}
_ISSUED = "from the Workload API"
_AHEAD = 30


class SpireIdentity:
    """Fetches the agent's JWT-SVID from the SPIFFE Workload API. It needs the extra `spire`.

    What the Workload API returns is held to the JWT-SVID standard before it is sent on, and the
    policy verifies it. A connection is opened for each fetch, which a guard makes once in
    the life of a token. Thread-safe. gRPC does not survive a fork, so in the children of one
    each fetch is made by a process of its own, which takes about a second.

    Args:
        audience: The audience of the deployment, as `settings.yaml` has it.
        socket: The Workload API, `unix:///path/of.sock`; by default what
            `SPIFFE_ENDPOINT_SOCKET` says.
        timeout: How many seconds a fetch may take.
        longest: How many seconds a token may live; one that lives longer is refused.

    Raises:
        ConfigurationError: `configuration.spire`: the package `spiffe` is missing, or
            no socket is named that can be used.

    Source: https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md
    """

    def __init__(
        self,
        *,
        audience: str,
        socket: str | None = None,
        timeout: float = 5.0,
        longest: int = 3600,
    ) -> None:
        named = socket or os.environ.get(_VARIABLE, "")
        found = _SOCKET.fullmatch(named)
        if found is None:
            raise ConfigurationError(
                "the Workload API is not named by a Unix socket",
                code="configuration.spire",
                hint=f"SpireIdentity(socket='unix:///path/of.sock'), or {_VARIABLE}",
            )
        if not audience:
            raise ConfigurationError(
                "a JWT-SVID is asked for without an audience",
                code="configuration.spire",
                hint="SpireIdentity(audience=…), as `settings.yaml` has it",
            )
        _require_spiffe()
        self._socket = f"unix://{found['path']}"
        self._audience = audience
        self._timeout = timeout
        self._longest = longest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._socket!r})"

    def identity(self, agent: str) -> IdentityToken:
        """Return the agent's JWT-SVID. See `IdentityProvider.identity`.

        Raises:
            TokenInvalid: `identity.not_issued`: `agent` is not a SPIFFE ID, or the Workload API
                does not issue it to this process.
            DecisionUnavailable: `identity.unreachable`: the Workload API did not answer;
                `identity.unusable`: it returned no JWT-SVID of this agent that can be used.
        """
        if not is_spiffe_id(agent):
            raise TokenInvalid(
                "the agent's id is not a SPIFFE ID, so no JWT-SVID is issued for it",
                code="identity.not_issued",
                hint="spiffe://<trust domain>/<path>, in the form that the deployment has",
            )
        token = self._fetched(agent)
        said = read_compact(token, _ISSUED)
        if fault := self._fault(said.header, said.claims, agent):
            raise unusable(_ISSUED, fault, "see the registration entry and the server of SPIRE")
        return IdentityToken(token, said.expires)

    def _fetched(self, agent: str) -> str:
        reply = fetch_svid(self._socket, self._audience, agent, self._timeout)
        if reply.status == "PERMISSION_DENIED":
            raise TokenInvalid(
                "the Workload API issues no such identity to this process",
                code="identity.not_issued",
                hint="register the workload: `spire-server entry create`; it takes some seconds",
            )
        if reply.status:
            raise DecisionUnavailable(
                f"the Workload API at {self._socket} did not answer: {reply.status.lower()}",
                code="identity.unreachable",
                hint="see that the agent of SPIRE runs, and that its socket is mounted",
            )
        if not reply.token:
            raise unusable(
                _ISSUED,
                "it is not a JWT-SVID",
                "see the registration entry and the server of SPIRE",
            )
        return reply.token

    def _fault(self, header: Mapping[str, Any], claims: Mapping[str, Any], agent: str) -> str:
        now = clock.now()
        issued = claims.get("iat")
        if unknown := header.keys() - _MEMBERS:
            return f"its header has {len(unknown)} members that a JWT-SVID does not (section 2)"
        if header.get("alg") not in _ALGORITHMS:
            return f"it is signed with none of {', '.join(_ALGORITHMS)}"
        if not isinstance(header.get("kid"), str) or not header["kid"]:
            return "it does not say whose key has signed it"
        if header.get("typ") != "JWT":
            return "it does not say that it is a `JWT`, or says something else (`typ`)"
        if not isinstance(claims.get("iss"), str) or not claims["iss"]:
            return "it does not say who issued it (`iss`): SPIRE's server has a `jwt_issuer` to set"
        if claims.get("sub") != agent:
            return "it is another workload's"
        if claims.get("aud") not in (self._audience, [self._audience]):
            return "it is meant for others (`aud`)"
        if type(issued) is not int or issued > now + _AHEAD:
            return "it does not say when it was issued, or that it was in the future (`iat`)"
        if claims["exp"] - min(now, issued) > self._longest:
            return f"it lives for more than {self._longest} seconds"
        return ""


def _require_spiffe() -> None:
    try:
        import spiffe  # noqa: F401 -- whether it is there
    except ImportError as error:
        raise ConfigurationError(
            "JWT-SVIDs are fetched with the package `spiffe`, which is not there",
            code="configuration.spire",
            hint="pip install 'inbounds[spire]'",
        ) from error
