"""What a token endpoint may answer, and what becomes of it; `tests/servers` has real ones."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
import traceback
from dataclasses import replace
from urllib.parse import parse_qs

import jwt
import pytest
from tests.exchanging import ACCESS_TOKEN, AUDIENCE, SCOPE, Exchanging
from tests.identities import claims, compact
from tests.leased import SECRET, leased
from tests.provider import Answer

from inbounds import ConfigurationError, LeaseUnavailable
from inbounds.credentials import LeaseRequest, Target, TokenExchange, authorization
from inbounds.credentials.outbox import LeaseOutbox
from inbounds.credentials.sealed import seal, unseal
from inbounds.identity.dpop import proven
from inbounds.identity.signing_keys import SigningKey, thumbprint
from inbounds.process import clock
from inbounds.testing import AGENT, SUBJECT

CLIENT_SECRET = "s3cret & more of it"
TARGET = Target(audience=AUDIENCE, scope=SCOPE)
IDENTITY = compact(claims(exp=int(time.time()) + 86_400))
"""Made once, for a run of any length."""
IDP = "https://idp.acme.example"


@pytest.fixture(scope="module")
def serving():
    server = Exchanging()
    yield server
    server.close()


@pytest.fixture
def server(serving):
    serving.reset()
    return serving


@pytest.fixture
def secret(tmp_path):
    return written(tmp_path / "client-secret", CLIENT_SECRET)


def written(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def of_task(**changed):
    return compact(claims(**{"sub": SUBJECT, "act": {"sub": AGENT}, **changed}))


def of_user(**changed):
    return compact(claims(**{"iss": IDP, "sub": "u-1", "scope": f"openid {SCOPE}", **changed}))


def backend(server, secret, **other):
    options = {
        "client_id": "assistant",
        "secret_file": secret,
        "credentials": {"tickets-api": TARGET},
    }
    return TokenExchange(server.url, **{**options, **other})


def by_user(server, secret, token, **other):
    return backend(server, secret, subject_token=lambda _: token, **other)


def asked(*, seconds=3600, patience=5.0, name="tickets-api", task_token=None, identity=IDENTITY):
    return LeaseRequest(
        credential=name,
        task="task-1",
        seconds=seconds,
        deadline=time.monotonic() + patience,
        identity=identity,
        task_token=task_token or of_task(),
    )


def test_what_the_users_token_is_waited_for_is_not_added_to_its_time(server, secret):
    def slow(_):
        time.sleep(2.5)
        return of_user()

    server.seconds = 60
    leasing = backend(server, secret, subject_token=slow)
    with pytest.raises(LeaseUnavailable, match=r"outlives"):
        leasing.issue(asked(seconds=60), lambda _: None)


def posted(server, path="/token"):
    return [each for each in server.asked if each.path == path]


def refused(leasing, code, asking=None):
    """The message with which nothing is leased, and what was kept to be revoked."""
    kept = []
    with pytest.raises(LeaseUnavailable) as caught:
        leasing.issue(asking or asked(), kept.append)
    error = caught.value
    assert error.code == code
    assert error.hint
    said = "".join(traceback.format_exception(error)) + repr(vars(error))
    for token in (SECRET, IDENTITY, CLIENT_SECRET, *leasing_tokens(leasing)):
        assert token not in said
    return str(error), kept


def leasing_tokens(leasing):
    return [leasing._subject_token(asked())] if leasing._subject_token else []


class TestAsked:
    def test_the_tasks_token_is_exchanged_with_the_agent_as_the_actor(self, server, secret):
        token = of_task()
        issued = backend(server, secret).issue(asked(task_token=token), lambda _: None)
        assert server.forms == [
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "actor_token": IDENTITY,
                "actor_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "requested_token_type": ACCESS_TOKEN,
                "audience": AUDIENCE,
                "scope": SCOPE,
            }
        ]
        (request,) = posted(server)
        kind, _, pair = request.headers["Authorization"].partition(" ")
        assert kind == "Basic"
        assert base64.b64decode(pair) == b"assistant:s3cret+%26+more+of+it"
        assert issued.value["access_token"] == server.live[0]
        assert issued.value["token_type"] == "DPoP"
        assert 58 <= issued.expires - clock.now() <= 60

    def test_the_users_token_is_exchanged_where_it_is_given(self, server, secret):
        token, given = of_user(iss=server.url), []

        def subject_token(asking):
            given.append(asking.task)
            return token

        leasing = backend(server, secret, subject_token=subject_token)
        leasing.issue(asked(), lambda _: None)
        assert given == ["task-1"]
        assert server.forms[0]["subject_token"] == token
        assert server.forms[0]["subject_token_type"] == ACCESS_TOKEN
        assert server.forms[0]["actor_token"] == IDENTITY

    @pytest.mark.parametrize("own", [True, False])
    def test_a_token_of_the_server_itself_is_an_access_token_and_any_other_a_jwt(
        self, server, secret, own
    ):
        issuer = server.url if own else IDP
        asking = asked(identity=compact(claims(iss=issuer)))
        by_user(server, secret, of_user(iss=issuer)).issue(asking, lambda _: None)
        kind = ACCESS_TOKEN if own else ACCESS_TOKEN.replace("access_token", "jwt")
        form = server.forms[0]
        assert (form["subject_token_type"], form["actor_token_type"]) == (kind, kind)

    def test_a_resource_is_asked_for_in_place_of_an_audience(self, server, secret):
        target = Target(audience=AUDIENCE, scope="tickets.read", resource=f"{AUDIENCE}/api")
        leasing = backend(server, secret, credentials={"tickets-api": target})
        leasing.issue(asked(), lambda _: None)
        assert server.forms[0]["resource"] == f"{AUDIENCE}/api"
        assert "audience" not in server.forms[0]

    def test_a_client_with_a_key_signs_who_it_is(self, server, tmp_path):
        key = SigningKey.generate()
        key.write(tmp_path / "client.pem")
        options = {"secret_file": None, "key_file": tmp_path / "client.pem", "key_id": "k7"}
        kept = []
        leasing = backend(server, None, **options)
        leasing.issue(asked(), kept.append)
        form = server.forms[0]
        assert form["client_id"] == "assistant"
        assertion = jwt.decode(
            form["client_assertion"],
            key._private.public_key(),
            algorithms=["ES256"],
            audience=server.url,
        )
        assert assertion["iss"] == "assistant"
        revoke(leasing, kept[-1])
        assert server.live == []

    def test_each_lease_is_bound_to_a_key_of_its_own(self, server, secret):
        leasing = backend(server, secret)
        keys = [
            json.loads(leasing.issue(asked(), lambda _: None).value["dpop_key"]) for _ in range(2)
        ]
        proofs = [
            proven(each.headers["DPoP"], "POST", f"{server.url}/token") for each in posted(server)
        ]
        assert [thumbprint(key) for key in keys] == [thumbprint(proof.jwk) for proof in proofs]
        assert thumbprint(keys[0]) != thumbprint(keys[1])

    def test_a_bearer_token_is_asked_for_without_a_proof(self, server, secret):
        issued = backend(server, secret, dpop=False).issue(asked(), lambda _: None)
        assert issued.value.keys() == {"access_token", "token_type"}
        assert issued.value["token_type"] == "Bearer"
        assert "DPoP" not in posted(server)[0].headers

    def test_nothing_is_asked_of_a_server_that_takes_nothing_back(self, server, secret):
        server.answers["/.well-known/openid-configuration"].body.pop("revocation_endpoint")
        said, kept = refused(backend(server, secret), "lease.unusable")
        assert "revocation_endpoint" in said
        assert posted(server) == kept == []

    def test_nor_of_one_without_a_token_endpoint(self, server, secret):
        server.answers["/.well-known/openid-configuration"].body.pop("token_endpoint")
        refused(backend(server, secret), "lease.unusable")

    def test_a_credential_without_a_target_is_not_asked_for(self, server, secret):
        leasing = backend(server, secret)
        assert leasing.has("tickets-api")
        assert not leasing.has("other")
        refused(leasing, "lease.refused", asked(name="other"))
        assert server.asked == []

    def test_no_proxy_of_the_environment_is_used(self, server, secret, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        assert backend(server, secret).issue(asked(), lambda _: None)


class TestExchangeable:
    """What is not even asked for."""

    @pytest.mark.parametrize(
        "token",
        [
            " ",
            "opaque",
            "a.b.c",
            of_task(exp=1),
            of_task(exp=None),
            of_task(sub=None),
            of_task(sub=""),
            of_task(sub=7),
        ],
    )
    def test_a_token_of_the_task_that_says_nothing(self, server, secret, token):
        refused(backend(server, secret), "lease.not_exchangeable", asked(task_token=token))
        assert posted(server) == []

    @pytest.mark.parametrize(
        "token",
        [
            "opaque",
            None,
            7,
            of_user(exp=1),
            of_user(sub=""),
            of_user(scope=None),
            of_user(scope="openid profile"),
            of_user(scope="tickets.write"),
            of_user(scope=SCOPE.split()),
        ],
    )
    def test_a_token_of_the_user_that_does_not_hold_what_is_asked(self, server, secret, token):
        with pytest.raises(LeaseUnavailable) as caught:
            by_user(server, secret, token).issue(asked(), lambda _: None)
        assert caught.value.code == "lease.not_exchangeable"
        assert server.asked == []

    def test_one_that_holds_just_that_is_exchanged(self, server, secret):
        assert by_user(server, secret, of_user(scope=SCOPE)).issue(asked(), lambda _: None)

    @pytest.mark.parametrize(
        ("claim", "said", "taken"),
        [
            ("sub", {"sub": SUBJECT}, True),
            ("preferred_username", {"preferred_username": SUBJECT}, True),
            ("email", {"email": SUBJECT, "email_verified": True}, True),
            ("email", {"email": SUBJECT}, False),
            ("email", {"email": SUBJECT, "email_verified": "true"}, False),
            ("preferred_username", {"preferred_username": "dora@acme.example"}, False),
            ("preferred_username", {"preferred_username": [SUBJECT]}, False),
            ("preferred_username", {"preferred_username": ""}, False),
            ("preferred_username", {}, False),
        ],
    )
    def test_one_of_another_user_than_the_tasks(self, server, secret, claim, said, taken):
        leasing = by_user(server, secret, of_user(**said), subject_claim=claim)
        if taken:
            assert leasing.issue(replace(asked(), subject=SUBJECT), lambda _: None)
            return
        for subject in (SUBJECT, ""):
            refused(leasing, "lease.not_exchangeable", replace(asked(), subject=subject))
        assert server.asked == []

    @pytest.mark.parametrize("said", [{"act": {"sub": AGENT}}, {"may_act": {"sub": AGENT}}])
    def test_one_that_names_an_actor_goes_nowhere_without_one(self, server, secret, said):
        token = of_user(**said)
        refused(by_user(server, secret, token, impersonation=True), "lease.not_exchangeable")
        assert server.asked == []
        assert by_user(server, secret, token).issue(asked(), lambda _: None)

    @pytest.mark.parametrize("identity", ["", "opaque", compact(claims(sub=None))])
    def test_an_identity_that_says_nothing(self, server, secret, identity):
        refused(backend(server, secret), "lease.not_exchangeable", asked(identity=identity))
        assert posted(server) == []


AS_ASKED = [
    ({"token_type": "dpop"}, {}),
    ({"expires_in": None}, {}),
    ({"scope": SCOPE}, {}),
    ({"scope": "tickets.read"}, {}),
    ({}, {"aud": [AUDIENCE]}),
    ({}, {"scope": "tickets.read"}),
    ({}, {"scope": "tickets.write tickets.read"}),
    ({}, {"act": {"sub": AGENT}}),
    ({}, {"act": {"sub": AGENT, "act": {"sub": "spiffe://acme.example/agent/before"}}}),
    ({"not": "known"}, {"nor": "this"}),
]
NOT_AS_ASKED = [
    ("issued_token_type", {"issued_token_type": None}, {}),
    ("issued_token_type", {"issued_token_type": ACCESS_TOKEN.replace("access", "refresh")}, {}),
    ("issued_token_type", {"issued_token_type": [ACCESS_TOKEN]}, {}),
    ("token_type", {"token_type": "Bearer"}, {}),
    ("token_type", {"token_type": "N_A"}, {}),
    ("token_type", {"token_type": None}, {}),
    ("token_type", {"token_type": 7}, {}),
    ("refresh token", {"refresh_token": f"{SECRET}-again"}, {}),
    ("expires_in", {"expires_in": "60"}, {}),
    ("expires_in", {"expires_in": True}, {}),
    ("expires_in", {"expires_in": 4000}, {}),
    ("scope", {"scope": "tickets.read tickets.write tickets.delete"}, {}),
    ("scope", {"scope": "*"}, {}),
    ("does not say", {"scope": ""}, {}),
    ("scope", {"scope": SCOPE.split()}, {}),
    ("iss", {}, {"iss": None}),
    ("iss", {}, {"iss": "https://other.example"}),
    ("iss", {}, {"iss": 7}),
    ("aud", {}, {"aud": None}),
    ("aud", {}, {"aud": "https://other.example"}),
    ("aud", {}, {"aud": []}),
    ("aud", {}, {"aud": [AUDIENCE, "account"]}),
    ("aud", {}, {"aud": [AUDIENCE, AUDIENCE]}),
    ("aud", {}, {"aud": f"{AUDIENCE}/"}),
    ("sub", {}, {"sub": None}),
    ("sub", {}, {"sub": "mallory@acme.example"}),
    ("sub", {}, {"sub": AGENT}),
    ("act", {}, {"act": None}),
    ("act", {}, {"act": {}}),
    ("act", {}, {"act": AGENT}),
    ("act", {}, {"act": [{"sub": AGENT}]}),
    ("act", {}, {"act": {"sub": "spiffe://acme.example/agent/other"}}),
    ("act", {}, {"act": {"sub": "x", "act": {"sub": AGENT}}}),
    ("act", {}, {"act": {"sub": AGENT, "iss": "https://other.example"}}),
    ("cnf", {}, {"cnf": None}),
    ("cnf", {}, {"cnf": {}}),
    ("cnf", {}, {"cnf": {"jkt": "A" * 43}}),
    ("cnf", {}, {"cnf": "jkt"}),
    ("authorization_details", {}, {"authorization_details": [{"type": "payment"}]}),
    ("authorization_details", {}, {"authorization_details": []}),
    ("scope", {}, {"scope": None}),
    ("scope", {"scope": SCOPE}, {"scope": None}),
    ("does not say", {}, {"scope": ""}),
    ("scope", {}, {"scope": f"{SCOPE} admin"}),
    ("scope", {"scope": SCOPE}, {"scope": f"{SCOPE} admin"}),
    ("scope", {}, {"scope": SCOPE.upper()}),
    ("scope", {}, {"scope": SCOPE.split()}),
]
OPAQUE = [f"{SECRET}", "", f"{SECRET} {SECRET}", "a.b.c", "a.b.c.d.e", f"{SECRET}\r\nX: y"]


class TestCompared:
    @pytest.mark.parametrize(("said", "stated"), AS_ASKED)
    def test_what_is_as_asked_is_leased(self, server, secret, said, stated):
        server.said, server.claims = said, stated
        assert backend(server, secret).issue(asked(), lambda _: None).value["access_token"]

    @pytest.mark.parametrize(("member", "said", "stated"), NOT_AS_ASKED)
    def test_what_is_not_is_kept_to_be_revoked_and_not_handed_out(
        self, server, secret, member, said, stated
    ):
        server.said, server.claims = said, stated
        leasing = backend(server, secret)
        message, kept = refused(leasing, "lease.not_as_asked")
        assert member in message
        assert server.live
        revoke(leasing, kept[-1])
        assert server.live == []

    @pytest.mark.parametrize("token", OPAQUE)
    def test_an_opaque_token_cannot_be_compared(self, server, secret, token):
        server.said = {"access_token": token}
        leasing = backend(server, secret)
        _, kept = refused(leasing, "lease.unusable")
        # When it ends it does not say, so that it is tried for a day.
        assert json.loads(kept[-1])["expires"] > clock.now() + 80_000
        revoke(leasing, kept[-1])
        assert server.live == []

    @pytest.mark.parametrize("exp", [None, 1, "9999999999", 1e9, True])
    def test_one_that_has_no_end_ahead_is_none(self, server, secret, exp):
        server.claims = {"exp": exp}
        _, kept = refused(backend(server, secret), "lease.unusable")
        assert len(kept) == 1

    @pytest.mark.parametrize("token", [None, 7, ["x"], {}])
    def test_an_answer_without_one_leaves_nothing_to_revoke(self, server, secret, token):
        server.said = {"access_token": token}
        server.answers["/token"] = lambda request: Answer(
            {"access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "DPoP"}
        )
        _, kept = refused(backend(server, secret), "lease.unusable")
        assert kept == []

    @pytest.mark.parametrize(("exp", "fits"), [(30, True), (31, False)])
    def test_it_lives_no_longer_than_the_token_that_was_exchanged(self, server, secret, exp, fits):
        now = int(time.time())
        server.claims, server.said = {"exp": now + exp}, {"expires_in": None}
        asking = asked(task_token=of_task(exp=now + 30))
        if fits:
            assert backend(server, secret).issue(asking, lambda _: None).expires == now + 30
        else:
            message, _ = refused(backend(server, secret), "lease.not_as_asked", asking)
            assert "exp" in message

    def test_nor_than_the_lease_was_asked_for(self, server, secret):
        server.seconds = 60
        message, _ = refused(backend(server, secret), "lease.not_as_asked", asked(seconds=30))
        assert "outlives" in message
        server.said = {"expires_in": None}
        message, _ = refused(backend(server, secret), "lease.not_as_asked", asked(seconds=30))
        assert "`exp`" in message
        server.seconds = 30
        assert backend(server, secret).issue(asked(seconds=30), lambda _: None)

    @pytest.mark.parametrize(("lives", "fits"), [(31, True), (32, False)])
    def test_clocks_may_tick_a_second_apart(self, server, secret, lives, fits):
        server.seconds, server.said = 25, {"expires_in": lives}
        if fits:
            assert backend(server, secret).issue(asked(seconds=30), lambda _: None)
        else:
            message, _ = refused(backend(server, secret), "lease.not_as_asked", asked(seconds=30))
            assert "expires_in" in message

    def test_a_bearer_token_may_be_bound_to_nothing(self, server, secret):
        server.claims = {"cnf": {"jkt": "A" * 43}}
        message, _ = refused(backend(server, secret, dpop=False), "lease.not_as_asked")
        assert "cnf" in message
        server.claims, server.said = {}, {"token_type": "DPoP"}
        refused(backend(server, secret, dpop=False), "lease.not_as_asked")


class TestImpersonation:
    def test_no_actor_is_sent_and_none_has_to_come(self, server, secret):
        leasing = by_user(server, secret, of_user(), impersonation=True)
        assert leasing.issue(asked(), lambda _: None)
        assert not {"actor_token", "actor_token_type"} & server.forms[0].keys()

    def test_the_agent_itself_may_be_named(self, server, secret):
        server.claims = {"act": {"sub": AGENT}}
        leasing = by_user(server, secret, of_user(), impersonation=True)
        assert leasing.issue(asked(), lambda _: None)

    @pytest.mark.parametrize("act", [{"sub": "spiffe://acme.example/agent/other"}, {}, AGENT])
    def test_another_actor_may_not(self, server, secret, act):
        server.claims = {"act": act}
        leasing = by_user(server, secret, of_user(), impersonation=True)
        message, _ = refused(leasing, "lease.not_as_asked")
        assert "act" in message

    @pytest.mark.parametrize("options", [{"impersonation": True}, {"subject_claim": "sub"}])
    def test_a_tasks_token_is_not_exchanged_for_one_without_the_agent(
        self, server, secret, options
    ):
        with pytest.raises(ConfigurationError) as caught:
            backend(server, secret, **options)
        assert caught.value.code == "configuration.token_exchange"


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (Answer({"error": "invalid_client", "error_description": SECRET}, 401), "refused"),
            (Answer({"error": "invalid_target"}, 400), "refused"),
            (Answer({"error": "use_dpop_nonce"}, 400), "refused"),
            (Answer({"error": SECRET}, 400), "refused"),
            (Answer({"error": [SECRET]}, 403), "refused"),
            (Answer(b"", 307, {"Location": "/other"}), "refused"),
            (Answer(b"", 204), "refused"),
            (Answer(b"", 404), "refused"),
            (Answer(b"", 429), "unreachable"),
            (Answer(b"", 500), "unreachable"),
            (Answer(b"", 503), "unreachable"),
            (Answer(b"", 400), "unusable"),
            (Answer(b""), "unusable"),
            (Answer(b"{"), "unusable"),
            (Answer(b'{"access_token": "a", "access_token": "b"}'), "unusable"),
            (Answer([SECRET]), "unusable"),
            (Answer({}), "unusable"),
            (Answer({"access_token": "x" * 300_000}), "unusable"),
        ],
    )
    def test_any_other_answer_is_no_lease(self, server, secret, answer, code):
        server.answers["/token"] = answer
        _, kept = refused(backend(server, secret), f"lease.{code}")
        assert kept == []

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (Answer(b"", 500), "unreachable"),
            (Answer({"issuer": "https://other.example"}), "unusable"),
            (Answer(b"["), "unusable"),
        ],
    )
    def test_nor_is_a_discovery_that_fails(self, server, secret, answer, code):
        server.answers["/.well-known/openid-configuration"] = answer
        refused(backend(server, secret), f"lease.{code}")

    @pytest.mark.system
    def test_nobody_there(self, secret):
        class Nowhere:
            url = "http://127.0.0.1:9"

        refused(backend(Nowhere, secret), "lease.unreachable")

    def test_one_that_hangs_holds_nobody_beyond_the_deadline(self, server, secret):
        leasing = backend(server, secret)
        leasing.issue(asked(), lambda _: None)
        server.wait.clear()
        begun = time.monotonic()
        refused(leasing, "lease.unreachable", asked(patience=0.3))
        assert time.monotonic() - begun < 1.5

    def test_a_server_that_moved_is_found_again(self, server, secret):
        leasing = backend(server, secret)
        leasing.issue(asked(), lambda _: None)
        configuration = server.answers["/.well-known/openid-configuration"].body
        configuration["token_endpoint"] = "http://127.0.0.1:9/token"
        leasing._client.forget()
        refused(leasing, "lease.unreachable")
        configuration["token_endpoint"] = f"{server.url}/token"
        assert leasing.issue(asked(), lambda _: None)

    def test_what_cannot_be_kept_is_not_handed_out(self, server, secret):
        def kept(_):
            raise LeaseUnavailable("full", code="lease.outbox")

        with pytest.raises(LeaseUnavailable) as caught:
            backend(server, secret).issue(asked(), kept)
        assert caught.value.code == "lease.outbox"


def revoke(leasing, revocation, patience=5.0):
    leasing.revoke(revocation, identity="", deadline=time.monotonic() + patience)


def issued(server, secret):
    kept = []
    leasing = backend(server, secret)
    leasing.issue(asked(), kept.append)
    return leasing, kept[-1]


class TestRevoke:
    def test_the_token_by_the_client_that_had_it(self, server, secret):
        leasing, kept = issued(server, secret)
        (token,) = server.live
        revoke(leasing, kept)
        (request,) = posted(server, "/revoke")
        assert parse_qs(request.body.decode())["token"] == [token]
        assert request.headers["Authorization"].startswith("Basic ")
        assert server.live == []
        revoke(leasing, kept)

    def test_by_another_process_of_the_same_client(self, server, secret):
        _, kept = issued(server, secret)
        revoke(backend(server, secret), kept)
        assert server.live == []

    @pytest.mark.parametrize(("ago", "asks"), [(50, True), (61, False)])
    def test_what_is_over_by_every_clock_needs_no_revoking(self, server, secret, ago, asks):
        leasing, kept = issued(server, secret)
        over = json.loads(kept) | {"expires": int(clock.now()) - ago}
        revoke(leasing, json.dumps(over))
        assert bool(posted(server, "/revoke")) == asks

    def test_what_is_kept_holds_no_token(self, server, secret):
        _, kept = issued(server, secret)
        (token,) = server.live
        assert json.loads(kept).keys() == {"sealed", "expires"}
        for part in (token, *token.split("."), SECRET, CLIENT_SECRET):
            assert part not in kept
            assert part.encode() not in base64.b64decode(json.loads(kept)["sealed"])

    def test_a_refresh_token_as_well(self, server, secret):
        server.said = {"refresh_token": f"{SECRET}-again"}
        leasing = backend(server, secret)
        _, kept = refused(leasing, "lease.not_as_asked")
        assert len(server.live) == 2
        revoke(leasing, kept[-1])
        assert server.live == []

    def test_a_refresh_token_alone(self, server, secret):
        server.said = {"access_token": None, "refresh_token": f"{SECRET}-again"}
        leasing = backend(server, secret)
        _, kept = refused(leasing, "lease.unusable")
        assert len(server.live) == 1
        revoke(leasing, kept[-1])
        assert server.live == []

    def test_a_refresh_token_is_not_over_with_what_it_came_with(self, server, secret):
        server.said = {"refresh_token": f"{SECRET}-again"}
        _, kept = refused(backend(server, secret), "lease.not_as_asked")
        assert json.loads(kept[-1])["expires"] > clock.now() + 80_000

    def test_a_refresh_token_where_no_access_token_is_revoked(self, server, secret):
        server.said = {"refresh_token": f"{SECRET}-again"}
        leasing = backend(server, secret)
        _, kept = refused(leasing, "lease.not_as_asked")

        def refresh_tokens_alone(asked):
            if "again" not in asked.body.decode():
                return Answer({"error": "unsupported_token_type"}, 400)
            return server.revoke(asked)

        server.answers["/revoke"] = refresh_tokens_alone
        with pytest.raises(LeaseUnavailable):
            revoke(leasing, kept[-1])
        assert len(server.live) == 1
        assert "again" not in server.live[0]

    def test_with_another_secret_it_lasts_until_it_expires(self, server, secret):
        leasing, kept = issued(server, secret)
        written(secret, "another secret")
        with pytest.raises(LeaseUnavailable) as caught:
            revoke(leasing, kept)
        assert caught.value.code == "lease.refused"
        assert posted(server, "/revoke") == []
        over = json.loads(kept) | {"expires": int(clock.now()) - 61}
        revoke(leasing, json.dumps(over))

    @pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 429, 500, 503])
    def test_any_other_answer_leaves_it_to_be_revoked(self, server, secret, status):
        leasing, kept = issued(server, secret)
        server.answers["/revoke"] = Answer({"error": "server_error", "x": SECRET}, status)
        with pytest.raises(LeaseUnavailable) as caught:
            revoke(leasing, kept)
        assert SECRET not in str(caught.value)

    def test_one_that_hangs_holds_nobody_beyond_the_deadline(self, server, secret):
        leasing, kept = issued(server, secret)
        server.wait.clear()
        begun = time.monotonic()
        with pytest.raises(LeaseUnavailable):
            revoke(leasing, kept, patience=0.3)
        assert time.monotonic() - begun < 1.5

    @pytest.mark.parametrize(
        "kept", ["", "x", "[]", "null", "7", "{}", '{"sealed": "x"}', '{"expires": "x"}']
    )
    def test_what_was_kept_has_to_be_readable(self, server, secret, kept):
        with pytest.raises(LeaseUnavailable) as caught:
            revoke(backend(server, secret), kept)
        assert caught.value.code == "lease.unusable"
        assert server.asked == []


class TestUnrevoked:
    """A server that is said to revoke nothing."""

    def test_nothing_is_kept_and_no_endpoint_needed(self, server, secret):
        server.answers["/.well-known/openid-configuration"].body.pop("revocation_endpoint")
        kept = []
        assert backend(server, secret, revocation=False).issue(asked(), kept.append)
        assert kept == []

    @pytest.mark.parametrize(("seconds", "fits"), [(300, True), (305, False)])
    def test_what_lives_long_is_not_taken(self, server, secret, seconds, fits):
        server.seconds = seconds
        asking = asked(task_token=of_task(exp=int(time.time()) + 600))
        leasing = backend(server, secret, revocation=False)
        if fits:
            assert leasing.issue(asking, lambda _: None)
        else:
            message, _ = refused(leasing, "lease.not_as_asked", asking)
            assert "outlives" in message

    def test_what_can_be_revoked_may_live_longer(self, server, secret):
        server.seconds = 600
        asking = asked(task_token=of_task(exp=int(time.time()) + 900))
        issued = backend(server, secret).issue(asking, lambda _: None)
        assert issued.expires - clock.now() > 500

    def test_one_that_turns_out_to_revoke_nothing_says_so(self, server, secret):
        leasing, kept = issued(server, secret)
        server.answers["/revoke"] = Answer({"error": "unsupported_token_type"}, 400)
        with pytest.raises(LeaseUnavailable, match="revocation=False") as caught:
            revoke(leasing, kept)
        assert caught.value.code == "lease.refused"


class TestSealed:
    def test_what_is_sealed_is_read_with_the_same_secret_alone(self):
        sealed = seal(["one", "two"], b"secret")
        assert unseal(sealed, b"secret") == ["one", "two"]
        assert seal(["one", "two"], b"secret") != sealed
        with pytest.raises(ValueError, match="another secret"):
            unseal(sealed, b"Secret")

    @pytest.mark.parametrize("text", ["", "x", "AAAA", "é", "A" * 40])
    def test_what_is_not_is_refused(self, text):
        with pytest.raises(ValueError, match=r".*"):
            unseal(text, b"secret")

    def test_a_changed_one_is_refused(self):
        sealed = bytearray(base64.b64decode(seal(["one"], b"secret")))
        sealed[-1] ^= 1
        with pytest.raises(ValueError, match="another secret"):
            unseal(base64.b64encode(sealed).decode(), b"secret")


class TestAuthorization:
    URL = "https://tickets.acme.example/api/42"

    def test_a_bound_token_is_shown_with_a_fresh_proof_of_its_key(self, server, secret):
        value = backend(server, secret).issue(asked(), lambda _: None).value
        shown = [authorization(value, "POST", f"{self.URL}?a=b#c") for _ in range(2)]
        assert shown[0]["Authorization"] == f"DPoP {value['access_token']}"
        proofs = [proven(each["DPoP"], "POST", self.URL) for each in shown]
        assert proofs[0].jti != proofs[1].jti
        assert thumbprint(proofs[0].jwk) == thumbprint(json.loads(value["dpop_key"]))
        said = jwt.decode(shown[0]["DPoP"], options={"verify_signature": False})
        digest = hashlib.sha256(value["access_token"].encode()).digest()
        assert said["ath"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert "nonce" not in said
        assert "d" not in jwt.get_unverified_header(shown[0]["DPoP"])["jwk"]

    def test_a_nonce_is_repeated(self, server, secret):
        value = backend(server, secret).issue(asked(), lambda _: None).value
        shown = authorization(value, "GET", self.URL, nonce="n-1")
        said = jwt.decode(shown["DPoP"], options={"verify_signature": False})
        assert said["nonce"] == "n-1"

    def test_a_bearer_token_is_shown_alone(self):
        value = {"access_token": "x.y.z", "token_type": "Bearer"}
        assert authorization(value, "GET", self.URL) == {"Authorization": "Bearer x.y.z"}

    @pytest.mark.parametrize(
        "value", [{}, {"password": SECRET}, {"access_token": SECRET}, {"token_type": "DPoP"}]
    )
    def test_another_value_is_none(self, value):
        with pytest.raises(LeaseUnavailable) as caught:
            authorization(value, "GET", self.URL)
        assert SECRET not in str(caught.value)


class TestConfiguration:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"credentials": {}}, "token_exchange"),
            ({"client_id": ""}, "oidc"),
            ({"secret_file": None}, "oidc"),
            ({"secret_file": "nowhere"}, "oidc"),
        ],
    )
    def test_what_cannot_be_one(self, server, secret, options, code):
        with pytest.raises(ConfigurationError) as caught:
            backend(server, secret, **options)
        assert caught.value.code == f"configuration.{code}"

    @pytest.mark.parametrize(
        "issuer", ["", "idp", "ftp://idp", "http://idp.example", "https://u:p@idp", "https://i/?a"]
    )
    def test_an_issuer_that_is_none(self, secret, issuer):
        class Server:
            url = issuer

        with pytest.raises(ConfigurationError):
            backend(Server, secret)

    @pytest.mark.parametrize(
        "target",
        [
            {"audience": ""},
            {"scope": ""},
            {"scope": " a"},
            {"scope": "a  b"},
            {"scope": "a\nb"},
            {"scope": 'a"b'},
            {"resource": "tickets"},
            {"resource": "https://tickets.acme.example/#x"},
            {"resource": "https://tickets.acme.example/#"},
        ],
    )
    def test_a_target_that_is_none(self, target):
        with pytest.raises(ConfigurationError) as caught:
            Target(**{"audience": AUDIENCE, "scope": SCOPE, **target})
        assert caught.value.code == "configuration.token_exchange"

    def test_nothing_of_it_is_shown(self, server, secret):
        shown = repr(backend(server, secret))
        assert CLIENT_SECRET not in shown
        assert str(secret) not in shown


class TestOfAGuard:
    """The backend under a guard: what becomes of what it kept."""

    @pytest.fixture
    def policy(self, tmp_path, server, secret):
        target = Target(audience=AUDIENCE, scope="mail.read")
        leasing = backend(server, secret, credentials={"mail-store": target})
        policy = leased(tmp_path / "inbounds", leasing, part="access_token")
        yield policy
        policy.close()

    def test_the_user_is_named_whose_token_it_wants(self, tmp_path, server, secret):
        wanted = []

        def token_of(asking):
            wanted.append(asking.subject)
            return of_user(scope="mail.read")

        target = Target(audience=AUDIENCE, scope="mail.read")
        options = {"credentials": {"mail-store": target}, "subject_token": token_of}
        policy = leased(
            tmp_path / "inbounds", backend(server, secret, **options), part="access_token"
        )
        with policy.task() as task:
            task.call("mail.read", {"id": "1"})
        policy.close()
        assert wanted == [SUBJECT]

    def rows(self, policy):
        outbox = LeaseOutbox(policy.guard._runtime.leases._path)
        try:
            return outbox.rows()
        finally:
            outbox.close()

    def test_the_tool_has_a_token_and_the_task_gives_it_back(self, policy, server):
        with policy.task() as task:
            task.call("mail.read", {"id": "1"})
            assert policy.lent == server.live
            assert len(self.rows(policy)) == 1
        assert server.live == []
        assert self.rows(policy) == []

    def test_what_is_not_as_asked_is_revoked_and_the_tool_does_not_run(self, policy, server):
        server.claims = {"scope": "mail.read mail.delete"}
        with policy.task() as task, pytest.raises(LeaseUnavailable) as caught:
            task.call("mail.read", {"id": "1"})
        assert (caught.value.code, caught.value.executed) == ("lease.not_as_asked", "no")
        assert len(server.forms) == 1
        until = time.monotonic() + 10
        while server.live or self.rows(policy):
            assert time.monotonic() < until
            time.sleep(0.02)
        assert policy.lent == []

    def test_the_token_is_in_no_file_log_or_error(self, policy, server, caplog, tmp_path):
        caplog.set_level(logging.DEBUG)
        said = []
        with policy.task() as task:
            task.call("mail.read", {"id": "1"})
            lease = task.lease("mail-store")
            said += [repr(lease), repr(task), repr(policy.guard._runtime.leases._leases)]
            server.answers["/revoke"] = Answer({"error": SECRET}, 503)
        with pytest.raises(LeaseUnavailable) as caught:
            _ = lease.value
        said += [repr(caught.value), repr(vars(caught.value))]
        said += [record.getMessage() + repr(record.args) for record in caplog.records]
        files = [path for path in (tmp_path / "inbounds").rglob("*") if path.is_file()]
        said += [path.read_bytes().decode("latin-1") for path in files]
        told = "\n".join(said)
        (token,) = policy.lent
        for part in (token, token.split(".")[1], SECRET, CLIENT_SECRET):
            assert part not in told
        assert "is not revoked yet" in told
        assert len(self.rows(policy)) == 1
