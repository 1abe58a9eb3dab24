"""A deployment is loaded whole, or its folder says what is wrong and where."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from inbounds.dev.deployment import FIELDS, document, load
from inbounds.errors import ConfigurationError
from inbounds.model.deployment import Deployment

KEY = {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"}
ORDINARY: dict[str, Any] = {
    "settings": {"audience": "inbounds", "feed_writers": {"feed": ["0" * 64]}},
    "labels": {
        "order": ["public", "secret"],
        "resources": {"mail": {"label": "public", "prefixes": {"hr/": "secret"}}},
    },
    "feed": {"keys": {"feed-1": KEY}},
    "environments": {
        "prod": {
            "freezes": [
                {"start": "2026-12-24T00:00:00Z", "end": "2026-12-27T00:00:00Z", "effects": []}
            ]
        }
    },
    "tools": {
        "mail.send": {
            "effects": ["export"],
            "resource": "mail",
            "credential": "smtp",
            "environment": "prod",
            "returns": {"label": "public"},
            "destinations": ["partners"],
            "arguments": {
                "/to/*": {"kind": "email", "role": "recipient"},
                "/file": {"kind": "path", "path_prefixes": ["/srv/", "/", "data"]},
                "/url": {"kind": "url", "hosts": ["api.example"]},
                "/cents": {"kind": "money", "type": "integer"},
                "/id": {"kind": "id", "type": "integer"},
            },
        }
    },
    "credentials": {
        "smtp": {"kind": "lease"},
        "key": {
            "kind": "static",
            "effects": ["export"],
            "reason": "the provider leases none",
            "until": "2099-01-01T00:00:00Z",
        },
    },
    "peers": {"desk": {"card": "a.b.c", "keys": {"k1": KEY}, "until": "2099-01-01T00:00:00Z"}},
    "servers": {"files": {"at": ["npx files /srv", "https://files.example/mcp"]}},
    "agents": {
        "spiffe://a.example/x": {
            "manifest": {"tools": ["mail.send"], "effects": ["export"]},
            "clearance": "secret",
            "tenants": ["acme"],
            "may_delegate_to": ["spiffe://a.example/x"],
        }
    },
    "groups": {"staff": {"tools": ["*"], "clearance": "public"}},
    "subjects": {"alice@a.example": {"groups": ["staff"], "tools": ["mail.send"]}},
    "intents": {
        "correspond": {
            "effects": ["export"],
            "tools": ["mail.send"],
            "label": "public",
            "resources": [{"type": "mail"}],
            "destinations": ["partners"],
            "budgets": {"calls": 10},
        }
    },
    "destinations": {"partners": {"domains": ["partner.example"], "hosts": ["127.0.0.1"]}},
    "approvers": {},
    "issuers": {
        "tasks": {
            "issuer": "https://a.example",
            "kind": "production",
            "vouches_for": ["task"],
            "tenants": ["acme"],
            "environments": ["prod"],
            "effects": ["export"],
            "algorithms": ["ES256"],
            "keys": {"k1": KEY},
        }
    },
    "peps": {"pep": {"tenants": ["acme"], "environments": ["prod"], "token_sha256": ["f" * 64]}},
    "budgets": {"writes": 3},
}


def approver(key):
    return {"subject": "dora@acme.example", "tenants": ["acme"], "keys": {"k1": key}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in ORDINARY.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(value), encoding="utf-8")
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(folder)
    assert refused.value.code == "deployment.invalid"
    return refused.value.message


def amend(folder: Path, path: str, value: Any) -> None:
    """Set the value at a path such as `tools/mail.send/effects` in the folder's YAML."""
    name, *steps, last = path.split("|")
    file = folder / f"{name}.yaml"
    whole = yaml.safe_load(file.read_text())
    place = whole
    for step in steps:
        place = place[step]
    place[last] = value
    file.write_text(yaml.safe_dump(whole))


