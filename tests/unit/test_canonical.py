"""Arguments have one form: it is what is judged, hashed and handed to the tool."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import unicodedata
import uuid
from collections import OrderedDict, UserDict, UserString, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pydantic
import pytest
import rfc8785
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from inbounds.canonical.arguments import canonical_json, canonicalise, digest
from inbounds.errors import ArgumentNotRepresentable
from inbounds.model.question import Argument, Parsed

LONGEST = 2**53 - 1

text = st.text(st.characters(codec="utf-8"))
numbers = st.integers(-LONGEST, LONGEST) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda value: not value.is_integer() or abs(value) <= LONGEST
)
keys = text.map(lambda key: unicodedata.normalize("NFC", key))
plain = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Word(StrEnum):
    YES = "yes"


class Address(pydantic.BaseModel):
    street: str
    since: date
    tags: set[str] = set()


class Locked(pydantic.BaseModel):
    password: pydantic.SecretStr


class Unreadable(pydantic.BaseModel):
    secret: str

    def __getattribute__(self, name: str) -> Any:
        if name == "secret":
            raise RuntimeError("canary")
        return super().__getattribute__(name)


class Names(pydantic.RootModel[list[str]]):
    @pydantic.model_serializer
    def _hides(self) -> list[str]:
        return []


class Open(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", serialize_by_alias=True)

    to: str = pydantic.Field(alias="whom")


class Quiet(pydantic.BaseModel):
    """A model whose serializers leave out what it holds, and say what it does not."""

    cc: str = pydantic.Field("eve", exclude=True)
    at: date = date(2026, 1, 2)
    names: Names = Names(["eve"])
    open: Open = Open(whom="eve", copy="eve")
    _private: str = "none"

    @pydantic.field_serializer("at")
    def _another_day(self, _: date) -> str:
        return "2000-01-01"

    @pydantic.computed_field  # type: ignore[prop-decorator]  # as pydantic reads it
    @property
    def computed(self) -> str:
        return self.cc


class Silent(Quiet):
    @pydantic.model_serializer
    def _says_nothing(self) -> dict[str, Any]:
        raise RuntimeError("canary")


class Listing(pydantic.BaseModel, Mapping[str, Any]):
    """A model that is a mapping as well, of nothing."""

    to: str

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass
class Pair:
    left: int
    right: PurePosixPath


class Point(NamedTuple):
    x: int
    y: int


class LoudText(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Twice(UserDict[str, Any]):
    """A mapping with a key twice, which a plain dict cannot be."""

    def items(self) -> Any:
        return [("canary", 1), (LoudText("canary"), 2)]


class TwoKinds(dict[str, Argument]):
    def items(self) -> Any:
        return [("/it", Argument(kind="id")), ("/it", Argument(kind="text"))]


def one(value: Any, **argument: Any) -> Any:
    """Canonicalise one argument `it`; what the tool would receive."""
    return canonicalise({"it": value}, {"/it": Argument(**argument)}).arguments["it"]


def refusal(value: Any, **argument: Any) -> str:
    with pytest.raises(ArgumentNotRepresentable) as refused:
        one(value, **argument)
    assert refused.value.executed == "no"
    return refused.value.message


# --- any value -----------------------------------------------------------------------------


@pytest.mark.system
@given(st.dictionaries(keys, plain))
def test_the_bytes_are_rfc_8785_and_read_back_as_the_arguments(arguments: dict[str, Any]) -> None:
    canonical = canonicalise(arguments, {})
    assert canonical.json == rfc8785.dumps(arguments)
    assert json.loads(canonical.json) == canonical.arguments == arguments


@pytest.mark.system
@given(st.dictionaries(keys, plain))
def test_a_second_time_changes_nothing(arguments: dict[str, Any]) -> None:
    once = canonicalise(arguments, {})
    assert canonicalise(once.arguments, {}) == once


def test_what_the_caller_holds_is_not_what_the_tool_receives() -> None:
    mine = {"to": ["bob@partner.example"]}
    canonical = canonicalise(mine, {"/to/*": Argument(kind="email")})
    mine["to"].append("mallory@evil.example")
    assert canonical.arguments == {"to": ["bob@partner.example"]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        (LoudText("quiet"), "quiet"),
        (True, True),
        (-0.0, 0.0),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (timedelta(minutes=1), "PT1M"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (PurePosixPath("/srv/a"), "/srv/a"),
        (ip_address("::1"), "::1"),
        (Decimal("1.50"), "1.50"),
        (pydantic.AnyUrl("https://a.example/x"), "https://a.example/x"),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        (Point(1, 2), [1, 2]),
        (Pair(1, PurePosixPath("x")), {"left": 1, "right": "x"}),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (UserDict({"a": 1}), {"a": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_other_types_become_plain(value: Any, expected: Any) -> None:
    given_back = one(value)
    assert given_back == expected
    assert type(given_back) is type(expected)


def test_minus_zero_is_zero_for_judge_and_tool_alike() -> None:
    assert math.copysign(1, one(-0.0)) == 1


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (math.nan, "not finite"),
        (math.inf, "not finite"),
        (Decimal("NaN"), "not finite"),
        (2**53, "beyond 2^53"),
        (-(2**53), "beyond 2^53"),
        (1e300, "beyond 2^53"),
        ("canary\ud800", "surrogate"),
        ({"canary\udfff": 1}, "surrogate"),
        ({1: "canary"}, "key that is not text"),
        ({None: "canary"}, "key that is not text"),
        ({"e\u0301": 1}, "not in NFC"),
        (Twice(), "key twice"),
        ({"canary"}, "is a set"),
        (frozenset({"canary"}), "is a set"),
        (b"canary", "is bytes"),
        (bytearray(b"canary"), "is bytes"),
        (Address(street="x", since=date(2026, 1, 1), tags={"canary"}), "is a set"),
        (Locked(password=pydantic.SecretStr("canary")), "`SecretStr`"),
        (Unreadable(secret="canary"), "fields cannot be read"),
        (Unreadable.model_construct(), "fields cannot be read"),
        (Open(whom="a", to="canary"), "fields cannot be read"),
        (Open(whom="a", more=b"canary"), "is bytes"),
        (deque(["canary"]), "`deque`"),
        (UserString("canary"), "`UserString`"),
        ((item for item in ["canary"]), "`generator`"),
        (complex(1), "`complex`"),
        (object(), "`object`"),
        (Pair, "`type`"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_has_no_one_form_is_refused_without_its_value(value: Any, fault: str) -> None:
    message = refusal([value])
    assert message.startswith("`/it/0")
    assert fault in message
    assert "canary" not in message.replace("/canary", "")


def test_a_model_is_read_by_its_fields_and_never_by_a_serializer() -> None:
    whole = {
        "cc": "eve",
        "at": "2026-01-02",
        "names": ["eve"],
        "open": {"to": "eve", "copy": "eve"},
    }

    assert [whole] * 2 == one([Quiet(), Silent()])
    assert {"to": "eve"} == one(Listing(to="eve"))


def test_a_cycle_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "nested more than 64 deep" in refusal(loop)


def test_64_levels_are_taken_and_65_are_not() -> None:
    def nested(levels: int) -> Any:
        return [] if levels == 1 else [nested(levels - 1)]

    one(nested(63))
    assert "nested more than 64 deep" in refusal(nested(64))


@pytest.mark.system
@pytest.mark.parametrize("leaf", ["x", 0, None, [], {}])
def test_a_value_that_repeats_itself_is_not_unfolded(leaf: Any) -> None:
    bomb: list[Any] = [leaf] * 10
    for _ in range(40):
        bomb = [bomb] * 10
    assert "larger than they may be" in refusal(bomb)


@pytest.mark.parametrize(
    "value", ["x" * 100, "\x01" * 20, "\u00e9" * 60, ["x"] * 60, {"x" * 99: 0}]
)
def test_the_size_is_bounded(value: Any) -> None:
    with pytest.raises(ArgumentNotRepresentable, match="larger than they may be"):
        canonicalise({"it": value}, {}, max_bytes=100)


def test_a_long_or_unprintable_key_does_not_fill_the_message() -> None:
    message = refusal({"\u202e\n" + "k" * 10_000: math.nan})
    assert len(message) < 200
    assert message.isascii()


def test_an_array_is_no_set_of_arguments() -> None:
    assert canonical_json([1, {"b": 1.5, "a": None}]) == b'[1,{"a":null,"b":1.5}]'


# --- values of a kind ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("email", "Bob.Smith+x@Partner.EXAMPLE", "Bob.Smith+x@partner.example"),
        ("email", "bob@b\u00fccher.example", "bob@xn--bcher-kva.example"),
        ("email", "bob@\uff45xample.com", "bob@example.com"),
        ("url", "HTTPS://Example.COM:443/a/../b?q#f", "https://example.com/b?q#f"),
        ("url", "https:\\\\evil.example\\x", "https://evil.example/x"),
        ("url", " https://a\t.example/\n", "https://a.example/"),
        ("url", "http://0x7f.1/", "http://127.0.0.1/"),
        ("url", "http://2130706433/", "http://127.0.0.1/"),
        ("url", "http://example.com./x", "http://example.com/x"),
        ("url", "http://%65vil.example/", "http://evil.example/"),
        ("url", "http://h/%2e%2e/%2E/x", "http://h/x"),
        ("url", "http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8080/"),
        ("url", "http://fa\u00df.example/", "http://xn--fa-hia.example/"),
        ("url", "WSS://A.Example:443/x", "wss://a.example/x"),
        ("url", "ws:a.example", "ws://a.example/"),
        ("host", "Example.COM.", "example.com"),
        ("host", "127.1", "127.0.0.1"),
        ("host", "::1", "[::1]"),
        ("host", "[::1]", "[::1]"),
        ("host", "b\u00fccher.example", "xn--bcher-kva.example"),
        ("path", "/srv//data/./a/../b/", "/srv/data/b"),
        ("path", "//etc/passwd", "/etc/passwd"),
        ("path", "./a/b/../c", "a/c"),
        ("path", "a/..", "."),
        ("path", "/%2e%2e/x", "/%2e%2e/x"),
        ("path", "/cafe\u0301", "/caf\u00e9"),
        ("iban", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("phone", "+44 20-7946.0018", "+442079460018"),
        ("date", "20260131", "2026-01-31"),
        ("date", "2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00Z"),
        ("date", "2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500000Z"),
        ("money", 1250, 1250),
        ("id", "cafe\u0301-42", "caf\u00e9-42"),
        ("id", 42, 42),
        ("text", "cafe\u0301\r\n", "caf\u00e9\r\n"),
        ("none", "cafe\u0301\r\n", "cafe\u0301\r\n"),
    ],
)
def test_a_kind_has_one_form(kind: Any, value: Any, expected: Any) -> None:
    assert one(value, kind=kind) == expected
    assert one(expected, kind=kind) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "canary"),
        ("email", "@canary.example"),
        ("email", "canary@"),
        ("email", '"canary"@a.example'),
        ("email", "Canary <canary@a.example>"),
        ("email", "canary(x)@a.example"),
        ("email", "canary@a.example,b@evil.example"),
        ("email", "canary@evil.example@a.example"),
        ("email", ".canary@a.example"),
        ("email", "canary@a.example\n"),
        ("email", "canary\r\nBcc:x@a.example"),
        ("email", "canary@a..example"),
        ("email", "canary@a.example."),
        ("email", "canary@-a.example"),
        ("email", "canary@1"),
        ("email", "canary@[127.0.0.1]"),
        ("email", "canary@%65vil.example"),
        ("email", "canary@evil.example/a.example"),
        ("email", "canary@" + "a" * 64 + ".example"),
        ("email", "c" * 65 + "@a.example"),
        ("url", "canary"),
        ("url", "//canary.example"),
        ("url", "https://user:canary@a.example/"),
        ("url", "https://canary@a.example/"),
        ("url", "mailto:canary@a.example"),
        ("url", "javascript:canary"),
        ("url", "file:///canary"),
        ("url", "https://a..example/canary"),
        ("url", "https://a!b.example/canary"),
        ("url", "https://a.example:99999/canary"),
        ("url", "http://[::ffff:127.0.0.1]/canary"),
        ("url", "http://1.2.3.256/canary"),
        ("host", "canary.example:80"),
        ("host", "canary.example/x"),
        ("host", "u@canary.example"),
        ("host", "canary.example "),
        ("host", "canary\t.example"),
        ("host", "%63anary.example"),
        ("host", ""),
        ("host", "[canary]"),
        ("host", "[::1"),
        ("host", "::ffff:1.2.3.4"),
        ("path", ""),
        ("path", "../canary"),
        ("path", "a/../../canary"),
        ("path", "/../canary"),
        ("path", "/canary\x00.txt"),
        ("path", "..\\canary"),
        ("path", "C:/canary"),
        ("path", ["canary"]),
        ("iban", "DE88370400440532013000"),
        ("iban", "DE00370400440532013000"),
        ("iban", "canary"),
        ("phone", "020 7946 0018"),
        ("phone", "+44 (0)20 7946 0018"),
        ("phone", "+\u0661\u0662\u0663\u0664"),
        ("date", "canary"),
        ("date", "31.01.2026"),
        ("date", "2026-02-30"),
        ("date", "2026-01-31T12:00:00"),
        ("date", "0001-01-01T00:00:00+14:00"),
        ("date", "\u0662\u0660\u0662\u0666-01-31"),
        ("money", "1250"),
        ("money", 12.5),
        ("money", 12.0),
        ("money", True),
        ("id", "canary\n"),
        ("id", " canary"),
        ("id", True),
        ("text", 1),
        ("text", None),
    ],
)
def test_what_cannot_be_read_as_its_kind_is_refused(kind: Any, value: Any) -> None:
    message = refusal(value, kind=kind)
    assert message.startswith("`/it` ")
    assert message.endswith(f"(`{kind}`)")
    assert "canary" not in message.lower()


@pytest.mark.parametrize(
    ("kind", "value", "parsed"),
    [
        ("email", "Bob@A.Example", Parsed(kind="email", local="Bob", domain="a.example")),
        ("url", "HTTP://A.Example/x", Parsed(kind="url", scheme="http", host="a.example")),
        ("host", "A.Example", Parsed(kind="host", host="a.example")),
        ("path", "/a/../b", Parsed(kind="path")),
    ],
)
def test_a_leaf_of_a_kind_is_taken_apart(kind: Any, value: str, parsed: Parsed) -> None:
    assert canonicalise({"it": value}, {"/it": Argument(kind=kind)}).parsed == {"/it": parsed}


def test_a_pattern_means_every_index_and_escaped_keys() -> None:
    canonical = canonicalise(
        {"to": ["A@X.example", "B@Y.example"], "a/b": {"~": [{"on": "20260131"}]}, "free": "X@Y"},
        {
            "/to/*": Argument(kind="email"),
            "/a~1b/~0/*/on": Argument(kind="date"),
            "/absent/*/x": Argument(kind="url"),
        },
    )
    assert canonical.arguments == {
        "to": ["A@x.example", "B@y.example"],
        "a/b": {"~": [{"on": "2026-01-31"}]},
        "free": "X@Y",
    }
    assert list(canonical.parsed) == ["/to/0", "/to/1", "/a~1b/~0/0/on"]


def test_the_fault_is_at_the_leaf() -> None:
    with pytest.raises(ArgumentNotRepresentable, match=r"^`/to/1` is not a plain"):
        canonicalise({"to": ["a@x.example", "canary"]}, {"/to/*": Argument(kind="email")})


def test_null_passes_only_where_the_registry_says_so() -> None:
    assert canonicalise({"it": None}, {"/it": Argument(kind="email", nullable=True)}).arguments == {
        "it": None
    }
    assert "is not text" in refusal(None, kind="email")


def test_a_leaf_of_two_kinds_is_refused() -> None:
    with pytest.raises(ArgumentNotRepresentable, match="two kinds"):
        canonicalise({"it": "x"}, TwoKinds())


@pytest.mark.parametrize(
    "value",
    [
        "evil.example://canary.example/?q=secret",
        "EVIL.example://canary.example/",
        "evil.example:80://canary.example/",
        "http.evil.example://canary.example/",
        "evil.example:canary",
        "evil+x://canary.example/",
        "evil-x://canary.example/",
        "httpss://canary.example/",
        "view-source:https://canary.example/",
        "blob:https://canary.example/x",
        "ftp://canary.example/x",
        "s3://canary/x",
        "ssh://canary.example/x",
        "file:///canary",
        "file://canary.example/x",
        "mailto:canary@a.example",
        "javascript:canary",
        "javascript://canary.example/%0aalert(1)",
        "data:text/html,canary",
        "data://canary.example/x",
    ],
)
def test_a_url_of_a_scheme_that_is_not_read_alike_is_refused(value: str) -> None:
    assert "is a URL of another scheme" in refusal(value, kind="url")


hosts = st.text(
    st.sampled_from("aAzZ0127.-_\u00e9\u00df\u0130\u2460\uff0f\u3002\u00ad[]:x%2e@/\\?#\t "),
    max_size=14,
)


schemes = st.sampled_from(["http", "https", "ws", "wss", "h.example", "s3", "file", "x+y"])


@given(hosts, st.sampled_from(["email", "url", "host"]), schemes)
def test_hosts_read_from_anything_keep_their_form(host: str, kind: Any, scheme: str) -> None:
    value = {"email": f"a@{host}", "url": f"{scheme}://{host}/p", "host": host}[kind]
    registered = {"/it": Argument(kind=kind)}
    try:
        once = canonicalise({"it": value}, registered)
    except ArgumentNotRepresentable:
        return
    assert canonicalise(once.arguments, registered) == once

    value, leaf = once.arguments["it"], once.parsed["/it"]
    assert value.isascii()
    if kind == "email":
        assert value == f"{leaf.local}@{leaf.domain}"
    elif kind == "host":
        assert value == leaf.host
    else:
        assert value.startswith(f"{leaf.scheme}://{leaf.host}")
        assert value[len(f"{leaf.scheme}://{leaf.host}") :][:1] in ("", "/", ":", "?", "#")
        # Whoever opens it reaches the host that was judged.
        assert urlsplit(value).hostname == leaf.host.strip("[]")
        assert urllib3.util.parse_url(value).host == leaf.host


@given(text, st.sampled_from(["path", "id", "text", "date", "phone", "iban", "url"]))
def test_anything_read_as_a_kind_keeps_its_form(value: str, kind: Any) -> None:
    registered = {"/it": Argument(kind=kind)}
    try:
        once = canonicalise({"it": value}, registered)
    except ArgumentNotRepresentable:
        return
    assert canonicalise(once.arguments, registered) == once


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b\u0301"]), min_size=1), st.booleans())
def test_a_path_never_leaves_where_it_starts(segments: list[str], absolute: bool) -> None:  # noqa: FBT001 -- hypothesis passes by position
    value = "/" * absolute + "/".join(segments)
    try:
        path = one(value, kind="path")
    except ArgumentNotRepresentable:
        return
    assert ".." not in path.split("/")
    assert "//" not in path
    assert path.startswith("/") == value.startswith("/")
    assert one(path, kind="path") == path


# --- the digest ----------------------------------------------------------------------------


def test_the_digest_is_an_hmac_that_names_its_key() -> None:
    key = bytes(range(32))
    expected = hmac.new(key, b'{"a":1}', hashlib.sha256).hexdigest()
    assert digest(b'{"a":1}', key, "k1") == f"hmac-sha256:k1:{expected}"
