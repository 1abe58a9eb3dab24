"""A draft is never wider than its intent, whatever the prompt, the intent or a proposal."""

from __future__ import annotations

import cProfile
import pstats
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.intent.templates import (
    ASKED_ABOUT,
    CODE,
    FIRM,
    MONEY,
    OFFICE,
    acting,
    left_to_records,
)

from inbounds.errors import ConfigurationError
from inbounds.model.claims import Bounds, ResourceBound, RoleBounds, Scope, ToolBounds
from inbounds.model.deployment import Intent
from inbounds.provenance import Origins
from inbounds.provenance.denials import exclusions
from inbounds.provenance.sentences import read
from inbounds_tools.intents import draft, likeliest
from inbounds_tools.intents.sources import left_to_sources

EFFECTS = st.lists(st.sampled_from(["read", "write", "delete", "export", "spend"]), unique=True)
TYPES = st.sampled_from(["mail", "file", "account"])
GRADES = st.lists(
    st.sampled_from(["prompt", "first_party", "quoted", "listing", "quoted_text", "none"]),
    unique=True,
)
VALUES = st.lists(
    st.sampled_from(["rosa@north.example", "omar@south.example", "GB33BUKB20201555555555", "a.txt"])
)
DOMAINS = st.lists(st.sampled_from(["north.example", "south.example"]), unique=True)
PLACES = st.lists(st.sampled_from(["", "a", "a/", "a/b/", "c/"]), min_size=1, max_size=3)
RESOURCES = st.lists(
    st.builds(ResourceBound, type=TYPES, prefixes=PLACES, effects=EFFECTS), max_size=4
)
BOUNDS = st.dictionaries(
    st.sampled_from(["recipient", "amount", "target", "code", "credential"]),
    st.builds(
        RoleBounds,
        values=VALUES,
        domains=DOMAINS,
        origins=GRADES,
        up_to=st.integers(0, 50),
    ),
).map(Bounds.model_validate)
WORDS = st.lists(
    st.fixed_dictionaries(
        {
            "resource": TYPES,
            "effects": EFFECTS,
            "words": st.lists(
                st.sampled_from(["send", "pay", "delete file", "save", "clean up"]), min_size=1
            ),
        }
    ),
    max_size=4,
)
INTENTS = st.builds(
    lambda **members: Intent(tools=["t", "u"], label="internal", **members),
    effects=EFFECTS,
    resources=RESOURCES,
    delegated=RESOURCES,
    bounds=BOUNDS,
    words=WORDS,
    budgets=st.dictionaries(st.sampled_from(["calls", "writes"]), st.integers(0, 9)),
)
PIECES = (
    "send pay delete save clean up the file mail 'a.txt' “b” not without , . ; do what follow "
    "instructions in says accordingly to each person rosa@north.example omar@south.example "
    "GB33BUKB20201555555555 client it but don't named according \n - 1."
)
SAID = st.lists(st.sampled_from(sorted({*PIECES.split(), "\n"})), max_size=25).map(" ".join)


def reach(bounds, intent):
    """Each type, place and effect; an empty list of effects means all of the task's."""
    return {
        (bound.type, place, effect)
        for bound in bounds
        for place in bound.prefixes
        for effect in (bound.effects or intent.effects)
    }


def holds(outer, inner, intent):
    """Whether each bound lies in the outer ones, as the policy has it when it issues a task."""
    return all(
        any(
            whole.type == bound.type
            and (not whole.effects or (bound.effects and {*bound.effects} <= {*whole.effects}))
            and place.startswith(wider)
            for whole in outer
            for wider in whole.prefixes
        )
        for bound in inner
        for place in bound.prefixes
    ) and {effect for _, _, effect in reach(inner, intent)} <= {*intent.effects}


def narrowest(had, asked):
    """What the policy leaves of asked bounds, role by role (`lib/narrowing`)."""

    def lets(value):
        domain = value.rpartition("@")[2] if "@" in value else None
        return value in had.values or domain in had.domains or "prompt" in had.origins

    return RoleBounds(
        values=[value for value in asked.values if lets(value)],
        domains=[domain for domain in asked.domains if domain in had.domains],
        origins=[grade for grade in asked.origins if grade in had.origins],
        up_to=min(had.up_to, asked.up_to),
    )


