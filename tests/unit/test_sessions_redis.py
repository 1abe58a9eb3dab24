"""What sessions in a Redis do beyond those of other stores: test_sessions.py has what all do."""

from __future__ import annotations

import contextlib
import datetime as dt
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from tests.redis_server import RedisServer, Relay
from tests.unit.test_sessions import KEY, OTHERS, after, soon, spend_one

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.pep.config import Configuration
from inbounds.sessions import redis
from inbounds.sessions.redis import PREFIX, RedisSessions
from inbounds.sessions.redis_address import RedisAddress, is_url, shown
from inbounds.sessions.store import begin_state

SPAWN = multiprocessing.get_context("spawn")
NAME = PREFIX + KEY.sid
PASSWORD = "open/sesame?#@100%"
QUOTED = "open%2Fsesame%3F%23%40100%25"


def code(run, *arguments, **options):
    """The code and text of the failure to answer."""
    with pytest.raises(DecisionUnavailable) as caught:
        run(*arguments, **options)
    assert caught.value.executed == "no"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code, caught.value.message


def unreachable(words):
    return "session.unreachable", f"the session store does not answer: {words}"


@contextlib.contextmanager
def sessions(url, **options):
    store = RedisSessions(url, **options)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def running():
    with RedisServer() as server:
        yield server


@pytest.fixture
def server(running):
    running.tell("FLUSHALL")
    return running


