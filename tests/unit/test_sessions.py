"""Sessions in memory, SQLite and Redis: one set of facts for all, then what one alone does."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redis_server import RedisServer

from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    SessionContended,
)
from inbounds.files import sqlite_file
from inbounds.model.question import SessionState, Spent, TaskSpent, Used
from inbounds.sessions.memory import MemorySessions
from inbounds.sessions.progress import SessionProgress
from inbounds.sessions.redis import PREFIX, RedisSessions
from inbounds.sessions.sqlite import SqliteSessions
from inbounds.sessions.store import (
    FairLocks,
    SessionKey,
    begin_state,
    monotone,
)

LABELS = ["public", "internal", "confidential"]
KEY = SessionKey(tenant="acme", subject="alice@acme.example", agent="spiffe://a/b", sid="s-1")
OTHERS = [
    SessionKey(tenant="rival", subject=KEY.subject, agent=KEY.agent, sid=KEY.sid),
    SessionKey(tenant=KEY.tenant, subject="bob@acme.example", agent=KEY.agent, sid=KEY.sid),
    SessionKey(tenant=KEY.tenant, subject=KEY.subject, agent="spiffe://a/c", sid=KEY.sid),
]
SPAWN = multiprocessing.get_context("spawn")


def soon(seconds=30.0):
    return time.monotonic() + seconds


def after(state, **changes):
    return state.model_copy(update={"version": state.version + 1, **changes})


def spend_one(store, key, deadline):
    """One call: in turn, and again where another process was faster."""
    attempts = 0
    with store.lock(key, deadline=deadline):
        while True:
            attempts += 1
            state = store.load(key)
            spent = state.spent.model_copy(update={"calls": state.spent.calls + 1})
            if store.commit(key, state.version, after(state, spent=spent)):
                return attempts


def spend(path, times):
    store = SqliteSessions(path, timeout=30, durable=False)
    for _ in range(times):
        spend_one(store, KEY, soon())
    store.close()


def made(kind, folder, redis):
    """A store of a kind; `redis` says where one is."""
    if kind == "memory":
        return MemorySessions()
    return SqliteSessions(folder / "s.sqlite") if kind == "sqlite" else RedisSessions(redis().url)


@pytest.fixture(scope="module")
def running():
    """Starts one Redis for all tests, once one needs it; each finds it empty."""
    with contextlib.ExitStack() as stack:
        servers = []

        def start():
            if not servers:
                servers.append(stack.enter_context(RedisServer()))
            servers[0].tell("FLUSHALL")
            return servers[0]

        yield start


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.system)])
def store(request, tmp_path, running):
    found = made(request.param, tmp_path, running)
    yield found
    found.close()


@pytest.fixture
def begun(store):
    store.create(KEY, begin_state(KEY.sid, "public"))
    return store


class TestStore:
    def test_a_fresh_session_has_seen_and_spent_nothing(self, begun):
        state = begun.load(KEY)

        assert state == begin_state(KEY.sid, "public")
        assert (state.version, state.trust, state.label) == (0, "trusted", "public")
        assert (state.effects, state.repeats, state.refusals, state.decisions) == ([], 0, 0, [])
        assert state.spent == Spent(calls=0, writes=0, exports=0)

    def test_a_commit_is_what_is_loaded_next(self, begun):
        following = after(begun.load(KEY), label="internal", trust="untrusted", effects=["read"])

        assert begun.commit(KEY, 0, following) is True
        assert begun.load(KEY) == following

    def test_a_commit_on_an_older_version_changes_nothing(self, begun):
        first = after(begun.load(KEY), label="internal")
        begun.commit(KEY, 0, first)

        assert begun.commit(KEY, 0, first.model_copy(update={"label": "public"})) is False
        assert begun.load(KEY) == first

    def test_what_was_loaded_cannot_be_changed_in_the_store(self, begun):
        begun.load(KEY).effects.append("administer")

        assert begun.load(KEY).effects == []

    def test_a_session_begins_once(self, begun):
        with pytest.raises(ConfigurationError) as caught:
            begun.create(KEY, begin_state(KEY.sid, "public"))

        assert caught.value.code == "session.exists"

    @pytest.mark.parametrize("other", OTHERS)
    def test_an_id_of_another_tenant_subject_or_agent_is_refused(self, begun, other):
        with pytest.raises(ConfigurationError) as taken:
            begun.create(other, begin_state(other.sid, "public"))
        with pytest.raises(DecisionUnavailable) as loaded:
            begun.load(other)
        with pytest.raises(DecisionUnavailable) as committed:
            begun.commit(other, 0, after(begin_state(other.sid, "public")))

        assert taken.value.code == "session.exists"
        assert {loaded.value.code, committed.value.code} == {"session.lost"}
        assert begun.load(KEY).version == 0

    def test_a_missing_session_is_lost_and_not_made_afresh(self, store):
        with pytest.raises(DecisionUnavailable) as loaded:
            store.load(KEY)
        with pytest.raises(DecisionUnavailable) as committed:
            store.commit(KEY, 0, after(begin_state(KEY.sid, "public")))

        assert {loaded.value.code, committed.value.code} == {"session.lost"}
        with pytest.raises(DecisionUnavailable):
            store.load(KEY)

    @pytest.mark.parametrize("version", [0, 2, 7])
    def test_a_commit_of_any_but_the_following_version_is_refused(self, begun, version):
        state = begun.load(KEY).model_copy(update={"version": version})

        with pytest.raises(InvalidAnswer):
            begun.commit(KEY, 0, state)
        assert begun.load(KEY).version == 0

    def test_a_commit_of_another_sessions_state_is_refused(self, begun):
        with pytest.raises(InvalidAnswer):
            begun.commit(KEY, 0, after(begin_state("s-2", "public")))

    def test_a_closed_store_is_unreachable(self, begun):
        begun.close()

        for call in (
            lambda: begun.load(KEY),
            lambda: begun.commit(KEY, 0, after(begin_state(KEY.sid, "public"))),
            lambda: begun.create(OTHERS[0], begin_state(KEY.sid, "public")),
        ):
            with pytest.raises(DecisionUnavailable) as caught:
                call()
            assert caught.value.code == "session.unreachable"

    def test_64_threads_lose_no_update_and_each_needs_one_attempt(self, begun):
        attempts = []

        def run():
            attempts.extend(spend_one(begun, KEY, soon(60)) for _ in range(4))

        threads = [threading.Thread(target=run) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert attempts == [1] * 256
        assert begun.load(KEY).spent.calls == 256
        assert begun.load(KEY).version == 256

    def test_64_threads_without_turns_lose_no_update_either(self, begun):
        won = []

        def run():
            state = begun.load(KEY)
            if begun.commit(KEY, state.version, after(state)):
                won.append(state.version)

        threads = [threading.Thread(target=run) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(won) == list(range(len(won)))
        assert begun.load(KEY).version == len(won) > 0


class TestTurns:
    def test_come_in_the_order_of_asking(self, begun):
        order, threads = [], []

        def run(number):
            with begun.lock(KEY, deadline=soon()):
                order.append(number)

        with begun.lock(KEY, deadline=soon()):
            for number in range(20):
                threads.append(threading.Thread(target=run, args=(number,)))
                threads[-1].start()
                while len(begun._locks._queues[KEY]) < number + 2:
                    time.sleep(0.001)
        for thread in threads:
            thread.join()

        assert order == list(range(20))

    def test_one_that_comes_too_late_is_contended_and_leaves_the_queue(self, begun):
        with begun.lock(KEY, deadline=soon()):
            started = time.monotonic()
            with (
                pytest.raises(SessionContended) as caught,
                begun.lock(KEY, deadline=time.monotonic() + 0.05),
            ):
                pytest.fail("it got the turn")
            assert 0.04 < time.monotonic() - started < 5
        with begun.lock(KEY, deadline=soon()):
            pass

        assert caught.value.code == "session.contended"
        assert caught.value.executed == "no"

    def test_one_that_gave_up_does_not_hold_up_those_behind(self, begun):
        got, gave_up = threading.Event(), threading.Event()

        def impatient():
            try:
                with begun.lock(KEY, deadline=time.monotonic() + 0.05):
                    pytest.fail("it got the turn")
            except SessionContended:
                gave_up.set()

        def patient():
            with begun.lock(KEY, deadline=soon()):
                got.set()

        with begun.lock(KEY, deadline=soon()):
            threads = [threading.Thread(target=run) for run in (impatient, patient)]
            for thread in threads:
                thread.start()
            assert gave_up.wait(5)
            assert not got.is_set()
        for thread in threads:
            thread.join()

        assert got.is_set()

    def test_other_sessions_do_not_wait(self, begun):
        other = SessionKey(KEY.tenant, KEY.subject, KEY.agent, "s-2")

        with begun.lock(KEY, deadline=soon()), begun.lock(other, deadline=soon(0.01)):
            pass

    def test_an_error_inside_gives_the_turn_on(self, begun):
        with pytest.raises(RuntimeError), begun.lock(KEY, deadline=soon()):
            raise RuntimeError
        with begun.lock(KEY, deadline=soon(0.01)):
            pass

    def test_idle_sessions_take_no_memory(self):
        locks = FairLocks()
        for number in range(1000):
            with locks.hold(SessionKey("t", "u", "a", str(number)), deadline=soon()):
                assert len(locks) == 1

        assert len(locks) == 0

    def test_may_be_given_back_by_another_thread(self, begun):
        turn = begun.lock(KEY, deadline=soon())
        turn.__enter__()
        thread = threading.Thread(target=turn.__exit__, args=(None, None, None))
        thread.start()
        thread.join()

        with begun.lock(KEY, deadline=soon(0.01)):
            pass


class TestMemory:
    def test_keeps_at_most_so_many_and_drops_the_longest_unused(self):
        store = MemorySessions(limit=2)
        keys = [SessionKey("t", "u", "a", sid) for sid in ("one", "two", "three")]
        for key in keys[:2]:
            store.create(key, begin_state(key.sid, "public"))
        store.load(keys[0])
        store.create(keys[2], begin_state("three", "public"))

        assert store.load(keys[0]).id == "one"
        with pytest.raises(DecisionUnavailable) as caught:
            store.load(keys[1])
        assert caught.value.code == "session.lost"


class TestSqlite:
    @pytest.mark.system
    def test_outlives_its_process(self, tmp_path):
        path = tmp_path / "s.sqlite"
        first = SqliteSessions(path)
        first.create(KEY, begin_state(KEY.sid, "public"))
        first.close()
        process = SPAWN.Process(target=spend, args=(path, 3))
        process.start()
        process.join()

        again = SqliteSessions(path)
        assert process.exitcode == 0
        assert again.load(KEY).spent.calls == 3
        again.close()

    @pytest.mark.system
    def test_processes_that_spend_at_once_lose_nothing(self, tmp_path):
        path = tmp_path / "s.sqlite"
        store = SqliteSessions(path)
        store.create(KEY, begin_state(KEY.sid, "public"))
        processes = [SPAWN.Process(target=spend, args=(path, 50)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

        assert [process.exitcode for process in processes] == [0] * 4
        assert store.load(KEY).spent.calls == 200
        store.close()

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
    def test_is_for_its_owner_alone(self, tmp_path):
        store = SqliteSessions(tmp_path / "new" / "s.sqlite")
        store.create(KEY, begin_state(KEY.sid, "public"))
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
        store.close()

        assert modes == {0o600}
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700

    def test_a_file_that_others_hold_is_unreachable_within_the_deadline(self, tmp_path):
        store = SqliteSessions(tmp_path / "s.sqlite", timeout=30)
        store.create(KEY, begin_state(KEY.sid, "public"))
        other = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()

        with pytest.raises(DecisionUnavailable) as caught:
            store.commit(KEY, 0, after(store.load(KEY)), deadline=time.monotonic() + 0.1)

        assert caught.value.code == "session.unreachable"
        assert 0.09 < time.monotonic() - started < 5
        other.execute("ROLLBACK")
        assert store.commit(KEY, 0, after(store.load(KEY)))
        other.close()
        store.close()

    @pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed elsewhere")
    def test_a_file_that_was_removed_or_replaced_is_unreachable(self, tmp_path):
        path = tmp_path / "s.sqlite"
        store = SqliteSessions(path)
        store.create(KEY, begin_state(KEY.sid, "public"))
        path.unlink()
        with pytest.raises(DecisionUnavailable) as removed:
            store.load(KEY)
        other = SqliteSessions(path)
        with pytest.raises(DecisionUnavailable) as replaced:
            store.commit(KEY, 0, after(begin_state(KEY.sid, "public")))

        assert {removed.value.code, replaced.value.code} == {"session.unreachable"}
        other.close()
        store.close()

    @pytest.mark.parametrize(
        "change",
        [
            "state = 'nonsense'",
            "state = replace(state, '\"version\":0', '\"version\":9')",
            "state = replace(state, 's-1', 's-2')",
            "version = 5",
        ],
    )
    def test_a_damaged_state_is_unreachable_and_not_a_fresh_one(self, tmp_path, change):
        store = SqliteSessions(tmp_path / "s.sqlite")
        store.create(KEY, begin_state(KEY.sid, "public"))
        other = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)
        other.execute(f"UPDATE sessions SET {change}")
        other.close()

        with pytest.raises(DecisionUnavailable) as caught:
            store.load(KEY)
        assert caught.value.code == "session.unreachable"
        store.close()

    def test_what_is_no_session_store_is_refused(self, tmp_path):
        (tmp_path / "text").write_text("not a database, and long enough to be read as one" * 40)
        other = sqlite3.connect(tmp_path / "other.sqlite")
        other.execute("CREATE TABLE theirs (x)")
        other.close()
        (tmp_path / "folder").mkdir()

        for name in ("text", "other.sqlite", "folder"):
            with pytest.raises(ConfigurationError):
                SqliteSessions(tmp_path / name)

    def test_a_place_nobody_can_write_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(ConfigurationError) as caught:
            SqliteSessions(tmp_path / "file" / "s.sqlite")

        assert caught.value.code == "configuration.not_writable"


def code_of(run, *arguments):
    with pytest.raises(DecisionUnavailable) as caught:
        run(*arguments)
    return caught.value.code


class Backing:
    """What is behind a store, as whoever may write to it finds and changes it."""

    def __init__(self, kind, folder, redis):
        self.kind = kind
        self.path = folder / "s.sqlite"
        self._redis = redis() if kind == "redis" else None

    def open(self):
        return SqliteSessions(self.path) if self.kind == "sqlite" else RedisSessions(self.url)

    @property
    def url(self):
        return self._redis.url

    def text(self):
        if self._redis is not None:
            return self._redis.tell("HGET", PREFIX + KEY.sid, "state").decode()
        with contextlib.closing(sqlite3.connect(self.path)) as file:
            return file.execute("SELECT state FROM sessions").fetchone()[0]

    def remove(self):
        if self._redis is not None:
            self._redis.tell("DEL", PREFIX + KEY.sid)
            return
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as file:
            file.execute("DELETE FROM sessions")

    def put(self, text, version=None):
        if self._redis is not None:
            self._redis.tell("HSET", PREFIX + KEY.sid, "state", text)
            if version is not None:
                self._redis.tell("HSET", PREFIX + KEY.sid, "version", version)
            return
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as file:
            file.execute("UPDATE sessions SET state = ?", (text,))
            if version is not None:
                file.execute("UPDATE sessions SET version = ?", (version,))


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.system)])
def backing(request, tmp_path, running):
    return Backing(request.param, tmp_path, running)


@pytest.fixture
def kept(backing):
    with contextlib.closing(backing.open()) as found:
        found.create(KEY, begin_state(KEY.sid, "public"))
        yield found


def decide(store, *names):
    """Commit one state for each decision."""
    for name in names:
        state = store.load(KEY)
        decisions = [*state.decisions, name][-8:]
        assert store.commit(KEY, state.version, after(state, decisions=decisions))


SET_BACK = "the session store has lost committed states"


class TestSetBack:
    """
    A store that is set back lets a budget or an approval be used again: whoever saw more notices.
    """

    @pytest.mark.parametrize("left", range(5))
    def test_to_any_state_before(self, backing, kept, left):
        states = []
        for number in range(5):
            states.append(backing.text())
            decide(kept, f"d{number}")
        backing.put(states[left], left)

        for _ in range(2):
            with pytest.raises(DecisionUnavailable, match=SET_BACK) as caught:
                kept.load(KEY)
            assert caught.value.code == "session.lost"
        following = after(begin_state(KEY.sid, "public"), version=6)
        assert code_of(kept.commit, KEY, 5, following) == "session.lost"

    def test_to_another_state_of_the_same_version(self, backing, kept):
        decide(kept, "d1")
        text = backing.text()
        assert '"calls":0' in text
        backing.put(text.replace('"calls":0', '"calls":7', 1))

        assert code_of(kept.load, KEY) == "session.lost"

    @pytest.mark.parametrize("ahead", range(8))
    def test_and_gone_on_from_there_by_another(self, backing, kept, ahead):
        """
        Set back, another process goes on, and the version is soon beyond what was seen.
        """
        before = backing.text()
        decide(kept, "d1")
        backing.put(before, 0)
        with contextlib.closing(backing.open()) as other:
            decide(other, *(f"other-{number}" for number in range(ahead + 1)))

        assert code_of(kept.load, KEY) == "session.lost"

    def test_and_stays_lost_however_far_another_goes_on(self, backing, kept):
        before = backing.text()
        decide(kept, "d1", "d2")
        backing.put(before, 0)
        assert code_of(kept.load, KEY) == "session.lost"
        with contextlib.closing(backing.open()) as other:
            decide(other, *(f"other-{number}" for number in range(20)))

        assert code_of(kept.load, KEY) == "session.lost"

    def test_what_another_process_did_in_between_is_none(self, backing, kept):
        with contextlib.closing(backing.open()) as other:
            for number in range(20):
                decide(kept, *(f"mine-{number}-{time}" for time in range(number % 9)))
                decide(other, *(f"other-{number}-{time}" for time in range(number % 11)))

            assert kept.load(KEY) == other.load(KEY)

    def test_to_before_it_was_begun(self, backing, kept):
        decide(kept, "d1")
        backing.remove()

        assert code_of(kept.create, KEY, begin_state(KEY.sid, "public")) == "session.lost"
        assert code_of(kept.load, KEY) == "session.lost"

    def test_by_an_approval_that_it_would_give_back(self, backing, kept):
        state = kept.load(KEY)
        unused = backing.text()
        used = {"approval": Used(until=2**40, times=1)}
        kept.commit(KEY, 0, after(state, approvals=used))
        backing.put(unused, 0)

        assert code_of(kept.load, KEY) == "session.lost"

    @pytest.mark.parametrize("by", ["a copy of the file", "the backup of SQLite"])
    def test_by_a_file_that_was_put_in_place(self, tmp_path, by):
        path, copy = tmp_path / "s.sqlite", tmp_path / "copy.sqlite"
        with contextlib.closing(SqliteSessions(path)) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            decide(store, "d1")
            with (
                contextlib.closing(sqlite3.connect(path)) as file,
                contextlib.closing(sqlite3.connect(copy)) as other,
            ):
                file.backup(other)
            decide(store, "d2")
            if by == "the backup of SQLite":
                with (
                    contextlib.closing(sqlite3.connect(copy)) as file,
                    contextlib.closing(sqlite3.connect(path)) as other,
                ):
                    file.backup(other)
            else:
                for name in tmp_path.glob("s.sqlite-*"):
                    name.write_bytes(b"")
                with path.open("r+b") as file:
                    file.write(copy.read_bytes())
                    file.truncate()

            assert code_of(store.load, KEY) in ("session.lost", "session.unreachable")

    def test_of_how_many_sessions_it_is_noticed_is_bounded_and_said_once(self, caplog):
        progress = SessionProgress(limit=10)
        for number in range(30):
            key = SessionKey("t", "u", "a", str(number))
            progress.record(key, begin_state(key.sid, "public"), "")

        known = [n for n in range(30) if progress.of(SessionKey("t", "u", "a", str(n)))]
        assert known == [*range(20, 30)]
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "more than 10 sessions" in caplog.text


RICH = begin_state(KEY.sid, "internal").model_copy(
    update={
        "trust": "untrusted",
        "effects": ["read", "write"],
        "spent": Spent(calls=3, money={"EUR": 100}),
        "tasks": {"t-1": TaskSpent(calls=2, deadline=2**33)},
        "approvals": {"a-1": Used(until=2**33, times=1)},
        "last": "digest",
        "tainted_stores": ["mail"],
        "decisions": ["d-1", "d-2"],
    }
)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def as_object(pairs):
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in pairs) + "}"


def spoilt(value, at=""):
    """Yield texts that are no longer what was written, by what was done to which member."""
    whole = compact(value)
    if isinstance(value, dict):
        yield from spoilt_object(value, at)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            for what, text in spoilt(part, f"{at}/{place}"):
                texts = [*map(compact, value)]
                texts[place] = text
                yield what, f"[{','.join(texts)}]"
    else:
        yield f"{at} is of another type", f'"{value}"' if isinstance(value, int) else "7"
        yield f"{at} is a fraction", f"{value}.0" if isinstance(value, int) else "0.5"
    for text in ("null", "[[]]", "true", "-1", "1e400", "NaN", f" {whole}", "", whole[:-1]):
        yield f"{at} is `{text[:8]}`", text


def spoilt_object(value, at):
    parts = {name: compact(part) for name, part in value.items()}
    for name, part in value.items():
        yield (
            f"{at}/{name} is missing",
            as_object(pair for pair in parts.items() if pair[0] != name),
        )
        yield f"{at}/{name} comes twice", as_object([(name, "0"), *parts.items()])
        yield f"{at}/{name} comes twice", as_object([*parts.items(), (name, parts[name])])
        for what, text in spoilt(part, f"{at}/{name}"):
            yield what, as_object((parts | {name: text}).items())
    yield f"{at} has one more", as_object([*parts.items(), ("other", "0")])


def outcome(store):
    """What loading comes to: the code of the failure, or ""."""
    try:
        store.load(KEY)
    except DecisionUnavailable as error:
        return error.code
    return ""


def test_a_state_with_garbage_in_any_member_is_refused(backing):
    with contextlib.closing(backing.open()) as store:
        store.create(KEY, RICH)
        sound = backing.text()
        variants = {text: what for what, text in spoilt(json.loads(sound)) if text != sound}
        assert len(variants) > 300
    found = {}
    for text, what in variants.items():
        backing.put(sound)
        # Another process: one that has found a session to be lost keeps it lost.
        with contextlib.closing(backing.open()) as store:
            assert store.load(KEY) == RICH
            backing.put(text)
            found.setdefault(outcome(store), []).append(what)

    # Without an entry of a map, or with another text, it is a state as well, and not this one.
    assert found.keys() == {"session.unreachable", "session.lost"}
    assert not any(what.endswith("comes twice") for what in found["session.lost"])
    assert len(found["session.lost"]) < 20


@pytest.mark.parametrize("version", ["0.5", "'0'", "x'00'", "NULL"])
def test_a_version_that_is_no_whole_number_is_refused(tmp_path, version):
    with contextlib.closing(SqliteSessions(tmp_path / "s.sqlite")) as store:
        store.create(KEY, begin_state(KEY.sid, "public"))
        with contextlib.closing(sqlite3.connect(tmp_path / "s.sqlite")) as file:
            file.execute("ALTER TABLE sessions RENAME TO before")
            file.execute(
                "CREATE TABLE sessions (sid PRIMARY KEY, tenant, subject, agent, version, state)"
            )
            whose = "sid, tenant, subject, agent"
            file.execute(f"INSERT INTO sessions SELECT {whose}, {version}, state FROM before")
            file.commit()

        assert code_of(store.load, KEY) == "session.unreachable"
        following = after(begin_state(KEY.sid, "public"))
        assert code_of(store.commit, KEY, 0, following) == "session.unreachable"


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
class TestFork:
    @staticmethod
    def in_child(run):
        """Run in a forked child; its answer is the exit status."""
        child = os.fork()
        if child == 0:
            status = 99
            try:
                status = run()
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    @pytest.mark.parametrize("kind", ["sqlite", "redis"])
    def test_a_child_goes_on_in_the_same_file(self, tmp_path, running, kind):
        store = made(kind, tmp_path, running)
        store.create(KEY, begin_state(KEY.sid, "public"))

        assert self.in_child(lambda: spend_one(store, KEY, soon())) == 1
        assert store.load(KEY).spent.calls == 1
        spend_one(store, KEY, soon())
        assert store.load(KEY).spent.calls == 2
        store.close()

    def test_a_child_has_none_of_the_sessions_in_memory(self):
        store = MemorySessions()
        store.create(KEY, begin_state(KEY.sid, "public"))

        def run():
            try:
                store.load(KEY)
            except DecisionUnavailable as error:
                return 7 if error.code == "session.lost" else 8
            return 0

        assert self.in_child(run) == 7
        assert store.load(KEY).version == 0

    @pytest.mark.parametrize(
        "kind", ["memory", "sqlite", pytest.param("redis", marks=pytest.mark.system)]
    )
    def test_a_child_does_not_wait_for_what_a_thread_of_its_parent_held(
        self, tmp_path, running, kind
    ):
        store = made(kind, tmp_path, running)
        held, release = threading.Event(), threading.Event()

        def hold():
            inner = {"memory": "_mutex", "redis": "_lock"}.get(kind)
            inner = getattr(store, inner) if inner else contextlib.nullcontext()
            with store.lock(KEY, deadline=soon()), inner:
                held.set()
                release.wait(30)

        def run():
            with store.lock(KEY, deadline=soon(0.5)):
                store.create(KEY, begin_state(KEY.sid, "public"))
                return 5

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        try:
            assert self.in_child(run) == 5
        finally:
            release.set()
            thread.join()
            store.close()

    def test_what_a_child_commits_outlives_its_parents_connection(self, tmp_path):
        """
        SQLite takes locks of the parent for the child's: the parent, closing last as it
        believes, removed the log that the child's commits were in.
        """
        store = SqliteSessions(tmp_path / "s.sqlite")
        store.create(KEY, begin_state(KEY.sid, "public"))
        spent, closed = os.pipe(), os.pipe()

        def run():
            spend_one(store, KEY, soon())
            os.write(spent[1], b".")
            os.read(closed[0], 1)
            spend_one(store, KEY, soon())
            return 7

        child = os.fork()
        if child == 0:
            status = 99
            try:
                status = run()
            finally:
                os._exit(status)
        os.read(spent[0], 1)
        store.close()
        os.write(closed[1], b".")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        for descriptor in (*spent, *closed):
            os.close(descriptor)
        again = SqliteSessions(tmp_path / "s.sqlite")
        assert again.load(KEY).spent.calls == 2
        again.close()

    def test_of_many_that_make_one_file_at_once_each_finds_it_whole(self, tmp_path):
        for number in range(40):
            path = tmp_path / f"{number}.sqlite"
            start, go = os.pipe()

            def make(path=path, start=start):
                os.read(start, 1)
                SqliteSessions(path).close()
                return 0

            children = []
            for _ in range(4):
                child = os.fork()
                if child == 0:
                    os.close(go)
                    status = 99
                    try:
                        status = make()
                    finally:
                        os._exit(status)
                children.append(child)
            os.close(go)  # all at once
            os.close(start)
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            assert codes == [0, 0, 0, 0]

    def test_a_fork_waits_for_a_transaction(self, tmp_path):
        store = SqliteSessions(tmp_path / "s.sqlite")
        within = threading.Event()

        def slow(connection):
            within.set()
            time.sleep(0.3)

        thread = threading.Thread(target=lambda: store._file.write(slow, soon()))
        thread.start()
        within.wait()

        def run():
            store.create(KEY, begin_state(KEY.sid, "public"))
            return 5

        assert self.in_child(run) == 5
        thread.join()
        assert store.load(KEY).version == 0
        store.close()

    @pytest.mark.parametrize("by", ["a transaction", "a reader"])
    def test_a_file_that_was_not_given_up_is_of_no_use_to_a_child(self, tmp_path, monkeypatch, by):
        """
        Rather no answer than a commit that could be lost.
        """
        monkeypatch.setattr(sqlite_file, "_FORK_SECONDS", 0.1)
        store = SqliteSessions(tmp_path / "s.sqlite")
        within, release = threading.Event(), threading.Event()

        def hold(_=None):
            within.set()
            release.wait(30)

        def transact():
            store._file.write(hold, soon())

        def read():
            with sqlite_file.reading(tmp_path / "s.sqlite"):
                hold()

        thread = threading.Thread(target=transact if by == "a transaction" else read)
        thread.start()
        within.wait()

        def run():
            try:
                store.create(KEY, begin_state(KEY.sid, "public"))
            except DecisionUnavailable as error:
                return 7 if error.code == "session.unreachable" else 8
            return 0

        try:
            assert self.in_child(run) == 7
        finally:
            release.set()
            thread.join()
        store.create(KEY, begin_state(KEY.sid, "public"))
        assert store.load(KEY).version == 0
        store.close()

    def test_a_file_that_was_replaced_during_a_fork_is_unreachable(self, tmp_path):
        store = SqliteSessions(tmp_path / "s.sqlite")
        store.create(KEY, begin_state(KEY.sid, "public"))
        assert self.in_child(lambda: 1) == 1  # closes it; it is opened again when it is used
        (tmp_path / "s.sqlite").rename(tmp_path / "moved")
        with pytest.raises(DecisionUnavailable):
            store.load(KEY)
        assert not (tmp_path / "s.sqlite").exists()
        store.close()


OVER, LONG = 1_000_000_000, 4_000_000_000


def spent_by_tasks():
    return st.builds(
        TaskSpent,
        deadline=st.sampled_from([OVER, LONG]),
        calls=st.integers(1, 9),
        rows=st.integers(0, 9),
        money=st.dictionaries(st.sampled_from(["EUR", "USD"]), st.integers(0, 9)),
    )


def states():
    return st.builds(
        SessionState,
        id=st.just("s-1"),
        version=st.integers(0, 100),
        trust=st.sampled_from(["trusted", "untrusted"]),
        label=st.sampled_from(LABELS),
        effects=st.lists(st.sampled_from(["read", "write", "export"]), unique=True),
        spent=st.builds(Spent, calls=st.integers(1, 9), writes=st.integers(1, 9)),
        tasks=st.dictionaries(st.sampled_from(["t-1", "t-2"]), spent_by_tasks()),
        approvals=st.dictionaries(
            st.sampled_from(["a-1", "a-2"]),
            st.builds(Used, until=st.sampled_from([OVER, LONG]), times=st.integers(0, 3)),
        ),
        last=st.sampled_from(["", "mail.read digest"]),
        repeats=st.integers(0, 5),
        refusals=st.integers(1, 5),
        tainted_stores=st.one_of(
            st.lists(st.sampled_from(["mail", "note", "file"]), unique=True), st.just(["*"])
        ),
        decisions=st.lists(st.text("abcdef", min_size=8, max_size=8), max_size=8),
    )


class TestMonotone:
    @given(states(), st.sampled_from(["allow", "deny"]))
    @settings(max_examples=200)
    def test_silent_about_what_the_policy_does(self, before, kind):
        following = after(before, decisions=[*before.decisions, "decision-9"][-8:])
        if kind == "deny":
            following = following.model_copy(update={"refusals": before.refusals + 1})
        else:
            following = following.model_copy(
                update={
                    "trust": "untrusted",
                    "label": "confidential",
                    "effects": sorted({*before.effects, "delete"}),
                    "spent": Spent(calls=before.spent.calls + 1, writes=before.spent.writes),
                    "tasks": {
                        name: task.model_copy(update={"calls": task.calls + 1})
                        for name, task in before.tasks.items()
                        if task.deadline == LONG
                    },
                    "approvals": {
                        name: used for name, used in before.approvals.items() if used.until == LONG
                    },
                    "last": "mail.read other",
                    "repeats": 0,
                    "tainted_stores": sorted({*before.tainted_stores, "page"})
                    if len(before.tainted_stores) < 3
                    else ["*"],
                }
            )

        assert monotone(before, following, LABELS) is None

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"id": "s-2"}, "id"),
            ({"version": 5}, "version"),
            ({"version": 7}, "version"),
            ({"version": 4}, "version"),
            ({"trust": "trusted"}, "trust"),
            ({"label": "public"}, "lowered"),
            ({"label": "secret"}, "not one of"),
            ({"effects": ["read"]}, "effect"),
            ({"effects": []}, "effect"),
            ({"spent": Spent(calls=2, writes=2, exports=2, rows=7, money={"EUR": 5})}, "spent"),
            ({"spent": Spent(calls=3, writes=1, exports=2, rows=7, money={"EUR": 5})}, "spent"),
            ({"spent": Spent(calls=3, writes=2, exports=1, rows=7, money={"EUR": 5})}, "spent"),
            ({"spent": Spent(calls=3, writes=2, exports=2, rows=6, money={"EUR": 5})}, "spent"),
            ({"spent": Spent(calls=3, writes=2, exports=2, rows=7, money={"EUR": 4})}, "spent"),
            ({"spent": Spent(calls=3, writes=2, exports=2, rows=7, money={"USD": 5})}, "spent"),
            ({"tasks": {}}, "task"),
            ({"tasks": {"t-1": TaskSpent(deadline=LONG, calls=2)}}, "task"),
            ({"tasks": {"t-2": TaskSpent(deadline=LONG, calls=3)}}, "task"),
            ({"approvals": {}}, "approval"),
            ({"approvals": {"a-1": Used(until=LONG, times=1)}}, "approval"),
            ({"approvals": {"a-2": Used(until=LONG, times=2)}}, "approval"),
            ({"refusals": 3}, "refusals"),
            ({"tainted_stores": []}, "store"),
            ({"tainted_stores": ["note"]}, "store"),
            ({"tainted_stores": ["file", "note"]}, "store"),
            ({"decisions": []}, "decisions"),
            ({"decisions": ["other-id"]}, "decisions"),
            ({"decisions": ["first-id", "a-second", "a-third-"]}, "decisions"),
        ],
    )
    def test_names_what_was_taken_back(self, changes, word):
        before = SessionState(
            id="s-1",
            version=5,
            trust="untrusted",
            label="internal",
            effects=["read", "write"],
            spent=Spent(calls=3, writes=2, exports=2, rows=7, money={"EUR": 5}),
            tasks={
                "t-1": TaskSpent(deadline=LONG, calls=3),
                "t-0": TaskSpent(deadline=OVER, calls=3),
            },
            approvals={"a-1": Used(until=LONG, times=2), "a-0": Used(until=OVER, times=2)},
            last="mail.read digest",
            repeats=3,
            refusals=4,
            tainted_stores=["mail", "note"],
            decisions=["first-id"],
        )
        following = after(before)
        assert monotone(before, following, LABELS) is None

        assert word in monotone(before, following.model_copy(update=changes), LABELS)

    def test_every_store_is_no_fewer_than_some(self):
        before = begin_state("s-1", "public").model_copy(update={"tainted_stores": ["mail"]})
        every = after(before, tainted_stores=["*"])
        assert monotone(before, every, LABELS) is None

        assert "store" in monotone(every, after(every, tainted_stores=["mail"]), LABELS)

    def test_what_is_over_may_be_forgotten(self):
        before = begin_state("s-1", "public").model_copy(
            update={
                "tasks": {"t-0": TaskSpent(deadline=OVER, calls=3)},
                "approvals": {"a-0": Used(until=OVER, times=2)},
            }
        )

        assert monotone(before, after(before, tasks={}, approvals={}), LABELS) is None

    def test_a_label_unknown_before_is_named_too(self):
        before = begin_state("s-1", "old")

        assert "label" in monotone(before, after(before, label="public"), LABELS)

    @pytest.mark.system
    @given(states(), states())
    @settings(max_examples=300)
    def test_nothing_grows_back(self, before, following):
        following = following.model_copy(update={"version": before.version + 1})
        if monotone(before, following, LABELS) is None:
            assert LABELS.index(following.label) >= LABELS.index(before.label)
            assert set(following.effects) >= set(before.effects)
            assert following.spent.calls >= before.spent.calls
            assert following.refusals >= before.refusals
            assert "*" in following.tainted_stores or set(following.tainted_stores) >= set(
                before.tainted_stores
            )
            assert (before.trust, following.trust) != ("untrusted", "trusted")


def test_a_path_may_hold_what_a_url_may_not(tmp_path: Path):
    store = SqliteSessions(tmp_path / "a b?c#d%20.sqlite")
    store.create(KEY, begin_state(KEY.sid, "public"))

    assert store.load(KEY).version == 0
    store.close()