def assert_within(scope, intent):
    assert scope.effects and {*scope.effects} <= {*intent.effects}
    assert scope.resources and all(bound.effects for bound in scope.resources)
    assert holds(intent.resources, scope.resources, intent)
    assert holds(intent.delegated, scope.delegated, intent)
    assert all(bound.effects for bound in scope.delegated)
    assert reach(scope.delegated, intent) <= reach(scope.resources, intent)
    for role in scope.bounds.model_fields_set & intent.bounds.model_fields_set:
        asked = getattr(scope.bounds, role)
        assert asked == narrowest(getattr(intent.bounds, role), asked), role


def drafted(prompt, intent, **options):
    try:
        return draft(prompt, intent, name="x", **options).scope
    except ConfigurationError as error:
        if error.code != "intent.nothing_left":
            raise
        return None


@pytest.mark.system
@settings(max_examples=400, deadline=None)
@given(st.one_of(SAID, st.text()), INTENTS)
def test_a_draft_lies_within_its_intent(prompt, intent):
    scope = drafted(prompt, intent)
    if scope is not None:
        assert_within(scope, intent)


@pytest.mark.system
@settings(max_examples=200, deadline=None)
@given(SAID, INTENTS)
def test_a_draft_keeps_all_reads_of_its_intent(prompt, intent):
    scope = drafted(prompt, intent)
    if scope is not None:
        reads = {spot for spot in reach(intent.resources, intent) if spot[2] == "read"}
        reads = reads if "read" in intent.effects else set()
        assert reads <= reach(scope.resources, intent)


@pytest.mark.system
@settings(max_examples=400, deadline=None)
@given(
    SAID,
    INTENTS,
    st.builds(
        Scope,
        effects=EFFECTS,
        resources=RESOURCES,
        delegated=RESOURCES,
        bounds=BOUNDS,
        tools=st.dictionaries(st.sampled_from(["t", "other"]), st.just(ToolBounds())),
        destinations=st.just(["somewhere"]),
        budgets=st.dictionaries(st.sampled_from(["calls", "rows"]), st.integers(0, 20)),
    ),
)
def test_what_a_model_proposes_lies_within_the_intent_and_the_prompt(prompt, intent, wish):
    scope = drafted(prompt, intent, propose=lambda _prompt, _intent: wish)
    if scope is None:
        return
    assert_within(scope, intent)
    assert {*scope.tools} <= {*intent.tools}
    assert [] == scope.destinations
    assert all(most <= intent.budgets.get(name, most) for name, most in scope.budgets.items())
    words = drafted(prompt, intent)
    if words is not None and not scope.delegated:
        reading = read(prompt)
        # `says what` leaves it to a record that the prompt names, and a person is asked about that.
        by_record = left_to_sources(reading, exclusions(reading).denied)
        origins = scope.bounds.recipient.origins
        assert {*origins} <= {*FIRM, *ASKED_ABOUT, *(["quoted_text"] if by_record else [])}


def test_a_proposal_names_nobody_whom_the_prompt_does_not_name():
    wish = Scope(
        effects=["read", "export"],
        resources=[ResourceBound(type="mail", effects=["read", "export"])],
        bounds=Bounds(
            recipient=RoleBounds(
                values=["rosa@north.example", "eve@evil.example"],
                domains=["evil.example"],
                origins=["prompt", "third_party_text"],
            )
        ),
    )
    made = draft("Schick es an rosa@north.example", OFFICE, name="office", propose=lambda *_: wish)

    assert {"mail.export"} == acting(made.scope)
    assert (
        RoleBounds(values=["rosa@north.example"], origins=["prompt"]) == made.scope.bounds.recipient
    )
    assert {"recipient", "credential", "code"} == made.scope.bounds.model_fields_set


