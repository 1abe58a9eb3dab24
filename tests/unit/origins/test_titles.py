"""A title names its record where the prompt says that it is one; what it deletes or bans."""

from __future__ import annotations

import time
from itertools import product as _product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.origins.traced import grade, seen

from inbounds.model.question import Argument, ReturnedField, Returns


def product(*of):
    return list(_product(*of))


EVE = "eve@evil.example"
ANN = "ann@acme.example"
EMAIL = Argument(kind="email", role="recipient")
ID = Argument(kind="id", role="target")
MAIL = {
    "/subject": ReturnedField(holds="title"),
    "/from": ReturnedField(),
    "/id": ReturnedField(holds="id"),
}
OWN = MAIL | {"/subject": ReturnedField(holds="title", party="first")}
TITLES = [
    "Parental leave policy",
    "quarterly sales figures",
    "blue canteen downstairs",
    "weekly platform sync",
    "Harbour tour budget Lisbon",
]
QUOTED = [*TITLES, "Happy birthday dear Omar", "Boats arrive tomorrow morning", "Hiking trip"]


def observe(origins, result, fields, **about):
    told = {"tool": "x", "arguments": {}, "call": 1, "memory": False} | about
    origins.observe(result, returns=Returns(label="internal", party="third", fields=fields), **told)


def sender(prompt, title, fields=MAIL):
    """The grade of who sent the one mail of this title."""
    origins = seen(prompt)
    observe(origins, {"subject": title, "from": EVE, "id": "m-7"}, fields)
    return grade(origins, EVE, EMAIL)


TOPICS = [
    f"Tell {ANN} about the {{t}}.",
    f"Send the {{t}} to {ANN}.",
    f"Send {ANN} the {{t}}",
    f"Write to {ANN}: lunch is at noon in the {{t}}.",
    f"Please prepare the {{t}} and send it to {ANN}",
    f"Write a mail about the {{t}} to {ANN}",
    f"Write the mail about the {{t}} to {ANN}",
    f"Draft an email regarding the {{t}} for {ANN}",
    "Create an event titled {t}",
    "Add the event called {t} to my calendar",
    "What is new on {t}?",
    "Ask Ann for {t} and remind me",
    "Post our message about {t} in the channel",
    "I need {t} by Friday",
    f"Tell {ANN} about the {{t}} meeting",
    f"Write to {ANN}: the {{t}} meeting is on Friday",
    "Answer: {t}",
    f"Reply to {ANN} {{t}}",
]
CONTENTS = [
    f"Write '{{t}}' to {ANN}",
    f"Tell {ANN} '{{t}}'",
    f"Tell {ANN} that '{{t}}'",
    f"Write to {ANN}: '{{t}}'",
    f'Say "{{t}}" to {ANN}',
    "Reply '{t}'",
    f"Reply to {ANN}: '{{t}}'",
    f"Reply to {ANN} with '{{t}}'",
    "Reply to the mail from Ann with the message '{t}'",
    "Reply to the latest mail, '{t}'",
    f"Answer '{{t}}' to {ANN}",
    f"Mail {ANN} with the subject '{{t}}'",
    f"Send {ANN} a mail with the subject '{{t}}'",
    f"Send {ANN} the message '{{t}}'",
    f"Send the note '{{t}}' to {ANN}",
    f"Send a '{{t}}' message to {ANN}",
    "Post '{t}' in the channel",
    "Post the message '{t}' in the channel",
    "Add a comment saying '{t}'",
    "Add '{t}' to my list",
    "Put the event '{t}' on my calendar",
    "Create an event called '{t}'",
    "Create the file '{t}'",
    "Name the file '{t}'",
    "Call the new document '{t}'",
    "Save the mail as the file '{t}'",
    "Schedule the '{t}' meeting for Friday",
    "Rename plan.md to '{t}'",
    "Change the headline to read '{t}'",
    "The note she sees should read '{t}'",
    "Use '{t}' as the subject",
    "Search my mail for '{t}'",
    f"Pay {ANN} with the reference '{{t}}'",
    f"Wish {ANN} '{{t}}'",
    f"Write to {ANN} the message '{{t}}'",
    f"Write to {ANN}: the event '{{t}}' is off",
]
NAMED = [
    "Answer the mail about the {t}.",
    "Answer Ann's mail about the {t}.",
    "Reply to Ann's latest mail about {t}: yes, please",
    "Write to whoever sent the mail about the {t}",
    "Reply to the message titled {t}",
    "Summarise the thread regarding {t}",
    "Forward {t} to Bob",
    "Read the {t} and tell me who wrote it",
    "Who is invited to the {t} event?",
    "Tell me when the {t} meeting starts",
    "Send the {t} report to Bob",
    "Pay what the file {t} says",
]
NAMED_QUOTED = [
    "Answer the mail '{t}'",
    "Now answer '{t}'",
    "Open '{t}'",
    "Do what '{t}' says",
    "Send the '{t}' to Bob, and to whom they are from.",
    "Reply to the mail '{t}' with a thank you",
    'Write a reply to the mail "{t}"',
    "Write to everybody who is in the event '{t}'",
    "Tell me who wrote the message '{t}'",
    "Add a summary of '{t}' to my notes",
    "Post a comment on '{t}'",
    "Read 'Other things here', '{t}' and 'One more of these'",
    "When does the event '{t}' start?",
    "Who wrote the mail called '{t}'?",
    "Move the '{t}' event to Friday",
    "What is in '{t}'?",
    "Cancel the event '{t}'",
]


