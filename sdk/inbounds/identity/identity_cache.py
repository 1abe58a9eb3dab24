"""The identity that a guard holds: kept while it is good, and fetched under a deadline."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from .token import IdentityToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from .identity_fetches import IdentityFetches
    from .issuer import IdentityProvider

logger = logging.getLogger(__name__)

RENEW_WITHIN = 60
"""A token that has fewer seconds left is fetched again; one that lives short, in its last fifth."""
PAUSE = 5.0
"""How many seconds a source that failed is left alone while the current token is in force."""
MARGIN = 5
"""A token that has fewer seconds left is not put to the policy in place of a fresh one."""
SOURCE_HINT = (
    "see whether the file, the agent of SPIRE or the OIDC provider behind `identity=` answers"
)


@dataclass(frozen=True, slots=True)
class KeptIdentity:
    """An identity token as it is held."""

    token: IdentityToken
    agent: str
    lifetime: float

    def left(self) -> float:
        """The seconds it is in force for; 0 where a clock that has gone back says more."""
        left = self.token.expires - clock.now()
        # Issued by a clock that has gone back since, it would be one of the future.
        return left if left <= self.lifetime else 0.0

    def due(self) -> bool:
        """Whether it is to be fetched again."""
        return self.left() < min(RENEW_WITHIN, self.lifetime / 5)


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
        self._lock = ProcessLock()
        self._kept: KeptIdentity | None = None
        self._pause_until = 0.0
        self._fetches: IdentityFetches | None = None
        if waits:
            from .identity_fetches import IdentityFetches

            self._fetches = IdentityFetches(self._lock, self._ask, self._keep)

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

    def _at_hand(self, agent: str) -> KeptIdentity | None:
        kept = self._kept
        return kept if kept is not None and kept.agent == agent else None

    def _serves(self, kept: KeptIdentity) -> bool:
        return not kept.due() and not self._rotated()

    def _fresh(self, agent: str, *, deadline: float, in_force: bool) -> KeptIdentity:
        if self._fetches is not None:
            return self._fetches.fetch(agent, deadline=deadline, in_force=in_force)
        with self._lock:
            kept = self._at_hand(agent)
            if kept is None or not self._serves(kept):
                kept = self._kept = self._ask(agent)
            return kept

    def _keep(self, kept: KeptIdentity, *, late: bool) -> None:
        # What was given up may come after what followed it, and be older.
        if self._kept is None or not late:
            self._kept = kept

    def _ask(self, agent: str) -> KeptIdentity:
        try:
            token = self._source.identity(agent)
        except InboundsError:
            raise
        except Exception as error:  # noqa: BLE001 -- a source of the user's may raise anything
            raise DecisionUnavailable(
                f"the source of the agent's identity failed with {type(error).__name__}",
                code="identity.unreachable",
                hint=SOURCE_HINT,
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
        return KeptIdentity(token, agent, lifetime)


def _never() -> bool:
    return False
