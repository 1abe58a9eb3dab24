"""What OpenBao may answer, and what becomes of it; `tests/servers` has the real one."""

from __future__ import annotations

import json
import time

import pytest
from tests.leased import SECRET
from tests.provider import Answer, FakeProvider

from inbounds import ConfigurationError, LeaseUnavailable
from inbounds.credentials import LeaseRequest, OpenBao
from inbounds.process import clock

LOGIN = {"auth": {"client_token": "s.token", "accessor": "accessor-1", "lease_duration": 600}}
CREDENTIAL = {
    "lease_id": "database/creds/tickets/1",
    "lease_duration": 300,
    "data": {"username": "v-1", "password": SECRET},
}


@pytest.fixture
def server():
    server = FakeProvider()
    server.answers = {
        "/v1/auth/jwt/login": Answer(LOGIN),
        "/v1/database/creds/tickets": Answer(CREDENTIAL),
        "/v1/sys/leases/revoke": Answer(status=204),
        "/v1/auth/token/revoke-accessor": Answer(status=204),
    }
    yield server
    server.close()


def backend(url, **other):
    options = {
        "role": "assistant",
        "revoker": "revoker",
        "credentials": {"tickets-db": "database/creds/tickets"},
    }
    return OpenBao(url, **{**options, **other})


def asked(seconds=3600, patience=5.0, name="tickets-db"):
    return LeaseRequest(
        credential=name,
        task="task-1",
        seconds=seconds,
        deadline=time.monotonic() + patience,
        identity="of-the-agent",
        task_token="of-the-task",
    )


def revoke(url, revocation='{"accessor": "accessor-1", "lease": "lease-1"}', patience=5.0):
    backend(url).revoke(revocation, identity="of-the-agent", deadline=time.monotonic() + patience)


def body(request):
    return json.loads(request.body) if request.body else None


