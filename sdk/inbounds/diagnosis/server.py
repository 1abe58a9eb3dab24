"""How an OPA server is, as far as a PEP may ask it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from inbounds import assets, clock
from inbounds.deployment import load
from inbounds.errors import ConfigurationError, DecisionUnavailable, Unreachable
from inbounds.issuer.dev import read_about
from inbounds.pdp import DECISION, REGISTRY, opa_version
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.transport import Endpoint, readable_on_the_way

from .feed_key import unknown_key
from .finding import Finding, of_error, tried

if TYPE_CHECKING:
    from inbounds.config import Configuration

_SECONDS = 5.0
_SKEW = 5
"""How far clocks may differ, in seconds: a feed that is further ahead is stale to the policy."""
_HINT_KEY = "name it there and deploy, or `inbounds live serve --key` of one that is named"
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
            yield Finding("health", "mend", "OPA says it is not healthy", "its log says why")
        elif opa.health(seconds=_SECONDS):
            yield Finding("health", "ok", "up, and every bundle is active")
        else:
            said = "up, and not every bundle is active"
            yield Finding("health", "mend", said, "can it reach its bundles, and are they signed?")
        yield _clock(_date(configuration))
        version = _version(opa)
        yield version
        if version.state != "mend":  # a PEP does not ask an OPA of another version
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
            "note" if allowed else "mend",
            "the bearer token and every question pass in clear text",
            "INBOUNDS_PDP_CLEARTEXT allows it" if allowed else "https, or a Unix socket",
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
        return Finding("clock", "note", "OPA does not say what time it is")
    # The header is cut to whole seconds.
    apart = max(0, round(abs(skew + 0.5) - 0.5))
    said = f"{apart} s between OPA's and this one" if apart else "OPA's and this one agree"
    if apart <= _SKEW:
        return Finding("clock", "ok", said)
    return Finding("clock", "mend", said, "have both kept by NTP")


def _token(configuration: Configuration, opa: OpaServer) -> Iterator[Finding]:
    if not configuration.pdp_token:
        hint = "INBOUNDS_PDP_TOKEN; its SHA-256 belongs into deployment/peps.yaml"
        yield Finding("token", "mend", "no bearer token is set", hint)
    question = json.dumps({"question": 1, "tool": "-"}).encode()
    try:
        opa.ask(REGISTRY, question, deadline=clock.monotonic() + _SECONDS)
    except Unreachable as error:
        if configuration.pdp_token:
            yield Finding("token", "mend", error.message, error.hint)
    except DecisionUnavailable as error:
        yield of_error("token", error)
    else:
        if configuration.pdp_token:
            yield Finding("token", "ok", "accepted")


def _policy(configuration: Configuration, opa: OpaServer) -> Iterator[Finding]:
    pep = configuration.pep or _own_pep(configuration)
    if not pep:
        said = "which PEP this is is not known, so it cannot ask"
        yield Finding("policy", "untold", said, "INBOUNDS_PEP, as deployment/peps.yaml names it")
        return
    # No whole question, so it is denied; the answer says which policy denied it.
    question = json.dumps({"question": 1, "context": {"pep": {"id": pep}}}).encode()
    result = opa.ask(DECISION, question, deadline=clock.monotonic() + _SECONDS).result
    context = result.get("context", {}) if isinstance(result, dict) else {}
    stamp = context.get("policy", {})
    if context.get("outcome") != "deny" or not stamp.get("revision"):
        said = "what is no question is not denied"
        yield Finding("policy", "mend", said, "is this the policy of this package?")
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
        yield Finding("policy", "note", f"the policy in this package is another one, {own}")


def _feed(configuration: Configuration, as_of: Any, unknown: str = "") -> Finding:
    hint = "`inbounds live serve` brings it; it has to reach this OPA, with a token of its own"
    if unknown:
        said = f"its head is signed by key {unknown}, which feed.yaml of this OPA does not name"
        return Finding("feed", "mend", said, _HINT_KEY)
    if not isinstance(as_of, int) or as_of <= 0:
        said = "no revocation feed that the policy believes"
        more = "; where it does, is `live-<revision>.tar.gz` in force, and is its key feed.yaml's?"
        return Finding("feed", "mend", said, hint + more)
    try:
        limit = load(configuration.deployment_folder).feed.max_age.other
    except ConfigurationError:
        limit = 10
    age = round(clock.now() - as_of)
    if age < -_SKEW:
        return Finding("feed", "mend", f"its head is {-age} s in the future", "compare the clocks")
    if age > limit:
        said = f"its head is {age} s old, and {limit} s is the most for what is no reading"
        return Finding("feed", "mend", said, hint)
    return Finding("feed", "ok", f"its head is {max(age, 0)} s old")


def _version(opa: OpaServer) -> Finding:
    said = opa.version(seconds=_SECONDS)
    if not said:
        return Finding("version", "note", "it does not tell this PEP its version")
    if opa_version.supported(opa_version.parse(said)):
        return Finding("version", "ok", f"OPA {said}")
    return Finding("version", "mend", f"OPA {said}", f"OPA {opa_version.described()} is needed")


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
        hint = "`inbounds serve --print-config` writes a configuration that closes it"
        yield Finding("api", "mend", said, hint)
    else:
        yield Finding("api", "ok", "OPA's own API is closed")
