"""How an OPA server is, as far as a PEP may ask it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from inbounds.dev.deployment import load
from inbounds.dev.issuer import read_about
from inbounds.engine import assets
from inbounds.errors import ConfigurationError, DecisionUnavailable, Unreachable
from inbounds.pdp import DECISION, REGISTRY, opa_version
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.transport import Endpoint, readable_on_the_way
from inbounds.process import clock

from .feed_key import unknown_key
from .finding import Finding, of_error, tried

if TYPE_CHECKING:
    from inbounds.pep.config import Configuration

_SECONDS = 5.0
_SKEW = 5
"""How far clocks may differ, in seconds: a feed that is further ahead is stale to the policy."""
_HINT_KEY = "add it there and deploy, or run `inbounds live serve --key` with a key that is there"
_CLOSED = (401, 403)
_DOORS = ("/v1/policies", "/v1/data", "/v1/config", "/metrics")
"""What nobody has to reach: policies, data, configuration, figures."""


def findings(configuration: Configuration) -> Iterator[Finding]:
    """Look at health, token, policy, feed, doors and clock."""
    yield from _transport(configuration)
    opa = OpaServer(
        configuration.pdp_url,
        token=configuration.pdp_token or None,
        verify=configuration.pdp_ca or True,
        cert=configuration.pdp_cert or None,
        cleartext=configuration.pdp_cleartext,
    )
    try:
        if not opa.health(bundles=False, seconds=_SECONDS):
            yield Finding("health", "fix", "OPA is not healthy", "see its log")
        elif opa.health(seconds=_SECONDS):
            yield Finding("health", "ok", "up, and every bundle is active")
        else:
            said = "up, but not every bundle is active"
            yield Finding(
                "health",
                "fix",
                said,
                "see in its log whether it reaches its bundles and their signatures are valid",
            )
        yield _clock(_date(configuration))
        version = _version(opa)
        yield version
        if version.state != "fix":  # a PEP does not ask an OPA of another version
            yield from _token(configuration, opa)
            yield from tried("policy", lambda: _policy(configuration, opa))
    finally:
        opa.close()
    yield from _doors(configuration)


def _transport(configuration: Configuration) -> Iterator[Finding]:
    if readable_on_the_way(configuration.pdp_url):
        allowed = configuration.pdp_cleartext
        yield Finding(
            "transport",
            "note" if allowed else "fix",
            "the bearer token and every question are sent in clear text",
            "INBOUNDS_PDP_CLEARTEXT allows it" if allowed else "use https or a Unix socket",
        )


def _date(configuration: Configuration) -> str:
    """When OPA says that it answers (RFC 9110 §6.6.1)."""
    endpoint = _endpoint(configuration, None)
    try:
        return endpoint.send("GET", "/health", deadline=clock.monotonic() + _SECONDS).date
    finally:
        endpoint.close()


def _endpoint(configuration: Configuration, token: str | None) -> Endpoint:
    return Endpoint(
        configuration.pdp_url,
        token=token,
        verify=configuration.pdp_ca or True,
        cert=configuration.pdp_cert or None,
        cleartext=configuration.pdp_cleartext,
    )


def _clock(date: str) -> Finding:
    try:
        skew = parsedate_to_datetime(date).timestamp() - clock.now()
    except (TypeError, ValueError):
        return Finding("clock", "note", "OPA does not send its time")
    # The header is cut to whole seconds.
    apart = max(0, round(abs(skew + 0.5) - 0.5))
    said = f"OPA's clock and this one differ by {apart} s" if apart else "OPA's and this one agree"
    if apart <= _SKEW:
        return Finding("clock", "ok", said)
    return Finding("clock", "fix", said, "synchronise both machines by NTP")


def _token(configuration: Configuration, opa: OpaServer) -> Iterator[Finding]:
    if not configuration.pdp_token:
        hint = "set INBOUNDS_PDP_TOKEN, and put the SHA-256 of the token in deployment/peps.yaml"
        yield Finding("token", "fix", "no bearer token is set", hint)
    question = json.dumps({"question": 1, "tool": "-"}).encode()
    try:
        opa.ask(REGISTRY, question, deadline=clock.monotonic() + _SECONDS)
    except Unreachable as error:
        if configuration.pdp_token:
            yield Finding("token", "fix", error.message, error.hint)
    except DecisionUnavailable as error:
        yield of_error("token", error)
    else:
        if configuration.pdp_token:
            yield Finding("token", "ok", "accepted")


def _policy(configuration: Configuration, opa: OpaServer) -> Iterator[Finding]:
    pep = configuration.pep or _own_pep(configuration)
    if not pep:
        said = "the name of this PEP is unknown, so no question can be asked"
        yield Finding(
            "policy", "unknown", said, "set INBOUNDS_PEP to its name in deployment/peps.yaml"
        )
        return
    # No whole question, so it is denied; the answer says which policy denied it.
    question = json.dumps({"question": 1, "context": {"pep": {"id": pep}}}).encode()
    result = opa.ask(DECISION, question, deadline=clock.monotonic() + _SECONDS).result
    context = result.get("context", {}) if isinstance(result, dict) else {}
    stamp = context.get("policy", {})
    if context.get("outcome") != "deny" or not stamp.get("revision"):
        said = "an invalid question must be denied, and is not"
        yield Finding(
            "policy", "fix", said, "check that this OPA serves the policy of this package"
        )
        return
    yield Finding(
        "policy",
        "ok",
        f"revision {stamp['revision']}, deployment {stamp.get('deployment') or 'missing'}",
    )
    yield from _shipped(str(stamp["revision"]))
    yield _feed(configuration, stamp.get("live_as_of", 0), unknown_key(context))


def _own_pep(configuration: Configuration) -> str:
    try:
        return read_about(configuration.home_folder / "issuer").pep
    except ConfigurationError:
        return ""


def _shipped(revision: str) -> Iterator[Finding]:
    try:
        own = assets.policy_bundle().name.removeprefix("policy-").removesuffix(".tar.gz")
    except ConfigurationError:
        return
    if own != revision:
        yield Finding("policy", "note", f"the policy in this package is another revision, {own}")


def _feed(configuration: Configuration, as_of: Any, unknown: str = "") -> Finding:
    hint = "run `inbounds live serve`; it needs to reach this OPA, with a token of its own"
    if unknown:
        said = f"its head is signed by the key {unknown}, which is not in the feed.yaml of this OPA"
        return Finding("feed", "fix", said, _HINT_KEY)
    if not isinstance(as_of, int) or as_of <= 0:
        said = "the policy has no revocation feed that it accepts"
        more = (
            "; if it runs, check that `live-<revision>.tar.gz` is in force and that feed.yaml "
            "holds the public key that signs the feed"
        )
        return Finding("feed", "fix", said, hint + more)
    try:
        limit = load(configuration.deployment_folder).feed.max_age.other
    except ConfigurationError:
        limit = 10
    age = round(clock.now() - as_of)
    if age < -_SKEW:
        return Finding(
            "feed", "fix", f"its head is {-age} s in the future", "synchronise the clocks"
        )
    if age > limit:
        said = f"its head is {age} s old; a tool that acts needs one of at most {limit} s"
        return Finding("feed", "fix", said, hint)
    return Finding("feed", "ok", f"its head is {max(age, 0)} s old")


def _version(opa: OpaServer) -> Finding:
    said = opa.version(seconds=_SECONDS)
    if not said:
        return Finding("version", "note", "OPA does not report its version to this PEP")
    if opa_version.supported(opa_version.parse(said)):
        return Finding("version", "ok", f"OPA {said}")
    return Finding("version", "fix", f"OPA {said}", f"install OPA {opa_version.described()}")


def _doors(configuration: Configuration) -> Iterator[Finding]:
    """Whether OPA's own API is closed, to strangers and to this PEP."""
    opened: set[str] = set()
    for token in {None, configuration.pdp_token or None}:
        endpoint = _endpoint(configuration, token)
        try:
            for door in _DOORS:
                received = endpoint.send("GET", door, deadline=clock.monotonic() + _SECONDS)
                if received.status not in _CLOSED:
                    opened.add(door)
        except DecisionUnavailable as error:
            yield of_error("api", error)
            return
        finally:
            endpoint.close()
    if opened:
        said = f"OPA's own API is open: {', '.join(sorted(opened))}"
        hint = (
            "use the configuration that `inbounds serve --print-config` writes; it closes the API"
        )
        yield Finding("api", "fix", said, hint)
    else:
        yield Finding("api", "ok", "OPA's own API is closed")