@pytest.fixture
def own():
    """A server that a test may kill or change."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def store(server):
    with sessions(server.url) as found:
        found.create(KEY, begin_state(KEY.sid, "public"))
        yield found


def spend(url, times):
    with sessions(url, timeout=10) as store:
        for _ in range(times):
            spend_one(store, KEY, soon())


class TestShared:
    def test_processes_that_spend_at_once_lose_nothing(self, server, store):
        processes = [SPAWN.Process(target=spend, args=(server.url, 50)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

        assert [process.exitcode for process in processes] == [0] * 4
        assert store.load(KEY).spent.calls == 200

    def test_two_prefixes_are_two_stores(self, server, store):
        with sessions(server.url, prefix="other:") as other:
            assert code(other.load, KEY)[0] == "session.lost"
            other.create(KEY, begin_state(KEY.sid, "internal"))

        assert store.load(KEY).label == "public"
        assert {NAME.encode(), b"other:" + KEY.sid.encode()} == set(server.tell("KEYS", "*"))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_a_child_takes_no_answer_of_its_parent(self, store):
        """
        Forked while eight threads call, a child makes its own connections, and ends none of theirs.
        """
        stop, faults = threading.Event(), []

        def work():
            try:
                while not stop.is_set():
                    spend_one(store, KEY, soon())
            except Exception as error:  # noqa: BLE001 -- whatever it is fails the test
                faults.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(5):
            child = os.fork()
            if child == 0:
                status = 99
                try:
                    for _ in range(5):
                        spend_one(store, KEY, soon())
                    store.close()
                    status = 0
                finally:
                    os._exit(status)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop.set()
        for thread in threads:
            thread.join()

        assert (faults, codes) == ([], [0] * 5)
        assert store.load(KEY).version == store.load(KEY).spent.calls > 25

    def test_an_answer_to_another_call_is_none(self, server, store):
        """
        Broken off before its answer was read, a call leaves it on the connection: not to the next.
        """
        connection = store._client.connection_pool._available_connections[0]
        real = connection.can_read
        connection.can_read = lambda *a, **k: False  # the answer comes a moment later
        asked = (1, NAME, "nonce", "0", *"abc", "1", "state", "0")
        connection.send_command("EVAL", redis._COMMIT.text, *asked)

        said = code(store.commit, KEY, 0, after(begin_state(KEY.sid, "public")))
        assert said == unreachable("it returned an invalid answer")
        connection.can_read = real
        assert store.load(KEY).version in (0, 1)


class TestScripts:
    def test_one_that_redis_has_forgotten_is_sent_again(self, server, store):
        server.tell("SCRIPT", "FLUSH")

        assert store.commit(KEY, 0, after(store.load(KEY)))
        server.tell("SCRIPT", "FLUSH")
        assert store.load(KEY).version == 1

    def test_a_commit_is_sent_once(self, server, store):
        """
        A commit whose answer does not come is not tried again: a later load tells of it.
        """
        relay = Relay(server)
        with contextlib.closing(relay), sessions(relay.url, timeout=0.3) as cut_off:
            spend_one(cut_off, KEY, soon())  # Redis has the script from now on
            state = after(cut_off.load(KEY), decisions=["decision-1"])
            relay.silent = True
            said = unreachable("it took longer than its timeout")
            assert code(cut_off.commit, KEY, 1, state) == said
            assert relay.asked == 1
            relay.silent = False

            assert cut_off.load(KEY) == state


class TestUnreachable:
    @pytest.mark.system
    def test_while_nobody_is_there(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            following = after(store.load(KEY))
            own.kill()

            there = unreachable("there is no connection")
            assert code(store.load, KEY) == there
            assert code(store.commit, KEY, 0, following) == there
            assert code(store.create, OTHERS[0], begin_state(KEY.sid, "public")) == there
            own.start()
            assert store.commit(KEY, 0, following)

    def test_within_its_timeout(self, server, store):
        server.signal(signal.SIGSTOP)
        try:
            with sessions(server.url, timeout=0.2) as impatient:
                started = time.monotonic()
                assert code(impatient.load, KEY)[0] == "session.unreachable"
                assert time.monotonic() - started < 2
        finally:
            server.signal(signal.SIGCONT)

    @pytest.mark.system
    def test_on_a_replica(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.tell("REPLICAOF", "127.0.0.1", "1")
            own.tell("CONFIG", "SET", "replica-serve-stale-data", "yes")

            said = unreachable("it is a replica and takes no writes (READONLY)")
            assert code(store.commit, KEY, 0, after(begin_state(KEY.sid, "public"))) == said
            assert code(store.remarks) == said

    @pytest.mark.system
    def test_without_memory(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.tell("CONFIG", "SET", "maxmemory", "1")

            said = unreachable("it has no memory left (OOM)")
            assert code(store.commit, KEY, 0, after(begin_state(KEY.sid, "public"))) == said
            own.tell("CONFIG", "SET", "maxmemory", "0")
            assert store.load(KEY).version == 0

    @pytest.mark.system
    def test_without_or_with_a_wrong_password(self):
        with RedisServer(requirepass=PASSWORD) as server:
            for url in (server.url, f"unix://:wrong-one@{server.socket}"):
                with sessions(url) as store:
                    said = unreachable("it refuses the user or the password")
                    assert code(store.load, KEY) == said
            with sessions(f"unix://:{QUOTED}@{server.socket}") as store:
                store.create(KEY, begin_state(KEY.sid, "public"))
                assert store.load(KEY).version == 0

    @pytest.mark.system
    def test_without_the_right_to_it(self, own):
        own.tell("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+eval", "+evalsha")
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
        with sessions(f"unix://reader:pw@{own.socket}") as store:
            assert store.load(KEY).version == 0
            assert (
                code(store.commit, KEY, 0, after(store.load(KEY)))[0]
                == code(store.remarks)[0]
                == "session.unreachable"
            )
        with sessions(own.url) as store:
            assert store.load(KEY).version == 0

    @pytest.mark.system
    def test_the_rights_that_the_documents_name_are_enough(self, own):
        rights = "+evalsha +eval +exists +hmget +hset +expire +config|get +select"
        own.tell("ACL", "SETUSER", "guard", "on", ">pw", "~inbounds:session:*", *rights.split())
        with sessions(f"unix://guard:pw@{own.socket}?db=1", keep_seconds=60) as store:
            assert store.remarks() == []
            store.create(KEY, begin_state(KEY.sid, "public"))
            assert store.commit(KEY, 0, after(store.load(KEY)))

    @pytest.mark.parametrize(
        "command",
        [
            ("SET", NAME, "text"),
            ("LPUSH", NAME, "one"),
            ("HSET", NAME, "other", "field"),
            ("HDEL", NAME, "version"),
            ("HDEL", NAME, "state"),
            ("HDEL", NAME, "tenant"),
            ("HSET", NAME, "state", "nonsense"),
            ("HSET", NAME, "state", "{}"),
            ("HSET", NAME, "state", b"\xff\xfe"),
            ("HSET", NAME, "version", "5"),
            ("HSET", NAME, "version", "x"),
            ("HSET", NAME, "version", ""),
            ("HSET", NAME, "agent", b"\xff"),
        ],
    )
    def test_a_damaged_state_is_unreachable_and_not_a_fresh_one(self, server, store, command):
        if command[:2] in (("SET", NAME), ("LPUSH", NAME)) or "other" in command:
            server.tell("DEL", NAME)
        server.tell(*command)

        assert code(store.load, KEY)[0] == "session.unreachable"
        with pytest.raises((ConfigurationError, DecisionUnavailable)):
            store.create(KEY, begin_state(KEY.sid, "public"))
        if "state" not in command:  # whoever commits has read the state before
            found = None
            with contextlib.suppress(DecisionUnavailable):
                found = store.commit(KEY, 0, after(begin_state(KEY.sid, "public")))
            assert found in (None, False)

    @pytest.mark.system
    @pytest.mark.parametrize(
        "said",
        [
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"+OK\r\n" * 20,
            b":1\r\n" * 20,
            b"$-1\r\n" * 20,
            b"*0\r\n" * 20,
            b"*2\r\n$16\r\n0123456789abcdef\r\n$4\r\nmade\r\n" * 20,
            b"$99999999999\r\n",
            b"*x\r\n",
            b"\xff" * 200,
            b"-SECRET of the server\r\n" * 20,
            b"",
        ],
    )
    @pytest.mark.parametrize("to", ["what it is asked first", "a script"])
    def test_what_speaks_otherwise_is_no_answer(self, said, to, monkeypatch):
        if to == "a script":
            monkeypatch.setattr(RedisSessions, "_require_kept", lambda *_: None)
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def serve():
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = listener.accept()
                        with connection, contextlib.suppress(OSError):
                            connection.recv(65536)
                            connection.sendall(said)
                            connection.settimeout(2)
                            while connection.recv(65536):
                                pass

            threading.Thread(target=serve, daemon=True).start()
            url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
            with sessions(url, timeout=0.3) as store:
                for run in (
                    lambda: store.load(KEY),
                    lambda: store.commit(KEY, 0, after(begin_state(KEY.sid, "public"))),
                    lambda: store.create(KEY, begin_state(KEY.sid, "public")),
                ):
                    found, text = code(run)
                    assert found == "session.unreachable"
                    assert "of the server" not in text
            listener.shutdown(socket.SHUT_RDWR)


class TestLost:
    def test_with_its_key(self, server, store):
        server.tell("DEL", NAME)

        assert code(store.load, KEY)[0] == "session.lost"
        lost = code(store.commit, KEY, 0, after(begin_state(KEY.sid, "public")))
        assert lost[0] == "session.lost"
        assert server.tell("EXISTS", NAME) == 0

    @pytest.mark.parametrize("field", ["tenant", "subject", "agent"])
    def test_to_one_who_is_not_its_owner_any_more(self, server, store, field):
        server.tell("HSET", NAME, field, "mallory")

        assert code(store.load, KEY)[0] == "session.lost"
        assert code(store.commit, KEY, 0, after(begin_state(KEY.sid, "public")))[0] == (
            "session.lost"
        )

    @pytest.mark.system
    def test_when_redis_comes_back_with_nothing(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.kill()
            own.forget()
            own.start()

            assert code(store.load, KEY)[0] == "session.lost"

    def test_when_redis_comes_back_as_it_was_before(self, server, store):
        """
        A backup, or a replica that had not everything, would let a budget be spent again.
        """
        before = server.tell("DUMP", NAME)
        for _ in range(3):
            spend_one(store, KEY, soon())
        server.tell("RESTORE", NAME, "0", before, "REPLACE")

        lost = ("session.lost", "the session store has lost committed states")
        assert code(store.load, KEY) == lost
        assert code(store.commit, KEY, 3, after(begin_state(KEY.sid, "x"), version=4)) == lost

    def test_when_redis_comes_back_with_another_past(self, server, store):
        before = server.tell("DUMP", NAME)
        store.commit(KEY, 0, after(store.load(KEY), decisions=["one"]))
        server.tell("RESTORE", NAME, "0", before, "REPLACE")
        with sessions(server.url) as other:
            other.commit(KEY, 0, after(other.load(KEY), decisions=["two"]))

        assert code(store.load, KEY)[0] == "session.lost"

    @pytest.mark.system
    def test_what_was_committed_outlives_a_crash(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            for _ in range(5):
                spend_one(store, KEY, soon())
            own.kill()
            own.start()

            assert store.load(KEY).spent.calls == 5


class TestPruning:
    def test_nothing_is_forgotten_by_itself(self, server, store):
        store.commit(KEY, 0, after(store.load(KEY)))

        assert server.tell("TTL", NAME) == -1

    def test_what_was_not_committed_to_for_so_long_is_lost(self, server):
        with sessions(server.url, keep_seconds=1) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            time.sleep(0.7)
            store.commit(KEY, 0, after(store.load(KEY)))
            time.sleep(0.7)  # renewed
            assert store.load(KEY).version == 1
            time.sleep(0.7)

            assert code(store.load, KEY)[0] == "session.lost"
            assert code(store.commit, KEY, 1, after(begin_state(KEY.sid, "x"), version=2))[0] == (
                "session.lost"
            )

    def test_as_the_url_says(self, server):
        with sessions(f"{server.url}?keep_seconds=100&prefix=p:&timeout=0.5") as store:
            store.create(KEY, begin_state(KEY.sid, "public"))

        assert 0 < server.tell("TTL", "p:" + KEY.sid) <= 100
        assert store._timeout == 0.5


@pytest.mark.system
class TestKept:
    @pytest.mark.parametrize(
        ("policy", "keep", "refused"),
        [
            ("noeviction", None, False),
            ("noeviction", 60, False),
            ("volatile-lru", None, False),
            ("volatile-lru", 60, True),
            ("volatile-ttl", 60, True),
            ("allkeys-lru", None, True),
            ("allkeys-random", None, True),
            ("allkeys-lfu", 60, True),
        ],
    )
    def test_a_redis_that_may_drop_sessions_is_refused(self, own, policy, keep, refused):
        own.tell("CONFIG", "SET", "maxmemory-policy", policy)
        with sessions(own.url, keep_seconds=keep) as store:
            begin = lambda: store.create(KEY, begin_state(KEY.sid, "public"))  # noqa: E731
            if not refused:
                begin()
                return
            for _ in range(2):  # not only the first time
                with pytest.raises(ConfigurationError) as caught:
                    begin()
                assert caught.value.code == "session.store_evicts"
        assert own.tell("EXISTS", NAME) == 0

    def test_one_that_comes_back_with_another_policy_is_asked_again(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.kill()
            assert code(store.load, KEY)[0] == "session.unreachable"
            own.settings["maxmemory-policy"] = "allkeys-lru"
            own.start()

            with pytest.raises(ConfigurationError, match=r"session\.store_evicts"):
                store.load(KEY)

    def test_one_whose_policy_is_changed_while_it_runs_is_refused(self, own, monkeypatch):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            monkeypatch.setattr(redis, "_CHECK_EVERY", 0.0)
            store._check_at = 0.0

            for _ in range(2):
                with pytest.raises(ConfigurationError, match=r"session\.store_evicts"):
                    spend_one(store, KEY, soon())
            own.tell("CONFIG", "SET", "maxmemory-policy", "noeviction")
            spend_one(store, KEY, soon())

    def test_one_that_answers_on_another_connection_is_asked_first(self, own):
        """
        A failover cuts idle connections, and the next call makes one without an error.
        """
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            spend_one(store, KEY, soon())  # not asked before every call
            own.tell("CLIENT", "KILL", "TYPE", "normal")

            for _ in range(2):  # a connection that was refused is not used all the same
                with pytest.raises(ConfigurationError, match=r"session\.store_evicts"):
                    spend_one(store, KEY, soon())
            own.tell("CONFIG", "SET", "maxmemory-policy", "noeviction")
            assert store.load(KEY).spent.calls == 1

    def test_what_it_costs_to_ask_is_bounded(self, own):
        with sessions(own.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            own.tell("CONFIG", "RESETSTAT")
            for _ in range(50):
                spend_one(store, KEY, soon())

            calls = own.tell("INFO", "COMMANDSTATS")
            assert "cmdstat_config|get" not in calls and "cmdstat_evalsha" in calls

    def test_one_that_does_not_tell_is_warned_of_once(self, own, caplog):
        own.tell("ACL", "SETUSER", "guard", "on", ">pw", "~*", "+@all", "-config")
        with sessions(f"unix://guard:pw@{own.socket}") as store:
            store.create(KEY, begin_state(KEY.sid, "public"))
            store.load(KEY)
            said = ["it does not tell its maxmemory-policy, which has to be noeviction"]
            assert store.remarks() == said

        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert said[0] in caplog.text and "pw@" not in caplog.text

    def test_one_that_keeps_nothing_on_disk_is_warned_of(self, caplog):
        with RedisServer(appendonly="no") as server, sessions(server.url) as store:
            store.create(KEY, begin_state(KEY.sid, "public"))

        assert "appendonly is off" in caplog.text


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "where"),
        [
            ("redis://r.example", "redis://r.example:6379/0"),
            ("redis://u:pw@r.example:7000/3", "redis://r.example:7000/3"),
            ("rediss://:pw@[::1]:7/0", "rediss://[::1]:7/0"),
            ("REDISS://r.example?db=2&ca=/ca.pem", "rediss://r.example:6379/2"),
            ("unix:///run/r.sock?db=4", "unix:///run/r.sock?db=4"),
            ("unix://u:pw@/run/r.sock", "unix:///run/r.sock?db=0"),
        ],
    )
    def test_is_shown_without_user_and_password(self, url, where):
        assert RedisAddress.parse(url).shown == shown(url) == where
        assert "pw" not in repr(RedisAddress.parse(url)) and is_url(url)

    def test_has_the_password_that_was_written(self):
        address = RedisAddress.parse(f"redis://user%40x:{QUOTED}@r.example")

        assert (address.username, address.password) == ("user@x", PASSWORD)

    @pytest.mark.parametrize(
        "url",
        [
            "redis://",
            "redis://:sesame@",
            "redis://:se#same@r.example",
            "redis://:se?same@r.example",
            "redis://:se/same@r.example",
            "redis://:sesame@r.example:port",
            "redis://:sesame@r.example:99999",
            "redis://:sesame@r.example/x",
            "redis://:sesame@r.example/-1",
            "redis://:sesame@r.example/1?db=2",
            "redis://:sesame@r.example?db=1&db=2",
            "redis://:sesame@r.example?ssl_cert_reqs=none",
            "redis://:sesame@r.example?retry_on_timeout=yes",
            "redis://:sesame@r.example?socket_timeout=1000",
            "redis://:sesame@r.example?ca=/ca.pem",
            "redis://:sesame@r.example?timeout",
            "redis://:sesame@r.example?timeout=0",
            "redis://:sesame@r.example?timeout=nan",
            "redis://:sesame@r.example?keep_seconds=0",
            "redis://:sesame@r.example?keep_seconds=1.5",
            "redis://:sesame@r.exa mple",
            "redis://:sesame@r.example\n",
            "redis://:sesame@[::1",
            "unix://:sesame@host/path",
            "unix://:sesame@",
            "postgres://:sesame@r.example",
            "redis+tls://:sesame@r.example",
        ],
    )
    def test_that_cannot_be_read_is_refused_without_a_word_of_it(self, url):
        with pytest.raises(ConfigurationError) as caught:
            RedisSessions(url)

        assert caught.value.code == "configuration.sessions_url"
        assert "same" not in str(caught.value)
        assert "sesame" not in shown(url) and is_url(url)
        assert "sesame" not in repr(Configuration(sessions=url))

    @pytest.mark.parametrize("path", ["sessions.sqlite", "/a/b", "C:\\a", "memory", "", "a b://c"])
    def test_a_file_is_no_url(self, path):
        assert not is_url(path)
        assert shown(path) == path

    def test_is_all_that_is_shown_of_a_store(self, server):
        url = f"unix://user:sesame@{server.socket}"
        with sessions(url) as store:
            assert repr(store) == f"RedisSessions('{server.url}?db=0', prefix='inbounds:session:')"
            assert "sesame" not in repr(Configuration(sessions=url))

    @pytest.mark.parametrize(
        ("url", "warned"),
        [
            ("redis://r.example", True),
            ("redis://10.0.0.1", True),
            ("rediss://r.example", False),
            ("redis://localhost", False),
            ("redis://127.0.0.1", False),
            ("unix:///run/r.sock", False),
        ],
    )
    def test_one_in_clear_is_warned_of(self, caplog, url, warned):
        RedisSessions(url).close()

        assert ("in clear" in caplog.text) is warned

    def test_the_client_library_is_asked_for_where_it_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "redis", None)
        with pytest.raises(ConfigurationError) as caught:
            RedisSessions("redis://r.example")

        assert caught.value.code == "configuration.redis_missing"
        assert "inbounds[redis]" in caught.value.hint


def certificates(folder, name="localhost"):
    """A certificate authority, and what it has signed for a server of this name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    crt = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "key.pem").write_bytes(pem)
    (folder / "crt.pem").write_bytes(crt)
    (folder / "both.pem").write_bytes(crt + pem)
    return folder