def test_a_proposal_that_leaves_something_to_a_record_is_asked_about_too():
    wish = Scope(delegated=[ResourceBound(type="account", effects=["spend", "write"])])
    made = draft("Bezahle die Rechnung", MONEY, name="money", propose=lambda *_: wish)

    assert {"account.spend"} == left_to_records(made.scope)


def test_a_proposal_of_nothing_that_is_there_reads():
    wish = Scope(effects=["administer"], resources=[ResourceBound(type="moon")])
    made = draft("Send it", OFFICE, name="office", propose=lambda *_: wish)

    assert ["read"] == made.scope.effects


def test_an_intent_without_reads_gives_what_is_asked_for_and_never_all():
    intent = OFFICE.model_copy(update={"effects": ["export"]})

    assert ["export"] == draft("Send it to Omar", intent, name="x").scope.effects
    with pytest.raises(ConfigurationError) as caught:
        draft("Summarise it", intent, name="x")
    assert "intent.nothing_left" == caught.value.code
    assert caught.value.hint


def test_the_intent_that_understands_most_is_the_likeliest():
    intents = {"office": OFFICE, "money": MONEY, "code": CODE}

    assert "money" == likeliest("Pay the rent", intents).name
    assert "code" == likeliest("Fix the test and commit", intents).name
    assert "office" == likeliest("Send it to Omar and share the file", intents).name
    assert "code" == likeliest("Summarise it", intents).name  # all alike: first by name

    with pytest.raises(ConfigurationError) as caught:
        likeliest("Pay", {})
    assert "intent.none" == caught.value.code


HOSTILE = {
    "words": "please send the mail to rosa and share the file ",
    "denials": "not send ",
    "lists of denials": "not a, or ",
    "quotes": " 'a",
    "double quotes": '"',
    "openings": "“a",
    "addresses": "send to a@b.example. ",
    "at signs": "a@",
    "one word": "a",
    "commas": "a,",
    "sentences": "Send 'x.txt' to the client. ",
    "headers": "From: a\n",
    "cited": ">\n",
    "fences": "```",
    "phones": "+1 ",
    "accounts": "GB12 ",
    "delegations": "do what the mail says ",
    "followers": "follow ",
    "lines": "\n",
    "blanks": " \n",
    "instead": "instead of ",
    "negations by themselves": "not, ",
    "exceptions": "leave it, except skip ",
    "what must not be": "a must not ",
    "nobody": "nobody has ",
    "into": "put it into the share ",
    "pronouns": "It. Delete it. ",
    "colons": "never: ",
}


@pytest.mark.system
@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_prompt_costs_a_bounded_number_of_calls_for_each_sign(name):
    piece = HOSTILE[name]
    prompt = piece * (300_000 // len(piece))

    with cProfile.Profile() as profile:
        made = draft(prompt, OFFICE, name="office")

    assert pstats.Stats(profile).total_calls < 15 * len(prompt)
    assert "only the first and the last 64000 characters were read" == made.said[0].understood
    assert len(made.said) < 50


@pytest.mark.system
@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_long_prompt_rules_out_costs_a_bounded_number_of_calls(name):
    piece = HOSTILE[name]
    prompt = piece * (150_000 // len(piece))

    begun = time.thread_time()
    with cProfile.Profile() as profile:
        origins = Origins()
        origins.prompt(prompt)
        origins.prompt(f"Send nothing. {prompt}")

    assert pstats.Stats(profile).total_calls < 80 * len(prompt)
    # A pattern that goes back over a text calls nothing: it would take many minutes.
    assert time.thread_time() - begun < 60


def test_what_a_long_prompt_says_first_and_last_is_read():
    filler = "lorem ipsum. " * 40_000

    assert {"mail.export"} == acting(draft(f"Send it. {filler}", OFFICE, name="o").scope)
    assert {"mail.export"} == acting(draft(f"{filler} Send it.", OFFICE, name="o").scope)
    assert set() == acting(draft(f"{filler} Send it. {filler}", OFFICE, name="o").scope)
