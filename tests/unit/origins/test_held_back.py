"""A prompt that leaves open what is to be done keeps a person asked, whoever states the value.

And what is deleted or run is plainly asked for, or a person is asked as well.
"""

from __future__ import annotations

import itertools

import pytest
from tests.unit.origins.traced import seen

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance import Origins, doubts, origins, session_indexes
from inbounds.provenance.plain_requests import asks_to_delete, asks_to_run
from inbounds.provenance.prompt_marks import apart
from inbounds.provenance.prompt_orders import deletes_title
from inbounds.provenance.session_indexes import SessionOrigins
from inbounds.sessions.store import SessionKey

ANN, EVE = "ann@acme.example", "eve@evil.example"
EMAIL = Argument(kind="email", role="recipient")
PATH = Argument(kind="path", role="target")
CODE = Argument(role="code")
ID = Argument(kind="id", role="target")
LISTED = Returns(
    label="internal",
    party="first",
    fields={
        "/*/id": ReturnedField(holds="id", party="first"),
        "/*/name": ReturnedField(holds="title", party="first"),
    },
)


def listed(index, **records):
    """Let a first party list records: the id of each by its name."""
    index.observe(
        [{"id": identity, "name": name} for identity, name in records.items()],
        tool="list",
        returns=LISTED,
        arguments={},
        call=1,
        memory=False,
    )
    return index


def doubted(index, value, argument=ID, **about):
    """The grade of a value, and whether the prompts may mean something else."""
    registered = {"/it": argument}
    judged = canonicalise({"it": value}, registered)
    found = index.trace(judged.arguments, registered, judged.parsed, **about)
    doubtful = index.doubtful(judged.arguments, registered, judged.parsed, found, **about)
    return found["/it"].grade, doubtful == ["/it"]


# --- whoever states the value -----------------------------------------------------------------

OPEN = [
    "Should I cancel the {it}?",
    "Can I still cancel the {it} for free?",
    "Until when can we cancel the {it}?",
    "Do I have to cancel the {it}?",
    "What would it cost to cancel the {it}?",
    "How much is it to cancel the {it}?",
    "Is the {it} ready to be cancelled?",
    "Is it safe to cancel the {it}?",
    "Check whether it is safe to cancel the {it}.",
    "Find out if it's still possible to cancel the {it}.",
    "Ask Ann if we can cancel the {it}",
    "Ask me before you cancel the {it}.",
    "Prepare to cancel the {it}, but ask me first.",
    "Show me the terms of the {it} first, then cancel it.",
    "Cancel the {it} once you have my OK.",
    "Wait for my approval to cancel the {it}.",
    "Hold off on the {it}.",
    "I will cancel the {it} myself. Read the mail for that.",
    "I'm going to cancel the {it} later, summarise it.",
    "Prepare everything to cancel the {it}; I will approve it.",
    "The customer wants us to cancel the {it}. What are our terms?",
    "Cancel all bookings except the {it}.",
    "Cancel all of them apart from the {it}",
    "Cancel everything but the {it}",
    "Cancel every booking other than the {it}.",
    "Cancel all bookings, the {it} excepted.",
    "Cancel all bookings except:\n- {it}",
    "Cancel all bookings excluding the ones of the interns",
    "{it}? No.",
    "Cancel that.",
    "I changed my mind about the {it}.",
    "Forget the {it}.",
    "Never mind, leave it.",
    "Call that off.",
]
THINGS = ("hotel in Porto", "train to Lyon", "Villa Sol", "日本のホテル")


@pytest.mark.parametrize(("prompt", "thing"), [*itertools.product(OPEN, THINGS)])
def test_what_a_first_party_lists_is_asked_about(prompt, thing):
    index = listed(seen(prompt.format(it=thing)), b7=thing, b8="Something else")

    # What it rules out by its name is not stated by a first party any more.
    assert doubted(index, "b7") in (("first_party", True), ("third_party_text", True))
    assert doubted(index, "b8") == ("first_party", True)


