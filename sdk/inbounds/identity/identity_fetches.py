"""Fetches of an identity from a source that may take any time, each on a thread of its own."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context
from copy import copy
from typing import TYPE_CHECKING, Protocol

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.process import clock

from .identity_cache import SOURCE_HINT, KeptIdentity

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.process.locks import ProcessLock

PATIENCE = 1.0
"""How many seconds a call waits for the next token while the current one is still in force."""
MOST = 8
"""How many fetches may hang at once; another is not begun."""
GIVEN_UP = 30.0
"""A fetch that has taken so many seconds is no longer waited for by later calls."""


class _Keep(Protocol):
    def __call__(self, kept: KeptIdentity, *, late: bool) -> None: ...


class _Fetch:
    """One call of the source, on a thread that nobody has to wait for."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.process = os.getpid()
        self.begun = clock.monotonic()
        self.outcome: Future[KeptIdentity] = Future()

    def serves(self, agent: str) -> bool:
        """Whether a call now may wait for this one."""
        late = clock.monotonic() - self.begun > GIVEN_UP
        return self.agent == agent and self.process == os.getpid() and not late


class IdentityFetches:
    """The fetches of one cache. Thread-safe; a forked child begins anew.

    Args:
        lock: The lock of the cache, which is held while `keep` is called.
        ask: Calls the source.
        keep: Takes what has come, and whether that was given up meanwhile.
    """

    def __init__(self, lock: ProcessLock, ask: Callable[[str], KeptIdentity], keep: _Keep) -> None:
        self._lock = lock
        self._ask = ask
        self._keep = keep
        self._fetch: _Fetch | None = None
        self._hanging: set[_Fetch] = set()

    def fetch(self, agent: str, *, deadline: float, in_force: bool) -> KeptIdentity:
        """Return a fresh identity.

        Args:
            agent: Who runs.
            deadline: When to give up, in seconds on `clock.monotonic`.
            in_force: Whether the current one still is, so that `PATIENCE` is enough.

        Raises:
            InboundsError: As `IdentityCache.token`.
        """
        fetch = self._begun(agent)
        left = deadline - clock.monotonic()
        try:
            return fetch.outcome.result(max(0.0, min(left, PATIENCE) if in_force else left))
        except NotYet:
            raise DecisionUnavailable(
                "the source of the agent's identity did not answer within the deadline",
                code="identity.unreachable",
                hint=SOURCE_HINT,
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
                    hint=SOURCE_HINT,
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

    def _done(self, fetch: _Fetch, kept: KeptIdentity | None) -> None:
        with self._lock:
            self._hanging.discard(fetch)
            if self._fetch is fetch:
                self._fetch = None
            if kept is not None:
                self._keep(kept, late=not fetch.serves(fetch.agent))