@pytest.mark.parametrize(
    ("prompt", "title"), [*product(TOPICS, TITLES), *product(CONTENTS, QUOTED)]
)
def test_what_a_prompt_speaks_of_or_says_to_write_names_no_strangers_record(prompt, title):
    assert sender(prompt.format(t=title), title) == "third_party_meta"


@pytest.mark.parametrize(
    ("prompt", "title"),
    [*product(NAMED, [t for t in TITLES if t != t.title()]), *product(NAMED_QUOTED, QUOTED)],
)
def test_a_title_that_the_prompt_says_is_one_names_its_record(prompt, title):
    assert sender(prompt.format(t=title), title) == "quoted"


@pytest.mark.parametrize(("prompt", "title"), product(TOPICS, TITLES))
def test_the_words_alone_name_what_a_first_party_calls_so(prompt, title):
    assert sender(prompt.format(t=title), title, OWN) == "quoted"


WORDS = st.sampled_from(
    [
        "harbour",
        "lisbon",
        "garden",
        "solar",
        "panels",
        "budget",
        "lunch",
        "parental",
        "policy",
        "figures",
        "boats",
        "canteen",
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    prompt=st.sampled_from([*TOPICS, *CONTENTS]),
    title=st.lists(WORDS, min_size=2, max_size=7, unique=True).map(" ".join),
)
def test_however_many_words_it_has(prompt, title):
    assert sender(prompt.format(t=title), title) == "third_party_meta"


@pytest.mark.parametrize("prompt", ["write 'a b' " * 20_000, "write " * 30_000 + "'a b'", "'" * 9])
def test_a_long_prompt_is_read_in_time(prompt):
    begun = time.thread_time()
    assert sender(prompt, "parental leave policy") == "third_party_meta"
    assert time.thread_time() - begun < 10


EVENTS = [
    {"subject": "Budget review", "from": ANN, "id": "e-1"},
    {"subject": "Hiking trip", "from": EVE, "id": "e-9"},
]
LISTED = {f"/*{at}": said for at, said in MAIL.items()}
DELETED = [
    "{verb} 'Budget review'",
    "{verb} the event 'Budget review'",
    "{verb} the event about the budget review",
    "{verb} the event called Budget review",
    "{verb} the event with the title budget review",
]
BESIDE = [
    "",
    " and tell me when the event about the hiking trip starts",
    ". Who was invited to the meeting called Hiking trip?",
    ". Answer the mail about the hiking trip.",
    " since it clashes with the event about the hiking trip",
    ", and move the event about the hiking trip to Friday",
    ", then open the event titled hiking trip",
    " and write to everybody in the meeting about the hiking trip",
]
REFERS = [
    "Tell me when the event about the hiking trip starts, and {verb} 'Budget review'",
    "Answer the mail about the hiking trip. Then {verb} 'Budget review'",
    "Open 'Hiking trip' and {verb} 'Budget review'",
    "Who wrote the mail 'Hiking trip'? {verb} 'Budget review'",
]
VERBS = ["Cancel", "Delete", "Remove", "call off", "discard"]


def target(prompt, value):
    origins = seen(prompt)
    observe(origins, EVENTS, LISTED)
    return grade(origins, value, ID, deletes=True)


@pytest.mark.parametrize(("prompt", "beside", "verb"), product(DELETED, BESIDE, VERBS))
def test_what_is_to_be_deleted_is_and_what_is_named_beside_it_is_not(prompt, beside, verb):
    said = prompt.format(verb=verb) + beside
    assert target(said, "e-9") != "quoted"
    assert target(said, "e-1") == "quoted"


@pytest.mark.parametrize(("prompt", "verb"), product(REFERS, VERBS))
def test_nor_what_is_named_before_it(prompt, verb):
    assert target(prompt.format(verb=verb), "e-9") != "quoted"


def test_a_later_prompt_may_say_to_delete_it():
    origins = seen("Answer the mail about the hiking trip")
    observe(origins, EVENTS, LISTED)
    assert grade(origins, "e-9", ID, deletes=True) == "third_party_meta"
    assert grade(origins, "e-9", ID) == "quoted"
    origins.prompt("Thanks. Now delete the event about the hiking trip")
    assert grade(origins, "e-9", ID, deletes=True) == "quoted"


@pytest.mark.parametrize("order", [1, -1])
def test_an_id_that_two_titles_have_named_is_not_deleted(order):
    origins = seen("Delete 'Budget review'. Thanks. Tell me what is in the mail about hiking trip")
    for record in [EVENTS[0], EVENTS[1] | {"id": "e-1"}][::order]:
        observe(origins, [record], LISTED)
    assert grade(origins, "e-1", ID, deletes=True) == "third_party_meta"


def test_the_titles_that_have_named_values_are_bounded():
    origins = seen("Open 'Hiking trip'")
    origins._values = 50
    observe(origins, [EVENTS[1] | {"id": f"e-{number}"} for number in range(500)], LISTED)
    assert len(origins._named_by) <= 50


FIRM = {"party": "first", "writable": False}
PEOPLE = {
    "/*/name": ReturnedField(holds="title", **FIRM),
    "/*/email": ReturnedField(**FIRM),
}
BANS = [
    "Send the plan to everybody except {t}.",
    "Send the plan to all, but never to {t}",
    "Mail the plan to everyone. Do not send it to {t}.",
    "Send it to all but '{t}'",
    "Never write to '{t}'. Write to the others.",
]
NAMES = ["Eve Adams", "Tokyo Sales", "Omar Diaz Lind", "Blue Harbour Club"]


@pytest.mark.parametrize(
    ("prompt", "name", "tainted", "own"),
    product(BANS, NAMES, [False, True], [True, False]),
)
def test_a_ban_by_a_title_holds_in_a_tainted_store(prompt, name, tainted, own):
    """
    A first party's address keeps its grade there, so its ban must be kept as well.
    """
    fields = PEOPLE if own else PEOPLE | {"/*/name": ReturnedField(holds="title")}
    origins = seen(prompt.format(t=name))
    people = [{"name": name, "email": EVE}, {"name": "Rosa Kim", "email": ANN}]
    observe(origins, people, fields, tainted=tainted)
    assert grade(origins, EVE, EMAIL) == "third_party_text"
    assert grade(origins, ANN, EMAIL) == "first_party"


def test_a_title_that_only_an_argument_states_is_ruled_out_in_a_tainted_store():
    returns = Returns(label="internal", titled_by="/name", fields={"/email": ReturnedField(**FIRM)})
    origins = seen("Mail everybody except Eve Adams")
    origins.observe(
        {"email": EVE},
        tool="x",
        returns=returns,
        arguments={"name": "Eve Adams"},
        call=1,
        memory=False,
        tainted=True,
    )
    assert grade(origins, EVE, EMAIL) == "third_party_text"


ALLUSIONS = [
    "Answer the mail about the hiking trip",
    "Reply to the message titled hiking trip",
    "Forward hiking trip to Bob",
    "Do what 'Other notes' and 'Hiking trip' say",
    "Who is in the thread called hiking trip? Write to them.",
]


@pytest.mark.parametrize(
    ("prompt", "tainted", "late", "order"),
    product(
        ALLUSIONS,
        [(False, False), (False, True), (True, False), (True, True)],
        [False, True],
        [1, -1],
    ),
)
def test_a_second_record_of_a_title_makes_it_name_none_whichever_is_of_a_tainted_store(
    prompt, tainted, late, order
):
    origins = seen(*([] if late else [prompt]))
    mails = [(ANN, "m-7", tainted[0]), (EVE, "m-8", tainted[1])][::order]
    for address, number, is_tainted in mails:
        record = {"subject": "Hiking trip", "from": address, "id": number}
        observe(origins, record, MAIL, tainted=is_tainted)
    if late:
        origins.prompt(prompt)
    assert [grade(origins, each, EMAIL) for each in (ANN, EVE)] == ["third_party_meta"] * 2


def test_a_record_that_is_read_again_from_a_tainted_store_is_the_same_one():
    record = {"subject": "Hiking trip", "from": ANN, "id": "m-7"}
    fields = MAIL | {"/id": ReturnedField(holds="id", party="first")}
    origins = seen(ALLUSIONS[0])
    observe(origins, record, fields)
    observe(origins, record, fields, tainted=True)
    assert grade(origins, ANN, EMAIL) == "quoted"


def _lies_in(depth, title, *, behind):
    """A record with a title that holds others with titles, so many deep, and its fields."""
    inner, fields = {"name": "Rosa Kim", "email": EVE}, {}
    for _ in range(depth):
        inner = {"label": "Some part of it", "parts": [inner]}
    outer = {"parts": [inner], "team": title} if behind else {"team": title, "parts": [inner]}
    below = "".join("/parts/*" for _ in range(depth + 1))
    fields["/*/team"] = ReturnedField(holds="title", **FIRM)
    fields[f"/*{below}/name"] = ReturnedField(holds="title", **FIRM)
    fields[f"/*{below}/email"] = ReturnedField(**FIRM)
    for number in range(1, depth + 1):
        at = "".join("/parts/*" for _ in range(number))
        fields[f"/*{at}/label"] = ReturnedField(holds="title", **FIRM)
    other = {"team": "Lisbon Makers", "parts": [{"name": "Ann Li", "email": ANN}]}
    fields["/*/parts/*/email"] = ReturnedField(**FIRM)
    return [outer, other], fields


@pytest.mark.parametrize(
    ("prompt", "name", "depth", "behind"),
    product(BANS, NAMES, range(4), [False, True]),
)
@pytest.mark.parametrize("tainted", [False, True])
def test_a_ban_by_a_title_reaches_what_lies_in_the_record(prompt, name, depth, behind, tainted):
    result, fields = _lies_in(depth, name, behind=behind)
    origins = seen(prompt.format(t=name))
    observe(origins, result, fields, tainted=tainted)
    assert grade(origins, EVE, EMAIL) == "third_party_text"
    assert grade(origins, ANN, EMAIL) == "first_party"


@pytest.mark.parametrize("depth", range(4))
def test_a_later_prompt_rules_out_what_lies_in_a_record_that_was_read_before(depth):
    result, fields = _lies_in(depth, "Tokyo Sales", behind=False)
    fields = {at: ReturnedField(holds=said.holds) for at, said in fields.items()}
    origins = seen("Read my teams")
    observe(origins, result, fields)
    origins.prompt("Write to the person called 'Rosa Kim', but never to Tokyo Sales")
    assert grade(origins, EVE, EMAIL) in ("third_party_meta", "third_party_text")


def test_the_argument_that_a_record_was_read_by_rules_out_what_lies_in_it():
    fields = {f"/members{at}": said for at, said in PEOPLE.items()}
    returns = Returns(label="internal", titled_by="/team", fields=fields)
    origins = seen("Send the plan to all teams except Tokyo Sales")
    for team, address in (("Tokyo Sales", EVE), ("Lisbon Makers", ANN)):
        origins.observe(
            {"members": [{"name": "Rosa Kim", "email": address}]},
            tool="x",
            returns=returns,
            arguments={"team": team},
            call=1,
            memory=False,
        )
    assert grade(origins, EVE, EMAIL) == "third_party_text"
    assert grade(origins, ANN, EMAIL) == "first_party"
