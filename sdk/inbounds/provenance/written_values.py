"""What an agent itself has put into calls, so that it does not come back as something better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .spellings import hosts_of, spellings_of
from .values import HOST

if TYPE_CHECKING:
    from collections.abc import Iterable

_BITS = 2**20
_SHIFT = 20


class WrittenValues:
    """The values that calls have written which nothing trusted vouched for, for good.

    A tool that keeps what it is given returns it as its own later, and may have put it in
    another form meanwhile: so a value is told by what all its spellings have in common. Kept
    are bits and no values (a Bloom filter, 128 KiB): however many there are, none is ever
    forgotten, and in the worst case some value that was never written is taken for one that
    was.
    """

    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, keys: Iterable[str]) -> None:
        """Remember what a call has written."""
        for key in keys:
            if not self._bits:
                self._bits = bytearray(_BITS // 8)
            self._put(spellings_of(key))
            if key.startswith(HOST):
                self._put(hosts_of(key))

    def add_all(self) -> None:
        """Take every value for one that was written: nobody knows what a call has."""
        self._bits = bytearray(b"\xff" * (_BITS // 8))

    def __bool__(self) -> bool:
        return bool(self._bits)

    def __contains__(self, key: str) -> bool:
        """Whether a value was written, or the host by itself that it is at: in any spelling."""
        bits = self._bits
        return bool(bits) and any(
            all(bits[bit >> 3] & 1 << (bit & 7) for bit in _places(spelling))
            for spelling in (*spellings_of(key), *hosts_of(key))
        )

    def _put(self, spellings: Iterable[str]) -> None:
        for spelling in spellings:
            for bit in _places(spelling):
                self._bits[bit >> 3] |= 1 << (bit & 7)


def _places(key: str) -> tuple[int, int, int]:
    drawn = hash(key)
    mask = _BITS - 1
    return drawn & mask, drawn >> _SHIFT & mask, drawn >> 2 * _SHIFT & mask
