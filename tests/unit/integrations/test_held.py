"""What a function holds on to, where an adapter looks for an agent inside of a tool."""

from __future__ import annotations

import functools

import pytest

from inbounds.integrations._adapter.closures import held

FOUND = object()


class Desk:
    def __init__(self):
        self.agent = FOUND

    def ask(self, id: str) -> str:
        return id

    def __call__(self, id: str) -> str:
        return id


def closing():
    agent = FOUND

    def ask(id: str) -> str:
        return str(agent)

    return ask


def in_globals(id: str) -> str:
    return str(FOUND)


async def awaited(id: str) -> str:
    return str(FOUND)


@functools.wraps(in_globals)
def wrapped(id: str) -> str:
    return id


@pytest.mark.parametrize(
    "function",
    [
        closing(),
        in_globals,
        awaited,
        wrapped,
        Desk().ask,
        Desk(),
        functools.partial(len, FOUND),
        functools.partial(print, end=FOUND),
        functools.partial(functools.partial(closing()), 1),
    ],
)
def test_what_a_function_can_reach_is_found(function):
    assert any(each is FOUND for each in held(function))


@pytest.mark.parametrize("function", [len, str.upper, lambda id: id, Desk])
def test_what_reaches_nothing_holds_itself(function):
    found = list(held(function))

    assert function in found
    assert not any(each is FOUND for each in found)
