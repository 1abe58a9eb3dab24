"""What one call was given, to tell an echo of it in the result from something new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .grades import TRUSTED
from .plain_values import NOTHING, members, step
from .spellings import spellings_of
from .values import (
    ACCOUNT,
    HOST,
    MAIL,
    NUMBER,
    PHONE,
    URL,
    embedded,
    nfc,
    number_key,
    own_keys,
    plain_of,
    text_key,
    typed,
)

_MOST_LEAVES = 10_000
_MOST_COMPARED = 20_000_000
_DEEPEST = 64
_LONGEST_VALUE = 200
_MOST_BITS = 256


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One leaf: the keys it is, those it could be read as, those within it, and its text."""

    keys: list[str]
    read_as: set[str]
    within: set[str]
    text: str


def _signs(text: str) -> str:
    """The letters and digits of a text, parts of it still apart."""
    return "".join(sign for sign in text if sign.isalnum() or sign == "\x00")


def _spoken(text: str) -> str:
    """A text in one case and width."""
    return plain_of(plain_of(text).casefold())


def may_stand(text: str, value: str) -> bool:
    """Whether `prompt_text.stands` may be true; it takes the ends of a text for signs as well."""
    return value in text or "\x00" in value


def _stands(text: str, value: str) -> bool:
    # Imported here: few results hold what a call was given.
    from inbounds.provenance.prompt_text import stands

    return stands(text, value)


def _is_whole(value: float) -> bool:
    return type(value) is int or (isinstance(value, float) and value.is_integer())


class CallInputs:
    """The arguments of one call as values.

    `discard_trusted` drops what something trusted vouches for; the rest is an echo where it comes
    back, in whatever spelling. An echo is also a value that stands within a text that the call
    was given, and an address or URL at a host that does: a tool puts together what it is given
    in parts.

    Attributes:
        unknown: Whether there was too much of it, so that everything counts as an echo.
        lasting: What was not trusted, and did not come from a list of objects either.
    """

    def __init__(self, arguments: Any) -> None:
        self._arguments = arguments
        self._leaves: list[_Leaf] = []
        self._left = _MOST_LEAVES
        self._keys: set[str] = set()
        self._spellings: set[str] = set()
        self._text = ""
        self._signs = ""
        self._compared = _MOST_COMPARED
        self.unknown = False
        self.lasting: set[str] = set()
        try:
            self._take(arguments, 0)
        except Exception:  # noqa: BLE001 -- arguments that an adapter tells of may be anything
            self.unknown = True

    def texts_at(self, pointer: str) -> list[str]:
        """The text, or the whole number as one, that stands at a JSON Pointer, if any."""
        value: Any = self._arguments
        for segment in pointer.split("/")[1:]:
            name = segment.replace("~1", "/").replace("~0", "~")
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return []
        if type(value) is int and value.bit_length() <= _MOST_BITS:
            return [str(value)]
        return [str.__str__(value)] if isinstance(value, str) else []

    def discard_trusted(
        self, grade: Callable[[list[str], str], str], part: Callable[[str], str]
    ) -> None:
        """Drop what is trusted, part by part: a trusted address vouches for none beside it.

        Args:
            grade: Says, of the keys of a leaf and its text, how far the whole of it is trusted.
            part: Says, of the key of one value in it, how far that is trusted by itself.
        """
        texts = []
        for leaf in self._leaves:
            found = grade(leaf.keys, leaf.text)
            within = set(leaf.within)
            read_as = set(leaf.read_as)
            if found not in TRUSTED:
                self._keys.update(leaf.keys)
                if found != "listing":
                    self.lasting.update(leaf.keys)
                    from inbounds.provenance.readings import readings

                    within |= read_as
                    within.update(readings(leaf.text))
                if leaf.text:
                    texts.append(_spoken(leaf.text))
            elif found == "prompt":
                # All of it is the user's own word, but a number is not said to be an amount.
                within = {key for key in within | read_as if key.startswith(NUMBER)}
            else:
                within |= read_as
            self._keys.update(key for key in read_as - within if part(key) not in TRUSTED)
            for key in within:
                if part(key) not in TRUSTED:
                    self._keys.add(key)
                    self.lasting.add(key)
        self._spellings = {each for key in self._keys for each in spellings_of(key)}
        self._text = "\x00".join(texts)
        self._signs = _signs(self._text)

    @property
    def nothing(self) -> bool:
        """Whether all that the call was given is trusted."""
        return not (self.unknown or self._keys)

    def __contains__(self, key: str) -> bool:
        """Whether the call was given a value, as a whole or within a text, in any spelling."""
        return (
            self.unknown or key in self._keys or not self._spellings.isdisjoint(spellings_of(key))
        )

    def holds(self, key: str, text: str) -> bool:
        """Whether a value of the result is one that the call was given.

        Args:
            key: Its key.
            text: The text that it is, if it is one to be looked for in those of the call.
        """
        if key in self:
            return True
        if not self._text:
            return False
        if key.startswith((ACCOUNT, PHONE)) and _signs(key[2:].casefold()) in self._signs:
            return True  # in whatever case, however it is grouped
        part = ""
        if key.startswith(MAIL):
            part = key.rpartition("@")[2]
        elif key.startswith((URL, HOST)):
            part = key[2:].partition("://")[2].partition("/")[0] or key[2:]
        if not part and not text:
            return False
        self._compared -= len(self._text)
        if self._compared < 0:
            return True
        if part and part in self._text:
            return True
        text = _spoken(text)
        if len(text) > _LONGEST_VALUE:
            return text[:_LONGEST_VALUE] in self._text
        return bool(text) and may_stand(self._text, text) and _stands(self._text, text)

    def _take(self, given: Any, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            self.unknown = True
            return
        value = step(given)
        if value is NOTHING:
            return
        if type(value) is str:
            text = nfc(value)
            keys = own_keys(text)
            read_as = set(typed(text)).difference(keys)
            self._leaves.append(_Leaf(keys, read_as, set(embedded(text)), text))
        elif type(value) in (int, float):
            keys = [number_key(value)]
            if _is_whole(value) and int(value).bit_length() <= _MOST_BITS:
                keys.append(text_key(str(int(value))))
            self._leaves.append(_Leaf(keys, set(), {keys[0]}, ""))
        elif isinstance(value, Mapping):
            for name, member in islice(members(value), self._left + 1):
                if depth:
                    # Those of the whole are the tool's own; any other may be a stranger's word.
                    self._take(name, depth + 1)
                self._take(member, depth + 1)
        else:
            for member in islice(value, self._left + 1):
                self._take(member, depth + 1)
