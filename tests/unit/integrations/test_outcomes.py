"""What is remembered of a task's calls while a framework runs a step again."""

from __future__ import annotations

import datetime as dt
import enum
import gc
import uuid

import pydantic
import pytest

from inbounds import DecisionUnavailable
from inbounds.integrations._adapter import outcomes
from inbounds.integrations._adapter.outcomes import MOST, Key, Outcomes
from inbounds.integrations._adapter.refusals import Rejected


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Page(pydantic.BaseModel):
    id: str


class Held:
    """Stands where a task stands: something that ends."""


def key(step="tools:1", call="call-1", tool="mail.send", **arguments):
    return Key(step, call, tool, arguments)


def test_a_call_is_its_step_its_id_its_tool_and_its_arguments():
    same = key(to="bob")
    assert same.call == key(to="bob").call
    others = [
        key("tools:2", to="bob"),
        key(call="call-2", to="bob"),
        key(tool="mail.read", to="bob"),
        key(to="eve"),
    ]
    assert 5 == len({same.call, *(other.call for other in others)})
    assert same.wish == others[0].wish == others[1].wish
    assert 3 == len({same.wish, others[2].wish, others[3].wish})


def test_no_part_of_one_name_is_taken_for_the_next():
    assert Key("a", "b", "c", {}).call != Key("a", 'b", "c', "", {}).call


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (dt.date(2026, 1, 1), dt.date(2026, 2, 2)),
        (Colour.RED, Colour.BLUE),
        (Page(id="1"), Page(id="2")),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        (object(), object()),
    ],
    ids=["date", "enum", "model", "uuid", "no form"],
)
def test_arguments_of_any_type_name_their_own_call(one, other):
    """
    What has no canonical form, which no permit takes, is like no other call.
    """
    keys = [key(to=one), key(to=other), key(to={"x": [one]}), key(to={"x": [other]}), key()]
    assert len({each.call for each in keys}) == len({each.wish for each in keys}) == 5
    if type(one) is not object:
        assert key(to=one).call == key(to=one).call


def test_what_has_run_gives_its_outcome_again():
    held = Outcomes()
    assert held.result(key()) is None
    held.ran(key(), "sent")
    assert "sent" == held.result(key())
    assert held.result(key(call="call-2")) is None


def test_a_no_holds_for_the_same_wish_in_every_step():
    held = Outcomes()
    with pytest.raises(Rejected) as first:
        held.reject(key(to="bob"), "the-decision")
    with pytest.raises(Rejected) as again:
        held.result(key("tools:9", "call-9", to="bob"))
    assert "the-decision" == first.value.decision_id == again.value.decision_id
    assert held.result(key(call="call-2", to="eve")) is None


def test_a_no_holds_for_its_id_whatever_is_called_by_it_then():
    held = Outcomes()
    with pytest.raises(Rejected):
        held.reject(key(to="bob"), "the-decision")
    with pytest.raises(Rejected):
        held.result(key(to="eve"))
    with pytest.raises(Rejected):
        held.reject(key("", "", to="bob"), "the-decision")
    assert held.result(key("", "", to="eve")) is None


def test_a_call_is_under_way_once():
    held = Outcomes()
    with held.running(key()):
        assert held.alone(key())
        with pytest.raises(DecisionUnavailable) as ei, held.running(key()):
            pass
        assert "call.repeated" == ei.value.code
        with held.running(key(call="call-2")):
            assert not held.alone(key())
            assert held.alone(key("tools:2"))
    with held.running(key()):
        assert held.alone(key())


def test_a_call_is_let_go_whatever_ends_it():
    held = Outcomes()
    with pytest.raises(KeyboardInterrupt), held.running(key()):
        raise KeyboardInterrupt
    assert held.seen(key())
    with held.running(key()):
        pass


def test_one_call_of_a_step_waits():
    held = Outcomes()
    assert held.wait(key(), "first")
    assert held.wait(key(), "second")
    assert not held.wait(key(call="call-2"), "other")
    assert held.wait(key("tools:2", "call-2"), "elsewhere")
    assert ["first", "second"] == held.waits(key())
    assert [] == held.waits(key(call="call-2"))


def test_it_is_bounded():
    held = Outcomes()
    for number in range(MOST + 10):
        each = key(call=str(number))
        with held.running(each):
            held.ran(each, number)
    assert held.result(key(call="9")) is None
    assert 10 == held.result(key(call="10"))
    assert MOST == len(held._results) == len(held._seen)


def test_it_lives_as_long_as_its_task():
    task = Held()
    held = Outcomes.of(task)
    assert held is Outcomes.of(task)
    assert held is not Outcomes.of(Held())
    before = len(outcomes._of_task)
    del task
    gc.collect()
    assert before > len(outcomes._of_task)
