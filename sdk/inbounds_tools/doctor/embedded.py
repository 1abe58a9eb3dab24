"""How the policy in this process is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds.dev.deployment import document
from inbounds.dev.setup import feed_as_of
from inbounds.engine import assets
from inbounds.engine.bundle import read_signed
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.live.head import empty_lists
from inbounds.model.question import QUESTION_VERSION
from inbounds.pdp import DECISION
from inbounds.process import clock

from .deployed import deployed
from .feed_key import unknown_key
from .finding import Finding, tried

if TYPE_CHECKING:
    from inbounds.model.deployment import Deployment
    from inbounds.pep.config import Configuration

_SECONDS_TO_ANSWER = 10.0


def findings(configuration: Configuration) -> Iterator[Finding]:
    """Look at the bundle, the deployment, and whether both together answer."""
    bundle = configuration.bundle or assets.wasm_bundle()
    key = configuration.bundle_key or assets.release_key()
    signed = read_signed(bundle, key)
    questions = signed.metadata.get("questions", [])
    if QUESTION_VERSION in questions:
        yield Finding("policy", "ok", f"revision {signed.revision}, its signature is valid")
    else:
        said = (
            f"revision {signed.revision} answers the questions {questions}, not {QUESTION_VERSION}"
        )
        yield Finding(
            "policy", "fix", said, "use the bundle that belongs to this version of the SDK"
        )
    yield from _clock(signed.metadata.get("sequence", 0))

    found: list[Deployment] = []

    def deployment() -> Iterator[Finding]:
        read, source = deployed(configuration)
        found.append(read)
        yield from _deployment(configuration, read, source)

    yield from tried("deployment", deployment)
    if found:
        issuer = configuration.home_folder / "issuer"
        own = document(found[0])
        yield from tried("answers", lambda: _answers(bundle, key, own, issuer))


def _clock(built: Any) -> Iterator[Finding]:
    if isinstance(built, int) and clock.now() < built:
        said = "the clock of this machine is earlier than the build of the policy"
        yield Finding(
            "clock", "fix", said, "set the clock; the lifetime of every token is compared with it"
        )


def _deployment(
    configuration: Configuration, deployment: Deployment, source: str
) -> Iterator[Finding]:
    said = (
        f"{source}, {deployment.revision}; "
        f"tools: {len(deployment.tools)}, agents: {len(deployment.agents)}, "
        f"intents: {len(deployment.intents)}"
    )
    yield Finding("deployment", "ok", said)
    inside = source != f"{configuration.deployment_folder}/"
    unset = sorted(name for name, tool in deployment.tools.items() if not tool.effects)
    if unset:
        yield Finding(
            "deployment",
            "fix",
            f"the effects of {_shown(unset)} are not set, so every call of them is denied",
            f"set `effects` in {configuration.deployment_folder / 'tools.yaml'}"
            + (", then build the bundle again" if inside else ""),
        )
    if inside and configuration.deployment:
        said = f"{configuration.deployment_folder} is ignored: the bundle holds its own deployment"
        yield Finding("deployment", "note", said)


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _answers(
    bundle: Any, key: Any, deployment: Mapping[str, Any], issuer: Path
) -> Iterator[Finding]:
    live: dict[str, Any] = {}
    if _signs_feed(issuer):
        live = {"baseline": empty_lists(), "now": feed_as_of(issuer, int(clock.now()))}
    policy = EmbeddedPolicy(bundle, key=key, deployment=lambda: deployment, live=live)
    try:
        begun = clock.monotonic()
        answer = policy.ask(DECISION, b"{}", deadline=begun + _SECONDS_TO_ANSWER).result
        taken = 1000 * (clock.monotonic() - begun)
    finally:
        policy.close()
    context = answer["context"] if isinstance(answer, dict) else {}
    if context.get("outcome") == "deny":
        yield Finding("answers", "ok", f"an invalid question is denied, in {taken:.1f} ms")
    else:
        said = "an invalid question must be denied, and is not"
        yield Finding("answers", "fix", said, "use another bundle; this one is faulty")
    if not live:
        said = "no key here signs the revocation feed, so every call is denied"
        yield Finding("feed", "fix", said, "run `inbounds init`, which makes a development issuer")
    elif context.get("policy", {}).get("live_as_of"):
        yield Finding("feed", "ok", "signed in this process, and accepted by the policy")
    else:
        kid = unknown_key(context)
        key = f": key {kid} is not in feed.yaml" if kid else ""
        said = f"signed in this process, and not accepted by the policy{key}"
        yield Finding("feed", "fix", said, "add its public key to `keys` in deployment/feed.yaml")


def _signs_feed(issuer: Path) -> bool:
    return (issuer / "feed.pem").exists()