def test_effects_may_depend_on_an_argument(folder: Path) -> None:
    by = {"argument": "/url", "kind": "sql", "values": {"select": ["export"]}}
    amend(folder, "tools|mail.send|effects_by", by)
    assert load(folder).tools["mail.send"].effects_by.values == {"select": ["export"]}
    amend(folder, "tools|mail.send|effects_by|values", {"SELECT": ["export"]})
    assert "known are `delete`" in refusal(folder)


def test_a_whole_folder_is_a_deployment(folder: Path) -> None:
    deployment = load(folder)
    assert isinstance(deployment, Deployment)
    assert deployment.environments["prod"].freezes[0].start == 1798070400
    plain = document(deployment)
    assert json.loads(json.dumps(plain)) == plain
    assert Deployment.model_validate(plain) == deployment
    assert set(plain) == {"revision", *FIELDS}


def test_the_revision_names_the_content_and_nothing_else(folder: Path) -> None:
    first = load(folder).revision
    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 12

    labels = folder / "labels.yaml"
    labels.write_text("# a comment\n" + labels.read_text() + "\n")
    (folder / "README.md").write_text("notes")
    (folder / ".hidden").write_text("notes")
    assert load(folder).revision == first

    amend(folder, "budgets|writes", 4)
    assert load(folder).revision != first


def test_a_number_that_engines_hold_differently_is_refused(folder: Path) -> None:
    amend(folder, "tools|mail.send|arguments|/cents|minimum", -(2**60))
    assert "beyond 2^53" in refusal(folder)


def test_names_are_taken_as_they_are_written(folder: Path) -> None:
    amend(folder, "subjects|rene\u0301", {})
    assert "rene\u0301" in load(folder).subjects


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read") as refused:
        load(tmp_path / "deployment")
    assert refused.value.code == "deployment.missing"
    assert "inbounds init" in refused.value.hint


@pytest.mark.parametrize("name", ["tool.yaml", "tools.yml", "tools", "tools.json", "revision.yaml"])
def test_an_unknown_file_is_an_error_that_names_the_known_ones(folder: Path, name: str) -> None:
    (folder / name).write_text("{}")
    with pytest.raises(ConfigurationError) as refused:
        load(folder)
    assert f"{name}: is not a file of a deployment" in refused.value.message
    assert "tools.yaml" in refused.value.hint


@pytest.mark.parametrize("name", ["settings", "labels", "feed"])
def test_a_file_that_must_be_there_is_missed(folder: Path, name: str) -> None:
    (folder / f"{name}.yaml").unlink()
    assert f"{name}.yaml: is missing" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("calls: 1\ncalls: 2\n", "line 2, column 1: the key `calls` stands twice"),
        ("a: &a {calls: 1}\nb: {<<: *a}\n", "line 1, column 4: an anchor or alias, `a`"),
        ("calls: &calls 1\n", "line 1, column 8: an anchor or alias, `calls`"),
        ("&calls calls: 1\n", "line 1, column 1: an anchor or alias, `calls`"),
        ("calls: 1\nb: *a\n", "line 2, column 4: an anchor or alias, `a`"),
        ("a: &a [*a]\n", "line 1, column 4: an anchor or alias, `a`"),
        ("b: {<<: {calls: 1}}\n", "line 1: `b`: must be a whole number from 0 on; found a mapping"),
        ("1: 2\n", "not text"),
        ("calls: [\n", "line 2"),
        ("calls: " + "[" * 64 + "]" * 64, "line 1, column 71: nested more than 64 deep"),
        ("calls: " + "[" * 900, "nested more than 64 deep"),
        ("calls: !!python/name:os.system\n", "a tag, `!!python/name:os.system`"),
        ("calls: 1\n---\ncalls: 2\n", "a second document"),
        ("", "is empty"),
        ("[]\n", "line 1: must be a mapping of names; found an empty list"),
        ("calls: yes\n", "line 1: `calls`: must be a whole number from 0 on; found `yes`"),
        ("calls: 1:30\n", "line 1: `calls`: must be a whole number from 0 on; found `1:30`"),
        ("writes: 1\ncalls: -1\n", "line 2: `calls`: must be a whole number from 0 on; found `-1`"),
    ],
)
def test_yaml_that_can_be_misread_is_refused_with_its_place(
    folder: Path, text: str, fault: str
) -> None:
    (folder / "budgets.yaml").write_text(text)
    message = refusal(folder)
    assert "budgets.yaml" in message
    assert fault in message


