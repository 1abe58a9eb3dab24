"""Keeps every PDP up to date with the revocation feed, each at its own pace.

What holds for each target:

1. It is given the whole unless it is known to hold what was last given to it, and lacks little.
   Where the whole is more than one write may be, its target puts it so that no head is in force
   over less than what it was signed for (`pdp.opa_live`).
2. A heartbeat replaces the head, and adds every entry not yet acknowledged, in one write that
   is made whole or not at all. It never replaces the generation, and the sequence number only
   beside entries; so a head over anything but what it was signed for is seen by the policy.
3. A heartbeat first replaces the entry acknowledged last by itself. That fails, and with it the
   heartbeat, wherever the entry is not: in an emptied OPA, or in one that went back in time.
4. After a heartbeat the target is read back: generation and sequence number each time, all
   entries after a change and from time to time. Where that takes long, as of a large feed, it waits
   until ten times as long has passed.
5. After any failure nothing is known of what it holds (1).
"""

from __future__ import annotations

import logging
import random
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Protocol, runtime_checkable

from inbounds.errors import InboundsError, InvalidAnswer
from inbounds.pdp import LiveTarget
from inbounds.process import clock

from .coherence import coherent, signed_by
from .feed import Entries, Entry, LiveFeed, Position

logger = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between heartbeats; a fifth of what the freshest rule allows, and then some."""
POLL = 0.1
"""Seconds between looks at the feed's file."""
AUDIT = 30.0
"""Seconds between reading back all that a target holds."""
_REST = 10
"""So many times as long as reading back all that a target holds takes, no change has it read."""
MOST_CHANGES = 500
"""Changes that one heartbeat carries; a target that lacks more is given the whole."""
_NOTE = 5.0  # seconds between notes of a target that does not change
_PRUNE = 3600.0  # seconds
_LOOK = 30.0
"""Seconds between looks at the targets of others that serve the feed."""


@runtime_checkable
class PatchTarget(LiveTarget, Protocol):
    """A target that takes a feed in parts and can be read: `pdp.opa_live.OpaLive`."""

    def heartbeat(self, operations: list[dict[str, Any]]) -> None:
        """Apply JSON Patch operations (RFC 6902), all or none."""
        ...

    def read(self, member: str = "") -> Any:
        """Read the feed, or one member of it; None where there is none."""
        ...


class Course:
    """One target and what it is known to hold.

    Args:
        name: What the target is called, such as its URL.
        target: Where to push.
        audit: Seconds between reading back everything.
    """

    def __init__(self, name: str, target: LiveTarget, *, audit: float = AUDIT) -> None:
        self.name = name
        self._target = target
        self._audit = audit
        self._audited = 0.0
        self._took = 0.0
        self._changed = False
        self._held: Position | None = None
        self._key = ""

    @property
    def key(self) -> str:
        """The `kid` of what signed the head that was put last."""
        return self._key

    @property
    def held(self) -> Position | None:
        """What the target is known to hold; None if that is not known."""
        return self._held

    def beat(self, feed: LiveFeed) -> Position:
        """Bring the target up to date, under a head signed now.

        Raises:
            InboundsError: It is not known to be up to date. The next beat gives it the whole.
        """
        entries = feed.entries()
        held, self._held = self._held, None  # INVARIANT: nothing is known until it is shown
        target = self._target
        if (
            held is None
            or held.generation != entries.position.generation
            or held.seq < entries.whole_since
            or entries.position.seq - held.seq > MOST_CHANGES
            or not isinstance(target, PatchTarget)
        ):
            now = feed.whole(entries)
            coherent(now)
            head = now["head"]
            target.push_live(now)
            self._audited, self._changed = clock.monotonic(), False
        else:
            head = feed.head(entries)
            target.heartbeat(_operations(entries, held, head))
            self._read_back(target, entries, changed=held != entries.position)
        self._held, self._key = entries.position, signed_by(head)
        return entries.position

    def _read_back(self, target: PatchTarget, entries: Entries, *, changed: bool) -> None:
        position = entries.position
        self._changed |= changed
        begun = clock.monotonic()
        since = begun - self._audited
        if since >= self._audit or (self._changed and since >= _REST * self._took):
            found = target.read()
            same = isinstance(found, dict) and {**found, "head": ""} == {
                "head": "",
                "generation": position.generation,
                "seq": position.seq,
                **entries.lists,
            }
            self._audited, self._changed = clock.monotonic(), False
            self._took = self._audited - begun
        else:
            same = (target.read("generation"), target.read("seq")) == (
                position.generation,
                position.seq,
            )
        if not same:
            raise InvalidAnswer(
                f"{self.name} holds another feed than was pushed",
                code="live.overwritten",
                hint="is there a second owner of the feed?",
            )


