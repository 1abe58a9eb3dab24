"""One permit by itself: used once, by its own process, for the judged arguments."""

import asyncio
import contextlib
import os
import pickle
import sys

import pytest
from pydantic_core import to_json
from tests.allowed import ALLOWED

from inbounds import DecisionUnavailable, Labelled, OutcomeUnrecorded, ResultWithheld
from inbounds.canonical.arguments import canonical_json
from inbounds.model.question import Decision, Obligation, PolicyStamp, Returns
from inbounds.pep.labelled import Bound
from inbounds.pep.permit import Permit
from inbounds.pep.tool_run import ToolRun
from inbounds.process import clock

JUDGED = {"id": "42"}
LABELS = ("public", "internal", "secret")


class Anything(str):
    """Text that is equal to any other."""

    __slots__ = ()

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class Made:
    """A permit, and what it leaves behind."""

    def __init__(self, *, label="internal", good_for=60.0, obligations=()):
        self.records = []
        self.unrecorded = []
        self.dropped = []
        self.seen = []
        self.good_until = clock.monotonic() + good_for
        self.takes = True
        self.usable = True
        stamp = PolicyStamp(revision="r", deployment="d")
        self.decision = Decision(
            id="decision-1",
            allowed=True,
            outcome="allow",
            obligations=obligations,
            policy=stamp,
        )
        self.permit = Permit(
            decision=self.decision,
            tool="mail.read",
            judged=canonical_json(JUDGED),
            bound=Bound(label, LABELS),
            returns=Returns(),
            require_usable=self.require_usable,
            record=self.record,
            good_until=self.good_until,
            unrecorded=self.unrecorded.append,
            dropped=self.dropped.append,
            seen=lambda value, *, item=False: self.seen.append((value, item)),
            tool_run=ToolRun(ALLOWED, lambda record: None),
        )

    def require_usable(self):
        if not self.usable:
            raise DecisionUnavailable("the task is over", code="task.over")

    def record(self, record):
        if not self.takes:
            raise DecisionUnavailable("full", code="evidence.unavailable")
        self.records.append(record)

    @property
    def said(self):
        return [(record.executed, record.status, record.error_type) for record in self.records]


@pytest.fixture
def made():
    """A permit for a result up to `internal`."""
    made = Made()
    yield made
    made.permit._open = False


def refused(code, function, *args):
    """See that something is refused, in the name of the decision."""
    with pytest.raises(DecisionUnavailable) as ei:
        function(*args)
    assert (code, "no") == (ei.value.code, ei.value.executed)
    return ei.value


def as_another_process(monkeypatch):
    """Let this process be another from here on."""
    other = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: other)


