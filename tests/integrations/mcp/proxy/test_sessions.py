"""The sessions of proxies: what they begin with, and which of them share one."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import threading
from types import SimpleNamespace

import anyio
import pytest
from tests.integrations.mcp.proxy.test_callers import token
from tests.integrations.mcp.proxy.world import TOOLS, World, said

from inbounds import DecisionUnavailable, TokenInvalid
from inbounds.process import clock
from inbounds_server.mcp_proxy import launches as launching
from inbounds_server.mcp_proxy.caller import Caller, Launch
from inbounds_server.mcp_proxy.callers import Callers, NotAccepted
from inbounds_server.mcp_proxy.launches import REST, Launches
from inbounds_server.mcp_proxy.place import Place

UNTRUSTED = "Not executed [flow.untrusted_argument]; a person has to approve it."
THIRD = {"label": "internal", "party": "third"}
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A server whose resources are a stranger's."""
    tools = {**TOOLS, "files.resources.read": {**TOOLS["files.resources.read"], "returns": THIRD}}
    return World(tmp_path_factory.mktemp("sessions"), tools)


async def written(client) -> str:
    return said(await client.call_tool("write", {"path": "/a", "text": "x"}))


async def test_a_session_begins_untrusted(world):
    """A model has read what the proxy has not: a path that nobody named is asked about."""
    async with world.client(world.behind(), "--session-trust", "untrusted") as client:
        assert UNTRUSTED in await written(client)
    async with world.client(world.behind(), "--shared") as client:
        assert UNTRUSTED in await written(client)


async def test_where_it_begins_trusted_a_list_of_strangers_ends_that(world):
    async with world.client(world.behind()) as client:
        await client.list_tools()
        assert "write" in await written(client)
        await client.list_resources()
        assert UNTRUSTED in await written(client)


@pytest.mark.parametrize("options", [["--shared"], ["--shared", "--session", "board"]])
async def test_two_proxies_of_one_host_share_a_session(world, options):
    trusted = [*options, "--session-trust", "trusted"]
    async with (
        world.client(world.behind(), *trusted) as first,
        world.client(world.behind(), *trusted) as second,
    ):
        if "--session" in options:
            assert "write" in await written(first)
            assert "write" in await written(second)
        await first.list_resources()
        assert UNTRUSTED in await written(second)
    async with world.client(world.behind(), *trusted) as third:
        assert UNTRUSTED in await written(third)


async def test_proxies_of_different_names_do_not(world):
    trusted = ["--shared", "--session-trust", "trusted"]
    async with (
        world.client(world.behind(), *trusted, "--session", "one") as first,
        world.client(world.behind(), *trusted, "--session", "other") as second,
    ):
        await first.list_resources()
        assert "write" in await written(second)


ALICE, BOB = "alice@acme.example", "bob@acme.example"


def test_launches_that_overlap_are_one(tmp_path, monkeypatch):
    launches = Launches(tmp_path / "l.sqlite")
    name = launches.conversation(ALICE)
    assert name == Launches(tmp_path / "l.sqlite").conversation(ALICE)
    assert name != launches.conversation(BOB)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + REST - 10)
    assert name == launches.share(ALICE, name)
    monkeypatch.setattr(clock, "now", lambda: now + 2 * REST - 20)
    assert name == launches.conversation(ALICE)
    monkeypatch.setattr(clock, "now", lambda: now + 4 * REST)
    later = launches.conversation(ALICE)
    assert name != later
    assert later == launches.share(ALICE, name), "one that slept meanwhile is told"
    assert later == launches.conversation(ALICE), "and brings its session back to none"
    monkeypatch.setattr(clock, "now", lambda: now - REST)
    assert later == launches.conversation(ALICE), "a clock that was set back ends nothing"


async def test_a_proxy_that_slept_while_another_session_was_begun_ends(tmp_path, monkeypatch):
    launches = Launches(tmp_path / "l.sqlite")
    name = launches.conversation(ALICE)
    monkeypatch.setattr(launching, "EVERY", 0.01)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + REST + 1)
    assert name != Launches(tmp_path / "l.sqlite").conversation(ALICE)

    with anyio.fail_after(10), pytest.raises(DecisionUnavailable) as error:
        await launches.keep(ALICE, name)
    assert "session.contended" == error.value.code


def _begin(path, names):
    names.put(Launches(path).conversation(ALICE))


def test_those_that_a_host_starts_at_once_are_one(tmp_path):
    names = SPAWN.Queue()
    started = [SPAWN.Process(target=_begin, args=(tmp_path / "l.sqlite", names)) for _ in range(6)]
    for each in started:
        each.start()
    for each in started:
        each.join(30)
    assert 1 == len({names.get(timeout=5) for _ in started})


