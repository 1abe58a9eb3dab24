"""The identity that a guard holds: kept while it is good, and fetched under a deadline."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from .token import IdentityToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from .issuer import IdentityProvider

logger = logging.getLogger(__name__)

RENEW_WITHIN = 60
"""A token that has fewer seconds left is fetched again; one that lives short, in its last fifth."""
PATIENCE = 1.0
"""How many seconds a call waits for the next token while the current one is still in force."""
PAUSE = 5.0
"""How many seconds a source that failed is left alone while the current token is in force."""
MARGIN = 5
"""A token that has fewer seconds left is not put to the policy in place of a fresh one."""
MOST = 8
"""How many fetches may hang at once; another is not begun."""
GIVEN_UP = 30.0
"""A fetch that has taken so many seconds is no longer waited for by later calls."""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: IdentityToken
    agent: str
    lifetime: float

    def left(self) -> float:
        """The seconds it is in force for; 0 where a clock that has gone back says more."""
        left = self.token.expires - clock.now()
        # Issued by a clock that has gone back since, it would be one of the future.
        return left if left <= self.lifetime else 0.0

    def due(self) -> bool:
        return self.left() < min(RENEW_WITHIN, self.lifetime / 5)


class _Fetch:
    """One call of the source, on a thread that nobody has to wait for."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.process = os.getpid()
        self.begun = clock.monotonic()
        self.outcome: Future[_Kept] = Future()

    def serves(self, agent: str) -> bool:
        """Whether a call now may wait for this one."""
        late = clock.monotonic() - self.begun > GIVEN_UP
        return self.agent == agent and self.process == os.getpid() and not late


class IdentityCache:
    """What a guard proves its agent's identity with. Thread-safe; a forked child fetches anew.

    Args:
        source: Where the token comes from.
        waits: Whether the source may take any time. What keeps to a limit of its own is called
            on the thread that asks.
    """

    def __init__(self, source: IdentityProvider, *, waits: bool) -> None:
        self._source = source
        # A source may know when its token has been replaced: `identity.Rotating`.
        self._rotated: Callable[[], bool] = getattr(source, "rotated", _never)
        self._waits = waits
        self._lock = ProcessLock()
        self._kept: _Kept | None = None
        self._fetch: _Fetch | None = None
        self._pause_until = 0.0
        self._hanging: set[_Fetch] = set()

    def token(self, agent: str, *, deadline: float) -> str:
        """Return an identity token that is good for a while longer.

        Args:
            agent: Who runs.
            deadline: When to give up, in seconds on `clock.monotonic`.

        Raises:
            TokenInvalid: The source does not vouch for this agent.
            DecisionUnavailable: `identity.unreachable`, `identity.unusable`: the source brought
                no token that can be used, and the current one has expired.
        """
        kept = self._at_hand(agent)
        if kept is not None and self._serves(kept):
            return kept.token.token
        in_force = kept is not None and kept.left() >= MARGIN
        if kept is not None and in_force and clock.monotonic() < self._pause_until:
            return kept.token.token
        try:
            fresh = self._fresh(agent, deadline=deadline, in_force=in_force)
        except DecisionUnavailable as error:
            if kept is None or kept.left() < MARGIN:
                raise
            self._pause_until = clock.monotonic() + PAUSE
            logger.warning("the current identity token stays in use: %s", error)
            return kept.token.token
        return fresh.token.token

    def _at_hand(self, agent: str) -> _Kept | None:
        kept = self._kept
        return kept if kept is not None and kept.agent == agent else None

    def _serves(self, kept: _Kept) -> bool:
        return not kept.due() and not self._rotated()

    def _fresh(self, agent: str, *, deadline: float, in_force: bool) -> _Kept:
        if not self._waits:
            with self._lock:
                kept = self._at_hand(agent)
                if kept is None or not self._serves(kept):
                    kept = self._kept = self._ask(agent)
                return kept
        fetch = self._begun(agent)
        left = deadline - clock.monotonic()
        try:
            return fetch.outcome.result(max(0.0, min(left, PATIENCE) if in_force else left))
        except NotYet:
            raise DecisionUnavailable(
                "the source of the agent's identity did not answer within the deadline",
                code="identity.unreachable",
                hint=_SEE,
            ) from None
        except InboundsError as error:
            # Each who waits has an error of its own, since its call writes on it.
            raise copy(error) from None

    def _begun(self, agent: str) -> _Fetch:
        with self._lock:
            if self._fetch is not None and self._fetch.serves(agent):
                return self._fetch
            self._hanging = {each for each in self._hanging if each.process == os.getpid()}
            if len(self._hanging) >= MOST:
                raise DecisionUnavailable(
                    f"the source of the agent's identity has not answered {MOST} times",
                    code="identity.unreachable",
                    hint=_SEE,
                )
            fetch = self._fetch = _Fetch(agent)
            self._hanging.add(fetch)
        thread = threading.Thread(
            target=copy_context().run,
            args=(self._run, fetch),
            name="inbounds-identity",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError:  # no more of them, or the interpreter ends
            self._done(fetch, None)
            failure = DecisionUnavailable(
                "no thread could be begun to fetch the agent's identity",
                code="identity.unreachable",
                hint="see how many threads the process has",
            )
            fetch.outcome.set_exception(failure)
        return fetch

    def _run(self, fetch: _Fetch) -> None:
        kept, failure = None, None
        try:
            kept = self._ask(fetch.agent)
        except BaseException as error:  # noqa: BLE001 -- whoever waits is told, and ends
            failure = error
        self._done(fetch, kept)
        if kept is not None:
            fetch.outcome.set_result(kept)
        else:
            fetch.outcome.set_exception(failure or SystemExit())

    def _done(self, fetch: _Fetch, kept: _Kept | None) -> None:
        with self._lock:
            self._hanging.discard(fetch)
            if self._fetch is fetch:
                self._fetch = None
            # What was given up may come after what followed it, and be older.
            if kept is not None and (self._kept is None or fetch.serves(fetch.agent)):
                self._kept = kept

    def _ask(self, agent: str) -> _Kept:
        try:
            token = self._source.identity(agent)
        except InboundsError:
            raise
        except Exception as error:  # noqa: BLE001 -- a source of the user's may raise anything
            raise DecisionUnavailable(
                f"the source of the agent's identity failed with {type(error).__name__}",
                code="identity.unreachable",
                hint=_SEE,
            ) from None
        if not isinstance(token, IdentityToken) or type(token.expires) is not int:
            raise DecisionUnavailable(
                f"the source of the agent's identity returned {type(token).__name__}",
                code="identity.unusable",
                hint="it returns an `IdentityToken`",
            )
        lifetime = token.expires - clock.now()
        if lifetime <= 0:
            raise DecisionUnavailable(
                "the source of the agent's identity returned a token that has expired",
                code="identity.unusable",
                hint="see that the source renews it, and that the clocks agree",
            )
        return _Kept(token, agent, lifetime)


def _never() -> bool:
    return False


_SEE = "see whether the file, the agent of SPIRE or the OIDC provider behind `identity=` answers"
