"""Access tokens for one task, exchanged by a real OpenID Provider for the tokens of real tasks."""

from __future__ import annotations

import json
import time

import jwt
import pytest
from tests.leased import leased
from tests.servers.oidc.provider import OpenIdProvider, drawn

from inbounds import LeaseUnavailable
from inbounds.credentials import Target, TokenExchange, authorization, current
from inbounds.credentials.outbox import LeaseOutbox
from inbounds.identity.dpop import prove
from inbounds.identity.signing_keys import SigningKey, thumbprint
from inbounds.testing import AGENT, SUBJECT

AUDIENCE = "https://mail.acme.example"
SECRET = "of-the-client"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"


class Desk:
    """A guard whose tool reads mail with a token, and the provider that exchanges it."""

    def __init__(self, folder):
        self.folder = folder
        self.secret = folder / "secret"
        self.secret.write_text(SECRET)
        self.secret.chmod(0o600)
        self.key = drawn("one")
        self.provider = None
        self.policy = None

    def issuer_key(self):
        """The public key of the issuer of tasks and identities, by its name."""
        (about,) = self.folder.rglob("issuer.json")
        kid = json.loads(about.read_text())["kid"]
        return {**SigningKey.read(about.parent / f"{kid}.pem").public, "kid": kid, "alg": "ES256"}

    def backend(self, **options):
        return TokenExchange(
            self.provider.url,
            **{
                "client_id": "assistant",
                "secret_file": self.secret,
                "credentials": {"mail-store": Target(audience=AUDIENCE, scope="mail.read")},
                "revocation": False,
                **options,
            },
        )

    def verified(self, token):
        """The claims of a token, as whoever is shown it verifies them."""
        public = {name: self.key[name] for name in ("kty", "crv", "x", "y")}
        key = jwt.PyJWK.from_dict(public, algorithm="ES256").key
        return jwt.decode(
            token, key, algorithms=["ES256"], audience=AUDIENCE, issuer=self.provider.url
        )


class Late:
    """A backend that is named once its server is there."""

    development = False
    real = None

    def has(self, credential):
        return self.real.has(credential)

    def issue(self, asked, kept):
        return self.real.issue(asked, kept)

    def revoke(self, revocation, *, identity, deadline):
        self.real.revoke(revocation, identity=identity, deadline=deadline)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("exchange"))
    late = Late()
    desk.policy = leased(desk.folder / "inbounds", late, part="access_token")
    client = {
        "client_id": "assistant",
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": [GRANT],
    }
    exchange = {
        "jwks": {"keys": [desk.issuer_key()]},
        "audience": AUDIENCE,
        "scope": "mail.read mail.delete",
    }
    with OpenIdProvider([client], [desk.key], exchange=exchange) as desk.provider:
        desk.late = late
        yield desk
    desk.policy.close()


@pytest.fixture(autouse=True)
def fresh(desk):
    desk.late.real = desk.backend()
    desk.policy.lent.clear()


def test_the_tool_has_a_token_that_says_who_acts_for_whom(desk):
    with desk.policy.task() as task:
        assert task.call("mail.read", {"id": "1"}) == 1
        lease = task.lease("mail-store")
        value = lease.value
        assert lease.expires <= task.authority.deadline
    claims = desk.verified(desk.policy.lent[0])
    assert claims["sub"] == SUBJECT
    assert claims["act"]["sub"] == AGENT
    assert claims["scope"] == "mail.read"
    assert claims["client_id"] == "assistant"
    assert claims["cnf"] == {"jkt": thumbprint(json.loads(value["dpop_key"]))}
    shown = authorization(value, "GET", f"{AUDIENCE}/1")
    assert shown["Authorization"] == f"DPoP {desk.policy.lent[0]}"


def test_each_task_has_a_token_and_a_key_of_its_own(desk):
    values = []
    for _ in range(2):
        with desk.policy.task() as task:
            values.append(task.lease("mail-store").value)
    assert values[0]["access_token"] != values[1]["access_token"]
    assert values[0]["dpop_key"] != values[1]["dpop_key"]


def test_a_token_without_a_key_is_leased_where_it_is_wanted(desk):
    desk.late.real = desk.backend(dpop=False)
    with desk.policy.task() as task:
        value = task.lease("mail-store").value
    assert value["token_type"] == "Bearer"
    assert "cnf" not in desk.verified(value["access_token"])


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Target(audience=AUDIENCE, scope="mail.write"), "scope"),
        (Target(audience="https://other.example", scope="mail.read"), "audience"),
    ],
)
def test_what_the_provider_refuses_is_told_and_nothing_runs(desk, target, why):
    desk.late.real = desk.backend(credentials={"mail-store": target})
    with desk.policy.task() as task, pytest.raises(LeaseUnavailable, match=why) as caught:
        task.call("mail.read", {"id": "2"})
    assert (caught.value.code, caught.value.executed) == ("lease.refused", "no")
    assert desk.policy.lent == []


def test_another_client_secret_is_refused(desk, tmp_path):
    other = tmp_path / "secret"
    other.write_text("another")
    other.chmod(0o600)
    desk.late.real = desk.backend(secret_file=other)
    with desk.policy.task() as task, pytest.raises(LeaseUnavailable, match="secret or key") as told:
        task.lease("mail-store")
    assert told.value.code == "lease.refused"


def test_a_proof_counts_once(desk, monkeypatch):
    """The provider remembers proofs, so each exchange needs one of its own."""
    import inbounds.identity.dpop

    key, kept = SigningKey.generate(), []

    def again(_key, method, url, **more):
        kept.append(kept[0] if kept else prove(key, method, url, **more))
        return kept[0]

    monkeypatch.setattr(inbounds.identity.dpop, "prove", again)
    with desk.policy.task() as task:
        for why in ("not bound to the key", "does not take one of the tokens"):
            with pytest.raises(LeaseUnavailable, match=why):
                task.lease("mail-store")
    assert len(kept) == 2


def test_what_the_provider_does_not_revoke_is_kept_until_it_is_over(desk):
    """`oidc-provider` revokes no JWTs, and says so (RFC 7009 §2.2.1)."""
    desk.late.real = desk.backend(revocation=True)
    kept = []
    with desk.policy.task() as task:
        task.lease("mail-store")
        outbox = LeaseOutbox(desk.policy.guard._runtime.leases._path)
        (row,) = outbox.rows()
        outbox.close()
        kept.append(row.revocation)
        with pytest.raises(LeaseUnavailable, match="revocation=False") as caught:
            desk.late.real.revoke(kept[0], identity="", deadline=time.monotonic() + 5)
    assert caught.value.code == "lease.refused"
    over = {**json.loads(kept[0]), "expires": int(time.time()) - 100}
    # What is over needs no revoking, so that the row goes.
    desk.late.real.revoke(json.dumps(over), identity="", deadline=time.monotonic() + 5)


def test_a_provider_that_went_is_unreachable_within_the_deadline(desk):
    desk.provider.stop()
    try:
        with desk.policy.task() as task, pytest.raises(LeaseUnavailable) as caught:
            task.call("mail.read", {"id": "3"})
        assert (caught.value.code, caught.value.executed) == ("lease.unreachable", "no")
    finally:
        desk.provider.start()
    with desk.policy.task() as task:
        task.call("mail.read", {"id": "3"})
    assert desk.policy.lent


def test_the_lease_of_the_context_is_the_tools(desk):
    with desk.policy.task() as task:
        lease = current("mail-store")
        assert lease.handle == task.lease("mail-store").handle
