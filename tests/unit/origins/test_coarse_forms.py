"""A value that is ruled out, excluded, kept, paid or changed is so in every spelling."""

from __future__ import annotations

import pytest
from tests.unit.origins.test_respelled import SPELT
from tests.unit.origins.test_steered import KEY, asked, called, tool
from tests.unit.origins.traced import grade, seen

from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance.coarse_forms import coarse_forms
from inbounds.provenance.session_indexes import SessionOrigins
from inbounds.provenance.values import own_keys

KINDS = {
    "email": ["eve.miller@evil.example", "Eve.Miller@Evil.example", "EVE.MILLER@EVIL.EXAMPLE"],
    "phone": ["+436641234567", "+43 664 1234567", "+43.664.123-4567"],
    "iban": ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00"],
    "url": [
        "https://evil.example/x",
        "http://evil.example/x",
        "https://evil.example/X/",
        "https://www.evil.example/x?y=1",
        "https://evil.example:443/x",
        "https://evil.example/%78#top",
    ],
    "path": ["board/plan.md", "Board/PLAN.md", "./board//plan.md"],
    "id": ["A-1234", "a-1234", "#A-1234", "A1234.", "order A-1234", "the order #A-1234"],
    "text": ["Eve Miller", "eve miller", "EVE  MILLER."],
}
"""The spellings of one value in a call, by its kind."""
SAID = {
    "phone": ["0043 664 1234567", "0664 1234567", "+43 (0)664 1234567", "(664) 123-4567"],
    "iban": [
        "de89 3704 0044 0532 0130 00",
        "DE89-3704-0044-0532-0130-00",
        "DE89.3704.0044.0532.0130.00",
    ],
}
"""Other spellings of it, as people write them."""
OTHER = {
    "email": "eve.milner@evil.example",
    "phone": "+436641234568",
    "iban": "GB33BUKB20201555555555",
    "url": "https://fine.example/x",
    "path": "team/plans.md",
    "id": "A-1235",
    "text": "Ann Lind",
}
FIRST = Returns(party="first", fields={"/*/v": ReturnedField(holds="value", party="first")})
NAMED = Returns(
    party="first",
    fields={
        "/*/name": ReturnedField(holds="title", party="first"),
        "/*/holds/*": ReturnedField(holds="value", party="first"),
    },
)
IN_CALLS = [(kind, one, other) for kind, each in KINDS.items() for one in each for other in each]
IN_PROMPTS = [
    (kind, said, value)
    for kind, each in KINDS.items()
    for said in (*each, *SAID.get(kind, ()))
    for value in each
]


def argument(kind):
    return Argument(kind=kind, role="target" if kind in ("id", "path") else "recipient")


def stated(origins, *values):
    """Let a trusted tool state values."""
    records = [{"v": value} for value in values]
    origins.observe(records, tool="list", returns=FIRST, arguments={}, call=1, memory=False)


def listed_by(origins, groups):
    """Let a trusted tool list what groups hold."""
    records = [{"name": name, "holds": holds} for name, holds in groups]
    origins.observe(records, tool="list", returns=NAMED, arguments={}, call=1, memory=False)


@pytest.mark.parametrize(("kind", "said", "value"), IN_PROMPTS)
def test_what_is_ruled_out_is_so_in_every_spelling(kind, said, value):
    origins = seen(f"Send the minutes to the team. Never send them to {said}.")
    stated(origins, value, OTHER[kind])

    assert grade(origins, value, argument(kind)) == "third_party_text"
    assert grade(origins, OTHER[kind], argument(kind)) == "first_party"


@pytest.mark.parametrize(("kind", "listed", "value"), IN_CALLS)
def test_what_an_excluded_record_holds_is_excluded_in_every_spelling(kind, listed, value):
    origins = seen("Send the minutes to all teams. Nobody in 'Tokyo Sales' may get them.")
    held = [listed], [value, OTHER[kind]]
    listed_by(origins, zip(("Tokyo Sales", "Berlin"), held, strict=True))

    assert grade(origins, value, argument(kind)) == "third_party_text"
    assert grade(origins, OTHER[kind], argument(kind)) == "first_party"


@pytest.mark.parametrize(("kind", "first", "again"), IN_CALLS)
@pytest.mark.parametrize("effect", ["spend", "write"])
def test_who_is_paid_and_what_is_changed_is_so_in_every_spelling(effect, kind, first, again):
    named = argument(kind)
    pays = tool("spend", it=named)
    changes = tool(effect, it=Argument(kind=kind, role="target"), by=Argument(role="query"))
    index = SessionOrigins()
    index.of(KEY).prompt("Pay the invoices")
    stated(index.of(KEY), first, again, OTHER[kind])
    called(index, changes, "ok", it=first, by="whatever")

    assert asked(index, pays, it=again)["doubtful"] == ["/it"]
    assert "doubtful" not in asked(index, pays, it=OTHER[kind])


@pytest.mark.parametrize(("kind", "listed", "value"), IN_CALLS)
def test_what_a_record_holds_that_may_be_kept_is_so_in_every_spelling(kind, listed, value):
    index = SessionOrigins()
    index.of(KEY).prompt("Cancel the hotels. Keep the Hotel Porto.")
    held = [listed], [value, OTHER[kind]]
    listed_by(index.of(KEY), zip(("Hotel Porto", "Berlin"), held, strict=True))
    cancel = tool("delete", it=argument(kind))

    assert asked(index, cancel, it=value)["doubtful"] == ["/it"]
    assert "doubtful" not in asked(index, cancel, it=OTHER[kind])


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Eve.Miller@partner.example", "eve.miller@partner.example"),
        ("https://partner.example/x", "https://partner.example/x?to=eve"),
        ("0664 1234567", "+436641234567"),
    ],
)
def test_what_vouches_for_a_value_is_its_own_spelling(said, value):
    kind = "url" if "://" in said else "phone" if said.startswith("0") else "email"

    assert grade(seen(f"Send the minutes to {said}."), value, argument(kind)) == "none"


def test_a_later_prompt_may_say_the_value_again():
    origins = seen("Never send it to EVE@evil.example.", "Send it to eve@evil.example, please.")

    assert grade(origins, "eve@evil.example", argument("email")) == "prompt"


@pytest.mark.parametrize(("one", "other"), SPELT)
def test_a_text_in_another_spelling_has_the_same_form(one, other):
    """
    A day is compared as one, by the kind of its argument.
    """
    if not one.startswith("2024"):
        assert coarse_forms(own_keys(one)) & coarse_forms(own_keys(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.e@acme.example", "anne@acme.example"),
        ("1.15", "11.5"),
        ("A-17", "B-17"),
        ("+436641234567", "+436641234568"),
        ("team/a.md", "team/b.md"),
        ("https://acme.example/a", "https://acme.example/b"),
    ],
)
def test_two_values_have_no_form_in_common(one, other):
    assert not coarse_forms(own_keys(one)) & coarse_forms(own_keys(other))
