"""What a result holds, record by record: the walk that the registry's `returns` is read along."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from inbounds.model.question import ReturnedField
from inbounds.process import clock

from .plain_values import NOTHING, members, step
from .values import NUMBER, embedded, nfc, number_key, text_key, typed, written_number

if TYPE_CHECKING:
    from inbounds.model.question import Grade, Returns

MOST_VALUES = 50_000
"""How many values of one result are looked at."""
MOST_CHARACTERS = 1_000_000
"""How many characters of one result are looked at."""
MOST_SEARCHED = 250_000
"""In how many of them addresses, numbers and the like are looked for."""
MOST_SECONDS = 1.0
"""How long one result is looked at: a slow object must not hold the agent up, nor a busy machine
keep a plain one from being read."""
DEEPEST = 64

_LONGEST_VALUE = 200
_LONGEST_NAME = 100
_DIGIT = re.compile(r"[0-9]")
_DIGIT_OR_MAIL = re.compile(r"[0-9@/]")
_MOST_NAMES = 8
_OF_OTHERS = ReturnedField(holds="text", party="third")


@dataclass(slots=True)
class Record:
    """One element of an array of a result, or the whole of it.

    Attributes:
        is_ruled_out: Whether the user rules it out, or one that it lies in.
        titles: What it is called, and whether a first party calls it so.
        of_titles: The keys of its titles, and of what stands within them.
        enclosing: The titles of the records that it lies in.
        own: The name of the field that states its own id, and its type, as in `record_ids`.
        own_id: The key of that id.
        depth: How deep it lies in its result; -1 until its fields are looked at.
        called: What a prompt may mention it by, and whether that is an id.
        named: What becomes `quoted` once the user has named it, and its grade until then.
        texts: What becomes `quoted_text` then.
        firm: What its place vouches for, whatever it is called.
        numbers: Numbers of that kind that no field states, so that they say no amount.
        made: What the call has made: its ids are the session's own.
        plain: The texts among its values, by key, to compare with what the call was given.
        same: By a key, the others of the texts that it is a key of, or stands within.
    """

    is_ruled_out: bool = False
    titles: dict[str, bool] = field(default_factory=dict)
    of_titles: set[str] = field(default_factory=set)
    enclosing: tuple[dict[str, bool], ...] = ()
    own: tuple[str, str] = ("", "")
    own_id: str = ""
    depth: int = -1
    called: dict[str, bool] = field(default_factory=dict)
    named: dict[str, Grade] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    firm: dict[str, None] = field(default_factory=dict)
    numbers: dict[str, None] = field(default_factory=dict)
    made: dict[str, None] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    same: dict[str, dict[str, None]] = field(default_factory=dict)

    def know(self, keys: list[str], name: str) -> None:
        """Remember its own id, if the field of that name states it; "" is of no own field."""
        if name and name == self.own[0]:
            self.own_id = keys[0]

    def call(self, text: str, *, by_id: bool) -> None:
        """Remember what a prompt may mention it by: its id, its title, or who wrote it."""
        if len(text) <= _LONGEST_NAME and len(self.called) < _MOST_NAMES:
            self.called[text] = by_id

    def vouch(self, keys: Iterable[str], amounts: Collection[str | None] = ()) -> None:
        """Take what a first party's words hold; of the numbers only `amounts` say how much."""
        for key in keys:
            of_text = key.startswith(NUMBER) and key not in amounts
            (self.numbers if of_text else self.firm)[key] = None

    def join(self, keys: list[str], within: Iterable[str] = ()) -> None:
        """Remember that keys are of one text, and what stands within it.

        Where one of its keys is an echo, all the others are.
        """
        if len(keys) > 1:
            for key in keys:
                self.same.setdefault(key, {}).update(dict.fromkeys(keys))
        for key in within:
            self.same.setdefault(key, {})[keys[0]] = None


@dataclass(frozen=True)
class Seen:
    """A record, by what it is called and holds.

    Attributes:
        titles: What it is called, and whether a first party calls it so.
        id: What it is, or "" where that is not known, and the key of what it is known by, or "".
        named: What its fields hold.
        texts: What its texts hold.
        held: Stands for all that one without an id holds beside its titles, 0 for nothing.
        by_title: Whether it was read by its title, which it does not state itself.
        graded: What the result that it lies in gives, and where that was read: one for each result.
        enclosing: The titles of the records that it lies in.
        called: As of a `Record`, and `same`.
    """

    titles: Mapping[str, bool]
    id: tuple[str, str]
    named: Collection[str]
    texts: Collection[str]
    held: int
    by_title: bool
    graded: Any
    enclosing: tuple[Mapping[str, bool], ...]
    called: dict[str, bool]
    same: dict[str, dict[str, None]]

    @property
    def size(self) -> int:
        """How many values it holds."""
        return len(self.named) + len(self.texts)

    @cached_property
    def phrases(self) -> list[tuple[str, bool]]:
        """Its titles, by their words."""
        from .prompt_titles import phrase_of

        return [(phrase_of(title), own) for title, own in self.titles.items()]


