"""Ordinary calls: questions in which no fault is to be found."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from inbounds.canonical import canonicalise
from inbounds.models import Argument

from . import words
from .tokens import Signer, Token
from .tools import TEMPLATES, Template
from .worlds import EFFECTS, GOOD, World


@dataclass(slots=True)
class Draft:
    """A question before its tokens are signed.

    Attributes:
        live: The state of the feed it is asked in.
        tool: The name of the tool.
        template: How that tool is ordinarily called.
        identity: Who runs.
        task: What was approved.
        question: All else.
    """

    live: str
    tool: str
    template: Template
    identity: Token
    task: Token
    question: dict[str, Any]

    @property
    def authority(self) -> dict[str, Any]:
        """The one entry of `authorization_details`."""
        entry: dict[str, Any] = self.task.claims["authorization_details"][0]
        return entry

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the call."""
        arguments: dict[str, Any] = self.question["action"]["properties"]["arguments"]
        return arguments

    @property
    def session(self) -> dict[str, Any]:
        """The session."""
        session: dict[str, Any] = self.question["context"]["session"]
        return session

    def signed(self) -> dict[str, Any]:
        """Return the question with its tokens in their places."""
        question = copy.deepcopy(self.question)
        credentials = question["context"]["credentials"]
        credentials["identity"] = self.identity.compact()
        credentials["task"] = self.task.compact()
        return question


def ordinary(r: Random, world: World, among: Mapping[str, Template] = TEMPLATES) -> Draft:
    """Draw an ordinary call of one of the tools in `among`."""
    tool = r.choice(sorted(among))
    template = among[tool]
    entry = world.plan["tools"][tool]
    subject = r.choice(world.subjects)
    workload = subject.startswith("spiffe:")
    agent = r.choice(world.agents)
    environment = entry.get("environment", world.environment)
    canonical = canonicalise(
        template.draws(r),
        {
            pattern: Argument.model_validate_json(_text(about))
            for pattern, about in template.arguments.items()
        },
    )
    whole = r.random() < 0.2
    parsed = {
        pointer: leaf.model_dump(exclude_defaults=not whole)
        for pointer, leaf in canonical.parsed.items()
    }
    resource = template.ids(r, canonical.arguments)
    sid = words.name(r)
    return Draft(
        live=GOOD,
        tool=tool,
        template=template,
        identity=_identity(r, world, agent),
        task=_task(
            r,
            world,
            _authority(r, world, tool, (environment, resource), canonical.arguments),
            (agent, subject, sid),
        ),
        question={
            "question": 1,
            "subject": {
                "type": "workload" if workload else "user",
                "id": subject,
                **r.choice([{}, {"properties": {}}, {"properties": {"a": words.value(r)}}]),
            },
            "action": {
                "name": tool,
                "properties": {
                    "arguments": canonical.arguments,
                    "digest": f"hmac-sha256:key-1:{r.getrandbits(64):016x}",
                    "registry": world.plan["revision"],
                    "parsed": parsed,
                    **r.choice([{}, {"origins": {}}, {"origins": _origins(r, parsed)}]),
                    **({"more": words.value(r)} if r.random() < 0.1 else {}),
                },
            },
            "resource": {
                "type": template.resource,
                "id": resource,
                "properties": _resource(r, world, entry, environment),
            },
            "context": {
                "decision": {"id": f"01890000-0000-7000-8000-{r.getrandbits(48):012x}"},
                "agent": agent,
                "credentials": {
                    "identity": "",
                    "task": "",
                    **r.choice([{}, {"chain": [], "approvals": []}]),
                },
                "session": session(r, world, sid),
                **r.choice(
                    [{}, {"environment": {}}, {"environment": {"network": words.text(r, 9)}}]
                ),
                "pep": {
                    "id": "pep-1",
                    "version": "1",
                    "supported_obligations": words.some(r, ["notify", "redact"]),
                },
            },
        },
    )


def session(r: Random, world: World, sid: str) -> dict[str, Any]:
    """Draw a session that may go on."""
    count = [0, 1, 17, r.randint(0, 10_000), 2**53 - 2]
    return {
        "id": sid,
        "version": r.choice(count),
        "trust": r.choice(["trusted", "untrusted"]),
        "label": r.choice(world.order),
        "effects": words.some(r, EFFECTS),
        "spent": {name: r.choice(count) for name in ("calls", "writes", "exports")},
        "repeats": r.choice(count),
        "refusals": r.choice(count),
        "decisions": [f"decision-{r.randint(0, 99)}" for _ in range(r.randint(0, 8))],
    }


def header(signer: Signer, typ: str) -> dict[str, Any]:
    """The header of a token that `signer` signs."""
    return {"alg": signer.alg, "kid": signer.kid, "typ": typ}