def test_a_file_that_is_gone_is_told(tmp_path):
    launches = Launches(tmp_path / "l.sqlite")
    launches.close()
    for use in (launches.conversation, launches.find):
        with pytest.raises(DecisionUnavailable) as error:
            use(ALICE)
        assert "session.unreachable" == error.value.code


# --- the users of a proxy over HTTP ---------------------------------------------------------


class Begun:
    """Stands for a guard, whose session store binds each conversation to one session."""

    def __init__(self, together=1):
        self.bound, self.ended, self.refused = {}, [], False
        self._together = threading.Barrier(together)
        self._first = together

    def task(self, _intent, *, session, conversation, **_):
        if self.refused:
            raise TokenInvalid("refused")
        if self._first:
            self._first -= 1
            self._together.wait(10)
        sid = self.bound.setdefault(conversation, f"s-{len(self.bound)}")
        assert session in (None, sid)
        authority = SimpleNamespace(deadline=clock.now() + 600)
        return SimpleNamespace(
            session=SimpleNamespace(sid=sid),
            authority=authority,
            end=lambda: self.ended.append(sid),
        )


@contextlib.asynccontextmanager
async def serving(guard, path):
    """A proxy's callers, as `over_http` keeps them."""
    launches = Launches(path)
    async with anyio.create_task_group() as group:

        def make(user, text):
            return Caller(
                guard,
                Launch("tidy"),
                user,
                place=Place("files", command=("true",)),
                group=group,
                subject_token=lambda: text,
                launches=launches,
            )

        callers = Callers(make, launches=launches)
        yield callers
        await callers.close()
        group.cancel_scope.cancel()


async def sid_of(callers, user, number):
    return (await (await callers.of(token(user, number), "192.0.2.1")).task()).session.sid


def users(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [user for (user,) in connection.execute("SELECT subject FROM launches")]


@pytest.mark.parametrize("proxies", [1, 2])
async def test_two_tokens_that_come_at_once_are_one_session(tmp_path, proxies):
    path, guard, sids = tmp_path / "l.sqlite", Begun(together=2), []
    async with serving(guard, path) as one, serving(guard, path) as another:

        async def first_request(callers, number):
            sids.append(await sid_of(callers, ALICE, number))

        async with anyio.create_task_group() as group:
            group.start_soon(first_request, one, 1)
            group.start_soon(first_request, one if proxies == 1 else another, 2)
        bobs = await sid_of(another, BOB, 1)
        assert 1 == len(guard.ended), "the task that was in the other session has ended"

    assert 1 == len(set(sids))
    assert bobs not in sids


async def test_a_proxy_that_is_started_again_goes_on_with_the_users_session(tmp_path):
    guard = Begun()
    async with serving(guard, tmp_path / "l.sqlite") as before:
        sid = await sid_of(before, ALICE, 1)
    async with serving(guard, tmp_path / "l.sqlite") as after:
        assert sid == await sid_of(after, ALICE, 1)


async def test_a_token_that_is_not_accepted_records_nothing_for_whom_it_names(tmp_path):
    guard = Begun()
    guard.refused = True
    async with serving(guard, tmp_path / "l.sqlite") as callers:
        with pytest.raises(NotAccepted):
            await callers.of(token(ALICE), "192.0.2.1")
        assert [] == users(tmp_path / "l.sqlite")
        guard.refused = False
        await callers.of(token(BOB), "192.0.2.1")
    assert [BOB] == users(tmp_path / "l.sqlite")


async def test_users_of_a_proxy_that_slept_go_on_in_the_session_begun_meanwhile(tmp_path):
    path, guard = tmp_path / "l.sqlite", Begun()
    async with serving(guard, path) as slept, serving(guard, path) as another:
        before = await sid_of(slept, ALICE, 1)
        assert before == await sid_of(slept, ALICE, 2)
        busy = await slept.of(token(ALICE, 2), "192.0.2.1")
        busy._answering = 1
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE launches SET used = used - ?", (REST + 1,))
        meanwhile = await sid_of(another, ALICE, 3)
        assert before != meanwhile

        await slept.share_sessions()
        assert meanwhile == await sid_of(slept, ALICE, 1)
        assert not busy.over, "what is being answered is not ended"
        busy._answering = 0
        await slept.share_sessions()
        assert busy.over
        await slept.share_sessions()
        assert meanwhile == await sid_of(slept, ALICE, 1) == await sid_of(slept, ALICE, 2)


async def test_sessions_in_use_stay_shared_for_as_long_as_a_proxy_runs(tmp_path):
    path, guard = tmp_path / "l.sqlite", Begun()
    async with serving(guard, path) as callers, serving(guard, path) as another:
        sid = await sid_of(callers, ALICE, 1)
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE launches SET used = used - ?", (REST + 1,))
        await callers.share_sessions()
        assert sid == await sid_of(another, ALICE, 2)
