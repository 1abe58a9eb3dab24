"""Lines of a stream that somebody else writes, none of which takes more memory than a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .message import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lines:
    """Puts chunks together to lines. Of a line that is too long, only the beginning is kept."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def take(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the lines that a chunk completes, without their ends; an empty chunk ends the last.

        One that is longer than a message may be comes as its first `MAX_BYTES` + 1 bytes.
        """
        *whole, rest = chunk.split(b"\n") if chunk else (b"", b"")
        for part in whole:
            self._keep(part)
            line = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            if line.strip():
                yield line
        self._keep(rest)

    @property
    def too_long(self) -> bool:
        """Whether the line that is being put together is longer than a message may be."""
        return self._size > MAX_BYTES

    def _keep(self, part: bytes) -> None:
        if part and self._size <= MAX_BYTES:
            self._parts.append(part[: MAX_BYTES + 1 - self._size])
            self._size += len(part)
