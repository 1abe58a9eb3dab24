"""The parts of a guard, one after another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from inbounds.errors import ConfigurationError
from inbounds.pep.config import PREFIX, Configuration

from . import embedded, issuer, server, state
from .finding import Finding, of_error, tried


def diagnose(
    options: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Look at everything that `Guard()` would use with these options, in this environment.

    Nothing is changed by it.

    Args:
        options: As a `Guard` takes them.
        environ: The environment.
    """
    known, findings = _variables(environ)
    yield from findings
    try:
        configuration = Configuration.read(options, known)
    except ConfigurationError as error:
        yield of_error("settings", error)
        return
    try:
        configuration.require_one_engine()
    except ConfigurationError as error:
        yield of_error("decides", error)
        return
    yield _decides(configuration, options)
    if configuration.pdp_url:
        yield from tried("policy", lambda: server.findings(configuration))
    else:
        yield from tried("policy", lambda: embedded.findings(configuration))
    yield from tried("issuer", lambda: issuer.findings(configuration))
    yield from state.findings(configuration)


def _variables(environ: Mapping[str, str]) -> tuple[dict[str, str], list[Finding]]:
    """The variables that mean something, and what is to be said of the others."""
    known, findings = {}, []
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        try:
            Configuration.read({}, {name: environ[name]})
        except ConfigurationError as error:
            findings.append(of_error("settings", error))
        else:
            known[name] = environ[name]
    if not findings:
        # Names only: one of them is a token.
        said = ", ".join(known) if known else "no INBOUNDS_ variable is set"
        findings = [Finding("settings", "ok", said)]
    return known, findings


def _decides(configuration: Configuration, options: Mapping[str, Any]) -> Finding:
    if not configuration.pdp_url:
        said = "the embedded policy, since INBOUNDS_PDP_URL is not set"
    elif options.get("pdp_url"):
        said = f"OPA at {configuration.pdp_url}, as the option --pdp says"
    else:
        said = f"OPA at {configuration.pdp_url}, since INBOUNDS_PDP_URL is set"
    return Finding("decides", "ok", said)
