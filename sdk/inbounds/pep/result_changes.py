"""What obligations do to a result: fields left out, rows cut, texts masked and stripped."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from inbounds.errors import InvalidAnswer, ResultWithheld

from .masking import (
    EDGE,
    INSTEAD,
    MOST_DIGITS,
    holds_split,
    is_telephone,
    read_across,
    without_masks,
    without_values,
)
from .result_shape import Rows, Shape, ShapeMismatch, json_within, without
from .results import END, MASK, REDACT, STRIP, TRUNCATE, TYPES, URL
from .stripping import stripped, without_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from inbounds.model.question import Obligation, Returns

    _Change = Callable[[Any, Sequence[str]], Any]

_DEEPEST = 64
_MOST_ITEMS = 10_000
_MOST_CHARACTERS = 1_000_000
"""So much of a text is masked, and of a result that comes item by item held back until its end."""
_NO_NUMBER = 10**20


_MASKED_KINDS: Final = frozenset({"email", "iban", "phone", URL})
"""The kinds of value that can be masked."""


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
        values = [kind for kind in ("email", "iban", "phone") if kind in kinds]
        self._texts: list[tuple[_Change, list[str]]] = [
            (_mask, values),
            (_strip, sorted(what)),
            (_mask_links, [kind for kind in kinds if kind == URL]),
            (_mask, values if what else []),
        ]
        self._texts = [each for each in self._texts if each[1]]
        self._split = [*values, *([URL] if URL in kinds or "links" in what else [])]
        self._shape = Shape()
        if self._hidden or self._rows is not None:
            self._shape = Shape.of(returns.fields, unregistered=self._hidden)
        # Where the registry says what an item is, it is a value of its own.
        said_of_items = any(pattern for pattern in returns.fields)
        if self._texts and not said_of_items:
            self._pieces = Pieces(self._given, one_text="" in returns.fields)
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
            InPieces: A value is split over texts of the result.
        """
        if not self.owed:
            return value
        left = self._left(value)
        if self._pieces is not None:
            for parts in _lists_in(left):
                self._pieces.require_whole([text for part in parts for text in _shown_in(part)])
            self._pieces.require_unreadable([*_listed(left)])
        return self._given(left)

    def _given(self, left: Any) -> Any:
        """Return what is given of a value, once no value can be read across its parts."""
        given = self._changed(left)
        # Of a link or account that is begun in one text, nothing is left there that tells it.
        begun = [kind for kind in self._split if kind in (URL, "iban")]
        whole = [kind for kind in self._split if kind not in begun]
        if any(
            kinds and any(holds_split(text, kinds) for text in _across(part))
            for part, kinds in ((left, begun), (given, whole))
        ):
            raise InPieces("what the policy takes out of the result is split over its fields")
        return given

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
            return [self._given(each) for each in left]
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
        # Items of items stand beside one another as fields do.
        single = [item for item in items if not isinstance(item, list | dict)]
        self.require_unreadable([*_listed(single)])
        given: list[Any] = self._change(items)
        return given

    def require_whole(self, texts: Sequence[str]) -> None:
        """Require that no value is split over texts that are shown one after another.

        Raises:
            InPieces: One is.
        """
        if len(texts) > 1 and not self._sees_no_less(texts):
            raise InPieces("what the policy takes out of the result is split over its items")

    def require_unreadable(self, texts: Sequence[str | float]) -> None:
        """Require that no value can be read in what lists hold, one after another.

        Items of a list are less likely pieces of one text than blocks are: that a plain word
        stands right behind a value is no reason to withhold them.

        Raises:
            InPieces: More of a value is seen than a word.
        """
        if len(texts) < 2:
            return
        apart = Counter(without_masks(_joined(map(self._change, texts))))
        apart.subtract(without_masks(self._change(_joined(texts))))
        seen = [sign for sign, times in apart.items() for _ in range(times)]
        if any(sign in "@.:/\\" for sign in seen) or sum(map(str.isdigit, seen)) > MOST_DIGITS:
            raise InPieces(
                "what the policy takes out of the result is split over items of its lists"
            )

    def _sees_no_less(self, pieces: Sequence[str]) -> bool:
        """Whether texts that are looked at one by one show nothing that the whole would not."""
        apart = "".join(map(self._change, pieces))
        together = self._change("".join(pieces))
        if apart == together:
            return True
        shown, at = INSTEAD.sub("\0", together), 0
        for part in INSTEAD.split(apart):
            at = shown.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True


def _mask(value: Any, kinds: Sequence[str]) -> Any:
    numbers = is_telephone if "phone" in kinds else None
    return _in_texts(value, lambda text: without_values(text, kinds), numbers)


