"""OPA's `sprintf` on the host: Go's `fmt.Sprintf` for the arguments a policy can pass.

The verbs `s d v x X q t e f g` with flags `+ - 0` and space, width and precision, mistakes
included: Go prints them into the text (`%!d(string=a)`). What would need Go's own tables or
is too rare to be worth a copy raises, so that no answer is given rather than another one.
"""

from __future__ import annotations

import re
from typing import Any, Final

from inbounds.engine.values import BuiltinError

_VERB: Final = re.compile(r"%([-+ 0#]*)([0-9*]*)(?:\.([0-9*]*))?(.?)", re.DOTALL)
_INT64: Final = range(-(2**63), 2**63)
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
    # What is left is a set.
    if all(isinstance(member, str) for member in value.members):
        return "{" + ", ".join(map(rego, sorted(value.members))) + "}" if value.members else "set()"
    raise BuiltinError("a set of values that are not all strings")


def _formatted(value: str | float, flags: str, width: int, precision: str | None, verb: str) -> str:
    if verb == "v":
        flags = flags.replace("+", "")  # it asks for the names of fields there
    if isinstance(value, str):
        text = _text(value, flags, precision, verb)
        padded = None if text is None else _padded_text(text, flags, width)
    elif isinstance(value, int):
        text = _integer(value, precision, verb)
        padded = None if text is None else _padded_number(text, flags, width)
    else:
        text = _float(value, precision, verb)
        padded = None if text is None else _padded_number(text, flags, width)
    if padded is not None:
        return padded
    if "+" in flags:
        raise BuiltinError("a verb that is not supported")
    shown = _formatted(value, flags, width, precision, "v")
    return f"%!{verb}({_kind(value)}={shown})"


# Each of these gives None for a verb that Go reports as wrong for the type.


def _text(value: str, flags: str, precision: str | None, verb: str) -> str | None:
    if verb in "sv":
        return _cut(value, precision)
    if verb == "q" and "+" not in flags:
        return _quoted(_cut(value, precision))
    if verb in "qxX":
        raise BuiltinError("a verb that is not supported")
    return None


def _integer(value: int, precision: str | None, verb: str) -> str | None:
    small = value in _INT64
    if verb in "dvxX" or (verb == "s" and not small):
        if precision is not None:
            raise BuiltinError("a verb that is not supported")
        return format(value, verb if verb in "xX" else "d")
    if verb == "q" or not small:
        raise BuiltinError("a verb that is not supported")
    return None


def _float(value: float, precision: str | None, verb: str) -> str | None:
    if verb in "ef":
        digits = 6 if precision is None else int(precision or 0)
        return format(value, f".{digits}{verb}")
    if verb in "gv" and precision is None:
        return _shortest(value)
    if verb in "gvxX":
        raise BuiltinError("a verb that is not supported")
    return None


def _cut(text: str, precision: str | None) -> str:
    return text if precision is None else text[: int(precision or 0)]


def _padded_text(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and len(text) < width:
        raise BuiltinError("a verb that is not supported")
    return text.rjust(width)


def _padded_number(number: str, flags: str, width: int) -> str:
    sign, digits = ("-", number[1:]) if number[0] == "-" else ("", number)
    sign = sign or ("+" if "+" in flags else " " if " " in flags else "")
    if "-" in flags:
        return (sign + digits).ljust(width)
    if "0" in flags:
        return sign + digits.rjust(width - len(sign), "0")
    return (sign + digits).rjust(width)


def _shortest(value: float) -> str:
    """Go's shortest form: an exponent of at least two digits below 1e-4 and from 1e6."""
    if value == 0:
        return f"{value:.0f}"
    sign = "-" if value < 0 else ""
    # The shortest digits that read back as the same number are the same in both languages.
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    power = int(f"{value:.16e}".partition("e")[2])
    if abs(float(f"{digits[0]}.{digits[1:]}e{power}")) != abs(value):
        power += 1  # rounded up to the next power of ten
    if power < -4 or power >= 6:
        mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
        return f"{sign}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    whole = digits[: power + 1].ljust(power + 1, "0")
    return sign + whole + ("." + digits[power + 1 :] if digits[power + 1 :] else "")


def _quoted(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise BuiltinError("a string that only Go quotes")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _kind(value: str | float) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, float):
        return "float64"
    return "int64" if value in _INT64 else "*big.Int"


def _shown(value: str | float) -> str:
    return _shortest(value) if isinstance(value, float) else str(value)
