"""What agents, engines and applications may hand in, however strange, and what becomes of it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import warnings

import pytest
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from pydantic import BaseModel

from inbounds import AccessDenied, DecisionUnavailable, InvalidAnswer, Timeout, TokenInvalid
from inbounds.canonical.arguments import canonicalise
from inbounds.pdp import DECISION, Reply
from inbounds.pep.pointers import _named
from inbounds.pep.telemetry import Telemetry
from inbounds.testing import SUBJECT, PolicyUnderTest, assert_denied


def mail(id):
    return ("mail", id)


def bodies(policy):
    with contextlib.closing(sqlite3.connect(policy.guard._runtime.evidence.path)) as log:
        rows = log.execute("SELECT body FROM records ORDER BY seq").fetchall()
    return [json.loads(body) for (body,) in rows]


class TestKeys:
    @pytest.mark.parametrize("key", ["4111111111111111", "4711", "0", "1" * 5000, "a/0", "~0", "²"])
    def test_a_key_of_digits_is_not_written_down(self, policy, key):
        """
        Only the places of lists are numbers that nobody chose.
        """
        with policy.task() as task, pytest.raises(AccessDenied):
            task.permit(
                "mail.read", {"id": "1", "options": {key: [1]}}, resource=lambda **_: mail("1")
            )

        (body,) = bodies(policy)
        assert body["pointers"] in (["/?/?/0"], ["/?/?"])

    def test_places_of_lists_are(self, policy):
        with policy.task() as task, pytest.raises(AccessDenied):
            task.permit(
                "mail.send",
                {"to": ["bob@acme.example", "eve@evil.example"], "body": ""},
                resource=lambda **_: ("mailbox", "alice"),
            )

        assert bodies(policy)[0]["pointers"] == ["/to/1"]

    @pytest.mark.parametrize(
        ("arguments", "pointer", "told"),
        [
            ({"to": ["a", "b"]}, "/to/1", "/to/1"),
            ({"to": [[1]]}, "/to/0/0", "/to/0/0"),
            ({"to": [{"7": 1}]}, "/to/0/7", "/to/0/?"),
            ({"to": [[1]]}, "/to/9/0", "/to/9/?"),
            ({"to": [[1]]}, "/to/1/0", "/to/1/?"),
            ({"to": ["a"]}, "/to/x", "/to/?"),
            ({"to": ["a"]}, "/to/123456789", "/to/123456789"),
            ({"to": ["a"]}, "/to/1234567890", "/to/?"),
            ({"to": {"0": [1]}}, "/to/0/0", "/to/?/0"),
            ({"a/b": [1]}, "/a~1b/0", "/a~1b/0"),
            ({"a~b": [1]}, "/a~0b/0", "/a~0b/0"),
            ({"else": [1]}, "/else/0", "/?/0"),
            ({}, "/to" * 2000, ("/to" * 2000)[:4096]),
        ],
    )
    def test_a_pointer_is_walked(self, arguments, pointer, told):
        """
        What stands in it is a registered name, or the place of a list that is there.
        """
        assert told == _named(pointer, {"", "to", "a~1b", "a~0b"}, arguments)


class TestTasks:
    @pytest.mark.parametrize("name", ["a" * 257, "\ud800", "x\0y", "x\ny", 1, b"x", ["x"]])
    @pytest.mark.parametrize("what", ["subject", "session", "intent"])
    def test_names_that_are_none(self, policy, what, name):
        with pytest.raises(TokenInvalid) as caught:
            policy.guard.task(**{"intent": "correspond", "subject": SUBJECT, what: name})
        assert caught.value.code == "issuance.malformed"
        assert name == 1 or str(name) not in str(caught.value)

    @pytest.mark.parametrize("name", ["", None])
    @pytest.mark.parametrize("what", ["subject", "intent"])
    def test_no_name(self, policy, what, name):
        with pytest.raises(TokenInvalid) as caught:
            policy.guard.task(**{"intent": "correspond", "subject": SUBJECT, what: name})
        assert caught.value.code == "issuance.malformed"

    @pytest.mark.parametrize("seconds", [0, -1, 1.5, 2**53, True, "60", None, float("nan")])
    def test_seconds_that_are_none(self, policy, seconds):
        with pytest.raises(TokenInvalid) as caught:
            policy.guard.task("correspond", subject=SUBJECT, seconds=seconds)
        assert caught.value.code == "issuance.malformed"


class TestAnswers:
    @pytest.mark.parametrize("what", ["engine_id", "revision", "code"])
    def test_text_that_no_record_has_room_for(self, policy, monkeypatch, what):
        """
        An answer of any length is told as what it is, recorded, and runs nothing.
        """
        ask = policy._policy.ask

        def long(entry, question, **how):
            reply = ask(entry, question, **how)
            if entry != DECISION:
                return reply
            if what == "engine_id":
                return Reply(reply.result, "x" * 5000)
            if what == "code":
                reply.result["context"]["reasons"][0]["code"] = "x" * 5000
            else:
                reply.result["context"]["policy"]["revision"] = "x" * 5000
            return reply

        monkeypatch.setattr(policy._policy, "ask", long)
        tool = "mail.purge" if what == "code" else "mail.read"
        with policy.task() as task, pytest.raises(InvalidAnswer) as caught:
            task.permit(tool, {"id": "1"}, resource=mail)
        assert caught.value.executed == "no"
        assert [body["outcome"] for body in bodies(policy)] == ["unavailable"]


def test_names_that_nobody_registered_take_no_memory(policy):
    with policy.task() as task:
        for number in range(50):
            with assert_denied("capability.unregistered_tool"):
                task.permit(f"made.up{number}", {}, resource=lambda: mail("1"))
        task.permit("mail.read", {"id": "1"}, resource=mail).cancel()
    assert not [name for name in policy.guard._runtime.registry._known if "made" in name]


class Card(BaseModel):
    number: int
    keys: list[int]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda card: card.__dict__.update(number="4111111111111111"),
        lambda card: card.__dict__.update(keys=["sk-live-SECRET"]),
        lambda card: card.__dict__.update(number={"SECRET": 1}),
    ],
)
def test_a_model_that_was_spoilt_warns_of_no_value(spoil, capfd):
    card = Card(number=1, keys=[1])
    spoil(card)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        canonicalise({"card": card}, {})
        canonicalise({"card": Card.model_construct(number="SECRET", keys="SECRET")}, {})
    assert [str(one.message) for one in said] == []
    assert "".join(capfd.readouterr()) == ""


class Failing(SpanProcessor):
    def __init__(self, at):
        self.at = at

    def on_start(self, span, parent_context=None):
        if self.at == "start":
            raise RuntimeError("queue is full of SECRET")

    def on_end(self, span):
        if self.at == "end":
            raise RuntimeError("queue is full of SECRET")


@pytest.mark.parametrize("at", ["start", "end"])
@pytest.mark.parametrize("kind", ["allow", "deny", "unavailable"])
def test_a_span_processor_that_fails_decides_nothing(policy, monkeypatch, caplog, at, kind):
    """
    What an application does with spans is heard of, and changes no decision.
    """
    provider = TracerProvider()
    provider.add_span_processor(Failing(at))
    policy.guard._runtime.telemetry = Telemetry(provider)
    expected = {
        "allow": contextlib.nullcontext(),
        "deny": pytest.raises(AccessDenied),
        "unavailable": pytest.raises(DecisionUnavailable),
    }
    task = policy.guard.task("correspond", subject=SUBJECT)
    if kind == "unavailable":
        monkeypatch.setattr(policy._policy, "ask", lambda *_, **__: Reply(None, ""))
    tool = "mail.purge" if kind == "deny" else "mail.read"
    with expected[kind]:
        task.permit(tool, {"id": "1"}, resource=mail).finish(None)
    assert "telemetry failed with RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_notice_that_takes_until_the_deadline(tmp_path):
    """
    Where telling somebody takes too long, nothing runs on what was decided before.
    """
    policy = PolicyUnderTest(tmp_path / "home", deadline=0.3, notify=lambda *_: time.sleep(0.4))
    tool = {**policy.deployment["tools"]["mail.read"], "notify": "owner@acme.example"}
    policy.change(tools={**policy.deployment["tools"], "mail.read": tool})
    with policy.task() as task, pytest.raises(Timeout) as caught:
        task.permit("mail.read", {"id": "1"}, resource=mail)
    policy.close()
    assert caught.value.executed == "no"


def test_a_permit_is_no_older_than_what_was_known_when_it_was_decided(policy, monkeypatch):
    """
    A tool that had to wait for its turn is not run on a verdict that may hold no longer.
    """
    from inbounds.process import clock

    ran = []

    @policy.guard.tool("mail.read", resource=mail)
    def read(id: str) -> None:
        ran.append(id)

    with policy.task() as task:
        for late, code in ((9.0, ""), (10.1, "permit.expired")):
            permit = task.permit(read, {"id": "1"})
            run = read.ready(permit)
            now = clock.monotonic
            with monkeypatch.context() as later:
                later.setattr(clock, "monotonic", lambda now=now, late=late: now() + late)
                if code:
                    with pytest.raises(DecisionUnavailable) as caught:
                        run()
                    assert (caught.value.code, caught.value.executed) == (code, "no")
                else:
                    permit.finish(run())
    assert ran == ["1"]


def test_a_permit_ends_with_the_deadline_of_its_task(policy, monkeypatch):
    from inbounds.process import clock

    with policy.guard.task("correspond", subject=SUBJECT, seconds=4) as task:
        permit = task.permit("mail.read", {"id": "1"}, resource=mail)
        now = clock.monotonic
        monkeypatch.setattr(clock, "monotonic", lambda: now() + 4.1)
        with pytest.raises(DecisionUnavailable) as caught:
            permit.compare({"id": "1"})
        monkeypatch.undo()
    assert caught.value.code == "permit.expired"


def test_an_identity_of_the_future_is_not_kept(policy, monkeypatch):
    """
    A token that was issued while the clock was ahead is fetched again once it is right.
    """
    from inbounds.process import clock

    parts = policy.guard._runtime
    now = clock.now
    with monkeypatch.context() as ahead:
        ahead.setattr(clock, "now", lambda: now() + 3600)
        before = parts.identity(parts.agent)
    assert parts.identity(parts.agent) != before
    assert parts.identity(parts.agent) == parts.identity(parts.agent)


def test_the_key_of_digests_is_not_shown(policy):
    parts = policy.guard._runtime
    assert repr(parts.digest_key) not in repr(parts)
