"""Credentials for tools, leased for one task and revoked when it ends.

A guard leases by its `leases=`: one `LeaseBackend`, or one for each credential. A tool has its
credential from `current`, and nobody else needs it:

    guard = Guard(leases=OpenBao("https://bao.example:8200", role="tickets", revoker="revoker",
                                 credentials={"tickets-db": "database/creds/tickets"}))

    @guard.tool("tickets.close", resource=lambda id: ("ticket", id))
    def close(id: str) -> None:
        login = credentials.current("tickets-db").value
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inbounds.lazy import lazy_names

if TYPE_CHECKING:
    from .aws import AssumedRole
    from .backend import Issued, LeaseBackend, LeaseRequest
    from .development import DevelopmentCredentials
    from .exchange import TokenExchange
    from .lease import Lease
    from .openbao import OpenBao
    from .presentation import authorization
    from .session_policy import AwsRole
    from .store import current
    from .target import Target

LEASE_TOOL: Final = "credential.lease"
"""The tool by whose name the registry lets agents lease credentials."""

_HOMES = {
    "LeaseRequest": ".backend",
    "AssumedRole": ".aws",
    "AwsRole": ".session_policy",
    "DevelopmentCredentials": ".development",
    "Issued": ".backend",
    "Lease": ".lease",
    "LeaseBackend": ".backend",
    "OpenBao": ".openbao",
    "Target": ".target",
    "TokenExchange": ".exchange",
    "authorization": ".presentation",
    "current": ".store",
}

__all__ = [
    "LEASE_TOOL",
    "AssumedRole",
    "AwsRole",
    "DevelopmentCredentials",
    "Issued",
    "Lease",
    "LeaseBackend",
    "LeaseRequest",
    "OpenBao",
    "Target",
    "TokenExchange",
    "authorization",
    "current",
]

# The deployment's loader takes the one constant; the rest comes when it is used.
__getattr__ = lazy_names(__name__, _HOMES)