def test_a_kilobyte_of_aliases_is_not_unfolded(folder: Path) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 20)]
    text = "\n".join(["l0: &l0 [x, x, x, x, x, x, x, x, x]", *levels])
    (folder / "issuers.yaml").write_text(text)
    assert "issuers.yaml: line 1, column 5: an anchor or alias, `l0`" in refusal(folder)


def test_a_file_that_is_not_utf_8_is_refused(folder: Path) -> None:
    (folder / "budgets.yaml").write_bytes(b"calls: \xff")
    assert "budgets.yaml: is not YAML in UTF-8" in refusal(folder)


def test_words_stay_words_and_ten_stays_ten(folder: Path) -> None:
    (folder / "destinations.yaml").write_text("{partners: {}, no: {}, on: {}}")
    (folder / "budgets.yaml").write_text("calls: 010")
    deployment = load(folder)
    assert set(deployment.destinations) == {"partners", "no", "on"}
    assert deployment.budgets == {"calls": 10}


def test_every_fault_is_named_at_once(folder: Path) -> None:
    amend(folder, "tools|mail.send|effcts", ["read"])
    amend(folder, "labels|order", [])
    message = refusal(folder)
    assert re.search(r"tools.yaml: line \d+: `mail.send.effcts`: is not a known key", message)
    assert "labels.yaml: line 1: `order`: must be a list that is not empty" in message


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("tools|mail.send|returns|label", "publik", "did you mean `public`"),
        ("tools|mail.send|destinations", ["partner"], "did you mean `partners`"),
        ("tools|mail.send|environment", "production", "is unknown"),
        ("tools|mail.send|arguments|to", {"kind": "email"}, "must be a JSON Pointer"),
        ("tools|mail.send|arguments|/cents", {"kind": "money"}, "is of type `integer`"),
        ("tools|mail.send|arguments|/to/*|type", "integer", "is of type `string`"),
        (
            "tools|mail.send|arguments|/url|hosts",
            ["API.example"],
            "must be written as `api.example`",
        ),
        ("tools|mail.send|arguments|/url|hosts", ["a.example:80"], "as a host"),
        ("tools|mail.send|arguments|/file|path_prefixes", ["/a//b"], "must be written as `/a/b`"),
        ("tools|mail.send|arguments|/file|path_prefixes", ["../x"], "leaves the folder"),
        ("tools|mail.send|credential", "smpt", "did you mean `smtp`"),
        ("tools|mail.send|resource_argument", "/nope", "`mail.send.resource_argument."),
        ("tools|mail.send|resource_argument", "to", "`mail.send.resource_argument."),
        (
            "tools|mail.send|arguments",
            {"/to": {"kind": "url", "local_part": "atom"}},
            "local_part`: is for the kind `email` only",
        ),
        (
            "tools|mail.send|arguments",
            {"/body": {"kind": "text", "role": "content", "absent": "none"}},
            "absent`: is for arguments of these roles only: recipient, target, amount, code,",
        ),
        (
            "tools|mail.send|arguments",
            {"/mails/*/to": {"role": "recipient", "absent": "any"}},
            "absent`: must be `none` or left out within the elements of a list",
        ),
        ("tools|mail.send|effects_by", {"argument": "/id"}, "`mail.send.effects_by.values`"),
        ("tools|mail.send|effects_by", {"values": {"x": ["export"]}}, "effects_by.argument`"),
        (
            "tools|mail.send|effects_by",
            {"argument": "/ulr", "values": {"x": ["export"]}},
            "did you mean `/url`",
        ),
        (
            "tools|mail.send|effects_by",
            {"argument": "/to/*", "values": {"x": ["export"]}},
            "must be one argument of type `string`",
        ),
        (
            "tools|mail.send|effects_by",
            {"argument": "/id", "values": {"x": ["export"]}},
            "must be one argument of type `string`",
        ),
        (
            "tools|mail.send|effects_by",
            {"argument": "/url", "values": {"x": ["read"]}},
            "must be among the tool's `effects`",
        ),
        (
            "tools|mail.send|effects_by",
            {"argument": "/url", "values": {"x": []}},
            "must name at least one effect",
        ),
        (
            "tools|credential.lease",
            {"resource": "lease", "credential": "smtp"},
            "must be empty",
        ),
        (
            "tools|desk",
            {"resource": "peer", "returns": {"party": "first"}},
            "`desk.returns.party`: is a peer's word",
        ),
        (
            "tools|desk",
            {"resource": "peer", "returns": {"fields": {"/id": {"holds": "id"}}}},
            "is a peer's word",
        ),
        (
            "tools|desk",
            {"resource": "peer", "returns": {"fields": {"/id": {"party": "first"}}}},
            "is a peer's word",
        ),
        (
            "tools|desk",
            {
                "resource": "peer",
                "arguments": {"/desk": {"kind": "id"}},
                "returns": {"titled_by": "/desk"},
            },
            "`desk.returns.titled_by`: is for records",
        ),
        (
            "peers|desk|keys|k1",
            {"kty": "EC", "d": "AA"},
            "must be a public key; found a private one",
        ),
        ("peers|desk|until", "soon", "`desk.until`"),
        (
            "servers|files.one",
            {"at": ["npx files"]},
            "must not hold a dot: its tools are looked for as",
        ),
        ("servers|files", {"at": []}, "`files.at`"),
        ("servers|files", {"at": "npx files"}, "`files.at`"),
        ("peers|desk", {"keys": {"k1": {"kty": "EC"}}, "until": 1}, "card"),
        ("credentials|smtp|effects", ["write"], "`smtp.effects`: is for static credentials only"),
        ("credentials|smtp|until", 1, "`smtp.until`: is for static credentials only"),
        ("credentials|smtp|reason", "why", "`smtp.reason`: is for static credentials only"),
        ("credentials|key|reason", " ", "`key.reason`: is missing"),
        ("credentials|key|until", 0, "`key.until`: is missing"),
        ("credentials|key|until", "soon", "`key.until`"),
        ("credentials|key|kind", "lent", "`key.kind`"),
        ("agents|spiffe://a.example/x|owner", "nobody", "is unknown"),
        ("agents|spiffe://a.example/x|owner", "alise@a.example", "did you mean `alice@a.example`"),
        ("agents|spiffe://a.example/x|owner", " ", "is unknown"),
        ("agents|spiffe://a.example/x|clearance", "top", "is unknown"),
        ("agents|spiffe://a.example/x|manifest|tools", ["*"], "is unknown"),
        ("agents|spiffe://a.example/x|may_delegate_to", ["y"], "is unknown"),
        ("groups|staff|tools", ["mail.sent"], "did you mean `mail.send`"),
        ("groups|staff|clearance", "top", "is unknown"),
        ("subjects|alice@a.example|groups", ["stuff"], "did you mean `staff`"),
        ("subjects|spiffe://a.example/x", {"type": "user"}, "is an agent, which is of type"),
        ("subjects|spiffe://a.example/x", {}, "is an agent, which is of type"),
        ("intents|correspond|tools", ["mail.read"], "is unknown"),
        ("intents|correspond|label", "top", "is unknown"),
        ("intents|correspond|destinations", ["x"], "is unknown"),
        ("intents|correspond|delegated", [{"type": "x"}], "is unknown"),
        (
            "intents|correspond|words",
            [{"resource": "x", "effects": [], "words": []}],
            "is unknown",
        ),
        (
            "intents|correspond|words",
            [{"resource": "mailbox", "effects": ["spend"], "words": []}],
            "is unknown",
        ),
        ("intents|correspond|budgets", {"call": 1}, "did you mean `calls`"),
        ("budgets|reads", 1, "is unknown"),
        ("labels|order", ["public", "secret", "public"], "must be listed once"),
        ("labels|resources|mail|label", "top", "is unknown"),
        ("labels|resources|mail|prefixes", {"x": "top"}, "is unknown"),
        ("destinations|partners|domains", ["Partner.example"], "written as `partner.example`"),
        ("destinations|partners|hosts", ["0x7f.1"], "must be written as `127.0.0.1`"),
        ("issuers|tasks|environments", ["test"], "is unknown"),
        ("issuers|tasks|subjects", {"client-7": "x"}, "is unknown"),
        (
            "issuers|tasks|subjects",
            {"spiffe://b.example/x": "spiffe://a.example/x"},
            "is a SPIFFE ID, which stands for its own agent",
        ),
        ("issuers|tasks|subjects", {"client-7": "x"}, "must name an agent by its SPIFFE ID"),
        ("issuers|tasks|subjects", ["client-7"], "found a list"),
        ("issuers|tasks|subjects", {"client-7": 7}, "found a number"),
        ("issuers|tasks|keys", {"k1": {**KEY, "d": "canary"}}, "must be a public key"),
        ("issuers|tasks|keys", {"k1": {"kty": "oct", "k": "canary"}}, "must be a public key"),
        ("approvers|dora", approver({**KEY, "d": "canary"}), "must be a public key"),
        ("approvers|dora", approver({"kty": "oct", "k": "canary"}), "must be a public key"),
        ("approvers|dora", approver({"x": "y"}), "must be a JWK"),
        ("feed|keys", {"k1": {}}, "must be a JWK"),
        ("peps|pep|environments", ["test"], "is unknown"),
        ("peps|pep|token_sha256", ["canary"], "`pep.token_sha256.0`: must be a SHA-256"),
        ("settings|feed_writers", {"feed": ["canary"]}, "must be a SHA-256"),
        ("tools|mail.send|effects", ["reed"], "`mail.send.effects.0`"),
        ("tools|mail.send|resource", None, "`mail.send.resource`"),
    ],
)
def test_what_one_file_says_of_another_must_be_there(
    folder: Path, path: str, value: Any, fault: str
) -> None:
    amend(folder, path, value)
    message = refusal(folder)
    assert re.search(rf"{path.partition('|')[0]}\.yaml: line \d+: `", message)
    assert fault in message
    assert "canary" not in message


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "tools",
            "mail.read:\n  resource: mail\n  effect: [read]\n",
            "tools.yaml: line 3: `mail.read.effect`: is not a known key; did you mean `effects`?",
        ),
        (
            "tools",
            "mail.read:\n  resource: mail\n  effects: read\n",
            (
                "tools.yaml: line 3: `mail.read.effects`: must be a list (each: one of `read`, "
                "`write`, `delete`, `export`, `execute`, `spend`, `delegate`, `administer`); "
                "found `read`; write `[read]`"
            ),
        ),
        (
            "tools",
            "mail.read:\n  resource: mail\n  effects: [reed]\n",
            (
                "tools.yaml: line 3: `mail.read.effects.0`: must be one of `read`, `write`, "
                "`delete`, `export`, `execute`, `spend`, `delegate`, `administer`; found `reed`; "
                "did you mean `read`?"
            ),
        ),
        (
            "tools",
            "mail.read:\n  effects: [read]\n",
            (
                "tools.yaml: line 1: `mail.read.resource`: is missing; it must be text of 1 to "
                "256 characters"
            ),
        ),
        (
            "tools",
            "mail.read:\n  resource: 5\n",
            (
                "line 2: `mail.read.resource`: must be text of 1 to 256 characters; found `5`; "
                "put it in quotes"
            ),
        ),
        (
            "tools",
            "mail.read:\n  resource: mail\n  arguments:\n    /n: {one_of: [[]], minimum: few}\n",
            (
                "line 4: `mail.read.arguments./n.one_of.0`: must be text or a whole number or a "
                "number or `true` or `false`; found an empty list"
            ),
        ),
        (
            "tools",
            "mail.read:\n  resource: mail\n  arguments:\n    /n: {minimum: few}\n",
            "`mail.read.arguments./n.minimum`: must be a whole number or a number; found `few`",
        ),
        ("tools", "mail.read: [read]\n", "`mail.read`: must be a mapping of `descr"),
        ("tools", "? ''\n: {resource: mail}\n", "tools.yaml: line 1: must be a name"),
        ("tools", "x:\n", "line 1: `x`: must be a mapping"),
        (
            "tools",
            "x: {resource: mail, memory: yes}\n",
            "`x.memory`: must be `true` or `false`; found `yes`",
        ),
        (
            "environments",
            "prod:\n  freezes:\n    - {start: soon, end: 5, effects: []}\n",
            "line 3: `prod.freezes.0.start`: must be a time, such as 2026-12-24T00:00:00Z",
        ),
        (
            "intents",
            f"read:\n  windows: [{'{start: 1, end: 2}, ' * 257}]\n",
            "`read.windows`: must have at most 256 entries; found more",
        ),
        (
            "feed",
            "keys: {}\nmax_age: {other: 0}\n",
            (
                "feed.yaml: line 2: `max_age.other`: must be a whole number above 0, up to 3600; "
                "found a number"
            ),
        ),
        (
            "approvers",
            "dora: {subject: dora, tenants: [acme], keys: canary}\n",
            "`dora.keys`: must be a mapping",
        ),
        (
            "peps",
            "pep: {tenants: [], environments: [], token_sha256: canary}\n",
            "`pep.token_sha256`: must be a list (each: text); found text",
        ),
        (
            "labels",
            "order: [public, secret]\nresource: {}\n",
            "labels.yaml: line 2: `resource`: is not a known key; did you mean `resources`?",
        ),
        (
            "labels",
            "order: [public, secret]\nx: {}\n",
            "is not a known key; known are `order`, `resources`",
        ),
        (
            "feed",
            "keys: {<the JWK of feed.pem>}\n",
            "`keys.<the JWK of feed.pem>`: must not hold a placeholder",
        ),
        ("feed", "keys: {f: <the JWK>}\n", "line 1: `keys.f`: must not hold a placeholder"),
        (
            "peps",
            "pep: {tenants: [], environments: [], token_sha256: [<the digest of pep.token>]}\n",
            "`pep.token_sha256.0`: must not hold a placeholder, `<…>`; replace it",
        ),
    ],
)
def test_what_has_no_place_is_said_with_its_line_and_what_is_meant(
    folder: Path, file: str, text: str, said: str
) -> None:
    (folder / f"{file}.yaml").write_text(text)
    message = refusal(folder)
    assert said in message
    assert "canary" not in message