def _operations(entries: Entries, held: Position, head: str) -> list[dict[str, Any]]:
    known = bisect_right(entries.ordered, held.seq, key=attrgetter("seq"))
    last, fresh = entries.ordered[max(0, known - 1) : known], entries.ordered[known:]
    operations = [_operation("replace", entry) for entry in last]
    operations += [_operation("add", entry) for entry in fresh]
    if held.seq != entries.position.seq:
        operations.append({"op": "replace", "path": "/seq", "value": entries.position.seq})
    return [*operations, {"op": "replace", "path": "/head", "value": head}]


def _operation(op: str, entry: Entry) -> dict[str, Any]:
    name = entry.name.replace("~", "~0").replace("/", "~1")
    return {"op": op, "path": f"/{entry.kind}/{name}", "value": entry.at}


class Pusher:
    """Pushes one feed to every target until it is told to stop.

    A target that is slow or gone does not hold up the others. From the start, each counts as
    behind until it has the feed, and as served until the feed is closed.

    Args:
        feed: What to push.
        targets: Where to, by name.
        interval: Seconds between heartbeats.
        audit: Seconds between reading back all that a target holds.
    """

    def __init__(
        self,
        feed: LiveFeed,
        targets: Mapping[str, LiveTarget],
        *,
        interval: float = INTERVAL,
        audit: float = AUDIT,
    ) -> None:
        self._feed = feed
        self._interval = interval
        self._courses = [Course(name, target, audit=audit) for name, target in targets.items()]
        feed.serve(targets)

    def run(self, stop: threading.Event) -> None:
        """Push until `stop` is set. The calling thread waits; each target has its own."""
        threads = [
            threading.Thread(target=self._serve, args=(course, stop), name=f"live {course.name}")
            for course in self._courses
        ]
        for thread in threads:
            thread.start()
        try:
            pruned = clock.monotonic()
            while not stop.wait(_LOOK):
                self._tidy("the targets of others were not looked at", self._feed.forget_silent)
                if clock.monotonic() - pruned >= _PRUNE:
                    self._tidy("the feed was not pruned", self._feed.prune)
                    pruned = clock.monotonic()
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _tidy(self, fault: str, how: Callable[[], object]) -> None:
        try:
            how()
        except InboundsError as error:
            logger.warning("%s: %s", fault, error)

    def _serve(self, course: Course, stop: threading.Event) -> None:
        notes = _Notes(self._feed, course.name)
        due = 0.0
        while not stop.is_set():
            try:
                if clock.monotonic() >= due or self._feed.position != course.held:
                    position = course.beat(self._feed)
                    due = clock.monotonic() + self._interval
                    notes.take(position, "", key=course.key)
                pause = POLL
            except InboundsError as error:
                pause = self._interval * random.uniform(0.25, 0.75)  # noqa: S311 -- jitter
                notes.take(None, str(error))
            except Exception:
                # A thread that dies in silence would leave a PDP without its kill switches;
                # it would deny for want of a fresh head, and nobody would be told why.
                logger.exception("the feed could not be pushed to %s", course.name)
                pause = self._interval
            stop.wait(pause)


class _Notes:
    """Writes down how far a target has come: when that changes, and now and then."""

    def __init__(self, feed: LiveFeed, name: str) -> None:
        self._feed = feed
        self._name = name
        self._last: tuple[Position | None, str, str] | None = None
        self._written = 0.0

    def take(self, position: Position | None, fault: str, *, key: str = "") -> None:
        said = (position, fault, key)
        if said == self._last and clock.monotonic() - self._written < _NOTE:
            return
        if self._last is None or said[1:] != self._last[1:]:
            if fault:
                logger.warning(
                    "the PDP at %s must hold the feed, and the push to it failed: %s; start the "
                    "PDP, or push to another address. The push is repeated. Without it, that PDP "
                    "denies every call",
                    self._name,
                    fault.removeprefix(f"{self._name}: "),
                )
            else:
                # The feed's writer may not ask whether the policy there accepts it.
                logger.info(
                    "the feed is put at %s, signed by key %s; feed.yaml there must name that key: "
                    "check with `inbounds doctor`",
                    self._name,
                    key,
                )
        self._last = said
        self._written = clock.monotonic()
        try:
            self._feed.acknowledge(self._name, position or Position("", 0), fault=fault)
        except InboundsError as error:
            logger.warning("how far %s has come was not noted: %s", self._name, error)
