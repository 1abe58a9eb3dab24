"""A token of an OIDC client: how it is asked for, and what is refused of the answer."""

from __future__ import annotations

import base64
import os
import time
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.ahead import Ahead, from_now
from tests.identities import claims, compact
from tests.provider import Answer, FakeProvider

from inbounds import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.identity.oidc import OidcIdentity
from inbounds.testing import AGENT

SECRET = "s3cret: with+blanks & signs"
PLACES = "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def server():
    provider = FakeProvider()
    yield provider
    provider.close()


@pytest.fixture
def provider(server):
    server.reset()
    server.answers["/token"] = granted(server)
    return server


@pytest.fixture
def secret(tmp_path):
    return written(tmp_path / "secret", SECRET.encode() + b"\n")


def written(path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def said(provider, **changed):
    return claims(**{"iss": provider.url, "sub": "client-7", **changed})


def granted(provider, header=None, **changed):
    token = compact(said(provider, **changed), header)
    return Answer({"access_token": token, "token_type": "Bearer", "expires_in": 300})


def source(provider, secret, **options):
    return OidcIdentity(
        **{
            "issuer": provider.url,
            "client_id": "client 7",
            "audience": "inbounds",
            "secret_file": secret,
            "timeout": 20,
            **options,
        }
    )


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def refused(source, kind=DecisionUnavailable, code="identity.unusable"):
    with pytest.raises(kind) as caught:
        source.identity(AGENT)
    assert caught.value.code == code
    assert caught.value.hint
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


class TestAsked:
    def test_with_the_secret_of_the_client(self, provider, secret):
        token = source(
            provider, secret, scope="act", parameters={"resource": "https://pdp.acme.example"}
        ).identity(AGENT)
        assert token.expires == pytest.approx(time.time() + 300, abs=3)
        discovery, asked = provider.asked
        assert discovery.path == PLACES
        assert (asked.method, asked.path) == ("POST", "/token")
        assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
        kind, _, pair = asked.headers["Authorization"].partition(" ")
        # RFC 6749 §2.3.1
        assert kind == "Basic"
        assert base64.b64decode(pair) == b"client+7:s3cret%3A+with%2Bblanks+%26+signs"
        assert parse_qs(asked.body.decode()) == {
            "grant_type": ["client_credentials"],
            "scope": ["act"],
            "resource": ["https://pdp.acme.example"],
        }

    @pytest.mark.parametrize(
        ("key", "algorithm"),
        [
            (ec.generate_private_key(ec.SECP256R1()), "ES256"),
            (rsa.generate_private_key(65537, 2048), "RS256"),
        ],
        ids=["P-256", "RSA"],
    )
    def test_with_a_key_of_the_client(self, provider, tmp_path, key, algorithm):
        path = written(tmp_path / "key", pem(key))
        asking = source(provider, None, key_file=path, key_id="k7")
        asking.identity(AGENT)
        asking.identity(AGENT)
        forms = [parse_qs(each.body.decode()) for each in provider.asked if each.path == "/token"]
        assert len(forms) == 2
        jtis = set()
        for form in forms:
            assert form["client_id"] == ["client 7"]
            assert form["client_assertion_type"] == [
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            ]
            (assertion,) = form["client_assertion"]
            assert jwt.get_unverified_header(assertion) == {
                "alg": algorithm,
                "kid": "k7",
                "typ": "JWT",
            }
            stated = jwt.decode(
                assertion, key.public_key(), algorithms=[algorithm], audience=provider.url
            )
            assert stated["iss"] == stated["sub"] == "client 7"
            assert 0 < stated["exp"] - stated["iat"] <= 60
            jtis.add(stated["jti"])
        assert len(jtis) == 2
        assert "Authorization" not in provider.asked[-1].headers

    def test_metadata_is_kept_until_something_fails(self, provider, secret):
        asking = source(provider, secret)
        asking.identity(AGENT)
        asking.identity(AGENT)
        assert [each.path for each in provider.asked] == [PLACES, "/token", "/token"]
        provider.answers["/token"] = Answer(status=503)
        refused(asking, code="identity.unreachable")
        provider.answers["/token"] = granted(provider)
        asking.identity(AGENT)
        assert [each.path for each in provider.asked][-2:] == [PLACES, "/token"]

    def test_a_secret_that_was_replaced_is_used(self, provider, secret):
        asking = source(provider, secret)
        asking.identity(AGENT)
        written(secret, b"another")
        asking.identity(AGENT)
        first, second = [each for each in provider.asked if each.path == "/token"]
        assert first.headers["Authorization"] != second.headers["Authorization"]

    @pytest.mark.parametrize("typ", ["JWT", "at+jwt", None])
    def test_each_type_of_token_of_a_provider_is_taken(self, provider, secret, typ):
        header = {"alg": "RS256", "kid": "k", **({"typ": typ} if typ else {})}
        provider.answers["/token"] = granted(provider, header)
        assert source(provider, secret).identity(AGENT).token


class TestRefused:
    @pytest.mark.parametrize(
        ("error", "why"),
        [
            ("invalid_client", "does not know the client"),
            ("unauthorized_client", "may not use the grant"),
            ("invalid_scope", "scope"),
            ("invalid_target", "resource"),
            ("s3cret words of its own", "it says no"),
            (["invalid_client"], "it says no"),
            (None, "it says no"),
        ],
    )
    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_by_the_provider(self, provider, secret, error, why, status):
        provider.answers["/token"] = Answer(
            {"error": error, "error_description": "s3cret"}, status=status
        )
        assert why in refused(source(provider, secret), TokenInvalid, "identity.not_issued")

    @pytest.mark.parametrize("status", [201, 204, 302, 307, 404, 429, 500, 503])
    def test_another_status_is_no_answer(self, provider, secret, status):
        provider.answers["/token"] = Answer(
            granted(provider).body, status=status, headers={"Location": "/elsewhere"}
        )
        refused(source(provider, secret), code="identity.unreachable")
        assert not [each for each in provider.asked if each.path == "/elsewhere"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"access_token=a&token_type=bearer",
            b"[]",
            b'{"access_token": "a", "access_token": "b", "token_type": "bearer"}',
            {},
            {"access_token": "a.b.c"},
            {"token_type": "Bearer"},
            {"access_token": 7, "token_type": "Bearer"},
            {"access_token": "opaque", "token_type": "Bearer"},
            {"access_token": "", "token_type": "Bearer"},
            {"access_token": compact(claims()), "token_type": "DPoP"},
            {"access_token": compact(claims()), "token_type": ["Bearer"]},
            b" " * (2**18 + 1),
        ],
        ids=lambda body: str(body)[:40],
    )
    def test_an_answer_that_is_none(self, provider, secret, body):
        provider.answers["/token"] = Answer(body)
        refused(source(provider, secret))

    @pytest.mark.parametrize(
        "changed",
        [
            {"iss": None},
            {"iss": "https://evil.example"},
            {"iss": 7},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"aud": None},
            {"aud": "other"},
            {"aud": []},
            {"aud": ["inbounds", "other"]},
            {"exp": None},
            {"exp": 1},
            {"exp": "soon"},
            {"exp": Ahead(86400)},
            {"iat": None},
            {"iat": Ahead(300)},
            {"iat": Ahead(-86400)},
        ],
        ids=str,
    )
    def test_a_token_with_other_claims(self, provider, secret, changed):
        provider.answers["/token"] = granted(provider, **from_now(changed))
        refused(source(provider, secret))

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "RS256", "kid": "k", "typ": "id+jwt"},
            {"alg": "RS256", "kid": "k", "x5t": "a"},
            {"alg": "RS256", "kid": "k", "jku": "https://evil.example"},
        ],
        ids=str,
    )
    def test_a_token_with_another_header(self, provider, secret, header):
        provider.answers["/token"] = granted(provider, header)
        refused(source(provider, secret))

    def test_a_provider_without_tokens(self, provider, secret):
        provider.answers[PLACES] = Answer(
            {"issuer": provider.url, "jwks_uri": f"{provider.url}/jwks"}
        )
        refused(source(provider, secret), code="identity.unreachable")

    def test_a_provider_that_does_not_answer_in_time(self, provider, secret):
        provider.wait.clear()
        begun = time.monotonic()
        refused(source(provider, secret, timeout=0.2), code="identity.unreachable")
        assert time.monotonic() - begun < 8


