"""One task by itself: within which blocks it lives, and what its end leaves."""

import pickle
import types

import pytest

from inbounds import DecisionUnavailable, TaskMissing, clock
from inbounds.tasks import RENEW_WITHIN, Task, current

DEADLINE = 10_000
EXPIRES = 1_000


class Guard:
    """What a task uses of a guard: an issuer and an evidence log."""

    def __init__(self):
        self.issuer = self.evidence = self
        self.ended = []
        self.renewed = []
        self.written = []
        self.takes = True
        self.asked = []
        self.told = []
        self.released = []

    def end(self, grant):
        self.ended.append(grant.delegation or grant.task)

    def release(self, task):
        # Authority goes first, then what it was lent.
        self.released.append((task.ends, [*self.ended]))

    def renew(self, grant):
        self.renewed.append(grant)
        return grant_until(grant.expires + 1_000)

    def executed(self, record):
        if not self.takes:
            raise DecisionUnavailable("full", code="evidence.unavailable")
        self.written.append(record)

    def observe(self, *told, **how):
        self.told.append((told[1:], how))

    def permit(self, *asked, **how):
        self.asked.append((asked[1:], how))
        return "permit"

    def call(self, *asked, **how):
        self.asked.append((asked[1:], how))
        return "result"

    async def apermit(self, *asked, **how):
        return self.permit(*asked, **how)

    async def acall(self, *asked, **how):
        return self.call(*asked, **how)

    async def aevaluate(self, *asked, **how):
        self.asked.append((asked[1:], how))
        return "decision"


def grant_until(expires):
    return types.SimpleNamespace(
        delegation="",
        agents=(),
        task="task-1",
        cut=(),
        expires=expires,
        authority=types.SimpleNamespace(deadline=DEADLINE),
        request=types.SimpleNamespace(intent="correspond"),
    )


@pytest.fixture
def guard():
    """A guard that notes what it is told."""
    return Guard()


@pytest.fixture
def task(guard):
    """A task whose token lasts until second 1,000, and which may last until 10,000."""
    return Task(guard, grant_until(EXPIRES), "session", "")


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
    def test_the_innermost(self, guard, task):
        """
        The task of a context is the one that was entered last, until it is left.
        """
        other = Task(guard, grant_until(EXPIRES), "session", "")
        with task:
            with other:
                assert other is current()
            assert task is current()
        with pytest.raises(TaskMissing):
            current()

    def test_left_in_another_order(self, guard, task):
        """
        A block that ends before one within it takes out its own task, and the last of that.
        """
        other = Task(guard, grant_until(EXPIRES), "session", "")
        task.__enter__()
        other.__enter__()
        task.__enter__()
        other.__exit__(None, None, None)
        assert task is current()
        task.__exit__(None, None, None)
        assert task is current()
        assert ["task-1"] == guard.ended  # the other one's
        task.__exit__(None, None, None)
        with pytest.raises(TaskMissing):
            current()
        assert ["task-1", "task-1"] == guard.ended

    def test_the_last_entry_goes_first(self, guard, task):
        """
        Entered around another one and again within it, it is within that again until left.
        """
        other = Task(guard, grant_until(EXPIRES), "session", "")
        with task, other:
            with task:
                assert task is current()
            assert other is current()

    def test_ends_with_the_last_block(self, guard, task):
        """
        A task that is entered twice ends when both blocks are left.
        """
        with task:
            with task:
                pass
            assert [] == guard.ended
        assert ["task-1"] == guard.ended

    async def test_ends_with_the_last_async_block(self, guard, task):
        """
        Likewise where it is left asynchronously.
        """
        async with task:
            async with task:
                assert task is current()
            assert [] == guard.ended
        assert ["task-1"] == guard.ended

    def test_left_where_it_was_not_entered(self, guard, task):
        """
        A block that ends in another context takes nothing from that.
        """
        import contextvars

        other = Task(guard, grant_until(EXPIRES), "session", "")
        contextvars.copy_context().run(task.__enter__)
        with other:
            task.__exit__(None, None, None)
            assert other is current()
        assert ["task-1", "task-1"] == guard.ended

    def test_blocks_are_counted_one_thread_at_a_time(self, guard, task):
        """
        Who entered meanwhile in another thread is still within.
        """
        task._lock = Others(lambda: setattr(task, "_blocks", 1))
        task.__enter__()
        assert 2 == task._blocks
        task._blocks = 1
        task._lock = Others(lambda: setattr(task, "_blocks", 2))
        task.__exit__(None, None, None)
        assert [] == guard.ended


