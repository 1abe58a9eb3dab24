"""`docs/identity.md`, followed literally, with a cluster, SPIRE and a provider stood in for."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.documents import ROOT, Walk, blocks
from tests.provider import Answer, FakeProvider

from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import AGENT

pytest.importorskip("spiffe", reason="the extra `spire` is not installed")


def public(key, **more):
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), **more}


def claims(issuer, sub):
    now = int(time.time())
    return {"iss": issuer, "sub": sub, "aud": ["inbounds"], "iat": now, "exp": now + 300}


def signed(key, kid, issuer, sub):
    """A token that a P-256 key has signed under a name of its own."""
    headers = {"kid": kid, "typ": "JWT"}
    return jwt.encode(claims(issuer, sub), key._private, algorithm="ES256", headers=headers)


class World:
    """What the reader has: a cluster, SPIRE and an OpenID Provider."""

    def __init__(self, folder, api):
        self.folder = folder
        self.provider = FakeProvider()
        cluster, spire = rsa.generate_private_key(65537, 2048), SigningKey.generate()
        self.keys = {"idp-1": SigningKey.generate(), "idp-2": SigningKey.generate()}
        (folder / "jwks.json").write_text(
            json.dumps({"keys": [public(cluster, kid="k8s-1", alg="RS256", use="sig")]})
        )
        (folder / "token").write_text(
            jwt.encode(
                claims("https://k8s.acme.example", "system:serviceaccount:agents:assistant"),
                cluster,
                algorithm="RS256",
                headers={"kid": "k8s-1", "typ": None},
            )
        )
        svid = {**spire.public, "kid": "svid-1", "use": "jwt-svid"}
        (folder / "bundle.json").write_text(json.dumps({"keys": [svid]}))
        api.svids = lambda request: [
            signed(spire, "svid-1", "https://spire.acme.example", request.spiffe_id)
        ]
        self.turn("idp-1")

    def turn(self, *kids):
        """Publish these keys, and sign with the last of them."""
        key = self.keys[kids[-1]]
        self.provider.answers["/jwks"] = Answer(
            {"keys": [{**self.keys[kid].public, "kid": kid} for kid in kids]}
        )

        def token(asked):
            form = parse_qs(asked.body.decode())
            own = SigningKey.read(self.folder / "client.pem")
            (assertion,) = form["client_assertion"]
            assert jwt.get_unverified_header(assertion)["kid"] == "assistant-1"
            said = jwt.decode(
                assertion,
                own._private.public_key(),
                algorithms=["ES256"],
                audience=self.provider.url,
            )
            assert form["resource"] == ["https://pdp.acme.example"]
            access = signed(key, kids[-1], self.provider.url, said["sub"])
            return Answer({"access_token": access, "token_type": "Bearer"})

        self.provider.answers["/token"] = token


@pytest.fixture
def api():
    from tests.workload_api import WorkloadApi

    api = WorkloadApi()
    yield api
    api.close()


def test_each_source_as_it_is_written(tmp_path, api):
    folder = tmp_path / "empty"
    folder.mkdir()
    world = World(folder, api)
    instead = {
        "https://idp.acme.example": world.provider.url,
        "unix:///run/spire/agent.sock": api.socket,
    }
    with Walk(folder, instead=instead) as walk:
        for block in blocks(ROOT / "docs" / "identity.md"):
            if "--check" in block.text and block.about:
                world.turn("idp-1", "idp-2")
            walk.take(block)
    world.provider.close()
    assert [request.spiffe_id for request, _ in api.asked] == [AGENT]
