"""What a developer has instead of an issuer's and a feed's services: both in this process.

The policy takes a development issuer in development environments only. The feed's head is
signed here as well, so a process that uses this can also call itself up to date; elsewhere
the feed has an owner of its own (`inbounds live serve`).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from inbounds.errors import Timeout
from inbounds.identity.signing_keys import SigningKey
from inbounds.live.feed_store import FeedStore
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from .issuer import DevIssuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.pdp import PolicyDecisionPoint

EVERY = 2.0
"""How old the feed in the embedded policy may become before it is put afresh, in seconds."""
_ends: Counter[Path] = Counter()
"""How much this process has ended, by the folder of the issuer: its guards may share one."""


@runtime_checkable
class _TakesLive(Protocol):
    def push_live(self, now: Mapping[str, Any]) -> None: ...


@runtime_checkable
class _TakesLiveInTime(Protocol):
    def push_live_by(self, now: Mapping[str, Any], *, deadline: float) -> None: ...


class Development:
    """A development issuer together with its revocation feed.

    Args:
        folder: What `inbounds init` made.
        deployment: The folder of the deployment, which a refusal says the names of.

    Raises:
        ConfigurationError: The folder is not what `inbounds init` makes.
    """

    def __init__(self, folder: Path, *, deployment: Path | None = None) -> None:
        self.issuer = DevIssuer(folder, end=self._end, deployment=deployment)
        self.feed = FeedStore(folder / "live.sqlite", SigningKey.read(folder / "feed.pem"))
        self._lock = ProcessLock()
        self._put_at = float("-inf")
        self._place = folder.resolve()
        self._put_ends = 0

    def refresher(self, pdp: PolicyDecisionPoint) -> Callable[[float], None]:
        """Return what keeps the feed of `pdp` fresh; called before every question.

        It takes the deadline of the call, in seconds on `clock.monotonic`, and raises `Timeout`
        where the feed could not be put by then.

        An OPA server gets its feed from `inbounds live serve`, so nothing is done for it.
        """
        if not isinstance(pdp, _TakesLive):
            return _nothing

        def refresh(deadline: float) -> None:
            if self._fresh():
                return
            with self._lock.within(deadline - clock.monotonic()) as taken:
                if not taken:
                    raise Timeout("the revocation feed was being put until the deadline")
                if self._fresh():
                    return
                begun, ends = clock.monotonic(), _ends[self._place]
                now = self.feed.snapshot()
                if isinstance(pdp, _TakesLiveInTime):
                    pdp.push_live_by(now, deadline=deadline)
                else:
                    pdp.push_live(now)
                self._put_at, self._put_ends = begun, ends

        return refresh

    def close(self) -> None:
        """Close the feed's file."""
        self.feed.close()

    def _end(self, task: str) -> None:
        self.feed.end(task)
        # What has ended is worthless at once: the next question of every guard here sees it, even
        # where the feed is being put just now.
        _ends[self._place] += 1

    def _fresh(self) -> bool:
        return clock.monotonic() - self._put_at < EVERY and _ends[self._place] == self._put_ends


def is_development(issuer: object) -> bool:
    """Whether tasks are signed by a development issuer, which counts in development alone."""
    return isinstance(issuer, DevIssuer)


def _nothing(_deadline: float) -> None:
    """Where the feed is somebody else's, nothing is done for it."""
