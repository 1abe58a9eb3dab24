"""Worlds: a deployment, a moment, and states of the live feed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests import scenes

from . import words
from .tokens import TYPES, Signer, Token
from .tools import CARD_HOST, DESTINATIONS, HOSTS, PEERS, PIN, PLACES, TEMPLATES, Template

EFFECTS = ("read", "write", "delete", "export", "execute", "spend", "delegate", "administer")
LABELS = ("public", "internal", "confidential", "secret", "streng geheim", "機密")
TENANTS = ("acme", "globex", "Zoë & Söhne")
ENVIRONMENTS = ("production", "staging", "пробная")
SPECIAL = ("frozen", "guarded")
"""Environments in which some things are not open."""
SENDERS = ("sender", "hand.on")
OTHER_TOOLS = (
    "unset",
    "proven",
    "levitate",
    "unlabelled",
    "vault.read",
    "unsaid",
    "unsure",
    "final",
    "borrower",
    "lost",
    "starter",
    "browser",
    "keeper",
    "wanting",
    "peer.trusted",
    *SENDERS,
)
"""Tools of no template that the agents may have all the same."""
OWNERS = ("olga", "low", "guests")
"""Who answers for agents: users, and a group."""
FAMILIES = {"ES256": "ec", "RS256": "rsa", "PS256": "rsa", "EdDSA": "ed"}
GOOD = "good"
"""The state of the feed in which things are as they should be."""


NAMING = Signer("ec-naming", "ES256")
"""The key of an issuer whose subjects are named one by one."""


@dataclass(frozen=True, slots=True)
class World:
    """A deployment and its surroundings.

    Attributes:
        deployment: `data.deployment`, spoilt where the world is damaged.
        plan: The same before it was spoilt, which questions are drawn from.
        lives: States of `data.live`, by name.
        now: Unix seconds.
        damaged: Whether a leaf of the deployment is not as its models say.
        agents: Those that may do most things.
        subjects: Those that are entitled to most things.
        tenant: The tenant of all of these.
        environment: Where most things are open.
        identity: The keys that sign identities.
        tasks: The keys that sign tasks.
        clearance: The rank of label that all of these may see.
    """

    deployment: Any
    plan: Any
    lives: Mapping[str, Any]
    now: int
    damaged: bool
    agents: tuple[str, ...]
    subjects: tuple[str, ...]
    tenant: str
    environment: str
    identity: tuple[Signer, ...]
    tasks: tuple[Signer, ...]
    clearance: int

    @property
    def order(self) -> list[str]:
        """The labels, lowest first."""
        return list(self.plan["labels"]["order"])


def world(r: Random, *, damaged: bool = False) -> World:
    """Draw a world, or one in which a leaf of the deployment is spoilt."""
    now = r.randint(1_600_000_000, 2_400_000_000)
    order = list(LABELS[: r.randint(3, len(LABELS))])
    clearance = len(order) - 2
    tenant, environment = r.choice(TENANTS), r.choice(ENVIRONMENTS)
    identity = _signers(r, "identity", ["ES256", "RS256", "PS256"])
    tasks = _signers(r, "task", ["ES256", "EdDSA", "ES256", "RS256"])
    feed = Signer("feed-1", r.choice(["ES256", "EdDSA"]))
    domain = r.choice(["acme.example", "a", "trust-1.acme_x.example"])
    agents = tuple(
        f"spiffe://{domain}/agent/{n}" for n in ("one", "Two", "three.3")[: r.randint(2, 3)]
    )
    subjects = ("alice@acme.example", "bob", "Zoë 😀", f"spiffe://{domain}/agent/one")[
        : r.randint(1, 4)
    ]
    deployment = {
        "revision": f"sha256:{r.getrandbits(48):012x}",
        "settings": {
            "audience": r.choice(["inbounds", "https://inbounds.acme.example"]),
            "control_plane": [
                {"type": "file", "prefixes": ["/work/inbounds/"]},
                {"type": "directory", "prefixes": ["admins"]},
            ],
            "secrets": [{"type": "file", "prefixes": ["/srv/keys/"]}, {"type": "vault"}],
            "feed_writers": {},
            "proof": ["administer"],
            **r.choice([{}, {"bulk": 4}, {"bulk": 20}]),
        },
        "tools": _tools(r, order, tenant, environment),
        "credentials": _credentials(r, now),
        "peers": _peers(r, now),
        "servers": {"text": {"at": list(PLACES)}},
        "agents": _agents(r, agents, domain, order, tenant),
        "subjects": _subjects(r, subjects, domain, order, tenant),
        "groups": {
            "staff": {
                "effects": list(EFFECTS),
                "tools": ["*"],
                "clearance": order[clearance],
                "tenants": [tenant],
            },
            "guests": {"effects": ["read"], "clearance": order[0]},
        },
        "intents": _intents(r, order, clearance),
        "labels": {"order": order, "resources": _labels(r, order, clearance)},
        "destinations": {
            name: {**about, **_destination(r, order, clearance)}
            for name, about in copy.deepcopy(dict(DESTINATIONS)).items()
        }
        # A host that is an address is not anywhere, and has to be named.
        | {
            "low": {"anywhere": True, "hosts": [*HOSTS], "label": order[0]},
            "open": {"anywhere": True, "hosts": [*HOSTS]},
        },
        "issuers": _issuers(r, (identity, tasks), agents, tenant, environment),
        "feed": {
            "keys": {feed.kid: feed.jwk},
            "algorithms": r.choice([[feed.alg], ["ES256", "EdDSA"]]),
            "max_age": {"read": r.randint(30, 3600), "other": r.randint(5, 29)},
        },
        "peps": {
            "pep-1": {
                "tenants": [tenant, "acme"],
                "environments": [*ENVIRONMENTS, *SPECIAL],
                "obligations": ["notify", "redact"],
                "token_sha256": [],
            },
            "pep-2": {"tenants": ["hooli"], "environments": [environment], "obligations": []},
            "pep-3": {"tenants": [tenant], "environments": ["elsewhere"]},
        },
        "environments": _environments(r, now),
        "budgets": {},
    }
    return World(
        deployment=_damaged(r, deployment) if damaged else deployment,
        plan=deployment,
        lives=_lives(r, now, feed, agents),
        now=now,
        damaged=damaged,
        agents=agents,
        subjects=subjects,
        tenant=tenant,
        environment=environment,
        identity=identity,
        tasks=tasks,
        clearance=clearance,
    )


def _signers(r: Random, purpose: str, algorithms: list[str]) -> tuple[Signer, ...]:
    chosen = dict.fromkeys(r.sample(algorithms, r.randint(1, 2)))
    return tuple(Signer(f"{FAMILIES[alg]}-{purpose}-1", alg) for alg in chosen)


_RUN = (["*"], ["notebook"], ["notebook", "mail"])
"""Where what executes may run from."""


def _tools(r: Random, order: list[str], tenant: str, environment: str) -> dict[str, Any]:
    tools: dict[str, Any] = {}
    for name, template in TEMPLATES.items():
        tools[name] = {
            "effects": list(template.effects),
            "resource": template.resource,
            "arguments": copy.deepcopy(dict(template.arguments)),
            "returns": {
                "label": order[r.randint(0, len(order) - 2)],
                "party": "third" if template.resource == "peer" else r.choice(["first", "third"]),
                **r.choice([{}, {"rows": 1}, {"rows": 50}]),
            },
            **r.choice([{}, {}, {"notify": "security@acme.example"}, {"notify": ""}]),
            # Everybody may call this one everywhere: a fault can fall back on it.
            **(
                {}
                if name == "mail.read"
                else r.choice([{}, {}, {"tenant": tenant}, {"environment": environment}])
            ),
            **r.choice([{}, {"description": "a <b>tool</b> & more"}]),
            **({"reversible": r.choice(["yes", "no"])} if template.lasts else {}),
            **({"memory": True} if template.memory else r.choice([{}, {"memory": False}])),
            **r.choice([{}, {}, {"store": ""}, {"store": r.choice(["mail", "notebook", "*"])}]),
            **r.choice([{}, {"stateless": r.random() < 0.5}]),
            **r.choice([{}, {}, {"reaches": _reached(r, template)}]),
            **r.choice([{}, {}, {"credential": ""}, *_NEEDED]),
            **({"pin": PIN} if name == "text.find" else r.choice([{}, {}, {"pin": ""}])),
        }
        if "spend" in template.effects:
            tools[name]["currency"] = r.choice(["EUR", "GBP"])
            tools[name].update(r.choice([{}, {"decimals": 0}, {"decimals": 2}]))
        if "execute" in template.effects:
            tools[name].update(r.choice([{}, *({"runs_from": each} for each in _RUN)]))
        if template.destinations and r.random() < 0.3:
            tools[name]["destinations"] = [r.choice(template.destinations)]
    tools["unset"] = {"effects": [], "resource": "mail"}
    tools["proven"] = {**_senders(order)["hand.on"], "effects": ["administer"]}
    tools["levitate"] = {"effects": ["read", "levitate"], "resource": "mail"}
    tools["forbidden"] = {"effects": ["read"], "resource": "mail"}
    tools["unlabelled"] = {"effects": ["read"], "resource": "mail"}
    tools["unsaid"] = {"effects": ["write"], "resource": "mail"}
    tools["unsure"] = {"effects": ["read", "delete"], "reversible": "unknown", "resource": "mail"}
    tools["final"] = {
        "effects": ["delete"],
        "reversible": "no",
        "resource": "mail",
        "returns": {"label": order[0]},
    }
    tools |= _senders(order)
    tools["wanting"] = {
        **_plain_read(order),
        "credential": r.choice(["unheard-of", "Leased", "lent"]),
    }
    tools["lost"] = {
        **_plain_read(order),
        "reaches": r.choice([["printer"], ["mail.read", ""], ["unset"], ["deep.1"], ["levitate"]]),
    }
    for step in range(1, 10):
        tools[f"deep.{step}"] = {**_plain_read(order), "reaches": [f"deep.{step + 1}"]}
    tools["starter"] = {
        **_plain_read(order),
        "reversible": "yes",
        "reaches": r.choice([["write"], ["browser"], ["mail.read", "delete"]]),
    }
    tools["browser"] = {
        **_plain_read(order),
        "effects": ["read", "write"],
        "reversible": "yes",
        "arguments": {"/method": {}},
        "effects_by": {"argument": "/method", "values": {"GET": ["read"], "PUT": ["write"]}},
    }
    tools["borrower"] = {**_plain_read(order), "credential": "leased"}
    tools["keeper"] = {
        **_plain_read(order),
        **r.choice(
            [
                {"effects": ["write"], "reversible": "yes", "credential": "for reading"},
                {"credential": "unreasoned"},
                {"credential": "past"},
            ]
        ),
    }
    tools["peer.trusted"] = {
        **_plain_read(order),
        "resource": "peer",
        "returns": {
            "label": order[0],
            **r.choice(
                [{"party": "first"}, {"fields": {"/id": {"holds": r.choice(["id", "title"])}}}]
            ),
        },
    }
    tools["vault.read"] = {**tools["mail.read"], "resource": "vault"}
    return tools


_NEEDED: tuple[dict[str, Any], ...] = ({"credential": "leased"}, {"credential": "fixed"})


def _reached(r: Random, template: Template) -> list[str]:
    """What a tool sets in motion that does no more than it does itself."""
    writes = [["memory.keep"], ["memory.keep", "mail.read"]] if "write" in template.effects else []
    return r.choice([[], [*template.effects], ["mail.read"], *writes])


def _plain_read(order: list[str]) -> dict[str, Any]:
    """A tool that reads, and takes nothing."""
    return {
        "effects": ["read"],
        "resource": "mail",
        "returns": {"label": order[0], "party": "first"},
    }


def _credentials(r: Random, now: int) -> dict[str, Any]:
    """Credentials that are leased and not; `fixed` is good for all that ordinary tools do."""
    static = {"kind": "static", "reason": "leased by nobody", "until": now + r.choice([1, 9000])}
    return {
        "leased": {"kind": "lease"},
        "fixed": {**static, "effects": list(EFFECTS)},
        "for reading": {**static, **r.choice([{}, {"effects": []}, {"effects": ["export"]}])},
        "unreasoned": {**static, **r.choice([{"reason": ""}, {"reason": " "}])},
        "past": {**static, "effects": list(EFFECTS), "until": now - r.choice([0, 1, 9000])},
        "lent": {"kind": "lent"},
    }


def _peers(r: Random, now: int) -> dict[str, Any]:
    """Peers that are known as they should be, and some that are not."""
    signer = Signer("peer-1", r.choice(["ES256", "EdDSA"]))
    known = {
        "card": card(signer).compact(),
        "keys": {signer.kid: signer.jwk},
        "algorithms": [signer.alg],
        "until": now + r.choice([1, 9000]),
    }
    return {
        **dict.fromkeys(PEERS, known),
        "past": {**known, "until": now - r.choice([0, 1, 9000])},
        "forged": {**known, "card": card(Signer("peer-2", signer.alg), kid=signer.kid).compact()},
        "unsigned": {**known, "card": r.choice(["", "{}", "a.b.c"])},
        "keyless": {**known, "keys": {}},
        "other": {**known, "algorithms": ["PS256"]},
    }


def card(signer: Signer, kid: str = "") -> Token:
    """An agent card, signed."""
    return Token(
        {"alg": signer.alg, "kid": kid or signer.kid, "typ": "JOSE"},
        {"name": "desk", "supportedInterfaces": [{"url": f"https://{CARD_HOST}/a2a"}]},
        signer,
    )


def _senders(order: list[str]) -> dict[str, Any]:
    """Tools that go where an argument says, and where the registry says."""
    plain = {"resource": "mail", "returns": {"label": order[0], "party": "first"}}
    return {
        "sender": {**plain, "effects": ["export"], "arguments": {"/to": {"role": "recipient"}}},
        "hand.on": {**plain, "effects": ["delegate"], "destinations": ["low"]},
    }


def _agents(
    r: Random, good: tuple[str, ...], domain: str, order: list[str], tenant: str
) -> dict[str, Any]:
    entry = {
        "owner": r.choice(OWNERS),
        "state": "active",
        "account": "dedicated",
        "manifest": {
            "tools": [*TEMPLATES, *OTHER_TOOLS],
            "effects": [*EFFECTS, "levitate"],
        },
        "clearance": order[-2],
        "tenants": [tenant],
    }
    changed: dict[str, dict[str, Any]] = {
        "retired": {"state": "retired"},
        "suspended": {"state": "suspended"},
        "recalled": {},
        "shared": {"account": "shared"},
        "ownerless": {"owner": " "},
        "orphaned": {"owner": "no such person"},
        "machined": {"owner": "machine"},
        "person": {},
        "low": {"clearance": order[0]},
        "unclear": {"clearance": "no such label"},
        "high": {"clearance": order[-1]},
        "narrow": {"manifest": {"tools": ["mail.read"], "effects": ["read"]}},
        "reader": {"manifest": {"tools": list(TEMPLATES), "effects": ["read"]}},
        "looker": {"read_only": True},
        "foreign": {"tenants": ["hooli"]},
        "switched": {},
        "confined": {"networks": ["vault"]},
        "bound": {"issuers": ["no such issuer"]},
    }
    agents = {
        name: {**entry, "may_delegate_to": [other for other in good if other != name]}
        for name in good
    }
    for name, change in changed.items():
        agents[f"spiffe://{domain}/agent/{name}"] = {**entry, **change}
    agents["spiffe://elsewhere.example/agent/one"] = entry
    return copy.deepcopy(agents)


def _subjects(
    r: Random, good: tuple[str, ...], domain: str, order: list[str], tenant: str
) -> dict[str, Any]:
    subjects: dict[str, Any] = {}
    whole = {
        "effects": list(EFFECTS),
        "tools": ["*"],
        "clearance": order[-2],
        "tenants": [tenant],
    }
    for name in good:
        kind = "workload" if name.startswith("spiffe:") else "user"
        subjects[name] = r.choice(
            [
                {"type": kind, **whole},
                {"type": kind, **whole, "tools": [*TEMPLATES, "unlabelled"], "groups": ["guests"]},
                {"type": kind, "groups": ["guests", "staff"]},
                {"type": kind, "groups": ["staff", "no such group"], "clearance": order[0]},
            ]
        )
    entry = {"type": "user", **whole}
    subjects["low"] = {**entry, "clearance": order[0]}
    subjects["high"] = {**entry, "clearance": order[-1]}
    subjects["blind"] = {**entry, "clearance": ""}
    subjects["guest"] = {**entry, "effects": ["read"], "tools": ["mail.read", "file.read"]}
    subjects["toolless"] = {**entry, "tools": []}
    subjects["foreign"] = {**entry, "tenants": ["hooli"]}
    # Owners, and those who are not owners, are entitled to nothing.
    subjects["olga"] = {"type": "user"}
    subjects["machine"] = {"type": "workload"}
    subjects[f"spiffe://{domain}/agent/person"] = entry
    return copy.deepcopy(subjects)


def _intents(r: Random, order: list[str], clearance: int) -> dict[str, Any]:
    types = sorted({template.resource for template in TEMPLATES.values()})
    return {
        "work": {
            "effects": list(EFFECTS),
            "tools": list(TEMPLATES),
            "label": order[clearance],
            "resources": [{"type": name, "prefixes": [""]} for name in types],
            "destinations": list(DESTINATIONS),
            "budgets": {"calls": r.randint(0, 100)},
            "seconds": r.randint(1, 7200),
        },
        "look about": {
            "effects": ["read"],
            "tools": [*words.some(r, TEMPLATES, least=1), "no such tool"],
            "label": r.choice(order),
            "resources": [{"type": "file", "prefixes": ["/work/", "docs/"]}, {"type": "mail"}],
            "destinations": [],
        },
        "mislabelled": {"effects": ["read"], "tools": ["mail.read"], "label": "?", "resources": []},
    }


def _destination(r: Random, order: list[str], clearance: int) -> dict[str, Any]:
    """How sensitive data may be that goes there: as anything in an ordinary call, at least."""
    return {
        **r.choice([{}, {"label": ""}, {"label": r.choice(order[clearance:])}]),
        **r.choice([{}, {"anywhere": False}]),
    }


def _labels(r: Random, order: list[str], clearance: int) -> dict[str, Any]:
    types = sorted({template.resource for template in TEMPLATES.values()} | {"vault"})
    labels: dict[str, Any] = {
        name: {"label": order[r.randint(0, clearance)], "prefixes": {"board/": order[-1]}}
        for name in types
    }
    labels["file"]["prefixes"] = {
        "/srv/hr/": order[-1],
        "/work/": order[r.randint(0, clearance)],
        "/work/plans": "no such label",
    }
    return labels


def _issuers(
    r: Random,
    keys: tuple[tuple[Signer, ...], tuple[Signer, ...]],
    agents: tuple[str, ...],
    tenant: str,
    environment: str,
) -> dict[str, Any]:
    identity, tasks = keys
    domain = agents[0].split("/")[2]
    development = environment != "production" and r.random() < 0.3
    common = {
        "kind": "development" if development else "production",
        "tenants": [tenant, "acme"],
        "environments": [*ENVIRONMENTS, *SPECIAL],
        "effects": [*EFFECTS, "levitate"],
    }

    def issuer(name: str, purposes: list[str], signers: tuple[Signer, ...]) -> dict[str, Any]:
        return {
            "issuer": f"https://{name}.acme.example",
            **common,
            "vouches_for": purposes,
            "trust_domain": domain,
            "algorithms": sorted({signer.alg for signer in signers}),
            "keys": {signer.kid: signer.jwk for signer in signers},
            "max_seconds": 86400 if purposes == ["identity"] else 300,
        }

    if r.random() < 0.25:
        issuers = {"all": issuer("all", ["identity", "task"], identity + tasks)}
    else:
        issuers = {
            "identity": issuer("identity", ["identity"], identity),
            "tasks": issuer("tasks", ["task"], tasks),
        }
    narrow: dict[str, dict[str, Any]] = {
        "purposeless": {"vouches_for": []},
        "foreign": {"tenants": ["hooli"]},
        "elsewhere": {"environments": ["elsewhere"]},
        "reading": {"effects": []},
        "developing": {"kind": "development"},
        "abroad": {"trust_domain": "elsewhere.example"},
        "brief": {"max_seconds": 1},
    }
    for name, change in narrow.items():
        signer = Signer(f"ec-{name}", "ES256")
        whole = issuer(name, ["identity", "task"], (signer,))
        issuers[name] = {**whole, **change}
    named = {f"client-{number}": agent for number, agent in enumerate(agents)}
    issuers["naming"] = {
        **issuer("naming", ["identity"], (NAMING,)),
        "subjects": {**named, "system:serviceaccount:agents:one": agents[0], "odd": 7},
    }
    for name in ("doubled-1", "doubled-2"):
        issuers[name] = issuer(name, ["identity", "task"], (Signer("ec-doubled", "ES256"),))
    ed = Signer("ed-both", "EdDSA")
    issuers["edwards"] = issuer("edwards", ["identity", "task"], (ed,))
    broken = Signer("ec-broken", "ES256")
    issuers["broken"] = issuer("broken", ["identity", "task"], (broken,))
    issuers["broken"]["keys"]["ec-broken"] = r.choice(
        [
            {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            {**broken.jwk, "alg": "ES384"},
            {**broken.jwk, "x": ""},
            {},
        ]
    )
    return issuers


def _environments(r: Random, now: int) -> dict[str, Any]:
    windows = [
        {"start": now - 9000, "end": now, "effects": list(EFFECTS), "reason": "over"},
        {"start": now + 1, "end": now + 9000, "effects": list(EFFECTS)},
        {"start": now - 60, "end": now + 60, "effects": ["levitate"]},
        {"start": now - 60, "end": now + 60, "effects": []},
    ]
    environments: dict[str, Any] = {
        name: {
            "development": name != "production",
            "freezes": words.some(r, windows),
            **r.choice([{}, {"asks_before_irreversible": False}]),
        }
        for name in ENVIRONMENTS
    }
    environments["guarded"] = {"development": True, "asks_before_irreversible": True}
    environments["frozen"] = {
        "development": True,
        "freezes": [
            *words.some(r, windows),
            {"start": now, "end": now + 1, "effects": list(EFFECTS), "reason": "year's end"},
        ],
    }
    return environments


def _lives(r: Random, now: int, feed: Signer, agents: tuple[str, ...]) -> dict[str, Any]:
    domain = agents[0].split("/")[2]
    listed = {
        "ended": {"_": 0, "task-ended": now - 9, "sid-ended": now - 9},
        "revoked": {
            "_": 0,
            "jti-revoked": now - 9,
            f"agent:{agents[0]}": now - 9000,
            f"agent:spiffe://{domain}/agent/recalled": now + 1,
            **r.choice([{}, {"issuer:tasks": now - 9000}, {"issuer:identity": now - 9000}]),
        },
        "switches": {
            "_": 0,
            f"agent:spiffe://{domain}/agent/switched": now - 9,
            "task:task-switched": now - 9,
        },
    }
    baseline = {
        "ended": {"_": 0, "task-gone": 1},
        "revoked": {"_": 0, "jti-gone": 1},
        "switches": {"_": 0},
    }
    seq = r.choice([0, 7, 2**53 - 1])

    def live(
        *,
        claims: Mapping[str, Any] | None = None,
        signer: Signer = feed,
        typ: str = "live-head+jwt",
        kid: str = feed.kid,
        **changed: Any,
    ) -> dict[str, Any]:
        lists = {**listed, **{k: v for k, v in changed.items() if k in listed}}
        head = {
            "as_of": now - r.randint(0, 4),
            "generation": "generation-1",
            "seq": seq,
            "digest": scenes.feed_digest(lists),
            **(claims or {}),
        }
        token = Token({"alg": signer.alg, "kid": kid, "typ": typ}, head, signer)
        there = {"head": token.compact(), "generation": "generation-1", "seq": seq, **lists}
        return {
            "baseline": changed.get("baseline", baseline),
            "now": {**there, **changed.get("now", {})},
        }

    def without(where: str, name: str) -> dict[str, Any]:
        whole = copy.deepcopy(live())
        del whole[where][name]
        return whole

    stranger = Signer("ec-stranger" if feed.alg == "ES256" else "ed-stranger", feed.alg)
    states = {
        GOOD: live(),
        "stale": live(claims={"as_of": now - 3601}),
        "old": live(claims={"as_of": now - 30}),
        "ahead": live(claims={"as_of": now + 6}),
        "barely ahead": live(claims={"as_of": now + 5}),
        "of no time": live(claims={"as_of": r.choice(["now", None, True, [], 1e30])}),
        "of a stranger": live(signer=stranger),
        "of no known key": live(kid="feed-2"),
        "of another type": live(typ="JWT"),
        "of another seq": live(claims={"seq": 1}),
        "of another generation": live(claims={"generation": "generation-2"}),
        "of another digest": live(claims={"digest": "sha256:00"}),
        "switched off": live(switches={"_": 0, "fleet": now}),
        "without a head": without("now", "head"),
        "without a list": without("now", r.choice(["ended", "revoked", "switches"])),
        "without a sentinel": live(ended={"task-ended": now}),
        "with a spoilt list": live(now={"ended": r.choice([None, [], "", 1, {"_": 1}])}),
        "with a spoilt head": live(now={"head": r.choice([None, "", "a.b.c", 1, [], {}])}),
        "without a baseline": without("baseline", r.choice(["ended", "revoked", "switches"])),
        "spoilt below": live(baseline={**baseline, "revoked": r.choice([None, [], {}])}),
    }
    whole = live()
    states["without now"] = {"baseline": whole["baseline"]}
    states["only now"] = {"now": whole["now"]}
    return states


def _damaged(r: Random, plan: Any) -> Any:
    """Spoil one leaf or branch, as in a deployment that no loader has seen."""
    deployment = copy.deepcopy(plan)
    holder: Any = deployment
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = r.choice(keys)
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and r.random() < 0.85:
            holder = inner
            continue
        if r.random() < 0.3:
            del holder[key]
        else:
            holder[key] = r.choice(
                [None, True, 0, -1, 1.5, "", "x", [], {}, ["x"], {"x": 1}, 2**53, [None]]
            )
        return deployment


__all__ = ["EFFECTS", "GOOD", "TYPES", "World", "world"]
