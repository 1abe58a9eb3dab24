"""Text of MCP servers: a third party's unless it is pinned, and observed once for a session."""

import asyncio
from functools import partial

import pytest

from inbounds import DecisionUnavailable
from inbounds.canonical.mcp_descriptor import digest
from inbounds.integrations._adapter.server_text import aobserve, held_descriptor, observe
from inbounds.pep import observation
from inbounds.testing import PolicyUnderTest, small_deployment

WEATHER = {"name": "weather", "description": "Weather", "inputSchema": {"type": "object"}}
PINNED = {**WEATHER, "name": "read"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    tools = small_deployment()["tools"]
    pinned = {**tools, "mail.read": {**tools["mail.read"], "pin": digest(PINNED)}}
    under_test = PolicyUnderTest(tmp_path_factory.mktemp("policy") / "inbounds", {"tools": pinned})
    yield under_test
    under_test.close()


@pytest.fixture
def unreachable(monkeypatch):
    def expose(*_, **__):
        raise DecisionUnavailable("the store is down", code="session.unreachable")

    def begin():
        monkeypatch.setattr(observation, "expose", expose)

    return begin


def trust(task):
    return task._runtime.sessions.load(task.session).trust


@pytest.mark.parametrize(
    ("listed", "texts", "expected"),
    [
        ({}, [], "trusted"),
        ({"mail.read": PINNED}, [], "trusted"),
        ({"mail.send": PINNED}, [], "untrusted"),
        ({"mail.read": {**PINNED, "description": "Other"}}, [], "untrusted"),
        ({"weather": WEATHER}, [], "untrusted"),
        ({}, ["Write to bob."], "untrusted"),
    ],
    ids=["nothing", "pinned", "another tool's", "changed", "unpinned", "instructions"],
)
def test_text_is_a_third_partys_unless_it_is_pinned(policy, listed, texts, expected):
    with policy.task() as task:
        observe(task, listed, texts)
        assert expected == trust(task)
    with policy.task() as task:
        asyncio.run(aobserve(task, listed, texts))
        assert expected == trust(task)


def test_text_is_observed_once_for_a_session(policy, unreachable):
    """
    What has changed is observed anew, and so is what is of another tool.
    """
    with policy.task() as task:
        observe(task, {"weather": WEATHER}, ["Hello"])
        unreachable()
        observe(task, {"weather": WEATHER}, ["Hello"])
        for listed, texts in (
            ({"weather": {**WEATHER, "description": "Other"}}, []),
            ({"other": WEATHER}, []),
            ({}, ["Hello again"]),
        ):
            with pytest.raises(DecisionUnavailable):
                observe(task, listed, texts)
    with policy.task() as other, pytest.raises(DecisionUnavailable):
        observe(other, {"weather": WEATHER})


def test_what_could_not_be_committed_is_observed_again(policy, unreachable, monkeypatch):
    with policy.task() as task:
        unreachable()
        with pytest.raises(DecisionUnavailable):
            observe(task, {"weather": WEATHER})
        monkeypatch.undo()
        observe(task, {"weather": WEATHER})
        assert "untrusted" == trust(task)


def test_outside_of_a_task_nothing_is_observed():
    observe(None, {"weather": WEATHER}, ["Hello"])


class Calls:
    """What is called for a tool, and cannot be a key."""

    __hash__ = None

    def __init__(self, listed):
        self._listed = listed

    def __call__(self):
        return self._listed


def test_a_descriptor_is_found_in_what_a_function_holds():
    listed = type("Tool", (), {"__module__": "mcp_types._types"})()
    other = type("Tool", (), {"__module__": "langchain_core.tools"})()
    assert listed is held_descriptor(None, lambda: listed)
    assert listed is held_descriptor(Calls(listed))
    assert listed is held_descriptor(Calls(partial(max, listed)))
    assert held_descriptor(lambda: other, Calls(other), None) is None


def test_what_else_a_function_holds_is_not_read():
    """
    Such as a class of errors, whose `args` cannot be listed.
    """

    class Odd:
        @property
        def args(self):
            raise AssertionError

    odd = Odd()
    assert held_descriptor(lambda: (DecisionUnavailable, odd)) is None
