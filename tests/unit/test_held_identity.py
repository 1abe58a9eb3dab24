"""The identity a guard holds: fetched once, renewed in time, and never an old one."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from inbounds import AccessDenied, ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.identity import IdentityToken, Rotating, identity_cache, identity_fetches
from inbounds.identity.identity_cache import IdentityCache
from inbounds.process import clock
from inbounds.testing import AGENT, PolicyUnderTest


class Source:
    """Returns tokens `t1`, `t2` … that live for so many seconds, or raises what it was told to."""

    def __init__(self, lifetime=300, failure=None):
        self.lifetime = lifetime
        self.failure = failure
        self.asked = 0

    def identity(self, agent):
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return IdentityToken(f"t{self.asked}", int(clock.now()) + self.lifetime)


class Turning(Source):
    """A source that knows when its token has been replaced."""

    turned = False

    def rotated(self):
        return self.turned


class Stuck(Source):
    """A source that answers once it is let go."""

    def __init__(self, lifetime=300):
        super().__init__(lifetime)
        self.free = threading.Event()

    def identity(self, agent):
        assert self.free.wait(30)
        return super().identity(agent)


@pytest.fixture
def later(monkeypatch):
    """Moves the clocks on by so many seconds."""
    ahead = [0.0]
    now, monotonic = clock.now, clock.monotonic
    monkeypatch.setattr(clock, "now", lambda: now() + ahead[0])
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + ahead[0])

    def move(seconds):
        ahead[0] += seconds

    return move


def token(holder, seconds=5.0, agent=AGENT):
    return holder.token(agent, deadline=clock.monotonic() + seconds)


@pytest.fixture(params=[True, False], ids=["waited for", "in place"])
def waits(request):
    return request.param


class TestKept:
    def test_is_fetched_once(self, waits):
        source = Source()
        holder = IdentityCache(source, waits=waits)
        assert [token(holder) for _ in range(5)] == ["t1"] * 5
        assert source.asked == 1

    def test_is_fetched_again_a_minute_before_its_end(self, waits, later):
        holder = IdentityCache(Source(), waits=waits)
        assert token(holder) == "t1"
        later(230)
        assert token(holder) == "t1"
        later(15)
        assert token(holder) == "t2"

    def test_a_short_lived_one_serves_most_of_its_life(self, waits, later):
        holder = IdentityCache(Source(lifetime=50), waits=waits)
        assert token(holder) == token(holder) == "t1"
        later(35)
        assert token(holder) == "t1"
        later(7)
        assert token(holder) == "t2"

    def test_is_fetched_again_once_replaced(self, waits):
        source = Turning()
        assert isinstance(source, Rotating)
        holder = IdentityCache(source, waits=waits)
        assert token(holder) == token(holder) == "t1"
        source.turned = True
        assert token(holder) == "t2"

    def test_is_of_one_agent(self, waits):
        holder = IdentityCache(Source(), waits=waits)
        assert token(holder) == "t1"
        assert token(holder, agent=f"{AGENT}-2") == "t2"

    def test_one_fetch_serves_everyone_who_waits(self):
        source = Stuck()
        holder = IdentityCache(source, waits=True)
        with ThreadPoolExecutor(16) as pool:
            asked = [pool.submit(token, holder) for _ in range(16)]
            time.sleep(0.1)
            source.free.set()
            assert {each.result() for each in asked} == {"t1"}
        assert source.asked == 1


class TestUnreachable:
    def test_is_no_answer_within_the_deadline(self):
        source = Stuck()
        begun = time.monotonic()
        with pytest.raises(DecisionUnavailable) as caught:
            token(IdentityCache(source, waits=True), seconds=0.2)
        assert caught.value.code == "identity.unreachable"
        assert time.monotonic() - begun < 15
        source.free.set()

    def test_goes_on_once_it_answers(self):
        source = Stuck()
        holder = IdentityCache(source, waits=True)
        with pytest.raises(DecisionUnavailable):
            token(holder, seconds=0.05)
        source.free.set()
        assert token(holder) == "t1"

    def test_an_old_token_is_never_used(self, waits, later):
        source = Source()
        holder = IdentityCache(source, waits=waits)
        assert token(holder) == "t1"
        source.failure = OSError("/secret/path")
        later(301)
        with pytest.raises(DecisionUnavailable) as caught:
            token(holder)
        assert caught.value.code == "identity.unreachable"
        assert "secret" not in str(caught.value)

    def test_one_in_force_is_used_on(self, waits, later):
        source = Source()
        holder = IdentityCache(source, waits=waits)
        token(holder)
        source.failure = OSError()
        later(250)
        assert token(holder) == "t1"
        assert token(holder) == "t1"
        assert source.asked == 2  # it is left alone for a while
        later(identity_cache.PAUSE + 1)
        assert token(holder) == "t1"
        assert source.asked == 3
        later(40)
        with pytest.raises(DecisionUnavailable):
            token(holder)  # three seconds are not enough for a decision

    def test_one_in_force_waits_a_moment_only(self, later):
        source = Stuck()
        source.free.set()
        holder = IdentityCache(source, waits=True)
        token(holder)
        source.free.clear()
        later(250)
        begun = time.monotonic()
        assert token(holder, seconds=20) == "t1"
        assert time.monotonic() - begun < identity_fetches.PATIENCE + 14
        source.free.set()

    def test_a_source_that_hangs_takes_few_threads(self, later):
        source = Stuck()
        holder = IdentityCache(source, waits=True)
        before = threading.active_count()
        for _ in range(identity_fetches.MOST + 4):
            with pytest.raises(DecisionUnavailable) as caught:
                token(holder, seconds=0.01)
            later(identity_fetches.GIVEN_UP + 1)
        assert caught.value.code == "identity.unreachable"
        assert threading.active_count() <= before + identity_fetches.MOST
        source.free.set()

    @pytest.mark.parametrize(
        "failure",
        [
            TokenInvalid("no", code="identity.not_vouched"),
            ConfigurationError("no", code="configuration.identity"),
            DecisionUnavailable("no", code="identity.unusable"),
        ],
        ids=lambda failure: failure.code,
    )
    def test_what_the_source_says_is_passed_on(self, waits, failure):
        with pytest.raises(type(failure)) as caught:
            token(IdentityCache(Source(failure=failure), waits=waits))
        assert caught.value.code == failure.code

    @pytest.mark.parametrize("failure", [SystemExit(3), KeyboardInterrupt()], ids=repr)
    def test_a_source_that_ends_its_thread_is_told_of(self, failure):
        with pytest.raises(type(failure)):
            token(IdentityCache(Source(failure=failure), waits=True))

    @pytest.mark.parametrize(
        "returned",
        [
            None,
            "token",
            b"token",
            {},
            IdentityToken("t", 0),
            IdentityToken("t", -1),
            IdentityToken("t", "soon"),
            IdentityToken("t", True),
            IdentityToken("t", float("inf")),
        ],
        ids=repr,
    )
    def test_what_is_no_token_is_refused(self, waits, returned):
        source = Source()
        source.identity = lambda agent: returned
        with pytest.raises(DecisionUnavailable) as caught:
            token(IdentityCache(source, waits=waits))
        assert caught.value.code == "identity.unusable"


def test_each_who_waits_has_an_error_of_its_own():
    source = Stuck()
    source.failure = DecisionUnavailable("no", code="identity.unusable")
    holder = IdentityCache(source, waits=True)

    def ask():
        with pytest.raises(DecisionUnavailable) as caught:
            token(holder)
        return caught.value

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(4)]
        time.sleep(0.1)
        source.free.set()
        errors = [each.result() for each in asked]
    assert len({id(error) for error in errors}) == 4
    assert {(error.code, error.message) for error in errors} == {("identity.unusable", "no")}


def test_without_another_thread_it_says_so(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    holder = IdentityCache(Source(), waits=True)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        for _ in range(identity_fetches.MOST + 1):
            with pytest.raises(DecisionUnavailable) as caught:
                token(holder)
    assert caught.value.code == "identity.unreachable"
    assert "thread" in str(caught.value)
    assert token(holder) == "t1"


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_fetches_for_itself_what_its_parent_waits_for():
    source = Stuck()
    holder = IdentityCache(source, waits=True)
    with pytest.raises(DecisionUnavailable):
        token(holder, seconds=0.05)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            source.free = threading.Event()
            source.free.set()
            code = 0 if token(holder) == "t1" else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    source.free.set()


class TestGuard:
    def test_proves_its_agent_by_what_it_was_given(self, tmp_path):
        """
        The source is asked, and the policy judges its token; the issuer signs tasks alone.
        """
        asked = []

        class Provider:
            def identity(self, agent):
                asked.append(agent)
                return under_test.guard.issuer.identity(agent)

        under_test = PolicyUnderTest(tmp_path / "inbounds", identity=Provider())
        with under_test.task() as task:
            task.permit("mail.read", {"id": "1"}, resource=lambda id: ("mail", id)).cancel()
            task.permit("mail.read", {"id": "2"}, resource=lambda id: ("mail", id)).cancel()
        under_test.close()
        assert asked == [AGENT]

    def test_is_denied_by_the_policy_with_anothers_token(self, tmp_path):
        class Provider:
            def identity(self, agent):
                return under_test.guard.issuer.identity(f"{agent}-2")

        under_test = PolicyUnderTest(tmp_path / "inbounds", identity=Provider())
        with under_test.task() as task, pytest.raises(AccessDenied) as caught:
            task.permit("mail.read", {"id": "1"}, resource=lambda id: ("mail", id))
        under_test.close()
        codes = {reason.code for reason in caught.value.decision.reasons}
        assert "identity.not_the_agent_asserted" in codes

    @pytest.mark.parametrize("source", [Source(failure=ConnectionError()), Stuck()])
    def test_begins_no_task_where_the_source_has_none(self, tmp_path, source):
        """
        Within the deadline, whoever issues tasks, and nothing of the task is left.
        """
        under_test = PolicyUnderTest(tmp_path / "inbounds", identity=source, deadline=0.5)
        begun = time.monotonic()
        with pytest.raises(DecisionUnavailable) as caught:
            under_test.task()
        took = time.monotonic() - begun
        if isinstance(source, Stuck):
            source.free.set()
        under_test.close()
        assert caught.value.code == "identity.unreachable"
        assert took < 15

    @pytest.mark.parametrize("source", [Source(failure=ConnectionError()), Stuck()])
    def test_has_no_answer_once_the_source_has_none(self, tmp_path, source):
        """
        A call waits for it as long as for the whole decision, and does not run.
        """

        class First:
            def identity(self, agent):
                return under_test.guard.issuer.identity(agent)

        under_test = PolicyUnderTest(tmp_path / "inbounds", identity=First(), deadline=0.5)
        with under_test.task() as task:
            # As where the token that it was begun with has expired.
            identity_cache = under_test.guard._runtime.held
            identity_cache._kept, identity_cache._source = None, source
            begun = time.monotonic()
            with pytest.raises(DecisionUnavailable) as caught:
                task.permit("mail.read", {"id": "1"}, resource=lambda id: ("mail", id))
            took = time.monotonic() - begun
        if isinstance(source, Stuck):
            source.free.set()
        under_test.close()
        assert caught.value.code == "identity.unreachable"
        assert caught.value.executed == "no"
        assert took < 15
