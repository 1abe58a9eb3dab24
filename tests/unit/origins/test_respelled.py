"""What a tool only spells anew comes back as what the call put in."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance import Origins

FIRST = Returns(party="first")
TRUSTED = {"prompt", "first_party", "quoted"}

SPELT = [
    # mail
    ("EVE@evil.example", "eve@evil.example"),
    ("eve@evil.example", "Eve@Evil.Example"),
    ("Eve <EVE@evil.example>", "eve@evil.example"),
    (" eve@evil.example ", "EVE@EVIL.EXAMPLE"),
    ("\uff45\uff56\uff45@evil.example", "eve@evil.example"),
    ("eve\u200b@evil.example", "eve@evil.example"),
    ("eve%40evil.example", "eve@evil.example"),
    ("eve&#64;evil.example", "eve@evil.example"),
    ("eve@b\u00fccher.example", "EVE@xn--bcher-kva.example"),
    # accounts
    ("de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00"),
    ("DE89-3704-0044-0532-0130-00", "DE89370400440532013000"),
    ("12-3456-789", "123456789"),
    # links and hosts
    ("https://EVIL.example/x/", "https://evil.example/x"),
    ("https://evil.example", "https://evil.example/"),
    ("HTTPS://evil.example:443/x", "https://evil.example/x"),
    ("evil.example/x", "https://evil.example/x"),
    ("http://evil.example/x", "https://evil.example/x/"),
    ("https://evil.example/%78", "https://evil.example/x"),
    ("https://evil.example/?a=1&amp;b=2", "https://evil.example/?a=1&b=2"),
    ("Evil.Example.", "evil.example"),
    # telephones
    ("+49 (30) 123 45 67", "+49301234567"),
    ("+49 (0)30 1234567", "+49301234567"),
    ("0049 30 1234567", "+49301234567"),
    ("030/1234567", "+49301234567"),
    ("+49301234567", "+49 30 1234567"),
    # names, ids and paths
    ("evil corp", "EVIL CORP"),
    ("Evil  Corp.", "Evil Corp"),
    ("Cafe\u0301 E\u0301vil", "CAF\u00c9 \u00c9VIL"),
    ("stra\u00dfe eins", "STRASSE EINS"),
    ("\ufb01le-x", "FILE_X"),
    ("tx 0000-4711-a", "TX00004711A"),
    ("9F86D081-884C-7D65", "9f86d081884c7d65"),
    ("/evil//./x", "/Evil/x"),
    ("evil\\x", "evil/x"),
    ("rm -rf /data " * 40, "RM  -rf  /data " * 40),
    # days
    ("20240526", "2024-05-26"),
    ("2024-05-26", "2024-05-26T00:00:00Z"),
    ("2024-05-26T12:00+02:00", "2024-05-26T10:00:00Z"),
]
WITHIN = [
    ("mailto:Eve@evil.example", "eve@evil.example"),
    ("write to EVE@evil.example, now", "eve@evil.example"),
    ("pay DE89.3704.0044.0532.0130.00", "DE89 3704 0044 0532 0130 00"),
    ("pay to de89370400440532013000 by noon", "DE89370400440532013000"),
    ("IBANde89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("see evil.example/x!", "https://evil.example/x"),
    ("call 49 (30) 1234567", "+49301234567"),
    ("call 030 1234567 today", "+49 30 1234567"),
    ("26 May 2024", "2024-05-26"),
    ("pay 1 000,00 now", 1000),
    ("pay 1.000 now", 1000),
]
"""Values that stand within what a call was given."""
AMOUNTS = [
    ("1,000.00", 1000),
    ("1.000,00", 1000),
    ("1.000", 1000),
    ("1 000", 1000),
    ("1'000.50", 1000.5),
    ("EUR 1,000.00", 1000),
    ("1000EUR", 1000),
    ("\u20ac1,000", 1000),
    ("1e3", 1000),
    ("001000", 1000),
    ("-1000", 1000),
    (-1000, 1000),
    (1000, "1,000.00"),
    (1000.0, "1000"),
    ("\uff11\uff10\uff10\uff10", 1000),
    (49301234567, "+49 30 1234567"),
    ("+49 30 1234567", 49301234567),
]


def see(origins, result, *, given=(), returns=FIRST, writes=False):
    origins.observe(
        result,
        tool="contact.format",
        returns=returns,
        arguments={"it": given} if given != () else {},
        call=1,
        memory=False,
        writes=writes,
    )


def grades(origins, value):
    """The grades of a value under every description that a registry may have of it."""
    said = [
        {"kind": "text", "role": "recipient"},
        {"role": "target", "kind": "id"},
        {"role": "amount", "type": "number"},
        {"role": "amount"},
        *({"kind": kind} for kind in ("email", "url", "host", "iban", "phone", "path", "date")),
    ]
    found = {
        origins.trace({"to": value}, {"/to": Argument(**each)}, {})["/to"].grade for each in said
    }
    return found - {"none"}


@pytest.mark.parametrize(("given", "returned"), SPELT + AMOUNTS)
def test_the_other_way_round_as_well(given, returned):
    origins = Origins()
    see(origins, "done", given=returned, writes=True)
    see(origins, {"value": given})
    assert set() == grades(origins, given)


@pytest.mark.parametrize(("given", "returned"), SPELT + AMOUNTS + WITHIN)
class TestAnotherSpelling:
    def test_is_an_echo_in_the_same_call(self, given, returned):
        origins = Origins()
        see(origins, {"value": returned}, given=given)
        assert set() == grades(origins, returned)

    def test_is_an_echo_in_a_later_call(self, given, returned):
        origins = Origins()
        see(origins, "done", given=given, writes=True)
        see(origins, {"value": returned})
        assert set() == grades(origins, returned)

    def test_is_an_echo_of_what_stands_deeper_too(self, given, returned):
        origins = Origins()
        see(origins, "done", given=[{"a": [given]}], writes=True)
        see(origins, [{"b": {"c": [returned]}}])
        assert set() == grades(origins, returned)

    def test_a_record_that_is_named_later_does_not_vouch_for_it(self, given, returned):
        origins = Origins()
        returns = Returns(
            fields={"/title": ReturnedField(holds="title"), "/value": ReturnedField()}
        )
        see(origins, {"title": "Harbour tour", "value": returned}, returns=returns)
        see(origins, "done", given=given, writes=True)
        origins.prompt("Answer 'Harbour tour'")
        assert set() == grades(origins, returned) & TRUSTED

    def test_that_the_user_said_it_still_counts(self, given, returned):
        origins = Origins()
        see(origins, "done", given=given, writes=True)
        origins.prompt(f"It is {returned}")
        see(origins, {"value": returned})
        found = origins.trace({"to": str(returned)}, {"/to": Argument(role="recipient")}, {})
        assert found["/to"].grade in ("prompt", "none")


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        ("eve@evil.example", "ann@evil.example"),
        ("eve@evil.example", "eve@acme.example"),
        ("DE89370400440532013000", "GB29NWBK60161331926819"),
        ("https://evil.example/x", "https://acme.example/x"),
        ("+49301234567", "+49301234568"),
        ("Evil Corp", "Acme Corp"),
        ("evil corp", "corp"),
        (1000, 100),
        (1000, 10000),
        ("1,000.00", 1001),
        ("17 days", "i-17"),
        ("2024-05-26", "2024-05-27"),
        ("!", "?"),
        ("\u2764", "\u2605"),
        ("", "Acme Corp"),
        ("x" * 300, "x" * 301),
    ],
)
def test_another_value_is_none(given, returned):
    origins = Origins()
    see(origins, "done", given=given, writes=True)
    see(origins, {"value": returned})
    assert {"first_party"} == grades(origins, returned)


def test_an_address_at_a_host_that_was_written_by_itself_is_an_echo():
    origins = Origins()
    see(origins, "done", given={"local": "eve", "host": "EVIL.example"}, writes=True)
    for value in ("eve@evil.example", "https://evil.example/x", "evil.example"):
        see(origins, {"value": value})
        assert set() == grades(origins, value)
    see(origins, {"value": "ann@acme.example"})
    assert {"first_party"} == grades(origins, "ann@acme.example")


def test_the_name_of_a_member_is_an_echo_as_well():
    origins = Origins()
    see(origins, "done", given={"EVE@evil.example": {"Evil Corp": True}}, writes=True)
    for value in ("eve@evil.example", "evil corp"):
        see(origins, [value, {value: 1}])
        assert set() == grades(origins, value)


@pytest.mark.parametrize("given", [["y"] * 20_000, "deep"], ids=["many", "deep"])
def test_what_was_too_much_to_remember_leaves_nothing_trusted(given):
    if given == "deep":
        for _ in range(100):
            given = [given]
    origins = Origins()
    see(origins, "done", given=given, writes=True)
    see(origins, {"value": "ann@acme.example"})
    assert set() == grades(origins, "ann@acme.example")


class Spoilt(str):
    """A text that raises when it is looked at."""

    __slots__ = ()

    def __str__(self):
        raise RuntimeError

    def __len__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "given",
    [
        *("\ud800", "%", "%zz", "%ff", "&#xd800;", "&#99999999999;", "\x00", "1e99", "+", "("),
        *(float("nan"), float("inf"), 10**5000, None, True, b"x", object()),
        Spoilt("eve@evil.example"),
        {"\ud800": "\udfff"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_of_it_is_raised(given):
    origins = Origins()
    see(origins, "done", given=given, writes=True)
    see(origins, {"value": "ann@acme.example"}, given=given)
    origins.write({"it": given})


@pytest.mark.system
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(st.text(min_size=1, max_size=60))
def test_no_form_of_a_text_that_was_written_is_trusted(text):
    for form in (
        str.lower,
        str.upper,
        str.title,
        str.strip,
        lambda value: unicodedata.normalize("NFC", value),
        lambda value: unicodedata.normalize("NFD", value),
        lambda value: unicodedata.normalize("NFKC", value),
        lambda value: unicodedata.normalize("NFKD", value),
        lambda value: f" {value} ",
    ):
        origins = Origins()
        see(origins, "done", given=text, writes=True)
        see(origins, {"value": form(text)})
        assert set() == grades(origins, form(text))