def test_no_fault_is_said_in_the_words_of_a_library(folder: Path) -> None:
    for value in (None, True, 5, -1, 1.5, "", "x", "x" * 300, [], [[]], {}, {"x": {}}, "\x1b[2J"):
        for field in FIELDS:
            (folder / f"{field}.yaml").write_text(yaml.safe_dump({"x": value}))
        message = refusal(folder)
        for word in ("input", "valid", "string", "dictionary", "integer", "type=", "\x1b"):
            assert word not in message.partition("cannot be used")[2], message


@pytest.mark.parametrize(
    ("budget", "known"),
    [
        *((name, True) for name in ("calls", "writes", "exports", "rows", "bytes")),
        *((name, True) for name in ("repeats", "depth")),
        ("refusals", True),
        ("money.EUR", True),
        ("money.", False),
        ("money", False),
        ("mony.EUR", False),
        ("site.printed_pages", True),
        ("site.", False),
        ("site", False),
        ("sites.printed_pages", False),
    ],
)
def test_a_budget_is_one_that_a_rule_reads(folder: Path, *, budget: str, known: bool) -> None:
    (folder / "budgets.yaml").write_text(f"{budget}: 1")
    if known:
        assert load(folder).budgets == {budget: 1}
    else:
        assert f"budgets.yaml: line 1: `{budget}`: is unknown" in refusal(folder)