class TestEnd:
    def test_once(self, guard, task):
        """
        It ends once, and then permits nothing.
        """
        task.require_usable()
        task.end()
        task.end()

        assert ["task-1"] == guard.ended
        with pytest.raises(DecisionUnavailable) as ei:
            task.require_usable()
        assert "task.over" == ei.value.code

    def test_ended_by_another_thread(self, guard, task):
        """
        Who ended it meanwhile has told the issuer.
        """
        task._telling = Others(lambda: setattr(task, "_told", True))
        task.end()
        assert [] == guard.ended

    def test_gives_back_what_was_lent_after_the_issuer_knows(self, guard, task):
        """
        Authority goes first, and what was lent goes even where the issuer could not be told.
        """
        task.end()
        assert guard.released == [("task-1", ["task-1"])]

        guard.end = lambda _: 1 / 0
        other = Task(guard, grant_until(DEADLINE), None, "")
        with pytest.raises(ZeroDivisionError):
            other.end()
        assert len(guard.released) == 2


class TestOutcomes:
    def test_reconciled(self, guard, task):
        """
        What the log did not take is written in order, and only then do calls go on.
        """
        guard.takes = False
        for record in ("a", "b", "c"):
            task.hold_unrecorded(record)
        with pytest.raises(DecisionUnavailable) as ei:
            task.require_usable()
        assert "task.unreconciled" == ei.value.code
        with pytest.raises(DecisionUnavailable):
            task.reconcile()
        with pytest.raises(DecisionUnavailable):
            task.require_usable()

        guard.takes = True
        assert 3 == task.reconcile()
        assert ["a", "b", "c"] == guard.written
        task.require_usable()
        assert 0 == task.reconcile()

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
    def test_renewed(self, guard, task, monkeypatch, case):
        """
        A token is renewed in its last minute, where that gives time or tells that time is up.
        """
        now, expires, renewed = case
        task._grant = grant_until(expires)
        self.at(monkeypatch, now)

        assert renewed == (task.grant.expires > expires)
        assert renewed == (1 == len(guard.renewed))

    def test_renewed_once(self, guard, task, monkeypatch):
        """
        Two threads that need a token have one renewed.
        """
        self.at(monkeypatch, EXPIRES)
        fresh = grant_until(EXPIRES + 500)
        task._lock = Others(lambda: setattr(task, "_grant", fresh))

        assert fresh is task.grant
        assert [] == guard.renewed


async def test_an_awaited_dry_run(guard, task):
    """
    What is asked is handed on as it is.
    """

    def resource():
        return None

    assert "decision" == await task.aevaluate("mail.read", {"id": "42"}, resource=resource)
    assert [(("mail.read", {"id": "42"}), {"resource": resource})] == guard.asked


@pytest.mark.parametrize("awaited", [False, True])
async def test_what_is_asked(guard, task, awaited):
    """
    A permit or a call is asked for as it was of the task, with how long a person is waited for.
    """

    def resource():
        return None

    how = {"resource": resource, "tool_call_id": "call-1", "wait": 7.0}
    if awaited:
        assert "permit" == await task.apermit("mail.read", {"id": "42"}, **how)
        assert "result" == await task.acall("mail.read", {"id": "43"}, wait=8.0)
    else:
        assert "permit" == task.permit("mail.read", {"id": "42"}, **how)
        assert "result" == task.call("mail.read", {"id": "43"}, wait=8.0)

    assert [
        (("mail.read", {"id": "42"}), how),
        (("mail.read", {"id": "43"}), {"wait": 8.0}),
    ] == guard.asked


@pytest.mark.parametrize(("given", "told"), [({"id": "42"}, {"id": "42"}), (None, {})])
def test_what_came_past_the_permits(guard, task, given, told):
    """
    A result is handed on with its tool and its arguments; there are none where nobody says them.
    """
    task.observe("text", tool="mail.read", arguments=given)
    assert [(("text",), {"tool": "mail.read", "arguments": told})] == guard.told


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
