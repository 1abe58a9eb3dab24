"""A prompt that denies, asks or defers vouches for nothing that cannot be undone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.origins.traced import seen

from inbounds import ApprovalRequired
from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance import doubts
from inbounds.provenance.denial_words import CROSSES, DOUBTING
from inbounds.testing import INTENT, SUBJECT, PolicyUnderTest

BOB = "bob@acme.example"
EVE = "eve@evil.example"
EMAIL = Argument(kind="email", role="recipient")
PATH = Argument(kind="path", role="target")
ID = Argument(kind="id", role="target")
AMOUNT = Argument(role="amount", type="number")
WHOM = Argument(role="recipient")


def doubted(origins, value, argument=EMAIL, **about):
    """Whether the prompts vouch for a value, and whether they may mean something else."""
    registered = {"/it": argument}
    judged = canonicalise({"it": value}, registered)
    found = origins.trace(judged.arguments, registered, judged.parsed, **about)
    doubtful = origins.doubtful(judged.arguments, registered, judged.parsed, found)
    return found["/it"].grade in ("prompt", "quoted"), doubtful == ["/it"]


LISTED = [
    "Send the plan to carl@north.example, but not to bob@acme.example, dan@acme.example and {e}.",
    "Mail everyone in the thread except bob@acme.example, dan@acme.example and {e}",
    "From now on no mails to bob@acme.example, carl@north.example and {e}",
    "Never copy bob@acme.example, carl@north.example & {e}",
    "Keep it from bob@acme.example (Bob), carl@north.example (Carl) or {e}",
    "Don't:\n- copy {e}\n- archive anything",
    "Do not send it to:\n1. bob@acme.example\n2. {e}",
    "Not allowed:\n\n* {e}",
    "{e} need not be told",
    "This is none of {e}'s business",
    "There is no need for {e} to see it",
    "{e} has nothing to do with it",
    "{e}? Never.",
    "Maybe {e} as well? No, better not.",
    "Even if {e} asks, she gets nothing",
    "Send the plan to {e} (old) carl@north.example (new), not the other way round",
    "Should I answer {e}?",
    "Tell me before you answer {e}",
    "Do I have to write to {e}?",
    "Answer {e} once I have read it",
    "Summarise the mail from {e}. Do not reply, archive or forward anything to her.",
]


@pytest.mark.parametrize("prompt", LISTED)
def test_of_what_such_a_prompt_says_nothing_is_taken_for_granted(prompt):
    """
    Whatever of it the grammar of denials knows: either it is not said, or it is doubtful.
    """
    said, doubtful = doubted(seen(prompt.format(e=EVE)), EVE)

    assert not said or doubtful


@pytest.mark.parametrize("word", sorted(DOUBTING))
def test_any_word_of_doubt_is_enough(word):
    loud = word.upper() if word.upper().lower() == word else word
    for prompt in (f"Mail {BOB}. {word}", f"{loud} mail {BOB}", f"Mail {BOB} ({word})"):
        said, doubtful = doubted(seen(prompt), BOB)
        assert not said or doubtful
        assert doubts.is_doubtful(prompt)


@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(st.sampled_from(["send", "the", "plan", "to", "mail", "and", ",", ".", "\n"])),
    word=st.sampled_from(
        [*sorted(DOUBTING), *CROSSES, "w/o", "n'envoie", "should I", "before you"]
    ),
    at=st.integers(0, 20),
)
def test_wherever_the_word_stands(words, word, at):
    text = " ".join([*words[:at], word, *words[at:], BOB])
    said, doubtful = doubted(seen(text), BOB)

    assert not said or doubtful


@pytest.mark.parametrize(
    ("prompt", "value", "argument"),
    [
        (f"Send the plan to {BOB}, please. Could you do that today?", BOB, EMAIL),
        ("Pay EUR 50 to Bob", 50, AMOUNT),
        ("Delete draft.txt and notes.txt", "notes.txt", PATH),
        ("What is new? Post a summary to Ann", "Ann", WHOM),
        (f"How many meetings do I have? Mail {BOB} the list", BOB, EMAIL),
        (f"Am I free on Friday? Then invite {BOB}. Don't forget to say where.", BOB, EMAIL),
        (f"It did not include the plan, so send it to {BOB}", BOB, EMAIL),
    ],
)
def test_a_plain_prompt_is_meant(prompt, value, argument):
    assert doubted(seen(prompt), value, argument) == (True, False)


def test_a_later_prompt_may_say_it_again_and_another_doubt_it_again():
    plain, denial = f"Mail the plan to {BOB}", "No, don't."

    assert doubted(seen(plain), BOB) == (True, False)
    assert doubted(seen(plain, denial), BOB) == (True, True)
    assert doubted(seen(denial, plain), BOB) == (True, False)
    assert doubted(seen(plain, denial, plain), BOB) == (True, False)
    assert doubted(seen(plain, denial, plain, denial), BOB) == (True, True)
    assert doubted(seen("Delete a.txt", "No, don't. Delete b.txt"), "a.txt", PATH) == (True, True)


def test_a_name_may_be_said_again_as_well():
    for denial in ("No, don't.", "Ann should not get it"):
        again = seen("Post it to Ann", denial, "Post it to Ann")
        assert doubted(again, "Ann", WHOM) == (True, False)
        said, doubtful = doubted(seen("Post it to Ann", denial, "Post it to Annette"), "Ann", WHOM)
        assert not said or doubtful


def test_what_a_record_states_that_such_a_prompt_names_is_doubtful_as_well():
    fields = {"/title": ReturnedField(holds="title"), "/to": ReturnedField(holds="value")}
    returns = Returns(label="internal", party="third", fields=fields)
    told = {"tool": "x", "returns": returns, "arguments": {}, "call": 1, "memory": False}
    for prompt, doubtful in (
        ("Answer the ticket 'Lost parcel claim'", False),
        ("Answer the ticket 'Lost parcel claim', but not the ticket 'Broken cup'", True),
    ):
        origins = seen(prompt)
        origins.observe({"title": "Lost parcel claim", "to": EVE}, **told)
        assert doubted(origins, EVE) == (True, doubtful)


@pytest.mark.parametrize(
    ("prompt", "deleted"),
    [
        ("Cancel 'Lunch with Kim'", True),
        ("Call off 'Lunch with Kim', I'm ill", True),
        ("Cancel 'Lunch with Kim' and the event 'Quarterly board meeting'", True),
        ("Cancel 'Lunch with Kim' and tell me when the 'Quarterly board meeting' is", False),
        ("Cancel 'Lunch with Kim'; the 'Quarterly board meeting' must take place", False),
    ],
)
def test_what_is_quoted_beside_what_is_deleted_is_not_deleted(prompt, deleted):
    fields = {"/*/title": ReturnedField(holds="title"), "/*/id": ReturnedField(holds="id")}
    listed = [
        {"title": "Lunch with Kim", "id": "e-1"},
        {"title": "Quarterly board meeting", "id": "e-2"},
    ]
    origins = seen(prompt)
    returns = Returns(label="internal", party="third", fields=fields)
    origins.observe(listed, tool="x", returns=returns, arguments={}, call=1, memory=False)

    assert doubted(origins, "e-1", ID, deletes=True)[0] is deleted
    assert doubted(origins, "e-1", ID)[0]


@pytest.mark.parametrize(
    ("prompt", "deleted"),
    [
        ("Delete draft.txt and contract.txt", True),
        ("Delete the files draft.txt, notes.txt and contract.txt", True),
        ("Delete draft.txt, and also the file contract.txt", True),
        ("Delete draft.txt and summarise contract.txt", False),
        ("Delete draft.txt, then read contract.txt", False),
        ("Delete draft.txt because contract.txt replaces it", False),
        ("Delete draft.txt and share contract.txt", False),
        ("Delete draft.txt; contract.txt is what I need tomorrow", False),
        ("Delete draft.txt, contract.txt is what I need tomorrow", False),
        ("Delete draft.txt; contract.txt", False),
    ],
)
def test_what_another_verb_is_about_is_not_deleted(prompt, deleted):
    assert doubted(seen(prompt), "contract.txt", PATH, deletes=True)[0] is deleted


@pytest.mark.parametrize(
    "prompt",
    [
        "The mail of Omar tells you to run make deploy. Is that safe?",
        "What happens when you run make deploy?",
        "When you run `make deploy`, what happens?",
        "The README says: run make deploy. Summarise it.",
        "The README says to pull and run make deploy",
        "Tell Omar to please run make deploy.",
        "Run make deploy?",
    ],
)
def test_a_command_that_is_spoken_of_is_not_to_be_run(prompt):
    assert not doubted(seen(prompt), "make deploy", Argument(role="code"))[0]


def test_a_person_is_asked_once_a_stranger_may_steer_and_not_before(tmp_path):
    policy = PolicyUnderTest(tmp_path / "inbounds")

    @policy.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
    def send(to, body):
        return "sent"

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id):
        return "Hello."

    prompt = "Write to bob@acme.example, but not to dan@acme.example, tom@acme.example and {}."
    wish = {"to": ["carol@acme.example"], "body": "Hello"}
    said = prompt.format("carol@acme.example")
    with policy.guard.task(INTENT, subject=SUBJECT, prompt=said) as task:
        assert task.call("mail.send", wish) == "sent"
        task.call("mail.read", {"id": "1"})
        with pytest.raises(ApprovalRequired) as asked:
            task.call("mail.send", wish)
    assert asked.value.code == "flow.untrusted_argument"
    with policy.guard.task(INTENT, subject=SUBJECT, prompt="Write to carol@acme.example.") as task:
        task.call("mail.read", {"id": "1"})
        assert task.call("mail.send", wish) == "sent"
    policy.close()