class TestIssue:
    def test_it_logs_in_with_the_tasks_token_and_reads_the_path(self, server):
        kept = []
        issued = backend(server.url, namespace="team").issue(asked(), kept.append)
        assert issued.value == CREDENTIAL["data"]
        assert 298 <= issued.expires - clock.now() <= 300
        login, read = server.asked
        assert (login.method, login.path) == ("POST", "/v1/auth/jwt/login")
        assert body(login) == {"role": "assistant", "jwt": "of-the-task"}
        assert "X-Vault-Token" not in login.headers
        assert (read.method, read.path) == ("GET", "/v1/database/creds/tickets")
        assert read.headers["X-Vault-Token"] == "s.token"
        assert {r.headers["X-Vault-Namespace"] for r in server.asked} == {"team"}
        assert [json.loads(each) for each in kept] == [
            {"accessor": "accessor-1"},
            {"accessor": "accessor-1", "lease": CREDENTIAL["lease_id"]},
        ]

    def test_it_logs_in_by_the_agents_identity_where_it_is_told_to(self, server):
        backend(server.url, login="identity", mount="other/jwt")
        server.answers["/v1/auth/spiffe/login"] = Answer(LOGIN)
        backend(server.url, login="identity", mount="spiffe").issue(asked(), lambda _: None)
        assert body(server.asked[0])["jwt"] == "of-the-agent"

    def test_what_to_revoke_is_kept_before_the_credential_is_read(self, server):
        def kept(_):
            raise LeaseUnavailable("full", code="lease.outbox")

        with pytest.raises(LeaseUnavailable) as refused:
            backend(server.url).issue(asked(), kept)
        assert refused.value.code == "lease.outbox"
        assert [request.path for request in server.asked] == ["/v1/auth/jwt/login"]

    @pytest.mark.parametrize(
        ("login", "lease", "seconds", "ends"),
        [(600, 300, 3600, 300), (100, 300, 3600, 100), (600, 300, 60, 60), (0, 0, 60, 60)],
    )
    def test_it_ends_with_what_ends_first(self, server, login, lease, seconds, ends):
        server.answers["/v1/auth/jwt/login"] = Answer(
            {"auth": {**LOGIN["auth"], "lease_duration": login}}
        )
        server.answers["/v1/database/creds/tickets"] = Answer(
            {**CREDENTIAL, "lease_duration": lease}
        )
        issued = backend(server.url).issue(asked(seconds), lambda _: None)
        assert ends - 2 <= issued.expires - clock.now() <= ends

    @pytest.mark.parametrize("path", ["/v1/auth/jwt/login", "/v1/database/creds/tickets"])
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (Answer({"errors": [SECRET]}, 400), "lease.refused"),
            (Answer({"errors": [SECRET]}, 403), "lease.refused"),
            (Answer({"errors": [SECRET]}, 404), "lease.refused"),
            (Answer({"errors": [SECRET]}, 429), "lease.unreachable"),
            (Answer({"errors": [SECRET]}, 500), "lease.unreachable"),
            (Answer({"errors": [SECRET]}, 503), "lease.unreachable"),
            (Answer(b"", 307, {"Location": "/v1/other"}), "lease.refused"),
            (Answer(b"", 204), "lease.refused"),
            (Answer(b""), "lease.unusable"),
            (Answer(b"{"), "lease.unusable"),
            (Answer(b'{"auth": 1, "auth": 2}'), "lease.unusable"),
            (Answer([SECRET]), "lease.unusable"),
            (Answer({}), "lease.unusable"),
            (Answer({"auth": SECRET, "data": SECRET}), "lease.unusable"),
            (Answer({"auth": {}, "data": {}}), "lease.unusable"),
            (Answer({"auth": {"client_token": 7}, "data": {"a": 7}}), "lease.unusable"),
            (
                Answer({"auth": {"client_token": "a\nb", "accessor": "c"}, "data": {"a": None}}),
                "lease.unusable",
            ),
            (Answer({"data": {"a": "x" * 300_000}, "auth": "x" * 300_000}), "lease.unusable"),
        ],
    )
    def test_any_other_answer_is_no_lease(self, server, path, answer, code):
        server.answers[path] = answer
        with pytest.raises(LeaseUnavailable) as refused:
            backend(server.url).issue(asked(), lambda _: None)
        assert refused.value.code == code
        assert refused.value.executed == "no"
        said = str(refused.value) + repr(vars(refused.value))
        for secret in (SECRET, "s.token", "of-the-task", "of-the-agent"):
            assert secret not in said

    def test_a_batch_token_cannot_be_revoked_and_is_refused(self, server):
        server.answers["/v1/auth/jwt/login"] = Answer({"auth": {**LOGIN["auth"], "accessor": ""}})
        with pytest.raises(LeaseUnavailable) as refused:
            backend(server.url).issue(asked(), lambda _: None)
        assert "batch" in str(refused.value)

    @pytest.mark.system
    def test_nobody_there(self):
        with pytest.raises(LeaseUnavailable) as refused:
            backend("http://127.0.0.1:9").issue(asked(), lambda _: None)
        assert refused.value.code == "lease.unreachable"

    def test_one_that_hangs_holds_nobody_beyond_the_deadline(self, server):
        server.wait.clear()
        begun = time.monotonic()
        with pytest.raises(LeaseUnavailable) as refused:
            backend(server.url).issue(asked(patience=0.3), lambda _: None)
        assert time.monotonic() - begun < 1.5
        assert refused.value.code == "lease.unreachable"

    def test_no_proxy_and_no_token_of_the_environment_is_used(self, server, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        for name in ("VAULT_TOKEN", "BAO_TOKEN", "VAULT_ADDR", "BAO_ADDR"):
            monkeypatch.setenv(name, SECRET)
        backend(server.url).issue(asked(), lambda _: None)
        assert SECRET not in str(server.asked[0].headers)

    def test_a_credential_without_a_path_is_not_asked_for(self, server):
        assert backend(server.url).has("tickets-db")
        assert not backend(server.url).has("other")
        with pytest.raises(LeaseUnavailable) as refused:
            backend(server.url).issue(asked(name="other"), lambda _: None)
        assert refused.value.code == "lease.refused"
        assert server.asked == []


class TestRevoke:
    def test_the_lease_and_its_login_by_another_role(self, server):
        revoke(server.url)
        login, lease, accessor = server.asked
        assert body(login) == {"role": "revoker", "jwt": "of-the-agent"}
        assert body(lease) == {"lease_id": "lease-1", "sync": True}
        assert body(accessor) == {"accessor": "accessor-1"}
        assert accessor.headers["X-Vault-Token"] == "s.token"

    def test_a_login_without_a_lease(self, server):
        revoke(server.url, '{"accessor": "accessor-1"}')
        assert [request.path for request in server.asked] == [
            "/v1/auth/jwt/login",
            "/v1/auth/token/revoke-accessor",
        ]

    def test_what_is_gone_is_no_fault(self, server):
        server.answers["/v1/auth/token/revoke-accessor"] = Answer(
            {"warnings": ["No token found with this accessor"]}
        )
        revoke(server.url)

    @pytest.mark.parametrize(
        "path",
        ["/v1/auth/jwt/login", "/v1/sys/leases/revoke", "/v1/auth/token/revoke-accessor"],
    )
    @pytest.mark.parametrize("status", [400, 403, 404, 500, 503, 301])
    def test_any_other_answer_leaves_it_to_be_revoked(self, server, path, status):
        server.answers[path] = Answer({"errors": [SECRET]}, status)
        with pytest.raises(LeaseUnavailable) as refused:
            revoke(server.url)
        assert SECRET not in str(refused.value)

    @pytest.mark.parametrize("kept", ["", "x", "[]", "null", "7", "{}", '{"lease": "1"}'])
    def test_what_was_kept_has_to_be_readable(self, server, kept):
        with pytest.raises(LeaseUnavailable) as refused:
            revoke(server.url, kept)
        assert refused.value.code == "lease.unusable"
        assert server.asked == []


class TestConfiguration:
    @pytest.mark.parametrize(
        "url",
        ["", "bao", "ftp://bao", "http://bao.example:8200", "https://u:p@bao", "https://bao/?a=1"],
    )
    def test_a_url_that_is_none(self, url):
        with pytest.raises(ConfigurationError) as refused:
            backend(url)
        assert refused.value.code == "configuration.openbao"

    @pytest.mark.parametrize(
        "options",
        [
            {"mount": ""},
            {"mount": "jwt/../root"},
            {"mount": "/jwt"},
            {"credentials": {"a": "/v1/secret"}},
            {"credentials": {"a": "../sys/seal"}},
            {"credentials": {"a": "secret?x=1"}},
            {"credentials": {"a": "secret/a b"}},
            {"namespace": "a\r\nX-Vault-Token: x"},
            {"role": ""},
            {"revoker": ""},
            {"login": "root"},
        ],
    )
    def test_what_cannot_be_one(self, options):
        with pytest.raises(ConfigurationError) as refused:
            backend("https://bao.example:8200", **options)
        assert refused.value.code == "configuration.openbao"

    def test_nothing_of_it_is_shown(self, server):
        assert repr(backend(server.url)).count("revoker") == 2