class Enough(Exception):
    """As much of a result has been looked at as is looked at of one."""


class Walk:
    """One walk through one result.

    Attributes:
        records: What it found, also where it was broken off.
        is_cut_off: Whether it was: too much, too deep, or an object that raises.

    Args:
        returns: What the registry says of the result.
        tainted: Whether it comes from a store that a third party's words were written to. Then
            no title may name a record, and only fields that no call can write keep a `first` party.
    """

    def __init__(
        self, returns: Returns, *, resource: str = "", tainted: bool = False, weak: bool = False
    ) -> None:
        self._tainted = tainted
        self._weak = weak
        self._other = ReturnedField(holds="text", party=returns.party)
        self._fields = _tree(returns.fields, resource)
        self._values = MOST_VALUES
        self._characters = MOST_CHARACTERS
        self._searched = MOST_SEARCHED
        self._until = clock.monotonic() + MOST_SECONDS
        # The name of the record's own field that is looked at, or "".
        self._name = ""
        self.records: list[Record] = []
        self.is_cut_off = False

    def take(self, result: Any) -> None:
        """Look at a result, as far as that goes. Never raises what a result does."""
        try:
            self._take(result, self._fields, self._other, self._record(), 0)
        except Exception:  # noqa: BLE001 -- an object of a tool may raise anything
            self.is_cut_off = True

    def _demoted(self, said: ReturnedField) -> ReturnedField:
        """Return what is left of a field's word in a result of a tainted store, or a weak call."""
        if self._weak and said.holds == "new_id":
            return said  # graded by the index
        vouches = said.party == "first" or said.holds == "new_id"
        return _OF_OTHERS if self._tainted and said.writable and vouches else said

    def _record(self, outer: Record | None = None) -> Record:
        record = Record()
        if outer is not None:
            # Also where the title of the outer one comes behind this one.
            record.enclosing = (*outer.enclosing, outer.titles)
        self.records.append(record)
        return record

    def _take(
        self, given: Any, fields: _Tree | None, said: ReturnedField, record: Record, depth: int
    ) -> None:
        self._values -= 1
        if self._values < 0 or clock.monotonic() > self._until:
            raise Enough
        try:
            value = step(given)
        except Exception:  # noqa: BLE001 -- an object of a tool may raise anything
            return
        if value is NOTHING:
            return
        if fields is not None and fields.said is not None:
            said = fields.said
        if type(value) is str:
            self._take_text(value, said, record)
        elif type(value) in (int, float):
            self._take_number(value, said, record)
        elif depth < DEEPEST:
            self._take_parts(value, fields, said, record, depth)

    def _take_parts(
        self, value: Any, fields: _Tree | None, said: ReturnedField, record: Record, depth: int
    ) -> None:
        if isinstance(value, Mapping):
            if depth and fields is not None and fields.holds_title:
                # What has a title of its own is not what it stands in.
                record = self._record(record)
            if record.depth < 0:
                record.depth = depth
                record.own = fields.own if fields is not None else record.own
            for key, member in islice(members(value), self._values + 1):
                below = fields.below.get(key) if fields is not None and key != "*" else None
                if below is None and type(key) is str:
                    # A name that the registry does not know is a value, as in {"bob@…": "r"}.
                    named = fields.said if fields is not None and fields.said is not None else said
                    self._take_text(key, named, record)
                self._name = key if depth == record.depth and type(key) is str else ""
                self._take(member, below, said, record, depth + 1)
        else:
            below = fields.below.get("*") if fields is not None else None
            named = below.said if below is not None and below.said is not None else said
            for member in islice(value, self._values + 1):
                # A list of titles is of as many records; other values belong to what lists them.
                own = named.holds == "title" or not _is_leaf(member)
                inner = self._record(record) if own else record
                self._name = ""
                self._take(member, below, said, inner, depth + 1)

    def _take_text(self, text: str, said: ReturnedField, record: Record) -> None:
        self._characters -= len(text)
        if self._characters < 0:
            raise Enough
        first = said.party == "first"
        if said.holds == "title":
            record.titles[text] = first or record.titles.get(text, False)
        text = nfc(text)
        if said.holds in ("id", "new_id") and self._tainted:
            # What it is known by stays, whoever chose it: it tells two records of a title apart.
            record.know(_keys_of_id(text), self._name)
        said = self._demoted(said)
        first = said.party == "first"
        searched = self._searched
        if said.holds != "text" and not self._tainted:
            record.call(text, by_id=said.holds in ("id", "new_id"))
        if said.holds == "text":
            if first:
                keys = [text_key(text), *typed(text)]
                within = dict.fromkeys(self._embedded(text))
                record.join(keys, within)
                record.plain[keys[0]] = text[: _LONGEST_VALUE + 1]
                record.vouch([*keys, *_stated(text[:searched], within, record)[0]])
            else:
                record.texts[text_key(text)] = None
                record.texts.update(dict.fromkeys(self._embedded(text)))
            return
        names = said.holds in ("id", "new_id")
        keys = _keys_of_id(text) if names else [text_key(text), *typed(text)]
        self._hold(keys, said, record)
        if names:
            record.join(keys)
            return
        within = dict.fromkeys(self._embedded(text))
        if said.holds == "title":
            record.of_titles.update(keys, within)
        record.join(keys, within)
        record.plain[keys[0]] = text[: _LONGEST_VALUE + 1]
        if first:
            stated, plain = _stated(text[:searched], within, record)
            amounts = _amounts(plain)
            record.vouch([*stated, *filter(None, amounts)], amounts)
        else:
            record.texts |= within

    def _embedded(self, text: str) -> Iterable[str]:
        text = text[: self._searched]
        self._searched -= len(text)
        return embedded(text)

    def _take_number(self, number: float, said: ReturnedField, record: Record) -> None:
        said = self._demoted(said)
        if said.holds in ("id", "new_id") and type(number) is int:
            if number.bit_length() <= 256:
                self._hold([text_key(str(number))], said, record)
                if not self._tainted:
                    record.call(str(number), by_id=True)
        elif said.holds == "text":
            # What it says, the registry does not say.
            numbers = record.numbers if said.party == "first" else record.texts
            numbers[number_key(number)] = None
        else:
            self._hold([number_key(number)], said, record)

    def _hold(self, keys: list[str], said: ReturnedField, record: Record) -> None:
        if said.holds in ("id", "new_id"):
            record.know(keys, self._name)
        if said.holds == "new_id":
            record.made |= dict.fromkeys(keys)
        elif said.party == "first":
            record.firm |= dict.fromkeys(keys)
        else:
            grade: Grade = "listing" if said.holds == "id" else "third_party_meta"
            record.named |= dict.fromkeys(keys, grade)


