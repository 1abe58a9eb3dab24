"""`docs/keycloak.md`, followed literally with a real Keycloak, and what holds of it then."""

from __future__ import annotations

import json
import time

import pytest
import requests
from tests.documents import ROOT, Walk, blocks
from tests.exchanging import ACCESS_TOKEN, read
from tests.guards import Place
from tests.servers.keycloak.server import KeycloakServer
from tests.servers.keycloak.tickets import Tickets, verified

from inbounds import AccessDenied, Guard, LeaseUnavailable, credentials
from inbounds.credentials import LeaseRequest, Target, TokenExchange, authorization
from inbounds.credentials.outbox import LeaseOutbox
from inbounds.credentials.sealed import unseal
from inbounds.identity.jwks import JwksSource
from inbounds.identity.oidc import OidcIdentity
from inbounds.identity.signing_keys import SigningKey, thumbprint
from inbounds.testing import AGENT, INTENT, SUBJECT

pytestmark = pytest.mark.nightly

TICKETS = Target(audience="tickets", scope="tickets.write")
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


class Stand:
    """What the document leaves behind, with the servers it speaks of."""

    def __init__(self, folder, keycloak, tickets):
        self.folder = folder
        self.keycloak = keycloak
        self.tickets = tickets
        self.issuer = keycloak.realm("acme")
        self.endpoint = f"{self.issuer}/protocol/openid-connect"
        self.secret_file = folder / "client.secret"

    @property
    def client(self):
        return ("assistant", self.secret_file.read_text().strip())

    def user_token(self, scope="tickets.write"):
        form = {"grant_type": "password", "client_id": "desk", "username": "alice"}
        return self.post("token", {**form, "password": "change-me", "scope": scope})

    def identity(self):
        return OidcIdentity(
            issuer=self.issuer,
            client_id="assistant",
            secret_file=self.secret_file,
            audience="inbounds",
            scope="agent",
        )

    def post(self, what, form, **more):
        answer = requests.post(f"{self.endpoint}/{what}", data=form, timeout=30, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"] if what == "token" else answer.json()

    def exchanged(self, token, **more):
        """What Keycloak itself makes of an exchange, whatever anybody thinks of it."""
        types = {"subject_token_type": ACCESS_TOKEN, "requested_token_type": ACCESS_TOKEN}
        form = {"grant_type": EXCHANGE, "subject_token": token, "audience": "tickets"}
        return self.post("token", {**form, **types, **more}, auth=self.client)

    def active(self, token):
        """Whether Keycloak says to the API that a token is in force (RFC 7662)."""
        (api,) = self.keycloak.administer("GET", "/acme/clients?clientId=tickets")
        secret = self.keycloak.administer("GET", f"/acme/clients/{api['id']}/client-secret")
        said = self.post("token/introspect", {"token": token}, auth=("tickets", secret["value"]))
        return said["active"]

    def backend(self, **options):
        return TokenExchange(
            self.issuer,
            **{
                "client_id": "assistant",
                "secret_file": self.secret_file,
                "credentials": {"tickets-api": TICKETS},
                "subject_token": lambda _: self.user_token(),
                "impersonation": True,
                **options,
            },
        )

    def leased(self, seconds=300, **options):
        """What is issued and kept, and the error in place of it."""
        backend, kept = self.backend(**options), []
        asked = LeaseRequest(
            credential="tickets-api",
            task="task-1",
            seconds=seconds,
            deadline=time.monotonic() + 30,
            identity=self.identity().identity(AGENT).token,
            task_token="",
        )
        issued = error = None
        try:
            issued = backend.issue(asked, kept.append)
        except LeaseUnavailable as caught:
            error = caught
        return Leased(self, backend, kept, issued, error)

    def guard(self, **options):
        guard = Guard(
            home=self.folder / ".inbounds",
            deployment=self.folder / "deployment",
            identity=self.identity(),
            leases=self.backend(**options),
            deadline=30.0,
        )

        @guard.tool("tickets.close", resource=lambda ticket: ("ticket", str(ticket)))
        def close(ticket: int) -> int:
            url = f"{self.tickets.url}/tickets/{ticket}/close"
            value = credentials.current("tickets-api").value
            headers = credentials.authorization(value, "POST", url)
            requests.post(url, headers=headers, timeout=30).raise_for_status()
            return ticket

        return guard

    def rows(self):
        outbox = LeaseOutbox(self.folder / ".inbounds" / "leases.sqlite")
        try:
            return outbox.rows()
        finally:
            outbox.close()

    def client_of(self, name, **settings):
        """Another client that may exchange tokens: the document's, but for these settings."""
        document = json.loads((self.folder / "acme.json").read_text())
        (assistant,) = [c for c in document["clients"] if c["clientId"] == "assistant"]
        attributes = {**assistant["attributes"], **settings.pop("attributes", {})}
        said = {**assistant, "clientId": name, "secret": f"of-{name}", "attributes": attributes}
        self.keycloak.administer("POST", "/acme/clients", {**said, **settings})
        # Only a client that a user's token names in `aud` may exchange it.
        mapper = {
            "name": f"for {name}",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            "config": {"included.client.audience": name, "access.token.claim": "true"},
        }
        scopes = self.keycloak.administer("GET", "/acme/client-scopes")
        (scope,) = [each["id"] for each in scopes if each["name"] == "for-assistant"]
        path = f"/acme/client-scopes/{scope}/protocol-mappers/models"
        self.keycloak.administer("POST", path, mapper)
        path = self.folder / f"{name}.secret"
        path.write_text(f"of-{name}")
        path.chmod(0o600)
        return {"client_id": name, "secret_file": path}


class Leased:
    """What came of asking for one lease."""

    def __init__(self, stand, backend, kept, issued, error):
        self.stand, self.backend, self.kept = stand, backend, kept
        self.issued, self.error = issued, error

    def token(self):
        """The token that was kept to be revoked, which only the client's secret opens."""
        sealed = json.loads(self.kept[-1])["sealed"]
        (token,) = unseal(sealed, self.backend._client.secret())
        return token

    def revoked(self):
        """Whether the token is in force before it is revoked, and is not after."""
        token = self.token()
        before = self.stand.active(token)
        self.backend.revoke(self.kept[-1], identity="", deadline=time.monotonic() + 30)
        return before and not self.stand.active(token)


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    base = tmp_path_factory.mktemp("keycloak")
    folder = base / "reader"
    folder.mkdir()
    tickets = Tickets()
    with KeycloakServer(base) as keycloak, pytest.MonkeyPatch.context() as patched:
        tickets.issuer = keycloak.realm("acme")
        patched.setenv("KEYCLOAK_PASSWORD", keycloak.password)
        instead = {"http://127.0.0.1:8080": keycloak.url, "http://127.0.0.1:9090": tickets.url}
        with Walk(folder, instead=instead) as walk:
            script = base / "reader-bin" / "kcadm.sh"
            script.write_text(f'#!/bin/sh\nexec "{keycloak.home}/bin/kcadm.sh" "$@"\n')
            script.chmod(0o755)
            for block in blocks(ROOT / "docs" / "keycloak.md"):
                walk.take(block)
        yield Stand(folder, keycloak, tickets)
    tickets.close()


def eventually(holds, seconds=20.0):
    """Wait until something holds, and fail where it does not come about."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_document_closes_its_ticket_and_leaves_nothing_behind(stand):
    paths = [path for path, _ in stand.tickets.closed]
    assert "/tickets/42/close" in paths
    assert stand.rows() == []


class TestExchange:
    def test_what_is_leased_is_the_users_token_for_one_api_and_one_key(self, stand):
        leased = stand.leased()
        value = leased.issued.value
        claims = verified(stand.issuer, value["access_token"], "tickets")
        user = read(stand.user_token())
        assert (claims["aud"], claims["scope"], claims["azp"]) == (
            "tickets",
            "tickets.write",
            "assistant",
        )
        assert claims["sub"] == user["sub"]
        # Neither an actor nor a role of the user.
        known = {"iss", "sub", "aud", "exp", "iat", "jti", "typ", "azp", "sid", "scope", "cnf"}
        assert claims.keys() <= known
        assert claims["cnf"]["jkt"] == thumbprint(json.loads(value["dpop_key"]))
        assert leased.issued.expires - time.time() <= 60
        assert leased.revoked()

    def test_the_token_is_revoked_with_its_task(self, stand):
        user = stand.user_token()
        guard = stand.guard(subject_token=lambda _: user)
        with guard.task("close tickets", subject=SUBJECT) as task:
            assert task.call("tickets.close", {"ticket": 7}) == 7
            token = task.lease("tickets-api").value["access_token"]
            assert stand.active(token)
            assert len(stand.rows()) == 1
        assert not stand.active(token)
        assert stand.rows() == []
        # Nothing else is: the user is signed in still.
        assert stand.leased(subject_token=lambda _: user).issued
        guard.close()
        assert stand.tickets.closed[-1][0] == "/tickets/7/close"

    def test_keycloak_itself_wants_the_proof_of_a_token_that_is_bound(self, stand):
        """Its `userinfo` is an API that was not written here."""
        scope = "openid tickets.write"
        client = stand.client_of("reader", optionalClientScopes=["tickets.write"])
        target = Target(audience="tickets", scope=scope)
        leased = stand.leased(
            credentials={"tickets-api": target},
            subject_token=lambda _: stand.user_token(scope),
            **client,
        )
        url = f"{stand.endpoint}/userinfo"
        value = leased.issued.value
        shown = authorization(value, "GET", url)
        assert requests.get(url, headers=shown, timeout=30).status_code == 200
        other = {**value, "dpop_key": SigningKey.generate().private_jwk()}
        for wrong in (
            authorization(other, "GET", url),
            authorization(value, "POST", url),
            authorization(value, "GET", f"{stand.endpoint}/token"),
            {"Authorization": shown["Authorization"]},
            {"Authorization": f"Bearer {value['access_token']}"},
        ):
            assert requests.get(url, headers=wrong, timeout=30).status_code in (400, 401)

    def test_a_bearer_token_where_it_is_wanted(self, stand):
        leased = stand.leased(dpop=False)
        assert leased.issued.value["token_type"] == "Bearer"
        assert leased.revoked()

    def test_a_client_with_a_key_of_its_own(self, stand):
        key = SigningKey.generate()
        key.write(stand.folder / "signer.pem")
        public = {"keys": [{**key.public, "kid": "k1", "alg": "ES256", "use": "sig"}]}
        stand.client_of(
            "signer",
            clientAuthenticatorType="client-jwt",
            attributes={
                "use.jwks.string": "true",
                "jwks.string": json.dumps(public),
                "token.endpoint.auth.signing.alg": "ES256",
            },
        )
        signer = {"client_id": "signer", "key_file": stand.folder / "signer.pem", "key_id": "k1"}
        assert stand.leased(secret_file=None, **signer).revoked()
        source = OidcIdentity(issuer=stand.issuer, audience="inbounds", scope="agent", **signer)
        assert read(source.identity(AGENT).token)["azp"] == "signer"
        other = {**signer, "key_id": "k2"}
        assert stand.leased(secret_file=None, **other).error.code == "lease.refused"

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({"credentials": {"tickets-api": Target(audience="desk", scope="tickets.write")}}, ""),
            ({"client_id": "nobody"}, "client"),
        ],
        ids=["another audience", "another client"],
    )
    def test_what_keycloak_refuses_is_no_lease(self, stand, options, why):
        leased = stand.leased(**options)
        assert leased.error.code == "lease.refused"
        assert why in str(leased.error)
        assert leased.kept == []
        log = (stand.folder.parent / "keycloak.log").read_text("utf-8", "replace")
        assert 'type="TOKEN_EXCHANGE_ERROR"' in log


class TestFaults:
    """What Keycloak does and ought not to; each test shows that it does it still."""

    def test_the_actor_is_dropped_without_a_word(self, stand):
        for actor in (stand.identity().identity(AGENT).token, stand.user_token(), "nobody"):
            form = {"actor_token": actor, "actor_token_type": ACCESS_TOKEN}
            token = stand.exchanged(stand.user_token(), scope="tickets.write", **form)
            assert "act" not in read(token)

        leased = stand.leased(impersonation=False)
        assert leased.error.code == "lease.not_as_asked"
        assert "does not say who acts" in str(leased.error)
        assert leased.revoked()

    def test_under_a_guard_such_a_token_is_revoked_and_the_tool_does_not_run(self, stand):
        guard = stand.guard(impersonation=False)
        before = len(stand.tickets.closed)
        with (
            guard.task("close tickets", subject=SUBJECT) as task,
            pytest.raises(LeaseUnavailable) as caught,
        ):
            task.call("tickets.close", {"ticket": 8})
        assert (caught.value.code, caught.value.executed) == ("lease.not_as_asked", "no")
        assert len(stand.tickets.closed) == before
        eventually(lambda: stand.rows() == [])
        guard.close()

    def test_the_scope_is_widened(self, stand):
        narrow = stand.user_token("openid")
        assert "tickets.write" not in read(narrow)["scope"].split()
        wide = stand.exchanged(narrow, scope="tickets.write")
        assert read(wide)["scope"] == "tickets.write"

        leased = stand.leased(subject_token=lambda _: narrow)
        assert leased.error.code == "lease.not_exchangeable"
        assert leased.kept == []

    def test_a_token_that_was_exchanged_is_widened_when_it_is_exchanged_again(self, stand):
        """
        What the agent holds for one API is not a way to another scope.
        """
        scopes = {"optionalClientScopes": ["tickets.write", "agent"]}
        client = stand.client_of("again", **scopes)
        first = stand.exchanged(stand.user_token(), scope="tickets.write")
        leased = stand.leased(
            credentials={"tickets-api": Target(audience="tickets", scope="tickets.write agent")},
            subject_token=lambda _: first,
            **client,
        )
        assert leased.error.code == "lease.not_exchangeable"

    def test_default_scopes_are_added(self, stand):
        mapped = {"include.in.token.scope": "true"}
        scope = {"name": "everything", "protocol": "openid-connect", "attributes": mapped}
        stand.keycloak.administer("POST", "/acme/client-scopes", scope)
        client = stand.client_of("generous", defaultClientScopes=["basic", "everything"])
        leased = stand.leased(**client)
        assert leased.error.code == "lease.not_as_asked"
        assert "scope" in str(leased.error)
        assert leased.revoked()

    def test_without_a_name_every_audience_comes_that_a_scope_has(self, stand):
        client = stand.client_of("several", defaultClientScopes=["basic", "for-assistant"])
        secret = client["secret_file"].read_text()
        types = {"subject_token_type": ACCESS_TOKEN, "requested_token_type": ACCESS_TOKEN}
        form = {"grant_type": EXCHANGE, "subject_token": stand.user_token(), **types}
        form |= {"scope": "tickets.write"}
        token = stand.post("token", form, auth=("several", secret))
        assert {"tickets", "assistant"} <= set(read(token)["aud"])
        leased = stand.leased(**client)
        assert read(leased.issued.value["access_token"])["aud"] == "tickets"

    def test_roles_are_none_of_what_is_compared(self, stand):
        """The document says how to keep them out; this is what becomes of them otherwise."""
        mapper = {
            "name": "roles",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-usermodel-realm-role-mapper",
            "config": {
                "claim.name": "realm_access.roles",
                "multivalued": "true",
                "access.token.claim": "true",
            },
        }
        scope = {
            "name": "roles",
            "protocol": "openid-connect",
            "attributes": {"include.in.token.scope": "false"},
            "protocolMappers": [mapper],
        }
        administer = stand.keycloak.administer
        administer("POST", "/acme/client-scopes", scope)
        administer("POST", "/acme/roles", {"name": "clerk"})
        (alice,) = administer("GET", "/acme/users?username=alice&exact=true")
        role = administer("GET", "/acme/roles/clerk")
        administer("POST", f"/acme/users/{alice['id']}/role-mappings/realm", [role])
        client = stand.client_of(
            "privileged", defaultClientScopes=["basic", "roles"], fullScopeAllowed=True
        )
        token = stand.leased(**client).issued.value["access_token"]
        assert read(token)["realm_access"]["roles"] == ["clerk"]
        assert "realm_access" not in read(stand.leased().issued.value["access_token"])

    def test_a_token_outlives_the_one_that_it_was_exchanged_for(self, stand):
        client = stand.client_of("lasting", attributes={"access.token.lifespan": "1200"})
        leased = stand.leased(seconds=3600, **client)
        assert leased.error.code == "lease.not_as_asked"
        assert "outlives" in str(leased.error)
        assert leased.revoked()

    def test_a_token_outlives_what_is_left_of_the_task(self, stand):
        leased = stand.leased(seconds=30)
        assert leased.error.code == "lease.not_as_asked"
        assert "outlives" in str(leased.error)
        assert leased.revoked()


@pytest.fixture(scope="module")
def place(stand, tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("identity"))
    path = place.folder / "deployment/issuers.yaml"
    issuers = json.loads(path.read_text())
    issuers["development"]["vouches_for"] = ["task"]
    issuers["keycloak"] = {
        "issuer": stand.issuer,
        "kind": "production",
        "vouches_for": ["identity"],
        "subjects": {(stand.folder / "agent.sub").read_text().strip(): AGENT},
        "tenants": ["acme"],
        "environments": ["development"],
        "effects": [],
        "algorithms": ["RS256"],
        "keys": JwksSource(stand.issuer).keys(),
        "max_seconds": 300,
    }
    path.write_text(json.dumps(issuers))
    return place


class TestIdentity:
    """Keycloak as the source of an agent's identity, on both engines."""

    def reading(self, place, url, source):
        with (
            place.guard(url, identity=source) as guard,
            guard.task(INTENT, subject=SUBJECT) as task,
        ):
            try:
                task.call("mail.read", {"id": "42"})
            except AccessDenied as error:
                return error.code
        return ""

    @pytest.mark.parametrize("engine", ["embedded", "opa"])
    def test_an_agent_is_the_client_that_the_deployment_says(self, stand, place, engine):
        before = len(place.ran())
        with place.engine(engine) as url:
            assert self.reading(place, url, stand.identity()) == ""
        assert len(place.ran()) == before + 1

    @pytest.mark.parametrize("engine", ["embedded", "opa"])
    def test_another_client_is_nobody(self, stand, place, engine):
        other = stand.client_of(f"other-{engine}")
        source = OidcIdentity(issuer=stand.issuer, audience="inbounds", scope="agent", **other)
        before = len(place.ran())
        with place.engine(engine) as url:
            assert self.reading(place, url, source) == "identity.unverified"
        assert len(place.ran()) == before
