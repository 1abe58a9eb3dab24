"""JWT-SVIDs through a Workload API, and those that are none."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from tests.ahead import Ahead, from_now
from tests.engines import ROOT
from tests.identities import claims, compact

from inbounds import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.identity.spire import SpireIdentity
from inbounds.testing import AGENT, PolicyUnderTest

pytest.importorskip("spiffe", reason="the extra `spire` is not installed")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no Unix sockets here")

AUDIENCE = "inbounds"


@pytest.fixture(scope="module")
def server():
    from tests.workload_api import WorkloadApi

    server = WorkloadApi()
    yield server
    server.close()


@pytest.fixture
def api(server):
    server.svids = lambda _request: [compact(claims())]
    server.status = None
    server.asked.clear()
    return server


@pytest.fixture
def source(api):
    return SpireIdentity(audience=AUDIENCE, socket=api.socket)


def unusable(api, source, svid, agent=AGENT):
    api.svids = lambda _request: [svid]
    with pytest.raises(DecisionUnavailable) as caught:
        source.identity(agent)
    assert caught.value.code == "identity.unusable"
    assert caught.value.hint
    assert len(svid) < 9 or svid not in str(caught.value)
    return caught.value


def test_is_fetched_for_the_agent_and_the_audience(api, source):
    said = claims()
    api.svids = lambda _request: [compact(said)]
    token = source.identity(AGENT)
    assert (token.token, token.expires) == (compact(said), said["exp"])
    ((request, with_header),) = api.asked
    assert (request.spiffe_id, list(request.audience), with_header) == (AGENT, [AUDIENCE], True)


def test_is_found_by_the_variable_of_the_standard(api, monkeypatch):
    monkeypatch.setenv("SPIFFE_ENDPOINT_SOCKET", api.socket)
    assert SpireIdentity(audience=AUDIENCE).identity(AGENT).token


@pytest.mark.parametrize(
    "header",
    [{"alg": alg, "kid": "a", "typ": "JWT"} for alg in ("ES256", "RS256", "PS256")],
)
def test_a_header_of_the_standard_is_taken(api, source, header):
    api.svids = lambda _request: [compact(claims(), header)]
    assert source.identity(AGENT).token == compact(claims(), header)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "kid": "a", "typ": "JWT"},
        {"alg": "HS256", "kid": "a", "typ": "JWT"},
        {"alg": "none", "kid": "a", "typ": "JWT"},
        {"alg": ["ES256"], "kid": "a", "typ": "JWT"},
        {"alg": "ES256", "typ": "JWT"},
        {"alg": "ES256", "kid": "", "typ": "JWT"},
        {"alg": "ES256", "kid": 7, "typ": "JWT"},
        {"kid": "a", "typ": "JWT"},
        {"alg": "ES256", "kid": "a"},
        {"alg": "ES256", "kid": "a", "typ": "at+jwt"},
        {"alg": "ES256", "kid": "a", "typ": "JOSE"},
        {"alg": "ES256", "kid": "a", "jku": "https://evil.example", "typ": "JWT"},
        {"alg": "ES256", "kid": "a", "jwk": {"kty": "EC"}, "typ": "JWT"},
        {"alg": "ES256", "kid": "a", "x5u": "https://evil.example", "typ": "JWT"},
        {"alg": "ES256", "kid": "a", "crit": ["b64"], "b64": False, "typ": "JWT"},
        {},
    ],
    ids=str,
)
def test_another_header_is_refused(api, source, header):
    unusable(api, source, compact(claims(), header))


@pytest.mark.parametrize(
    "sub",
    [
        None,
        "",
        7,
        "spiffe://acme.example/agent/other",
        "spiffe://ACME.example/agent/assistant",
        "spiffe://other.example/agent/assistant",
        "spiffe://acme.example/agent/../assistant",
        "spiffe://acme.example/agent/assistant/",
        "spiffe://acme.example/agent/assistant?x=1",
        "spiffe://acme.example/agent%2fassistant",
        "spiffe://acme.example:443/agent/assistant",
    ],
    ids=str,
)
def test_another_workload_is_refused(api, source, sub):
    unusable(api, source, compact(claims(sub=sub)))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": None},
        {"iss": ""},
        {"iss": 7},
        {"exp": None},
        {"exp": "4102444800"},
        {"exp": 1},
        {"exp": Ahead(10 * 365 * 86400)},
        {"exp": Ahead(3900)},
        {"exp": 1e400},
        {"iat": None},
        {"iat": "now"},
        {"iat": Ahead(3600)},
        {"iat": Ahead(-86400)},
        {"aud": None},
        {"aud": []},
        {"aud": "other"},
        {"aud": ["inbounds", "other"]},
        {"aud": ["other"]},
    ],
    ids=str,
)
def test_claims_beyond_the_standard_or_the_cap_are_refused(api, source, changed):
    unusable(api, source, compact(claims(**from_now(changed))))


@pytest.mark.parametrize(
    "svid",
    [
        "",
        "a",
        "a.b.c",
        "a.b.c.d",
        compact(claims()) + "=",
        compact(claims())[:-30],
        "é.é.é",
        "x" * 70_000,
    ],
)
def test_what_is_no_token_is_refused(api, source, svid):
    unusable(api, source, svid)


def test_an_answer_without_a_token_is_refused(api, source):
    api.svids = lambda _request: []
    with pytest.raises(DecisionUnavailable) as caught:
        source.identity(AGENT)
    assert caught.value.code == "identity.unusable"


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "assistant",
        "spiffe://ACME.example/a",
        "spiffe://acme.example",
        "spiffe://acme.example/a/",
    ],
)
def test_nothing_is_asked_for_an_agent_without_a_spiffe_id(api, source, agent):
    with pytest.raises(TokenInvalid) as caught:
        source.identity(agent)
    assert caught.value.code == "identity.not_issued"
    assert api.asked == []


def test_a_workload_that_is_not_registered_is_told_so(api, source):
    import grpc

    api.status = (grpc.StatusCode.PERMISSION_DENIED, "no identity issued")
    with pytest.raises(TokenInvalid) as caught:
        source.identity(AGENT)
    assert caught.value.code == "identity.not_issued"


@pytest.mark.parametrize("status", ["UNAVAILABLE", "INTERNAL", "INVALID_ARGUMENT", "UNIMPLEMENTED"])
def test_a_fault_of_the_server_is_unreachable(api, source, status):
    import grpc

    api.status = (grpc.StatusCode[status], "details with a secret")
    with pytest.raises(DecisionUnavailable) as caught:
        source.identity(AGENT)
    assert caught.value.code == "identity.unreachable"
    assert status.lower() in str(caught.value)
    assert "secret" not in str(caught.value)


def test_one_that_does_not_answer_takes_the_time_it_is_given(api):
    api.svids = lambda _request: time.sleep(4) or []
    begun = time.monotonic()
    with pytest.raises(DecisionUnavailable) as caught:
        SpireIdentity(audience=AUDIENCE, socket=api.socket, timeout=0.2).identity(AGENT)
    assert time.monotonic() - begun < 3.5
    assert caught.value.code == "identity.unreachable"


@pytest.mark.system
def test_nobody_there_is_unreachable(tmp_path):
    import socket

    with pytest.raises(DecisionUnavailable) as caught:
        SpireIdentity(audience=AUDIENCE, socket=f"unix://{tmp_path}/a.sock").identity(AGENT)
    assert caught.value.code == "identity.unreachable"

    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(f"{tmp_path}/b.sock")
        with pytest.raises(DecisionUnavailable) as caught:
            SpireIdentity(
                audience=AUDIENCE, socket=f"unix://{tmp_path}/b.sock", timeout=1
            ).identity(AGENT)
    assert caught.value.code == "identity.unreachable"


@pytest.mark.parametrize(
    "socket",
    ["", "/run/api.sock", "unix://host/api.sock", "tcp://127.0.0.1:8081", "unix:///a?b", "unix://"],
)
def test_a_socket_that_is_none_is_told_of(monkeypatch, socket):
    monkeypatch.delenv("SPIFFE_ENDPOINT_SOCKET", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        SpireIdentity(audience=AUDIENCE, socket=socket)
    assert caught.value.code == "configuration.spire"


def test_it_is_asked_for_an_audience(api):
    with pytest.raises(ConfigurationError):
        SpireIdentity(audience="", socket=api.socket)


def test_without_the_package_it_says_what_to_install(monkeypatch, api):
    monkeypatch.setitem(sys.modules, "spiffe", None)
    with pytest.raises(ConfigurationError) as caught:
        SpireIdentity(audience=AUDIENCE, socket=api.socket)
    assert "inbounds[spire]" in caught.value.hint


def test_a_guard_takes_its_identity_from_there(api, source, tmp_path):
    under_test = PolicyUnderTest(tmp_path / "inbounds", identity=source)
    # What the deployment's issuer signs has an `iss` and a `jti` besides.
    api.svids = lambda _request: [under_test.guard.issuer.identity(AGENT).token]
    with under_test.task() as task:
        task.permit("mail.read", {"id": "1"}, resource=lambda id: ("mail", id)).cancel()
        task.permit("mail.read", {"id": "2"}, resource=lambda id: ("mail", id)).cancel()
    under_test.close()
    assert len(api.asked) == 1


FORKS = """
import os, sys, threading, time
from inbounds.identity.identity_cache import IdentityCache
from inbounds.identity.spire import SpireIdentity
from inbounds.process import clock

