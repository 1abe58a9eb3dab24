"""Every leaf of a deployment, added, removed and changed: it widens, or it is known not to."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from inbounds.model.deployment import Deployment
from inbounds_tools.bundle.widening import HARMLESS, MISSING, default_of, fits, leaves, widens

CHOICES = {
    "tools/*/returns/party": ["first", "third"],
    "tools/*/returns/fields/*/holds": ["value", "id", "new_id", "title", "text"],
    "tools/*/returns/fields/*/party": ["first", "third"],
    "tools/*/arguments/*/role": ["none", "content", "recipient", "credential"],
    "tools/*/arguments/*/absent": ["", "none", "any"],
    "tools/*/reversible": ["yes", "no", "unknown"],
    "agents/*/state": ["active", "suspended", "retired"],
    "agents/*/account": ["dedicated", "shared"],
    "issuers/*/kind": ["development", "production"],
    "credentials/*/kind": ["lease", "static"],
}
"""Words of which some are stricter than others."""


def schema(kind: Any = Deployment, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Each place of a deployment with what may stand there; `*` is any name."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        inside = {(*path, name): field.annotation for name, field in kind.model_fields.items()}
    elif get_origin(kind) is dict:
        inside = {(*path, "*"): get_args(kind)[1]}
    else:
        return {"/".join(path): kind}
    found = {} if not path else {"/".join(path): kind}
    for place, what in inside.items():
        found |= schema(what, place)
    return found


SCHEMA = schema()


def values(place, kind):
    if place in CHOICES:
        return CHOICES[place]
    text = str(kind)
    if get_origin(kind) is list:
        return [[], ["a"], ["a", "b"], ["b"]]
    if "bool" in text and "int" not in text:
        return [False, True]
    if "int" in text or "float" in text:
        return [1, 2, 3]
    return ["", "a", "b"]


def verdicts():
    """The changes of each leaf that do not widen, as `place: what`."""
    found = set()
    for place, kind in SCHEMA.items():
        path = tuple(place.split("/"))
        if (isinstance(kind, type) and issubclass(kind, BaseModel)) or get_origin(kind) is dict:
            if path[-1] == "*":
                found |= {
                    f"{place}: {what}"
                    for what, old, new in (("added", MISSING, {}), ("removed", {}, MISSING))
                    if not widens(path, old, new)
                }
            continue
        seen = values(place, kind)
        pairs = [(old, new) for old in seen for new in seen if old != new]
        pairs += [(MISSING, new) for new in seen] + [(old, MISSING) for old in seen]
        for old, new in pairs:
            for leaf in leaves(path, old, new):
                if not widens(*leaf) and _said(path, leaf):
                    found.add(f"{place}: {_said(path, leaf)}")
    return found


def _said(path, leaf):
    """What a leaf's change is called; "" where nothing that is meant changes."""
    _, old, new = leaf
    default = default_of(path)
    stated = [default if v is MISSING and not _member(path, leaf) else v for v in (old, new)]
    if stated[0] == stated[1]:
        return ""
    if MISSING in stated:
        return "added" if stated[0] is MISSING else "removed"
    if isinstance(stated[0], list):
        return "added" if stated[0] == [] else "removed" if stated[1] == [] else "other"
    if isinstance(stated[0], int) and not isinstance(stated[0], bool):
        return "higher" if stated[1] > stated[0] else "lower"
    return f"{stated[0]} > {stated[1]}" if stated[0] in ("", "none", "yes") else f"to {stated[1]!r}"


def _member(path, leaf):
    return isinstance(default_of(path), list) and not any(isinstance(v, list) for v in leaf[1:])


