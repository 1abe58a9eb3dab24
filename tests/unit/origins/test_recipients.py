"""A name is who gets words only where an imperative governs it, by generated sentences."""

from __future__ import annotations

from itertools import product

import pytest
from tests.unit.origins.test_said_as import CHANNELS, runs

NAMES = ["Globex", "Omar Haddad"]

TOLD = [
    "Tell Ann", "Ask Ann", "Remind Ann", "Let Ann know", "Inform Ann and Bob", "Notify #ops",
    "Message Ann", "Mail Ann", "Text Ann", "Send Ann a note", "Send me", "Write Ann a letter",
    "Reply to Ann", "Write to Ann", "Talk to Ann", "Tell the team", "Tell everyone",
    "Post to #team", "Post in #team", "Announce in the team channel", "Send it to Ann",
    "Share it with Ann", "Forward Ann the mail", "Give Ann the key",
]  # fmt: skip
MENTIONS = [
    "that we sell to {}", "I spoke to {}", "we will write to {}", "I go to {} tomorrow",
    "good luck with {}", "about our talk with {}", "that our talk with {} went well",
    "our offer to {}", "the draft addressed to {}", "what we wrote to {}", "the chat with {}",
    "to write to {}", "to forward it to {}", "to sign it and send it to {}",
    "to sign it, then send it to {}", "we like it and sell to {}", "that we sign and write to {}",
    "we also write to {}", "we just talk to {}", "thanks for the letter to {}", "who talks to {}",
    "whether {} paid", "that Bob and {} met", "what Bob sent to {}",
    "that I asked Bob to tell {}", "how to reach {}", "with regards to {}",
    "because Bob talks to {}", "for the trip to {}", ": write to {}", "- we sell to {}",
    "(we sell to {})", ", we sell to {}", ", {} is leaving", ". We sell to {}.",
    ". I wrote to {}.", ", who talks to {}", ", he writes to {}",
]  # fmt: skip
SEEN = [
    "Summarise the chat with {}", "Look up who talks to {}", "Compare our offer to {}",
    "Find the mail to {}", "Read the chat in {}", "Check the chat with {}", "Plan the trip to {}",
    "Make a list of the talks with {}", "Create a summary of the chat with {}", "We talk to {}",
    "Translate what we wrote to {}", "Count the mails to {}", "Kim will reply to {}",
    "I wrote to {}", "The letter to {} is late", "Has Kim written to {}?", "Bob told {} about it",
    "If we sell to {}", "When Kim writes to {}", "Get the numbers from {}",
    "Draft what I say to {}",
]  # fmt: skip
ENDS = [
    " and tell Ann",
    ", then post it in #team",
    ". Tell Ann.",
    ", tell Ann",
    " and send it to Ann",
]
ATTRIBUTES = [
    "Announce the sale to {} in #team", "Share the summary of our talk to {} with Ann",
    "Send the letter to {} to Ann", "Post the contract with {} in #team",
    "Post the letter to {} in the team channel", "Report our sale to {} to Ann",
    "Explain our offer to {} to Ann", "Forward the thread with {} to Ann",
    "Send the draft addressed to {}", "Forward the mail that Kim sent to {}",
    "Post it in #team, not to {}", "Post it in #team for {}", "Say hi to Ann from {}",
    "Invite Ann to our talk to {}", "Write that we sell to {}", "Announce that we sell to {}",
    "Tell Ann the sellers pack and ship to {}", "Get Ann to sign and write to {}",
    "Ann said: write to {}", "Ann asked me to write to {}", "I already asked {}. Tell Ann.",
    "Pay Ann for the trip to {}", "Give Ann access to {}", "Send Ann and Bob the letter to {}",
    "Tell Ann please write to {}",
]  # fmt: skip


def is_asked_about(prompt, name):
    return not any(runs(prompt.format(name), name, channel) for channel in CHANNELS[:2])


@pytest.mark.parametrize(("told", "mention"), [*product(TOLD, MENTIONS)])
def test_a_clause_that_has_a_recipient_gets_no_further_one_by_a_mention(told, mention):
    blank = "" if mention[0] in ",.:" else " "
    assert is_asked_about(f"{told}{blank}{mention}", "Globex")


@pytest.mark.parametrize(("seen", "end"), [*product(SEEN, ENDS)])
def test_nor_does_what_only_is_looked_at_name_one(seen, end):
    assert is_asked_about(f"{seen}{end}", "Omar Haddad")


@pytest.mark.parametrize(("sentence", "name"), [*product(ATTRIBUTES, NAMES)])
def test_nor_is_one_what_belongs_to_a_thing_that_is_sent(sentence, name):
    assert is_asked_about(sentence, name)


STARTS = [
    "", "please ", "could you ", "I'd like you to ", "hi! ", "now ", "also, ", "make sure to ",
    "read the notes about lunch and ", "tell Ann it is done, then ", "tell Ann. Then ",
    "tell Ann that it slipped and ", "tell Ann we are done, then ", "if it is paid, ",
    "when you are done, ", "summarise the chat with Kim and ", "look up who talks to Kim and ",
    "compare our offer to Acme, then ", "we sold it; ", "we ship tomorrow, so please ",
    "Kim is ill. ", "post it in #team and ",
]  # fmt: skip
ORDERS = [
    "tell {} that we ship", "tell {}", "tell {}: we ship", "let {} know that we ship",
    "ask {} for the key", "ask {} whether Kim talks to Acme", "remind {} to send the offer",
    "notify {} as soon as it ships", "thank {} for the cake", "tell Ann and {} that we ship",
    "tell {} or Ann that we ship", "tell {}, Bob and Ann about it", "ping {}",
    "message {} that we ship", "text {} to come", "mail {}", "contact {} about it",
    "tell the customer {} that we ship", "post it to {}", "post a summary to {}", "post it in {}",
    "write to {}", "write to {}: we ship", "reply to {} that we ship", "send it to {}",
    "send {} a message that says hi", "send our offer to {}", "send the link to the doc to {}",
    "send a summary of everything to {}", "send the notes I made to {}", "send what I have to {}",
    "send it to Ann, Bob and {}", "send it to {} and Ann", "send the report to {} in March",
    "forward Kim's mail to {}", "forward the answer to question 4 to {}", "show {} the draft",
    "share the notes with {}", "share the summary of our talk to Acme with {}",
    "talk to {} about it", "discuss it with {}", "check with {} whether it is paid",
    "schedule a meeting with {} on Friday", "invite {} to lunch",
    "get back to {} about the price", "explain it to {}", "announce the sale to {}",
    "send {} the draft addressed to Acme", "tell {} to forward it to Acme", "write 'done' to {}",
]  # fmt: skip


@pytest.mark.parametrize(("start", "order"), [*product(STARTS, ORDERS)])
def test_whom_an_order_to_the_agent_names_is_a_recipient(start, order):
    prompt = f"{start}{order}"
    assert runs((prompt[0].upper() + prompt[1:]).format("Globex"), "Globex", CHANNELS[0])