def _identity(r: Random, world: World, agent: str) -> Token:
    signer = r.choice([known for known in world.identity if known.alg != "EdDSA"])
    audience = world.plan["settings"]["audience"]
    issued = world.now - r.randint(-30, 100)
    claims = {
        "iss": _issuer(world, signer),
        "sub": agent,
        "aud": r.choice([[audience], audience]),
        "iat": issued,
        "exp": max(issued, world.now) + r.choice([1, 60, 169]),
        **r.choice([{}, {"jti": words.name(r)}]),
        **r.choice([{}, {"nbf": issued}, {"nbf": 0}]),
        **({words.name(r) + "-more": words.value(r)} if r.random() < 0.1 else {}),
    }
    return Token(header(signer, "JWT"), claims, signer)


def _authority(
    r: Random,
    world: World,
    tool: str,
    where: tuple[str, str],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    environment, resource = where
    template = TEMPLATES[tool]
    prefixes = ["?", resource[: r.randint(1, 9)]]
    return {
        "type": "inbounds_task",
        "intent": "work",
        "effects": sorted({*template.effects, *words.some(r, EFFECTS)}),
        "tools": {
            **{name: {} for name in words.some(r, ["mail.read", "no such tool", words.name(r)])},
            tool: r.choice([{}, {"arguments": {}}, {"arguments": _narrowed(r, arguments)}]),
        },
        "resources": [
            *r.choice([[], [{"type": "vault"}], [{"type": "file", "prefixes": ["/opt/"]}]]),
            {
                "type": template.resource,
                **r.choice([{}, {"prefixes": [""]}, {"prefixes": prefixes}]),
            },
        ],
        "destinations": [*template.destinations, *words.some(r, ["press", "no such place"])],
        "label": r.choice(world.order[world.clearance :]),
        "budgets": r.choice([{}, {"calls": 0, "money": 2**53 - 1}]),
        "environment": environment,
        "deadline": world.now + r.choice([1, 3600, 2**40]),
    }


def _task(r: Random, world: World, authority: dict[str, Any], names: tuple[str, str, str]) -> Token:
    agent, subject, sid = names
    signer = r.choice(world.tasks)
    audience = world.plan["settings"]["audience"]
    issued = world.now - r.randint(-30, 100)
    claims = {
        "iss": _issuer(world, signer),
        "sub": subject,
        "aud": r.choice([[audience], audience]),
        "act": {"sub": agent, **r.choice([{}, {"act": {"sub": words.name(r)}}])},
        "iat": issued,
        "exp": max(issued, world.now) + r.choice([1, 60, 169]),
        "jti": words.name(r) + "-jti",
        "task": words.name(r) + "-task",
        "sid": sid,
        "tenant": world.tenant,
        "cnf": {"jwk": {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"}},
        "del_depth": r.choice([0, 1]),
        "del_max_depth": r.choice([1, 2, 2**53 - 1]),
        "authorization_details": [authority],
        **r.choice([{}, {"nbf": issued}]),
        **({"more": words.value(r)} if r.random() < 0.1 else {}),
    }
    return Token(header(signer, "task+jwt"), claims, signer)


def _narrowed(r: Random, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Constraints that plain arguments meet."""
    bounds: dict[str, Any] = {"/no/such/argument": {"one_of": ["x"]}}
    for name, value in arguments.items():
        pattern = "/" + name.replace("~", "~0").replace("/", "~1")
        if isinstance(value, str) and "*" not in name:
            bounds[pattern] = r.choice(
                [
                    {"one_of": ["x", value]},
                    {"max_length": len(value)},
                    {"pattern": "(?s).*", "max_length": 2**53 - 1},
                ]
            )
        elif isinstance(value, int | float) and not isinstance(value, bool):
            bounds[pattern] = r.choice(
                [
                    {"minimum": value, "maximum": value},
                    {"one_of": [value, "x"]},
                    {"minimum": -(2**53)},
                ]
            )
    return {pattern: bounds[pattern] for pattern in words.some(r, bounds)}


def _issuer(world: World, signer: Signer) -> str:
    names = [
        entry["issuer"] for entry in world.plan["issuers"].values() if signer.kid in entry["keys"]
    ]
    return str(names[0])


def _origins(r: Random, parsed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        pointer: r.choice(
            [
                {"source": "prompt", "grade": "prompt"},
                {"source": "tool", "tool": "mail.read", "call": 3, "grade": "third_party_text"},
            ]
        )
        for pointer in words.some(r, parsed)
    }


def _resource(
    r: Random, world: World, entry: Mapping[str, Any], environment: str
) -> dict[str, Any]:
    said = {
        **({} if "tenant" in entry else {"tenant": world.tenant}),
        **({} if "environment" in entry else {"environment": environment}),
    }
    return {
        **said,
        **r.choice([{}, {"tenant": world.tenant}, {"environment": environment}]),
        **r.choice([{}, {"label": ""}, {"label": r.choice(world.order[: world.clearance + 1])}]),
        **({"more": words.value(r)} if r.random() < 0.1 else {}),
    }


def _text(about: Mapping[str, Any]) -> str:
    return json.dumps(about)