NO_WIDENING = {
    "agents/*": {"removed"},
    "agents/*/account": {"to 'shared'"},
    "agents/*/manifest/effects": {"removed"},
    "agents/*/manifest/tools": {"removed"},
    "agents/*/may_delegate_to": {"removed"},
    "agents/*/owner": {"to ''"},
    "agents/*/read_only": {"to True"},
    "agents/*/state": {"to 'retired'", "to 'suspended'"},
    "agents/*/tenants": {"removed"},
    "approvers/*/algorithms": {"removed"},
    "approvers/*/max_seconds": {"lower"},
    "approvers/*/tenants": {"removed"},
    "budgets/*": {"lower"},
    "credentials/*/until": {"lower"},
    "destinations/*": {"removed"},
    "destinations/*/addresses": {"removed"},
    "destinations/*/anywhere": {"to False"},
    "destinations/*/domains": {"removed"},
    "destinations/*/hosts": {"removed"},
    "environments/*": {"removed"},
    "environments/*/asks_before_irreversible": {"to True"},
    "environments/*/development": {"to False"},
    "environments/*/freezes": {"added"},
    "feed/algorithms": {"removed"},
    "feed/keys/*": {"removed"},
    "feed/max_age/other": {"lower"},
    "feed/max_age/read": {"lower"},
    "groups/*": {"removed"},
    "groups/*/clearance": {"to ''"},
    "groups/*/effects": {"removed"},
    "groups/*/may_approve": {"to False"},
    "groups/*/tenants": {"removed"},
    "groups/*/tools": {"removed"},
    "intents/*": {"removed"},
    "intents/*/budgets/*": {"lower"},
    "intents/*/description": {"any"},
    "intents/*/destinations": {"removed"},
    "intents/*/effects": {"removed"},
    "intents/*/resources": {"removed"},
    "intents/*/seconds": {"lower"},
    "intents/*/tools": {"removed"},
    "issuers/*/algorithms": {"removed"},
    "issuers/*/effects": {"removed"},
    "issuers/*/environments": {"removed"},
    "issuers/*/max_seconds": {"lower"},
    "issuers/*/tenants": {"removed"},
    "issuers/*/vouches_for": {"removed"},
    "labels/resources/*": {"removed"},
    "labels/resources/*/prefixes/*": {"added"},
    "peps/*": {"removed"},
    "peps/*/environments": {"removed"},
    "peps/*/obligations": {"removed"},
    "peps/*/tenants": {"removed"},
    "revision": {"any"},
    "peers/*": {"removed"},
    "peers/*/algorithms": {"removed"},
    "peers/*/keys/*": {"removed"},
    "peers/*/until": {"lower"},
    "servers/*/at": {"removed"},
    "settings/bulk": {"lower"},
    "settings/control_plane": {"added"},
    "settings/four_eyes": {"added"},
    "settings/leases": {"added"},
    "settings/proof": {"added"},
    "settings/secrets": {"added"},
    "subjects/*/clearance": {"to ''"},
    "subjects/*/effects": {"removed"},
    "subjects/*/groups": {"removed"},
    "subjects/*/may_approve": {"to False"},
    "subjects/*/tenants": {"removed"},
    "subjects/*/tools": {"removed"},
    "tools/*/arguments/*/absent": {" > any", "none > any"},
    "tools/*/arguments/*/hosts": {"added", "removed"},
    "tools/*/arguments/*/max_length": {"lower"},
    "tools/*/arguments/*/maximum": {"lower"},
    "tools/*/arguments/*/minimum": {"higher"},
    "tools/*/arguments/*/nullable": {"to False"},
    "tools/*/arguments/*/one_of": {"removed"},
    "tools/*/arguments/*/path_prefixes": {"added", "removed"},
    "tools/*/arguments/*/pattern": {" > a", " > b"},
    "tools/*/arguments/*/required": {"to True"},
    "tools/*/description": {"any"},
    "tools/*/reversible": {"to 'unknown'", "yes > no", "yes > unknown"},
}
"""All that is not a widening. Where one comes to this, think of what it lets through."""


def test_of_every_leaf_what_is_not_listed_here_widens():
    found: dict[str, set[str]] = {}
    for verdict in verdicts():
        place, what = verdict.split(": ", 1)
        found.setdefault(place, set()).add(what)
    wide = {place: {"any"} for place in NO_WIDENING if NO_WIDENING[place] == {"any"}}

    assert {place: wide.get(place, whats) for place, whats in found.items()} == NO_WIDENING


def test_every_exception_is_of_a_place_there_is_and_says_why():
    for row in HARMLESS:
        assert row.because
        here = tuple(row.path.split("/"))
        assert any(fits(tuple(p.split("/")), row.path) or fits(here, p) for p in SCHEMA), row.path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maximum", 3),
        ("minimum", 3),
        ("max_length", 3),
        ("one_of", ["a"]),
        ("path_prefixes", ["/a/"]),
        ("hosts", ["a.example"]),
        ("pattern", "a+"),
        ("required", True),
        ("role", "recipient"),
        ("kind", "email"),
        ("type", "integer"),
    ],
)
def test_a_limit_of_an_argument_that_goes_widens(name, value):
    path = ("tools", "t", "arguments", "/a")

    assert widens((*path, name), value, MISSING)
    assert any(widens(*leaf) for leaf in leaves(path, {name: value}, {}))


