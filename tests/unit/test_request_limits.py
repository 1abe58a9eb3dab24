"""What requests to the issuer's service count against: of one address, and of one agent."""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from inbounds_server.issuer import request_limits
from inbounds_server.issuer.request_limits import Limited, RequestLimits
from inbounds_server.issuer.settings import FILE, Folder

AGENT, OTHER_AGENT = "spiffe://acme.example/agent/assistant", "spiffe://acme.example/agent/other"
HERE, ELSEWHERE, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.fixture
def limits(tmp_path):
    """Eight tasks of an agent and twelve requests of an address in a minute."""
    Folder.create(tmp_path / "issuer", "http://127.0.0.1:1", "inbounds")
    file = tmp_path / "issuer" / FILE
    more = {"begun_per_minute": 8, "asked_per_minute": 12, "connections_per_address": 4}
    file.write_text(json.dumps({**json.loads(file.read_text()), **more}))
    return RequestLimits(Folder(tmp_path / "issuer"))


def begin(limits, agent=AGENT, address=HERE, *, verified=True):
    """Whether a request to begin a task is looked at, and its task begun."""
    try:
        with limits.beginning(agent, address) as count_begun:
            if verified:
                count_begun()
    except Limited:
        return "limited"
    return "begun" if verified else "refused"


def counted(count, *whose):
    """How often of 20 times it is let through."""
    passed = 0
    for _ in range(20):
        with contextlib.suppress(Limited):
            count(*whose)
            passed += 1
    return passed


def test_what_is_refused_counts_against_no_begun_task_and_no_renewal(limits):
    refused = [begin(limits, verified=False) for _ in range(20)]

    assert ["refused"] * 6 + ["limited"] * 14 == refused
    assert ["begun"] * 8 + ["limited"] * 12 == [begin(limits, address=THIRD) for _ in range(20)]
    assert 8 == counted(limits.count_renewal, AGENT)
    assert 8 == counted(limits.count_end, AGENT)


def test_requests_that_are_refused_are_bounded_for_each_agent_from_all_addresses(limits):
    addresses = [HERE] * 10 + [ELSEWHERE] * 10 + [THIRD] * 10
    refused = [begin(limits, address=each, verified=False) for each in addresses]

    assert 8 == refused.count("refused")
    assert 6 == refused[:10].count("refused")
    assert 2 == refused[10:20].count("refused")
    assert "begun" == begin(limits, OTHER_AGENT)


def test_neither_beginnings_nor_renewals_use_up_the_other(limits):
    assert ["begun"] * 8 + ["limited"] * 4 == [begin(limits) for _ in range(12)]
    assert 8 == counted(limits.count_renewal, AGENT)
    assert 8 == counted(limits.count_renewal, OTHER_AGENT)
    assert "begun" == begin(limits, OTHER_AGENT)
    assert 0 == counted(limits.count_renewal, AGENT)


def test_ends_of_what_is_over_are_bounded_and_use_up_no_other_end(limits):
    assert 8 == counted(lambda: limits.count_end(AGENT, again=True))
    assert 8 == counted(limits.count_end, AGENT)
    assert 0 == counted(lambda: limits.count_end(AGENT, again=True))


def test_ends_by_keys_that_one_holder_made_up_count_for_that_holder(limits):
    keys = (f"key-{number}" for number in range(100))

    assert 6 == counted(lambda: limits.count_end(AGENT, "delegate", next(keys)))
    # Of all keys that an agent hands its tasks on to, as many as its own; of one, fewer.
    assert 0 == counted(limits.count_end, AGENT, "delegate")
    assert 2 == counted(lambda: limits.count_end(AGENT, next(keys)))
    assert 8 == counted(lambda: limits.count_end(OTHER_AGENT, next(keys)))
    # Whoever is above ends as many of its own as before.
    assert 8 == counted(limits.count_end, AGENT)
    # What is refused leaves no count.
    made_up = [each for each in limits._counts._minutes if each[-1].startswith("key-")]
    assert len(made_up) == 2 * (6 + 2 + 8)


def test_an_agent_that_has_begun_its_tasks_is_refused_before_anything_is_verified(limits):
    for _ in range(8):
        begin(limits)

    with pytest.raises(Limited), limits.beginning(AGENT, HERE):
        pytest.fail("it must not be looked at")
    assert {} == limits._unverified


def test_many_at_once_are_not_fewer_than_one_after_another(limits):
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(limits.beginning(AGENT, HERE))
        assert "limited" == begin(limits)
        assert "begun" == begin(limits, address=ELSEWHERE)
        for _ in range(2):
            stack.enter_context(limits.beginning(AGENT, ELSEWHERE))
        assert "limited" == begin(limits, address=THIRD)
    # All of them were refused.
    assert "limited" == begin(limits, address=THIRD)
    assert {} == limits._unverified


def test_no_more_tasks_are_begun_at_once_than_one_after_another(limits):
    for _ in range(7):
        begin(limits)
    together = threading.Barrier(4)

    def race(_):
        try:
            with limits.beginning(AGENT, HERE) as count_begun:
                together.wait(20)
                count_begun()
        except Limited:
            return "limited"
        return "begun"

    with ThreadPoolExecutor(4) as pool:
        assert ["begun"] + ["limited"] * 3 == sorted(pool.map(race, range(4)))


def test_one_that_fails_counts_as_refused_whatever_failed(limits):
    for _ in range(6):
        with pytest.raises(KeyError), limits.beginning(AGENT, HERE):
            raise KeyError
    assert "limited" == begin(limits)


def test_a_minute_is_as_long_whatever_the_clock_is_set_to(limits, monkeypatch):
    passed, ahead = 1000.0, 0.0
    monkeypatch.setattr("inbounds.process.clock.monotonic", lambda: passed)
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0 + passed + ahead)
    ahead = 3600.0
    assert 8 == counted(limits.count_renewal, AGENT)
    ahead = 0.0
    passed += 59
    assert 0 == counted(limits.count_renewal, AGENT)
    ahead = 3600.0
    assert 0 == counted(limits.count_renewal, AGENT)
    ahead = 0.0
    passed += 1
    assert 8 == counted(limits.count_renewal, AGENT)


def test_counts_are_forgotten_with_their_minute(limits, monkeypatch):
    passed = 1000.0
    monkeypatch.setattr("inbounds.process.clock.monotonic", lambda: passed)
    for number in range(100):
        limits.count_renewal(f"agent-{number}")
        passed += 1
    assert 60 == len(limits._counts._minutes)


def ask(limits, address=HERE, *, begins=False):
    with limits.request(address, begins=begins):
        pass


def test_requests_to_begin_leave_an_address_a_quarter_for_renewals(limits):
    begins = counted(lambda: ask(limits, begins=True))

    assert 9 == begins
    assert 3 == counted(lambda: ask(limits))
    assert 12 == counted(lambda: ask(limits, ELSEWHERE))


def test_requests_under_way_are_bounded_for_each_address_and_for_all(limits, monkeypatch):
    monkeypatch.setattr(request_limits, "_MOST_UNDER_WAY", 6)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(limits.request(HERE, begins=False))
        with pytest.raises(Limited):
            ask(limits)
        for _ in range(2):
            stack.enter_context(limits.request(ELSEWHERE, begins=True))
        with pytest.raises(Limited):
            ask(limits, THIRD)
    assert {} == limits._under_way
    ask(limits, THIRD)
