"""How the issuer is, and whether the deployment takes what a development one signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from inbounds.dev.issuer import read_about
from inbounds.dev.setup import deployment_entries
from inbounds.errors import ConfigurationError

from .deployed import deployed
from .finding import Finding, State, tried

if TYPE_CHECKING:
    from pathlib import Path

    from inbounds.dev.issuer import About
    from inbounds.model.deployment import Deployment
    from inbounds.pep.config import Configuration


def findings(configuration: Configuration) -> Iterator[Finding]:
    """Look at the issuer's folder, and at what the deployment says of its keys."""
    if configuration.issuer_url:
        yield from tried("issuer", lambda: iter([_service(configuration)]))
        return
    folder = configuration.home_folder / "issuer"
    if not (folder / "issuer.json").exists():
        state: State = "note" if configuration.pdp_url else "fix"
        hint = "run `inbounds init` for a development one, or pass `Guard(issuer=…)`"
        yield Finding("issuer", state, f"there is no issuer in {folder}", hint)
        return
    about = read_about(folder)
    yield Finding("issuer", "ok", f"a development issuer, for {about.agent} in {about.environment}")
    try:
        deployment, _ = deployed(configuration)
    except ConfigurationError:
        said = "it is unknown whether the deployment accepts its tokens"
        if configuration.pdp_url:
            yield Finding(
                "issuer", "note", said, "the YAML of the deployment is not on this machine"
            )
        return
    yield from _accepted(folder, about, deployment)


def _service(configuration: Configuration) -> Finding:
    """Whether the issuer's service answers, with the keys that its tokens are verified by.

    Raises:
        DecisionUnavailable: It does not.
    """
    from inbounds.identity.jwks import JwksSource

    url = configuration.issuer_url
    JwksSource(url, ca=configuration.issuer_ca or None, timeout=5).keys()
    return Finding("issuer", "ok", f"the service at {url}")


def _accepted(folder: Path, about: About, deployment: Deployment) -> Iterator[Finding]:
    stated = deployment_entries(folder)
    keys = stated["issuers"]["development"]["keys"]
    known = {
        kid: jwk
        for entry in deployment.issuers.values()
        if entry.issuer == about.issuer
        for kid, jwk in entry.keys.items()
    }
    again = "run `inbounds init`, which adds it"
    if known.get(about.kid) != keys.get(about.kid):
        yield Finding("issuer", "fix", "issuers.yaml lacks the key of this issuer", again)
    feed = stated["feed"]["keys"]
    if any(deployment.feed.keys.get(kid) != jwk for kid, jwk in feed.items()):
        yield Finding("feed", "fix", "feed.yaml lacks the key of the development feed", again)
    environment = deployment.environments.get(about.environment)
    if environment is None or not environment.development:
        yield Finding(
            "issuer",
            "fix",
            f"`{about.environment}` is not a development environment, so its tokens are refused",
            "set `development: true` in environments.yaml, or use a production issuer",
        )
    if about.agent not in deployment.agents:
        said = f"{about.agent} is not in agents.yaml"
        yield Finding("issuer", "fix", said, "add the agent there")
    if about.pep not in deployment.peps:
        yield Finding("issuer", "fix", f"{about.pep} is not in peps.yaml", "add it there")