def _keys_of_id(text: str) -> list[str]:
    # The digits of an id are not an amount.
    return [text_key(text), *(key for key in typed(text) if not key.startswith(NUMBER))]


def _amounts(text: str) -> dict[str | None, None]:
    """Return the keys of the numbers of a text that stand beside their currency."""
    if not _DIGIT.search(text):
        return {}
    from .amounts import amounts_with_currency

    return {written_number(each): None for each in amounts_with_currency(text)}


def _stated(text: str, within: dict[str, None], record: Record) -> tuple[dict[str, None], str]:
    """Return what a first party's text states of what stands within it, and the text without names.

    Somebody else may have chosen a URL, a path or the name of a file: what is within such a name is
    a third party's text.
    """
    if not _DIGIT_OR_MAIL.search(text):
        return within, text
    # Imported here, as above: most texts hold neither a number nor a name.
    from .whole_names import keys_of_names, name_spans, without_names

    spans = name_spans(text)
    if not spans:
        return within, text
    plain = without_names(text, spans, " \n ")
    said = {*embedded(plain), *keys_of_names(text, spans)} if within else set()
    record.texts.update((key, None) for key in within if key not in said)
    return {key: None for key in within if key in said}, plain


def _is_leaf(value: Any) -> bool:
    """Whether an element of an array is a part of the record that the array is in."""
    # Of its type, since an object may raise when it is asked for its class.
    return issubclass(type(value), str | int | float | bytes | None)


class _Tree:
    """The registry's patterns by segment."""

    __slots__ = ("below", "holds_title", "own", "said")

    def __init__(self) -> None:
        self.said: ReturnedField | None = None
        self.below: dict[str, _Tree] = {}
        self.holds_title = False
        self.own = ("", "")


def _tree(fields: Mapping[str, ReturnedField], resource: str) -> _Tree:
    root, titled = _Tree(), dict[str, _Tree]()
    for pattern, said in fields.items():
        above = node = root
        for segment in pattern.split("/")[1:]:
            segment = segment.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901
            above, node = node, node.below.setdefault(segment, _Tree())
        node.said = said
        above.holds_title |= said.holds == "title"
        titled |= {pattern.rpartition("/")[0]: above} if said.holds == "title" else {}
    for pattern, node in titled.items():
        # Imported here: few tools list what has titles.
        from .record_ids import own_id

        fields = {name: each.said for name, each in node.below.items() if each.said}
        ids = [name for name, said in fields.items() if said.holds in ("id", "new_id")]
        node.own = own_id(ids, pattern.split("/"), resource)
    return root
