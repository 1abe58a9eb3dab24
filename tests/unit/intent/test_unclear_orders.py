"""Orders in words that no intent lists: what is then assumed, and where nothing is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.intent.templates import CODE, MONEY, OFFICE, acting, assumed

from inbounds.model.claims import ResourceBound, Scope
from inbounds.model.deployment import Intent
from inbounds_tools.intents import draft
from inbounds_tools.intents.limits import resources_for

EVERYTHING = {
    "mail.write", "mail.export", "mail.delete", "event.write", "event.export", "event.delete",
    "file.write", "file.export", "file.delete",
}  # fmt: skip
ORDERS = [
    "Fwd the minutes to rosa@north.example pls",
    "fwd the minutes to Rosa",
    "Spam it.",
    "ugh, a watch advert again, spam it",
    "Please put my coffee subscription on hold.",
    "Would you please record the new places of both?",
    "Could you be so kind as to bin 'a.txt'?",
    "The minutes are in the folder. Please have them thrown away.",
    "Have that one thrown away",
    "the fan in my cart, get rid of it",
    "get 3 tickets for Rosa",
    "Give the job to Flynn.",
    "let Rosa open it",
    "I have put both tubes into the freezer, update the register",
    "Rosa called. Now snooze it",
    "Quote 'Spring' on the notice board",
    "Ping rosa@north.example",
]
READINGS = [
    "",
    "Marchetti offer - how long is it good for?",
    "What has Rosa written?",
    "Please compare the fans for me.",
    "Could you give me an overview of all messages?",
    "Would you mind putting together a summary of the minutes?",
    "Please put together an overview of the fees",
    "Create a summary. The event is on Friday.",
    "Let me know who is away. Tell us by noon",
    "Give me the gist of the call",
    "Get the minutes and have a look at them",
    "Have you seen the minutes?",
    "crew and bills for the concert, please",
    "anything new in the inbox?",
    "I would like a list of the guests. It is for Rosa.",
    "Rosa sends it to Omar every week.",
    "Hello! Thanks.",
    "across all three halls",
    "Please",
    "Could you please",
    "7 the",
    "'Delete it' is the title",
]


@pytest.mark.parametrize("prompt", ORDERS)
def test_an_order_that_is_not_understood_assumes_what_the_intent_has(prompt):
    made = draft(prompt, OFFICE, name="office")
    assert not acting(made.scope)
    assert assumed(made.scope) == EVERYTHING
    assert {"read", "write", "export", "delete"} == set(made.scope.effects)
    assert made.asked == 0
    said = [row for row in made.said if row.understood.startswith("not understood: a person is ")]
    assert [row.words and set(row.words.split()) <= set(prompt.split()) for row in said]


@pytest.mark.parametrize("prompt", READINGS)
def test_who_wants_to_be_told_something_assumes_nothing(prompt):
    made = draft(prompt, OFFICE, name="office")
    assert not acting(made.scope) | assumed(made.scope)
    assert "only reading: no word asks for more" in [row.understood for row in made.said]


@pytest.mark.parametrize("prompt", ORDERS)
@pytest.mark.parametrize(
    "more",
    [
        " And send Rosa the minutes.",
        " Don't delete anything.",
        " But nothing may leave the house.",
        " Rosa must not get it, though.",
        " Everybody except Rosa gets one.",
    ],
)
def test_a_prompt_that_asks_for_something_or_rules_something_out_assumes_nothing(prompt, more):
    assert not assumed(draft(prompt + more, OFFICE, name="office").scope)


def test_an_intent_that_lists_no_words_assumes_nothing():
    made = draft("Spam it", OFFICE.model_copy(update={"words": []}), name="office")
    assert not assumed(made.scope)


def test_what_is_assumed_is_the_intent_s_and_lies_where_it_does():
    scope = draft("Tidy it up", CODE, name="code").scope
    assert [bound for bound in scope.resources if bound.assumed] == [
        ResourceBound(
            type="repository",
            prefixes=["acme/"],
            effects=["delete", "execute", "read", "write"],
            assumed=True,
        ),
        ResourceBound(type="issue", effects=["read", "write"], assumed=True),
        ResourceBound(type="job", effects=["execute", "read"], assumed=True),
    ]
    assert [bound for bound in scope.resources if not bound.assumed] == [
        ResourceBound(type="repository", prefixes=["acme/"], effects=["read"]),
        ResourceBound(type="issue", effects=["read"]),
        ResourceBound(type="job", effects=["read"]),
    ]


def test_an_application_s_model_may_assume_and_what_the_intent_assumes_is_never_stated():
    wish = Scope(resources=[ResourceBound(type="file", effects=["write"], assumed=True)])
    made = draft("Tidy it up", OFFICE, name="office", propose=lambda _, __: wish)
    assert (acting(made.scope), assumed(made.scope)) == (set(), {"file.write"})

    unsure = OFFICE.model_copy(
        update={"resources": [ResourceBound(type="mail", assumed=True), ResourceBound(type="file")]}
    )
    made = draft("Send Rosa the mail and rename the file", unsure, name="office")
    assert (acting(made.scope), assumed(made.scope)) == ({"file.write"}, {"mail.export"})
    assert {bound.type for bound in made.scope.resources if not bound.assumed} == {"file"}


@given(st.lists(st.sampled_from([*ORDERS, *READINGS, "Send it to Omar.", "Do not send it."])))
def test_only_a_prompt_that_asks_for_nothing_assumes_anything(sentences):
    for intent in (OFFICE, MONEY, CODE):
        made = draft(". ".join(sentences), intent, name="any")
        some = assumed(made.scope)
        assert not some or not acting(made.scope) | {bound.type for bound in made.scope.delegated}
        assert not made.asked or not some


_PLACES = st.lists(st.sampled_from(["", "a", "ab", "b"]), min_size=1, max_size=3, unique=True)
_EFFECTS = st.lists(st.sampled_from(["read", "write", "export"]), max_size=3, unique=True)
_BOUNDS = st.lists(
    st.builds(
        ResourceBound,
        type=st.sampled_from(["mail", "file"]),
        prefixes=_PLACES,
        effects=_EFFECTS,
        assumed=st.booleans(),
    ),
    max_size=4,
)


@given(had=_BOUNDS, wanted=_BOUNDS)
def test_nothing_is_stated_that_only_somebody_assumes(had, wanted):
    """Of every place and effect: what is stated is so on either side."""
    intent = Intent.model_validate(
        {
            "description": "Any",
            "effects": ["read", "write", "export"],
            "tools": ["t"],
            "label": "internal",
            "resources": [bound.model_dump() for bound in had],
        }
    )
    for bound in resources_for(intent, wanted):
        if bound.assumed:
            continue
        outer = [each for each in had if each.type == bound.type and not each.assumed]
        inner = [each for each in wanted if each.type == bound.type and not each.assumed]
        for effect in bound.effects:
            assert any(effect in (each.effects or intent.effects) for each in outer)
            assert effect == "read" or any(effect in each.effects for each in inner)
