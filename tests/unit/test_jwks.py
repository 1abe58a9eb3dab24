"""The keys of an issuer: found by discovery, of one form, and fetched again when they turn."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.authority import Authority, serving
from tests.provider import Answer, FakeProvider

from inbounds import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.identity.jwks import JwksSource, read_jwks
from inbounds.identity.signing_keys import SigningKey
from inbounds.process import clock

EC = SigningKey.generate().public
ED = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RSA = {
    "kty": "RSA",
    "e": "AQAB",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"
    "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ"
    "R0_FDW2Qvzqy368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"
    "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
}


@pytest.fixture(scope="module")
def server():
    provider = FakeProvider()
    yield provider
    provider.close()


@pytest.fixture
def provider(server):
    server.reset()
    server.answers["/jwks"] = Answer({"keys": [{**EC, "kid": "one"}]})
    return server


@pytest.fixture
def later(monkeypatch):
    ahead = [0.0]
    monotonic = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + ahead[0])

    def move(seconds):
        ahead[0] += seconds

    return move


def read(*keys):
    return read_jwks(json.dumps({"keys": list(keys)}).encode(), "here")


def refused(call, code="identity.unusable"):
    with pytest.raises(DecisionUnavailable) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.hint
    return str(caught.value)


class TestRead:
    def test_public_members_alone_are_kept(self):
        keys = read(
            {**EC, "kid": "a", "use": "sig", "alg": "ES256", "x5c": ["…"]},
            {**RSA, "kid": "b", "alg": "RS256", "key_ops": ["verify"]},
            {**ED, "kid": "c"},
        )
        assert keys == {"a": EC, "b": RSA, "c": ED}

    def test_the_bundle_of_a_trust_domain_is_one(self):
        bundle = {
            "spiffe_sequence": 3,
            "spiffe_refresh_hint": 300,
            "keys": [
                {
                    "use": "x509-svid",
                    "kty": "EC",
                    "crv": "P-256",
                    "x": EC["x"],
                    "y": EC["y"],
                    "x5c": ["…"],
                },
                {**EC, "use": "jwt-svid", "kid": "svid"},
            ],
        }
        assert read_jwks(json.dumps(bundle).encode(), "here") == {"svid": EC}

    @pytest.mark.parametrize(
        "other",
        [
            {**EC, "kid": "x", "use": "enc"},
            {**EC, "kid": "x", "use": 7},
            {**EC, "kid": "x", "alg": "ES384"},
            {**EC, "kid": "x", "alg": "RS256"},
            {**EC, "kid": "x", "key_ops": ["sign"]},
            {**EC, "kid": "x", "key_ops": "verify"},
            {**RSA, "kid": "x", "alg": "RSA-OAEP"},
            {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "x"},
            {"kty": "OKP", "crv": "X25519", "x": ED["x"], "kid": "x"},
            {"kty": "AKP", "kid": "x"},
            {"kty": ["EC"], "kid": "x"},
            {"kid": "x"},
            {},
            EC,
        ],
        ids=lambda jwk: str({**jwk, **{name: "…" for name in ("x", "y", "n") if name in jwk}}),
    )
    def test_keys_for_something_else_are_left_out(self, other):
        assert read(other, {**EC, "kid": "a"}) == {"a": EC}
        assert "no key" in refused(lambda: read(other))

    @pytest.mark.parametrize(
        ("keys", "why"),
        [
            ([], "no key"),
            ([{**EC, "kid": "a"}, {**ED, "kid": "a"}], "the same `kid`"),
            ([{**EC, "kid": "a", "d": "AA"}], "private"),
            ([{**RSA, "kid": "a", "p": "AA"}], "private"),
            ([{"kty": "oct", "k": "AA", "kid": "a"}], "private"),
            ([{**EC, "kid": ""}], "`kid`"),
            ([{**EC, "kid": "../../etc"}], "`kid`"),
            ([{**EC, "kid": "a b"}], "`kid`"),
            ([{**EC, "kid": 7}], "`kid`"),
            ([{**EC, "kid": "a" * 257}], "`kid`"),
            ([{**EC, "kid": "a", "x": EC["y"]}], "malformed"),
            ([{**EC, "kid": "a", "x": 7}], "malformed"),
            ([{"kty": "EC", "crv": "P-256", "kid": "a"}], "malformed"),
            ([{**RSA, "kid": "a", "n": "AQAB"}], "2048"),
            ([{**RSA, "kid": "a", "n": RSA["n"][:170]}], "2048"),
            ([{**RSA, "kid": "a", "e": "AA"}], "malformed"),
            (["a"], "not a JSON object"),
            ([{**EC, "kid": str(n)} for n in range(101)], "more than"),
        ],
    )
    def test_sets_that_are_none_are_refused(self, keys, why):
        assert why in refused(lambda: read(*keys))

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"null",
            b"{}",
            b'{"keys": {}}',
            b'{"keys": null}',
            b"<html>",
            b"\xff",
            b'{"keys":[],"keys":[]}',
        ],
    )
    def test_what_is_no_set_is_refused(self, text):
        refused(lambda: read_jwks(text, "here"))


class TestSource:
    def test_is_found_by_discovery(self, provider):
        source = JwksSource(provider.url)
        assert source.keys() == {"one": EC}
        assert source.key("one") == EC
        assert [each.path for each in provider.asked] == [
            "/.well-known/openid-configuration",
            "/jwks",
        ]

    def test_is_found_as_oauth_has_it(self, provider):
        issuer = f"{provider.url}/tenant"
        provider.answers["/.well-known/oauth-authorization-server/tenant"] = Answer(
            {"issuer": issuer, "jwks_uri": f"{provider.url}/jwks"}
        )
        assert JwksSource(issuer).keys() == {"one": EC}

    def test_counts_for_its_time_and_no_longer(self, provider, later):
        source = JwksSource(provider.url, ttl=60)
        source.keys()
        later(59)
        source.keys()
        assert len(provider.asked) == 2
        later(2)
        provider.answers["/jwks"] = Answer(status=500)
        refused(source.keys, "identity.unreachable")

    def test_a_key_that_turned_is_fetched_once_the_cooldown_is_over(self, provider, later):
        source = JwksSource(provider.url, ttl=600, cooldown=30)
        assert source.key("one") == EC
        provider.answers["/jwks"] = Answer({"keys": [{**ED, "kid": "two"}]})
        for _ in range(5):
            with pytest.raises(TokenInvalid) as caught:
                source.key("two")
            assert caught.value.code == "identity.unknown_key"
        assert len(provider.asked) == 2
        later(31)
        assert source.key("two") == ED
        with pytest.raises(TokenInvalid):
            source.key("one")
        assert len(provider.asked) == 4

    def test_many_who_ask_at_once_fetch_once(self, provider):
        source = JwksSource(provider.url)
        provider.wait.clear()
        with ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(source.key, "one") for _ in range(12)]
            time.sleep(0.1)
            provider.wait.set()
            assert [each.result() for each in asked] == [EC] * 12
        assert len(provider.asked) == 2

    def test_one_that_does_not_answer_takes_the_time_it_is_given(self, provider):
        provider.wait.clear()
        source = JwksSource(provider.url, timeout=0.3)
        begun = time.monotonic()
        threads = [
            threading.Thread(target=refused, args=(source.keys, "identity.unreachable"))
            for _ in range(3)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert time.monotonic() - begun < 8

    @pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks"])
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (Answer(status=500), "identity.unreachable"),
            (Answer(status=503, headers={"Retry-After": "1"}), "identity.unreachable"),
            (Answer(status=204), "identity.unreachable"),
            (Answer(status=302, headers={"Location": "/elsewhere"}), "identity.unreachable"),
            (
                Answer(status=308, headers={"Location": "http://127.0.0.1:1/"}),
                "identity.unreachable",
            ),
            (Answer(b""), "identity.unusable"),
            (Answer(b"<html></html>"), "identity.unusable"),
            (Answer(b'{"a": 1, "a": 2}'), "identity.unusable"),
            (Answer([]), "identity.unusable"),
            (Answer(b"[" * 2000), "identity.unusable"),
            (Answer(b" " * (2**18 + 1)), "identity.unusable"),
            (
                Answer({"keys": [{**EC, "kid": "one"}]}, headers={"Content-Encoding": "gzip"}),
                "identity.unusable",
            ),
            (
                Answer(b"{", headers={"Content-Length": "900", "Connection": "close"}),
                "identity.unusable",
            ),
        ],
        ids=lambda value: (
            f"{value.status} {value.sent()[:12]}" if isinstance(value, Answer) else ""
        ),
    )
    def test_what_is_no_answer_is_refused(self, provider, path, answer, code):
        provider.answers["/elsewhere"] = provider.answers[path]
        provider.answers[path] = answer
        source = JwksSource(provider.url, timeout=20)
        refused(source.keys, code)
        assert not [each for each in provider.asked if each.path == "/elsewhere"]

    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"issuer": "https://evil.example"},
            {"issuer": "{url}/"},
            {"issuer": ["{url}"], "jwks_uri": "{url}/jwks"},
            {"issuer": "{url}"},
            {"issuer": "{url}", "jwks_uri": 7},
            {"issuer": "{url}", "jwks_uri": "http://evil.example/jwks"},
            {"issuer": "{url}", "jwks_uri": "file:///etc/passwd"},
            {"issuer": "{url}", "jwks_uri": "https://user@evil.example/jwks"},
            {"issuer": "{url}", "jwks_uri": "{url}/jwks", "token_endpoint": "http://evil.example/"},
            {"issuer": "{url}", "jwks_uri": "{url}/jwks", "token_endpoint": None},
        ],
        ids=str,
    )
    def test_metadata_of_another_issuer_or_place_is_refused(self, provider, said):
        said = json.loads(json.dumps(said).replace("{url}", provider.url))
        provider.answers["/.well-known/openid-configuration"] = Answer(said)
        refused(JwksSource(provider.url).keys)
        assert len(provider.asked) == 1

    @pytest.mark.system
    def test_with_tls_only_a_known_authority_counts(self, tmp_path):
        ours, others = Authority(tmp_path), Authority(tmp_path, "others")
        provider = FakeProvider(serving(ours.certificate()))
        provider.answers["/jwks"] = Answer({"keys": [{**EC, "kid": "one"}]})
        assert JwksSource(provider.url, ca=str(ours.file)).keys() == {"one": EC}
        refused(JwksSource(provider.url, ca=str(others.file)).keys, "identity.unreachable")
        refused(JwksSource(provider.url).keys, "identity.unreachable")
        provider.close()

    @pytest.mark.system
    def test_nobody_there_is_unreachable(self):
        refused(JwksSource("http://127.0.0.1:1").keys, "identity.unreachable")

    @pytest.mark.parametrize(
        "issuer",
        [
            "",
            "acme.example",
            "http://issuer.acme.example",
            "ftp://acme.example",
            "https://",
            "https://acme.example/?a=b",
            "https://acme.example/#a",
            "https://user:secret@acme.example",
            "https://acme.example:0",
            "https://acme.example:99999",
            "https://acme.example/a b",
            "https://[::1",
            "https://acme.example\n",
            "https://acme.example\\@evil.example",
            "https://ácme.example",
            None,
        ],
    )
    def test_an_issuer_that_cannot_be_asked_is_told_of(self, issuer):
        with pytest.raises(ConfigurationError) as caught:
            JwksSource(issuer)
        assert caught.value.code == "configuration.oidc"

    def test_a_place_that_was_named_is_asked_alone(self, provider):
        source = JwksSource("spiffe://acme.example", jwks_uri=f"{provider.url}/jwks?td=acme")
        assert source.keys() == {"one": EC}
        assert [each.path for each in provider.asked] == ["/jwks?td=acme"]
        with pytest.raises(ConfigurationError):
            JwksSource("spiffe://acme.example", jwks_uri="http://acme.example/jwks")
