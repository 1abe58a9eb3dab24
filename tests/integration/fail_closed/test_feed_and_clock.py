"""A revocation feed that is not fresh, not whole or not the owner's; clocks that disagree."""

from __future__ import annotations

import json
import time

import jwt
import pytest
from tests.integration.fail_closed.observed import Observed, denied
from tests.served import PEP_TOKEN, feed_of

from inbounds.engine import assets
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.identity.signing_keys import SigningKey
from inbounds.live.head import empty_lists
from inbounds.pdp.opa import OpaServer
from inbounds.process import clock

STALE = denied("task.revocation_feed_stale", "feed")


def left_alone(observed):
    """Let nobody refresh the feed from here on."""
    observed.parts.refresh_live = lambda deadline: None
    return observed.begin()


class TestFeed:
    def test_stale(self, observed):
        """
        Nothing runs on a feed that nobody has refreshed.
        """
        observed.put_feed(observed.feed.snapshot(as_of=1_700_000_000))

        observed.refused(STALE, left_alone(observed))

    @pytest.mark.parametrize("seconds", [62, 3600])
    def test_a_little_stale(self, observed, seconds):
        """
        Nothing runs on a feed that is older than the deployment allows.
        """
        observed.put_feed(observed.feed.snapshot(as_of=int(time.time()) - seconds))

        observed.refused(STALE, left_alone(observed))

    def test_from_the_future(self, observed):
        """
        Nothing runs on a feed that says it is of a time to come.
        """
        observed.put_feed(observed.feed.snapshot(as_of=4_000_000_000))

        observed.refused(STALE, left_alone(observed))

    def test_never_pushed_embedded(self, embedded):
        """
        Nothing runs before the feed is there at all.
        """
        embedded.refused(STALE, left_alone(embedded))

    def test_never_pushed_to_opa(self, served, tmp_path):
        """
        Nothing runs on an OPA that has been started and given no feed.
        """
        with served.opa(log=tmp_path / "log") as process:
            guard = served.guard(OpaServer(process.url, token=PEP_TOKEN), home=tmp_path / "home")
            observed = Observed(guard, served.target(process.url).push_live)

            observed.refused(STALE)

            served.target(process.url).push_live(feed_of(guard).snapshot())
            observed.allowed(observed.begin())
            guard.close()

    @pytest.mark.parametrize(
        "missing", ["ended", "revoked", "switches", "head", "generation", "seq"]
    )
    def test_a_part_is_missing(self, observed, missing):
        """
        Nothing runs on a feed of which a part is missing.
        """
        snapshot = observed.feed.snapshot()
        del snapshot[missing]
        observed.put_feed(snapshot)

        observed.refused(STALE, left_alone(observed))

    @pytest.mark.parametrize("emptied", ["ended", "revoked", "switches"])
    def test_a_list_is_emptied(self, observed, emptied):
        """
        Nothing runs on a feed of which a list has lost what shows that it is there.
        """
        observed.put_feed({**observed.feed.snapshot(), emptied: {}})

        observed.refused(STALE, left_alone(observed))

    @pytest.mark.parametrize(
        "head",
        ["", None, 1, "a.b.c", "head"],
        ids=["empty", "null", "a number", "dots", "a word"],
    )
    def test_a_head_that_is_no_token(self, observed, head):
        """
        Nothing runs on a feed whose head says nothing.
        """
        observed.put_feed({**observed.feed.snapshot(), "head": head})

        observed.refused(STALE, left_alone(observed))

    def test_a_head_of_another_key(self, observed):
        """
        Nothing runs on a feed that somebody else has signed.
        """
        snapshot = observed.feed.snapshot()
        claims = jwt.decode(snapshot["head"], options={"verify_signature": False})
        snapshot["head"] = SigningKey.generate().sign(claims, typ="live-head+jwt")
        observed.put_feed(snapshot)

        observed.refused(STALE, left_alone(observed))

    @pytest.mark.parametrize(
        "change", [{"seq": 999}, {"generation": "another"}], ids=["number", "generation"]
    )
    def test_a_head_of_another_feed(self, observed, change):
        """
        Nothing runs on entries that the head was not signed for.
        """
        observed.put_feed({**observed.feed.snapshot(), **change})

        observed.refused(STALE, left_alone(observed))

    def test_what_is_no_feed(self, observed):
        """
        Nothing runs where something else stands in the feed's place.
        """
        observed.put_feed({"head": True})

        observed.refused(STALE, left_alone(observed))

    def test_the_owner_is_gone(self, observed):
        """
        A feed that the owner keeps fresh goes stale with the owner, and then nothing runs.
        """
        task = left_alone(observed)
        observed.put_feed(observed.feed.snapshot())
        observed.allowed(task)
        observed.put_feed(observed.feed.snapshot(as_of=int(time.time()) - 61))

        observed.refused(STALE, task)


