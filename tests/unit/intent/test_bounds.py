"""Which values of a prompt bound the arguments of a task, and how an intent bounds them."""

from __future__ import annotations

import pytest
from tests.unit.intent.templates import ASKED_ABOUT, CODE, FIRM, MONEY, OFFICE

from inbounds.model.claims import Bounds, RoleBounds
from inbounds_tools.intents import draft


def values(prompt, intent=OFFICE):
    return draft(prompt, intent, name="x").scope.bounds.recipient.values


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("Send it to rosa@North.Example.", ["rosa@north.example"]),
        ("Send it to <rosa@north.example>, omar@south.example",
         ["rosa@north.example", "omar@south.example"]),
        ("Send it to 'rosa@north.example'", ["rosa@north.example"]),
        ("Send it (mailto:rosa@north.example)", ["rosa@north.example"]),
        ("Pay GB33BUKB20201555555555 now", ["GB33BUKB20201555555555"]),
        ("Pay GB33 BUKB 2020 1555 5555 55 now", ["GB33BUKB20201555555555"]),
        ("Pay account 12345678.", ["12345678"]),
        ("Call +49 151 1234 5678 please", ["+4915112345678"]),
        ("Post it to https://north.example/in?a=1.", ["https://north.example/in?a=1"]),
        ("Save it as 'a b.txt' and \"c\"", []),  # nobody to send to
        ("Post it in `#general`", ["#general"]),
        ("Rosa's file isn't Omar's", []),
        ("The '90s and the 1990s", []),
        ("Pay 12.50 on 2027-03-04 at 10:30", []),
        ("Send it to rosa@", []),
        ("Send it to a@b@north.example", []),
        ("Open http://user:secret@north.example/", []),  # no address that would be judged so
    ],
)  # fmt: skip
def test_values_of_a_prompt(prompt, found):
    assert found == values(prompt)


def test_recipient_credential_and_code_are_always_bounded_and_no_other_role():
    made = draft("Summarise the mails", OFFICE, name="office").scope

    assert (
        Bounds(
            recipient=RoleBounds(origins=[*FIRM, *ASKED_ABOUT]),
            credential=RoleBounds(origins=FIRM),
            code=RoleBounds(origins=FIRM),
        )
        == made.bounds
    )
    assert {"recipient", "credential", "code"} == made.bounds.model_fields_set


def test_whom_the_user_says_not_to_write_to_is_out_of_bounds():
    made = draft(
        "Send it to rosa@north.example, but not to omar@south.example", OFFICE, name="office"
    )

    assert (
        RoleBounds(values=["rosa@north.example"], origins=["first_party", "quoted"])
        == made.scope.bounds.recipient
    )
    assert "not to the addresses that the prompt says not to use" in [
        row.understood for row in made.said
    ]


def bounded(**bounds):
    return OFFICE.model_copy(update={"bounds": Bounds.model_validate(bounds)})


def test_origins_that_the_intent_does_not_let_through_are_left_out():
    made = draft("Pay the bill 'a.pdf'", MONEY, name="money").scope.bounds
    assert [*FIRM, "quoted_text"] == made.recipient.origins

    made = draft("Rerun it", CODE, name="code").scope.bounds
    assert ["first_party"] == made.code.origins


def test_an_intent_that_lets_nothing_through_stays_shut():
    made = draft("Send it to rosa@north.example", bounded(recipient={}), name="o")
    assert RoleBounds() == made.scope.bounds.recipient


def test_domains_of_the_intent_stay_where_the_prompt_names_nobody():
    intent = bounded(recipient={"domains": ["north.example"], "values": ["omar@south.example"]})

    named = draft("Send it to rosa@north.example", intent, name="o").scope.bounds.recipient
    assert RoleBounds(values=["rosa@north.example"]) == named

    unnamed = draft("Send it to Rosa", intent, name="o").scope.bounds.recipient
    assert intent.bounds.recipient == unnamed

    outside = draft("Send it to eve@evil.example", intent, name="o").scope.bounds.recipient
    assert RoleBounds() == outside

    source = draft("Forward the mail from rosa@north.example to Omar", intent, name="o")
    assert intent.bounds.recipient == source.scope.bounds.recipient


def test_what_the_intent_has_for_other_roles_is_not_asked_for_again():
    made = draft("Pay the rent", MONEY, name="money").scope
    assert {"recipient", "credential", "code"} == made.bounds.model_fields_set


def test_many_values_are_bounded_in_number():
    prompt = " ".join(f"u{number}@north.example" for number in range(1000))
    assert 64 == len(values(f"Send it to {prompt}"))
