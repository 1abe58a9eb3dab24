"""What a guard makes of an issuer's answers: only what was asked for, and in time."""

import base64
import dataclasses
import json
import time

import pytest
from tests.identities import part
from tests.wire import answering, drip, misbehaving, reset, silence

from inbounds import ConfigurationError, DecisionUnavailable, InboundsError, TokenInvalid
from inbounds.identity import TaskGrant, TaskRequest
from inbounds.identity.issuer_service import ServiceIssuer
from inbounds.identity.signing_keys import SigningKey
from inbounds.identity.task_token import sign_task
from inbounds.model.claims import Authority

AGENT = "spiffe://acme.example/agent/assistant"
KEY, HOLDER, OTHER = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
AUTHORITY = Authority.model_validate(
    {
        "type": "inbounds_task",
        "intent": "summarise",
        "effects": ["read"],
        "tools": {"mail.read": {"arguments": {}}},
        "resources": [{"type": "mail", "prefixes": [""], "effects": []}],
        "destinations": [],
        "label": "internal",
        "budgets": {},
        "environment": "production",
        "deadline": 4_000_000_000,
    }
)
REQUEST = TaskRequest(
    subject="alice@acme.example",
    agent=AGENT,
    intent="summarise",
    tenant="acme",
    environment="production",
    sid="session-1",
    holder=HOLDER.public,
)


class Caller:
    def __init__(self):
        self.asked = []

    def holder(self):
        return HOLDER

    def identity(self, agent, *, deadline=None):
        self.asked.append(agent)
        return "the-agent-s-token"


def issuer(url, timeout=20.0):
    return ServiceIssuer(url, timeout=timeout).for_caller(Caller())


def granted(task="task-1", request=REQUEST, authority=AUTHORITY):
    grant = TaskGrant(token="", expires=0, task=task, request=request, authority=authority, depth=2)
    now = int(time.time())
    return sign_task(KEY, grant, issuer="https://i.example", audience="inbounds", now=now)


def answer(grant, **changed):
    said = {
        "token": grant.token,
        "task": grant.task,
        "authority": grant.authority.model_dump(),
        "depth": grant.depth,
        "cut": [],
        **changed,
    }
    return json.dumps({name: value for name, value in said.items() if value is not ...}).encode()


def nested(depth):
    """The text of a token that says a list in a list, and so on."""
    return base64.urlsafe_b64encode(b"[" * depth + b"]" * 3).decode().rstrip("=")


def code_of(script, run=lambda asked: asked.begin(REQUEST, None)):
    with misbehaving(script) as url, pytest.raises(InboundsError) as caught:
        run(issuer(url))
    assert caught.value.executed == "no"
    assert "the-agent-s-token" not in f"{caught.value} {caught.value!r}"
    return type(caught.value), caught.value.code


def test_what_was_asked_for_is_taken():
    with misbehaving(answering(answer(granted()))) as url:
        grant = issuer(url).begin(REQUEST, None)

    assert (grant.task, grant.authority, grant.depth) == ("task-1", AUTHORITY, 2)
    assert grant.expires - time.time() > 200


REQUESTS = {
    "subject": "dora@acme.example",
    "agent": AGENT + "2",
    "intent": "pay",
    "tenant": "umbrella",
    "environment": "development",
    "sid": "session-2",
    "holder": OTHER.public,
}


@pytest.mark.parametrize(
    "member", [name for name in REQUESTS if name not in ("intent", "environment")]
)
def test_a_token_of_something_else(member):
    other = dataclasses.replace(REQUEST, **{member: REQUESTS[member]})

    assert code_of(answering(answer(granted(request=other)))) == (
        DecisionUnavailable,
        "issuer.unusable",
    )


@pytest.mark.parametrize("member", ["intent", "environment"])
def test_an_authority_of_something_else(member):
    other = AUTHORITY.model_copy(update={member: REQUESTS[member]})

    assert code_of(answering(answer(granted(authority=other))))[1] == "issuer.unusable"


def test_a_token_of_another_reach_than_is_said():
    wider = AUTHORITY.model_copy(update={"effects": ["read", "spend"]})

    said = answer(granted(), authority=wider.model_dump())

    assert code_of(answering(said))[1] == "issuer.unusable"


