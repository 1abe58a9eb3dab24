"""Ordinary calls: questions in which no fault is to be found."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from inbounds.canonical.arguments import canonicalise
from inbounds.identity.signing_keys import THUMBPRINT_URI, thumbprint, token_hash
from inbounds.model.question import Argument
from inbounds.model.skeletons import skeletons

from . import words
from .tokens import Signer, Token
from .tools import HOSTS, PLACES, STEERING, TEMPLATES, Template, leaves
from .worlds import EFFECTS, GOOD, NAMING, World


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
        hops: The tokens of its hops, first to last.
        proof: What shows that the holder asks.
        leases: Those that the PEP holds; one of no task is of those who ask. None for no list.
    """

    live: str
    tool: str
    template: Template
    identity: Token
    task: Token
    question: dict[str, Any]
    hops: list[Token] = field(default_factory=list)
    proof: Token | None = None
    leases: list[dict[str, Any]] | None = None

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
        credentials["task"] = above = self.task.compact()
        for number, token in enumerate(self.hops):
            held = (self.task, *self.hops)[number].claims
            above = linked(token, above, held).compact()
            credentials["chain"] = [*credentials.get("chain", []), above]
        if self.proof is not None:
            credentials["proof"] = self.proof.compact()
        if self.leases is not None:
            question["context"]["leases"] = [self._held(lease) for lease in self.leases]
        return question

    def _held(self, lease: dict[str, Any]) -> dict[str, Any]:
        """A lease of the hop that asks, where it says of none."""
        if lease.get("task") != "":
            return lease
        names = [
            _said(self.task.claims, "task"),
            *(_said(hop.claims, "delegation") for hop in self.hops),
        ]
        return {**lease, "task": "/".join(names) if all(names) else "nobody"}


def _said(claims: Any, name: str) -> str:
    """A text among claims; what was damaged may be no claims at all."""
    value = claims.get(name) if isinstance(claims, dict) else None
    return value if isinstance(value, str) else ""


