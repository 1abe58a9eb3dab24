"""Identities of issuers without SPIFFE IDs, on both engines, with genuine signatures."""

from __future__ import annotations

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.guards import Place
from tests.identities import part

from inbounds import AccessDenied
from inbounds.identity.file import FileIdentity
from inbounds.testing import AGENT, INTENT, SUBJECT

KUBERNETES = "https://kubernetes.default.svc.cluster.local"
ACCOUNT = "system:serviceaccount:agents:assistant"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


class Cluster(Place):
    """A deployment whose agents are service accounts; its development issuer signs tasks alone."""

    def __init__(self, folder, **changed):
        super().__init__(folder)
        self.token = folder / "token"
        issuers = json.loads((folder / "deployment/issuers.yaml").read_text())
        issuers["development"]["vouches_for"] = ["task"]
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        issuers["cluster"] = {
            "issuer": KUBERNETES,
            "kind": "production",
            "vouches_for": ["identity"],
            "subjects": {ACCOUNT: AGENT},
            "tenants": ["acme"],
            "environments": ["development"],
            "effects": [],
            "algorithms": ["RS256"],
            "keys": {"k8s-1": {name: public[name] for name in ("kty", "n", "e")}},
            "max_seconds": 3600,
            **changed,
        }
        (folder / "deployment/issuers.yaml").write_text(json.dumps(issuers))

    def project(self, key=KEY, headers=None, **changed):
        """Write a token as Kubernetes has them: `alg` and `kid`, and no `typ`."""
        now = int(time.time())
        claims = {
            "aud": ["inbounds"],
            "exp": now + 600,
            "iat": now,
            "nbf": now,
            "iss": KUBERNETES,
            "jti": f"token-{now}",
            "kubernetes.io": {"namespace": "agents", "serviceaccount": {"name": "assistant"}},
            "sub": ACCOUNT,
            **changed,
        }
        header = {"typ": None, "kid": "k8s-1"} if headers is None else headers
        self.token.write_text(jwt.encode(claims, key, algorithm="RS256", headers=header) + "\n")

    def codes(self, url):
        """Read a mail as a fresh guard: the codes of the denial, or nothing."""
        with (
            self.guard(url, identity=FileIdentity(self.token)) as guard,
            guard.task(INTENT, subject=SUBJECT) as task,
        ):
            try:
                task.call("mail.read", {"id": "42"})
            except AccessDenied as error:
                return [reason.code for reason in error.decision.reasons]
        return []


def spelled(token, header):
    """The claims of a token under a header that is written in just this way, signed anew."""
    signed = f"{part(header.encode())}.{token.split('.')[1]}"
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), KEY)
    return f"{signed}.{part(signature)}"


@pytest.mark.parametrize("engine", ["opa", "embedded"])
@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ('{"alg":"RS256","typ" : "JWT","kid" : "k8s-1"}', []),
        ('{"alg" : "RS256","typ" : "JWT","kid" : "k8s-1"}', ["identity.unverified"]),
        ('{"alg":"RS256", "typ":"JWT", "kid":"k8s-1"}', ["identity.unverified"]),
        ('{"alg":"RS256","typ" : "JWT","kid" : "k8s-1" }', ["identity.unverified"]),
    ],
)
def test_a_header_may_have_the_blanks_of_keycloak_and_no_others(tmp_path, engine, header, codes):
    cluster = Cluster(tmp_path)
    cluster.project()
    cluster.token.write_text(spelled(cluster.token.read_text().strip(), header))
    with cluster.engine(engine) as url:
        assert cluster.codes(url) == codes


@pytest.mark.parametrize("engine", ["opa", "embedded"])
class TestKubernetes:
    def test_a_service_account_is_the_agent_that_the_deployment_says(self, tmp_path, engine):
        cluster = Cluster(tmp_path)
        with cluster.engine(engine) as url:
            cluster.project()
            assert cluster.codes(url) == []
            cluster.project(headers={"kid": "k8s-1", "typ": "JWT"})
            assert cluster.codes(url) == []
        assert cluster.ran() == ["42", "42"]

    def test_everything_else_is_nobody(self, tmp_path, engine):
        cluster = Cluster(tmp_path)
        with cluster.engine(engine) as url:
            for changed, code in [
                ({"sub": "system:serviceaccount:agents:other"}, "identity.unverified"),
                ({"sub": "system:serviceaccount:other:assistant"}, "identity.unverified"),
                ({"sub": AGENT}, "identity.unverified"),
                ({"sub": 7}, "identity.unverified"),
                ({"sub": None}, "identity.unverified"),
                ({"iss": "https://other.example"}, "identity.untrusted_issuer"),
                ({"aud": ["https://kubernetes.default.svc"]}, "identity.wrong_audience"),
                ({"aud": ["inbounds", "api"]}, "identity.wrong_audience"),
                ({"exp": int(time.time()) + 9000}, "identity.lifetime_too_long"),
                ({"nbf": int(time.time()) + 600}, "identity.expired"),
                ({"key": OTHER}, "identity.unverified"),
                ({"headers": {"typ": None, "kid": "k8s-2"}}, "identity.unverified"),
                ({"headers": {"typ": "id+jwt", "kid": "k8s-1"}}, "identity.unverified"),
                ({"headers": {"typ": None, "kid": "k8s-1", "jku": "x"}}, "identity.unverified"),
            ]:
                cluster.project(**changed)
                assert cluster.codes(url)[:1] == [code], changed
        assert cluster.ran() == []

    def test_no_account_is_an_agent_that_nobody_named(self, tmp_path, engine):
        cluster = Cluster(tmp_path, subjects={})
        cluster.project(headers={"kid": "k8s-1", "typ": "JWT"})
        with cluster.engine(engine) as url:
            assert cluster.codes(url)[:1] == ["identity.unverified"]
        assert cluster.ran() == []

    def test_an_account_of_another_agent_is_not_this_one(self, tmp_path, engine):
        cluster = Cluster(tmp_path)
        agents = json.loads((tmp_path / "deployment/agents.yaml").read_text())
        agents[f"{AGENT}-2"] = agents[AGENT]
        (tmp_path / "deployment/agents.yaml").write_text(json.dumps(agents))
        issuers = json.loads((tmp_path / "deployment/issuers.yaml").read_text())
        issuers["cluster"]["subjects"] = {ACCOUNT: f"{AGENT}-2"}
        (tmp_path / "deployment/issuers.yaml").write_text(json.dumps(issuers))
        cluster.project()
        with cluster.engine(engine) as url:
            assert cluster.codes(url)[:1] == ["identity.not_the_agent_asserted"]
        assert cluster.ran() == []
