"""`inbounds issuers keys`: one command takes the keys of an issuer that has turned them."""

from __future__ import annotations

import json

import pytest
from tests.console import called as inbounds
from tests.guards import Place
from tests.provider import Answer, FakeProvider

from inbounds.dev.deployment import load
from inbounds.identity.signing_keys import SigningKey

OLD, NEW = SigningKey.generate().public, SigningKey.generate().public
RSA = {"kty": "RSA", "e": "AQAB", "n": "0" * 342 + "Q"}

ENTRY = """\
# Whose signatures count.
development: {development}
idp:
  issuer: {url}       # as its tokens say
  kind: production
  vouches_for: [identity]
  subjects:
    client-7: spiffe://acme.example/agent/assistant
  tenants: [acme]
  environments: [development]
  effects: []
  algorithms: [ES256]
  keys:               # `inbounds issuers keys idp` writes them
    old: {{kty: EC, crv: P-256, x: {x}, y: {y}}}
  max_seconds: 300
"""


@pytest.fixture
def provider():
    provider = FakeProvider()
    served(provider, {**OLD, "kid": "old"})
    yield provider
    provider.close()


@pytest.fixture
def folder(tmp_path, provider):
    Place(tmp_path)
    path = tmp_path / "deployment/issuers.yaml"
    development = json.dumps(json.loads(path.read_text())["development"])
    path.write_text(ENTRY.format(development=development, url=provider.url, x=OLD["x"], y=OLD["y"]))
    return tmp_path


def served(provider, *keys):
    provider.answers["/jwks"] = Answer({"keys": list(keys)})


def there(folder):
    return load(folder / "deployment").issuers["idp"].keys


def test_what_has_not_turned_is_left_as_it_is(folder):
    before = (folder / "deployment/issuers.yaml").read_bytes()
    for arguments in ([], ["--check"]):
        done = inbounds(folder, "issuers", "keys", "idp", *arguments)
        assert (done.code, done.err) == (0, "")
        assert "the same" in done.out
    assert (folder / "deployment/issuers.yaml").read_bytes() == before


def test_what_has_turned_is_told_and_then_taken(folder, provider):
    served(provider, {**NEW, "kid": "new", "use": "sig", "alg": "ES256"}, {**OLD, "kid": "old"})
    before = (folder / "deployment/issuers.yaml").read_text()
    checked = inbounds(folder, "issuers", "keys", "idp", "--check", "--json")
    assert checked.code == 1
    assert checked.json == {
        "ok": False,
        "written": False,
        "issuer": "idp",
        "added": ["new"],
        "removed": [],
        "changed": [],
        "kept": ["old"],
    }
    assert "differs" in inbounds(folder, "issuers", "keys", "idp", "--check").out
    assert (folder / "deployment/issuers.yaml").read_text() == before

    done = inbounds(folder, "issuers", "keys", "idp")
    assert done.code == 0
    assert "+ new" in done.out
    assert "inbounds bundle build" in done.out
    assert there(folder) == {"old": OLD, "new": NEW}
    served(provider, {**NEW, "kid": "new"})
    assert "- old" in inbounds(folder, "issuers", "keys", "idp").out
    assert there(folder) == {"new": NEW}
    after = (folder / "deployment/issuers.yaml").read_text()
    for line in before.splitlines():
        assert line in after or "old: {" in line


def test_another_key_of_the_same_name_is_told(folder, provider):
    served(provider, {**NEW, "kid": "old"})
    assert inbounds(folder, "issuers", "keys", "idp", "--check", "--json").json["changed"] == [
        "old"
    ]
    assert "~ old" in inbounds(folder, "issuers", "keys", "idp").out
    assert there(folder) == {"old": NEW}


def test_the_bundle_of_a_trust_domain_is_taken_from_a_file(folder):
    bundle = {"spiffe_sequence": 2, "keys": [{**NEW, "kid": "svid", "use": "jwt-svid"}]}
    (folder / "bundle.json").write_text(json.dumps(bundle))
    done = inbounds(folder, "issuers", "keys", "idp", "--from", "bundle.json")
    assert done.code == 0
    assert there(folder) == {"svid": NEW}


def test_the_place_of_the_keys_may_be_named(folder, provider):
    provider.answers["/bundle"] = Answer({"keys": [{**NEW, "kid": "svid", "use": "jwt-svid"}]})
    done = inbounds(folder, "issuers", "keys", "idp", "--uri", f"{provider.url}/bundle")
    assert done.code == 0
    assert [each.path for each in provider.asked] == ["/bundle"]
    assert there(folder) == {"svid": NEW}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=500), "identity.unreachable"),
        (Answer(status=302, headers={"Location": "/other"}), "identity.unreachable"),
        (Answer({"keys": []}), "identity.unusable"),
        (Answer({"keys": [{**OLD, "kid": "a"}, {**NEW, "kid": "a"}]}), "identity.unusable"),
        (Answer({"keys": [{**OLD, "kid": "a", "d": "AA"}]}), "identity.unusable"),
        (Answer(b" " * 300_000), "identity.unusable"),
    ],
    ids=["500", "elsewhere", "none", "twice", "private", "huge"],
)
def test_what_cannot_be_had_changes_nothing(folder, provider, answer, code):
    provider.answers["/jwks"] = answer
    before = (folder / "deployment/issuers.yaml").read_bytes()
    for arguments in ([], ["--check"]):
        done = inbounds(folder, "issuers", "keys", "idp", *arguments, "--json")
        assert (done.code, done.json["error"]["code"]) == (2, code)
        assert done.json["error"]["hint"]
    assert (folder / "deployment/issuers.yaml").read_bytes() == before


def test_a_key_that_would_count_for_nobody_is_refused(folder, provider):
    issued = load(folder / "deployment").issuers["development"].keys
    (kid,) = issued
    served(provider, {**NEW, "kid": kid})
    done = inbounds(folder, "issuers", "keys", "idp", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "issuers.shared_key")
    served(provider, {"kty": "OKP", "crv": "Ed25519", "x": ED, "kid": "ed"})
    done = inbounds(folder, "issuers", "keys", "idp", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "issuers.algorithms")
    assert there(folder) == {"old": OLD}


def test_what_is_asked_wrongly_is_told(folder):
    for arguments, code in [
        (["nobody"], "issuers.unknown"),
        (["idp", "--from", "missing.json"], "issuers.unreadable"),
        (["idp", "--from", "."], "issuers.unreadable"),
        (["idp", "--deployment", "nowhere"], "deployment.missing"),
        (["idp", "--uri", "http://idp.example/jwks"], "configuration.oidc"),
        (["idp", "--ca", "missing.pem"], "configuration.certificate_unusable"),
    ]:
        done = inbounds(folder, "issuers", "keys", *arguments, "--json")
        assert done.code != 0
        assert done.json["error"]["code"] == code


def test_a_file_that_cannot_be_written_is_left_to_a_person(folder, provider):
    path = folder / "deployment/issuers.yaml"
    text = path.read_text()
    # Nothing is written through a link.
    path.rename(folder / "issuers.yaml")
    path.symlink_to(folder / "issuers.yaml")
    served(provider, {**NEW, "kid": "new"})
    done = inbounds(folder, "issuers", "keys", "idp", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "issuers.by_hand")
    assert NEW["x"] in done.json["error"]["hint"]
    assert path.read_text() == text


ED = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