def test_what_is_left_out_is_taken_for_what_it_means():
    assert not widens(("tools", "t", "arguments", "/a", "required"), False, MISSING)
    assert not widens(("intents", "i", "seconds"), MISSING, 3600)
    assert widens(("intents", "i", "seconds"), 60, MISSING)
    assert widens(("agents", "a", "state"), "suspended", MISSING)


def test_what_bounds_an_amount_for_the_first_time_widens():
    """
    Then it is no open amount any more, which a stranger's word could not settle.
    """
    path = ("tools", "t", "arguments", "/a")

    assert widens((*path, "maximum"), MISSING, 3)
    assert not widens((*path, "maximum"), 3, 2)
    assert widens((*path, "one_of"), MISSING, ["a"])
    assert not widens((*path, "one_of"), ["a", "b"], ["a"])
    assert widens((*path, "one_of"), ["a"], [])


@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        (("titled_by",), "/name", ""),
        (("fields", "/name", "holds"), "title", "text"),
        (("fields", "/name", "party"), "first", "third"),
        (("party",), "first", "third"),
    ],
)
def test_what_takes_a_record_its_title_widens(member, old, new):
    """
    By its title, what the user rules out reaches a record (`everybody except …`).
    """
    assert widens(("tools", "t", "returns", *member), old, new)


def test_a_whole_section_is_judged_by_what_is_in_it():
    assert not widens(("agents",), {"a": {}}, MISSING)
    assert widens(("tools",), {"t": {}}, MISSING)
    assert widens(("tools",), MISSING, {"t": {}})
    assert widens(("budgets",), {"calls": 1}, MISSING)
    assert not widens(("budgets",), MISSING, {"calls": 1})
    assert widens(("feed", "max_age"), {"read": 1}, MISSING)


def test_a_budget_that_comes_widens_only_where_it_opens_a_currency():
    for budgets in (("budgets",), ("intents", "i", "budgets")):
        for name in ("calls", "writes", "exports", "rows", "bytes", "repeats", "depth"):
            assert widens((*budgets, name), MISSING, 1) is (name == "depth")
            assert not widens((*budgets, name), 2, 1)
            assert widens((*budgets, name), 1, 2)
            assert widens((*budgets, name), 1, MISSING)
        assert widens((*budgets, "money.EUR"), MISSING, 1)
        assert not widens((*budgets, "money.EUR"), 2, 1)


def test_what_the_model_does_not_know_widens():
    assert widens(("surprise",), MISSING, 1)
    assert widens(("tools", "t", "surprise"), 1, MISSING)


def test_another_order_means_nothing_but_to_labels():
    assert not widens(("agents", "a", "tenants"), ["a", "b"], ["b", "a"])
    assert widens(("labels", "order"), ["a", "b"], ["b", "a"])


@pytest.mark.parametrize("role", ["recipient", "target", "amount", "code", "credential"])
def test_a_bound_that_comes_or_goes_widens(role):
    """
    What lies within a bound is not asked about; where there is none, nothing is denied for it.
    """
    path = ("intents", "i", "bounds")

    for bound in ({}, {"values": ["x"]}, {"origins": ["prompt"]}, {"up_to": 5}):
        assert widens((*path, role), bound, MISSING)
        assert widens((*path, role), MISSING, bound)
        assert widens(path, {role: bound}, MISSING)
        assert widens(path, {role: bound}, {})
        leaf_by_leaf = leaves(("intents", "i"), {"bounds": {role: bound}}, {})
        assert any(widens(*leaf) for leaf in leaf_by_leaf)
    assert not widens(path, MISSING, {})
    assert widens((*path, role), {"values": ["x"], "up_to": 5}, {"up_to": 4})
    assert widens((*path, role), {"up_to": 4}, {"up_to": 4, "values": ["x"]})


@pytest.mark.parametrize(
    ("old", "new"), [("yes", "no"), ("yes", "unknown"), ("no", "unknown"), ("yes", MISSING)]
)
def test_what_is_said_to_be_less_reversible_is_no_widening(old, new):
    path = ("tools", "t", "reversible")

    assert not widens(path, old, new)
    assert widens(path, new, old)
