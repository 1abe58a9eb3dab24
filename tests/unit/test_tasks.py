"""The authority of one task: the blocks it lives in, and what its end leaves."""

import contextlib
import contextvars
import pickle
import types

import pytest

from inbounds import DecisionUnavailable, TaskMissing, TokenInvalid
from inbounds.credentials import task_authority
from inbounds.credentials.task_authority import RENEW_PAUSE, RENEW_WITHIN
from inbounds.pep.task import Task, current
from inbounds.process import clock

DEADLINE = 10_000
EXPIRES = 1_000


class Services:
    """The services of a task: issuer, evidence log, leases and approvals in one, and its tools."""

    def __init__(self):
        self.issuer = self.evidence = self.leases = self.approvals = self
        self.ended = []
        self.renewed = []
        self.written = []
        self.takes = True
        self.waits = []
        self.targets = []
        self.observed = []
        self.released = []
        self.withdrawn = []

    def end(self, grant):
        self.ended.append(grant.delegation or grant.task)

    def release(self, hands, *, wait=True):
        # Authority goes first, then what it was lent.
        self.released.append((hands, [*self.ended]))

    def withdraw(self, *questions):
        self.withdrawn.append(questions)

    def renew(self, grant):
        self.renewed.append(grant)
        return grant_until(grant.expires + 1_000)

    def executed(self, record):
        if not self.takes:
            raise DecisionUnavailable("full", code="evidence.unavailable")
        self.written.append(record)

    def observe(self, task, *seen):
        self.observed.append(seen)

    def target(self, *asked):
        self.targets.append(asked)
        return "target"

    def find(self, tool):
        return Tool(tool)

    def with_approval(self, ask, wait, *ids):
        self.waits.append((wait, *ids))
        return Permitted()

    async def awith_approval(self, ask, wait, *ids):
        return self.with_approval(ask, wait, *ids)


class Tool:
    """A guarded tool that returns its own name."""

    generates = generates_async = asynchronous = False

    def __init__(self, name):
        self.name = name

    def ready(self, permit):
        return lambda: self.name

    def lay_out(self, permit, judged):
        return self.ready(permit)


class Permitted:
    """A permit that gives the result as it is."""

    arguments = types.MappingProxyType({})
    tool_run = types.SimpleNamespace(active=contextlib.nullcontext)

    def defer_start(self):
        pass

    def finish(self, result):
        return result

    def fail(self, error):
        return error


def grant_until(expires):
    return types.SimpleNamespace(
        delegation="",
        agents=(),
        task="task-1",
        ends="task-1",
        cut=(),
        expires=expires,
        authority=types.SimpleNamespace(deadline=DEADLINE),
        request=types.SimpleNamespace(intent="correspond"),
    )


@pytest.fixture
def services():
    """Services that note what they are asked."""
    return Services()


@pytest.fixture
def task(services):
    """A task whose token lasts until second 1,000, and which may last until 10,000."""
    return Task(services, services, grant_until(EXPIRES), "session")


class Others:
    """A lock before which another thread was faster."""

    def __init__(self, act=lambda: None):
        self.act = act
        self.held = self.mine = False

    def __enter__(self):
        self.act()
        self.held = True

    def __exit__(self, *_):
        self.held = False


