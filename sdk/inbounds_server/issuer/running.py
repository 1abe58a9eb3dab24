"""An issuer's service with all it works with, made from its folder and closed as one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import Timeout
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.log import SqliteEvidence
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed, Pusher
from inbounds.live.store import FILE as FEED
from inbounds.live.store import require_not_lost
from inbounds.pep.telemetry import Telemetry
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from . import store
from .http import app
from .in_force import InForce
from .records import Log
from .service import Service, Workings
from .settings import FEED_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from starlette.applications import Starlette

    from inbounds.live.feed import Position
    from inbounds.pdp import LiveTarget, PolicyDecisionPoint

    from .settings import Folder

_EVERY = 2.0
"""How old the feed in an embedded PDP may become before it is put afresh, in seconds."""


class Served:
    """One issuer's service, while the block lasts.

    Args:
        folder: What it signs as; its feed, its memory and its evidence are kept there.
        pdp: What decides; it is closed with the rest.
        targets: Whom the feed is pushed to, by name; none where `inbounds live serve` does so.
    """

    def __init__(
        self, folder: Folder, pdp: PolicyDecisionPoint, targets: Mapping[str, LiveTarget]
    ) -> None:
        self._pdp = pdp
        self._targets = targets
        self._stop = threading.Event()
        key = deployment_key(folder.path / "deployment.key")
        require_not_lost(folder.path / FEED)
        self.feed = LiveFeed(folder.path / FEED, SigningKey.read(folder.path / FEED_KEY))
        self._store = store.TaskStore(folder.path / store.FILE)
        self._evidence = SqliteEvidence(
            folder.path / "evidence.sqlite", key=subkey(key, "evidence")
        )
        self._pusher: threading.Thread | None = None
        self._putting = ProcessLock()
        self._put: tuple[Position | None, float] = (None, float("-inf"))
        log = Log(
            evidence=self._evidence,
            telemetry=Telemetry(),
            key=subkey(key, "digest"),
            engine=pdp.name,
        )
        self.service = Service(
            Workings(
                folder=folder,
                store=self._store,
                pdp=pdp,
                feed=self.feed,
                log=log,
                fresh=self._fresh,
            )
        )
        self.app: Starlette = app(
            self.service, folder, InForce(self.feed, folder) if targets else None
        )

    def __enter__(self) -> Self:
        # An end that broke off, or a feed that was lost or put back, lets no task live again.
        for task in self._store.ended():
            self.feed.end(task)
        if self._targets:
            pusher = Pusher(self.feed, self._targets)
            self.feed.rotate()
            self._pusher = threading.Thread(
                target=pusher.run, args=(self._stop,), name="issuer feed"
            )
            self._pusher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._pusher is not None:
            self._pusher.join()
        self._evidence.close()
        self._store.close()
        self.feed.close()
        self._pdp.close()

    def _fresh(self, deadline: float) -> None:
        """Bring the feed to a PDP in this process; an OPA has it from whoever pushes it.

        Args:
            deadline: When to give up, on the clock of `time.monotonic`.

        Raises:
            Timeout: Others were at it until the deadline.
        """
        if not isinstance(self._pdp, EmbeddedPolicy):
            return
        with self._putting.within(deadline - clock.monotonic()) as taken:
            if not taken:
                raise Timeout("the feed was being put into the embedded policy until the deadline")
            position, at = self._put
            if self.feed.position == position and clock.monotonic() - at < _EVERY:
                return
            entries = self.feed.entries()
            self._pdp.push_live_by(self.feed.whole(entries), deadline=deadline)
            self._put = (entries.position, clock.monotonic())
