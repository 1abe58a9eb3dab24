"""Sessions in a Redis: shared by the processes of many machines, kept over their restarts."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.process import clock
from inbounds.process.locks import ProcessLock
from inbounds.sessions.progress import SessionProgress, read_state
from inbounds.sessions.redis_address import RedisAddress
from inbounds.sessions.store import (
    Binding,
    ConversationKey,
    FairLocks,
    SessionKey,
    require_successor,
    session_exists,
    session_lost,
    session_set_back,
    session_unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from redis import ConnectionPool, Redis

    from inbounds.model.question import SessionState

logger = logging.getLogger(__name__)

PREFIX: Final = "inbounds:session:"
_CHECK_EVERY: Final = 60.0
"""After how many seconds the settings of Redis are looked at again; each connection begins so."""
_HINT: Final = (
    "see that Redis answers within the timeout, takes writes and has memory; "
    "`inbounds doctor` says what it finds"
)


class _Script(NamedTuple):
    """What Redis does in one step. Each answers with its first argument, then its outcome."""

    text: str
    sha: str


def _script(text: str) -> _Script:
    # Redis names scripts so; it is neither a secret nor a signature.
    return _Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_CREATE: Final = _script("""
if redis.call('EXISTS', KEYS[1]) == 1 then
    local found = redis.call('HMGET', KEYS[1], 'tenant', 'subject', 'agent')
    return {ARGV[1], 'taken', found[1], found[2], found[3]}
end
redis.call('HSET', KEYS[1], 'tenant', ARGV[3], 'subject', ARGV[4], 'agent', ARGV[5],
    'version', ARGV[6], 'state', ARGV[7])
if ARGV[2] ~= '0' then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {ARGV[1], 'begun'}
""")
_LOAD: Final = _script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return {ARGV[1], 'none'} end
local found = redis.call('HMGET', KEYS[1], 'tenant', 'subject', 'agent', 'version', 'state')
return {ARGV[1], 'found', found[1], found[2], found[3], found[4], found[5]}
""")
_COMMIT: Final = _script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return {ARGV[1], 'none'} end
local found = redis.call('HMGET', KEYS[1], 'tenant', 'subject', 'agent', 'version')
if found[1] ~= ARGV[3] or found[2] ~= ARGV[4] or found[3] ~= ARGV[5] or found[4] ~= ARGV[8] then
    return {ARGV[1], 'other', found[1], found[2], found[3], found[4]}
end
redis.call('HSET', KEYS[1], 'version', ARGV[6], 'state', ARGV[7])
if ARGV[2] ~= '0' then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {ARGV[1], 'made'}
""")
_FIND_CONVERSATION: Final = _script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return {ARGV[1], 'none'} end
local found = redis.call('HMGET', KEYS[1], 'conversation', 'sid', 'known')
return {ARGV[1], 'bound', found[1], found[2], found[3]}
""")
_BIND_CONVERSATION: Final = _script("""
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], 'conversation', ARGV[3], 'sid', ARGV[4], 'known', ARGV[5])
elseif ARGV[5] == '1' and redis.call('HMGET', KEYS[1], 'sid')[1] == ARGV[4] then
    redis.call('HSET', KEYS[1], 'known', '1')
end
if ARGV[2] ~= '0' then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
local found = redis.call('HMGET', KEYS[1], 'conversation', 'sid', 'known')
return {ARGV[1], 'bound', found[1], found[2], found[3]}
""")
# Whether it takes writes: there is no such key, and nothing is made.
_TRY: Final = _script("return {ARGV[1], redis.call('EXPIRE', KEYS[1], 1)}")


