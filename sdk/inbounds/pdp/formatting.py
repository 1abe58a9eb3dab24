"""OPA's `sprintf` on the host: Go's `fmt.Sprintf` for the arguments a policy can pass.

The verbs `s d v x X q t e f g` with flags `+ - 0` and space, width and precision, mistakes
included: Go prints them into the text (`%!d(string=a)`). What would need Go's own tables or
is too rare to be worth a copy raises, so that no answer is given rather than another one.
"""

from __future__ import annotations

import re
from typing import Any, Final

from inbounds.pdp.values import BuiltinError, Set

_VERB: Final = re.compile(r"%([-+ 0#]*)([0-9*]*)(?:\.([0-9*]*))?(.?)", re.DOTALL)
_PLAIN: Final = re.compile(r"[ -~]*", re.DOTALL)


def sprintf(form: Any, arguments: Any) -> str:
    """`sprintf`: `form` with its verbs replaced by `arguments`."""
    if not isinstance(form, str) or not isinstance(arguments, list):
        raise BuiltinError("sprintf takes a string and an array")
    left = [_argument(value) for value in arguments]
    used = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal used
        flags, width, precision, verb = found.groups()
        if not verb or "*" in f"{width}{precision}" or "#" in flags or verb not in "%sdvxXqtefg":
            raise BuiltinError("a verb that is not supported")
        if verb == "%":
            return "%"
        if used == len(left):
            return f"%!{verb}(MISSING)"
        used += 1
        return _formatted(left[used - 1], flags, int(width or 0), precision, verb)

    text = _VERB.sub(replaced, form)
    if used < len(left):
        text += "%!(EXTRA " + ", ".join(f"{_kind(v)}={_shown(v)}" for v in left[used:]) + ")"
    return text


def _argument(value: Any) -> str | float:
    """Strings and numbers as they are, anything else as OPA writes it."""
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    return rego(value)


def rego(value: Any) -> str:
    """A value in Rego's own syntax, as OPA prints it: sorted, with a space after each comma."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (int, float)):
        # OPA prints the literal, which a float no longer has.
        if isinstance(value, float):
            raise BuiltinError("a fraction inside a composite value")
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(rego, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{rego(k)}: {rego(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, Set) and not value.members:
        return "set()"
    if isinstance(value, Set) and all(isinstance(m, str) for m in value.members):
        return "{" + ", ".join(map(rego, sorted(value.members))) + "}"
    raise BuiltinError("a set of values that are not all strings")


def _formatted(value: str | float, flags: str, width: int, precision: str | None, verb: str) -> str:
    match value, verb:
        case str(), "s" | "v":
            return _padded_text(_cut(value, precision), flags, width)
        case str(), "q":
            if "+" in flags:
                raise BuiltinError("a verb that is not supported")
            return _padded_text(_quoted(_cut(value, precision)), flags, width)
        case int(), "d" | "v" | "x" | "X":
            if precision is not None:
                raise BuiltinError("a verb that is not supported")
            base = {"x": "x", "X": "X"}.get(verb, "d")
            return _padded_number(value < 0, format(abs(value), base), flags, width)
        case float(), "e" | "f":
            digits = 6 if precision is None else int(precision or 0)
            return _padded_number(value < 0, format(abs(value), f".{digits}{verb}"), flags, width)
        case float(), "g" | "v" if precision is None:
            return _padded_number(value < 0, _shortest(abs(value), 21), flags, width)
        case (str(), "x" | "X") | (int(), "q") | (float(), "x" | "X" | "g" | "v"):
            raise BuiltinError("a verb that is not supported")
        case _:
            return f"%!{verb}({_kind(value)}={_shown(value)})"


def _cut(text: str, precision: str | None) -> str:
    return text if precision is None else text[: int(precision or 0)]


def _padded_text(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and len(text) < width:
        raise BuiltinError("a verb that is not supported")
    return text.rjust(width)


def _padded_number(negative: bool, digits: str, flags: str, width: int) -> str:  # noqa: FBT001
    sign = "-" if negative else "+" if "+" in flags else " " if " " in flags else ""
    if "-" in flags:
        return (sign + digits).ljust(width)
    if "0" in flags:
        return sign + digits.rjust(width - len(sign), "0")
    return (sign + digits).rjust(width)


def _shortest(value: float, threshold: int) -> str:
    """Go's shortest form: an exponent of at least two digits below 1e-4 and from `threshold`."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value!r}".partition("e")
    digits = mantissa.replace(".", "").lstrip("0") if not exponent else mantissa.replace(".", "")
    if exponent:
        power = int(exponent)
    else:
        whole, _, fraction = mantissa.partition(".")
        power = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
    digits = digits.rstrip("0") or "0"
    if power < -4 or power >= threshold:
        mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return "0." + "0" * (-power - 1) + digits
    if len(digits) <= power + 1:
        return digits.ljust(power + 1, "0")
    return f"{digits[: power + 1]}.{digits[power + 1 :]}"


def _quoted(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise BuiltinError("a string that only Go quotes")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _kind(value: str | float) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, float):
        return "float64"
    return "int64" if -(2**63) <= value < 2**63 else "*big.Int"


def _shown(value: str | float) -> str:
    return _shortest_signed(value) if isinstance(value, float) else str(value)


def _shortest_signed(value: float) -> str:
    return ("-" if value < 0 else "") + _shortest(abs(value), 21)