def ordinary(r: Random, world: World, among: Mapping[str, Template] = TEMPLATES) -> Draft:
    """Draw an ordinary call of one of the tools in `among`."""
    tool = r.choice(sorted(among))
    template = among[tool]
    entry = world.plan["tools"][tool]
    subject = r.choice(world.subjects)
    workload = subject.startswith("spiffe:")
    agent = r.choice(world.agents)
    environment = entry.get("environment", world.environment)
    registered = {
        pattern: Argument.model_validate_json(_text(about))
        for pattern, about in template.arguments.items()
    }
    canonical = canonicalise(template.draws(r), registered)
    whole = r.random() < 0.2
    parsed = {
        pointer: leaf.model_dump(exclude_defaults=not whole)
        for pointer, leaf in canonical.parsed.items()
    }
    resource = template.ids(r, canonical.arguments)
    sid = words.name(r)
    state = session(r, world, sid)
    if "execute" in template.effects or entry.get("reaches"):
        # Nothing that it runs was a stranger's.
        state["tainted_stores"] = []
    if template.destinations:
        # What the session has seen goes where the task may send.
        state["label"] = r.choice(world.order[: world.clearance + 1])
    task = _task(
        r,
        world,
        _authority(r, world, tool, (environment, resource), canonical.arguments),
        (agent, subject, sid),
    )
    if r.random() < 0.7:
        authority = task.claims["authorization_details"][0]
        state["tasks"][task.claims["task"]] = _taken(r, authority["deadline"])
    draft = Draft(
        live=GOOD,
        tool=tool,
        template=template,
        identity=_identity(r, world, agent),
        task=task,
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
                    "size": len(canonical.json),
                    "registry": world.plan["revision"],
                    "parsed": parsed,
                    **_origins(r, template, state, canonical.arguments),
                    "links": _links(r, template, canonical.arguments),
                    "skeletons": skeletons(
                        canonical.arguments, canonical.json, registered, resource
                    ),
                    **({"more": words.value(r)} if r.random() < 0.1 else {}),
                },
            },
            "resource": {
                "type": template.resource,
                "id": resource,
                "properties": {
                    **_resource(r, world, entry, environment),
                    **_served(r, tool, entry),
                },
            },
            "context": {
                "decision": {"id": f"01890000-0000-7000-8000-{r.getrandbits(48):012x}"},
                "agent": agent,
                "credentials": {
                    "identity": "",
                    "task": "",
                    **r.choice([{}, {"chain": [], "approvals": []}]),
                },
                "session": state,
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
    # Each hop keeps an account, and a session knows no more than eight.
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        hand_on(r, world, draft)
    if "administer" in template.effects or r.random() < 0.1:
        prove(r, world, draft)
    if entry.get("credential") == "leased":
        draft.leases = [lease(r, world, draft) for _ in range(r.choice([1, 1, 2]))]
    elif r.random() < 0.2:
        draft.leases = r.choice([[], [{**lease(r, world, draft), "credential": "other"}]])
    return draft


def lease(r: Random, world: World, draft: Draft) -> dict[str, Any]:
    """A lease that holds for whoever asks, of the credential that is leased."""
    last = (draft.hops or [draft.task])[-1].claims["authorization_details"][0]
    return {
        "credential": "leased",
        "handle": words.name(r),
        "task": "",
        "expires": r.choice([world.now + 1, last["deadline"]]),
    }


def hand_on(r: Random, world: World, draft: Draft) -> None:
    """Hand the task of a draft on to another agent, which asks then."""
    above = (draft.hops or [draft.task])[-1].claims
    had = {draft.task.claims["act"]["sub"]} | {token.claims["act"]["sub"] for token in draft.hops}
    free = [agent for agent in world.agents if agent not in had]
    if not free or above["del_depth"] >= above["del_max_depth"]:
        return
    agent, number = r.choice(free), len(draft.hops)
    signer = Signer(f"ec-holder-{number}", "ES256")
    entry = {
        "bounds": {},
        "windows": [],
        "delegated": [],
        **copy.deepcopy(above["authorization_details"][0]),
    }
    claims = {
        **{name: above[name] for name in ("sub", "aud", "task", "sid", "tenant", "del_max_depth")},
        "iss": "",
        "act": {"sub": agent, "act": copy.deepcopy(above["act"])},
        "iat": above["iat"],
        "exp": above["exp"] - r.choice([0, 0, 1]) * (above["exp"] > world.now + 1),
        "jti": f"{words.name(r)}-jti-{number}",
        "cnf": {"jwk": Signer(f"ec-holder-{number + 1}", "ES256").jwk},
        "del_depth": above["del_depth"] + 1,
        "del_max_depth": min(above["del_max_depth"], r.choice([4, 2**53 - 1])),
        "par_hash": "",
        "delegation": f"delegation-{number}-{r.getrandbits(64):016x}",
        "authorization_details": [
            {
                **entry,
                "tools": {name: {"arguments": {}, **said} for name, said in entry["tools"].items()},
            }
        ],
    }
    # An audience that stands alone counts as a list of one, and a link copies what counts.
    if isinstance(claims["aud"], str):
        claims["aud"] = [claims["aud"]]
    draft.hops.append(Token({"alg": "ES256", "typ": "task-child+jwt"}, claims, signer))
    draft.identity.claims["sub"] = agent
    draft.question["context"]["agent"] = agent


def prove(r: Random, world: World, draft: Draft) -> Token:
    """Show that the holder of a draft's task asks."""
    last = (draft.hops or [draft.task])[-1]
    claims = {
        "jti": draft.question["context"]["decision"]["id"],
        "iat": world.now + r.randint(-20, 20),
        "aud": [world.plan["settings"]["audience"]],
        "token": last.claims["jti"],
        "tool": draft.tool,
        "digest": draft.question["action"]["properties"]["digest"],
        "sid": draft.session["id"],
        "version": draft.session["version"],
    }
    signer = Signer(f"ec-holder-{len(draft.hops)}", "ES256")
    draft.proof = Token({"alg": "ES256", "typ": "task-pop+jwt"}, claims, signer)
    return draft.proof


def take_back(r: Random, world: World, draft: Draft) -> None:
    """Let the agent ask that the task was begun for."""
    draft.hops.clear()
    if draft.proof is not None:
        prove(r, world, draft)
    agent = draft.task.claims["act"]["sub"]
    draft.identity.claims["sub"] = agent
    draft.question["context"]["agent"] = agent


def linked(token: Token, above: Any, held: Any) -> Token:
    """A link with what follows from the token above it, where it says nothing of that itself."""
    if not isinstance(token.claims, dict) or not isinstance(above, str):
        return token
    found = {"par_hash": token_hash(above)}
    with contextlib.suppress(KeyError, TypeError):
        found["iss"] = f"{THUMBPRINT_URI}:{thumbprint(held['cnf']['jwk'])}"
    said = {name: value for name, value in found.items() if token.claims.get(name) == ""}
    return Token(token.header, {**token.claims, **said}, token.signer, token.mangled)


COUNTED = ("calls", "writes", "exports", "rows", "bytes")
"""What a session counts, but for money."""


def session(r: Random, world: World, sid: str) -> dict[str, Any]:
    """Draw a session that may go on."""
    count = [0, 1, 17, r.randint(0, 10_000), 2**53 - 2]
    return {
        "id": sid,
        "version": r.choice(count),
        "trust": r.choice(["trusted", "untrusted"]),
        "label": r.choice(world.order),
        "effects": words.some(r, EFFECTS),
        "spent": {
            **{name: r.choice(count) for name in ("calls", "writes", "exports")},
            **{name: r.randint(0, 10_000) for name in ("rows", "bytes")},
            "money": r.choice([{}, {"EUR": 0}, {"EUR": 12_345, "GBP": r.randint(0, 10_000)}]),
        },
        # Some are past their deadline, and forgotten.
        "tasks": {
            f"task-{n}-before": _taken(r, world.now + r.choice([-1, 0, 1, 3600]))
            for n in range(r.randint(0, 5))
        },
        "approvals": {
            f"approval-{n}": {"until": world.now + r.choice([-1, 0, 1, 3600]), "times": 1}
            for n in range(r.randint(0, 3))
        },
        "last": r.choice(["", f"mail.read hmac-sha256:key-1:{r.getrandbits(64):016x}"]),
        "repeats": r.choice(count),
        "refusals": r.choice(count),
        "tainted_stores": r.choice([[], [], ["mail"], ["*"], [f"store-{n}" for n in range(16)]]),
        "decisions": [f"decision-{r.randint(0, 99)}" for _ in range(r.randint(0, 8))],
    }


def _taken(r: Random, deadline: int) -> dict[str, Any]:
    """What a task under way has taken of its budgets."""
    return {
        "deadline": deadline,
        **{name: r.randint(0, 40) for name in COUNTED},
        "money": r.choice([{}, {"EUR": r.randint(0, 900)}, {"EUR": 1, "GBP": 2}]),
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
    if agent in world.agents and r.random() < 0.2:
        number = world.agents.index(agent)
        claims |= {"iss": _issuer(world, NAMING), "sub": f"client-{number}"}
        named = header(NAMING, r.choice(["JWT", "at+jwt", ""]))
        return Token({name: text for name, text in named.items() if text}, claims, NAMING)
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
        "bounds": r.choice([{}, {}, _bounds(template, arguments)]),
        "windows": r.choice([[], [], _around(r, world.now)]),
        "delegated": r.choice([[], _not_this_call(r, template)]),
        "budgets": r.choice([{}, _budgets(r)]),
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
        "cnf": {"jwk": Signer("ec-holder-0", "ES256").jwk},
        "del_depth": r.choice([0, 1]),
        "del_max_depth": r.choice([1, 2, 2**53 - 1]),
        "authorization_details": [authority],
        **r.choice([{}, {"nbf": issued}]),
        **({"more": words.value(r)} if r.random() < 0.1 else {}),
    }
    return Token(header(signer, "task+jwt"), claims, signer)


BUDGETS = (*COUNTED, "repeats", "depth", "money.EUR", "money.GBP")


def _budgets(r: Random) -> dict[str, int]:
    """Budgets that no ordinary call uses up."""
    chosen = set(words.some(r, BUDGETS))
    if any(name.startswith("money.") for name in chosen):
        # Beside a budget of one currency, another one without is not spent.
        chosen |= {"money.EUR", "money.GBP"}
    return dict.fromkeys(sorted(chosen), 2**53 - 1)


def _not_this_call(r: Random, template: Template) -> list[dict[str, Any]]:
    """What a record may ask for, none of which an ordinary call does."""
    others = sorted({*EFFECTS} - {*template.effects})
    own = [{"type": template.resource, "effects": words.some(r, others, least=1)}]
    return [{"type": "nothing"}, *own, {"type": template.resource, "effects": ["read"]}]


def _links(
    r: Random, template: Template, arguments: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Links that the user or somebody trusted gave, or that lead where the task may send."""
    known = [{"host": r.choice(["evil.example", ""]), "grade": grade} for grade in FIRM]
    if "intranet" in template.destinations:
        known += [{"host": r.choice(HOSTS), "grade": grade} for grade in WEAK]
    return {pointer: words.some(r, known) for pointer in words.some(r, leaves(arguments))}


def _around(r: Random, now: int) -> list[dict[str, int]]:
    """Windows of which one is open for as long as a question may take."""
    past = {"start": 0, "end": now - r.randint(0, 9)}
    hour = {"start": now - r.randint(5, 900), "end": now + r.choice([900, 2**40])}
    return r.sample([past, hour], 2)


def _bounds(template: Template, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds of the arguments that steer, within which these arguments lie."""
    bounds: dict[str, Any] = {}
    for role in STEERING:
        values = list(template.of_role(arguments, role).values())
        if values:
            bounds[role] = {"up_to": max(values)} if role == "amount" else {"values": values}
    return bounds


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


FIRM = ("prompt", "first_party", "quoted")
WEAK = ("listing", "third_party_meta", "quoted_text", "third_party_text", "none")


def origin(r: Random, *grades: str) -> dict[str, Any]:
    """Where the value of a leaf came from."""
    grade = r.choice(grades)
    if grade in ("prompt", "none"):
        return {"source": grade, "grade": grade}
    return {
        "source": r.choice(["tool", "session"]),
        "grade": grade,
        **r.choice([{}, {"tool": "mail.read", "call": 3}]),
    }


def _origins(
    r: Random, template: Template, state: Mapping[str, Any], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    pointers = leaves(arguments)
    if state["trust"] == "untrusted" and template.effects != ("read",):
        return {"origins": {pointer: origin(r, *FIRM) for pointer in pointers}}
    # What others have written steers no call unasked, in any session.
    weak = WEAK if template.effects == ("read",) else ()
    known = {pointer: origin(r, *FIRM, *weak) for pointer in words.some(r, pointers)}
    return r.choice([{}, {"origins": {}}, {"origins": known}])


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


def _served(r: Random, tool: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the PEP says of the server of a tool."""
    if tool.startswith("text."):
        return {"server": r.choice(PLACES), "descriptor": entry["pin"]}
    return r.choice([{}, {}, {"server": ""}, {"descriptor": ""}])


def _text(about: Mapping[str, Any]) -> str:
    return json.dumps(about)