@pytest.mark.parametrize(
    "prompt",
    [
        "Cancel the {it}.",
        "Could you cancel the {it}?",
        "Would you please cancel the {it}? Thanks.",
        "Can you cancel the {it}, and tell me what it costs to book it again?",
        "When does the {it} begin? Cancel it.",
        "Cancel the {it} and write 'Can we talk about it tomorrow?' to Ann",
        "The {it} was rejected, so cancel it.",
        "Cancel the {it} that Ann wants to have",
        "I want you to cancel the {it}.",
        "Who booked the {it}? Please cancel it.",
    ],
)
@pytest.mark.parametrize("thing", THINGS)
def test_a_plain_request_leaves_nothing_open(prompt, thing):
    assert doubted(listed(seen(prompt.format(it=thing)), b7=thing), "b7") == ("first_party", False)


def test_a_later_plain_prompt_that_says_the_value_ends_it():
    asks, plain = "Should I cancel the hotel?", "Cancel it, b7."

    assert doubted(listed(seen(asks, "Cancel it."), b7="hotel"), "b7")[1]
    assert not doubted(listed(seen(asks, plain), b7="hotel"), "b7")[1]
    assert doubted(listed(seen(plain, asks), b7="hotel"), "b7")[1]
    assert doubted(listed(seen(plain, "I changed my mind."), b7="hotel"), "b7")[1]


@pytest.mark.parametrize(
    "later", ["Cancel that.", "Hold that.", "Forget the mail to Ann.", "Stop that"]
)
def test_what_an_earlier_prompt_said_is_taken_back(later):
    index = seen(f"Send the contract to {ANN}.", f"{later} Send the minutes to bob@acme.example.")

    assert doubted(index, ANN, EMAIL)[1]


def test_what_nobody_has_stated_is_not_doubted_besides():
    assert doubted(seen("Should I cancel it?"), "b9") == ("none", False)
    assert doubted(Origins(), "b9") == ("none", False)


KEEPS = [
    "Cancel the train to Lyon, but keep the {it}.",
    "Cancel the train to Lyon; the {it} stays.",
    "Leave the {it} as it is and cancel the rest",
    "Cancel all bookings; the {it} and the train remain.",
    "Everybody gets cancelled, the {it} doesn't. Do it.",
    "Spare the {it}",
]


@pytest.mark.parametrize("later", [False, True], ids=["before it is listed", "after it was listed"])
@pytest.mark.parametrize(("prompt", "thing"), [*itertools.product(KEEPS, THINGS[:3])])
def test_what_a_sentence_that_keeps_something_names_is_asked_about(prompt, thing, later):
    prompt = prompt.format(it=thing)
    index = seen("Show me my bookings.") if later else seen(prompt)
    listed(index, b7=thing, b8="Something else entirely")
    if later:
        index.prompt(prompt)

    grade, doubtful = doubted(index, "b7")
    assert grade == "third_party_text" or doubtful
    assert doubted(index, "b8") == ("first_party", False)


@pytest.mark.parametrize("thing", ["Eve Adams", "Villa Sol"])
def test_a_later_ban_reaches_what_was_listed_before(thing):
    index = listed(seen("Show me the list."), b7=thing, b8="Somebody else")
    assert doubted(index, "b7") == ("first_party", False)
    index.prompt(f"Never write to {thing}. Mail all others.")

    assert doubted(index, "b7")[0] == "third_party_text"


def test_a_later_ban_reaches_a_record_that_was_named_before():
    fields = {"/title": ReturnedField(holds="title"), "/to": ReturnedField(holds="value")}
    returns = Returns(label="internal", party="third", fields=fields)
    index = seen("Answer the ticket 'Lost parcel claim'")
    told = {"tool": "x", "returns": returns, "arguments": {}, "call": 1, "memory": False}
    index.observe({"title": "Lost parcel claim", "to": EVE}, **told)
    assert doubted(index, EVE, EMAIL) == ("quoted", False)
    index.prompt("Never answer the ticket 'Lost parcel claim'.")

    assert doubted(index, EVE, EMAIL)[0] == "third_party_text"


