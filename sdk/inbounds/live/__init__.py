"""The revocation feed: what has been ended, revoked or stopped, and how it gets to every PDP.

`LiveFeed` owns the entries and signs their head; `Pusher` keeps every PDP up to date with them;
`coherent` is what a PDP's loader asks before it believes a feed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .coherence import coherent as coherent
    from .feed import LiveFeed as LiveFeed
    from .push import Pusher as Pusher

_PLACES = {"LiveFeed": ".feed", "coherent": ".coherence", "Pusher": ".push"}

__all__ = ["LiveFeed", "Pusher", "coherent"]


def __getattr__(name: str) -> Any:
    # `coherent` is asked for in processes that own no feed and need no database.
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(_PLACES[name], __name__), name)
