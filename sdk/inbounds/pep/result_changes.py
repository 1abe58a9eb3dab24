"""What obligations do to a result: fields left out, rows cut, texts masked and stripped."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from inbounds.canonical.visible import visible
from inbounds.errors import ResultWithheld

from .result_shape import Rows, Shape, ShapeMismatch, json_within, without
from .results import END, MASK, REDACT, STRIP, TRUNCATE, TYPES, URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from inbounds.model.question import Obligation, Returns

    _Change = Callable[[Any, Sequence[str]], Any]

_DEEPEST = 64
_MOST_ITEMS = 10_000
_MOST_CHARACTERS = 1_000_000
"""So much of a result that comes item by item is held back until it is looked at as a whole."""

_MOST_DIGITS = 3
"""So many digits of a number may be seen: they tell nobody which it is."""

_MOST_ENCODINGS = 4

# Every character that a link may hold (RFC 3986 §2) or that browsers take in one. Those that may
# also stand around a link are taken for a part of it: too much is masked rather than too little.
_REST = r"[^\s<>\"]"
_URL = (
    rf"(?:https?|wss?|ftp):[\\/]*{_REST}+"  # also as browsers repair it
    rf"|(?:[a-z][a-z0-9+.-]{{1,20}}:)?//{_REST}+|(?<![\w:])[\\/]{{2}}{_REST}+"
    rf"|\b(?:www\.|mailto:|data:|javascript:){_REST}+"
    rf"|(?<![\w.@/:-])(?:[\w-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}(?::[0-9]{{1,5}})?"
    rf"(?:/{_REST}*|[?#]{_REST}+)"
)
_ANY_URL = re.compile(_URL, re.IGNORECASE)
# What one stands in may hold one more pair, and no third: so nothing is looked at twice.
_WORDS = r"\[((?:[^\[\]\n]|\[[^\[\]\n]{0,300}\]){0,1000})\]"
_PLACE = r"\((?:[^()\n]|\([^()\n]{0,500}\)){0,4000}\)"
_LOADED = (
    "img|image|picture|source|svg|object|embed|iframe|frame|video|audio|track|input|link|style"
    "|script"
)
_IMAGES = re.compile(
    rf"!{_WORDS}(?:{_PLACE}|\[[^\[\]\n]{{0,200}}\])|<(?:{_LOADED})\b[^<>]{{0,4000}}>",
    re.IGNORECASE,
)
_LINKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(_WORDS + _PLACE), r"\1"),
    (re.compile(r"</?a\b[^<>]{0,4000}>", re.IGNORECASE), ""),
    (_ANY_URL, "[link]"),
)
# What is left of one that was not understood, or that came about when something was taken out.
_BEGINS_IMAGE = re.compile(rf"(?<!!)!+(?=\[)|(?<!<)<+(?=(?:{_LOADED})\b)", re.IGNORECASE)
_BEGINS_LINK = re.compile(r"(?<!<)<+(?=/?a\b)", re.IGNORECASE)
_WORD = re.compile(rf"{_REST}+")
# An address by RFC 5321 §4.1.2 and RFC 5322 §3.4.1: an atom holds `'` and whatever else is here.
_ATOM = r"[^\s@<>()\[\],;:\"]"
_QUOTED = r"\"(?:[^\"\\\n]|\\.){0,256}\""
_COMMENT = r"(?:\([^()\n]{0,128}\))?"
_LOCAL = rf"(?<!{_ATOM})(?>(?:{_ATOM}++|{_QUOTED}){{1,32}}){_COMMENT}"
_DOMAIN = r"(?:[^\s@<>()\[\],;:\"']{1,255}|\[[^\s\[\]]{1,64}\])"
_BETWEEN = r"[\s.\u2010-\u2015-]"
# Spellings that a reader takes for a value and no program does: blanks, brackets, words for signs.
_OPEN, _SHUT = r"[(\[{<]\s{0,2}", r"\s{0,2}[)\]}>]"
_AT = rf"(?:\s{{0,3}}(?:@|{_OPEN}at{_SHUT})\s{{0,3}})"
_BRACKETED_DOT = rf"\s{{0,2}}{_OPEN}(?:dot|\.){_SHUT}\s{{0,2}}"
_DOT = rf"(?:{_BRACKETED_DOT}|\s{{1,2}}\.\s{{0,2}}|\.)"
_LABEL = r"[\w-]{1,63}+"
_SPELT_EMAIL = (
    rf"(?<![\w.+'\u2019-])[\w.+'\u2019-]++\)?{_AT}\(?{_LABEL}(?:{_DOT}{_LABEL}){{1,8}}"
    r"|(?<!\S)(?:[\w.+-]\s){1,64}+@(?:\s[\w.-](?!\w)){3,128}"
)
_SPELT_SCHEME = r"(?:h[tx]{2}ps?\W{1,8}|//)?"
_SPELT_URL = (
    rf"(?<![\w.-]){_SPELT_SCHEME}{_LABEL}(?:\.{_LABEL}){{0,8}}+{_BRACKETED_DOT}{_LABEL}"
    rf"(?:(?:{_BRACKETED_DOT}|\.){_LABEL}){{0,8}}(?:\s?/{_REST}*)?"
    rf"|(?<![\w.-]){_SPELT_SCHEME}{_LABEL}(?:\s\.\s?{_LABEL}){{1,8}}\s?/\s?{_REST}+"
)
_BEGINS_ACCOUNT = r"(?:(?<![A-Z0-9])|(?<=IBAN))"
# No `,` and no `|`: they stand between the numbers of a list and of a table.
_BETWEEN_DIGITS = (
    r"[\s()\[\]{}./\\_~*'\u2019\u00b7\u2022\u2027\u2219\u30fb\u2010-\u2015\u2043\u2212-]{0,8}"
)
_KINDS = {
    "email": re.compile(rf"{_LOCAL}@{_COMMENT}{_DOMAIN}|{_SPELT_EMAIL}", re.IGNORECASE),
    URL: re.compile(rf"{_SPELT_URL}|{_URL}", re.IGNORECASE),
    "iban": re.compile(
        rf"{_BEGINS_ACCOUNT}[A-Z]{{2}}\d{{2}}(?:{_BETWEEN}{{0,2}}[A-Z0-9]){{8,30}}(?![A-Z0-9])",
        re.IGNORECASE,
    ),
    "phone": re.compile(
        rf"(?<![\w.])\+?[(\[]?\d(?:{_BETWEEN_DIGITS}\d){{6,19}}(?=x\d|[\W_]|\Z)", re.IGNORECASE
    ),
}
_SPELT_ACCOUNT = re.compile(
    rf"(?={_BEGINS_ACCOUNT}((?:[A-Z][\W_]{{0,5}}){{2}}(?:\d[\W_]{{0,5}}){{2}}"
    r"(?:[A-Z0-9][\W_]{0,5}){10,29}[A-Z0-9]))",
    re.IGNORECASE,
)
"""What may be an account number, however it is grouped: its check digits say whether it is one."""
_SHORTEST_ACCOUNT, _FEWEST_DIGITS = 15, 10
_INSTEAD = re.compile(r"\[(?:email|iban|image|link|masked|phone|url)\]")


class NotPlain(Exception):
    """A result that cannot be looked into, and so cannot be given in part."""


class InPieces(Exception):
    """Items in which a value may stand that none of them holds whole. Says why, never a value."""


def change_or_withhold(change: Callable[[Any], Any], value: Any) -> Any:
    """Return a changed result.

    Args:
        change: `Discharge.whole` or `Discharge.row`.
        value: The result, or a part of it.

    Raises:
        ResultWithheld: It cannot be changed as the obligations say.
    """
    try:
        return change(value)
    except InPieces as fault:
        raise ResultWithheld(
            str(fault),
            code="result.in_pieces",
            hint="say in `returns.fields` of the tool in deployment/tools.yaml what an item "
            "is: `/*` for a value of its own, or the empty pattern for a piece of one text",
        ) from None
    except ShapeMismatch as mismatch:
        raise ResultWithheld(
            str(mismatch),
            code="result.shape_mismatch",
            hint="make `returns.fields` and `rows` of the tool in deployment/tools.yaml say "
            "what it returns",
        ) from None
    except Exception:  # noqa: BLE001 -- a result that breaks the change, by its depth or length, is withheld
        raise ResultWithheld(
            "the policy gives a part of the result only, and it is not plain data",
            code="result.not_plain",
            hint="let the tool return text, numbers, and lists and dicts of them",
        ) from None


class Discharge:
    """What is done to one result, whole or row by row, as the obligations on it say.

    Attributes:
        owed: Whether there is anything to be done.
        holds_back: Whether `row` gives nothing before the end.

    Args:
        obligations: Of the types named here; others are left alone.
        returns: What the registry says of the result. Where a field is to be left out, or rows
            are to be counted, the result has to have its shape.
    """

    def __init__(self, obligations: Sequence[Obligation], returns: Returns) -> None:
        mine = [item for item in obligations if item.type in TYPES]
        self.owed = bool(mine)
        self._pieces: Pieces | None = None
        self.holds_back = False
        if not mine:
            return
        said: dict[str, list[Mapping[str, Any]]] = {
            kind: [each.properties for each in mine if each.type == kind] for kind in TYPES
        }
        self._hidden = [field for each in said[REDACT] for field in each["fields"]]
        self._rows = Rows(min(each["rows"] for each in said[TRUNCATE])) if said[TRUNCATE] else None
        kinds = {kind for each in said[MASK] for kind in each["kinds"]}
        what = {name for each in said[STRIP] for name in each["what"]}
        # Links last: what takes one out may leave half of an address behind. Values again after
        # that: what stood between their parts may be gone.
        values = [kind for kind in _KINDS if kind in kinds and kind != URL]
        self._texts: list[tuple[_Change, list[str]]] = [
            (_mask, values),
            (_strip, sorted(what)),
            (_mask_links, [kind for kind in kinds if kind == URL]),
            (_mask, values if what else []),
        ]
        self._texts = [each for each in self._texts if each[1]]
        self._shape = Shape()
        if self._hidden or self._rows is not None:
            self._shape = Shape.of(returns.fields, unregistered=self._hidden)
        # Where the registry says what an item is, it is a value of its own.
        said_of_items = any(pattern for pattern in returns.fields)
        if self._texts and not said_of_items:
            self._pieces = Pieces(self._changed, one_text="" in returns.fields)
            self.holds_back = True

    def whole(self, value: Any) -> Any:
        """Return what may be given of a result, or of a part of it that stands by itself.

        What is cut short and what is left out is so first, so that nothing of it is looked at
        any further.

        Args:
            value: The result: text, numbers, and lists and mappings of them.

        Returns:
            The result, or a new one; the caller's own is never changed.

        Raises:
            NotPlain: There is something to be done, and the result is not plain data.
            ShapeMismatch: A field is to be left out, or rows are to be counted, and the result
                has another shape than the registry says.
        """
        if not self.owed:
            return value
        left = self._left(value)
        if self._pieces is not None:
            for parts in _lists_in(left):
                self._pieces.require_whole([text for part in parts for text in _shown_in(part)])
            self._pieces.require_unreadable([*_listed(left)])
        return self._changed(left)

    def _left(self, value: Any) -> Any:
        """Return the rows and fields of a value that may be given, as they are."""
        value = _copied(value, 0)
        if self._rows is not None:
            value = self._rows.cut(value, self._shape)
        return without(value, self._shape, self._hidden) if self._hidden else value

    def _changed(self, value: Any) -> Any:
        for change, names in self._texts:
            value = change(value, names)
        return value

    def row(self, item: Any) -> list[Any] | None:
        """Return what may be given by now of a result that comes row by row.

        Where texts are to be changed, and the registry does not say what an item is, nothing is
        given before the end: a value may be split over items.

        Args:
            item: The row, or `END` once the last has come.

        Returns:
            A list, empty where the row is held back; None where no more rows may be given.

        Raises:
            NotPlain: As `whole`.
            ShapeMismatch: As `whole`.
            InPieces: A value is split over items, or there are more than can be held back.
        """
        if item is END:
            return self._pieces.judged() if self._pieces is not None else []
        if not self.owed:
            return [item]
        if self._shape.row is not None or not self._shape.below:
            left: list[Any] = self._left([item])
        # Each is a record, as the registry has the whole result.
        elif self._rows is not None and not self._rows.take():
            return None
        else:
            left = [self._left(item)]
        if not left:
            return None
        if self._pieces is None:
            return [self._changed(each) for each in left]
        self._pieces.take(left)
        return []


class Pieces:
    """Items of a result that may be pieces of one text, or values of their own.

    Read either way, nothing may be seen that is to be changed. Texts at the same place of each item
    are looked at as one text, and each by itself.

    Args:
        change: What is done to a text, or to whatever holds texts.
        one_text: Whether the registry says that the whole result is one text.
    """

    def __init__(self, change: Callable[[Any], Any], *, one_text: bool) -> None:
        self._change = change
        self._one_text = one_text
        self._items: list[Any] = []
        self._texts: dict[tuple[Any, ...], list[str]] = {}
        self._characters = 0

    def take(self, items: Sequence[Any]) -> None:
        """Hold items back.

        Raises:
            InPieces: It is more than is held back.
        """
        for item in items:
            self._items.append(item)
            for place, text in _texts_in(item, ()):
                self._texts.setdefault(place, []).append(text)
                self._characters += len(text)
        if len(self._items) > _MOST_ITEMS or self._characters > _MOST_CHARACTERS:
            self._items, self._texts = [], {}
            raise InPieces("the result comes in more items than can be looked at as one text")

    def judged(self) -> list[Any]:
        """Return what may be given of the items; of pieces of one text, the text.

        Raises:
            InPieces: What is to be changed is split over items, and nobody says what they are.
        """
        items, texts = self._items, self._texts
        self._items, self._texts, self._characters = [], {}, 0
        if self._one_text and texts.keys() == {()} and all(type(item) is str for item in items):
            return [self._change("".join(items))]
        for pieces in texts.values():
            self.require_whole(pieces)
        return [self._change(item) for item in items]

    def require_whole(self, texts: Sequence[str]) -> None:
        """Require that no value is split over texts that are shown one after another.

        Raises:
            InPieces: One is.
        """
        if len(texts) > 1 and not self._sees_no_less(texts):
            raise InPieces("what the policy takes out of the result is split over its items")

    def require_unreadable(self, texts: Sequence[str]) -> None:
        """Require that no value can be read in texts that lists hold, one after another.

        Items of a list are less likely pieces of one text than blocks are: that a plain word
        stands right behind a value is no reason to withhold them.

        Raises:
            InPieces: More of a value is seen than a word.
        """
        apart = Counter(_INSTEAD.sub("", "".join(map(self._change, texts))))
        apart.subtract(_INSTEAD.sub("", self._change("".join(texts))))
        seen = [sign for sign, times in apart.items() for _ in range(times)]
        if any(sign in "@.:/\\" for sign in seen) or sum(map(str.isdigit, seen)) > _MOST_DIGITS:
            raise InPieces(
                "what the policy takes out of the result is split over items of its lists"
            )

    def _sees_no_less(self, pieces: Sequence[str]) -> bool:
        """Whether texts that are looked at one by one show nothing that the whole would not."""
        apart = "".join(map(self._change, pieces))
        together = self._change("".join(pieces))
        if apart == together:
            return True
        shown, at = _INSTEAD.sub("\0", together), 0
        for part in _INSTEAD.split(apart):
            at = shown.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True


def _strip(value: Any, what: Sequence[str]) -> Any:
    def plain(text: str) -> str:
        if "images" in what:
            text = _IMAGES.sub("[image]", text)
        if "links" in what:
            for pattern, instead in _LINKS:
                text = pattern.sub(instead, text)
            if "&" in text:
                text = _WORD.sub(_unless_link, text)
            text = _BEGINS_LINK.sub("", text)
            text = _unlinked(text, "[link]")
        return _unpictured(_BEGINS_IMAGE.sub("", text)) if "images" in what else text

    return _in_texts(value, plain)


def _unlinked(text: str, instead: str) -> str:
    """Return a text without what is still a link to a program that knows other spellings."""
    from inbounds.provenance.links import links_of
    from inbounds.provenance.markup import Unreadable, text_of

    def linked(part: str) -> bool:
        return next(links_of(part), None) is not None

    for time in range(_MOST_ENCODINGS):
        if not linked(text):
            return text
        if time:
            try:
                text = text_of(text)
            except Unreadable:
                break
        text = _WORD.sub(lambda found: instead if linked(found[0]) else found[0], text)
    return text if not linked(text) else instead


def _unpictured(text: str) -> str:
    """Return a text without what a program that reads HTML would still load for it."""
    if "<" not in text:
        return text
    from inbounds.provenance.markup import Unreadable, holds_images, text_of

    try:
        for _ in range(_MOST_ENCODINGS):
            if not holds_images(text):
                return text
            text = text_of(text)
    except Unreadable:
        pass
    return "[image]"


def _unless_link(found: re.Match[str]) -> str:
    """A word, unless it is a link to whoever reads the entities of HTML."""
    word = found.group()
    return "[link]" if "&" in word and _ANY_URL.search(html.unescape(word)) else word


def _mask(value: Any, kinds: Sequence[str]) -> Any:
    return _in_texts(value, lambda text: _masked(text, kinds))


def _mask_links(value: Any, kinds: Sequence[str]) -> Any:
    # Before as well: a word of a link that is written with blanks may be a link of its own.
    def masked(text: str) -> str:
        return _masked(_unlinked(_masked(text, kinds), f"[{URL}]"), kinds)

    return _in_texts(value, masked)


def _masked(text: str, kinds: Sequence[str]) -> str:
    """Return a text without values of some kinds, nor any that its reader would see in it."""

    def masked(text: str) -> str:
        for kind in kinds:
            if kind == "iban":
                text = _without_spelt_accounts(text)  # first: these know where a number ends
            text = _KINDS[kind].sub(f"[{kind}]", text)
        return text

    left = seen = masked(text)
    for _ in range(_MOST_ENCODINGS):
        plain = visible(text)
        if plain == text:
            return left
        # As entities or in wide characters it is the same to whoever reads it, or more of it is.
        text, seen = plain, visible(seen)
        if seen != (found := masked(plain)):
            left = seen = found
    return "[masked]"


def _without_spelt_accounts(text: str) -> str:
    """Return a text without account numbers whose groups no bank would write."""
    left, end = [], 0
    for found in _SPELT_ACCOUNT.finditer(text):
        if found.start() < end:
            continue
        length = _length_of_account(found[1])
        if length:
            left += [text[end : found.start()], "[iban]"]
            end = found.start() + length
    return "".join(left) + text[end:] if left else text


def _length_of_account(text: str) -> int:
    """Return how much of a text is an account number by ISO 13616; 0 for nothing."""
    signs, length = "", 0
    for at, sign in enumerate(text.upper(), start=1):
        if not (sign.isascii() and sign.isalnum()):
            continue
        signs += sign
        if len(signs) < _SHORTEST_ACCOUNT or sum(map(str.isdecimal, signs)) < _FEWEST_DIGITS:
            continue
        if int("".join(str(int(each, 36)) for each in signs[4:] + signs[:4])) % 97 == 1:
            length = at
    return length


def _in_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        within = json_within(value)
        if within is not None and (left := _in_texts(within, change)) != within:
            # Its escapes hide what is in it from whoever looks for that.
            return json.dumps(left, ensure_ascii=False)
        return change(value)
    if isinstance(value, list):
        return [_in_texts(part, change) for part in value]
    if isinstance(value, dict):
        # A key can hold a stranger's text as well.
        return {change(name): _in_texts(part, change) for name, part in value.items()}
    return value


def _texts_in(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list | dict):
        for step, part in enumerate(value) if isinstance(value, list) else value.items():
            yield from _texts_in(part, (*place, step))


def _lists_in(value: Any) -> Iterator[list[Any]]:
    """Yield each list at any depth, those of JSON in a text among them."""
    if isinstance(value, str):
        value = json_within(value)
    if isinstance(value, list):
        yield value
    if isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _lists_in(part)


def _shown_in(part: Any) -> Iterator[str]:
    """Yield the text of a block, which its reader sees right behind the one before."""
    if isinstance(part, dict) and "type" in part and isinstance(part.get("text"), str):
        yield part["text"]


def _listed(value: Any) -> Iterator[str]:
    """Yield the texts that lists hold, at any depth, and the numbers between them, in order.

    What a mapping holds has a name of its own.
    """
    if isinstance(value, str):
        value = json_within(value)
    if isinstance(value, dict):
        for part in value.values():
            yield from _listed(part)
    elif isinstance(value, list):
        among_texts = any(isinstance(part, str) for part in value)
        for part in value:
            if isinstance(part, str) and json_within(part) is None:
                yield part
            elif among_texts and isinstance(part, int | float) and not isinstance(part, bool):
                yield str(part)
            else:
                yield from _shown_in(part)
                yield from _listed(part)


def _copied(value: Any, depth: int) -> Any:
    if value is None or type(value) in (str, bool, int, float):
        return value
    if depth > _DEEPEST:
        raise NotPlain
    if type(value) in (list, tuple):
        return [_copied(part, depth + 1) for part in value]
    if type(value) is dict and all(type(name) is str for name in value):
        return {name: _copied(part, depth + 1) for name, part in value.items()}
    raise NotPlain
