"""What a program does not need is not loaded, and what is loaded late never lets a call through."""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbounds import ApprovalRequired
from inbounds.canonical.arguments import canonicalise
from inbounds.engine.builtins import BUILTINS
from inbounds.model import places
from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.model.skeletons import skeletons
from inbounds.provenance import Origins, destination_text
from inbounds.provenance.amounts import amounts_with_currency
from inbounds.provenance.call_inputs import may_stand
from inbounds.provenance.destinations import HOST_MARKS
from inbounds.provenance.link_marks import may_link
from inbounds.provenance.links import links_of
from inbounds.provenance.no_words import NoWords
from inbounds.provenance.prompt import Words
from inbounds.provenance.prompt_text import stands

SIGNS = "aZ9é字_ .,!?@/#+$%&=;:()<>[]-\\\"'`|\n\t\x00\u200b\u3002\uff0e\uff20"
PIECES = st.sampled_from(
    [
        "acme",
        "evil.example",
        "www.",
        "a@b.example",
        "mail",
        "://",
        "tel:",
        "x.py",
        "&#46;",
        "%u002e",
    ]
)
TEXTS = st.lists(st.text(SIGNS, max_size=6) | PIECES, max_size=6).map("".join)
MAILS = st.from_regex(
    r"[A-Za-z0-9_.-]{1,8}@[A-Za-z0-9_-]{1,6}(\.[A-Za-z0-9_-]{1,6}){0,4}", fullmatch=True
)


@settings(max_examples=300, deadline=None)
@given(TEXTS | MAILS, st.booleans(), st.booleans())
@example("mallory@evil.example", True, True)
@example("a@www.evil.com", True, True)
def test_a_text_that_is_not_read_for_links_has_none(text, markup, bare):
    assert may_link(text) or not [*links_of(text, markup=markup, bare=bare)]


@pytest.mark.parametrize(
    "text",
    ["acme.example", "//acme", "tel:1", "a\u3002example", "&#46;", "%u002e", "<b", "a.b@c.d"],
)
def test_a_text_with_a_mark_is_read_for_links(text):
    assert may_link(text)


@pytest.mark.parametrize("text", ["", "The contract is signed.", "42", "eve@evil.example", "a - b"])
def test_a_plain_text_is_not(text):
    assert not may_link(text)


@settings(max_examples=500, deadline=None)
@given(st.text() | TEXTS)
@example("acme.example\uff1ax")
def test_a_text_that_is_not_read_for_hosts_names_none(text):
    named = (
        destination_text.names_host(text),
        destination_text.names_host_before_colon(text),
        destination_text.names_host_within(text),
        destination_text.has_scheme(text),
    )
    assert HOST_MARKS.search(text) or not any(named)


@settings(max_examples=500, deadline=None)
@given(st.text() | TEXTS | st.sampled_from(["d:2026-05-04", "d:2026-05-04T10:00", "n:5", "p:/a"]))
def test_a_user_who_has_said_nothing_has_said_and_ruled_out_nothing(text):
    none, said = NoWords(), Words()
    assert none.denies is said.denies is False
    assert none.holds(text) == said.holds(text)
    assert none.rules_out(text) == said.rules_out(text)
    assert none.rules_out(text, amount=True) == said.rules_out(text, amount=True)
    assert none.rules_out_text(text) == said.rules_out_text(text)
    for currency in ("", "EUR"):
        assert none.states(text, currency=currency) == said.states(text, currency=currency)
    for either in (False, True):
        assert none.titles.names(text, own=either) == said.titles.names(text, own=either)
        assert none.titles.alludes(text, own=either) == said.titles.alludes(text, own=either)
        assert none.titles.mentions(text, by_id=either) == said.titles.mentions(text, by_id=either)
    assert none.titles.deletes(text) == said.titles.deletes(text)
    for how in ("words", "exactly", "name", "deleted", "order"):
        assert none.says(text, how) == said.says(text, how)


@settings(max_examples=500, deadline=None)
@given(st.text() | TEXTS)
def test_a_text_without_a_digit_states_no_amount(text):
    if not any(sign in "0123456789" for sign in text):
        assert not [*amounts_with_currency(text)]


@settings(max_examples=500, deadline=None)
@given(TEXTS, st.text(SIGNS, min_size=1, max_size=4))
@example("", "\x00")
def test_a_value_that_is_not_within_a_text_does_not_stand_in_it(text, value):
    assert may_stand(text, value) or not stands(text, value)