class TestConfigured:
    @pytest.mark.parametrize(
        "options",
        [
            {"issuer": "http://idp.acme.example"},
            {"issuer": "idp.acme.example"},
            {"client_id": ""},
            {"audience": ""},
            {"secret_file": None},
            {"key_file": "key"},
            {"secret_file": "missing"},
            {"secret_file": "."},
            {"ca": "missing"},
        ],
        ids=str,
    )
    def test_what_cannot_work_is_told_at_once(
        self, provider, secret, tmp_path, monkeypatch, options
    ):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigurationError):
            source(provider, secret, **options).identity(AGENT)
        assert not [each for each in provider.asked if each.path == "/token"]

    def test_an_empty_secret(self, provider, tmp_path):
        with pytest.raises(ConfigurationError):
            source(provider, written(tmp_path / "empty", b"\n"))

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
    def test_a_secret_that_everyone_may_read(self, provider, secret):
        secret.chmod(0o644)
        with pytest.raises(ConfigurationError) as caught:
            source(provider, secret)
        assert "everyone" in str(caught.value)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            pem(ed25519.Ed25519PrivateKey.generate()),
            pem(ec.generate_private_key(ec.SECP384R1())),
            pem(rsa.generate_private_key(65537, 1024)),
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        ],
        ids=["empty", "junk", "Ed25519", "P-384", "RSA-1024", "public"],
    )
    def test_a_key_that_is_none(self, provider, tmp_path, content):
        with pytest.raises(ConfigurationError) as caught:
            source(provider, None, key_file=written(tmp_path / "key", content))
        assert caught.value.code == "configuration.oidc"

    def test_nothing_secret_is_shown(self, provider, secret):
        assert "s3cret" not in repr(source(provider, secret))
        assert str(secret) not in repr(source(provider, secret))
