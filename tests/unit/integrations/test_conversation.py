"""What adapters share of conversations: joined once, and history that nothing names."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbounds import ConfigurationError
from inbounds.integrations._adapter.conversation import (
    SeenParts,
    fingerprint,
    join,
    join_messages,
    see,
    texts_of,
    without_prompt,
)
from inbounds.testing import PolicyUnderTest

SECRET = "secret"


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    under_test = PolicyUnderTest(tmp_path_factory.mktemp("policy") / "inbounds")
    yield under_test
    under_test.close()


def exposed(task):
    state = task._runtime.sessions.load(task.session)
    return (state.trust, state.label) == ("untrusted", SECRET)


def never():
    raise AssertionError("the history was read again")


class TestJoin:
    def test_each_conversation_is_joined_once_for_a_task(self, policy, monkeypatch):
        with policy.task() as task:
            join(task, "joined once", list)
            store = policy.guard._runtime.sessions
            monkeypatch.setattr(store, "bind_conversation", never)
            join(task, "joined once", never)

    def test_what_failed_is_tried_again(self, policy):
        with policy.task() as one, policy.task() as other:
            join(one, "tried again", list)
            for _ in range(2):
                with pytest.raises(ConfigurationError, match="conversation"):
                    join(other, "tried again", never)

    @pytest.mark.parametrize("missing", [None, ""])
    def test_without_an_id_it_is_the_tasks_own(self, policy, missing):
        with policy.task(conversation=f"own {missing}") as task:
            join(task, missing, list, run="1")
            join(task, missing, never, run="2")
            assert not exposed(task)

    def test_an_id_that_is_no_text_counts_as_its_text(self, policy):
        with policy.task() as one, policy.task() as other:
            join(one, 7001, list)
            with pytest.raises(ConfigurationError):
                join(other, "7001", list)

    def test_without_any_each_run_is_looked_at_once(self, policy):
        with policy.task() as task:
            join(task, None, list, run="1")
            join(task, None, never, run="1")
            assert not exposed(task)
            join(task, None, lambda: ["from before"], run="2")
            assert exposed(task)

    @pytest.mark.parametrize("conversation", [None, "without text"])
    @pytest.mark.parametrize(
        "message",
        ["", {}, [], {"content": ""}, {"data": 7}, object()],
        ids=["text", "object", "list", "content", "number", "no form"],
    )
    def test_that_there_is_a_message_makes_it_history(self, policy, message, conversation):
        with policy.task() as task:
            name = conversation and f"{conversation} {id(message)}"
            join(task, name, lambda: [message])
            assert exposed(task)


ROLES = st.sampled_from(["user", "system", "developer", "assistant", "tool", "function", ""])


class TestMessages:
    @settings(max_examples=150, deadline=None)
    @given(roles=st.lists(ROLES, max_size=6), text=st.text(max_size=5))
    def test_what_a_user_has_not_written_is_history(self, policy, roles, text):
        """
        All but what a program instructs, and the latest message of the user.
        """
        with policy.task() as task:
            join_messages(task, [{"role": role, "content": text} for role in roles])
            said = [role for role in roles if role not in ("system", "developer")]
            assert exposed(task) == (len(said) > ("user" in said))

    def test_a_text_is_the_users(self, policy):
        with policy.task() as task:
            join_messages(task, "go on")
            assert not exposed(task)

    def test_in_a_known_conversation_it_is_known(self, policy):
        said = [{"role": "assistant", "content": "done"}]
        with policy.task(conversation="messages") as task:
            join_messages(task, [])
        with policy.task(conversation="messages") as later:
            join_messages(later, said)
            assert later.session == task.session
            assert not exposed(later)

    @pytest.mark.parametrize("kind", ["tool_result", "function_call_output", "function_result"])
    def test_a_message_that_holds_what_a_tool_gave_is_no_prompt(self, kind):
        said = [{"role": "user", "content": [{"type": kind}]}]
        assert without_prompt(said, lambda each: each["role"]) == (said, [])


PARTS = st.lists(st.sampled_from("abcdef"), max_size=5)


class TestParts:
    @settings(max_examples=150, deadline=None)
    @given(own=PARTS, runs=st.lists(PARTS, max_size=3))
    def test_what_its_session_has_seen_is_no_history(self, policy, own, runs):
        """
        A part that the session has neither made nor been given before exposes it, and no other.
        """
        with policy.task() as task:
            see(task, own)
            for names in runs:
                before = exposed(task)
                join(task, None, lambda names=names: names)
                assert exposed(task) == (before or bool({*names} - {*own}))
                own = [*own, *names]

    @pytest.mark.parametrize(
        "other",
        [
            {"content": "b"},
            {"content": ""},
            {"content": ["a"]},
            {"content": "a", "more": "x"},
            {"content": "a", "call": {"id": "1", "args": {"to": ["eve"]}}},
            {},
        ],
        ids=repr,
    )
    def test_a_message_is_seen_where_all_of_it_was(self, policy, other):
        seen = {"content": "a", "call": {"id": "1", "args": {"to": ["bob"]}}}
        with policy.task() as task:
            see(task, [seen])
            join(task, None, lambda: [{**seen, "name": None}, dict(reversed(seen.items()))])
            assert not exposed(task)
            join(task, None, lambda: [{**seen, **other} if other else other])
            assert exposed(task) == ({**seen, **other} != seen or not other)

    def test_what_has_no_plain_form_is_never_seen(self, policy):
        circular = []
        circular.append(circular)
        with policy.task() as task:
            for message in (object(), {"a": object()}, circular):
                assert fingerprint(message) == ""
                see(task, [message])
            join(task, None, lambda: [object()])
            assert exposed(task)

    def test_another_session_has_seen_nothing_of_it(self, policy):
        seen = SeenParts()
        with policy.task() as one, policy.task() as other:
            seen.add(one, ["a"])
            assert (seen.has(one, "a"), seen.has(other, "a")) == (True, False)

    def test_what_is_remembered_is_bounded(self, policy):
        seen = SeenParts(sessions=2, parts=3)
        with policy.task() as one, policy.task() as two, policy.task() as three:
            seen.add(one, "abcd")
            assert [seen.has(one, name) for name in "abcd"] == [False, True, True, True]
            seen.add(two, "a")
            seen.add(three, "a")
            assert [seen.has(each, "a") for each in (one, two, three)] == [False, True, True]
            assert not seen.has(one, "d")


def test_texts_are_found_at_any_depth():
    deep = "bottom"
    for _ in range(5_000):
        deep = [deep]
    assert texts_of(deep) == ["bottom"]
    assert sorted(texts_of({"a": ["x", {"b": ("y", 3, None)}], "c": " \n"})) == ["x", "y"]


def test_a_task_that_is_gone_is_not_remembered(policy):
    from inbounds.integrations._adapter import conversation

    task = policy.task()
    join(task, "gone", list)
    task.end()
    del task
    gc.collect()
    assert all(("conversation", "gone") not in each for each in conversation._joined.values())
