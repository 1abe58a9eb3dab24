"""The revocation feed: what has been ended, revoked or stopped, and how it gets to every PDP.

`LiveFeed` owns the entries and signs their head; `Pusher` keeps every PDP up to date with them;
`coherent` is what a PDP's loader asks before it believes a feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.lazy import lazy_names

if TYPE_CHECKING:
    from .coherence import coherent as coherent
    from .feed import LiveFeed as LiveFeed
    from .push import Pusher as Pusher

__all__ = ["LiveFeed", "Pusher", "coherent"]

# `coherent` is asked for in processes that own no feed and need no database.
__getattr__ = lazy_names(
    __name__, {"LiveFeed": ".feed", "coherent": ".coherence", "Pusher": ".push"}
)
