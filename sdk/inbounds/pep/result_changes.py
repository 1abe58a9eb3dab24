"""What obligations do to a result: fields left out, rows cut, texts masked and stripped."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from inbounds.canonical.visible import visible
from inbounds.errors import ResultWithheld

from .result_shape import Rows, Shape, ShapeMismatch, json_within, without
from .results import END, MASK, REDACT, STRIP, TRUNCATE, TYPES, URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from inbounds.model.question import Obligation, Returns

    _Change = Callable[[Any, Sequence[str]], Any]

_DEEPEST = 64
_MOST_ITEMS = 10_000
_MOST_CHARACTERS = 1_000_000
"""So much of a result that comes item by item is held back until it is looked at as a whole."""

_MOST_DIGITS = 3
"""So many digits of a number may be seen: they tell nobody which it is."""

_MOST_ENCODINGS = 4
_NO_NUMBER = 10**20

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
_BEFORE_AT = r"(?:\s{0,3}|[^\w\s@]{1,3}|[^\S\n]?[^\w\s@][^\S\n]?)"
_AT = rf"(?:{_BEFORE_AT}@{{1,2}}[^\w@]{{0,4}}|\s{{0,3}}{_OPEN}at{_SHUT}\s{{0,3}})"
_BRACKETED_DOT = rf"\s{{0,2}}{_OPEN}(?:dot|\.){_SHUT}\s{{0,2}}"
_DOT = rf"(?:{_BRACKETED_DOT}|\s{{1,2}}\.\s{{0,2}}|\.)"
_LABEL = r"[\w-]{1,63}+"
_MARK = r"(?:email|iban|image|link|masked|phone|url)\]"
_SPELT_EMAIL = (
    rf"(?<![\w.+'\u2019-])(?!{_MARK})[\w.+'\u2019-]++\)?{_AT}\(?{_LABEL}(?:{_DOT}{_LABEL}){{1,8}}"
    r"|(?<!\S)(?:[\w.+-]\s){1,64}+@(?:\s[\w.-](?!\w)){3,128}"
)
# What a reader does not see of a text beyond its spelling (`visible`): signs written as words or
# in brackets, dots of other scripts, and tags that leave no gap.
_BRACKETED_AT = re.compile(rf"{_OPEN}(?:at|@){_SHUT}", re.IGNORECASE)
_ANY_DOT = re.compile(
    rf"{_BRACKETED_DOT}|\u3002|(?<=\w)[\u00b7\u2022\u2027\u2219\u30fb](?=\w)", re.IGNORECASE
)
_TAG_WITHIN = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|code|em|font|i|kbd|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?=[\s/>])"
    r"[^<>]{0,200}>|<!--[^<>]{0,200}-->",
    re.IGNORECASE,
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
}
_NUMBER = re.compile(rf"(?<!\d)\+?[(\[]?\d(?:{_BETWEEN_DIGITS}\d){{6,}}+")
"""Digits in a row, of as many telephone numbers as there are; `_without_numbers` judges them."""
# With `;` or `=` between its groups, a number is told from the cells of a table by how it begins.
_BETWEEN_GROUPS = r"[^\w,|+\n]{1,4}"
_GROUPED_NUMBER = re.compile(
    rf"(?<!\w)(?:\+\d{{1,4}}|\(?0[1-9]\d{{1,3}})(?:{_BETWEEN_GROUPS}\d{{2,12}})++(?!\w)"
    rf"|(?<!\d)(?<!\d[^\w\n])[2-9]\d\d({_BETWEEN_GROUPS})\d{{3}}\1\d{{4}}(?!\w|\1\d)"
)
_LETTERS_BEFORE, _LETTERS_BEHIND = re.compile(r"[^\W\d_]{1,24}\Z"), re.compile(r"[^\W\d_]{1,24}")
_WEAKLY_JOINED = re.compile(r"x\d", re.IGNORECASE)
_DATE_AND_TIME = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[0-2]\d[0-5]\d[0-5]\d")
_PREFIXED = re.compile("00?[1-9]")
_NAMES_A_TELEPHONE = re.compile(r"phone|telefon|(?<![a-z])(?:tel|fax|mobile|cell|msisdn)(?![a-z])")
_SPELT_ACCOUNT = re.compile(
    rf"(?={_BEGINS_ACCOUNT}((?:[A-Z][\W_]{{0,5}}){{2}}(?:\d[\W_]{{0,5}}){{2}}"
    r"(?:[A-Z0-9][\W_]{0,5}){10,29}[A-Z0-9]))",
    re.IGNORECASE,
)
"""What may be an account number, however it is grouped: its check digits say whether it is one."""
_SHORTEST_ACCOUNT, _FEWEST_DIGITS = 15, 10
_MOST_IN_A_ROW = 20
"""More digits with nothing between them are an id."""
_FEWEST_OF_TELEPHONE, _MOST_OF_TELEPHONE, _OF_COUNTRY_1 = 7, 15, 11
_INSTEAD = re.compile(rf"\[{_MARK}")
_NAMES_A_COUNT = re.compile(
    r"(?:\A|[^A-Za-z]|(?<=[a-z0-9])(?=[A-Z]))"
    r"(?:[Ii]ds?|ID|[Ss]izes?|[Bb]ytes?|[Tt]otal|[Uu]sed|[Ff]ree|[Mm]em(?:ory)?|[Dd]isk|[Cc]ount"
    r"|[Nn]s|[Tt]ime(?:stamp)?|[Aa]mount|[Bb]alance|[Ll]imit|[Oo]ffset|[Cc]apacity)\Z"
)
_EDGE = "\ufdd0"
"""Stands where one text or number of a result ends and the next begins. No text may hold it:
Unicode keeps it for uses within a program."""
# Across such an edge, a value is looked for in its strictest form: fields that stand side by side
# mean something by themselves.
_SPLIT_ENTITY = re.compile(rf"&#?\w{{0,10}}{_EDGE}#?\w{{0,10}};")
_GAP = rf"[\s{_EDGE}]{{0,3}}"
_SPLIT_SIGN = re.compile(
    rf"\s{{0,2}}[(\[{{<]{_GAP}(?:(a{_EDGE}?t|@)|d{_EDGE}?o{_EDGE}?t|\.){_GAP}[)\]}}>]\s{{0,2}}",
    re.IGNORECASE,
)
_SPLIT = {
    "email": re.compile(
        rf"\w[^\w@]{{0,4}}@[^\w@]{{0,4}}(?:\w[\w-]{{0,62}}{_EDGE}?\.{_EDGE}?){{1,8}}+[^\W\d_]{{2}}"
        rf"|\w[^\w@]{{0,4}}@\s?{_EDGE}(?:(?:[\w-]{{1,63}}+{_EDGE}?){{1,6}}+\.{_EDGE}?){{1,8}}+[^\W\d_]{{2}}"
    ),
    URL: re.compile(
        rf"(?:https?|wss?|ftp){_EDGE}?:{_EDGE}?[\\/]{_EDGE}?[\\/]{_EDGE}?[\w\[]", re.IGNORECASE
    ),
    "iban": re.compile(
        rf"(?<![^\W_])[A-Z]{_EDGE}?[A-Z]{_EDGE}?\d{_EDGE}?\d(?:[\s.{_EDGE}-]{{0,3}}[A-Z0-9]){{11,30}}",
        re.IGNORECASE,
    ),
    "phone": re.compile(rf"(?<![\w+])\+[\s({_EDGE}]{{0,2}}\d(?:[\s()/{_EDGE}-]{{0,4}}\d){{6,20}}"),
}
_LENGTHS_OF_ACCOUNTS = (  # of the registry of ISO 13616
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18"
    "FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21"
    "LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27"
    "ST25SV28TL23TN24TR26UA29VA22VG24XK20"
)


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
            kinds and any(_holds_split(text, kinds) for text in _across(part))
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
        apart = Counter(_read_of(_joined(map(self._change, texts))))
        apart.subtract(_read_of(self._change(_joined(texts))))
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
    numbers = _is_telephone if "phone" in kinds else None
    return _in_texts(value, lambda text: _masked(text, kinds), numbers)


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
            if kind == "phone":
                text = _NUMBER.sub(_without_numbers, _GROUPED_NUMBER.sub(_without_groups, text))
            else:
                text = _KINDS[kind].sub(f"[{kind}]", text)
        return text

    left = seen = masked(text)
    for _ in range(_MOST_ENCODINGS + 1):
        # Signs in brackets tell a value first, and then are those that they stand for.
        read = visible if visible(text) != text else _read
        plain = read(text)
        if plain == text:
            return left
        # As entities or in wide characters it is the same to whoever reads it, or more of it is.
        text, seen = plain, read(seen)
        if seen != (found := masked(plain)):
            left = seen = found
    return "[masked]"


def _read(text: str) -> str:
    """Return a text as it is read, with the signs that stand in it as words or between tags."""
    text = visible(text)
    if "<" in text and ">" in text:
        text = _TAG_WITHIN.sub("", text)
    if text.isascii() and not any(sign in text for sign in ")]}>"):
        return text
    return _ANY_DOT.sub(".", _BRACKETED_AT.sub("@", text))


def _without_groups(found: re.Match[str]) -> str:
    """Return what is left of groups of digits that may be one telephone number."""
    return "[phone]" if _is_telephone(found.group()) else found.group()


def _without_numbers(found: re.Match[str]) -> str:
    """Return what is left of digits in a row: nothing, unless they stand beside a letter.

    Beside letters it is a telephone number if it has the length of one and does not belong to a
    longer name, as in a digest. Otherwise the group of digits beside a letter is left to it.
    """
    text, digits, (begin, end) = found.string, found.group(), found.span()
    before, behind = text[max(begin - 24, 0) : begin], text[end : end + 24]
    named = bool(before) and (before[-1] in (".", "_", _EDGE) or before[-1].isalpha())
    counted = behind[:1].isalpha() and not _WEAKLY_JOINED.match(behind)
    if not (named or counted):
        return digits if len(digits) > _MOST_IN_A_ROW and digits.isdecimal() else "[phone]"
    if before[-1:] != _EDGE and _is_spelt_alone(before.rstrip("._"), digits, behind):
        return "[phone]"
    first = re.search(r"[^\d.](?=\d)", digits)
    last = re.search(r"\D+\d+\Z", digits)
    begin = (first.end() if first else len(digits)) if named else 0
    end = (last.start() if last else 0) if counted else len(digits)
    if sum(map(str.isdigit, digits[begin:end])) < _FEWEST_OF_TELEPHONE:
        return digits
    return f"{digits[:begin]}[phone]{digits[end:]}"


def _is_spelt_alone(before: str, digits: str, behind: str) -> bool:
    """Whether digits beside letters are a telephone number, and not a part of a longer name."""
    letters = _LETTERS_BEFORE.search(before)
    if before[: letters.start() if letters else None][-1:].isdigit():
        return False
    letters = _LETTERS_BEHIND.match(behind)
    if letters and behind[letters.end() :][:1].isdigit() and letters[0].lower() not in ("x", "ext"):
        return False
    # What stands right behind a letter may be the number of a thing, and a part of a version does
    # not begin with 0.
    if not re.match(r"[+(]|0\d\d" if "." in digits else r"[+(]|\d{3}", digits):
        return False
    return _is_telephone(digits)


def _is_telephone(number: str, name: str = "") -> bool:
    """Whether a number by itself is that of a telephone: by its length, as E.164 has it.

    A time is not one: in seconds and milliseconds it begins with 1, and a number of the country 1
    has eleven digits.

    Args:
        number: Perhaps with separators, and with what stands before a number of a country.
        name: Of the field that it stands in, which may say that it is not a telephone.
    """
    digits = re.sub(r"\D", "", number)
    length = len(digits)
    if name:
        if _NAMES_A_TELEPHONE.search(name.lower()):
            return length >= _FEWEST_OF_TELEPHONE
        if _NAMES_A_COUNT.search(name):
            return False
    if digits.startswith("0"):
        return length >= _FEWEST_OF_TELEPHONE + 2 and bool(_PREFIXED.match(digits))
    if number.lstrip("([").startswith("+"):
        return length >= _FEWEST_OF_TELEPHONE
    if digits.startswith("1"):
        return length == _OF_COUNTRY_1
    return _FEWEST_DIGITS <= length <= _MOST_OF_TELEPHONE and not _DATE_AND_TIME.fullmatch(digits)


def _holds_split(text: str, kinds: Sequence[str]) -> bool:
    """Whether a value of some kinds can be read across the edges of a text."""
    return any(
        _EDGE in found[0] and (kind in ("email", URL) or _is_split_number(found[0], kind))
        for kind in kinds
        for found in _SPLIT[kind].finditer(text)
    )


def _is_split_number(text: str, kind: str) -> bool:
    """Whether the first parts of a text are an account or a telephone number together."""
    parts = [re.sub(r"[\W_]", "", part).upper() for part in text.split(_EDGE)]
    if kind == "iban":
        return any(map(_is_account, [*itertools.accumulate(parts)][1:]))
    begun, *more = filter(None, parts)
    # Right behind no more than a country's code stands a number, and not a count.
    if not more or (len(begun) <= _MOST_DIGITS and len(more[0]) < _FEWEST_OF_TELEPHONE - 1):
        return False
    return any(
        len(digits) == _OF_COUNTRY_1
        if digits.startswith("1")
        else _FEWEST_OF_TELEPHONE < len(digits) <= _MOST_OF_TELEPHONE
        for digits in itertools.accumulate(more, initial=begun)
        if digits != begun
    )


def _is_account(signs: str) -> bool:
    """Whether letters and digits are an account number of the length that its country has."""
    at = _LENGTHS_OF_ACCOUNTS.find(signs[:2])
    length = _LENGTHS_OF_ACCOUNTS[at + 2 : at + 4]
    return at >= 0 and length == str(len(signs)) and _length_of_account(signs) == len(signs)


def _across(value: Any) -> Iterator[str]:
    """Yield all that a result holds in the order that it is read in, with edges between.

    Once without the names of its fields, which may stand between the parts of a value, and once
    with them. A result of one text has nothing to be read across.
    """
    for named in (False, True):
        text = _EDGE.join(_leaves(value, named=named))
        if _EDGE not in text:
            continue
        text = _SPLIT_ENTITY.sub(lambda found: found[0].replace(_EDGE, "") + _EDGE, text)
        for _ in range(_MOST_ENCODINGS):
            text = _SPLIT_SIGN.sub(_joined_sign, text)
            if text == (plain := _read(text)):
                break
            text = plain
        yield _INSTEAD.sub("\n" * 8, text)


def _joined_sign(found: re.Match[str]) -> str:
    """Return the sign that a word in brackets stands for, where an edge is within them."""
    sign = "@" if found[1] else "."
    return sign + _EDGE if _EDGE in found[0] else found[0]


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
            joined.append(_EDGE)
        joined.append(text)
    return "".join(joined)


def _read_of(text: str) -> str:
    """Return what is read of a text from which values were taken."""
    for _ in range(_MOST_ENCODINGS):
        if text == (plain := _read(text)):
            break
        text = plain
    return _INSTEAD.sub("", text)


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


def _in_texts(
    value: Any,
    change: Callable[[str], str],
    is_number: Callable[[str, str], bool] | None = None,
    name: str = "",
) -> Any:
    if isinstance(value, str):
        within = json_within(value)
        if within is not None and (left := _in_texts(within, change, is_number, name)) != within:
            # Its escapes hide what is in it from whoever looks for that.
            return json.dumps(left, ensure_ascii=False)
        return change(value)
    if isinstance(value, list):
        return [_in_texts(part, change, is_number, name) for part in value]
    if isinstance(value, dict):
        # A key can hold a stranger's text as well.
        return {change(key): _in_texts(part, change, is_number, key) for key, part in value.items()}
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
        return value.replace(_EDGE, "")
    if value is None or type(value) in (bool, int, float):
        return value
    if depth > _DEEPEST:
        raise NotPlain
    if type(value) in (list, tuple):
        return [_copied(part, depth + 1) for part in value]
    if type(value) is dict and all(type(name) is str for name in value):
        return {name.replace(_EDGE, ""): _copied(part, depth + 1) for name, part in value.items()}
    raise NotPlain