# --- clocks --------------------------------------------------------------------------------

EXPIRED = denied("identity.expired", "expired")
AHEAD = 40
"""Seconds by which a clock is too far ahead: the policy allows 30."""
BEHIND = 400
"""Seconds by which a clock is so far behind that every token has run out: they hold for 300."""


@pytest.fixture
def skewed(monkeypatch):
    """Move the clock of this process, by which tokens are issued, and no other."""

    def skew(seconds):
        real = time.time
        monkeypatch.setattr(clock, "now", lambda: real() + seconds)

    return skew


class TestClocks:
    def test_an_issuer_that_is_behind(self, observed, skewed):
        """
        Nothing runs on tokens that had run out, by the policy's clock, when they were issued.
        """
        skewed(-BEHIND)

        observed.refused(EXPIRED)

    def test_an_issuer_that_is_ahead(self, observed, skewed):
        """
        Nothing runs on tokens that, by the policy's clock, are not issued yet.
        """
        skewed(AHEAD)

        observed.refused(EXPIRED)

    @pytest.mark.parametrize("seconds", [-200, 20])
    def test_a_skew_that_tokens_bear(self, observed, skewed, seconds):
        """
        Within what tokens bear, clocks that disagree hinder nobody.
        """
        skewed(seconds)

        observed.allowed(observed.begin())

    @pytest.mark.parametrize(
        ("seconds", "fault"),
        [(BEHIND, EXPIRED), (-AHEAD, EXPIRED), (86400 * 365, EXPIRED), (-86400 * 365, EXPIRED)],
    )
    def test_of_the_policy(self, embedded, seconds, fault):
        """
        Nothing runs where the policy's own clock is ahead or behind.
        """
        with engine_at(embedded, lambda: time.time_ns() + seconds * 10**9):
            embedded.refused(fault)

    @pytest.mark.parametrize("nanoseconds", [0, -1, 2**63 - 1])
    def test_that_has_stopped(self, embedded, nanoseconds):
        """
        Nothing runs where the policy's clock shows no time at all.
        """
        with engine_at(embedded, lambda: nanoseconds):
            embedded.refused(EXPIRED)

    @pytest.mark.parametrize("seconds", [-61, 6])
    def test_of_the_feeds_owner(self, observed, seconds):
        """
        Nothing runs on a feed whose owner's clock is so far behind, or ahead.
        """
        observed.put_feed(observed.feed.snapshot(as_of=int(time.time()) + seconds + seconds // 6))

        observed.refused(STALE, left_alone(observed))


def engine_at(embedded, now_ns):
    """Let an engine decide whose clock is another, on the same deployment and a fresh feed."""
    own = embedded.parts.pdp
    policy = EmbeddedPolicy(
        assets.wasm_bundle(),
        key=assets.release_key(),
        deployment=json.loads(own._deployment),
        live={"baseline": empty_lists(), "now": embedded.feed.snapshot()},
        clock=now_ns,
    )
    return embedded.decided_by(policy)