class TestCompare:
    def test_the_judged_ones(self, made):
        """
        The judged arguments may run; nothing is recorded before they have.
        """
        made.permit.compare(dict(JUDGED))
        assert [] == made.said

    @pytest.mark.parametrize("arguments", [{"id": "43"}, {}, {"id": "42", "to": "x"}, {"id": 42}])
    def test_others(self, made, arguments):
        """
        Any others may not, and the permit is used up by them.
        """
        error = refused("permit.arguments_changed", made.permit.compare, arguments)

        assert "decision-1" == error.decision_id
        assert [("no", "cancelled", "")] == made.said
        assert "decision-1" == made.records[0].decision_id
        refused("permit.used", made.permit.compare, dict(JUDGED))

    def test_twice(self, made):
        """
        They run once: a second start is refused, whether or not the first has ended.
        """
        made.permit.compare(dict(JUDGED))

        error = refused("permit.used", made.permit.compare, dict(JUDGED))
        assert "decision-1" == error.decision_id
        made.permit.finish(None)
        refused("permit.used", made.permit.compare, dict(JUDGED))
        assert [("yes", "ok", "")] == made.said

    def test_after_the_task(self, made):
        """
        A task that ended after the permit was given keeps the tool from running.
        """
        made.usable = False

        refused("task.over", made.permit.compare, dict(JUDGED))

        assert [("no", "cancelled", "")] == made.said

    def test_too_old(self):
        """
        What was decided too long ago is not run on, and not given out to be run with.
        """
        for use in (
            lambda permit: permit.compare(dict(JUDGED)),
            lambda permit: permit.arguments,
        ):
            made = Made(good_for=-0.001)
            refused("permit.expired", use, made.permit)
            assert [("no", "cancelled", "")] == made.said
            refused("permit.used", made.permit.finish, None)

    def test_up_to_its_last_moment(self, made, monkeypatch):
        """
        It is good until then, then included.
        """
        monkeypatch.setattr(clock, "monotonic", lambda: made.good_until)
        made.permit.compare(dict(JUDGED))
        assert [] == made.said

    def test_its_arguments_after_the_task(self, made):
        """
        Whoever runs the tool itself learns before it does that the task is over.
        """
        made.usable = False
        refused("task.over", lambda: made.permit.arguments)
        assert [("no", "cancelled", "")] == made.said

    def test_its_arguments_after_use(self, made, monkeypatch):
        """
        They are for one run, in one process.
        """
        with monkeypatch.context() as patched:
            as_another_process(patched)
            refused("permit.used", lambda: made.permit.arguments)
        made.permit.finish(None)
        refused("permit.used", lambda: made.permit.arguments)

    def test_in_another_process(self, made, monkeypatch, caplog):
        """
        A copy in another process permits nothing and records nothing.
        """
        as_another_process(monkeypatch)

        for use in (
            lambda: made.permit.compare(dict(JUDGED)),
            made.permit.cancel,
            lambda: made.permit.finish(None),
        ):
            refused("permit.used", use)
        made.permit.fail(ValueError())
        made.permit.__del__()
        assert [] == made.said
        assert [] == caplog.records

    def test_cancelled_while_it_compares(self, made):
        """
        Who cancels while the arguments are compared is not overruled.
        """
        require = made.permit._require_usable
        made.permit._require_usable = lambda: (require(), made.permit.cancel())

        refused("permit.used", made.permit.compare, dict(JUDGED))
        assert [("no", "cancelled", "")] == made.said

    @pytest.mark.parametrize("use", [lambda p: p.compare(dict(JUDGED)), lambda p: p.cancel()])
    def test_one_thread_at_a_time(self, made, use):
        """
        Who used the permit up while another waited for its lock was first.
        """

        class Late:
            def __enter__(self):
                made.permit._open = False

            def __exit__(self, *_):
                pass

        made.permit._lock = Late()

        refused("permit.used", use, made.permit)
        assert [] == made.said


class TestDeferStart:
    @pytest.mark.parametrize("before", ["deferred", "begun", "deferred and begun", "finished"])
    def test_nothing_sets_back_what_was_known_of_the_run(self, made, before):
        """
        The tool begins once: neither before nor after it has is its start deferred again.
        """
        if before.startswith("deferred"):
            made.permit.defer_start()
        if before.endswith("begun"):
            made.permit.compare(dict(JUDGED))
        if before == "finished":
            made.permit.finish(None)

        refused("permit.used", made.permit.defer_start)

        if before == "deferred":
            made.permit.compare(dict(JUDGED))
        refused("permit.used", made.permit.compare, dict(JUDGED))

    def test_one_thread_at_a_time(self, made):
        """
        Of two that defer it at once, one is refused, whichever had the lock first.
        """

        class Late:
            def __enter__(self):
                made.permit._begun = True

            def __exit__(self, *_):
                pass

        made.permit._lock = Late()

        refused("permit.used", made.permit.defer_start)
        assert made.permit._begun