class TestBlocks:
    def test_the_innermost(self, services, task):
        """
        The task of a context is the one that was entered last, until it is left.
        """
        other = Task(services, services, grant_until(EXPIRES), "session")
        with task:
            with other:
                assert other is current()
            assert task is current()
        with pytest.raises(TaskMissing):
            current()

    def test_left_in_another_order(self, services, task):
        """
        A block that ends before one within it takes out its own task, and the last of that.
        """
        other = Task(services, services, grant_until(EXPIRES), "session")
        task.__enter__()
        other.__enter__()
        task.__enter__()
        other.__exit__(None, None, None)
        assert task is current()
        task.__exit__(None, None, None)
        assert task is current()
        assert ["task-1"] == services.ended  # the other one's
        task.__exit__(None, None, None)
        with pytest.raises(TaskMissing):
            current()
        assert ["task-1", "task-1"] == services.ended

    def test_the_last_entry_goes_first(self, services, task):
        """
        Entered around another one and again within it, it is within that again until left.
        """
        other = Task(services, services, grant_until(EXPIRES), "session")
        with task, other:
            with task:
                assert task is current()
            assert other is current()

    def test_ends_with_the_last_block(self, services, task):
        """
        A task that is entered twice ends when both blocks are left.
        """
        with task:
            with task:
                pass
            assert [] == services.ended
        assert ["task-1"] == services.ended

    async def test_ends_with_the_last_async_block(self, services, task):
        """
        Likewise where it is left asynchronously.
        """
        async with task:
            async with task:
                assert task is current()
            assert [] == services.ended
        assert ["task-1"] == services.ended

    def test_left_where_it_was_not_entered(self, services, task):
        """
        A block that ends in another context takes nothing from that.
        """
        other = Task(services, services, grant_until(EXPIRES), "session")
        contextvars.copy_context().run(task.__enter__)
        with other:
            task.__exit__(None, None, None)
            assert other is current()
        assert ["task-1", "task-1"] == services.ended

    def test_blocks_are_counted_one_thread_at_a_time(self, services, task):
        """
        Who entered meanwhile in another thread is still within.
        """
        task._lock = Others(lambda: setattr(task, "_blocks", 1))
        task.__enter__()
        assert 2 == task._blocks
        task._blocks = 1
        task._lock = Others(lambda: setattr(task, "_blocks", 2))
        task.__exit__(None, None, None)
        assert [] == services.ended


class TestEnd:
    def test_once(self, services, task):
        """
        It ends once, and then permits nothing.
        """
        task.require_usable()
        task.end()
        task.end()

        assert ["task-1"] == services.ended
        with pytest.raises(DecisionUnavailable) as ei:
            task.require_usable()
        assert "task.over" == ei.value.code

    def test_ended_by_another_thread(self, services, task):
        """
        Who ended it meanwhile has told the issuer.
        """
        task._telling = Others(lambda: setattr(task, "_told", True))
        task.end()
        assert [] == services.ended

    def test_gives_back_what_was_lent_after_the_issuer_knows(self, services, task):
        """
        Authority goes first, and what was lent goes even where the issuer could not be told.
        """
        task.end()
        assert services.released == [("task-1", ["task-1"])]

        services.end = lambda _: 1 / 0
        other = Task(services, services, grant_until(DEADLINE), None)
        with pytest.raises(ZeroDivisionError):
            other.end()
        assert len(services.released) == 2


class TestOutcomes:
    def test_reconciled(self, services, task):
        """
        What the log did not take is written in order, and only then do calls go on.
        """
        services.takes = False
        for record in ("a", "b", "c"):
            task.hold_unrecorded(record)
        with pytest.raises(DecisionUnavailable) as ei:
            task.require_usable()
        assert "task.unreconciled" == ei.value.code
        with pytest.raises(DecisionUnavailable):
            task.reconcile()
        with pytest.raises(DecisionUnavailable):
            task.require_usable()

        services.takes = True
        assert 3 == task.reconcile()
        assert ["a", "b", "c"] == services.written
        task.require_usable()
        assert 0 == task.reconcile()

    def test_what_a_fork_has_copied_is_written_by_its_own_process(
        self, services, task, monkeypatch
    ):
        task.hold_unrecorded("a")
        monkeypatch.setattr(task_authority.os, "getpid", lambda: 0)
        task.hold_unrecorded("b")

        assert task.reconcile() == 1
        assert services.written == ["b"]
        task.require_usable()

    def test_kept_one_thread_at_a_time(self, task):
        """
        Nobody else is at the list while it is changed.
        """
        lock = task._lock = Others()

        class Kept(list):
            def append(self, record):
                assert lock.held
                super().append(record)

            def __delitem__(self, place):
                assert lock.held
                super().__delitem__(place)

        task._unrecorded = Kept()
        task.hold_unrecorded("a")
        assert 1 == task.reconcile()


