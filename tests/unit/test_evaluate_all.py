"""Several calls, asked about in one query."""

import asyncio

import pytest

from inbounds import ArgumentNotRepresentable, ConfigurationError, InvalidAnswer, Unreachable
from inbounds.pdp import Reply

SEND = (
    "mail.send",
    {"to": ["mallory@evil.example"], "body": "x"},
    lambda to, body: ("mailbox", "a"),
)
ODD = ("mail.odd", {"id": "42"}, lambda id: ("mail", id))


def read(id="42"):
    return ("mail.read", {"id": id}, lambda id: ("mail", id))


def without_ids(decision):
    return decision.model_copy(update={"id": "", "engine_id": "", "access_request": None})


def asked(policy):
    """What the engine is asked, by entry point."""
    found = []
    ask = policy._policy.ask

    def watch(entrypoint, question, **options):
        found.append(entrypoint)
        return ask(entrypoint, question, **options)

    policy._policy.ask = watch
    return found


def test_each_is_judged_as_if_it_were_asked_alone(policy):
    with policy.task() as task:
        calls = [read(), SEND, ODD, read("43")]
        together = task.evaluate_all(calls)
        alone = [task.evaluate(name, given, resource=of) for name, given, of in calls]

    assert [each.allowed for each in together] == [True, False, False, True]
    assert [*map(without_ids, together)] == [*map(without_ids, alone)]
    assert len({each.id for each in together}) == 4
    assert all(each.evaluate_only for each in together)


def test_it_is_one_query(policy):
    with policy.task() as task:
        task.evaluate_all([read()])
        found = asked(policy)
        task.evaluate_all([read(str(number)) for number in range(10)])

    assert found == ["inbounds/evaluation/decisions"]


def test_nothing_is_spent_or_recorded(policy):
    with policy.task() as task:
        task.evaluate_all([read()] * 8)
        report = task.report()
        state = policy.guard._runtime.sessions.load(task.session)

    assert (report.ran, [*report.refused]) == (0, [])
    assert state.spent.calls == 0


def test_a_guarded_tool_says_what_it_touches(policy):
    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def reading(id):
        return id

    with policy.task() as task:
        by_name, itself = task.evaluate_all([("mail.read", {"id": "1"}), (reading, {"id": "1"})])

    assert by_name.allowed
    assert itself.allowed


def test_async(policy):
    async def ask(task):
        return await task.aevaluate_all([read(), SEND])

    with policy.task() as task:
        assert [each.allowed for each in asyncio.run(ask(task))] == [True, False]


def test_no_calls(policy):
    with policy.task() as task:
        assert task.evaluate_all([]) == []


def test_too_many(policy):
    with policy.task() as task:
        assert len(task.evaluate_all([read()] * 64)) == 64
        with pytest.raises(ConfigurationError) as ei:
            task.evaluate_all([read()] * 65)

    assert ei.value.code == "configuration.too_many_calls"


def test_what_cannot_be_judged_has_all_undecided(policy):
    """
    No decision is told of any call where one of them cannot be put.
    """
    odd = ("mail.read", {"id": float("nan")}, lambda id: ("mail", "1"))
    with policy.task() as task, pytest.raises(ArgumentNotRepresentable):
        task.evaluate_all([read(), odd])
    with policy.task() as task, pytest.raises(ConfigurationError):
        task.evaluate_all([read(), ("mail.nobody_guards", {})])


def test_a_registry_that_changes(policy):
    """
    What was parsed for one registry is parsed anew for the next, for each call that it concerns.
    """
    with policy.task() as task:
        task.evaluate_all([read(), SEND])
        tools = dict(policy.deployment["tools"])
        policy.change(tools={**tools, "mail.read": {**tools["mail.read"], "description": "x"}})
        first, second = task.evaluate_all([read(), SEND])

    assert first.allowed
    assert not second.allowed


ANSWERS = [None, {}, [], "yes", True, [True], [True, True], [{}, {}], [None, None], [[], []]]


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_an_answer_that_is_none(policy, answer):
    """
    Anything but a decision on each call is a decision on none.
    """
    with policy.task() as task:
        policy._policy.ask = _instead(policy, lambda _: answer)
        with pytest.raises(InvalidAnswer):
            task.evaluate_all([read(), read("43")])


def _instead(policy, change):
    """Answer otherwise where several calls are asked about."""
    ask = policy._policy.ask

    def answer(entrypoint, question, **options):
        reply = ask(entrypoint, question, **options)
        if entrypoint != "inbounds/evaluation/decisions":
            return reply
        return Reply(change(reply.result), reply.engine_id)

    return answer


@pytest.mark.parametrize(
    "change",
    [lambda real: real[:1], lambda real: [*real, real[0]], lambda real: {"decisions": real}],
    ids=["fewer", "more", "within"],
)
def test_an_answer_to_other_calls(policy, change):
    with policy.task() as task:
        policy._policy.ask = _instead(policy, change)
        with pytest.raises(InvalidAnswer):
            task.evaluate_all([read(), read("43")])


def test_nobody_answers(policy):
    def gone(*_, **__):
        raise Unreachable("nobody is there")

    with policy.task() as task:
        task.evaluate_all([read()])
        policy._policy.ask = gone
        with pytest.raises(Unreachable):
            task.evaluate_all([read()])