@settings(max_examples=500, deadline=None)
@given(st.text() | TEXTS, st.text() | TEXTS)
def test_the_skeletons_are_those_of_the_places(text, resource):
    registered = {"/at": Argument(role="target", kind="text")}
    try:
        judged = canonicalise({"at": text}, registered)
    except ValueError:
        return
    found = skeletons(judged.arguments, judged.json, registered, resource)
    assert found == places.skeletons_of(judged.arguments, registered, resource)


@pytest.fixture
def ran(policy):
    calls = []

    @policy.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
    def send(to, body):
        calls.append(to)

    return calls


def lost(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, f"inbounds.{name}", None)


SENT = {"to": ["bob@acme.example"], "body": "All is well."}


@pytest.mark.parametrize(
    ("module", "changed"),
    [
        ("provenance.links", {"body": "see https://evil.example/x"}),
        ("model.places", {"body": "Grüße"}),
        ("provenance.stop_words", {"body": "Minutes"}),
    ],
)
def test_a_call_whose_judgement_needs_a_module_that_is_lost_does_not_run(
    policy, ran, monkeypatch, module, changed
):
    with policy.task(prompt="Send bob@acme.example the minutes") as task:
        lost(monkeypatch, module)
        if module == "provenance.stop_words":
            registered = policy.deployment["tools"]
            mail = {**registered["mail.send"]}
            mail["arguments"] = {**mail["arguments"], "/body": {"role": "recipient"}}
            policy.change(tools={**registered, "mail.send": mail})
        with pytest.raises(ImportError):
            task.call("mail.send", {**SENT, **changed})
        assert ran == []
        monkeypatch.undo()


def test_no_proof_no_call(policy, ran, monkeypatch):
    every = ["read", "write", "export"]
    policy.change(settings={**policy.deployment["settings"], "proof": every})
    with policy.task(prompt="Send bob@acme.example the minutes") as task:
        lost(monkeypatch, "identity.proof")
        with pytest.raises(ImportError):
            task.call("mail.send", SENT)
        assert ran == []


def test_nobody_is_asked_and_nothing_runs_without_what_asks(policy, ran, monkeypatch):
    with policy.task(data="a mail of a stranger's") as task:
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", SENT)
        lost(monkeypatch, "approvals.request")
        with pytest.raises(ImportError):
            task.call("mail.send", SENT)
        assert ran == []


FIRST = Returns(party="first", fields={"/at": ReturnedField(party="first")})
HOST = Argument(role="target", kind="text")


def observed(origins, result, **arguments):
    origins.observe(
        result, tool="page.get", returns=FIRST, arguments=arguments, call=1, memory=False
    )
    judged = canonicalise({"it": "Archive A"}, {"/it": HOST})
    return origins.trace(judged.arguments, {"/it": HOST}, judged.parsed)["/it"].grade


def test_a_result_that_cannot_be_compared_with_what_the_call_was_given_vouches_for_nothing(
    monkeypatch,
):
    assert observed(Origins(), {"at": "Archive A"}, url="https://evil.example/x") == "first_party"
    lost(monkeypatch, "provenance.links")
    assert observed(Origins(), {"at": "Archive A"}, url="https://evil.example/x") == "none"


def test_after_a_call_that_wrote_nobody_knows_what_nothing_is_vouched_for(monkeypatch):
    origins = Origins()
    lost(monkeypatch, "provenance.links")
    origins.write({"url": "https://evil.example/x"})
    assert observed(origins, {"at": "Archive A"}, id=1) == "none"


@pytest.mark.parametrize("module", ["provenance.prompt", "provenance.prompt_marks"])
def test_no_task_begins_whose_prompt_cannot_be_read(policy, monkeypatch, module):
    lost(monkeypatch, module)
    with pytest.raises(ImportError):
        policy.task(prompt="Summarise mail 42")
    policy.task()


@pytest.mark.parametrize(
    ("module", "builtin", "arguments"),
    [
        ("engine.formatting", "sprintf", ["%d", [1]]),
        ("engine.subsets", "object.subset", [{"a": 1}, {"a": 1}]),
        ("engine.times", "time.weekday", [0]),
        ("engine.times", "time.add_date", [0, 1, 1, 1]),
    ],
)
def test_a_built_in_that_is_lost_gives_no_answer(monkeypatch, module, builtin, arguments):
    BUILTINS[builtin](*arguments)
    lost(monkeypatch, module)
    with pytest.raises(ImportError):
        BUILTINS[builtin](*arguments)
