"""Identities and keys from a real OpenID Provider, by discovery and client credentials."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.console import inbounds
from tests.guards import Place
from tests.servers.oidc.provider import AUDIENCE, RESOURCE, SCOPE, OpenIdProvider, drawn

from inbounds import AccessDenied, DecisionUnavailable, TokenInvalid
from inbounds.identity.jwks import JwksSource
from inbounds.identity.oidc import OidcIdentity
from inbounds.testing import AGENT, INTENT, SUBJECT

SECRET = "s3cret: with+blanks & signs"
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def started():
    own = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    clients = [
        {
            "client_id": "assistant",
            "client_secret": SECRET,
            "token_endpoint_auth_method": "client_secret_basic",
        },
        {
            "client_id": "signer",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks": {"keys": [{**own, "kid": "k1", "alg": "ES256", "use": "sig"}]},
        },
    ]
    with OpenIdProvider(clients, [drawn("one")]) as provider:
        yield provider


@pytest.fixture
def provider(started):
    if started.url == "" or [key["kid"] for key in started.keys] != ["one"]:
        started.turn(drawn("one"))
    return started


def secret(tmp_path, text=SECRET):
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(0o600)
    return path


def source(provider, client, **options):
    return OidcIdentity(
        issuer=provider.url,
        client_id=client,
        audience=AUDIENCE,
        **{"scope": SCOPE, "parameters": {"resource": RESOURCE}, **options},
    )


def verified(provider, token):
    """The claims, verified with the keys that discovery finds, as the policy has them."""
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWK.from_dict(JwksSource(provider.url).key(header["kid"]), algorithm=header["alg"])
    return header, jwt.decode(
        token, key.key, algorithms=[header["alg"]], audience=AUDIENCE, issuer=provider.url
    )


def test_a_client_with_a_secret(provider, tmp_path):
    token = source(provider, "assistant", secret_file=secret(tmp_path)).identity(AGENT)
    header, claims = verified(provider, token.token)
    assert header == {"alg": "ES256", "kid": "one", "typ": "at+jwt"}
    assert (claims["sub"], claims["exp"]) == ("assistant", token.expires)


def test_a_client_with_a_key(provider, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    asking = source(provider, "signer", key_file=path, key_id="k1")
    # Each assertion has an id of its own: the provider takes none twice.
    for _ in range(2):
        _, claims = verified(provider, asking.identity(AGENT).token)
        assert claims["sub"] == "signer"


def test_what_the_provider_refuses_is_told(provider, tmp_path):
    with pytest.raises(TokenInvalid, match="does not know the client"):
        source(provider, "assistant", secret_file=secret(tmp_path, "another")).identity(AGENT)
    with pytest.raises(TokenInvalid, match="does not know the client"):
        source(provider, "nobody", secret_file=secret(tmp_path)).identity(AGENT)
    with pytest.raises(TokenInvalid, match="does not know the client"):
        source(provider, "signer", secret_file=secret(tmp_path)).identity(AGENT)


def test_a_token_that_nobody_can_verify_is_refused(provider, tmp_path):
    """
    Without a resource the provider issues one that it alone understands.
    """
    with pytest.raises(DecisionUnavailable) as caught:
        source(
            provider, "assistant", secret_file=secret(tmp_path), scope="", parameters={}
        ).identity(AGENT)
    assert caught.value.code == "identity.unusable"


def test_keys_that_turn_are_found(provider, tmp_path):
    keys = JwksSource(provider.url, cooldown=0)
    asking = source(provider, "assistant", secret_file=secret(tmp_path))
    assert keys.keys().keys() == {"one"}
    provider.turn(drawn("two", "RS256"), drawn("one"))
    header = jwt.get_unverified_header(asking.identity(AGENT).token)
    assert (header["alg"], header["kid"]) == ("RS256", "two")
    assert keys.key("two")["kty"] == "RSA"
    assert keys.keys().keys() == {"one", "two"}
    provider.turn(drawn("two", "RS256"))
    with pytest.raises(TokenInvalid):
        JwksSource(provider.url).key("one")


def test_a_provider_that_went_is_unreachable(provider, tmp_path):
    asking = source(provider, "assistant", secret_file=secret(tmp_path))
    asking.identity(AGENT)
    provider.stop()
    with pytest.raises(DecisionUnavailable) as caught:
        asking.identity(AGENT)
    provider.start()
    assert caught.value.code == "identity.unreachable"
    assert asking.identity(AGENT).token


def deployed(folder, provider):
    """A deployment that knows the client as its agent, and no key of the provider yet."""
    place = Place(folder)
    path = folder / "deployment/issuers.yaml"
    issuers = json.loads(path.read_text())
    issuers["development"]["vouches_for"] = ["task"]
    issuers["idp"] = {
        "issuer": provider.url,
        "kind": "production",
        "vouches_for": ["identity"],
        "subjects": {"assistant": AGENT},
        "tenants": ["acme"],
        "environments": ["development"],
        "effects": [],
        "algorithms": ["ES256", "RS256"],
        "keys": {},
        "max_seconds": 300,
    }
    path.write_text(json.dumps(issuers))
    return place


def reading(place, url, source):
    """Read a mail as a fresh guard: the first code of the denial, or nothing."""
    with place.guard(url, identity=source) as guard, guard.task(INTENT, subject=SUBJECT) as task:
        try:
            task.call("mail.read", {"id": "42"})
        except AccessDenied as error:
            return error.code
    return ""


def keys(place):
    done = inbounds(place.folder, "issuers", "keys", "idp", "--json")
    assert done.code == 0, done.out
    return done.json


def test_an_agent_is_the_client_that_the_deployment_says(provider, tmp_path):
    place = deployed(tmp_path, provider)
    assert keys(place)["added"] == ["one"]
    asking = source(provider, "assistant", secret_file=secret(tmp_path))
    for engine in ("embedded", "opa"):
        with place.engine(engine) as url:
            assert reading(place, url, asking) == ""
    assert place.ran() == ["42", "42"]


def test_one_command_follows_keys_that_turn(provider, tmp_path):
    place = deployed(tmp_path, provider)
    asking = source(provider, "assistant", secret_file=secret(tmp_path))
    assert reading(place, "", asking) == "identity.unverified"
    keys(place)
    assert reading(place, "", asking) == ""
    provider.turn(drawn("three", "RS256"))
    assert reading(place, "", asking) == "identity.unverified"
    turned = keys(place)
    assert (turned["added"], turned["removed"]) == (["three"], ["one"])
    assert reading(place, "", asking) == ""
    provider.turn(drawn("one"))


def test_a_client_that_nobody_named_is_nobody(provider, tmp_path):
    place = deployed(tmp_path, provider)
    keys(place)
    path = tmp_path / "deployment/issuers.yaml"
    path.write_text(path.read_text().replace('"subjects": {"assistant"', '"subjects": {"other"'))
    asking = source(provider, "assistant", secret_file=secret(tmp_path))
    assert reading(place, "", asking) == "identity.unverified"
    assert place.ran() == []
