"""What every adapter asks of how it is set up, whatever the framework."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable


def require_named_once(names: Iterable[str]) -> None:
    """Refuse two tools of one name: what is judged under it may not be what runs.

    Args:
        names: Those that a model calls the tools of one agent by, each as often as it is there.

    Raises:
        ConfigurationError: `configuration.tool_named_twice`.
    """
    for name, times in Counter(names).items():
        if times > 1:
            raise ConfigurationError(
                f"`{name}` is the name of {times} tools: a call does not say which one it is to",
                code="configuration.tool_named_twice",
                hint="give each tool of an agent a name of its own",
            )
