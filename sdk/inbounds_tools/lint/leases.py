"""Checks of leased credentials: whether tools that act need them, and whether they have them."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.credentials import LEASE_TOOL
from inbounds.model.deployment import Deployment
from inbounds.model.question import Tool

from .check import Check, Place, check

_POWER = ("write", "delete", "export", "execute", "spend", "administer")


def _is_leased(deployment: Deployment, tool: Tool) -> bool:
    credential = deployment.credentials.get(tool.credential)
    return credential is not None and credential.kind == "lease"


@check(
    "leases.missing",
    "error",
    title="A tool has an effect that needs a lease, and its credential is not leased",
    why="Each call with that effect is denied (`credential.lease_missing`).",
    now="Set `credential` to one of credentials.yaml that is leased, or remove the effect from"
    " `leases` in settings.yaml.",
)
def missing(deployment: Deployment) -> Iterator[Place]:
    """Yield tools with an effect in `settings.leases` whose credential is not leased."""
    demanded = {*deployment.settings.leases}
    for name, tool in deployment.tools.items():
        effects = sorted({*tool.effects} & demanded)
        if effects and name != LEASE_TOOL and not _is_leased(deployment, tool):
            yield Place(
                "tools",
                (name, "credential"),
                f"`{name}` has the effect `{effects[0]}`, and its credential is not leased",
            )


@check(
    "leases.not_demanded",
    "note",
    title="No effect needs a leased credential",
    why="A static credential outlives the task, and works without this policy.",
    now="List the effects that need a lease in `leases` of settings.yaml, such as `[execute]`.",
)
def not_demanded(deployment: Deployment) -> Iterator[Place]:
    """Yield a deployment with a production environment that requires no lease for any effect."""
    production = [name for name, each in deployment.environments.items() if not each.development]
    if deployment.settings.leases or not production:
        return
    for name, tool in deployment.tools.items():
        effects = [effect for effect in _POWER if effect in tool.effects]
        if effects and not _is_leased(deployment, tool):
            what = f"`{name}` has the effect `{effects[0]}`, and no effect needs a lease"
            yield Place("settings", ("leases",), what)
            return


CHECKS: tuple[Check, ...] = (missing, not_demanded)