def test_a_ban_after_more_was_listed_than_is_kept_leaves_everything_in_doubt():
    index = origins.Origins(values=8)
    index.prompt("Show me the list.")
    for number in range(8):
        listed(index, **{f"b{number}": f"Place number {number}"})
    index.prompt("Never cancel the Villa Sol.")

    assert doubted(index, "b7") == ("first_party", True)


# --- what is not known any more ---------------------------------------------------------------


def test_a_prompt_that_is_not_read_whole_leaves_everything_in_doubt():
    """
    What rules something out may stand in the part that is not read.
    """
    short = seen("x" * 100, f"Mail {ANN}")
    long = seen("x " * 101_000, f"Mail {ANN}", f"Mail {ANN}, please")

    assert doubted(short, ANN, EMAIL) == ("prompt", False)
    assert doubted(listed(short, b7="Hotel"), "b7") == ("first_party", False)
    assert doubted(listed(long, b7="Hotel"), "b7") == ("first_party", True)


def test_a_session_that_was_dropped_is_in_doubt_when_it_comes_back():
    kept = SessionOrigins(limit=2)
    keys = [SessionKey("acme", "alice", "agent", f"s-{number}") for number in range(4)]
    for key in keys:
        kept.of(key).prompt("Cancel all but the hotel")
    again = kept.of(keys[0])
    again.prompt("Cancel b7.")

    assert doubted(listed(again, b7="Hotel"), "b7") == ("prompt", True)
    fresh = kept.of(SessionKey("acme", "alice", "agent", "s-9"))
    fresh.prompt("Cancel b7.")
    assert doubted(listed(fresh, b7="Hotel"), "b7") == ("prompt", False)


def test_no_more_than_so_many_dropped_sessions_are_remembered(monkeypatch):
    monkeypatch.setattr(session_indexes, "_MOST_DROPPED", 2)
    kept = SessionOrigins(limit=1)
    for number in range(9):
        kept.of(SessionKey("acme", "alice", "agent", f"s-{number}"))

    assert len(kept._dropped) == 2


def test_what_is_ruled_out_is_not_pushed_out_unnoticed():
    """
    A record of a stranger with more values than are kept takes the place of what was ruled out.
    """
    index = origins.Origins(values=20)
    index.prompt("Send it to everybody. Never to Eve Adams. Mail her@acme.example")
    fields = {"/*/name": ReturnedField(holds="title"), "/*/mail": ReturnedField(holds="value")}
    returns = Returns(label="internal", party="third", fields=fields)
    for number in range(20):
        people = [{"name": "Eve Adams", "mail": f"e{number}@acme.example"}]
        index.observe(people, tool="x", returns=returns, arguments={}, call=1, memory=False)
    listed(index, b7="Hotel")

    assert doubted(index, "b7") == ("first_party", True)


# --- long quotes ------------------------------------------------------------------------------


@pytest.mark.parametrize("marks", ["''", '""', "“”", "«»"])
def test_a_long_quote_is_data_and_still_said(marks):
    """
    Somebody else may have written it: the session is not trusted by it.
    """
    long = "to finish get rid of the file whose name is txt.b"
    text = f"Ann wrote {marks[0]}{long}{marks[1]}, what is that?"
    said, data = apart(text)

    assert data == [long]
    assert "".join(said) == text
    assert apart(f"Open {marks[0]}Minutes of May{marks[1]}")[1] == []


# --- deleting ---------------------------------------------------------------------------------