class TestEnd:
    def test_cancelled_too_late(self, made):
        """
        What has begun is not recorded as not having run.
        """
        made.permit.compare(dict(JUDGED))
        made.permit.cancel()
        assert [("yes", "cancelled", "")] == made.said

    def test_stopped_before_it_began(self, made):
        """
        A tool that is known not to have begun has not run, whatever was raised.
        """
        made.permit.defer_start()
        made.permit.fail(ValueError())
        assert [("no", "cancelled", "")] == made.said

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (ValueError("secret"), "error"),
            (SystemExit(1), "error"),
            (KeyboardInterrupt(), "cancelled"),
            (GeneratorExit(), "cancelled"),
            (asyncio.CancelledError(), "cancelled"),
        ],
        ids=repr,
    )
    def test_it_raised(self, made, error, status):
        """
        What it raised is recorded by its class alone.
        """
        made.permit.fail(error)
        assert [("yes", status, type(error).__name__)] == made.said

    def test_it_raised_what_has_a_strange_name(self, made):
        """
        The name of a class is text of whoever wrote it: ASCII, and of bounded length.
        """
        made.permit.fail(type("é" * 300, (Exception,), {})())

        ((_, _, name),) = made.said
        assert ("\\xe9" * 300)[:256] == name

    @pytest.mark.parametrize(
        "refuse",
        [
            lambda made: made.permit.compare({"id": "43"}),
            lambda made: made.permit.finish(Labelled("x", "secret")),
        ],
        ids=["arguments", "label"],
    )
    def test_its_own_refusal_is_no_failure_of_the_tool(self, made, refuse):
        """
        What the permit itself raised is recorded once.
        """
        with pytest.raises((DecisionUnavailable, ResultWithheld)) as ei:
            refuse(made)
        said = made.said

        made.permit.fail(ei.value)

        assert said == made.said
        assert 1 == len(said)

    def test_the_end_of_its_task_is_no_failure_of_the_tool(self, made):
        """
        A tool that did not run because the task was over is recorded once, as that.
        """
        made.usable = False
        error = refused("task.over", made.permit.compare, dict(JUDGED))

        made.permit.fail(error)

        assert [("no", "cancelled", "")] == made.said

    def test_another_calls_refusal_is_what_it_raised(self, made):
        """
        A tool that calls another one may be refused there; that is its own failure.
        """
        made.permit.fail(DecisionUnavailable("no", decision_id="decision-2"))
        assert [("yes", "error", "DecisionUnavailable")] == made.said

    def test_a_refusal_in_its_name_while_it_is_open(self, made):
        """
        What a tool raises is recorded, whatever it says of itself.
        """
        made.permit.fail(DecisionUnavailable("no", decision_id="decision-1"))
        assert [("yes", "error", "DecisionUnavailable")] == made.said

    def test_without_asyncio(self, made, monkeypatch):
        """
        A process that has not imported asyncio has nothing that asyncio cancels.
        """
        monkeypatch.delitem(sys.modules, "asyncio")
        made.permit.fail(ValueError())
        assert [("yes", "error", "ValueError")] == made.said

    def test_twice(self, made, caplog):
        """
        It ends once.
        """
        assert "value" == made.permit.finish("value")

        refused("permit.used", made.permit.finish, None)
        refused("permit.used", made.permit.fail, ValueError())
        refused("permit.used", made.permit.cancel)
        another = DecisionUnavailable("no", decision_id="decision-2")
        refused("permit.used", made.permit.fail, another)
        made.permit.__del__()
        assert [("yes", "ok", "")] == made.said
        assert [] == caplog.records

    def test_dropped(self, made):
        """
        Where nobody said how it ended, that is what is to be recorded; a finaliser writes nothing.
        """
        made.permit.__del__()
        assert [("unknown", "unknown", "")] == [
            (one.executed, one.status, one.error_type) for one in made.dropped
        ]
        assert [] == made.said

    def test_nothing_leaves_a_finaliser(self, made, caplog):
        """
        What cannot even be kept is told, and raises nothing.
        """
        made.permit._dropped = None
        made.permit.__del__()
        assert "the outcome of decision decision-1 was not recorded" in caplog.text

    def test_dropped_after_it_began(self, made):
        """
        That it has begun does not tell that it has ended.
        """
        made.permit.compare(dict(JUDGED))
        made.permit.__del__()
        assert [("unknown", "unknown")] == [(one.executed, one.status) for one in made.dropped]

    def test_dropped_before_it_was_made(self):
        """
        What was never whole has nothing to record.
        """
        Permit.__new__(Permit).__del__()


