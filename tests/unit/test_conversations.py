"""Conversations of frameworks: each belongs to one session, which outlives task and process."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.redis_server import RedisServer
from tests.unit.test_sessions import SPAWN, made

from inbounds import ConfigurationError, DecisionUnavailable
from inbounds.pep import Guard
from inbounds.sessions.conversation_bindings import ConversationBindings
from inbounds.sessions.memory import MemorySessions
from inbounds.sessions.redis import RedisSessions
from inbounds.sessions.sqlite import SqliteSessions
from inbounds.sessions.store import Binding, ConversationKey
from inbounds.testing import AGENT, INTENT, SUBJECT, PolicyUnderTest, assert_asks

KEY = ConversationKey("acme", SUBJECT, AGENT, "thread-1")
OTHERS = [
    ConversationKey("rival", KEY.subject, KEY.agent, KEY.conversation),
    ConversationKey(KEY.tenant, "bob@acme.example", KEY.agent, KEY.conversation),
    ConversationKey(KEY.tenant, KEY.subject, "spiffe://acme.example/agent/b", KEY.conversation),
    ConversationKey(KEY.tenant, KEY.subject, KEY.agent, "thread-2"),
]
STRANGER = "eve@acme.example"
BODY = {"text": f"write to {STRANGER}"}
SECRET = "secret"


@pytest.fixture(scope="module")
def running():
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


class TestStores:
    def test_a_conversation_is_bound_to_the_first_session_alone(self, store):
        assert store.find_conversation(KEY) is None
        assert store.bind_conversation(KEY, "s-1") == Binding("s-1", history_known=False)
        assert store.bind_conversation(KEY, "s-2") == Binding("s-1", history_known=False)
        assert store.find_conversation(KEY) == Binding("s-1", history_known=False)

    def test_known_history_stays_known_and_is_that_of_its_session(self, store):
        store.bind_conversation(KEY, "s-1")
        assert not store.bind_conversation(KEY, "s-2", history_known=True).history_known
        assert store.bind_conversation(KEY, "s-1", history_known=True).history_known
        assert store.bind_conversation(KEY, "s-1").history_known
        assert store.find_conversation(KEY) == Binding("s-1", history_known=True)

    @pytest.mark.parametrize("other", OTHERS)
    def test_of_another_tenant_subject_agent_or_id_is_another(self, store, other):
        store.bind_conversation(KEY, "s-1")
        assert store.find_conversation(other) is None
        assert store.bind_conversation(other, "s-2").sid == "s-2"
        assert store.find_conversation(KEY).sid == "s-1"

    def test_32_threads_that_bind_at_once_agree(self, store):
        gate = threading.Barrier(32)

        def bind(number):
            gate.wait()
            return store.bind_conversation(KEY, f"s-{number}").sid

        with ThreadPoolExecutor(32) as threads:
            found = set(threads.map(bind, range(32)))

        assert found == {store.find_conversation(KEY).sid}

    def test_a_closed_store_is_unreachable(self, store):
        store.close()
        for run in (
            lambda: store.find_conversation(KEY),
            lambda: store.bind_conversation(KEY, "s-1"),
        ):
            with pytest.raises(DecisionUnavailable) as caught:
                run()
            assert caught.value.code == "session.unreachable"


def test_in_memory_the_longest_unused_is_forgotten():
    store = MemorySessions(limit=2)
    for other in OTHERS[:3]:
        store.bind_conversation(other, "s-1")

    assert [store.find_conversation(other) is None for other in OTHERS[:3]] == [True, False, False]


def bind_in(path, number, answers):
    store = SqliteSessions(path, timeout=30, durable=False)
    answers.put(store.bind_conversation(KEY, f"s-{number}").sid)
    store.close()


class TestSqlite:
    @pytest.mark.system
    def test_processes_that_bind_at_once_agree(self, tmp_path):
        path = tmp_path / "s.sqlite"
        SqliteSessions(path).close()
        answers = SPAWN.Queue()
        processes = [SPAWN.Process(target=bind_in, args=(path, n, answers)) for n in range(3)]
        for process in processes:
            process.start()
        found = {answers.get(timeout=60) for _ in processes}
        for process in processes:
            process.join()

        assert len(found) == 1
        assert SqliteSessions(path).find_conversation(KEY).sid in found

    def test_a_file_from_before_there_were_conversations_goes_on(self, tmp_path):
        path = tmp_path / "s.sqlite"
        store = SqliteSessions(path)
        assert store.find_conversation(KEY) is None
        assert store.bind_conversation(KEY, "s-1").sid == "s-1"

    @pytest.mark.parametrize("change", ["sid = ''", "sid = x'00'", "history_known = 2"])
    def test_a_damaged_one_is_unreachable_and_not_bound_anew(self, tmp_path, change):
        path = tmp_path / "s.sqlite"
        store = SqliteSessions(path)
        store.bind_conversation(KEY, "s-1")
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute(f"UPDATE conversations SET {change}")
            other.commit()

        for run in (
            lambda: store.find_conversation(KEY),
            lambda: store.bind_conversation(KEY, "s-2"),
        ):
            with pytest.raises(DecisionUnavailable) as caught:
                run()
            assert caught.value.code == "session.unreachable"


@pytest.mark.system
class TestRedis:
    @pytest.mark.parametrize("field", ["conversation", "sid", "known"])
    def test_a_damaged_one_is_unreachable_and_not_bound_anew(self, running, field):
        server = running()
        store = RedisSessions(server.url)
        store.bind_conversation(KEY, "s-1")
        (name,) = server.tell("KEYS", "inbounds:session:conversation:*")
        server.tell("HDEL", name, field)

        for run in (
            lambda: store.find_conversation(KEY),
            lambda: store.bind_conversation(KEY, "s-2"),
        ):
            with pytest.raises(DecisionUnavailable) as caught:
                run()
            assert caught.value.code == "session.unreachable"
        store.close()

    def test_is_forgotten_as_sessions_are(self, running):
        server = running()
        store = RedisSessions(server.url, keep_seconds=60)
        store.bind_conversation(KEY, "s-1")
        (name,) = server.tell("KEYS", "inbounds:session:conversation:*")

        assert 0 < server.tell("TTL", name) <= 60
        store.close()


# --- tasks ----------------------------------------------------------------------------------


@pytest.fixture
def policy(tmp_path):
    under_test = PolicyUnderTest(tmp_path / "inbounds", sessions=tmp_path / "s.sqlite")
    yield under_test
    under_test.close()


@pytest.fixture
def elsewhere(policy, tmp_path):
    """A guard of another process, which has the session store in common with the first."""
    other = Guard(pdp=policy._policy, home=tmp_path / "inbounds", sessions=tmp_path / "s.sqlite")
    yield other
    other._runtime.sessions.close()


def begin(guard, **asked):
    return guard.task(INTENT, subject=SUBJECT, **asked)


def read(task):
    task.permit("mail.read", {"id": "1"}, resource=lambda id: ("mail", id)).finish(BODY)


def send(task, to=STRANGER):
    arguments = {"to": [to], "body": "hello"}
    task.permit("mail.send", arguments, resource=lambda to, body: ("mailbox", "alice")).cancel()


def state_of(guard, task):
    return guard._runtime.sessions.load(task.session)


class TestTasks:
    def test_of_one_conversation_go_on_in_one_session_in_any_process(self, policy, elsewhere):
        with policy.task(conversation="chat") as task:
            read(task)
        with begin(elsewhere, conversation="chat") as later:
            assert later.session == task.session
            assert state_of(elsewhere, later).trust == "untrusted"
            with assert_asks("flow.untrusted_argument"):
                send(later)
        with begin(elsewhere, conversation="another") as other:
            assert other.session.sid != task.session.sid

    def test_without_one_every_task_has_a_session_of_its_own(self, policy):
        with policy.task() as one, policy.task() as other:
            assert one.session.sid != other.session.sid

    def test_a_named_session_is_bound_to_the_conversation(self, policy):
        with policy.task() as task:
            pass
        with policy.task(session=task.session.sid, conversation="chat"):
            pass
        with policy.task(conversation="chat") as later:
            assert later.session == task.session

    def test_another_session_than_the_conversations_is_refused(self, policy):
        with policy.task(conversation="chat"), policy.task() as other:
            pass
        with pytest.raises(ConfigurationError) as caught:
            policy.task(conversation="chat", session=other.session.sid)
        assert caught.value.code == "conversation.other_session"
        assert "conversation=" in caught.value.hint

    def test_one_whose_session_is_gone_is_lost_and_never_begun_afresh(self, policy, tmp_path):
        policy.task(conversation="chat").end()
        with contextlib.closing(sqlite3.connect(tmp_path / "s.sqlite")) as other:
            other.execute("DELETE FROM sessions")
            other.commit()

        for _ in range(2):
            with pytest.raises(DecisionUnavailable) as caught:
                policy.task(conversation="chat")
            assert caught.value.code == "session.lost"

    @pytest.mark.parametrize("conversation", ["", "a\nb", "x" * 257, "a\x00", 7, b"chat", ["chat"]])
    def test_what_is_no_id_of_a_conversation_is_refused(self, policy, conversation):
        with pytest.raises(ConfigurationError) as caught:
            policy.task(conversation=conversation)
        assert caught.value.code == "conversation.malformed"

    def test_who_is_overtaken_goes_on_in_the_others_session(self, policy, elsewhere, monkeypatch):
        """
        Two processes begin one conversation at once: the task of the slower one is begun again.
        """
        store, winners, ended = elsewhere._runtime.sessions, [], []
        bind, end = store.bind_conversation, elsewhere.issuer.end

        def overtaken(*asked, **named):
            if not winners:
                winners.append(policy.task(conversation="chat"))
            return bind(*asked, **named)

        monkeypatch.setattr(store, "bind_conversation", overtaken)
        monkeypatch.setattr(
            elsewhere.issuer, "end", lambda grant: (ended.append(grant), end(grant))
        )
        with begin(elsewhere, conversation="chat") as task:
            assert task.session == winners[0].session
            assert len(ended) == 1
            assert ended[0].task != task.id
            read(task)

    def test_a_store_that_forgets_what_it_binds_is_given_up(self, policy, monkeypatch):
        store = policy.guard._runtime.sessions
        monkeypatch.setattr(store, "bind_conversation", lambda *_, **__: Binding("other", False))
        with pytest.raises(DecisionUnavailable) as caught:
            policy.task(conversation="chat")
        assert caught.value.code == "session.contended"

    def test_a_refused_task_binds_nothing(self, policy):
        with pytest.raises(Exception, match="issuance"):
            policy.task("no such intent", conversation="chat")
        with policy.task() as task:
            task.join("chat", list)
            assert state_of(policy.guard, task).label != SECRET


class TestJoin:
    def test_one_without_history_changes_nothing(self, policy):
        with policy.task() as task:
            before = state_of(policy.guard, task)
            task.join("thread", list)
            assert state_of(policy.guard, task) == before
            send(task)

    def test_history_that_nobody_has_seen_is_a_strangers_of_the_highest_label(self, policy):
        with policy.task() as task:
            task.join("thread", lambda: [BODY["text"]])
            state = state_of(policy.guard, task)
            assert (state.trust, state.label) == ("untrusted", SECRET)
            origin = policy.guard._runtime.origins.of(task.session)
            assert "third_party_text" in str(origin._texts.values())

    def test_history_without_a_conversation_likewise(self, policy):
        with policy.task() as task:
            task.join(None, lambda: [BODY["text"]])
            assert state_of(policy.guard, task).trust == "untrusted"

    def test_it_is_asked_for_once_and_known_in_any_process(self, policy, elsewhere):
        asked = []
        with policy.task(conversation="thread") as task:
            for _ in range(3):
                task.join("thread", lambda: asked.append(1) or [])
        with begin(elsewhere, conversation="thread") as later:
            later.join("thread", lambda: asked.append(2) or ["whatever"])
            assert state_of(elsewhere, later).trust == "trusted"
        assert asked == [1]

    def test_a_conversation_that_the_program_names_is_no_known_history(self, policy):
        """
        The store was emptied, the framework's was not: what the thread holds nobody has seen.
        """
        with policy.task(conversation="thread") as task:
            task.join("thread", lambda: ["from before"])
            assert state_of(policy.guard, task).trust == "untrusted"

    def test_in_another_session_it_is_refused_and_nothing_of_it_is_looked_at(self, policy):
        with policy.task() as task, policy.task() as other:
            task.join("thread", list)
            with pytest.raises(ConfigurationError) as caught:
                other.join("thread", lambda: pytest.fail("it was looked at"))
            assert caught.value.code == "conversation.other_session"
            assert "conversation=" in caught.value.hint

    def test_where_the_exposure_is_not_committed_the_history_stays_unknown(
        self, policy, monkeypatch
    ):
        store = policy.guard._runtime.sessions
        commit = store.commit

        def away(*_):
            raise DecisionUnavailable("away", code="session.unreachable")

        with policy.task() as task:
            monkeypatch.setattr(store, "commit", away)
            with pytest.raises(DecisionUnavailable):
                task.join("thread", lambda: ["from before"])
            monkeypatch.setattr(store, "commit", commit)
            task.join("thread", lambda: ["from before"])
            assert state_of(policy.guard, task).trust == "untrusted"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),  # the framework's conversation
        st.sampled_from(["fresh", "conversation", "session"]),  # how its task is begun
        st.booleans(),  # whether it holds a history
        st.booleans(),  # whether another process does it
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    policy = PolicyUnderTest(folder / "inbounds", sessions="memory")
    other = Guard(
        pdp=policy._policy, home=folder / "inbounds", sessions=policy.guard._runtime.sessions
    )
    yield policy.guard, other
    policy.close()


@pytest.mark.system
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whoever_goes_on_in_whatever_order(two, steps):
    """
    A conversation is in one session alone, and a session that goes on with history which nobody
    has seen is untrusted: in any order of tasks, processes and conversations.
    """
    store, number = two[0]._runtime.sessions, uuid.uuid4()
    homes, seen, last = {}, set(), None
    for conversation, how, holds, another in steps:
        name = f"{number}/{conversation}"
        guard = two[another]
        asked = {}
        if how == "conversation" and conversation:
            asked["conversation"] = name
        if how == "session" and last is not None:
            asked["session"] = last
        with begin(guard, **asked) as task:
            sid = task.session.sid
            history = ["from before"] if holds else []
            place = name if conversation else None
            if homes.get(place, sid) != sid:
                with pytest.raises(ConfigurationError, match="conversation"):
                    task.join(place, lambda history=history: history)
                continue
            task.join(place, lambda history=history: history)
            last = sid
            if place is not None:
                assert homes.setdefault(name, sid) == sid
            if holds and place not in seen:
                assert store.load(task.session).trust == "untrusted"
                assert store.load(task.session).label == SECRET
            seen |= {place} - {None}


class TestAStoreThatComesBackWithLess:
    """A conversation whose binding is gone does not begin afresh in a process that knew it."""

    @pytest.fixture(params=["sqlite", "memory"])
    def place(self, request, policy, tmp_path):
        store = policy.guard._runtime.sessions
        if request.param == "memory":
            store = policy.guard._runtime.sessions = MemorySessions()
        self.path = tmp_path / "s.sqlite"
        return store

    def empty(self, store):
        """Take every binding and session out of a store."""
        if isinstance(store, MemorySessions):
            store._sessions.clear()
            store._bindings.clear()
            return
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as file:
            file.execute("DELETE FROM conversations")
            file.execute("DELETE FROM sessions")

    def test_the_next_task_is_refused(self, policy, place):
        with policy.task(conversation="chat") as task:
            read(task)
        self.empty(place)
        for session in (None, task.session.sid, "another"):
            with pytest.raises(DecisionUnavailable) as caught:
                policy.task(conversation="chat", session=session)
            assert caught.value.code == "session.lost"
        with policy.task(conversation="another") as other:
            send(other)

    def test_nor_is_it_bound_to_another_session(self, policy, place):
        with policy.task(conversation="chat") as task:
            read(task)
        self.empty(place)
        with policy.task() as other, pytest.raises(DecisionUnavailable) as caught:
            other.join("chat", list)
        assert caught.value.code == "session.lost"

    def test_what_this_process_has_forgotten_begins_untrusted(self, policy, place, caplog):
        bindings = policy.guard._runtime._bindings = ConversationBindings(limit=2)
        for name in ("chat", "a", "b"):
            with policy.task(conversation=name) as task:
                assert state_of(policy.guard, task).trust == "trusted"
        assert not bindings.is_complete
        assert "more than 2 conversations" in caplog.text
        self.empty(place)
        with policy.task(conversation="chat") as task:
            assert state_of(policy.guard, task).trust == "untrusted"