@pytest.mark.system
@pytest.mark.parametrize(
    ("name", "ca", "cert", "works"),
    [
        ("localhost", True, True, True),
        ("localhost", False, True, False),
        ("localhost", True, False, False),
        ("other.example", True, True, False),
    ],
    ids=["in order", "unknown authority", "no client certificate", "another's name"],
)
def test_with_tls_both_sides_are_known_or_nothing_is_said(tmp_path, name, ca, cert, works):
    folder = certificates(tmp_path, name)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tls = {
        "tls_port": str(port),
        "tls_cert_file": str(folder / "crt.pem"),
        "tls_key_file": str(folder / "key.pem"),
        "tls_ca_cert_file": str(folder / "crt.pem"),
    }
    options = {"ca": folder / "crt.pem"} if ca else {}
    options |= {"cert": folder / "both.pem"} if cert else {}
    query = "&".join(f"{key}={value}" for key, value in options.items())
    with RedisServer(**tls), sessions(f"rediss://localhost:{port}?{query}") as store:
        if works:
            store.create(KEY, begin_state(KEY.sid, "public"))
            assert store.load(KEY).version == 0
        else:
            assert code(store.load, KEY) == unreachable("there is no connection")


@pytest.mark.system
def test_the_module_is_imported_without_the_client_library():
    program = "import sys; sys.modules['redis'] = None; import inbounds.sessions.redis"
    subprocess.run([sys.executable, "-c", program], check=True)