class RedisSessions:
    """Sessions of every process that names the same Redis (`SessionStore`).

    Within a process calls for one session take turns; between processes the version decides,
    compared and replaced in one step. One primary is asked, never retried: whether a commit was
    made that nobody answered, a later load tells. It is of use only where Redis keeps what it
    is given, on disk and in memory; docs/operators.md says how.

    Args:
        url: `redis://…`, `rediss://…` (TLS) or `unix://…`, with user and password.
        prefix: What the names of its keys begin with; `inbounds:session:` when left out.
        timeout: How long connecting, or one answer, may take, in seconds; 1 when left out.
        keep_seconds: After how long without a commit Redis forgets a session, which then is
            lost; never, when left out.

    Raises:
        ConfigurationError: The URL or an option cannot be read, or `redis` is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str | None = None,
        timeout: float | None = None,
        keep_seconds: int | None = None,
    ) -> None:
        self._address = RedisAddress.parse(url)
        said = self._address.options
        self._prefix = prefix if prefix is not None else said.get("prefix", PREFIX)
        self._timeout = _seconds("timeout", timeout if timeout is not None else said.get("timeout"))
        kept = keep_seconds if keep_seconds is not None else said.get("keep_seconds")
        self._keep = 0 if kept is None else _whole_seconds(kept)
        self._require_library()
        self._locks = FairLocks()
        self._lock = ProcessLock()
        self._closed = False
        self._client: Redis | None = None
        self._pid = 0
        self._check_at = 0.0
        self._warned: set[str] = set()
        self._progress = SessionProgress()
        if self._address.in_clear:
            self._warn("states and password pass the network in clear; rediss:// encrypts them")

    def __repr__(self) -> str:
        return f"RedisSessions({self._address.shown!r}, prefix={self._prefix!r})"

    @property
    def where(self) -> str:
        """The address, without user and password."""
        return self._address.shown

    def create(self, key: SessionKey, state: SessionState) -> None:
        """Begin a session; see `SessionStore.create`."""
        reached = self._progress.of(key)
        text = state.model_dump_json()
        following = (str(state.version), text)
        outcome, *owner = self._run(_CREATE, key, str(self._keep), *_owner(key), *following)
        if outcome == "taken":
            raise session_exists(owner=owner == _owner(key))
        if outcome != "begun":
            raise _no_answer()
        self._progress.require_new(key, reached)
        self._progress.record(key, state, text)

    def load(self, key: SessionKey) -> SessionState:
        """The state as it was last committed; see `SessionStore.load`.

        A state from before what this process has seen is lost as well: Redis was restarted, or
        replaced by a replica, without the last of what it had been given.
        """
        reached = self._progress.of(key)
        outcome, *found = self._run(_LOAD, key)
        if outcome == "none":
            raise session_lost()
        if outcome != "found" or len(found) != 5 or None in found:
            raise _unreachable("it holds an invalid session")
        if found[:3] != _owner(key):
            raise session_lost()
        state, text = read_state(key, found[4], hint=_HINT)
        if str(state.version) != found[3]:
            raise _unreachable("the state it holds is another's")
        self._progress.require_ahead(key, reached, state, text)
        self._progress.record(key, state, text)
        return state

    def commit(self, key: SessionKey, expected: int, state: SessionState) -> bool:
        """Replace the state of version `expected`; see `SessionStore.commit`."""
        require_successor(key, expected, state)
        text = state.model_dump_json()
        following = (str(state.version), text, str(expected))
        outcome, *found = self._run(_COMMIT, key, str(self._keep), *_owner(key), *following)
        if outcome == "made":
            self._progress.record(key, state, text)
            return True
        if outcome == "none":
            raise session_lost()
        if outcome != "other" or len(found) != 4 or None in found:
            raise _unreachable("it holds an invalid session")
        if found[:3] != _owner(key):
            raise session_lost()
        version = found[3] or ""
        if not (version.isascii() and version.isdigit() and len(version) < 17):
            raise _unreachable("it holds an invalid session")
        if int(version) < expected:
            raise session_set_back()
        return False

    def find_conversation(self, key: ConversationKey) -> Binding | None:
        """The session of a conversation; see `SessionStore.find_conversation`."""
        outcome, *found = self._run(_FIND_CONVERSATION, _place(key))
        return None if outcome == "none" else _binding(key, outcome, found)

    def bind_conversation(
        self, key: ConversationKey, sid: str, *, history_known: bool = False
    ) -> Binding:
        """Bind a conversation to a session; see `SessionStore.bind_conversation`.

        With `keep_seconds`, Redis forgets it that long after it was last bound or begun with.
        """
        outcome, *found = self._run(
            _BIND_CONVERSATION,
            _place(key),
            str(self._keep),
            _whole_name(key),
            sid,
            str(int(history_known)),
        )
        return _binding(key, outcome, found)

    def lock(self, key: SessionKey, *, deadline: float) -> AbstractContextManager[None]:
        """Take turns, first come, first served; see `SessionStore.lock`."""
        return self._locks.hold(key, deadline=deadline)

    def close(self) -> None:
        """Close the connections of this process."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
            mine = self._pid == os.getpid()
        if client is not None and mine:
            client.connection_pool.disconnect()

    def remarks(self) -> list[str]:
        """Ask whether it takes states, and return what it may lose them by.

        Raises:
            ConfigurationError: `session.store_evicts`.
            DecisionUnavailable: `session.unreachable`.
        """
        self._check_at = 0.0
        self._run(_TRY, SessionKey("", "", "", ""))
        return sorted(self._warned)

    # --- one step of Redis ----------------------------------------------------------------

    def _run(self, script: _Script, key: SessionKey, *arguments: str) -> list[str | None]:
        """Run a script on the key of a session, and return what it answers.

        Raises:
            DecisionUnavailable: `session.unreachable`; it may have been done all the same.
        """
        # Interrupted by a signal, a call may leave its answer to the next on its connection.
        nonce = os.urandom(8).hex()
        asked = (1, self._prefix + key.sid, nonce, *arguments)
        reply = self._ask(script, asked)
        if not isinstance(reply, list) or len(reply) < 2 or reply[0] != nonce.encode():
            self._hang_up()
            raise _no_answer()
        try:
            return [part.decode() if isinstance(part, bytes) else part for part in reply[1:]]
        except UnicodeDecodeError:
            raise _unreachable("it holds an invalid session") from None

    def _ask(self, script: _Script, asked: tuple[object, ...]) -> Any:
        from redis.exceptions import NoScriptError

        try:
            client = self._connected()
            if clock.monotonic() >= self._check_at:
                self._require_kept(client.execute_command)
            try:
                return client.execute_command("EVALSHA", script.sha, *asked)  # type: ignore[no-untyped-call]
            except NoScriptError:
                # Restarted, or never asked before. It has done nothing yet.
                return client.execute_command("EVAL", script.text, *asked)  # type: ignore[no-untyped-call]
        except (ConfigurationError, DecisionUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 -- a client that is told nonsense raises anything
            # Without its words: Redis repeats what it was sent.
            raise _unreachable(_why(error)) from None

    def _connected(self) -> Redis:
        """The connections of this process; a forked child makes its own."""
        from redis import Redis

        with self._lock:
            if self._closed:
                raise _unreachable("it was closed")
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = Redis(connection_pool=self._connections()), os.getpid()
            return self._client

    def _connections(self) -> ConnectionPool:
        from redis import ConnectionPool, SSLConnection, UnixDomainSocketConnection
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        address = self._address
        how: dict[str, Any] = {
            "db": address.database,
            "username": address.username or None,
            "password": address.password or None,
            "socket_timeout": self._timeout,
            "socket_connect_timeout": self._timeout,
            # A commit that is sent twice would find its own version and be taken for another's.
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            "max_connections": 2**31,
            "redis_connect_func": self._begin_connection,
        }
        if address.scheme == "unix":
            how |= {"connection_class": UnixDomainSocketConnection, "path": address.path}
            return ConnectionPool(**how)
        how |= {"host": address.host, "port": address.port}
        if address.scheme == "rediss":
            how |= {
                "connection_class": SSLConnection,
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": True,
                "ssl_ca_certs": address.ca or None,
                "ssl_certfile": address.cert or None,
                "ssl_keyfile": address.cert or None,
            }
        return ConnectionPool(**how)

    def _hang_up(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            # Calls that are under way end on their own connections.
            client.connection_pool.disconnect(inuse_connections=False)

    # --- whether it keeps what it is given ------------------------------------------------

    def _begin_connection(self, connection: Any) -> None:
        """Begin a connection: another server may answer on it than on the last one."""

        def ask(*command: str) -> Any:
            connection.send_command(*command)
            return connection.read_response()

        try:
            connection.on_connect()
            self._require_kept(ask)
        except BaseException:
            # One that stays open is taken for one that has begun.
            connection.disconnect()
            raise

    def _require_kept(self, ask: Callable[..., Any]) -> None:
        """Refuse a Redis that drops sessions when its memory is full.

        Args:
            ask: Sends a command, and returns the answer.

        Raises:
            ConfigurationError: `session.store_evicts`.
        """
        policy = self._setting(ask, "maxmemory-policy")
        if policy is None:
            self._warn("it does not tell its maxmemory-policy, which has to be noeviction")
        elif policy.startswith("allkeys-") or (policy.startswith("volatile-") and self._keep):
            raise ConfigurationError(
                f"the session store at {self.where} drops sessions when its memory is full",
                code="session.store_evicts",
                hint="set maxmemory-policy to noeviction: an evicted session is lost, and any "
                "client that fills the memory decides which",
            )
        if self._setting(ask, "appendonly") == "no":
            self._warn("appendonly is off: a restart loses sessions, or what they had spent last")
        self._check_at = clock.monotonic() + _CHECK_EVERY

    def _setting(self, ask: Callable[..., Any], name: str) -> str | None:
        """One line of its configuration; None where it may not be asked."""
        from redis.exceptions import NoPermissionError, ResponseError

        try:
            said = ask("CONFIG", "GET", name)
        except ResponseError as error:
            if type(error) not in (ResponseError, NoPermissionError):
                raise
            return None
        pairs = dict(zip(said[::2], said[1::2], strict=True)) if isinstance(said, list) else said
        value = {_text(field): value for field, value in pairs.items()}.get(name)
        return None if value is None else _text(value)

    def _warn(self, what: str) -> None:
        if what not in self._warned:
            self._warned.add(what)
            logger.warning("the session store at %s: %s", self.where, what)

    @staticmethod
    def _require_library() -> None:
        try:
            import redis  # noqa: F401 -- whether it is there
        except ImportError:
            raise ConfigurationError(
                "sessions in Redis need its client",
                code="configuration.redis_missing",
                hint="pip install 'inbounds[redis]'",
            ) from None


def _owner(key: SessionKey) -> list[str]:
    return [key.tenant, key.subject, key.agent]


def _whole_name(key: ConversationKey) -> str:
    return json.dumps([key.tenant, key.subject, key.agent, key.conversation])


def _place(key: ConversationKey) -> SessionKey:
    """Where a conversation is kept: under a name that no session has by chance."""
    name = hashlib.sha256(_whole_name(key).encode()).hexdigest()
    return SessionKey(key.tenant, key.subject, key.agent, f"conversation:{name}")


def _binding(key: ConversationKey, outcome: str | None, found: list[str | None]) -> Binding:
    if outcome != "bound" or len(found) != 3 or found[0] != _whole_name(key):
        raise _unreachable("it holds an invalid conversation")
    if not found[1] or found[2] not in ("0", "1"):
        raise _unreachable("it holds an invalid conversation")
    return Binding(found[1], found[2] == "1")


def _unreachable(why: str) -> DecisionUnavailable:
    return session_unreachable(why, hint=_HINT)


def _no_answer() -> DecisionUnavailable:
    return _unreachable("it returned an invalid answer")


def _why(error: Exception) -> str:
    """Say what is wrong in words of our own."""
    from redis import exceptions as of

    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        ((of.TimeoutError, TimeoutError), "it took longer than its timeout"),
        (of.BusyLoadingError, "it still reads its data (LOADING)"),
        (of.AuthenticationError, "it refuses the user or the password"),
        (of.NoPermissionError, "its user may not do that (NOPERM)"),
        (of.ReadOnlyError, "it is a replica and takes no writes (READONLY)"),
        (of.OutOfMemoryError, "it has no memory left (OOM)"),
        ((of.MovedError, of.AskError), "it is a node of a cluster, which is not supported"),
        ((of.ConnectionError, OSError), "there is no connection"),
    )
    for kind, said in kinds:
        if isinstance(error, kind):
            return said
    word = str(error).partition(" ")[0]
    if isinstance(error, of.ResponseError) and re.fullmatch("[A-Z]{2,16}", word):
        return f"it refuses the command ({word})"
    return f"it refuses the command, or it returned an invalid answer ({type(error).__name__})"


def _text(said: Any) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _seconds(name: str, value: float | str | None) -> float:
    try:
        seconds = 1.0 if value is None else float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise _no_seconds(name)
    return seconds


def _whole_seconds(value: int | str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if type(value) is not int or not 0 < value < 2**31:
        raise _no_seconds("keep_seconds")
    return value


def _no_seconds(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{name}` of the session store must be greater than 0 seconds",
        code="configuration.sessions_url",
        hint="such as timeout=0.5, or keep_seconds=604800 for a week",
    )