class TestRecords:
    def test_an_outcome_that_is_not_taken(self, made):
        """
        It has run; that stays to be recorded, and whoever called hears it.
        """
        made.takes = False

        with pytest.raises(OutcomeUnrecorded) as ei:
            made.permit.finish("value")

        assert ("yes", "decision-1") == (ei.value.executed, ei.value.decision_id)
        ((kept),) = made.unrecorded
        assert ("yes", "ok", "decision-1") == (kept.executed, kept.status, kept.decision_id)

    def test_an_unknown_outcome_that_is_not_taken(self, made):
        """
        What is not known to have run is not told as if it were.
        """
        made.takes = False

        with pytest.raises(OutcomeUnrecorded) as ei:
            made.permit._close("unknown", "unknown")

        assert "unknown" == ei.value.executed

    def test_a_cancellation_that_is_not_taken(self, made):
        """
        It has not run, and is told as that.
        """
        made.takes = False

        error = refused("evidence.unavailable", made.permit.cancel)

        assert not isinstance(error, OutcomeUnrecorded)
        assert "decision-1" == error.decision_id
        assert 1 == len(made.unrecorded)

        made.permit.fail(error)
        assert 1 == len(made.unrecorded)


class TestResults:
    @pytest.mark.parametrize(
        ("bound", "label", "given"),
        [
            ("internal", "public", True),
            ("internal", "internal", True),
            ("internal", "secret", False),
            ("internal", "unheard of", False),
            ("internal", "", False),
            ("", "secret", True),
            ("", "unheard of", False),
            ("unheard of", "unheard of", False),
            ("unheard of", "public", False),
        ],
    )
    def test_labels(self, bound, label, given):
        """
        A result is given up to the bound; one of a label that nobody knows never is.
        """
        made = Made(label=bound)
        made.permit.compare(dict(JUDGED))
        if given:
            assert "text" == made.permit.finish(Labelled("text", label))
            assert [("yes", "ok", "")] == made.said
            return

        with pytest.raises(ResultWithheld) as ei:
            made.permit.finish(Labelled("text", label))

        assert ("result.label_above_bound", "yes", "decision-1") == (
            *(ei.value.code, ei.value.executed, ei.value.decision_id),
        )
        assert [("yes", "withheld", "")] == made.said
        assert "text" not in repr(Labelled("text", label))
        assert b"text" not in to_json({"a": [Labelled("text", label)]}, fallback=repr)

    @pytest.mark.parametrize(
        "result",
        [
            Labelled(Labelled("text", "secret"), "internal"),
            Labelled(Labelled("text", "internal"), "secret"),
            Labelled(Labelled(Labelled("text", "unheard of"), "public"), "public"),
        ],
    )
    def test_labels_of_labels(self, made, result):
        """
        Of labels one within another, every one counts.
        """
        made.permit.compare(dict(JUDGED))
        with pytest.raises(ResultWithheld) as ei:
            made.permit.finish(result)
        assert "result.label_above_bound" == ei.value.code
        assert [("yes", "withheld", "")] == made.said

    def test_the_value_within(self, made):
        """
        The agent gets the value, however many labels it had.
        """
        assert "text" == made.permit.finish(Labelled(Labelled("text", "public"), "internal"))

    @pytest.mark.parametrize("around", [list, tuple, set, frozenset, lambda x: {"k": x[0]}])
    @pytest.mark.parametrize("outer", [lambda x: x, lambda x: Labelled(x, "public")])
    @pytest.mark.parametrize("label", ["public", "secret"])
    def test_a_label_within_the_result(self, made, around, outer, label):
        """
        A part that has a label of its own is not given, whatever its label.
        """
        made.permit.compare(dict(JUDGED))
        with pytest.raises(ResultWithheld) as ei:
            made.permit.finish(outer(around([Labelled("text", label)])))
        assert "result.label_within" == ei.value.code
        assert [("yes", "withheld", "")] == made.said

    @pytest.mark.parametrize(
        "result", [["a", "b"], ("a",), {"a"}, frozenset("a"), {"k": "a"}, [], {}, [["a"], {"k": 1}]]
    )
    def test_a_result_of_plain_parts(self, made, result):
        """
        What holds no label of its own is given as it is.
        """
        made.permit.compare(dict(JUDGED))
        assert result == made.permit.finish(result)
        assert [("yes", "ok", "")] == made.said

    @pytest.mark.parametrize(
        "result", [["a", Labelled("b", "public")], {"k": "a", "l": Labelled("b", "public")}]
    )
    def test_a_label_on_one_part_of_several(self, made, result):
        """
        One part that has a label is enough.
        """
        made.permit.compare(dict(JUDGED))
        with pytest.raises(ResultWithheld) as ei:
            made.permit.finish(result)
        assert ("result.label_within", "decision-1") == (ei.value.code, ei.value.decision_id)

    @pytest.mark.parametrize("label", [Anything("secret"), Anything("public"), None, 1, b"public"])
    @pytest.mark.parametrize("bound", ["internal", ""])
    def test_a_label_that_is_no_text(self, bound, label):
        """
        What behaves like a label is none.
        """
        made = Made(label=bound)
        made.permit.compare(dict(JUDGED))
        with pytest.raises(ResultWithheld):
            made.permit.finish(Labelled("text", label))

    def test_a_part_of_the_result(self):
        """
        The agent gets what the policy leaves; what cannot be given in part is not given at all.
        """
        cut = Obligation(id="truncate-1", type="truncate", properties={"rows": 1})
        assert ["a"] == Made(obligations=[cut]).permit.finish(["a", "b"])
        made = Made(obligations=[cut])
        with pytest.raises(ResultWithheld) as ei:
            made.permit.finish([object()])

        assert ("result.not_plain", "yes", "decision-1") == (
            *(ei.value.code, ei.value.executed, ei.value.decision_id),
        )
        assert [("yes", "withheld", "")] == made.said

    def test_an_item(self, made):
        """
        Items are given one by one; the permit stays open meanwhile.
        """
        assert "a" == made.permit.admitted("a")
        assert "b" == made.permit.admitted(Labelled("b", "public"))
        assert [] == made.said

    def test_what_is_seen(self, made):
        """
        What the agent gets is told to whom values are traced by, items as such; no more is.
        """
        made.permit.admitted("a")
        made.permit.finish(Labelled("b", "public"))
        withheld = Made()
        for give in (withheld.permit.admitted, withheld.permit.finish):
            with contextlib.suppress(ResultWithheld, DecisionUnavailable):
                give(Labelled("c", "secret"))

        over = (None, False)
        assert [("a", True), over, ("b", False)] == made.seen
        assert [over] == withheld.seen

    @pytest.mark.parametrize("give", [Permit.admitted, Permit.row])
    @pytest.mark.parametrize("ended", ["used", "forked"])
    def test_no_item_of_a_run_that_is_over(self, made, monkeypatch, give, ended):
        """
        Once the permit is used, or in a forked process, no more items are given or traced.
        """
        made.permit.require_open()
        if ended == "used":
            made.permit.cancel()
        else:
            as_another_process(monkeypatch)

        refused("permit.used", made.permit.require_open)
        refused("permit.used", give, made.permit, "a")
        assert ([(None, False)] if ended == "used" else []) == made.seen


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, SystemExit, MemoryError, RecursionError])
@pytest.mark.parametrize("end", [lambda p: p.finish("x"), lambda p: p.fail(OSError())])
def test_stopped_while_the_outcome_is_written(made, stopped, end):
    """
    The outcome of what has run is kept until it is written.
    """
    made.permit.compare(dict(JUDGED))

    def stop(record):
        raise stopped

    made.permit._record = stop
    with pytest.raises(stopped):
        end(made.permit)
    assert ["yes"] == [record.executed for record in made.unrecorded]


def test_it_cannot_be_copied(made):
    """
    A permit stays in its process.
    """
    with pytest.raises(TypeError):
        pickle.dumps(made.permit)


def test_its_arguments_are_a_copy(made):
    """
    What is done to the arguments changes nothing that was judged.
    """
    made.permit.arguments["id"] = "43"
    assert JUDGED == made.permit.arguments