REQUESTS = [
    "Delete {}",
    "please remove {}.",
    "Could you delete {}?",
    "Read a.md, then delete {}!",
    "I'd like you to get rid of {}",
    "Hi, cancel {}, please",
    "- erase {}\n- read x.md",
    "Delete the old files {} and z.txt",
    "Delete z.txt and {}",
    "Delete z.txt, y.txt and {}",
    "Delete the file named {} for good",
    "throw away {} because it is old",
    "Remove {}, thanks",
    "Find the draft and delete {}",
]
NO_REQUESTS = [
    "Restore the deleted {} and delete z.txt",
    "I accidentally deleted {}. Bring it back and delete z.txt",
    "Please delete z.txt, {} contains everything we need.",
    "Delete z.txt and {} goes to the archive folder.",
    "Delete everything {} mentions.",
    "Delete duplicates using {} as the reference",
    "Summarise the Dropbox file {} and delete z.txt",
    "Find the closest match {} and delete z.txt",
    "Did Ann delete {}? If so, delete z.txt too.",
    "Ann wants to delete {}. Tell her why we need it. Delete z.txt.",
    "Clean up {}: fix the typos and the layout. Delete z.txt.",
    "Drop {} into the shared folder and delete z.txt.",
    "Remove the password {} contains.",
    "Delete the lines that {} repeats",
    "Whoever may delete {} must be an admin",
    "Delete z.txt; {} is what I need",
    "Delete what {} lists",
    "Cancel the meeting about {}",
]
FILES = ("b.txt", "notes-2026.md", "src/main.py", "lease_v2.docx", "Zenith.pdf")


@pytest.mark.parametrize(("prompt", "file"), [*itertools.product(REQUESTS, FILES)])
def test_what_is_plainly_deleted(prompt, file):
    assert doubted(seen(prompt.format(file)), file, PATH, deletes=True) == ("prompt", False)


@pytest.mark.parametrize(("prompt", "file"), [*itertools.product(NO_REQUESTS, FILES)])
def test_what_no_request_to_delete_has_as_its_object_is_asked_about(prompt, file):
    grade, doubtful = doubted(seen(prompt.format(file)), file, PATH, deletes=True)

    assert grade != "prompt" or doubtful


def test_a_quote_is_deleted_only_where_the_sentence_ends_behind_it():
    assert asks_to_delete("Delete 'old notes' and '", "' please")
    assert not asks_to_delete("Delete everything '", "' mentions")
    for prompt, doubtful in (("Delete 'old notes'.", False), ("Delete all 'old notes' cite", True)):
        grade, said = doubted(seen(prompt), "old notes", Argument(role="target"), deletes=True)
        assert grade != "prompt" or said is doubtful


BESIDE = [
    "({} {{}})",
    "- {} {{}}",
    "-> {{}}",
    "=> {} {{}}",
    "\u2014 {} {{}}",
    "[{} {{}}]",
    ", {} {{}}",
    "{} {{}}",
    "and {} {{}}",
    ": {} {{}}",
    "/ {{}}",
    "(z.txt, {{}})",
    "- the archive, {{}}",
    "or {{}}",
    ", or {{}}, whichever is older",
]
SPOKEN = [
    "see",
    "now called",
    "the current version is",
    "formerly",
    "a copy of",
    "like",
    "replaced by",
]
DELETING = ["Delete a.txt", "Please remove 'a.txt'", "Could you erase the old file a.txt"]
ALTERNATIVES = [
    "{} or z.txt",
    "either {} or z.txt",
    "'{}' or 'z.txt'",
    "{}, y.txt or z.txt",
    "z.txt, {}, or y.txt",
    "the file {} or the file z.txt",
    "whichever is older, {} or z.txt",
    "whichever of z.txt, {} is older",
    "z.txt or {}",
]
LISTS = [
    "{} and z.txt",
    "z.txt and {}",
    "z.txt, y.txt, {}",
    "z.txt & {}",
    "'z.txt', 'y.txt' and '{}'",
    "the files z.txt, y.txt and {}",
    "both z.txt and the file {}",
    "the two unused files {} and z.txt",
    "my old draft {}",
    "{} and tell Ann or Bob",
    "the hiking trip, the folder y and also {}",
]


