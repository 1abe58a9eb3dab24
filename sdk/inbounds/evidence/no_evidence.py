"""The evidence log that keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Decided, Executed


class NoEvidence:
    """Keeps nothing. For measuring what a decision costs without its evidence."""

    def decided(self, record: Decided) -> None:
        """Forget it."""

    def executed(self, record: Executed) -> None:
        """Forget it."""

    def close(self) -> None:
        """Do nothing."""
