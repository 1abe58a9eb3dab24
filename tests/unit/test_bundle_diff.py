"""Which changes of the data are told, and which let more through."""

from __future__ import annotations

import copy
from pathlib import Path

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import scenes

from inbounds.engine.bundle import SignedBundle
from inbounds.errors import ConfigurationError
from inbounds_tools.bundle.archive import as_json
from inbounds_tools.bundle.diff import _bundles, _data, _rules, _stamps, _without_comments
from inbounds_tools.bundle.folder import of_one_build
from inbounds_tools.bundle.own_files import require_own_files
from inbounds_tools.opa.process import _complete

AGENT = "/agents/spiffe:~1~1acme.example~1agent~1assistant"
CONSTRAINTS = "/tools/mail.send/arguments/~1body"


def changes(*patch):
    before = copy.deepcopy(scenes.scene()["deployment"])
    before["tools"]["mail.send"]["arguments"]["/body"] |= {
        "one_of": ["a"],
        "hosts": [],
        "minimum": 1,
    }
    before["budgets"] = {"calls": 10}
    after = jsonpatch.apply_patch(
        before, [dict(zip(("op", "path", "value"), p, strict=False)) for p in patch]
    )
    return list(_data("deployment", before, after))


WIDER = [
    ("add", f"{AGENT}/manifest/effects/-", "delete"),
    ("add", f"{AGENT}/manifest/tools/-", "mail.purge2"),
    ("add", f"{AGENT}/tenants/-", "other"),
    ("add", f"{AGENT}/may_delegate_to", ["x"]),
    ("replace", f"{AGENT}/clearance", "secret"),
    ("replace", f"{AGENT}/owner", "dora@acme.example"),
    ("add", "/agents/another", {}),
    ("add", "/subjects/bob@acme.example", {}),
    ("add", "/groups/staff/effects/-", "delete"),
    ("add", "/intents/correspond/effects/-", "delete"),
    ("add", "/intents/correspond/destinations/-", "press"),
    ("replace", "/intents/correspond/seconds", 7200),
    ("add", "/destinations/press/domains/-", "evil.example"),
    ("add", "/destinations/new", {"domains": ["evil.example"]}),
    ("add", "/issuers/another", {}),
    ("add", "/issuers/tasks/keys/task-2", {}),
    ("add", "/issuers/tasks/environments/-", "staging"),
    ("replace", "/issuers/tasks/kind", "development"),
    ("replace", "/issuers/tasks/max_seconds", 600),
    ("replace", "/feed/max_age/other", 60),
    ("add", "/feed/keys/feed-2", {}),
    ("add", "/peps/another", {}),
    ("add", "/peps/assistant-pep/token_sha256/-", "00"),
    ("remove", "/environments/production/freezes/0"),
    ("replace", "/environments/production/freezes/0/end", 1799000001),
    ("replace", "/environments/production/development", True),
    ("add", "/environments/staging", {}),
    ("remove", "/settings/control_plane/0"),
    ("remove", "/settings/secrets/0"),
    ("add", "/settings/feed_writers/someone", ["00"]),
    ("replace", "/settings/audience", "other"),
    ("remove", "/budgets/calls"),
    ("replace", "/budgets/calls", 11),
    ("add", "/tools/new", {}),
    ("add", "/tools/mail.untagged/effects/-", "read"),
    ("remove", "/tools/mail.send/effects/0"),
    ("add", "/tools/mail.send/arguments/~1cc", {}),
    ("add", f"{CONSTRAINTS}/one_of/-", "b"),
    ("remove", f"{CONSTRAINTS}/one_of/0"),
    ("replace", f"{CONSTRAINTS}/minimum", 0),
    ("replace", f"{CONSTRAINTS}/max_length", 20000),
    ("replace", "/tools/mail.read/returns/label", "public"),
    ("remove", "/labels/resources/mail/prefixes/board~1"),
    ("remove", "/subjects/alice@acme.example"),
    ("remove", "/issuers/tasks"),
    ("remove", "/tools/mail.send"),
    ("remove", "/tools/mail.send/arguments/~1body"),
    ("replace", "/labels/order", ["internal", "public", "confidential", "secret"]),
]
NO_WIDER = [
    ("remove", f"{AGENT}/manifest/effects/0"),
    ("replace", f"{AGENT}/state", "suspended"),
    ("replace", f"{AGENT}/owner", ""),
    ("remove", f"{AGENT}"),
    ("replace", "/intents/correspond/seconds", 60),
    ("remove", "/intents/correspond/destinations/0"),
    ("remove", "/destinations/press"),
    ("replace", "/issuers/tasks/max_seconds", 60),
    ("remove", "/peps/assistant-pep"),
    ("add", "/environments/production/freezes/-", {"start": 1, "end": 2, "effects": ["read"]}),
    ("add", "/settings/secrets/-", {"type": "file", "prefixes": ["/x/"]}),
    ("replace", "/budgets/calls", 9),
    ("add", f"{CONSTRAINTS}/hosts/-", "acme.example"),
    ("replace", f"{CONSTRAINTS}/minimum", 2),
    ("replace", f"{CONSTRAINTS}/max_length", 10),
    ("add", "/tools/mail.send/description", "Sends mail"),
]


