"""The built-ins that a site may call only in part, or not at all.

The two engines differ in them: the module of the embedded engine brings its own, in C, which take
what OPA refuses or read it otherwise. A rule of a site could allow by that what OPA does not. The
project's own rules call them only where that is ruled out, as on a text whose form is checked.
`tests/integration/test_site_builtins.py` compares all others in both engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Terms = Sequence[Mapping[str, Any]]
"""The arguments of a call, as OPA's parser writes them."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What holds of a built-in in a site.

    Attributes:
        why: In what the engines differ.
        instead: What to write instead.
        allows: Whether a call with these arguments is the same in both engines; None: no call is.
    """

    why: str
    instead: str
    allows: Callable[[Terms], bool] | None = None


def _text(term: Mapping[str, Any]) -> str:
    """Return a text that the source states; empty for what else it states."""
    return str(term["value"]) if term["type"] == "string" else ""


def _pattern(arguments: Terms) -> bool:
    pattern = _text(arguments[0])
    return pattern != "" and not any(sign in pattern for sign in _DIFFERENT)


def _patterns_found(arguments: Terms) -> bool:
    most = arguments[2]
    return _pattern(arguments) and most["type"] == "number" and most["value"] in (-1, 1)


def _in_order(arguments: Terms) -> bool:
    parts = arguments[1]
    if parts["type"] == "call":
        return [part["value"] for part in parts["value"][0]["value"]] in (["sort"], ["split"])
    return bool(parts["type"] == "array")


def _needle(arguments: Terms) -> bool:
    return _text(arguments[1]) != ""


def _decimal(arguments: Terms) -> bool:
    return (arguments[1]["type"], arguments[1]["value"]) == ("number", 10)


def _whole(term: Mapping[str, Any]) -> bool:
    """Whether a term has no fraction, not even in how it is written."""
    if term["type"] == "call":
        name, *arguments = term["value"]
        match [part["value"] for part in name["value"]]:
            case ["count"] | ["indexof"]:
                return True
            case ["plus"] | ["minus"]:
                return all(map(_whole, arguments))
    return term["type"] == "number" and isinstance(term["value"], int)


def _whole_places(arguments: Terms) -> bool:
    return all(map(_whole, arguments[1:3]))


def _with_members(arguments: Terms) -> bool:
    return arguments[0]["type"] == "array" and len(arguments[0]["value"]) > 0


_DIFFERENT = ("\0", r"\B", r"\C")
_JSON = "embedded, invalid text is taken for JSON: of two values, the first"
_BASE64 = "embedded, invalid text is taken for base64"
_AS_ARGUMENTS = "let the tool take what the text holds as arguments of its own"
_AS_GIVEN = "compare the text as it is given"
_CUT = "embedded, a pattern ends at a NUL, `\\C` is read, and `\\B` is found within a sign"
_LITERAL = "write the pattern into the call, as a text without NUL, `\\B` and `\\C`"
_HOST = "compare the parsed host with those that you list"
_BITS = Limit(
    "embedded, `1.0` has no bits, and a shift of 2^32 and more is another one",
    "let the tool take each flag as an argument of its own",
)
_PLACES = Limit(
    "embedded, `1.0` is not a place",
    "write the places into the call: whole numbers, `count`, `indexof`, and sums of them",
    _whole_places,
)
_WHOLE = Limit("between -1 and 0, OPA's result is too large by 1", "use `round`")
_ADDRESS = "the engines read IPv4-mapped addresses differently"

LIMITS: Final[Mapping[str, Limit]] = {
    "array.slice": _PLACES,
    "base64.decode": Limit(_BASE64, _AS_GIVEN),
    "base64.is_valid": Limit(_BASE64, _AS_GIVEN),
    "base64url.decode": Limit(_BASE64, _AS_GIVEN),
    "bits.and": _BITS,
    "bits.lsh": _BITS,
    "bits.negate": _BITS,
    "bits.or": _BITS,
    "bits.rsh": _BITS,
    "bits.xor": _BITS,
    "ceil": _WHOLE,
    "concat": Limit(
        "embedded, a set has an order of its own",
        "write the second argument as an array, `[a, b]`, or as a call of `sort` or `split`",
        _in_order,
    ),
    "floor": _WHOLE,
    "format_int": Limit(
        "embedded, digits of a fraction are lost in other bases than 10",
        "write 10 as the second argument",
        _decimal,
    ),
    "glob.match": Limit(
        "embedded, a glob is read otherwise: `$`, line ends, and one that is not whole",
        "use `startswith`, `endswith` or `regex.match`",
    ),
    "indexof": Limit(
        "embedded, an empty text is found at 0, and OPA gives no answer",
        "write the text to look for into the call, not empty; or use `contains`",
        _needle,
    ),
    "json.is_valid": Limit(_JSON, _AS_ARGUMENTS),
    "json.marshal": Limit(
        "embedded, members and sets have an order of their own", "compare the value itself"
    ),
    "json.unmarshal": Limit(_JSON, _AS_ARGUMENTS),
    "net.cidr_contains": Limit(_ADDRESS, _HOST),
    "net.cidr_intersects": Limit(_ADDRESS, _HOST),
    "object.union_n": Limit(
        "embedded, an empty array has no union, and OPA has `{}`",
        "write the argument as an array with members, `[a, b]`",
        _with_members,
    ),
    "regex.find_all_string_submatch_n": Limit(
        f"{_CUT}; of a number below -1, OPA makes all and the other none",
        f"{_LITERAL}, and 1 or -1 as the number",
        _patterns_found,
    ),
    "regex.is_valid": Limit(_CUT, "write the pattern into the call of `regex.match`"),
    "regex.match": Limit(_CUT, _LITERAL, _pattern),
    "replace": Limit(
        "embedded, to replace an empty text does not end",
        "write the text to replace into the call, not empty",
        _needle,
    ),
    "substring": _PLACES,
    "to_number": Limit(
        "embedded, a number that is too large is infinite, and OPA gives no answer",
        "let the tool take a number, and check it by `is_number`",
    ),
}
"""By the name of the built-in."""


def refused(name: str, arguments: Terms | None) -> Limit | None:
    """Return why a call is refused in a site; None if it is not.

    Args:
        name: What is called.
        arguments: With what; None where the built-in stands in for another function.
    """
    limit = LIMITS.get(name)
    if limit is None or (limit.allows and arguments is not None and _allowed(limit, arguments)):
        return None
    return limit


def _allowed(limit: Limit, arguments: Terms) -> bool:
    try:
        return limit.allows is not None and limit.allows(arguments)
    except (LookupError, TypeError, ValueError):
        return False