def _mask_links(value: Any, kinds: Sequence[str]) -> Any:
    # Before as well: a word of a link that is written with blanks may be a link of its own.
    def masked(text: str) -> str:
        return without_values(without_links(without_values(text, kinds), f"[{URL}]"), kinds)

    return _in_texts(value, masked)


def _strip(value: Any, what: Sequence[str]) -> Any:
    return _in_texts(value, lambda text: stripped(text, what))


def _across(value: Any) -> Iterator[str]:
    """Yield all that a result holds in the order that it is read in, with edges between.

    Once without the names of its fields, which may stand between the parts of a value, and once
    with them. A result of one text has nothing to be read across.
    """
    for named in (False, True):
        text = EDGE.join(_leaves(value, named=named))
        if EDGE in text:
            yield read_across(text)


def _leaves(value: Any, *, named: bool) -> Iterator[str]:
    """Yield the texts and numbers of a value at any depth, those of JSON in a text among them."""
    if isinstance(value, str):
        within = json_within(value)
        if within is None:
            yield value
            return
        value = within
    if isinstance(value, dict):
        for name, part in value.items():
            if named:
                yield name
            elif name == "type" and isinstance(part, str) and part.replace("_", "").isalpha():
                continue  # a word: the text of a block is read right behind that of the last
            yield from _leaves(part, named=named)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, named=named)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _joined(parts: Iterable[str | float]) -> str:
    """Return what lists hold as one text: a number behind a word begins anew."""
    joined: list[str] = []
    for part in parts:
        text = str(part)
        if joined and joined[-1][-1:].isalpha() and re.match(r"(?!0[1-9]\d)\d", text):
            joined.append(EDGE)
        joined.append(text)
    return "".join(joined)


def _in_texts(
    value: Any,
    change: Callable[[str], str],
    is_number: Callable[[str, str], bool] | None = None,
    name: str = "",
) -> Any:
    if isinstance(value, str):
        if len(value) > _MOST_CHARACTERS:
            raise NotPlain
        within = json_within(value)
        if within is not None and (left := _in_texts(within, change, is_number, name)) != within:
            # Its escapes hide what is in it from whoever looks for that.
            return json.dumps(left, ensure_ascii=False)
        return change(value)
    if isinstance(value, list):
        return [_in_texts(part, change, is_number, name) for part in value]
    if isinstance(value, dict):
        members: dict[str, Any] = {}
        times: Counter[str] = Counter()
        for key, part in value.items():
            # A key can hold a stranger's text as well, and another may be changed to the same.
            at = named = change(key)
            while at in members:
                times[named] += 1
                at = f"{named} {times[named] + 1}"
            members[at] = _in_texts(part, change, is_number, key)
        return members
    if is_number and _is_whole(value) and is_number(str(abs(int(value))), name):
        return "[phone]"
    return value


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number, however it is written."""
    return type(value) in (int, float) and 0 < abs(value) < _NO_NUMBER and value == int(value)


def _texts_in(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        within = json_within(value)
        if within is None:
            yield place, value
            return
        value = within
    if isinstance(value, list | dict):
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
        yield from _leaves(part["text"], named=False)


def _listed(value: Any) -> Iterator[str | float]:
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
            if (
                json_within(part) is None
                if isinstance(part, str)
                else among_texts and isinstance(part, int | float) and not isinstance(part, bool)
            ):
                yield part
            else:
                yield from _shown_in(part)
                yield from _listed(part)


def _copied(value: Any, depth: int) -> Any:
    if type(value) is str:
        return value.replace(EDGE, "")
    if value is None or type(value) in (bool, int, float):
        return value
    if depth > _DEEPEST:
        raise NotPlain
    if type(value) in (list, tuple):
        return [_copied(part, depth + 1) for part in value]
    if type(value) is dict and all(type(name) is str for name in value):
        return {name.replace(EDGE, ""): _copied(part, depth + 1) for name, part in value.items()}
    raise NotPlain


def require_known(obligation: Obligation) -> None:
    """Make sure, before anything is spent, that an obligation on a result can be discharged.

    Raises:
        InvalidAnswer: `obligation.malformed`: it lacks its properties.
    """
    properties = obligation.properties
    sound = {
        REDACT: lambda: _texts(properties.get("fields")),
        STRIP: lambda: _texts(properties.get("what"), {"links", "images"}),
        MASK: lambda: _texts(properties.get("kinds"), _MASKED_KINDS),
        TRUNCATE: lambda: _whole(properties.get("rows")),
    }[obligation.type]()
    if not sound:
        raise InvalidAnswer(
            f"the obligation `{obligation.type}` must have valid properties",
            code="obligation.malformed",
        )


def _texts(value: Any, known: AbstractSet[str] | None = None) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(text, str) and (known is None or text in known) for text in value)
    )


def _whole(value: Any) -> bool:
    return type(value) is int and value > 0