class TestToken:
    def at(self, monkeypatch, seconds):
        monkeypatch.setattr(clock, "now", lambda: seconds)

    @pytest.mark.parametrize(
        "case",
        [
            (EXPIRES - RENEW_WITHIN, EXPIRES, False),
            (EXPIRES - RENEW_WITHIN + 1, EXPIRES, True),
            (DEADLINE - 1, DEADLINE, False),
            (DEADLINE, DEADLINE, True),
            (DEADLINE + 1, DEADLINE, True),
            (DEADLINE - 30, DEADLINE - 1, True),
        ],
    )
    def test_renewed(self, services, task, monkeypatch, case):
        """
        A token is renewed in its last minute, where that gives time or tells that time is up.
        """
        now, expires, renewed = case
        task._grant = grant_until(expires)
        self.at(monkeypatch, now)

        assert renewed == (task.grant.expires > expires)
        assert renewed == (1 == len(services.renewed))

    def test_renewed_once(self, services, task, monkeypatch):
        """
        Two threads that need a token have one renewed.
        """
        self.at(monkeypatch, EXPIRES)
        fresh = grant_until(EXPIRES + 500)
        task._renewing = Others(lambda: setattr(task, "_grant", fresh))

        assert fresh is task.grant
        assert [] == services.renewed

    def test_no_other_lock_is_held_while_the_issuer_is_asked(self, services, task, monkeypatch):
        """
        An event loop that enters or leaves a block meanwhile does not wait for the issuer.
        """
        self.at(monkeypatch, EXPIRES - 1)
        fields = task._lock = Others()

        def renew(grant):
            assert not fields.held
            # As another thread does, which only the lock of a renewal may keep.
            contextvars.copy_context().run(task.__enter__)
            task._left()
            return grant_until(EXPIRES + 500)

        monkeypatch.setattr(services, "renew", renew)
        assert EXPIRES + 500 == task.grant.expires
        assert 0 == task._blocks

    def failing(self, services, monkeypatch, error):
        """Have renewals fail; return what notes them."""
        tried = []

        def renew(grant):
            tried.append(grant)
            raise error

        monkeypatch.setattr(services, "renew", renew)
        return tried

    @pytest.mark.parametrize("code", ["issuer.limited", "issuer.unreachable", "issuer.malformed"])
    def test_kept_while_good(self, services, task, monkeypatch, code):
        """
        Where the issuer gives no answer, the token stays in use until it expires, and no longer.
        """
        held = task._grant
        self.failing(services, monkeypatch, DecisionUnavailable("no answer", code=code))
        for now in (EXPIRES - RENEW_WITHIN + 1, EXPIRES - 1):
            self.at(monkeypatch, now)
            assert held is task.grant
        for now in (EXPIRES, EXPIRES + 1, DEADLINE):
            self.at(monkeypatch, now)
            with pytest.raises(DecisionUnavailable) as caught:
                _ = task.grant
            assert code == caught.value.code

    def test_not_kept_after_the_deadline(self, services, task, monkeypatch):
        """
        A token that would last longer than its task is not used after the task's deadline.
        """
        task._grant = grant_until(DEADLINE + 30)
        self.failing(services, monkeypatch, DecisionUnavailable("no answer"))
        self.at(monkeypatch, DEADLINE)
        with pytest.raises(DecisionUnavailable):
            _ = task.grant

    def test_not_kept_once_expired_meanwhile(self, services, task, monkeypatch):
        """
        The time that a renewal takes counts.
        """

        def renew(grant):
            self.at(monkeypatch, EXPIRES)
            raise DecisionUnavailable("no answer", code="issuer.unreachable")

        monkeypatch.setattr(services, "renew", renew)
        self.at(monkeypatch, EXPIRES - 1)
        with pytest.raises(DecisionUnavailable):
            _ = task.grant

    @pytest.mark.parametrize(
        "error",
        [
            TokenInvalid("ended", code="task.over"),
            TokenInvalid("stopped", code="emergency.kill_switch"),
            DecisionUnavailable("ended", code="task.over"),
        ],
        ids=str,
    )
    def test_not_kept_once_refused(self, services, task, monkeypatch, error):
        """
        A refusal is an answer, and so is that the task or the hop above has ended.
        """
        tried = self.failing(services, monkeypatch, error)
        self.at(monkeypatch, EXPIRES - 30)
        for _ in range(2):
            with pytest.raises(type(error)):
                _ = task.grant
        assert 2 == len(tried)

    def test_not_kept_once_refused_after_no_answer(self, services, task, monkeypatch):
        """
        What the issuer says at the next try counts.
        """
        monotonic = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: monotonic)
        self.at(monkeypatch, EXPIRES - 30)
        self.failing(services, monkeypatch, DecisionUnavailable("no answer"))
        assert task.grant.expires == EXPIRES
        self.failing(services, monkeypatch, TokenInvalid("ended", code="task.over"))
        monotonic += RENEW_PAUSE
        with pytest.raises(TokenInvalid):
            _ = task.grant

    def test_tried_again_after_a_pause(self, services, task, monkeypatch):
        """
        A call does not ask an issuer again that has just given no answer, unless it must.
        """
        monotonic = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: monotonic)
        self.at(monkeypatch, EXPIRES - 30)
        tried = self.failing(services, monkeypatch, DecisionUnavailable("no answer"))
        for _ in range(5):
            assert task.grant.expires == EXPIRES
        assert 1 == len(tried)
        monotonic += RENEW_PAUSE
        for _ in range(5):
            assert task.grant.expires == EXPIRES
        assert 2 == len(tried)
        self.at(monkeypatch, EXPIRES)
        for _ in range(2):
            with pytest.raises(DecisionUnavailable):
                _ = task.grant
        assert 4 == len(tried)
        monkeypatch.undo()
        self.at(monkeypatch, EXPIRES)
        assert task.grant.expires > EXPIRES


