"""What a developer has instead of an issuer's and a feed's services: both in this process.

The policy takes a development issuer in development environments only. The feed's head is
signed here as well, so a process that uses this can also call itself up to date; elsewhere
the feed has an owner of its own (`inbounds live serve`).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, get_args, runtime_checkable

from inbounds.errors import Timeout
from inbounds.files.safe_files import scratch_folder
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed
from inbounds.model.question import Effect
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from .issuer import DevIssuer, public_keys, read_about

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.pdp import PolicyDecisionPoint

    from .issuer import About

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
        self.feed = LiveFeed(folder / "live.sqlite", SigningKey.read(folder / "feed.pem"))
        self._lock = ProcessLock()
        self._put_at = float("-inf")
        self._place = folder.resolve()
        self._put_ends = 0

    @staticmethod
    def create(folder: Path, about: About) -> dict[str, Any]:
        """Make an issuer and a feed's key in `folder`.

        Args:
            folder: Where; refused if there is an issuer already.
            about: What it signs for.

        Returns:
            What the deployment has to say for them to count: its `issuers` and its `feed`.
        """
        DevIssuer.create(folder, about)
        SigningKey.generate().write(folder / "feed.pem")
        return Development.stated(folder)

    @staticmethod
    def stated(folder: Path) -> dict[str, Any]:
        """Return what the deployment has to say for the issuer in `folder` to count.

        Raises:
            ConfigurationError: None exists.
        """
        said = read_about(folder)
        feed = SigningKey.read(folder / "feed.pem")
        return {
            "issuers": {
                "development": {
                    "issuer": said.issuer,
                    "kind": "development",
                    "vouches_for": ["identity", "task"],
                    "trust_domain": said.agent.removeprefix("spiffe://").partition("/")[0],
                    "tenants": [said.tenant],
                    "environments": [said.environment],
                    "effects": list(get_args(Effect)),
                    "algorithms": ["ES256"],
                    "keys": public_keys(folder),
                }
            },
            "feed": {"keys": {feed.kid: feed.public}},
        }

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


def feed_as_of(folder: Path, now: int) -> dict[str, Any]:
    """Return the feed of the issuer in `folder`, under a head that is signed for another time.

    Args:
        folder: What `inbounds init` made. Nothing is made in it.
        now: Unix seconds.
    """
    with scratch_folder("feed") as scratch:
        there = folder / "live.sqlite"
        path = there if there.exists() else Path(scratch) / "live.sqlite"
        feed = LiveFeed(path, SigningKey.read(folder / "feed.pem"), now=lambda: now)
        try:
            return feed.snapshot()
        finally:
            feed.close()


def _nothing(_deadline: float) -> None:
    """Where the feed is somebody else's, nothing is done for it."""
