"""Values that a mask takes out of a text, in every spelling that a reader takes for one."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from inbounds.canonical.visible import visible

from .results import URL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_DIGITS = 3
"""So many digits of a number may be seen: they tell nobody which it is."""

MOST_READINGS = 4

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
ANY_URL = re.compile(_URL, re.IGNORECASE)
WORD = re.compile(rf"{_REST}+")
# An address by RFC 5321 §4.1.2 and RFC 5322 §3.4.1: an atom holds `'` and whatever else is here.
_ATOM = r"[^\s@<>()\[\],;:\"]"
_QUOTED = r"\"(?:[^\"\\\n]|\\.){0,256}\""
_COMMENT = r"(?:\([^()\n]{0,128}\))?"
_LOCAL = rf"(?<!{_ATOM})(?:{_ATOM}++|{_QUOTED}){{1,32}}{_COMMENT}"
_DOMAIN = r"(?:[^\s@<>()\[\],;:\"']{1,255}|\[[^\s\[\]]{1,64}\])"
_BLANK = r"[^\S\x1c]"
_BETWEEN = rf"(?:{_BLANK}|[.\u2010-\u2015-])"
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
    r"|(?<!\S)(?:[\w.+-]\s){1,64}@(?:\s[\w.-](?!\w)){3,128}"
)
# What a reader does not see of a text beyond its spelling (`visible`): signs written as words or
# in brackets, dots of other scripts, and tags that leave no gap.
_BRACKETED_AT = re.compile(rf"{_OPEN}(?:at|@){_SHUT}", re.IGNORECASE)
_ANY_DOT = re.compile(
    rf"{_BRACKETED_DOT}|\u3002|(?<=\w)[\u00b7\u2022\u2027\u2219\u30fb](?=\w)", re.IGNORECASE
)
_INLINE = (
    r"(?:a|abbr|b|bdi|bdo|code|em|font|i|kbd|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?=[\s/>])"
)
_TAG_WITHIN = re.compile(rf"</?{_INLINE}[^<>]*+>|<!--[^<>]*-->", re.IGNORECASE)
# Tags that leave a gap on a page are looked at as one character: the end of a line, or of a cell,
# since numbers in several cells are rarely one number.
_LINE, _CELL = "\n", "\x1c"
_LINES = re.compile(rf"[{_LINE}{_CELL}]")
_TAG_NAME = rf"(?!{_INLINE}|(?:at|dot)\s*>)(?:h[1-6]|[a-z][a-z-]*+(?::[a-z-]++)?)(?=[\s/>])"
_TAGS = re.compile(rf"\s{{0,8}}(?:</?{_TAG_NAME}[^<>]*+>\s*+)+|{_LINES.pattern}", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"(?<=<)/?[a-z][a-z:-]*+[^<>a-z:-][^<>]*+(?=>)", re.IGNORECASE)
_TAG_OF_CELL = re.compile(r"</?(?:t[dhr]|table|t(?:head|body|foot)|caption)\b", re.IGNORECASE)
# Marks of any script, such as that of a key (`5\ufe0f\u20e3`) or a line below.
_COMBINING = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
# Octal escapes and quoted-printable (RFC 2045 §6.7): two in a row are nothing else, and one is
# such where it stands in a value then. Also `a=40` and `\\100` in a path are ordinary. JSON in
# JSON doubles the backslashes.
_OCTETS = r"(?:(?:\\{1,8}[0-3][0-7]{2}|=[0-9A-F]{2})(?:=\r?\n)?)"
_ENCODED = re.compile(rf"{_OCTETS}+|=\r?\n", re.IGNORECASE)
_SURELY_ENCODED = re.compile(rf"{_OCTETS}{{2,}}", re.IGNORECASE)
_ENCODED_WORD = re.compile(r"(?:[^\s<>\"=]|=(?:\r?\n)?)+")
_OCTET = re.compile(r"\\([0-3][0-7]{2})|=([0-9A-F]{2})", re.IGNORECASE)
_SPELT_SCHEME = r"(?:h[tx]{2}ps?\W{1,8}|//)?"
_SPELT_URL = (
    rf"(?<![\w.-]){_SPELT_SCHEME}{_LABEL}(?:\.{_LABEL}){{0,8}}{_BRACKETED_DOT}{_LABEL}"
    rf"(?:(?:{_BRACKETED_DOT}|\.){_LABEL}){{0,8}}(?:\s?/{_REST}*)?"
    rf"|(?<![\w.-]){_SPELT_SCHEME}{_LABEL}(?:\s\.\s?{_LABEL}){{1,8}}\s?/\s?{_REST}+"
)
_BEGINS_ACCOUNT = r"(?:(?<![A-Z0-9])|(?<=IBAN))"
_ACCOUNT = r"((?:[A-Z][\W_]{0,5}){2}(?:\d[\W_]{0,5}){2}(?:[A-Z0-9][\W_]{0,5}){10,29}[A-Z0-9])"
# No `,` and no `|`: they stand between the numbers of a list and of a table.
_BETWEEN_DIGITS = (
    rf"(?:{_BLANK}|"
    r"[()\[\]{}./\\_~*'\u2019\u00b7\u2022\u2027\u2219\u30fb\u2010-\u2015\u2043\u2212-]){0,8}"
)
_ADDRESS = re.compile(rf"{_LOCAL}@{_COMMENT}{_DOMAIN}", re.IGNORECASE)
_KINDS = {
    "email": re.compile(rf"{_ADDRESS.pattern}|{_SPELT_EMAIL}", re.IGNORECASE),
    URL: re.compile(rf"{_SPELT_URL}|{_URL}", re.IGNORECASE),
    "iban": re.compile(
        rf"{_BEGINS_ACCOUNT}[A-Z]{{2}}\d{{2}}(?:{_BETWEEN}{{0,2}}[A-Z0-9]){{8,30}}(?![A-Z0-9])",
        re.IGNORECASE,
    ),
}
_NUMBER = re.compile(rf"(?<!\d)\+?[(\[]?\d(?:{_BETWEEN_DIGITS}\d){{6,}}")
"""Digits in a row, of as many telephone numbers as there are; `_without_numbers` judges them."""
# With `;` or `=` between its groups, a number is told from the cells of a table by how it begins.
_BETWEEN_GROUPS = r"[^\w,|+\n]{1,4}"
_TEN_DIGITS = re.compile(
    rf"(?<!\d)(?<!\d[^\w\n])[2-9]\d\d({_BETWEEN_GROUPS})\d{{3}}\1\d{{4}}(?!\w|\1\d)"
)
# Whichever group of a row it begins with, it ends where the row ends: a row is read once.
_GROUPED_NUMBER = re.compile(
    rf"(?<!\w)(?:\+\d{{1,4}}|\(?0[1-9]\d{{1,3}})(?:{_BETWEEN_GROUPS}\d{{2,12}})+"
    rf"|{_TEN_DIGITS.pattern}"
)
_LETTERS_BEFORE, _LETTERS_BEHIND = re.compile(r"[^\W\d_]{1,24}\Z"), re.compile(r"[^\W\d_]{1,24}")
_WEAKLY_JOINED = re.compile(r"x\d", re.IGNORECASE)
_DATE_AND_TIME = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[0-2]\d[0-5]\d[0-5]\d")
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-/.])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d)(?!\d)"
)
_PREFIXED = re.compile("00?[1-9]")
_NAMES_A_TELEPHONE = re.compile(r"phone|telefon|(?<![a-z])(?:tel|fax|mobile|cell|msisdn)(?![a-z])")
_SPELT_ACCOUNT = re.compile(
    rf"(?={_BEGINS_ACCOUNT}{_ACCOUNT})|(?<=[A-Z0-9])(?=(?P<within>{_ACCOUNT}))", re.IGNORECASE
)
"""What may be an account number, however it is grouped: its check digits say whether it is one."""
_END_OF_WORD, _BEGIN_OF_WORD = re.compile(r"[A-Za-z0-9]{0,65}\Z"), re.compile(r"[A-Za-z0-9]{0,65}")
_SIGN = re.compile(r"[A-Za-z0-9]")
_DIGEST = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_LONGEST_WORD = 64
_SHORTEST_ACCOUNT, _FEWEST_DIGITS, _SIGNS_OF_HEAD = 15, 10, 4
_MOST_IN_A_ROW = 20
"""More digits with nothing between them are an id."""
_FEWEST_OF_TELEPHONE, _MOST_OF_TELEPHONE, _OF_COUNTRY_1 = 7, 15, 11
_ESCAPED_QUOTE = re.compile(r"(?<!\\)\\++(?=\")")
"""Backslashes that JSON writes before a quotation mark."""
INSTEAD = re.compile(rf"\[{_MARK}")
_GAP_OR_PART = re.compile(rf"{_LINE}|{_CELL}(?:{INSTEAD.pattern})?")
_NAMES_A_COUNT = re.compile(
    r"(?:\A|[^A-Za-z]|(?<=[a-z0-9])(?=[A-Z]))"
    r"(?:[Ii]ds?|ID|[Ss]izes?|[Bb]ytes?|[Tt]otal|[Uu]sed|[Ff]ree|[Mm]em(?:ory)?|[Dd]isk|[Cc]ount"
    r"|[Nn]s|[Tt]ime(?:stamp)?|[Aa]mount|[Bb]alance|[Ll]imit|[Oo]ffset|[Cc]apacity)\Z"
)
EDGE = "\ufdd0"
"""Stands where one text or number of a result ends and the next begins. No text may hold it:
Unicode keeps it for uses within a program."""
# Across such an edge, a value is looked for in its strictest form: fields that stand side by side
# mean something by themselves.
_SPLIT_ENTITY = re.compile(rf"&#?\w{{0,10}}{EDGE}#?\w{{0,10}};")
_GAP = rf"[\s{EDGE}]{{0,3}}"
_SPLIT_SIGN = re.compile(
    rf"\s{{0,2}}[(\[{{<]{_GAP}(?:(a{EDGE}?t|@)|d{EDGE}?o{EDGE}?t|\.){_GAP}[)\]}}>]\s{{0,2}}",
    re.IGNORECASE,
)
_SPLIT = {
    "email": re.compile(
        rf"\w[^\w@]{{0,4}}@[^\w@]{{0,4}}(?:\w[\w-]{{0,62}}+{EDGE}?\.{EDGE}?){{1,8}}[^\W\d_]{{2}}"
        rf"|\w[^\w@]{{0,4}}@\s?{EDGE}(?:(?:[\w-]{{1,63}}+{EDGE}?){{1,6}}\.{EDGE}?){{1,8}}[^\W\d_]{{2}}"
    ),
    URL: re.compile(
        rf"(?:https?|wss?|ftp){EDGE}?:{EDGE}?[\\/]{EDGE}?[\\/]{EDGE}?[\w\[]", re.IGNORECASE
    ),
    "iban": re.compile(
        rf"(?<![^\W_])[A-Z]{EDGE}?[A-Z]{EDGE}?\d{EDGE}?\d(?:[\s.{EDGE}-]{{0,3}}[A-Z0-9]){{11,30}}",
        re.IGNORECASE,
    ),
    "phone": re.compile(rf"(?<![\w+])\+[\s({EDGE}]{{0,2}}\d(?:[\s()/{EDGE}-]{{0,4}}\d){{6,20}}"),
}
# Likewise in the escapes of a word, which may stand for something else.
_HELD = re.compile(
    rf"(?:(?<!{_ATOM}){_ATOM}++)?@{EDGE}?"
    rf"(?:\[|(?:[\w-]{{1,63}}+{EDGE}?\.{EDGE}?){{1,8}}[^\W\d_]{{2}})"
    rf"|{_SPLIT['iban'].pattern}"
    rf"|(?<![\w+])[+0][\s({EDGE}]{{0,2}}\d(?:[\s()/{EDGE}-]{{0,4}}\d){{6,20}}",
    re.IGNORECASE,
)
_LENGTHS_OF_ACCOUNTS = (  # of the registry of ISO 13616
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18"
    "FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21"
    "LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27"
    "ST25SV28TL23TN24TR26UA29VA22VG24XK20"
)


def without_values(text: str, kinds: Sequence[str]) -> str:
    """Return a text without values of some kinds, nor any that its reader would see in it."""

    def apart(text: str, gaps: re.Pattern[str]) -> str:
        between = gaps.findall(text)
        text = gaps.sub(_gap, text)
        for kind in kinds:
            text = _without_kind(text, kind)
        return _with_gaps(text, iter(between))

    def masked(text: str) -> str:
        if "<" not in text:
            return apart(text, _LINES)
        if "email" in kinds:
            text = _ADDRESS.sub(_unless_tagged, text)
        text = _ATTRIBUTES.sub(lambda found: apart(found[0], _LINES), apart(text, _TAGS))
        return _KINDS["email"].sub("[email]", text) if "email" in kinds else text

    left = seen = masked(text)
    for _ in range(MOST_READINGS + 1):
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


def _without_kind(text: str, kind: str) -> str:
    """Return a text without values of one kind."""
    if kind == "phone":
        return _NUMBER.sub(_without_numbers, _GROUPED_NUMBER.sub(_without_groups, text))
    if kind == "iban":
        text = _without_spelt_accounts(text)  # first: these know where a number ends
    return _KINDS[kind].sub(lambda found: _instead(found[0], kind), text)


def _unless_tagged(found: re.Match[str]) -> str:
    """Return what stands instead of an address whose quotes or comments hold a tag."""
    return "[email]" if "<" in found[0] else found[0]


def _gap(found: re.Match[str]) -> str:
    """Return the one character that tags or the end of a line are looked at as."""
    return _CELL if _TAG_OF_CELL.search(found[0]) else _LINE


def _with_gaps(text: str, between: Iterator[str]) -> str:
    """Return a text with what stood where its gaps are; only tags are left within a value."""

    def gap(found: re.Match[str]) -> str:
        tags = next(between)
        return "" if found[0][0] == _CELL and tags.isspace() else tags + found[0][1:]

    return _GAP_OR_PART.sub(gap, text)


def _instead(value: str, kind: str) -> str:
    """Return what stands instead of a value, for each part of it that tags may set apart."""
    return _CELL.join([f"[{kind}]"] * (len(_LINES.findall(value)) + 1))


def _read(text: str) -> str:
    """Return a text as it is read, with the signs that stand in it as words or between tags."""
    text = visible(text)
    if "\\" in text or "=" in text:
        text = _ENCODED_WORD.sub(_decoded, text)
    if "<" in text and ">" in text:
        text = _TAG_WITHIN.sub("", text)
    if not text.isascii():
        text = _COMBINING.sub("", text)
    if text.isascii() and not any(sign in text for sign in ")]}>"):
        return text
    return _ANY_DOT.sub(".", _BRACKETED_AT.sub("@", text))


def _decoded(found: re.Match[str]) -> str:
    """Return a word without octets in octal or hexadecimal, where a value is written in them."""
    word = _SURELY_ENCODED.sub(_octets, found[0])
    plain = _ENCODED.sub(_octets, word)
    if plain == word:
        return word
    held = bytearray(len(plain) + 1)
    for value in _HELD.finditer(plain):
        held[value.start() : value.end()] = b"\1" * len(value[0])
    left, end, shorter = [], 0, 0
    for run in _ENCODED.finditer(word):
        octets = _octets(run)
        at = run.start() - shorter
        shorter += len(run[0]) - len(octets)
        if any(held[at : at + max(len(octets), 1)]):
            left += [word[end : run.start()], octets]
            end = run.end()
    return "".join(left) + word[end:]


def _octets(found: re.Match[str]) -> str:
    """Return the text that octets are."""
    octets = bytes(
        int(octal, 8) if octal else int(pair, 16) for octal, pair in _OCTET.findall(found[0])
    )
    return octets.decode(errors="replace")


def _without_groups(found: re.Match[str]) -> str:
    """Return what is left of groups of digits that may be one telephone number."""
    end = found.end()
    if re.match(r"\w", behind := found.string[end : end + 1]):
        return _TEN_DIGITS.sub(_without_groups, found[0] + behind)[:-1]
    return _instead(found[0], "phone") if is_telephone(found[0]) else found[0]


def _without_numbers(found: re.Match[str]) -> str:
    """Return what is left of digits in a row: nothing, unless they stand beside a letter.

    Beside letters it is a telephone number if it has the length of one and does not belong to a
    longer name, as in a digest. Otherwise the group of digits beside a letter is left to it.
    """
    if _DATE.match(found[0]) and not _holds_number(_DATE.sub("\n", found[0])):
        return found[0]
    text, digits, (begin, end) = found.string, found.group(), found.span()
    before, behind = text[max(begin - 24, 0) : begin], text[end : end + 24]
    named = bool(before) and (before[-1] in (".", "_", EDGE) or before[-1].isalpha())
    counted = behind[:1].isalpha() and not _WEAKLY_JOINED.match(behind)
    if not (named or counted):
        is_id = len(digits) > _MOST_IN_A_ROW and digits.isdecimal()
        return digits if is_id else _instead(digits, "phone")
    if before[-1:] != EDGE and _is_spelt_alone(before.rstrip("._"), digits, behind):
        return _instead(digits, "phone")
    first = re.search(r"[^\d.](?=\d)", digits)
    last = re.search(r"\D+\d+\Z", digits)
    begin = (first.end() if first else len(digits)) if named else 0
    end = (last.start() if last else 0) if counted else len(digits)
    if sum(map(str.isdigit, digits[begin:end])) < _FEWEST_OF_TELEPHONE:
        return digits
    return digits[:begin] + _instead(digits[begin:end], "phone") + digits[end:]


def _holds_number(text: str) -> bool:
    """Whether a line has as many digits as the shortest telephone number."""
    return any(sum(map(str.isdigit, line)) >= _FEWEST_OF_TELEPHONE for line in text.splitlines())


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
    return is_telephone(digits)


def is_telephone(number: str, name: str = "") -> bool:
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


def holds_split(text: str, kinds: Sequence[str]) -> bool:
    """Whether a value of some kinds can be read across the edges of a text."""
    return any(
        EDGE in found[0] and (kind in ("email", URL) or _is_split_number(found[0], kind))
        for kind in kinds
        for found in _SPLIT[kind].finditer(text)
    )


def _is_split_number(text: str, kind: str) -> bool:
    """Whether the first parts of a text are an account or a telephone number together."""
    parts = [re.sub(r"[\W_]", "", part).upper() for part in text.split(EDGE)]
    if kind == "iban":
        return any(map(_is_account, [*itertools.accumulate(parts)][1:]))
    begun, *more = filter(None, parts)
    # Right behind no more than a country's code stands a number, and not a count.
    if not more or (len(begun) <= MOST_DIGITS and len(more[0]) < _FEWEST_OF_TELEPHONE - 1):
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
    length = _length_by_country(signs)
    return length == len(signs) and _length_of_account(signs) == length


def _length_by_country(signs: str) -> int:
    """Return how long the account numbers are of the country that signs begin with; 0 for none."""
    at = _LENGTHS_OF_ACCOUNTS.find(signs[:2]) if signs[:2].isalpha() else -1
    return int(_LENGTHS_OF_ACCOUNTS[at + 2 : at + 4]) if at >= 0 else 0


def _joined_sign(found: re.Match[str]) -> str:
    """Return the sign that a word in brackets stands for, where an edge is within them."""
    sign = "@" if found[1] else "."
    return sign + EDGE if EDGE in found[0] else found[0]


def without_masks(text: str) -> str:
    """Return what is read of a text from which values were taken."""
    for _ in range(MOST_READINGS):
        if text == (plain := _read(text)):
            break
        text = plain
    return _ESCAPED_QUOTE.sub("", INSTEAD.sub("", text))


def _without_spelt_accounts(text: str) -> str:
    """Return a text without account numbers whose groups no bank would write."""
    left, end = [], 0
    for found in _SPELT_ACCOUNT.finditer(text):
        if found.start() < end:
            continue
        number = found[1] or ""
        length = 0 if number and _CELL not in number else _length_within(text, found)
        length = length or _length_of_account(number.partition(_CELL)[0])
        if length:
            left.append(text[end : found.start()])
            end = found.start() + length
            left.append(_instead(text[found.start() : end], "iban"))
    return "".join(left) + text[end:] if left else text


def _length_within(text: str, found: re.Match[str]) -> int:
    """Return how much of a text is an account that begins in a word or goes over cells, or 0.

    It has the length of its country. In a long word or a digest, signs may agree by chance.
    """
    number = found[1] or found["within"]
    wanted = _length_by_country(re.sub(r"[\W_]", "", number).upper())
    ends = [sign.end() for sign in _SIGN.finditer(number)]
    if not 0 < wanted <= len(ends):
        return 0
    length = ends[wanted - 1]
    begin, end = found.start(), found.start() + length
    before = _END_OF_WORD.findall(text, max(0, begin - _LONGEST_WORD - 1), begin)[0]
    word = before + text[begin:end] + _BEGIN_OF_WORD.findall(text, end, end + _LONGEST_WORD + 1)[0]
    if len(word) > _LONGEST_WORD + length - wanted or _DIGEST.fullmatch(word):
        return 0
    return length if _length_of_account(number[:length]) == length else 0


def _length_of_account(text: str) -> int:
    """Return how much of a text is an account number by ISO 13616; 0 for nothing."""
    head, rest, width = "", 0, 0
    signs = digits = length = 0
    for at, sign in enumerate(text.upper(), start=1):
        if not (sign.isascii() and sign.isalnum()):
            continue
        signs += 1
        digits += sign.isdecimal()
        # The first four are read behind the others.
        if signs <= _SIGNS_OF_HEAD:
            head += str(int(sign, 36))
            width = 10 ** len(head)
            continue
        rest = (rest * (10 if sign.isdecimal() else 100) + int(sign, 36)) % 97
        if signs < _SHORTEST_ACCOUNT or digits < _FEWEST_DIGITS:
            continue
        if (rest * width + int(head)) % 97 == 1:
            length = at
    return length


def read_across(text: str) -> str:
    """Return what is read of texts that stand one behind another.

    Args:
        text: The texts, joined by `EDGE`.
    """
    text = _SPLIT_ENTITY.sub(lambda found: found[0].replace(EDGE, "") + EDGE, text)
    for _ in range(MOST_READINGS):
        text = _SPLIT_SIGN.sub(_joined_sign, text)
        if text == (plain := _TAGS.sub(_LINE, _read(text))):
            break
        text = plain
    return INSTEAD.sub("\n" * 8, text)
