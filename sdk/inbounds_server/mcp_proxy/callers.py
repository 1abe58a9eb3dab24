"""Those who call over HTTP, each known by the token that the issuer's service has accepted."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

import anyio

from inbounds.errors import DecisionUnavailable, TokenInvalid
from inbounds.identity.compact import read_compact
from inbounds.process import clock
from inbounds.process.threads import run_in_thread

from .caller import Caller
from .connections import Connections, TooMany
from .launches import EVERY

if TYPE_CHECKING:
    from collections.abc import Callable

    from .launches import Launches

logger = logging.getLogger(__name__)

_LIMITED = "issuer.limited"
"""The code of the issuer's service where it is asked too often."""
_MOST_REFUSED = 1024
_REFUSED_FOR = 30.0
_MOST_SESSIONS = 4096
_VERIFYING = 8
"""How many tokens are put to the issuer's service at once."""
_MOST_WAITING = 64
_EACH = 4
"""How many tokens of one user have a task at once."""
_LOOK_EVERY = 5.0
_MINUTE = 60.0
_MOST_BEGUN = 30
"""How many tasks of one user are begun in a minute."""
_MOST_COUNTED = 4096
"""How many addresses, and how many users, are counted; of more, those seen longest ago are not."""


class _PerMinute:
    """Counts what each of many does within the last minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def is_full(self, whose: str) -> bool:
        times = self._times.get(whose)
        while times and times[0] <= clock.monotonic() - _MINUTE:
            times.popleft()
        return times is not None and len(times) >= self._most

    def add(self, whose: str) -> None:
        self._times.setdefault(whose, deque(maxlen=self._most)).append(clock.monotonic())
        self._times.move_to_end(whose)
        while len(self._times) > _MOST_COUNTED:
            self._times.popitem(last=False)

    def remove(self, whose: str) -> None:
        """Take the last one back."""
        times = self._times.get(whose)
        if times:
            times.pop()


class NotAccepted(Exception):
    """The issuer's service begins no task for this token."""