@pytest.mark.parametrize(
    "tail", sorted({each.format(word) for each, word in itertools.product(BESIDE, SPOKEN)})
)
@pytest.mark.parametrize("file", FILES)
def test_what_stands_beside_the_object_is_asked_about(tail, file):
    for head in DELETING:
        grade, doubtful = doubted(seen(f"{head} {tail}".format(file)), file, PATH, deletes=True)

        assert grade != "prompt" or doubtful, head


@pytest.mark.parametrize("which", ALTERNATIVES)
@pytest.mark.parametrize("verb", ["Delete", "Please remove", "Read y.md and erase"])
@pytest.mark.parametrize("file", FILES)
def test_one_of_several_that_is_meant_is_asked_about(which, verb, file):
    index = seen(f"{verb} {which.format(file)}")

    assert doubted(index, file, PATH, deletes=True) != ("prompt", False)


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("verb", ["Delete", "Please remove", "Read y.md and erase"])
@pytest.mark.parametrize("file", FILES)
def test_all_of_a_list_is_plainly_deleted(which, verb, file):
    index = seen(f"{verb} {which.format(file)}.")

    assert doubted(index, file, PATH, deletes=True) == ("prompt", False)


@pytest.mark.parametrize("tail", ["(see {})", "- {} replaces it", "or {}", "-> {}", "{}"])
def test_nor_is_a_record_deleted_that_stands_beside_another(tail):
    before, behind = f"Cancel 'Budget review' {tail}".split("{}")

    assert not deletes_title(before, behind)
    assert deletes_title("Cancel 'Budget review' and ", "")


# --- running ----------------------------------------------------------------------------------

ORDERS = [
    "Run {}",
    "Please run {}.",
    "Run the command {}\n",
    "run: {}",
    "Fix the test, then run {}.",
    "Pull and then run {} please",
    "Run make lint, then run {}",
    "Run the tests with {}.",
]
NO_ORDERS = [
    "Run make test. Fix the bug: users click start, then run {}.",
    "Run make test. CI fails. Steps to reproduce: check out main, then run {}.",
    "Run make test. The pipeline will then run {}.",
    "Run make test. I will now run {}.",
    "Run make test. To reproduce the bug, Ann had to log in and run {}.",
    "Run make test. In the docs, explain two commands: first make test and then run {}.",
    "Run make test. Rename the button. Run `{}` is its old label.",
    "Run the tests with make test, compare with {}.",
    "Run make test. Fix the crash that users see after they log in and run {}.",
    "Users log in and run {}",
    "Tell me what happens when I run {}",
    "Before you run {}, read the docs",
    "Run {} was the old way",
]
COMMANDS = ("make deploy", "npm test", "./build.sh --all", "pytest -q tests")


@pytest.mark.parametrize(("prompt", "command"), [*itertools.product(ORDERS, COMMANDS)])
def test_what_is_plainly_to_be_run(prompt, command):
    assert doubted(seen(prompt.format(command)), command, CODE) == ("prompt", False)


@pytest.mark.parametrize(("prompt", "command"), [*itertools.product(NO_ORDERS, COMMANDS)])
def test_a_command_in_any_other_sentence_is_asked_about(prompt, command):
    grade, doubtful = doubted(seen(prompt.format(command)), command, CODE)

    assert grade != "prompt" or doubtful


def test_a_colon_or_another_sentence_ends_an_order():
    assert asks_to_run("Run ", ".")
    assert not asks_to_run("Fix it: run make, then run ", ".")
    assert not asks_to_run("Run ", " is what it said")


# --- how much it takes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        "show me ",
        "i will send ",
        "all of it ",
        "delete a, ",
        "and then ",
        "run x and ",
        "? ",
        "if it ",
        '"a" ',
        "tell us to ",
    ],
)
def test_it_takes_no_more_than_a_prompt_is_long(part):
    """
    Steps of a regular expression cannot be counted; ten times the text is read all the same.
    """
    text = part * (20_000 // len(part))

    assert doubts.holds_back(text) in (True, False)
    assert asks_to_delete(text[:256], text[:96]) in (True, False)
    assert asks_to_run(text[:256], text[:96]) in (True, False)