@pytest.mark.parametrize("patch", WIDER, ids=lambda patch: f"{patch[0]} {patch[1]}")
def test_what_lets_more_through_is_marked(patch):
    found = changes(patch)
    assert found
    assert any(change.widens for change in found)


@pytest.mark.parametrize("patch", NO_WIDER, ids=lambda patch: f"{patch[0]} {patch[1]}")
def test_what_lets_no_more_through_is_told_and_not_marked(patch):
    found = changes(patch)
    assert found
    assert not any(change.widens for change in found)


def test_a_member_of_a_list_is_told_by_itself():
    (change,) = changes(("add", f"{AGENT}/manifest/tools/-", "mail.purge2"))
    assert (change.what, change.after) == ("added", "mail.purge2")
    assert change.path == "agents/spiffe://acme.example/agent/assistant/manifest/tools"


def test_a_list_in_another_order_is_told():
    assert changes(("replace", f"{AGENT}/manifest/effects", ["write", "read", "export"]))


def test_nothing_is_told_where_nothing_differs():
    assert not changes()


def test_a_revocation_that_goes_widens():
    before = {"baseline": {"revoked": {"token-1": 1}}}
    (gone,) = _data("live", before, {"baseline": {"revoked": {}}})
    (come,) = _data("live", {"baseline": {"revoked": {}}}, before)
    assert (gone.widens, come.widens) == (True, False)


def test_live_data_that_changes_widens():
    before = {"baseline": {"revoked": {"_": 0, "token-1": 2}}}
    for revoked in ({"_": 0, "token-1": 1}, {"_": 1, "token-1": 2}):
        (change,) = _data("live", before, {"baseline": {"revoked": revoked}})
        assert change.widens
    (list_comes,) = _data("live", {"baseline": {}}, before)
    assert list_comes.widens


def test_a_comment_makes_no_other_rule():
    source = b"package a\n\n# why\nallow if input.x == 1\n"
    same = _without_comments(b"# METADATA\npackage a\nallow if input.x == 1")
    assert _without_comments(source) == same
    other = _without_comments(b"package a\n\n# why\nallow if input.x == 2\n")
    assert _without_comments(source) != other


def test_what_stands_between_backticks_is_no_comment():
    text = b"package a\nallow if input.x == `\n# %s\n`\n"
    assert _without_comments(text % b"1") != _without_comments(text % b"2")


# --- every file of every bundle --------------------------------------------------------------

RULE = "site/rules/pay/late/late.rego"
OWN = b"# METADATA\n# title: Late\npackage site.rules.pay.late\n"
KINDS = ("rego", "wasm", "site", "deployment", "live")


