"""What a tool returns or yields does its work while its permit and its task last, or is refused."""

import asyncio
import collections
import functools
import io
import itertools
import json
import sqlite3
import tempfile

import pytest

from inbounds import ConfigurationError, DecisionUnavailable, Labelled
from inbounds.pep.lazy_results import refuse_lazy
from inbounds.process import clock

RAN = []
WIKI = "https://wiki.acme.example/"


def fetch(*of):
    """What a lazy result would do."""
    RAN.append(of)
    return of


async def awaited():
    fetch()


def generated():
    yield fetch()


async def generated_async():
    yield fetch()


class Iterating:
    def __iter__(self):
        return self

    def __next__(self):
        return fetch()


class IteratingAsync:
    def __aiter__(self):
        return self

    async def __anext__(self):
        return fetch()


class Awaitable:
    def __await__(self):
        yield fetch()


class Object:
    def method(self):
        fetch()


LAZY = {
    "a coroutine": awaited,
    "a generator": generated,
    "an async generator": generated_async,
    "a generator expression": lambda: (fetch(each) for each in [1]),
    "an iterator": Iterating,
    "an async iterator": IteratingAsync,
    "an awaitable": Awaitable,
    "a map": lambda: map(fetch, [1]),
    "a filter": lambda: filter(fetch, [1]),
    "a zip": lambda: zip(map(fetch, [1]), strict=True),
    "what itertools make": lambda: itertools.starmap(fetch, [[1]]),
    "an enumeration": lambda: enumerate(map(fetch, [1])),
    "a partial": lambda: functools.partial(fetch, 1),
    "a function": lambda: fetch,
    "a closure": lambda: lambda: fetch(1),
    "a method": lambda: Object().method,
    "a method of what is built in": lambda: RAN.append,
}

HOLDERS = {
    "itself": lambda value: value,
    "labelled": lambda value: Labelled(value, "public"),
    "labelled twice": lambda value: Labelled(Labelled(value, "public"), "internal"),
    "in a list": lambda value: [1, value],
    "in a tuple": lambda value: (value,),
    "in a dict": lambda value: {"items": value},
    "in a labelled list": lambda value: Labelled([value], "public"),
    "labelled in a list": lambda value: [Labelled(value, "public")],
    "the last of many": lambda value: [*range(999), value],
}

PLAIN = {
    "nothing": lambda: None,
    "text": lambda: "text",
    "a list": lambda: ["text", 1, None],
    "a dict": lambda: {"a": [1]},
    "a set": lambda: {1, 2},
    "a range": lambda: range(3),
    "views": {"a": 1}.items,
    "a queue": lambda: collections.deque([1]),
    "a buffer": lambda: io.BytesIO(b"x"),
    "text in memory": lambda: io.StringIO("x"),
    "an error": lambda: ValueError("x"),
    "a class": lambda: Object,
    "an object": Object,
    "labelled": lambda: Labelled("text", "public"),
}


@pytest.fixture(autouse=True)
def _nothing_ran():
    RAN.clear()
    yield
    RAN.clear()


def records(policy):
    """What the evidence log holds, in order, as far as it is about outcomes."""
    connection = sqlite3.connect(policy.guard.evidence.path)
    try:
        bodies = connection.execute("SELECT body FROM records ORDER BY seq").fetchall()
    finally:
        connection.close()
    kept = [json.loads(body) for (body,) in bodies]
    return [(each["executed"], each["status"]) for each in kept if "executed" in each]


