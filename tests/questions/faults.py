"""Faults: what is done to an ordinary call so that a code of the catalogue stands.

Each is registered under the code that it brings about. Put into an ordinary call alone, its
code is among the reasons; put beside others, it can be left out for what it depends on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from inbounds.model.claims import Authority

from . import words
from .calls import (
    COUNTED,
    FIRM,
    WEAK,
    Draft,
    hand_on,
    header,
    lease,
    ordinary,
    origin,
    prove,
    take_back,
)
from .tokens import TYPES, Signer, Token
from .tools import CARD_HOST, DOMAINS, PIN, PLACES, STEERING, TEMPLATES, Template, leaves
from .worlds import EFFECTS, ENVIRONMENTS, World

Fault = Callable[[Random, World, Draft], None]
FAULTS: dict[str, list[Fault]] = {}
FIT: dict[Fault, Mapping[str, Template]] = {}
"""The tools whose calls a fault can be put into."""


def fault(
    code: str, *, among: Callable[[str, Template], bool] = lambda _name, _template: True
) -> Callable[[Fault], Fault]:
    """Register a fault under its code, with the tools that it can be put into."""

    def register(change: Fault) -> Fault:
        FAULTS.setdefault(code, []).append(change)
        FIT[change] = {name: t for name, t in TEMPLATES.items() if among(name, t)}
        return change

    return register


def faulty(r: Random, world: World, *codes: str) -> Draft:
    """Draw a call with a fault of each code, in a call that the first of them fits."""
    first, *others = (r.choice(FAULTS[code]) for code in codes)
    draft = ordinary(r, world, FIT[first])
    if not any(code.startswith("delegation.") for code in codes):
        # What a fault changes is the task's own token, which says less where it was handed on.
        take_back(r, world, draft)
    first(r, world, draft)
    for other in others:
        # The fault before may have left nothing for this one to change, or another tool.
        if draft.tool in FIT[other]:
            try:
                other(r, world, draft)
            except (KeyError, TypeError, IndexError, AttributeError, ValueError):
                continue
    return draft


def _agent(world: World, name: str) -> str:
    return f"{world.agents[0].rsplit('/', 1)[0]}/{name}"


def _act_as(draft: Draft, agent: str) -> None:
    draft.identity.claims["sub"] = agent
    draft.task.claims["act"]["sub"] = agent
    draft.question["context"]["agent"] = agent


def _on_behalf_of(draft: Draft, subject: str, kind: str = "user") -> None:
    draft.task.claims["sub"] = subject
    draft.question["subject"].update({"type": kind, "id": subject})


def _signed_by(token: Token, signer: Signer, typ: str, issuer: str | None = None) -> None:
    token.signer = signer
    token.header = header(signer, typ)
    if issuer is not None:
        token.claims["iss"] = issuer


def _by_issuer(world: World, draft: Draft, name: str, which: str = "both") -> None:
    entry = world.plan["issuers"][name]
    (kid,) = entry["keys"]
    signer = Signer(kid, entry["algorithms"][0])
    if which in ("both", "identity"):
        _signed_by(draft.identity, signer, "JWT", entry["issuer"])
        if not str(draft.identity.claims["sub"]).startswith("spiffe:"):
            # Named by the issuer before, and nobody to this one.
            draft.identity.claims["sub"] = draft.question["context"]["agent"]
    if which in ("both", "task"):
        _signed_by(draft.task, signer, "task+jwt", entry["issuer"])


def _call(draft: Draft, tool: str, arguments: Any = None, resource: str = "mail") -> None:
    """Another tool, which the task holds as well."""
    draft.tool = tool
    draft.question["action"]["name"] = tool
    draft.authority["tools"][tool] = {}
    draft.authority["resources"] = [{"type": resource}]
    draft.authority["effects"] = list(EFFECTS)
    draft.question["resource"]["type"] = resource
    properties = draft.question["action"]["properties"]
    properties["arguments"], properties["parsed"] = arguments or {}, {}


def _outward(_: str, template: Template) -> bool:
    return bool(template.destinations)


def _not_only_reading(_: str, template: Template) -> bool:
    return template.effects != ("read",)


def _with_path(_: str, template: Template) -> bool:
    return template.has_path


def _named(*names: str) -> Callable[[str, Template], bool]:
    return lambda name, _: name in names


def _acts_by_role(name: str, template: Template) -> bool:
    """Whether a call does more than read, and an argument steers it that is always there."""
    # That of a call by phone is optional, but always drawn.
    return _not_only_reading(name, template) and any(
        about.get("role") in STEERING for about in template.arguments.values()
    )


def _with_effect(*effects: str) -> Callable[[str, Template], bool]:
    return lambda _, template: bool(set(effects) & set(template.effects))


# --- budgets -------------------------------------------------------------------------------


def _before(d: Draft) -> dict[str, Any]:
    """What the task of a question has taken before."""
    task = d.task.claims["task"]
    nothing: dict[str, Any] = dict.fromkeys(COUNTED, 0)
    nothing |= {"deadline": d.authority["deadline"], "money": {}}
    taken: dict[str, Any] = d.session["tasks"].setdefault(task, nothing)
    return taken


def _used_up(r: Random, d: Draft, name: str) -> None:
    d.authority["budgets"][name] = r.choice([0, _before(d)[name]])


@fault("budget.calls")
def no_call_left(r: Random, w: World, d: Draft) -> None:
    _used_up(r, d, "calls")


@fault("budget.writes", among=lambda _, template: template.lasts)
def no_write_left(r: Random, w: World, d: Draft) -> None:
    _used_up(r, d, "writes")


@fault("budget.exports", among=_with_effect("export"))
def no_export_left(r: Random, w: World, d: Draft) -> None:
    _used_up(r, d, "exports")


@fault("budget.rows", among=_with_effect("read"))
def no_record_left(r: Random, w: World, d: Draft) -> None:
    _used_up(r, d, "rows")


@fault("budget.bytes", among=_with_effect("export"))
def no_byte_left(r: Random, w: World, d: Draft) -> None:
    _used_up(r, d, "bytes")


@fault("budget.refusals", among=_not_only_reading)
def refused_too_often(r: Random, w: World, d: Draft) -> None:
    d.session["refusals"] = r.choice([1, 2, 40])
    d.authority["budgets"]["refusals"] = r.choice([0, d.session["refusals"] - 1])


@fault("budget.money", among=_named("money.pay"))
def not_enough_money_left(r: Random, w: World, d: Draft) -> None:
    entry = w.plan["tools"][d.tool]
    cost = d.arguments["amount"] * 10 ** entry.get("decimals", 0)
    spent = _before(d)["money"].get(entry["currency"], 0)
    d.authority["budgets"] = {f"money.{entry['currency']}": r.choice([0, spent + cost - 1])}


@fault("budget.money", among=_named("money.pay"))
def money_of_another_currency(r: Random, w: World, d: Draft) -> None:
    other = {"EUR": "GBP", "GBP": "EUR"}[w.plan["tools"][d.tool]["currency"]]
    d.authority["budgets"] = {f"money.{other}": 2**53 - 1}


@fault("budget.money", among=_named("money.pay"))
def an_amount_that_is_no_number(r: Random, w: World, d: Draft) -> None:
    d.arguments["amount"] = r.choice(["1", True, False, "1e2"])


@fault("budget.repeats")
def once_more(r: Random, w: World, d: Draft) -> None:
    action = d.question["action"]
    d.session["last"] = f"{action['name']} {action['properties']['digest']}"
    d.session["repeats"] = r.choice([0, 3])
    d.authority["budgets"]["repeats"] = r.choice([0, d.session["repeats"]])


@fault("budget.depth")
def one_hand_too_many(r: Random, w: World, d: Draft) -> None:
    depth = r.choice([1, 4])
    d.task.claims.update(del_depth=depth, del_max_depth=r.choice([4, 2**53 - 1]))
    d.authority["budgets"]["depth"] = depth - 1


# --- proof ---------------------------------------------------------------------------------


@fault("identity.pop_missing")
def no_proof_where_one_is_needed(r: Random, w: World, d: Draft) -> None:
    _call(d, "proven")
    d.proof = None


@fault("identity.pop_mismatch")
def a_proof_of_something_else(r: Random, w: World, d: Draft) -> None:
    proof = prove(r, w, d)
    claims = proof.claims
    changes: list[Callable[[], Any]] = [
        lambda: setattr(proof, "signer", Signer("ec-holder-9", "ES256")),
        lambda: proof.header.update(kid=words.name(r)),
        lambda: proof.header.update(typ=r.choice(["dpop+jwt", "JWT", "task+jwt"])),
        lambda: claims.pop(r.choice(sorted(claims))),
        lambda: claims.update({words.name(r) + "-more": words.value(r)}),
        lambda: claims.update(iat=w.now + r.choice([-31 - 9, 31 + 9])),
        lambda: claims.update(aud=r.choice([[], "x", None, [*claims["aud"], "more"]])),
        lambda: claims.update(token=r.choice([None, 7, "x" + claims["token"]])),
        lambda: claims.update(tool=r.choice([None, 7, "x" + claims["tool"]])),
        lambda: claims.update(digest=r.choice([None, 7, "x"])),
        lambda: setattr(proof, "mangled", lambda token: token[:-9]),
    ]
    r.choice(changes)()


@fault("identity.replayed")
def a_proof_of_before(r: Random, w: World, d: Draft) -> None:
    claims = prove(r, w, d).claims
    name = r.choice(["jti", "sid", "version"])
    claims[name] = claims[name] + 1 if name == "version" else claims[name] + "?"


# --- credentials ---------------------------------------------------------------------------


def _leased(r: Random, w: World, d: Draft) -> dict[str, Any]:
    """The lease of a call that needs one."""
    _call(d, "borrower")
    d.leases = [lease(r, w, d)]
    return d.leases[0]


@fault("credential.lease_missing")
def nothing_is_leased(r: Random, w: World, d: Draft) -> None:
    held = _leased(r, w, d)
    d.leases = r.choice([None, [], [{**held, "credential": r.choice(["Leased", "fixed", "?"])}]])


@fault("credential.lease_missing", among=_named("mail.read"))
def a_credential_that_nobody_knows(r: Random, w: World, d: Draft) -> None:
    _call(d, "wanting")


@fault("credential.lease_expired")
def a_lease_out_of_its_time(r: Random, w: World, d: Draft) -> None:
    held = _leased(r, w, d)
    held["expires"] = r.choice([0, w.now - 1, w.now, d.authority["deadline"] + r.choice([1, 9000])])


@fault("credential.other_task")
def a_lease_of_something_else(r: Random, w: World, d: Draft) -> None:
    held = _leased(r, w, d)
    held["task"] = r.choice(["task-else", d.task.claims["sub"], d.task.claims["task"] + "?"])


@fault("credential.static_for_effect")
def a_static_credential_where_a_lease_is_due(r: Random, w: World, d: Draft) -> None:
    _call(d, "keeper")


# --- peers ---------------------------------------------------------------------------------


def _to_a_peer(name: str, template: Template) -> bool:
    return template.resource == "peer"


@fault("peer.unverified", among=_to_a_peer)
def a_peer_that_is_not_known_well_enough(r: Random, w: World, d: Draft) -> None:
    d.question["resource"]["id"] = r.choice(
        ["stranger", "past", "forged", "unsigned", "keyless", "other"]
    )


@fault("peer.unverified", among=_to_a_peer)
def an_address_that_is_not_the_peers(r: Random, w: World, d: Draft) -> None:
    elsewhere = ["evil.example/a2a", "partner.example/a2a", f"{CARD_HOST}.evil.example/a2a"]
    beside = [CARD_HOST + rest for rest in ("/", "/a2b", ":8443/a2a", "/a2a/..%2fb", "/b/a2a")]
    place = r.choice([*elsewhere, *beside, f"{CARD_HOST}/a2a"])
    scheme = "http" if place == f"{CARD_HOST}/a2a" else "https"
    properties = d.question["action"]["properties"]
    properties["arguments"]["url"] = f"{scheme}://{place}"
    host = place.partition("/")[0].partition(":")[0]
    properties["parsed"]["/url"] = {"kind": "url", "scheme": scheme, "host": host}


@fault("peer.adds_authority")
def a_peer_that_the_registry_trusts(r: Random, w: World, d: Draft) -> None:
    _call(d, "peer.trusted", resource="peer")


@fault("peer.adds_authority", among=_named("file.write", "file.remove"))
def what_steers_is_a_peers_word(r: Random, w: World, d: Draft) -> None:
    d.question["action"]["properties"]["origins"] = {
        pointer: {"source": "tool", "grade": r.choice(FIRM), "tool": "peer.ask", "call": 3}
        for pointer in leaves(d.question["action"]["properties"]["arguments"])
    }


# --- servers -------------------------------------------------------------------------------


@fault("supply.server_not_listed", among=_named("text.find"))
def a_server_that_runs_elsewhere(r: Random, w: World, d: Draft) -> None:
    place = r.choice(["", "npx 'a server'", PLACES[0] + "/", PLACES[0].upper(), "text"])
    d.question["resource"]["properties"]["server"] = place


@fault("supply.server_not_listed")
def a_server_that_nobody_knows(r: Random, w: World, d: Draft) -> None:
    _call(d, "mail.read")
    d.question["resource"]["properties"]["server"] = r.choice(PLACES)


@fault("supply.descriptor_changed", among=_named("text.find"))
def a_descriptor_that_is_not_the_pinned_one(r: Random, w: World, d: Draft) -> None:
    d.question["resource"]["properties"]["descriptor"] = r.choice(["", PIN[:-1], PIN.upper()])


@fault("supply.descriptor_changed")
def a_descriptor_that_nobody_has_pinned(r: Random, w: World, d: Draft) -> None:
    _call(d, "mail.read")
    d.question["resource"]["properties"]["descriptor"] = PIN


# --- delegation ----------------------------------------------------------------------------


def _delegated_link(r: Random, w: World, d: Draft) -> Token:
    """The last link of a draft that was handed on."""
    if not d.hops:
        d.task.claims.update(del_depth=0, del_max_depth=4)
        hand_on(r, w, d)
    return d.hops[-1]


@fault("delegation.chain_unverified")
def a_link_that_is_not_sound(r: Random, w: World, d: Draft) -> None:
    link = _delegated_link(r, w, d)
    claims = link.claims
    changes: list[Callable[[], Any]] = [
        lambda: setattr(link, "signer", Signer("ec-holder-9", "ES256")),
        lambda: link.header.update(kid=words.name(r)),
        lambda: link.header.update(typ=r.choice(["task+jwt", "JWT", "task-pop+jwt"])),
        lambda: link.header.update(alg=r.choice(["EdDSA", "none", "HS256"])),
        lambda: claims.pop(r.choice(sorted(claims))),
        lambda: claims.update({words.name(r) + "-more": words.value(r)}),
        lambda: claims.update(par_hash=r.choice([None, 7, "x", words.name(r)])),
        lambda: claims.update(iss=r.choice([None, 7, "x", words.name(r)])),
        lambda: claims["act"].pop("act"),
        lambda: claims.update(del_depth=r.choice([0, 7, "1", None])),
        lambda: claims["cnf"]["jwk"].update(d="AAAA"),
        lambda: claims["authorization_details"].append({}),
        lambda: claims["authorization_details"][0].pop("windows"),
        lambda: setattr(link, "mangled", lambda token: token[:-9]),
    ]
    r.choice(changes)()


@fault("delegation.other_task")
def a_link_of_another_task(r: Random, w: World, d: Draft) -> None:
    claims = _delegated_link(r, w, d).claims
    name = r.choice(["sub", "task", "sid", "tenant", "aud"])
    claims[name] = [*claims[name], "more"] if name == "aud" else claims[name] + "?"


@fault("delegation.too_deep")
def once_more_than_it_may(r: Random, w: World, d: Draft) -> None:
    depth = _delegated_link(r, w, d).claims["del_depth"]
    r.choice([d.task, *d.hops]).claims["del_max_depth"] = depth - 1


@fault("delegation.loop")
def back_to_where_it_was(r: Random, w: World, d: Draft) -> None:
    link = _delegated_link(r, w, d)
    link.claims["act"]["sub"] = r.choice([d.task, *d.hops[:-1]]).claims["act"]["sub"]


@fault("delegation.not_permitted")
def to_an_agent_that_may_not_have_it(r: Random, w: World, d: Draft) -> None:
    link = _delegated_link(r, w, d)
    link.claims["act"]["sub"] = _agent(w, r.choice(["high", "shared", "nobody"]))


@fault("delegation.not_narrowed")
def more_than_was_held(r: Random, w: World, d: Draft) -> None:
    claims = _delegated_link(r, w, d).claims
    held = claims["authorization_details"][0]
    above = ([d.task, *d.hops][-2]).claims
    changes: list[Callable[[], Any]] = [
        lambda: held.update(effects=[*held["effects"], "levitate"]),
        lambda: held["tools"].update({words.name(r) + "-more": {"arguments": {}}}),
        lambda: held["resources"].append({"type": words.name(r) + "-more"}),
        lambda: held["destinations"].append(words.name(r) + "-more"),
        lambda: held.update(label=r.choice([w.order[-1], "no such label", None, 7])),
        lambda: held.update(deadline=held["deadline"] + 1),
        lambda: held.update(intent="more"),
        lambda: held.update(environment="more"),
        lambda: held.update(delegated=[*held["delegated"], {"type": "more"}]),
        lambda: claims.update(exp=above["exp"] + 1),
        lambda: claims.update(del_max_depth=2**53 - 1),
    ]
    if held["label"] == w.order[-1]:
        changes.pop(4)
    if above["del_max_depth"] == 2**53 - 1:
        changes.pop()
    r.choice(changes)()


# --- capability ----------------------------------------------------------------------------


@fault("capability.argument_not_allowed")
def an_unknown_argument(r: Random, w: World, d: Draft) -> None:
    d.arguments[words.name(r) + "-unknown"] = words.value(r)


@fault("capability.argument_not_allowed")
def a_required_argument_left_out(r: Random, w: World, d: Draft) -> None:
    d.question["action"]["properties"]["arguments"] = {}
    if not any(about.get("required") for about in d.template.arguments.values()):
        an_unknown_argument(r, w, d)


@fault("capability.argument_not_allowed", among=_named("mail.send", "money.pay", "text.find"))
def a_value_out_of_bounds(r: Random, w: World, d: Draft) -> None:
    name, value = {
        "mail.send": r.choice([("body", "x" * 401), ("copies", 0), ("copies", 1.5), ("copies", 4)]),
        "money.pay": r.choice([("amount", 0), ("amount", 50_001), ("currency", "eur")]),
        "text.find": r.choice([("limit", -0.001), ("q", "a\n"), ("q", "A"), ("limit", 101)]),
    }[d.tool]
    d.arguments[name] = value


@fault("capability.argument_not_allowed")
def a_value_of_another_type(r: Random, w: World, d: Draft) -> None:
    for name in d.arguments:
        d.arguments[name] = r.choice([{"deeper": None}, [[words.number(r)]], [None, {}]])


@fault("capability.argument_not_allowed")
def beyond_what_the_task_bounds(r: Random, w: World, d: Draft) -> None:
    bounds = r.choice(
        [
            {"one_of": ["\u0000"]},
            {"pattern": "(?!)"},
            {"pattern": "[", "max_length": 9999},
            {"hosts": ["nowhere.example"]},
            {"path_prefixes": ["/nowhere"]},
            {"minimum": 2**53},
            {"maximum": -1e9, "one_of": []},
        ]
    )
    patterns = dict.fromkeys(w.plan["tools"][d.tool]["arguments"], bounds)
    # An empty list has no leaf that a bound could speak of.
    if all(value in ([], {}) for value in d.arguments.values()):
        an_unknown_argument(r, w, d)
    d.authority["tools"][d.tool] = {"arguments": patterns}


@fault(
    "capability.argument_not_allowed",
    among=_named("mail.send", "page.get", "host.ping", "file.write"),
)
def parts_that_do_not_make_up_the_value(r: Random, w: World, d: Draft) -> None:
    parsed = d.question["action"]["properties"]["parsed"]
    for pointer, parts in list(parsed.items()):
        parsed[pointer] = r.choice(
            [
                {"kind": "none"},
                {"kind": "id"},
                {**parts, "kind": "date"},
            ]
        )


@fault("capability.argument_not_allowed")
def deep_arguments(r: Random, w: World, d: Draft) -> None:
    d.arguments["deep"] = words.nested(r, r.choice([1, 30, 58]))


@fault("capability.effects_unset")
def a_tool_without_effects(r: Random, w: World, d: Draft) -> None:
    _call(d, "unset")


@fault("capability.effects_unset")
def a_tool_with_an_effect_of_no_name(r: Random, w: World, d: Draft) -> None:
    _call(d, "levitate")


@fault("capability.not_granted")
def no_resource_of_the_task(r: Random, w: World, d: Draft) -> None:
    d.authority["resources"] = r.choice(
        [
            [],
            [{"type": "nothing"}],
            [{"type": d.template.resource, "prefixes": []}],
            [{"type": d.template.resource, "prefixes": ["\u0000"]}],
            [{"type": "", "prefixes": [""]}, {"type": d.template.resource, "prefixes": ["//"]}][1:],
        ]
    )


@fault("capability.not_granted")
def a_resource_of_another_type(r: Random, w: World, d: Draft) -> None:
    d.question["resource"]["type"] = r.choice(["mail ", "nothing", "Zoë", "page?"])


@fault("capability.not_granted")
def an_id_that_climbs(r: Random, w: World, d: Draft) -> None:
    d.authority["resources"] = [{"type": d.template.resource, "prefixes": ["docs"]}]
    d.question["resource"]["id"] = r.choice(["docs/../x", "docs\\..\\x", "docs/.. /x", ".."])


@fault("capability.not_in_manifest")
def a_tool_of_no_manifest(r: Random, w: World, d: Draft) -> None:
    _call(d, "forbidden")


@fault("capability.not_in_manifest", among=lambda name, t: name != "mail.read")
def an_agent_of_few_tools(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "narrow"))


@fault("capability.not_in_manifest", among=_not_only_reading)
def an_agent_that_reads(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "reader"))


@fault("capability.reaches_further", among=_not_only_reading)
def an_agent_that_only_ever_reads(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "looker"))


@fault("capability.reaches_further", among=_named("mail.read"))
def what_is_set_in_motion(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "looker"))
    _call(d, "starter")


@fault("capability.reaches_further", among=_named("mail.read"))
def a_method_that_writes(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "looker"))
    method = r.choice(["PUT", "get", "GET ", "", None, 7, ["GET"], {"GET": 1}])
    _call(d, "browser", {"method": method} if method is not None else {})


@fault("capability.reaches_further")
def what_cannot_be_followed(r: Random, w: World, d: Draft) -> None:
    _call(d, "lost")


@fault("capability.not_in_task")
def a_tool_of_another_task(r: Random, w: World, d: Draft) -> None:
    d.authority["tools"] = {name + "x": {} for name in words.some(r, TEMPLATES)}


@fault("capability.unregistered_tool")
def a_tool_nobody_registered(r: Random, w: World, d: Draft) -> None:
    name = r.choice([words.name(r) + ".unknown", d.tool.upper(), d.tool + " ", "x" * 256])
    d.question["action"]["name"] = name
    d.authority["tools"][name] = {}


# --- the resource and its argument ---------------------------------------------------------


@fault("request.resource_mismatch", among=_named("file.read", "file.write", "file.remove"))
def another_than_its_argument_names(r: Random, w: World, d: Draft) -> None:
    path = str(d.arguments.get("path", "/work/a"))
    d.question["resource"]["id"] = r.choice([path + "x", "/work/a/b/c/d/e", "elsewhere"])
    d.authority["resources"] = [{"type": d.template.resource}]


# --- control plane, secrets, labels --------------------------------------------------------


def _at_path(d: Draft, path: str) -> None:
    d.question["resource"]["id"] = path
    d.authority["resources"] = [{"type": d.template.resource}]
    d.authority["tools"][d.tool] = {}
    if d.template.has_path and "path" in d.arguments:
        d.arguments["path"] = path


@fault("control_plane.own_configuration", among=_not_only_reading)
def a_place_that_is_listed(r: Random, w: World, d: Draft) -> None:
    _at_path(d, r.choice(["/work/.git/hooks/x", "/work/.CLAUDE/a", "docs/.bashrc", "docs/.envrc "]))


@fault("control_plane.own_configuration", among=_named("file.write", "file.remove"))
def a_place_of_the_deployment(r: Random, w: World, d: Draft) -> None:
    _at_path(d, r.choice(["/work/inbounds/x", "/work//inbounds/x.", "/WORK/inbounds"]))


@fault("control_plane.own_configuration", among=_named("file.remove"))
def a_folder_around_it(r: Random, w: World, d: Draft) -> None:
    _at_path(d, r.choice(["/work", "/", "/work/inbounds"]))


@fault("control_plane.own_configuration", among=_named("user.change"))
def an_admin(r: Random, w: World, d: Draft) -> None:
    d.question["resource"]["id"] = r.choice(["admins", "admins-of-mail"])
    d.authority["resources"] = [{"type": "directory"}]


@fault("secret.not_for_agents")
def a_name_of_a_secret(r: Random, w: World, d: Draft) -> None:
    _at_path(d, r.choice(["/work/.ssh/id_rsa", "/work/.env", "docs/server.PEM", "/work/.aws/x"]))


@fault("secret.not_for_agents", among=_with_path)
def a_secret_of_the_deployment(r: Random, w: World, d: Draft) -> None:
    _at_path(d, r.choice(["/srv/keys/a", "/srv/Keys/", "/srv/keys"]))


@fault("secret.not_for_agents", among=_named("text.find"))
def a_credential_as_an_argument(r: Random, w: World, d: Draft) -> None:
    d.arguments["token"] = r.choice(["s3cret", "", words.text(r, 20)])


@fault("secret.not_for_agents", among=_named("mail.read"))
def a_vault(r: Random, w: World, d: Draft) -> None:
    _call(d, "vault.read", {"id": "1"}, "vault")


def _highest(r: Random, w: World, d: Draft) -> None:
    """A resource or a result of the highest label."""
    if r.random() < 0.4:
        d.question["resource"]["properties"]["label"] = r.choice([w.order[-1], "no such label"])
    elif d.template.resource == "file":
        _at_path(d, r.choice(["/srv/hr/x", "/work/plans/x", "/SRV/hr"]))
    elif r.random() < 0.5:
        d.question["resource"]["id"] = r.choice(["board/1", "BOARD/1", "board", "..\\board"])
        d.authority["resources"] = [{"type": d.template.resource}]
    else:
        _call(d, "unlabelled")


@fault("data.label_above_clearance")
def above_what_all_may_see(r: Random, w: World, d: Draft) -> None:
    _highest(r, w, d)
    d.authority["label"] = w.order[-1]


@fault("data.label_above_clearance")
def above_what_one_may_see(r: Random, w: World, d: Draft) -> None:
    d.question["resource"]["properties"]["label"] = w.order[1]
    if r.random() < 0.5:
        _act_as(d, _agent(w, r.choice(["low", "unclear"])))
    else:
        _on_behalf_of(d, r.choice(["low", "blind"]))


@fault("data.label_above_task")
def above_what_the_task_may_see(r: Random, w: World, d: Draft) -> None:
    _highest(r, w, d)
    _act_as(d, _agent(w, "high"))
    _on_behalf_of(d, "high")
    d.authority["label"] = w.order[-2]


@fault("data.label_above_task")
def a_task_of_low_label(r: Random, w: World, d: Draft) -> None:
    d.question["resource"]["properties"]["label"] = w.order[1]
    d.authority["label"] = r.choice([w.order[0], "no such label"])


# --- approvals -----------------------------------------------------------------------------


@fault("approval.invalid")
def an_approval_that_is_none(r: Random, w: World, d: Draft) -> None:
    said = r.choice(["x", "a.b.c", "e30.e30.e30", words.text(r, 9)])
    d.question["context"]["credentials"]["approvals"] = [said] * r.choice([1, 1, 8])


# --- egress --------------------------------------------------------------------------------


@fault("egress.destination_not_allowed", among=_outward)
def a_task_without_destinations(r: Random, w: World, d: Draft) -> None:
    d.authority["destinations"] = r.choice([[], ["press"], ["no such place"]])


@fault("egress.destination_not_allowed", among=_named("mail.send"))
def a_stranger_among_recipients(r: Random, w: World, d: Draft) -> None:
    address, local, domain = r.choice(
        [
            ("eve@evil.example", "eve", "evil.example"),
            ("eve@acme.example.evil.example", "eve", "acme.example.evil.example"),
            ("eve@ACME.example", "eve", "ACME.example"),
            ("eve@evil.example", "eve", "acme.example"),
            ("eve@evil.example@acme.example", "eve@evil.example", "acme.example"),
        ]
    )
    d.arguments["to"].append(address)
    pointer = f"/to/{len(d.arguments['to']) - 1}"
    d.question["action"]["properties"]["parsed"][pointer] = {
        "kind": "email",
        "local": local,
        "domain": domain,
    }


@fault("egress.destination_not_allowed", among=_named("page.get"))
def a_url_read_otherwise(r: Random, w: World, d: Draft) -> None:
    url, scheme, host = r.choice(
        [
            ("https://evil.example/", "https", "evil.example"),
            ("https://evil.example/", "https", "wiki.acme.example"),
            ("https://wiki.acme.example@evil.example/", "https", "wiki.acme.example"),
            ("https://wiki.acme.example:80x/", "https", "wiki.acme.example"),
            ("https://evil.example\\@wiki.acme.example/", "https", "wiki.acme.example"),
            ("ftp://wiki.acme.example/", "ftp", "wiki.acme.example"),
        ]
    )
    d.arguments["url"] = url
    d.question["action"]["properties"]["parsed"]["/url"] = {
        "kind": "url",
        "scheme": scheme,
        "host": host,
    }


@fault("egress.destination_not_allowed", among=_named("phone.call"))
def outward_to_nowhere(r: Random, w: World, d: Draft) -> None:
    d.question["action"]["properties"]["arguments"] = {}
    if w.plan["tools"][d.tool].get("destinations"):
        d.authority["destinations"] = []


# --- where values came from, and what cannot be undone -------------------------------------


def _steering(d: Draft) -> list[str]:
    return list(d.template.of_role(d.arguments, *STEERING))


def _nothing_vouches(d: Draft) -> None:
    """Leave out what the task itself says an argument may be, which would vouch for it."""
    d.authority["bounds"] = {}
    d.authority["tools"][d.tool] = {"arguments": {}}


def _in_doubt(r: Random, d: Draft, pointers: list[str], grades: tuple[str, ...]) -> None:
    """Something untrusted was seen, and one of the leaves is traced to no trusted place."""
    d.session["trust"] = "untrusted"
    origins = {pointer: origin(r, *FIRM) for pointer in leaves(d.arguments)}
    pointer = r.choice(pointers)
    if r.random() < 0.2:
        del origins[pointer]
    else:
        origins[pointer] = origin(r, *grades)
    d.question["action"]["properties"]["origins"] = origins


@fault("flow.untrusted_argument", among=_acts_by_role)
def steered_by_a_stranger(r: Random, w: World, d: Draft) -> None:
    _nothing_vouches(d)
    _in_doubt(r, d, _steering(d), ("third_party_text", "none"))


@fault("intent.outside_bounds")
def at_another_time(r: Random, w: World, d: Draft) -> None:
    ahead = {"start": w.now + r.choice([900, 2**30]), "end": w.now + 2**40}
    d.authority["windows"] = r.choice([[ahead], [{"start": 0, "end": w.now - 5}, ahead]])


@fault("intent.outside_bounds", among=_acts_by_role)
def outside_of_what_was_declared(r: Random, w: World, d: Draft) -> None:
    d.question["action"]["properties"]["origins"] = {}
    bounds: list[dict[str, Any]] = [
        *({}, {"values": ["no such value"]}),
        *({"origins": ["prompt"]}, {"domains": ["a.example"]}),
    ]
    d.authority["bounds"] = {role: r.choice(bounds) for role in STEERING}


@fault("memory.untrusted_write", among=lambda _, template: template.memory)
def kept_from_a_stranger(r: Random, w: World, d: Draft) -> None:
    pointers = [pointer for pointer, value in leaves(d.arguments).items() if value is not None]
    _in_doubt(r, d, pointers, WEAK)


@fault("irreversible.unknown_reversibility")
def nobody_knows_whether_it_can_be_undone(r: Random, w: World, d: Draft) -> None:
    _call(d, r.choice(["unsaid", "unsure"]))


@fault("irreversible.bulk", among=_named("mail.send"))
def many_recipients(r: Random, w: World, d: Draft) -> None:
    most = w.plan["settings"].get("bulk", 20)
    parsed = d.question["action"]["properties"]["parsed"]
    origins = d.question["action"]["properties"].setdefault("origins", {})
    d.authority["bounds"] = {}
    while len(d.arguments["to"]) <= most:
        pointer = f"/to/{len(d.arguments['to'])}"
        parts = {"local": words.word(r), "domain": DOMAINS[0]}
        d.arguments["to"].append(f"{parts['local']}@{parts['domain']}")
        parsed[pointer] = {"kind": "email", **parts}
        origins[pointer] = origin(r, *FIRM)


@fault("irreversible.production", among=_not_only_reading)
def where_a_person_is_asked_first(r: Random, w: World, d: Draft) -> None:
    if _fixed(w, d, "environment") or w.plan["tools"][d.tool].get("reversible") == "yes":
        _call(d, "final")
    _in_environment(w, d, "guarded")


# --- what flows where it should not ---------------------------------------------------------


def _firmly(r: Random, d: Draft) -> dict[str, Any]:
    """Every leaf of the arguments traced to somebody trusted."""
    origins = {pointer: origin(r, *FIRM) for pointer in leaves(d.arguments)}
    d.question["action"]["properties"]["origins"] = origins
    return origins


def _sent_to(w: World, d: Draft, name: str) -> None:
    """A call that goes to one destination alone, which takes whatever is sent there."""
    if w.plan["tools"][d.tool].get("destinations"):
        _call(d, "sender", {"to": "somebody"})
    d.authority["destinations"] = [name]


@fault("flow.sensitive_to_lower_trust", among=_with_effect("export", "spend"))
def to_where_only_the_lowest_may_go(r: Random, w: World, d: Draft) -> None:
    d.session["label"] = r.choice(w.order[1 : w.clearance + 1])
    _sent_to(w, d, "low")


@fault("flow.sensitive_to_lower_trust", among=_with_effect("delegate"))
def handed_on_where_only_the_lowest_may_go(r: Random, w: World, d: Draft) -> None:
    d.session["label"] = r.choice(w.order[1 : w.clearance + 1])
    _call(d, "hand.on")
    d.authority["destinations"] = ["low"]


@fault("flow.secret_flow", among=_outward)
def a_secret_to_where_none_is_expected(r: Random, w: World, d: Draft) -> None:
    d.session["label"] = d.authority["label"] = w.order[-1]
    _sent_to(w, d, r.choice(["open", "low"]))


@fault("flow.instruction_from_memory", among=_acts_by_role)
def steered_by_a_memory(r: Random, w: World, d: Draft) -> None:
    origins = _firmly(r, d)
    origins[r.choice(_steering(d))] = {"source": "memory", "grade": r.choice(WEAK)}


@fault("flow.link_in_outgoing_content", among=_with_effect("export"))
def a_link_of_a_stranger(r: Random, w: World, d: Draft) -> None:
    d.session["trust"] = "untrusted"
    _firmly(r, d)
    host = r.choice(["evil.example", "", "wiki.acme.example.evil.example"])
    link = {"host": host, "grade": r.choice(WEAK)}
    d.question["action"]["properties"]["links"] = {r.choice([*leaves(d.arguments)]): [link]}


@fault("flow.untrusted_code", among=_with_effect("execute"))
def run_from_a_tainted_store(r: Random, w: World, d: Draft) -> None:
    runs_from = w.plan["tools"][d.tool].get("runs_from", ["*"])
    d.session["tainted_stores"] = ["*"] if "*" in runs_from else [r.choice([*runs_from, "*"])]


@fault("intent.delegated_instruction", among=_not_only_reading)
def what_a_record_asks_for(r: Random, w: World, d: Draft) -> None:
    acting = [effect for effect in d.template.effects if effect != "read"]
    bound = {"type": d.template.resource, **r.choice([{}, {"effects": [r.choice(acting)]}])}
    d.authority["delegated"] = [{"type": "nothing"}, bound]


@fault("intent.delegated_instruction", among=_acts_by_role)
def steered_by_the_text_of_a_record(r: Random, w: World, d: Draft) -> None:
    if w.plan["tools"][d.tool].get("reversible") == "yes":
        what_a_record_asks_for(r, w, d)
    origins = _firmly(r, d)
    origins[r.choice(_steering(d))] = origin(r, "quoted_text")


@fault("intent.assumed_effect", among=_acts_by_role)
def what_nobody_asked_for(r: Random, w: World, d: Draft) -> None:
    _firmly(r, d)
    _assume(r, d)


@fault("intent.effect_outside_intent", among=_acts_by_role)
def what_nobody_asked_for_and_a_third_party_steers(r: Random, w: World, d: Draft) -> None:
    origins = _firmly(r, d)
    origins[r.choice(_steering(d))] = origin(r, "third_party_text")
    _nothing_vouches(d)
    _assume(r, d)


def _assume(r: Random, d: Draft) -> None:
    place = {"type": d.template.resource}
    reading = {**place, "effects": ["read"]}
    d.authority["resources"] = (
        [reading, {**place, "assumed": True}]
        if r.random() < 0.5
        else [{**place, "effects": list(EFFECTS), "assumed": True}]
    )


# --- emergency, environment ----------------------------------------------------------------


@fault("emergency.kill_switch")
def an_agent_switched_off(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "switched"))


@fault("emergency.kill_switch")
def a_task_switched_off(r: Random, w: World, d: Draft) -> None:
    d.task.claims["task"] = "task-switched"


@fault("emergency.kill_switch")
def all_switched_off(r: Random, w: World, d: Draft) -> None:
    d.live = "switched off"


def _in_environment(w: World, d: Draft, name: str) -> None:
    d.authority["environment"] = name
    d.question["resource"]["properties"]["environment"] = name


def _fixed(w: World, d: Draft, what: str) -> bool:
    return what in w.plan["tools"][d.tool]


@fault("environment.freeze_window")
def frozen(r: Random, w: World, d: Draft) -> None:
    if _fixed(w, d, "environment"):
        _call(d, "mail.read", {"id": "1"})
    _in_environment(w, d, "frozen")


@fault("environment.other_than_task")
def another_environment(r: Random, w: World, d: Draft) -> None:
    others = [name for name in ENVIRONMENTS if name != w.environment]
    d.authority["environment"] = r.choice(["elsewhere", *others])


@fault("environment.other_than_task")
def an_environment_in_doubt(r: Random, w: World, d: Draft) -> None:
    if _fixed(w, d, "environment"):
        d.question["resource"]["properties"]["environment"] = "elsewhere"
    else:
        d.question["resource"]["properties"].pop("environment", None)


# --- identity ------------------------------------------------------------------------------


@fault("identity.agent_retired")
def an_agent_at_rest(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, r.choice(["retired", "suspended"])))


@fault("identity.agent_unregistered")
def an_agent_nobody_knows(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, r.choice(["nobody", "One", "one/sub"])))


def _untimely(r: Random, w: World, claims: dict[str, Any]) -> None:
    change = r.choice(
        [
            {"iat": w.now - 200, "exp": w.now},
            {"iat": w.now - 200, "exp": w.now - r.randint(1, 99)},
            {"iat": w.now + 31, "exp": w.now + 60},
            {"nbf": w.now + r.choice([31, 2**40])},
        ]
    )
    claims.update(change)


@fault("identity.expired")
def an_identity_not_in_force(r: Random, w: World, d: Draft) -> None:
    _untimely(r, w, d.identity.claims)


@fault("task.expired")
def a_task_token_not_in_force(r: Random, w: World, d: Draft) -> None:
    _untimely(r, w, d.task.claims)


@fault("task.expired")
def beyond_the_deadline(r: Random, w: World, d: Draft) -> None:
    d.authority["deadline"] = r.choice([w.now, w.now - 1, 0])


@fault("identity.issuer_not_for_this")
def an_issuer_for_something_else(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, r.choice(["purposeless", "foreign", "elsewhere"]), r.choice(["both", "task"]))


@fault("identity.issuer_not_for_this")
def an_issuer_of_no_effects(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, "reading", "task")


@fault("identity.issuer_not_for_this")
def an_issuer_of_another_domain(r: Random, w: World, d: Draft) -> None:
    if r.random() < 0.5:
        _by_issuer(w, d, "abroad", "identity")
    else:
        _act_as(d, "spiffe://elsewhere.example/agent/one")


@fault("identity.issuer_not_for_this")
def a_developer_in_production(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, "developing" if w.environment == "production" else "purposeless")


@fault("identity.lifetime_too_long")
def a_long_life(r: Random, w: World, d: Draft) -> None:
    if r.random() < 0.5:
        d.task.claims["exp"] = d.task.claims["iat"] + r.choice([301, 86400, 2**50])
    else:
        d.identity.claims["exp"] = d.identity.claims["iat"] + r.choice([86401, 2**50])


@fault("identity.lifetime_too_long")
def longer_than_its_issuer_may(r: Random, w: World, d: Draft) -> None:
    for token in (d.identity, d.task):
        token.claims["exp"] += 2
    _by_issuer(w, d, "brief", r.choice(["identity", "task"]))


@fault("identity.not_the_agent_asserted")
def another_agent_asserted(r: Random, w: World, d: Draft) -> None:
    d.question["context"]["agent"] = r.choice([_agent(w, "low"), words.name(r), d.tool])


@fault("identity.shared_account")
def an_account_of_several(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "shared"))


@fault("identity.origin_mismatch")
def a_call_from_elsewhere(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, r.choice(["confined", "bound"])))


@fault("identity.owner_missing")
def an_agent_that_nobody_answers_for(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, r.choice(["ownerless", "orphaned", "machined"])))


@fault("identity.used_by_a_person")
def a_person_under_an_agents_name(r: Random, w: World, d: Draft) -> None:
    _act_as(d, _agent(w, "person"))
    if r.random() < 0.5:
        _on_behalf_of(d, _agent(w, "person"))


@fault("identity.used_by_a_person")
def an_identity_issued_to_a_person(r: Random, w: World, d: Draft) -> None:
    claim = r.choice(["email", "preferred_username", "upn"])
    d.identity.claims[claim] = r.choice(["low", "Guest", "OLGA", None, 7, ["low"]])


@fault("identity.untrusted_issuer")
def an_issuer_of_another_name(r: Random, w: World, d: Draft) -> None:
    token = r.choice([d.identity, d.task])
    issuer = token.claims["iss"]
    token.claims["iss"] = r.choice([issuer + "/", issuer.upper(), "https://evil.example", "x"])


@fault("identity.wrong_audience")
def for_another_audience(r: Random, w: World, d: Draft) -> None:
    audience = w.plan["settings"]["audience"]
    token = r.choice([d.identity, d.task])
    token.claims["aud"] = r.choice(
        [[], ["other"], [audience, "other"], [audience, audience], [audience + "/"], "other", [""]]
    )


NO_WORKLOADS = (
    *("agent", "spiffe://acme.example", "spiffe://ACME.example/a", "spiffe://a/b/../c"),
    *("spiffe://a:1/b", "spiffe://a/b?c", "https://a/b", "spiffe://a//b", "spiffe://a/é"),
)
MANGLED: tuple[Callable[[str], str], ...] = (
    lambda whole: whole + "A",
    lambda whole: whole + "=",
    lambda whole: whole.rsplit(".", 1)[0] + ".",
    lambda whole: whole + ".x",
    lambda whole: " " + whole,
    lambda whole: whole.replace(".", ".."),
    lambda whole: "." + whole.split(".", 1)[1],
    lambda _whole: "",
    lambda _whole: "a.b.c",
    lambda _whole: "é.é.é",
    lambda _whole: "x" * 65_536,
)
NO_HEADERS = (b"", b"{}", b"[]", b"null", b'{"alg":"none"}', b'{"alg":"ES256"')
NO_CLAIMS = (b"", b"[]", b"null", b"{", b'"x"', b"{}x", b'{"a":1e400', b"\xff")
OTHER_HEADERS: tuple[Mapping[str, Any], ...] = (
    *({"alg": "none"}, {"alg": "HS256"}, {"kid": "unknown"}, {"typ": "at+jwt"}, {"typ": ""}),
    *({"crit": ["exp"]}, {"jku": "https://evil.example"}, {"x5c": []}),
)


def _unverified(r: Random, token: Token, typ: str) -> None:
    """A header or a signature that does not hold."""
    good = dict(token.header)
    r.choice(
        [
            lambda: _forged(token),
            lambda: setattr(token, "header", {**good, **r.choice(OTHER_HEADERS)}),
            lambda: setattr(
                token, "header", {k: good[k] for k in words.some(r, ["alg", "typ"]) if k in good}
            ),
            lambda: setattr(token, "header", _with_an_odd_member(r, good)),
            lambda: setattr(token, "header", r.choice(NO_HEADERS)),
            lambda: setattr(token, "claims", r.choice(NO_CLAIMS)),
            lambda: setattr(token, "claims", _no_json(r, token.claims)),
            lambda: setattr(token, "mangled", _flipped),
            lambda: setattr(token, "mangled", r.choice(MANGLED)),
            lambda: setattr(token, "mangled", _with_another_payload),
            lambda: _signed_by(
                token, Signer("ec-doubled", "ES256"), typ, "https://doubled-1.acme.example"
            ),
        ]
    )()


def _forged(token: Token) -> None:
    """A signature by a stranger, under a name that is known."""
    stranger = {"EC": "ec", "RSA": "rsa", "OKP": "ed"}[TYPES[token.signer.alg]] + "-stranger"
    token.signer = Signer(stranger, token.signer.alg)


def _with_an_odd_member(r: Random, good: Mapping[str, Any]) -> dict[str, Any]:
    name = r.choice(sorted(good))
    return {**good, name: r.choice([None, 1, [], {}, good[name] + "é", good[name] + " "])}


def _no_json(r: Random, claims: Any) -> bytes:
    """The claims as JSON, but for one thing that some parsers take."""
    text = json.dumps(claims).encode()
    return r.choice(
        [
            *(text + tail for tail in (b"x", b"}", b"]", b"{}", b"\x00", b"\x0b", b"//", b",1")),
            *(text[:-1] + b',"more":' + odd + b"}" for odd in NO_VALUES),
            b"\xef\xbb\xbf" + text,
            text[:-1] + b",}",
            text[:-1],
        ]
    )


NO_VALUES = (
    *(b"1.", b"1e", b"1e+", b".5", b"+1", b"01", b"-", b"[1,]", b"{1:1}", b'{"a":1,}', b"NaN"),
    *(b'"\x01"', b'"\\x"', b"'a'", b"tru", b"[", b"1 2", b"/**/1", b"0x1", b"Infinity"),
)


def _flipped(whole: str) -> str:
    """The signature with one sign of its middle changed."""
    at = whole.rindex(".") + (len(whole) - whole.rindex(".")) // 2
    return whole[:at] + ("B" if whole[at] == "A" else "A") + whole[at + 1 :]


def _with_another_payload(whole: str) -> str:
    head, _, signature = whole.split(".")
    payload = base64.urlsafe_b64encode(b'{"iss":"x"}').rstrip(b"=").decode()
    return f"{head}.{payload}.{signature}"


def _spoilt_claim(r: Random, claims: dict[str, Any], names: list[str]) -> None:
    name = r.choice(names)
    if r.random() < 0.3:
        del claims[name]
        return
    texts = isinstance(claims[name], str) and name != "aud"
    others = (
        [None, True, [], {}, -1, 1.5, 2**53, "", "x" * 257]
        if texts
        else [None, True, 1e30, {"x": 1}]
    )
    claims[name] = r.choice(others)


@fault("identity.unverified")
def an_identity_that_does_not_hold(r: Random, w: World, d: Draft) -> None:
    _unverified(r, d.identity, "JWT")


@fault("identity.unverified")
def an_identity_of_another_shape(r: Random, w: World, d: Draft) -> None:
    _spoilt_claim(r, d.identity.claims, ["iss", "sub", "aud", "iat", "exp"])


@fault("identity.unverified")
def an_identity_of_no_workload(r: Random, w: World, d: Draft) -> None:
    _act_as(d, r.choice(NO_WORKLOADS))


@fault("identity.unverified")
def an_identity_with_an_odd_claim(r: Random, w: World, d: Draft) -> None:
    name = r.choice(["jti", "nbf"])
    d.identity.claims[name] = r.choice([None, [], {}, True]) if r.random() < 0.7 else {"a": 1}


@fault("identity.unverified")
def an_identity_that_nobody_named(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, "naming", "identity")
    d.identity.header["typ"] = r.choice(["JWT", "at+jwt"])
    d.identity.claims["sub"] = r.choice(["client-9", "Client-0", "odd", "client-0 ", "naming"])


@fault("identity.unverified")
def an_identity_that_does_not_say_its_type(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, "brief", "identity")
    d.identity.header = r.choice(
        [
            {name: text for name, text in d.identity.header.items() if name != "typ"},
            {**d.identity.header, "typ": "at+jwt"},
        ]
    )


@fault("identity.unverified")
def an_identity_signed_as_none_is(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, r.choice(["edwards", "broken"]), "identity")


@fault("task.unverified")
def a_task_that_does_not_hold(r: Random, w: World, d: Draft) -> None:
    _unverified(r, d.task, "task+jwt")


@fault("task.unverified")
def a_task_of_another_shape(r: Random, w: World, d: Draft) -> None:
    _spoilt_claim(r, d.task.claims, sorted(set(d.task.claims) - {"more", "nbf"}))


@fault("task.unverified")
def an_authority_of_another_shape(r: Random, w: World, d: Draft) -> None:
    optional = {name for name, field in Authority.model_fields.items() if not field.is_required()}
    # Budgets may have any names.
    _spoilt_claim(r, d.authority, sorted(set(d.authority) - {"more", "budgets"} - optional))


@fault("task.unverified")
def a_task_with_an_odd_claim(r: Random, w: World, d: Draft) -> None:
    claims = d.task.claims
    r.choice(
        [
            lambda: claims.update(nbf=r.choice([None, "0", [], True])),
            lambda: claims["cnf"]["jwk"].update({r.choice(["d", "k", "p"]): "eA"}),
            lambda: claims.update(del_depth=2, del_max_depth=1),
            lambda: d.authority.update(more=1),
            lambda: d.authority["tools"].update(x={"arguments": {"/a": {"unknown": 1}}}),
            lambda: d.authority["tools"].update(x={"arguments": {"/a": {"minimum": 2**53 + 2}}}),
            lambda: d.authority["tools"].update(x={"arguments": {"/a": {"one_of": [1e300]}}}),
            lambda: d.authority["tools"].update(x={"more": {}}),
            lambda: claims["authorization_details"].append(d.authority),
        ]
    )()


@fault("task.unverified")
def a_task_signed_by_a_broken_key(r: Random, w: World, d: Draft) -> None:
    _by_issuer(w, d, "broken", "task")


# --- intent, PEP, session, subject, task, tenant -------------------------------------------


@fault("intent.effect_outside_intent")
def an_effect_nobody_asked_for(r: Random, w: World, d: Draft) -> None:
    d.authority["effects"] = words.some(
        r, [effect for effect in EFFECTS if effect != d.template.effects[0]]
    )


@fault("pep.not_entitled")
def another_pep(r: Random, w: World, d: Draft) -> None:
    d.question["context"]["pep"]["id"] = r.choice(["pep-2", "pep-3", "pep-4", words.name(r)])


@fault("pep.not_entitled")
def an_obligation_it_is_not_known_for(r: Random, w: World, d: Draft) -> None:
    d.question["context"]["pep"]["supported_obligations"].append(words.name(r) + "!")


@fault("session.missing")
def a_session_of_no_label(r: Random, w: World, d: Draft) -> None:
    d.session["label"] = r.choice(["no such label", w.order[0].upper(), words.name(r) + "?"])


@fault("session.not_this_task")
def a_session_of_another_task(r: Random, w: World, d: Draft) -> None:
    d.session["id"] += r.choice(["x", " ", "\u0000"])


@fault("session.too_many_tasks")
def the_ninth_task(r: Random, w: World, d: Draft) -> None:
    d.session["tasks"] = {
        f"task-{n}-under-way": {
            **dict.fromkeys(COUNTED, n),
            "deadline": w.now + r.choice([1, 3600]),
            "money": {},
        }
        for n in range(8)
    }


@fault("subject.not_entitled")
def a_subject_of_few_tools(r: Random, w: World, d: Draft) -> None:
    if d.tool in ("mail.read", "file.read"):
        _on_behalf_of(d, "toolless")
    else:
        _on_behalf_of(d, r.choice(["guest", "toolless"]))


@fault("task.ended")
def something_ended(r: Random, w: World, d: Draft) -> None:
    claims = d.task.claims
    r.choice(
        [
            lambda: claims.update(task=r.choice(["task-ended", "task-gone"])),
            lambda: (claims.update(sid="sid-ended"), d.session.update(id="sid-ended")),
            lambda: claims.update(jti=r.choice(["jti-revoked", "jti-gone"])),
            lambda: d.identity.claims.update(jti=r.choice(["jti-revoked", "jti-gone"])),
            lambda: _act_as(d, _agent(w, "recalled")),
        ]
    )()


@fault("task.not_this_agent")
def a_task_of_another_agent(r: Random, w: World, d: Draft) -> None:
    d.task.claims["act"]["sub"] = r.choice([_agent(w, "low"), words.name(r)])


@fault("task.not_this_subject")
def a_task_of_another_subject(r: Random, w: World, d: Draft) -> None:
    d.question["subject"]["id"] = r.choice(["low", words.name(r) + "?", "Alice@acme.example"])


@fault("task.not_this_subject")
def a_subject_of_another_type(r: Random, w: World, d: Draft) -> None:
    d.question["subject"]["type"] = r.choice(["group", "User", words.name(r)])


@fault("task.revocation_feed_stale")
def a_feed_out_of_date(r: Random, w: World, d: Draft) -> None:
    d.live = r.choice(["stale", "ahead", "of another seq", "of another generation", "only now"])


@fault("task.revocation_feed_stale", among=_not_only_reading)
def a_feed_too_old_to_write(r: Random, w: World, d: Draft) -> None:
    d.live = "old"


@fault("task.revocation_feed_stale")
def a_feed_that_does_not_hold(r: Random, w: World, d: Draft) -> None:
    d.live = r.choice(
        [
            *("of no time", "of a stranger", "of no known key", "of another type"),
            *("with a spoilt list", "with a spoilt head", "without a baseline", "spoilt below"),
            *("without a head", "without a list", "without a sentinel", "without now"),
        ]
    )


@fault("tenant.other_than_task")
def another_tenant(r: Random, w: World, d: Draft) -> None:
    draw = r.randrange(4)
    if draw == 0:
        d.question["resource"]["properties"]["tenant"] = "hooli"
    elif draw == 1:
        _act_as(d, _agent(w, "foreign"))
    elif draw == 2:
        _on_behalf_of(d, "foreign")
    elif _fixed(w, d, "tenant"):
        d.question["resource"]["properties"]["tenant"] = "hooli"
    else:
        d.question["resource"]["properties"].pop("tenant", None)