class Callers:
    """Keeps a task for each token that is in use, and ends those of tokens that are not.

    Not for several event loops.

    Attributes:
        most: How many tasks there may be at once.
        connections: What they hold; what is one caller's ends with that one's task.

    Args:
        make: Takes a user's id and a token, and says who calls.
        claim: Which claim of a token names the user: `sub` or `email`. The issuer's service
            verifies that it does.
        most: How many tasks there may be at once.
        idle: After how many seconds without a request a task is ended.
        refused: How many tokens of one address the issuer's service may refuse in a minute, or not
            look at because it is asked too often. More are not put to it, so that it has time for
            the others.
        launches: Keeps what the users' sessions are, for other proxies too; None where one name
            binds them all.
    """

    def __init__(
        self,
        make: Callable[[str, str], Caller],
        *,
        claim: str = "sub",
        most: int = 64,
        idle: float = 900.0,
        refused: int = 20,
        launches: Launches | None = None,
    ) -> None:
        self.connections = Connections()
        self._make = make
        self._tried = _PerMinute(refused)
        self._begun = _PerMinute(_MOST_BEGUN)
        self._claim = claim
        self.most = most
        self._idle = idle
        self._held: OrderedDict[str, tuple[Caller, int]] = OrderedDict()
        self._beginning: dict[str, Caller] = {}
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._launches = launches
        self._conversations: OrderedDict[str, str] = OrderedDict()
        self._verifying = anyio.Semaphore(_VERIFYING)
        self._waiting = 0

    async def of(self, token: str, address: str) -> Caller:
        """Return whose token it is, once it was accepted.

        Args:
            token: What the caller shows.
            address: Where the request comes from; see `network_of`.

        Raises:
            NotAccepted: It was not, or has expired.
            TooMany: There is no room for another task, or too many tokens of this address were
                refused, or too many tasks of this user begun, within a minute.
            DecisionUnavailable: Whether it is could not be determined.
        """
        name = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        held = self._held.get(name)
        if held is not None:
            caller, expires = held
            if expires <= clock.now():
                raise NotAccepted
            self._held.move_to_end(name)
            return caller
        if self._refused.get(name, 0.0) > clock.monotonic():
            raise NotAccepted
        try:
            said = read_compact(token, "of a caller")
        except DecisionUnavailable:
            raise NotAccepted from None
        user = said.claims.get(self._claim)
        if not isinstance(user, str) or not user:
            raise NotAccepted
        if self._tried.is_full(address) or self._begun.is_full(user):
            raise TooMany
        # Each counts until it is accepted: many at once are not less than one after another.
        self._tried.add(address)
        try:
            caller = await self._begin(name, user, token, said.expires)
        except TooMany:
            self._tried.remove(address)  # nothing was said of the token
            raise
        except DecisionUnavailable as error:
            # Nothing was said of it either. But it was one of the too many: it counts.
            if error.code != _LIMITED:
                self._tried.remove(address)
            raise
        self._tried.remove(address)
        return caller

    async def _begin(self, name: str, user: str, token: str, expires: int) -> Caller:
        if self._waiting >= _MOST_WAITING:
            raise TooMany
        self._waiting += 1
        try:
            async with self._verifying:
                held = self._held.get(name)
                if held is not None:  # somebody else has brought it meanwhile
                    return held[0]
                caller = self._beginning.get(name)
                if caller is None:
                    self._have_room(user)
                    caller = self._make(user, token)
                    self._beginning[name] = caller
                try:
                    await caller.task()
                except TokenInvalid:
                    self._refuse(name)
                    raise NotAccepted from None
                finally:
                    self._beginning.pop(name, None)
                if name not in self._held:
                    # Not before it is known to be theirs: anybody can write a name into a token.
                    self._begun.add(user)
                    self._keep(name, user, caller, expires)
                    await self._make_room(name, user)
                return caller
        finally:
            self._waiting -= 1

    def _refuse(self, name: str) -> None:
        self._refused[name] = clock.monotonic() + _REFUSED_FOR
        self._refused.move_to_end(name)
        while len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)

    def _keep(self, name: str, user: str, caller: Caller, expires: int) -> None:
        self._held[name] = (caller, expires)
        if caller.conversation is not None:
            self._conversations[user] = caller.conversation
            self._conversations.move_to_end(user)
        while len(self._conversations) > _MOST_SESSIONS:
            self._conversations.popitem(last=False)

    def _have_room(self, user: str) -> None:
        """Refuse what would have to end the task of somebody who is answered."""
        held = [caller for caller, _ in self._held.values() if caller.busy]
        if (
            sum(caller.subject == user for caller in held) >= _EACH
            or len(held) + len(self._beginning) >= self.most
        ):
            raise TooMany

    async def _make_room(self, name: str, user: str) -> None:
        """End the tasks that have not been used for longest, and of nobody who is answered."""
        own = [each for each, (caller, _) in self._held.items() if caller.subject == user]
        if len(own) > _EACH:
            await self._end_one_of(own, name)
        if len(self._held) > self.most:
            await self._end_one_of([*self._held], name)

    async def _end_one_of(self, names: list[str], new: str) -> None:
        """End the first that is not busy; where all are by now, the one that has just begun."""
        idle = (each for each in names if each != new and not self._held[each][0].busy)
        ended = next(idle, new)
        await self._end(ended)
        if ended == new:
            raise TooMany

    async def _end(self, name: str) -> None:
        held = self._held.pop(name, None)
        if held is not None:
            with anyio.CancelScope(shield=True):
                await held[0].close()
                await self.connections.end(held[0])

    async def watch(self) -> None:
        """End tasks that nobody uses any more, for as long as it is awaited.

        A token that has expired ends its streams also while a request of its is being answered.
        """
        while True:
            await anyio.sleep(_LOOK_EVERY)
            for name, (caller, expires) in list(self._held.items()):
                unused = clock.monotonic() - caller.used > self._idle
                expired = expires <= clock.now()
                if expired:
                    self.connections.end_streams(caller)
                if (unused or expired) and not caller.busy and name in self._held:
                    await self._end(name)

    async def keep_sessions(self) -> None:
        """Keep the users' sessions those that others share, for as long as it is awaited."""
        while True:
            await anyio.sleep(EVERY)
            try:
                await self.share_sessions()
            except DecisionUnavailable as error:
                logger.warning("other proxies cannot be told of the sessions here: %s", error)

    async def share_sessions(self) -> None:
        """Record which sessions are in use; end the tasks of those that others have left.

        A machine that slept for long finds that others have begun another: the next request goes
        on in theirs.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file of the sessions does not answer.
        """
        if self._launches is None:
            return
        known = dict(self._conversations)
        shared = await run_in_thread(self._launches.share_all, known)
        self._conversations.update(shared)
        for name, (caller, _) in list(self._held.items()):
            left = caller.conversation != self._conversations.get(
                caller.subject, caller.conversation
            )
            if left and not caller.busy and name in self._held:
                await self._end(name)

    async def close(self) -> None:
        """End all tasks."""
        while self._held:
            await self._end(next(iter(self._held)))