def bundle(artefact, files=(), data=None, *, revision="r", **about):
    metadata = {"artefact": artefact, "sources": "s", "sequence": 1, "questions": [1], **about}
    manifest = {"revision": revision, "metadata": {"inbounds": metadata}}
    return SignedBundle(files=dict(files), manifest=manifest, data=data or {}, modules={})


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ({}, {RULE: OWN}, False),
        # Whatever its folder says, it adds to the package that it states.
        ({}, {RULE: OWN.replace(b"late\n", b"other\n")}, True),
        ({}, {RULE: b"#\rpackage site.rules.pay.late\npackage site.rules.pay.other\n"}, True),
        ({RULE: b"a"}, {}, True),
        ({RULE: b"a"}, {RULE: b"b"}, True),
        ({RULE: b"a"}, {RULE: b"a\n# why\n"}, False),
        ({RULE: b"a"}, {RULE: b"a\r\n# why\r\n"}, False),
        # For OPA a comment goes on behind a CR: the condition is gone.
        ({RULE: b"a if {\n\tb\n\tc\n}"}, {RULE: b"a if {\n\t#\r\tb\n\tc\n}"}, True),
        ({RULE: b"a if {\n\t#\r\tb\n\tc\n}"}, {RULE: b"a if {\n\t#\n\tb\n\tc\n}"}, True),
        # Another file of the rule may rule out what the first one does not.
        ({RULE: b"a"}, {RULE: b"a", "site/rules/pay/late/more.rego": b"b"}, True),
        ({}, {"site/lib/dates/dates.rego": b"a"}, True),
        ({"site/lib/dates/dates.rego": b"a"}, {}, True),
        ({}, {"inbounds/grants/task/task.rego": b"a"}, True),
    ],
)
def test_rego_that_may_let_more_through_widens(old, new, wider):
    (change,) = _rules({"site": bundle("site", old)}, {"site": bundle("site", new)})

    assert change.widens is wider


def test_all_data_of_a_site_widens():
    for old, new in ((["a"], []), ([], ["a"])):
        (change,) = _data("site", {"banned": old}, {"banned": new})
        assert change.widens
        assert change.area == "site data"


JSON = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 0.0, 1.0, -0.0, 2, 0.5, "", "1", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)
"""Values of which many are equal to Python, and not to a policy."""


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(old=JSON, new=JSON)
def test_documents_with_other_bytes_have_a_change(old, new):
    found = list(_data("site", {"x": old}, {"x": new}))
    assert bool(found) == (as_json(old) != as_json(new))
    assert all(change.widens for change in found)


@pytest.mark.parametrize(("old", "new"), [(True, 1), (False, 0), (0, False), (1, 1.0), (1, True)])
@pytest.mark.parametrize(
    "within", [lambda x: x, lambda x: [x], lambda x: [[x]], lambda x: [{"a": x}]]
)
def test_values_that_python_calls_equal_are_changes(old, new, within):
    assert list(_data("site", {"x": within(old)}, {"x": within(new)}))
    assert list(_data("deployment", {"x": within(old)}, {"x": within(new)}))
    assert list(_stamps(*({"rego": stamped(value)} for value in (old, new))))


def stamped(sequence):
    return SignedBundle({}, {"metadata": {"inbounds": {"sequence": sequence}}}, {}, {})


def test_bundles_whose_data_differ_in_true_and_1_are_not_of_one_build():
    about = {"revision": "r", "metadata": {"inbounds": {"artefact": "wasm"}}}
    site = {"revision": "r", "metadata": {"inbounds": {"artefact": "site"}}}
    bundles = {
        Path("a"): SignedBundle({}, site, {"site": {"frozen": True}}, {}),
        Path("b"): SignedBundle({}, about, {"site": {"frozen": 1}}, {}),
    }
    with pytest.raises(ConfigurationError) as refused:
        of_one_build(Path(), bundles, whole=False)
    assert refused.value.code == "bundle.mixed"


def test_an_entry_of_the_catalogue_that_changes_or_goes_widens_and_one_that_comes_does_not():
    rule = {"severity": "high", "depends_on": []}
    had = {"inbounds": {"build": {"site": {"rules": {"pay.late": rule}}}}}
    none = {"inbounds": {"build": {"site": {"rules": {}}}}}
    other = {"inbounds": {"build": {"site": {"rules": {"pay.late": {**rule, "severity": "low"}}}}}}

    assert [change.widens for change in _data("catalogue", none, had)] == [False]
    assert [change.widens for change in _data("catalogue", had, none)] == [True]
    assert [change.widens for change in _data("catalogue", had, other)] == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            {"wasm": bundle("wasm", {"policy.wasm": b"a"})},
            {"wasm": bundle("wasm", {"policy.wasm": b"b"})},
        ),
        ({}, {"wasm": bundle("wasm")}),
        ({"wasm": bundle("wasm")}, {}),
        ({"site": bundle("site")}, {"site": bundle("site", data={"more": 1})}),
        ({"rego": bundle("rego")}, {"rego": bundle("rego", questions=[1, 2])}),
        ({"rego": bundle("rego")}, {"rego": bundle("rego", {"note.txt": b"a"})}),
    ],
)
def test_whatever_else_differs_widens(old, new):
    assert [change.widens for change in _bundles(old, new)] == [True]
    assert not [*_bundles(new, new)]