class TestResults:
    @pytest.mark.parametrize("held", HOLDERS.values(), ids=HOLDERS)
    @pytest.mark.parametrize("made", LAZY.values(), ids=LAZY)
    def test_what_runs_later_is_refused(self, made, held):
        """
        Nothing is given that would do its work later, with a label and in a container or without.
        """
        with pytest.raises(ConfigurationError) as ei:
            refuse_lazy("mail.read", held(made()))

        assert ("configuration.tool_is_lazy", "unknown") == (ei.value.code, ei.value.executed)
        assert [] == RAN

    def test_in_a_set(self):
        """
        A set may hold what runs later, too.
        """
        for kind in (set, frozenset):
            with pytest.raises(ConfigurationError):
                refuse_lazy("mail.read", kind([functools.partial(fetch, 1)]))

    @pytest.mark.parametrize("made", PLAIN.values(), ids=PLAIN)
    def test_what_is_there_is_given(self, made):
        """
        What holds its values, an open buffer among it, is not a work.
        """
        value = made()
        refuse_lazy("mail.read", value)
        refuse_lazy("mail.read", [value])
        refuse_lazy("mail.read", {"value": value})

    def test_an_open_file_is_given(self, tmp_path):
        """
        A file is iterated over like what runs later, and is none.
        """
        path = tmp_path / "text"
        path.write_text("line\n")
        with path.open() as text, path.open("rb") as raw, tempfile.TemporaryFile() as other:
            refuse_lazy("mail.read", text)
            refuse_lazy("mail.read", [raw, other])
            assert ["line\n"] == list(text)

    def test_every_one_is_closed(self):
        """
        What was refused does not run when somebody finds it, nor complain that nobody awaited it.
        """
        made = [generated(), awaited(), generated()]
        with pytest.raises(ConfigurationError):
            refuse_lazy("mail.read", made)
        assert [] == [*made[0], *made[2]]
        with pytest.raises(RuntimeError):
            asyncio.run(made[1])
        assert [] == RAN

    @pytest.mark.parametrize("held", HOLDERS.values(), ids=HOLDERS)
    async def test_on_every_road(self, policy, held):
        """
        Called, awaited or as an item: refused, and recorded as run with an error.
        """
        many = iter(range(100))

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            return held(map(fetch, many))

        @policy.guard.tool("web.get", resource=lambda url: ("page", url))
        async def get(url: str):
            return held(map(fetch, many))

        async with policy.task(prompt=f"Get {WIKI}") as task:
            for run in (
                lambda: task.call("mail.read", {"id": "42"}),
                lambda: read("42"),
            ):
                with pytest.raises(ConfigurationError) as ei:
                    run()
                assert "configuration.tool_is_lazy" == ei.value.code
            for wait in (
                task.acall("mail.read", {"id": "42"}),
                task.acall("web.get", {"url": WIKI}),
                get(WIKI),
            ):
                with pytest.raises(ConfigurationError) as ei:
                    await wait
                assert "configuration.tool_is_lazy" == ei.value.code

        assert [("yes", "error")] * 5 == records(policy)
        assert [] == RAN

    @pytest.mark.parametrize("held", HOLDERS.values(), ids=HOLDERS)
    async def test_as_an_item(self, policy, held):
        """
        What a generator yields is looked at like what a function returns.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            yield "first"
            yield held(map(fetch, [id]))
            RAN.append("further")

        @policy.guard.tool("web.get", resource=lambda url: ("page", url))
        async def get(url: str):
            yield "first"
            yield held(map(fetch, [url]))
            RAN.append("further")

        async with policy.task(prompt=f"Get {WIKI}"):
            items = read("42")
            assert "first" == next(items)
            with pytest.raises(ConfigurationError) as ei:
                next(items)
            assert "configuration.tool_is_lazy" == ei.value.code
            others = get(WIKI)
            assert "first" == await anext(others)
            with pytest.raises(ConfigurationError) as ei:
                await anext(others)
            assert "configuration.tool_is_lazy" == ei.value.code

        assert [("yes", "error")] * 2 == records(policy)
        assert [] == RAN


class TestGenerators:
    @pytest.fixture
    def did(self):
        """What the generators of a test have done."""
        return []

    @pytest.fixture
    def read(self, policy, did):
        """A guarded generator that goes on for long."""

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            try:
                for number in range(1000):
                    did.append(number)
                    yield number
            finally:
                did.append(("closed", records(policy)))

        return read

    @pytest.fixture
    def get(self, policy, did):
        """The same as an async one."""

        @policy.guard.tool("web.get", resource=lambda url: ("page", url))
        async def get(url: str):
            try:
                for number in range(1000):
                    did.append(number)
                    yield number
            finally:
                await asyncio.sleep(0)
                did.append(("closed", records(policy)))

        return get

    def over(self, policy, monkeypatch, task, how):
        """Let the task be over."""
        if how == "ended":
            task.end()
        else:
            late = task.authority.deadline
            monkeypatch.setattr(clock, "now", lambda: late)

    @pytest.mark.parametrize("how", ["ended", "too late"])
    def test_do_not_outlive_their_task(self, policy, monkeypatch, read, did, how):
        """
        Once the task is over, no further item is made; that is recorded, and said.
        """
        task = policy.task()
        items = task.call(read, {"id": "42"})
        assert [0, 1] == [next(items), next(items)]
        self.over(policy, monkeypatch, task, how)

        with pytest.raises(DecisionUnavailable) as ei:
            next(items)

        assert ("task.over", "yes") == (ei.value.code, ei.value.executed)
        assert ei.value.decision_id
        # Closed before the outcome is recorded.
        assert [0, 1, ("closed", [])] == did
        assert [("yes", "error")] == records(policy)
        assert [] == list(items)

    @pytest.mark.parametrize("how", ["ended", "too late"])
    async def test_do_not_outlive_their_task_asynchronously(
        self, policy, monkeypatch, get, did, how
    ):
        """
        Likewise where the items are awaited.
        """
        task = policy.task()
        items = await task.acall(get, {"url": WIKI})
        assert [0, 1] == [await anext(items), await anext(items)]
        self.over(policy, monkeypatch, task, how)

        with pytest.raises(DecisionUnavailable) as ei:
            await anext(items)

        assert ("task.over", "yes") == (ei.value.code, ei.value.executed)
        assert ei.value.decision_id
        assert [0, 1, ("closed", [])] == did
        assert [("yes", "error")] == records(policy)

    def test_go_on_until_the_last_second(self, policy, monkeypatch, read):
        """
        A task is over at its deadline and no second before.
        """
        task = policy.task()
        items = task.call(read, {"id": "42"})
        assert 0 == next(items)
        late = task.authority.deadline
        monkeypatch.setattr(clock, "now", lambda: late - 1)
        assert 1 == next(items)
        items.close()
        assert [("yes", "cancelled")] == records(policy)

    @pytest.mark.parametrize("kept", [False, True], ids=["dropped", "closed"])
    async def test_are_closed_before_it_is_recorded(self, policy, get, did, kept):
        """
        What is left amid the items has done all its work when its outcome is recorded.
        """
        async with policy.task():
            items = get(WIKI)
            async for _ in items:
                break
            if kept:
                await items.aclose()
            del items
            for _ in range(500):
                if records(policy):
                    break
                await asyncio.sleep(0.01)

        assert [0, ("closed", [])] == did
        assert [("yes", "cancelled")] == records(policy)

    def test_are_closed_before_it_is_recorded_here_too(self, policy, read, did):
        """
        Likewise where nothing is awaited.
        """
        with policy.task():
            items = read("42")
            next(items)
            items.close()

        assert [0, ("closed", [])] == did
        assert [("yes", "cancelled")] == records(policy)
