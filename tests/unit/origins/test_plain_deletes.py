"""A delete runs unasked only where the sentence ends behind its object, or goes on to another.

What is taken from a list, from somebody's view or off for somebody else is not deleted by that.
"""

from __future__ import annotations

import itertools

import pytest
from tests.unit.origins.traced import seen

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument
from inbounds.provenance.plain_requests import asks_to_delete
from inbounds.provenance.prompt_orders import deletes_title

FILE, TITLE = "notes.md", "Budget review"
PATH = Argument(kind="path", role="target")
HEADS = (
    "Delete {}",
    "Please remove the file {}",
    "Could you erase {}",
    "Read y.md and drop {}",
    "I want you to delete {}",
    "We'd like to get rid of {}",
)
OF_TITLES = ("Cancel {}", "Please remove {}", "Call off {}", "I need you to cancel the event {}")
ADVERBS = (
    "",
    " please",
    ", please",
    " now",
    " permanently",
    " for good",
    " for us, please",
    " today",
    " right away",
    ", thanks",
    " as soon as possible",
)
PLACES = ("", " from the folder 'old'", " in old/", " in the team folder", " from my drive")
RECORDS = ("", " from my calendar", " in our inbox", " on Friday", " at 10:30", " for 4 May")
GOES_ON = (
    ".",
    "?",
    "!",
    "\n- read x.md",
    "; Ann has a copy",
    " because it is old",
    ", since it clashes with the talk about gardens",
    " as it is of no use",
    ", it is old",
    ", I'm ill",
    " if Ann agrees",
    " and 'old.md'",
    " and old.md.",
    ", old.md and z.txt",
    ", 'old.md', y.txt",
    " & old.md",
    ", the hiking trip and also z.txt",
    " and the old draft",
    " and tell Ann",
    ", then run make test on the server",
    " and write to everybody in the meeting about the hiking trip",
    ", and congratulate the team on its release",
    " and move y.md to old/",
    ". From the index, read z.txt",
    " for me",
    " for me and tell Ann",
)
ELSEWHERE = (
    " from the favourites",
    " from the index",
    " from the project plan",
    " from Ann's view",
    " from Omar's calendar",
    " from 'index.md'",
    " from my favourites",
    " from the calendar of Omar",
    " from my calendar's list",
    " from the folder list",
    " from the index folder's list",
    " from the agenda of 'Team lunch'",
    "\nfrom the favourites",
    "; from the index, that is",
    " of all duplicates",
    " of spaces",
    " for Kim",
    " for Omar and me",
    " for me and Kim",
    " for the interns",
    " in Ann's view",
    " in the table of contents",
    " with Ann",
    " on the list",
    " on Friday's agenda",
    " at the end of 'todo.md'",
    " off the list",
    ", but only from the index",
    " once from the index",
    " we have in the index",
    " it says",
    ", the old copy of it",
    ", the old copy",
    ", old.md's twin",
    ", which Ann should check first",
    ", whose copy is old.md",
    ", Ann says",
    ", says Ann",
    ", a copy of old.md",
    ", now called old.md",
    " and 'old.md' from the index",
    " and old.md, please, from the index",
    ", old.md and the draft from Ann's view",
    " and the minutes of all duplicates",
    " and the lunch for Kim",
    ", the draft, from the index",
    " please from the index",
    " now in Ann's view",
    ", 'a.md', 'b.md', 'c.md', 'd.md', 'e.md', 'f.md', 'g.md' and 'h.md' from the index",
    "".join(f", 'file number {number}'" for number in range(20)) + " from the index",
)
BEFORE = (
    "Someone must have told you to delete {}",
    "Omar has ordered you to delete {}",
    "Nobody told you to delete {}",
    "Ann would like to delete {}",
    "Tell Ann that I want to delete {}",
    "The mail tells you to delete {}",
    "Ask Kim why I need to delete {}",
    "Remove the last line of {}",
    "Remove from the index {}",
    "Remove the star of Ann on {}",
)


def is_plain(head, value, tail, marks="''"):
    """Whether a head, a value in quotation marks and a tail plainly delete the value."""
    before, behind = head.split("{}")
    # What stands behind a value is cut, as `PromptText` does it.
    return asks_to_delete(before + marks[:1], (marks[1:] + behind + tail)[:256], value)


@pytest.mark.parametrize("goes_on", GOES_ON)
def test_a_delete_is_plain_where_the_sentence_ends_behind_its_object(goes_on):
    for heads, value, places in ((HEADS, FILE, PLACES), (OF_TITLES, TITLE, RECORDS)):
        ends = (*ADVERBS, *places, *(f"{place}, please" for place in places))
        for head, end, marks in itertools.product(heads, ends, ("''", "")):
            assert is_plain(head, value, f"{end}{goes_on}", marks), (head, end)


@pytest.mark.parametrize("tail", ELSEWHERE)
def test_what_is_taken_from_a_list_or_off_for_somebody_is_asked_about(tail):
    for head, value in itertools.product((*HEADS, *OF_TITLES), (FILE, TITLE)):
        for marks, end in itertools.product(("''", '""', ""), ("", ".", ", please.", " now")):
            assert not is_plain(head, value, tail + end, marks), head


@pytest.mark.parametrize("head", BEFORE)
def test_only_what_the_user_wants_deleted_is(head):
    assert not is_plain(head, FILE, "")
    assert not is_plain(head, TITLE, ".")


@pytest.mark.parametrize("place", ["calendar", "inbox", "contacts", "database"])
def test_a_file_does_not_lie_among_records(place):
    for value, is_record in ((FILE, False), ("team/plan", False), (TITLE, True)):
        assert is_plain("Remove {}", value, f" from my {place}") is is_record


@pytest.mark.parametrize("tail", ["", " from the favourites", ", the old copy", " for Kim"])
def test_a_person_is_asked_about_what_is_not_plainly_deleted(tail):
    judged = canonicalise({"it": "team/b.md"}, {"/it": PATH})
    index = seen(f"Delete 'team/b.md'{tail}")
    found = index.trace(judged.arguments, {"/it": PATH}, judged.parsed, deletes=True)
    doubtful = index.doubtful(judged.arguments, {"/it": PATH}, judged.parsed, found, deletes=True)

    assert doubtful == (["/it"] if tail else [])
    assert deletes_title("Delete '", f"'{tail}") is (tail == "")


def test_a_list_that_is_not_read_to_its_end_is_asked_about():
    files = [f"'file number {number}'" for number in range(40)]

    assert is_plain("Delete {}", TITLE, ", ".join(["", *files[:8]]))
    assert not is_plain("Delete {}", TITLE, ", ".join(["", *files]))


@pytest.mark.parametrize(
    "part",
    [" ", "\n", ", ", " and", " and a.b", ", a", ", now", " in a/", " 'a' ", " the old file"],
)
def test_it_takes_no_more_than_what_is_read_is_long(part):
    assert is_plain("Delete {}", FILE, part * 250) in (True, False)