def every_change(old, new):
    return [*_rules(old, new), *_bundles(old, new)]


NAMES = (
    "more.rego",
    "deployment/peps/more.rego",
    "inbounds/lib/more.rego",
    "site/lib/more.rego",
    "more/data.json",
    "policy.wasm",
    "x/policy.wasm",
    "note",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*NAMES, "site/rules/pay/late/late.rego"])
def test_every_file_of_every_bundle_is_compared(kind, name):
    """
    Also where another bundle of the folder has a file of that name.
    """
    others = {each: bundle(each, {name: OWN}) for each in KINDS if each != kind}
    without, one = others | {kind: bundle(kind)}, others | {kind: bundle(kind, {name: OWN})}
    another = others | {kind: bundle(kind, {name: OWN + b"a := 1\n"})}
    for old, new in ((without, one), (one, without), (one, another)):
        assert [change.widens for change in every_change(old, new)] == [True]
    assert not every_change(one, one)


HELD = {
    "rego": {"inbounds/lib/more.rego"},
    "wasm": {"policy.wasm"},
    "site": {"site/lib/more.rego"},
    "deployment": set(),
    "live": set(),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*NAMES, "inbounds/policy.wasm\n.rego/x", "policy.wasm\n"])
def test_a_bundle_holds_the_files_of_its_kind_alone(tmp_path, kind, name):
    held = bundle(kind, {".manifest": b"{}", "data.json": b"{}", name: b""}, {"deployment": {}})
    folder = {tmp_path / "a": bundle("rego"), tmp_path / "b": held}
    if kind == "rego":
        del folder[tmp_path / "a"]
    if name in HELD[kind]:
        require_own_files(held)
        return
    for refuse in (
        lambda: require_own_files(held),
        lambda: of_one_build(tmp_path, folder, whole=False),
    ):
        with pytest.raises(ConfigurationError) as refused:
            refuse()
        assert refused.value.code == "bundle.malformed"
        assert f"`{kind}`" in refused.value.message
    with pytest.raises(ConfigurationError) as refused:
        _complete(folder)
    assert refused.value.code == "bundle.malformed"


DATA = {"inbounds": {"build": {}}, "site": {"banned": ["a"]}, "deployment": {"revision": "d"}}
BUILD = {
    "deployment": bundle("deployment", data={"deployment": DATA["deployment"]}, revision="d"),
    "rego": bundle("rego", data={"inbounds": DATA["inbounds"]}),
    "site": bundle("site", data={"site": DATA["site"]}),
    "wasm": bundle("wasm", data=DATA),
}


@pytest.mark.parametrize(
    "other",
    [
        bundle("wasm", data={**DATA, "site": {"banned": []}}),
        bundle("wasm", data={**DATA, "deployment": {"revision": "e"}}),
        bundle("wasm", data={**DATA, "inbounds": {}}),
        bundle("wasm", data={**DATA, "more": {}, "live": {"baseline": {}}}),
        bundle("wasm", data=DATA, revision="another"),
        bundle("wasm", data=DATA, sources="another"),
        bundle("wasm", data=DATA, sequence=2),
        bundle("site", data={"site": {"banned": []}}),
        bundle("deployment", data={"deployment": {"revision": "d", "tools": {}}}, revision="d"),
        bundle("deployment", data={"deployment": DATA["deployment"]}, revision="e"),
    ],
)
def test_bundles_of_a_folder_that_are_not_of_one_build_are_refused(tmp_path, other):
    assert of_one_build(tmp_path, BUILD, whole=True) == BUILD
    with pytest.raises(ConfigurationError) as refused:
        of_one_build(tmp_path, {**BUILD, other.metadata["artefact"]: other}, whole=True)

    assert refused.value.code == "bundle.mixed"


def test_what_the_policy_as_wasm_holds_has_to_be_in_the_folder(tmp_path):
    without = {name: each for name, each in BUILD.items() if name != "deployment"}

    assert of_one_build(tmp_path, without, whole=False)
    with pytest.raises(ConfigurationError):
        of_one_build(tmp_path, without, whole=True)