source = SpireIdentity(audience="inbounds", socket=sys.argv[1], timeout=60)
agent = "spiffe://acme.example/agent/assistant"

def fetch():
    return IdentityCache(source, waits=True).token(agent, deadline=clock.monotonic() + 60)

def child(run):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if run() else 2
        finally:
            os._exit(code)
    return pid

def ended(pid):
    assert os.waitpid(pid, 0)[1] == 0

ended(child(fetch))  # before the parent has used gRPC
assert fetch()
pid = child(fetch)
assert fetch()
ended(pid)
threads = [threading.Thread(target=fetch) for _ in range(4)]
for each in threads:
    each.start()
pid = child(fetch)  # while the parent is at it
for each in threads:
    each.join()
ended(pid)
ended(child(lambda: ended(child(fetch)) or True))
print("done")
"""


@pytest.mark.system
def test_a_forked_child_fetches_for_itself():
    with subprocess.Popen(
        [sys.executable, "-m", "tests.workload_api"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        socket = server.stdout.readline().strip()
        done = subprocess.run(
            [sys.executable, "-c", FORKS, socket],
            check=False,
            capture_output=True,
            text=True,
            timeout=240,  # the machine may be busy with other tests
        )
        server.stdin.close()
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


@pytest.mark.system
def test_what_a_forked_child_starts_imports_nothing_of_the_working_directory(tmp_path):
    (tmp_path / "json.py").write_text("open('started', 'w')\n", "utf-8")
    program = (
        "from inbounds.identity import workload_api as api; api._inherited = True; "
        "print(api.fetch_svid('unix:///nowhere.sock', 'a', 'spiffe://x/y', 30.0).status)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.stdout == "NOT_FOUND\n", done.stderr
    assert not (tmp_path / "started").exists()
