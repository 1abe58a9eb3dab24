"""What strangers may put to the issuer through the proxy, and what it keeps for others."""

from __future__ import annotations

import base64
import json
from typing import ClassVar

import pytest

from inbounds import DecisionUnavailable, TokenInvalid
from inbounds.process import clock
from inbounds_server.mcp_proxy.callers import Callers, NotAccepted
from inbounds_server.mcp_proxy.connections import TooMany

STRANGER, OTHER = "192.0.2.1", "192.0.2.2"


def token(user, number=0):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"sub": user, "exp": int(clock.now()) + 600, "jti": str(number)}
    return f"{part({'alg': 'ES256', 'typ': 'JWT', 'kid': 'k'})}.{part(claims)}.AAAA"


class Issuing:
    """Stands for one caller's task, and counts what the issuer's service is asked."""

    asked = 0
    over = False
    ended: ClassVar[list[str]] = []

    def __init__(self, user, _token):
        self.subject, self.conversation, self.busy, self.used = user, None, False, 0.0

    async def task(self):
        Issuing.asked += 1
        if self.subject.startswith("forged"):
            raise TokenInvalid("refused")
        if self.subject.startswith("away"):
            raise DecisionUnavailable("away")
        if self.subject.startswith("limited"):
            raise DecisionUnavailable("asked too often", code="issuer.limited")

    async def close(self):
        Issuing.ended.append(self.subject)


@pytest.fixture
def callers():
    Issuing.asked = 0
    Issuing.ended = []
    return Callers(Issuing, refused=20, most=1000)


async def tried(callers, user, number, address):
    try:
        await callers.of(token(user, number), address)
    except NotAccepted:
        return "refused"
    except TooMany:
        return "later"
    except DecisionUnavailable:
        return "away"
    return "in"


async def test_the_tokens_of_one_address_that_are_refused_leave_the_others_served(callers):
    flood = [await tried(callers, f"forged{n}", n, STRANGER) for n in range(200)]

    assert {"refused": 20, "later": 180} == {each: flood.count(each) for each in flood}
    assert 20 == Issuing.asked
    for n in range(30):
        assert "in" == await tried(callers, f"user{n}", n, OTHER)
        assert "later" == await tried(callers, f"user{n + 100}", n, STRANGER)


async def test_who_is_in_stays_in_whatever_the_address_does(callers):
    assert "in" == await tried(callers, "alice", 1, STRANGER)
    for n in range(50):
        await tried(callers, f"forged{n}", n, STRANGER)

    assert "in" == await tried(callers, "alice", 1, STRANGER)


async def test_tokens_that_are_accepted_count_for_no_address(callers):
    assert {"in"} == {await tried(callers, f"user{n}", n, STRANGER) for n in range(100)}


async def test_nor_do_those_of_which_nothing_was_said(callers):
    assert {"away"} == {await tried(callers, f"away{n}", n, STRANGER) for n in range(50)}
    assert "in" == await tried(callers, "alice", 1, STRANGER)


async def test_those_that_the_issuer_is_asked_too_often_for_count_for_their_address(callers):
    flood = [await tried(callers, f"limited{n}", n, STRANGER) for n in range(60)]

    assert ["away"] * 20 + ["later"] * 40 == flood
    assert 20 == Issuing.asked
    assert "in" == await tried(callers, "alice", 1, OTHER)


async def test_one_user_begins_so_many_tasks_and_a_forged_name_counts_for_nobody(callers):
    for n in range(15):
        assert "refused" == await tried(callers, "forged-alice", n, STRANGER)
    given = [await tried(callers, "alice", n, OTHER) for n in range(60)]

    assert ["in"] * 30 + ["later"] * 30 == given
    assert "in" == await tried(callers, "bob", 1, OTHER)


async def test_a_minute_later_they_are_put_to_it_again(callers, monkeypatch):
    for n in range(30):
        await tried(callers, f"forged{n}", n, STRANGER)
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + 61)

    assert "in" == await tried(callers, "alice", 1, STRANGER)


async def test_what_is_counted_is_bounded(callers):
    for n in range(5000):
        await tried(callers, f"forged{n}", n, f"192.0.2.{n}")

    assert 4096 >= len(callers._tried._times)


async def test_a_token_that_is_not_accepted_ends_nobodys_task(callers):
    full = Callers(Issuing, refused=20, most=5)
    for number in range(4):
        assert "in" == await tried(full, "alice", number, OTHER)
    assert "in" == await tried(full, "bob", 1, OTHER)

    # Whoever it names, and whether or not there is room for another.
    class Refusing(Issuing):
        async def task(self):
            raise TokenInvalid("refused")

    full._make = Refusing
    for number, user in enumerate(["alice", "bob", "eve"]):
        assert "refused" == await tried(full, user, 100 + number, STRANGER)
    assert [] == Issuing.ended

    full._make = Issuing
    assert "in" == await tried(full, "alice", 200, OTHER)
    assert "in" == await tried(full, "carol", 1, OTHER)
    assert ["alice", "alice"] == Issuing.ended


async def test_whoever_is_answered_keeps_the_task(callers):
    full = Callers(Issuing, refused=20, most=2)
    for user in ("alice", "bob"):
        (await full.of(token(user), OTHER)).busy = True

    assert "later" == await tried(full, "carol", 1, STRANGER)
    assert ([], 2) == (Issuing.ended, Issuing.asked)


async def test_where_all_are_answered_by_then_the_new_one_is_ended(callers):
    full = Callers(Issuing, refused=20, most=1)
    alice = await full.of(token("alice"), OTHER)

    class Slow(Issuing):
        async def task(self):
            alice.busy = True

    full._make = Slow
    assert "later" == await tried(full, "bob", 1, OTHER)
    assert ["bob"] == Issuing.ended
    assert alice is await full.of(token("alice"), OTHER)