@pytest.mark.parametrize("awaited", [False, True])
async def test_how_long_a_person_is_waited_for(services, task, awaited):
    """
    A permit and a call wait as long as they are told; the permit has the id of its call.
    """

    def resource():
        return None

    how = {"resource": resource, "tool_call_id": "call-1", "wait": 7.0}
    if awaited:
        await task.apermit("mail.read", {"id": "42"}, **how)
        assert "mail.send" == await task.acall("mail.send", {"id": "43"}, wait=8.0)
    else:
        task.permit("mail.read", {"id": "42"}, **how)
        assert "mail.send" == task.call("mail.send", {"id": "43"}, wait=8.0)

    assert [7.0, 8.0] == [wait for wait, *_ in services.waits]
    if not awaited:  # the awaited one takes its id along
        assert ["call-1", ""] == [ids[0] for _, *ids in services.waits]
    assert ("mail.read", resource) == services.targets[0]


@pytest.mark.parametrize("awaited", [False, True])
async def test_a_dry_run(services, task, monkeypatch, awaited):
    """
    It is of the tool, the arguments and the resource that are named, and of this task.
    """

    def resource():
        return None

    class Call:
        def __init__(self, *asked):
            assert (services, task, "target", {"id": "42"}) == asked

        def evaluate(self):
            return "decision"

    monkeypatch.setattr("inbounds.pep.task.Call", Call)
    asked = ("mail.read", {"id": "42"})
    if awaited:
        assert "decision" == await task.aevaluate(*asked, resource=resource)
    else:
        assert "decision" == task.evaluate(*asked, resource=resource)
    assert [("mail.read", resource)] == services.targets


@pytest.mark.parametrize("given", [{"id": "42"}, None])
def test_what_came_past_the_permits(services, task, given):
    """
    A result is observed with its tool and its arguments, which are unknown where nobody says them.
    """
    task.observe("text", tool="mail.read", arguments=given)
    assert [("text", "mail.read", given)] == services.observed


def test_it_cannot_be_copied(task):
    """
    A task stays in its process.
    """
    with pytest.raises(TypeError):
        pickle.dumps(task)


def test_what_it_says_of_itself(task):
    """
    A task shows its id and its intent.
    """
    assert "Task('task-1', intent='correspond')" == repr(task)
