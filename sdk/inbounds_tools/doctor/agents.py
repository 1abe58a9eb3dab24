"""Whether the deployment that was read has an agent or an issuer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbounds.dev.schema_issues import suggestion
from inbounds.errors import ConfigurationError, InboundsError
from inbounds.model.spiffe import is_spiffe_id
from inbounds.pep.config import Configuration

from .deployed import deployed

if TYPE_CHECKING:
    from pathlib import Path

    from inbounds.model.deployment import Deployment

_HINT = "pass --deployment to use another folder"


@dataclass(frozen=True, slots=True)
class Sought:
    """What became of looking for an agent.

    Attributes:
        known: Whether the deployment names it; None where there is none to ask.
        said: What is to be told of that, or "".
        asked_for: Whether somebody named the deployment that was to be asked.
    """

    known: bool | None
    said: str = ""
    asked_for: bool = False


def sought(agent: str, deployment: Path | None) -> Sought:
    """Look for an agent in the deployment that was read.

    A deployment that cannot be read keeps nobody from stopping an agent.

    Args:
        agent: Its id.
        deployment: The folder; else the one that a `Guard` here would take.

    Raises:
        ConfigurationError: `live.not_an_agent`: the deployment does not know it, and nothing
            can act under that name.
    """
    found, place, why = _at_hand(deployment)
    named = None if found is None else frozenset(found.agents)
    if named is not None and agent in named:
        return Sought(known=True)
    if not is_spiffe_id(agent):
        raise ConfigurationError(
            f"an agent must be named by its SPIFFE ID; found `{agent}`"
            f"{_meant(agent, named or ())}; nothing was stopped",
            code="live.not_an_agent",
            hint="write `agent:spiffe://<trust domain>/<path>`, exactly as in agents.yaml",
        )
    asked_for = deployment is not None or bool(place)
    if named is None:
        return Sought(None, f"it is unknown whether this agent exists: {why}", asked_for)
    said = f"the deployment {place} has no such agent{_meant(agent, named)}"
    return Sought(known=False, said=said, asked_for=True)


def sought_issuer(name: str, deployment: Path | None) -> Sought:
    """Look for an issuer, by its name in issuers.yaml of the deployment that was read.

    Args:
        name: Its name.
        deployment: As `sought` has it.
    """
    found, place, why = _at_hand(deployment)
    if found is None:
        asked_for = deployment is not None or bool(place)
        return Sought(None, f"it is unknown whether this issuer exists: {why}", asked_for)
    if name in found.issuers:
        return Sought(known=True)
    said = f"the deployment {place} has no such issuer{suggestion(name, found.issuers)}"
    return Sought(known=False, said=said, asked_for=True)


def _at_hand(folder: Path | None) -> tuple[Deployment | None, str, str]:
    """The deployment, or None; where it stands; and why there is none."""
    place = ""
    try:
        configuration = Configuration.read({"deployment": folder})
        place = configuration.deployment
        found, source = deployed(configuration)
    except InboundsError as error:
        return None, place, f"{error.message.splitlines()[0]}; {_HINT}"
    return found, source, ""


def _meant(agent: str, known: Iterable[str]) -> str:
    """Say which agent comes close: the only one of that last name, or of nearly that id."""
    known = [*known]
    last = agent.rpartition("/")[2]
    alike = [name for name in known if name.rpartition("/")[2] == last]
    return f"; did you mean `{alike[0]}`?" if len(alike) == 1 else suggestion(agent, known)