def test_a_renewal_of_another_task():
    def renew(asked):
        asked.renew(granted())

    assert code_of(answering(answer(granted("task-2"))), renew)[1] == "issuer.unusable"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"x",
        answer(granted(), token="x"),
        answer(granted(), token="a.b.c"),
        answer(granted(), token=f"{part({})}.{part([])}.{part('x')}"),
        answer(granted(), token=f"{part({})}.{part({'aud': []})}.{part('x')}"),
        answer(granted(), token=f"e30.{nested(40_000)}.eA"),
        b"[" * 200_000,
        answer(granted(), token=...),
        answer(granted(), task="task-2"),
        answer(granted(), depth=-1),
        answer(granted(), more=1),
    ],
    ids=lambda said: f"{len(said)} bytes",
)
def test_no_answer(said):
    assert code_of(answering(said)) == (DecisionUnavailable, "issuer.unusable")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ("invalid_grant", TokenInvalid, "issuance.intent"),
        ("invalid_dpop_proof", TokenInvalid, "issuance.intent"),
        ("slow_down", DecisionUnavailable, "issuance.intent"),
        ("temporarily_unavailable", DecisionUnavailable, "issuance.intent"),
        ("something_new", DecisionUnavailable, "issuance.intent"),
    ],
)
def test_a_refusal_says_what_the_issuer_says(error, kind, code):
    said = {"error": error, "error_description": "no", "code": code, "remedy": "do"}

    assert code_of(answering(json.dumps(said).encode(), status="400 Bad Request")) == (kind, code)


@pytest.mark.parametrize(
    "status", ["201 Created", "204 No Content", "302 Found", "401 No", "500 No", "503 No"]
)
def test_another_status(status):
    script = answering(answer(granted()), status=status, head=b"Location: /tasks\r\n")

    assert code_of(script)[0] is DecisionUnavailable


@pytest.mark.parametrize("body", [b"", b"<p>slow down</p>", answer(granted())], ids=len)
@pytest.mark.parametrize("run", ["begin", "renew"])
def test_too_many_requests_whoever_says_so(body, run):
    """
    A proxy before the service answers in its own words.
    """
    script = answering(body, status="429 Too Many Requests")
    asks = {
        "begin": lambda asked: asked.begin(REQUEST, None),
        "renew": lambda asked: asked.renew(granted()),
    }

    assert code_of(script, asks[run]) == (DecisionUnavailable, "issuer.limited")


@pytest.mark.parametrize("script", [reset, silence, drip(answer(granted()))])
def test_no_answer_in_time(script):
    """
    Within the time limit, whatever keeps it waiting.
    """
    with misbehaving(script) as url:
        assert unreachable(url) < 10


def test_nobody_there():
    assert unreachable("http://127.0.0.1:1") < 10


def unreachable(url):
    """Ask for a task that does not come; return the seconds that it took."""
    began = time.monotonic()
    with pytest.raises(DecisionUnavailable) as caught:
        issuer(url, timeout=1.0).begin(REQUEST, None)
    assert caught.value.code == "issuer.unreachable"
    return time.monotonic() - began


def test_an_end_that_is_of_something_else():
    said = json.dumps({"ended": "task-2", "in_force": True}).encode()

    assert code_of(answering(said), lambda asked: asked.end(granted()))[1] == "issuer.unusable"


@pytest.mark.parametrize(
    "url", ["", "x", "http://issuer.acme.example", "https://u:p@h", "https://h/#f", "unix:///x"]
)
def test_a_url_that_others_could_answer_at(url):
    with pytest.raises(ConfigurationError):
        ServiceIssuer(url)


def test_one_that_is_no_guard_s_asks_nobody():
    with pytest.raises(ConfigurationError) as caught:
        ServiceIssuer("https://issuer.acme.example").begin(REQUEST, None)

    assert caught.value.code == "configuration.issuer_unbound"


def test_it_vouches_for_nobody():
    with pytest.raises(TokenInvalid) as caught:
        ServiceIssuer("https://issuer.acme.example").identity(AGENT)

    assert caught.value.code == "identity.no_source"


def test_each_guard_shows_itself():
    """
    One object may be given to several guards.
    """
    shared = ServiceIssuer("https://issuer.acme.example")
    first, second = Caller(), Caller()

    assert shared.for_caller(first)._caller is first
    assert shared.for_caller(second)._caller is second
    assert shared._caller is None
