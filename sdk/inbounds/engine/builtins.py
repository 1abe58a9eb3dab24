"""The built-ins that a WASM module asks its host for.

None of them reaches a network, the environment or a source of randomness, so one question
has one answer. A built-in ends as OPA's does, value for value and error for error; an error
aborts the evaluation, as OPA does when asked with `strict-builtin-errors`. A policy that
calls any other built-in is refused when it is loaded.

`time.now_ns` and `io.jwt.verify_*` depend on an engine's clock and cache: `Host` adds them. Most
decisions neither format a text nor reckon with dates, and load nothing that does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from inbounds.engine import jws
from inbounds.engine.values import BuiltinError, Literal, Set

Builtin = Callable[..., Any]

SIGNATURES: Final = 1024
"""How many signature results one engine remembers."""


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise BuiltinError("not a string")
    return value.encode("utf-8", "surrogateescape")


def _string(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        members: list[Any] | tuple[Any, ...] = (value,)
    elif isinstance(value, Set):
        members = value.members
    elif isinstance(value, list):
        members = value
    else:
        raise BuiltinError("not a string, set or array")
    for member in members:
        if not isinstance(member, str):
            raise BuiltinError("not a string")
    return iter(members)


def _hex_decode(text: Any) -> str:
    encoded = _bytes(text)
    if any(byte not in b"0123456789abcdefABCDEF" for byte in encoded) or len(encoded) % 2:
        raise BuiltinError("not hexadecimal")
    return _string(bytes.fromhex(encoded.decode("ascii")))


def _any_affix(texts: Any, affixes: Any, matches: Callable[[str, str], bool]) -> bool:
    candidates = list(_strings(texts))
    wanted = list(_strings(affixes))
    return any(matches(text, affix) for text in candidates for affix in wanted)


def _count(text: Any, part: Any) -> int:
    content, wanted = _bytes(text), _bytes(part)
    return content.count(wanted) if wanted else len(text) + 1


def _is_subset(whole: Any, part: Any) -> bool:
    from inbounds.engine.subsets import is_subset

    return is_subset(whole, part)


def _sprintf(form: Any, arguments: Any) -> str:
    from inbounds.engine.formatting import sprintf

    return sprintf(form, arguments)


def _of_times(name: str) -> Builtin:
    def builtin(*arguments: Any) -> Any:
        import inbounds.engine.times as times  # noqa: PLR0402 -- `from` calls into the import system

        return getattr(times, name)(*arguments)

    return builtin


BUILTINS: Final[Mapping[str, Builtin]] = {
    "base64url.encode_no_pad": lambda text: (
        base64.urlsafe_b64encode(_bytes(text)).rstrip(b"=").decode("ascii")
    ),
    "crypto.hmac.equal": lambda a, b: hmac.compare_digest(_bytes(a), _bytes(b)),
    "crypto.hmac.sha256": lambda text, key: hmac.digest(_bytes(key), _bytes(text), "sha256").hex(),
    "crypto.sha256": lambda text: hashlib.sha256(_bytes(text)).hexdigest(),
    "hex.decode": _hex_decode,
    "hex.encode": lambda text: _bytes(text).hex(),
    "io.jwt.decode": lambda token: Literal(jws.decode(token)),
    "object.subset": _is_subset,
    "sprintf": _sprintf,
    "strings.any_prefix_match": lambda texts, affixes: _any_affix(texts, affixes, str.startswith),
    "strings.any_suffix_match": lambda texts, affixes: _any_affix(texts, affixes, str.endswith),
    "strings.count": _count,
    "time.add_date": _of_times("add_date"),
    "time.clock": _of_times("clock"),
    "time.date": _of_times("date"),
    "time.parse_duration_ns": _of_times("parse_duration_ns"),
    "time.parse_rfc3339_ns": _of_times("parse_rfc3339_ns"),
    "time.weekday": _of_times("weekday"),
}
"""Name to function, for those that need nothing but their arguments."""


def _verifier(algorithm: str, *, remembered: int) -> Builtin:
    """`io.jwt.verify_<algorithm>` with a bounded memory of its results.

    Only whether a signature is good is remembered, under the whole token, the whole key and
    the algorithm. Nothing about the time is.

    Beyond OPA's, it is false for a payload that OPA could not read as a JSON object: a module
    parses more leniently, and would find claims where OPA finds none.
    """
    cached = lru_cache(maxsize=remembered)(
        lambda token, key: jws.verify(algorithm, token, key) and jws.readable(token)
    )

    def verify(token: Any, key: Any) -> bool:
        if not isinstance(token, str) or not isinstance(key, str):
            raise BuiltinError("a token and a key are strings")
        return cached(token, key)

    return verify


class Host:
    """Every built-in of one engine, and the one moment in which an evaluation happens.

    Args:
        clock: Nanoseconds since 1970-01-01T00:00:00Z.
    """

    __slots__ = ("_clock", "_now", "builtins")

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._now: int | None = None
        self.builtins: Mapping[str, Builtin] = {
            **BUILTINS,
            **{
                f"io.jwt.verify_{algorithm}": _verifier(algorithm, remembered=SIGNATURES)
                for algorithm in jws.SCHEMES
            },
            "time.now_ns": self.now_ns,
        }

    def begin(self) -> None:
        """Begin an evaluation: the next `time.now_ns` reads the clock, later ones repeat it."""
        self._now = None

    def now_ns(self) -> int:
        """The moment of this evaluation."""
        if self._now is None:
            self._now = self._clock()
        return self._now
