"""What the doctor makes of clocks, feeds and errors."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from tests.redis_server import RedisServer

from inbounds.errors import ConfigurationError, DecisionUnavailable, Unreachable
from inbounds.pep.config import Configuration
from inbounds.process import clock
from inbounds_tools.doctor import Finding, diagnose, server, state
from inbounds_tools.doctor.feed_key import unknown_key
from inbounds_tools.doctor.finding import of_error

NOW = 1_800_000_000
STALE = "task.revocation_feed_stale"


@pytest.fixture(autouse=True)
def _still(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW + 0.5)


@pytest.mark.parametrize(
    ("apart", "state"),
    [(0, "ok"), (5, "ok"), (-5, "ok"), (7, "fix"), (-7, "fix"), (3600, "fix")],
)
def test_clocks_that_are_apart_are_to_be_mended(apart, state):
    assert server._clock(formatdate(NOW + apart, usegmt=True)).state == state


@pytest.mark.parametrize("date", ["", "soon"])
def test_a_server_that_says_no_time_is_only_noted(date):
    assert server._clock(date).state == "note"


@pytest.mark.parametrize(
    ("as_of", "state"),
    [
        (NOW, "ok"),
        (NOW - 10, "ok"),
        (NOW - 12, "fix"),
        (NOW + 4, "ok"),
        (NOW + 7, "fix"),
        (0, "fix"),
        (None, "fix"),
    ],
)
def test_a_feed_is_held_to_what_the_policy_allows(tmp_path, as_of, state):
    configuration = Configuration(deployment=str(tmp_path / "none"))
    assert server._feed(configuration, as_of).state == state


@pytest.mark.parametrize(
    ("context", "key"),
    [
        ({}, ""),
        ({"reasons": [{"code": STALE, "details": [{"head": "unverified"}]}]}, ""),
        ({"reasons": [{"code": STALE, "details": [{"unknown_key": "k2"}]}]}, "k2"),
        ({"reasons": [{"code": "x", "details": [{"unknown_key": "k2"}]}]}, ""),
    ],
)
def test_the_key_that_feed_yaml_does_not_name_is_read_from_the_denial(context, key):
    assert unknown_key(context) == key


def test_a_head_of_an_unknown_key_is_told_with_its_key_and_not_as_missing(tmp_path):
    configuration = Configuration(deployment=str(tmp_path / "none"))
    found = server._feed(configuration, 0, "k2")
    assert found.state == "fix"
    assert "signed by the key k2, which is not in the feed.yaml of this OPA" in found.message
    assert "brings it" not in found.hint


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://opa.example:8181", True),
        ("http://127.0.0.1:8181", False),
        ("http://localhost:8181", False),
        ("https://opa.example:8181", False),
        ("unix:///run/opa.sock", False),
    ],
)
def test_a_token_in_clear_text_is_to_be_mended(url, named):
    assert bool([*server._transport(Configuration(pdp_url=url))]) == named


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ConfigurationError("x"), "fix"),
        (Unreachable("x"), "unknown"),
        (DecisionUnavailable("x", code="evidence.unavailable"), "fix"),
    ],
)
def test_no_answer_tells_nothing_and_all_else_is_to_be_mended(error, state):
    found = of_error("x", error)
    assert found.state == state
    assert "inbounds doctor" not in found.hint


def test_a_setting_that_is_none_ends_it(tmp_path):
    found = [*diagnose({"deadline": "soon"}, {"INBOUNDS_HOME": str(tmp_path)})]
    assert found[-1].name == "settings"
    assert found[-1].state == "fix"


@pytest.mark.system
def test_no_value_of_a_variable_is_said(tmp_path):
    environ = {"INBOUNDS_HOME": str(tmp_path), "INBOUNDS_PDP_TOKEN": "my-secret-token"}
    said = [*diagnose({"deployment": str(tmp_path / "none")}, environ)]
    assert all(isinstance(finding, Finding) for finding in said)
    assert "my-secret-token" not in repr(said)


@pytest.mark.system
def test_leases_that_are_not_revoked_are_counted(tmp_path):
    """
    Those that are over, or whose guard is gone; and nothing is made that is not there.
    """
    from inbounds.credentials.outbox import LeaseOutbox

    configuration = Configuration(home=str(tmp_path))

    def found():
        return [each for each in state.findings(configuration) if each.name == "leases"]

    assert found() == []
    assert list(tmp_path.iterdir()) == []
    outbox = LeaseOutbox(tmp_path / "leases.sqlite")
    row = {"credential": "c", "hops": ["t"], "revocation": "r"}
    outbox.keep(handle="a", until=2**40, **row)
    (finding,) = found()
    assert finding.state == "ok" and "1 held" in finding.message
    outbox.keep(handle="b", until=1, **row)
    (finding,) = found()
    assert finding.state == "fix" and "1 of 2 leases" in finding.message
    outbox.close()
    (finding,) = found()
    assert finding.state == "fix" and "2 of 2 leases" in finding.message


@pytest.mark.system
def test_the_redis_of_sessions_is_named():
    """
    Whether it answers, takes writes and keeps sessions; never its password.
    """

    def found(url):
        (finding,) = (
            each for each in state.findings(Configuration(sessions=url)) if each.name == "sessions"
        )
        assert "sesame" not in repr(finding)
        return finding.state, finding.message

    with RedisServer(requirepass="sesame") as redis:
        url = f"unix://:sesame@{redis.socket}?prefix=p:"
        where = f"{redis.url}?db=0"
        assert found(url) == ("ok", f"the Redis at {where} accepts states")
        assert redis.tell("DBSIZE") == 0
        redis.tell("CONFIG", "SET", "appendonly", "no")
        noted, said = found(url)
        assert noted == "note" and "appendonly is off" in said
        redis.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        mended, said = found(url)
        assert mended == "fix" and f"{where} drops sessions" in said
        refused = f"{where}: the session store does not answer: it refuses the user or the password"
        assert found(redis.url) == ("fix", refused)
    gone = f"{where}: the session store does not answer: there is no connection"
    assert found(url) == ("fix", gone)
    assert found("redis://:ses#ame@r.example")[0] == "fix"
