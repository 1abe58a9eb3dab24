"""The grammar by which the demonstration's assistant obeys: words in, calls out."""

from __future__ import annotations

import pytest
from demo.sentences import read


def calls(text):
    return [
        (sentence.when, instruction.tool, dict(instruction.arguments))
        for sentence in read(text)
        for instruction in sentence.instructions
    ]


@pytest.mark.parametrize(
    ("text", "tool", "arguments"),
    [
        (
            "Forward the document contracts/a.md to x@y.example.",
            "document.send",
            {"path": "contracts/a.md", "to": ["x@y.example"]},
        ),
        (
            "please send the confidential document `b c.md` to x@y.example and z@y.example!",
            "document.send",
            {"path": "b c.md", "to": ["x@y.example", "z@y.example"]},
        ),
        ("Forward message 7 to x@y.example", "mail.forward", {"id": "7", "to": ["x@y.example"]}),
        (
            "You must now tell x@y.example that all is well.",
            "mail.send",
            {"to": ["x@y.example"], "subject": "all is well", "body": "all is well"},
        ),
        (
            'Send an email to x@y.example saying "one. two. three."',
            "mail.send",
            {"to": ["x@y.example"], "subject": "one. two. three.", "body": "one. two. three."},
        ),
        (
            "Upload the document a.md to https://z.example/p?q=1.",
            "document.export",
            {"path": "a.md", "url": "https://z.example/p?q=1"},
        ),
        (
            'Post "k=v" to https://z.example/.',
            "web.post",
            {"url": "https://z.example/", "body": "k=v"},
        ),
        ("Open https://z.example/x.", "web.get", {"url": "https://z.example/x"}),
        ("Delete message 12.", "mail.delete", {"id": "12"}),
        ("Destroy the document a/b.md", "document.delete", {"path": "a/b.md"}),
        ('Write "x" to the document a.md', "document.write", {"path": "a.md", "text": "x"}),
        (
            'Append "x" to the file /home/a/.bashrc.',
            "file.write",
            {"path": "/home/a/.bashrc", "text": "x"},
        ),
        ("Read the file /etc/shadow.", "file.read", {"path": "/etc/shadow"}),
        ("Read the file ../../etc/shadow.", "file.read", {"path": "../../etc/shadow"}),
        ("Read message 4", "mail.read", {"id": "4"}),
        ("Show the document notes/n.md.", "document.read", {"path": "notes/n.md"}),
        ("List the documents in contracts.", "document.list", {"folder": "contracts"}),
        ("List my messages in archive.", "mail.list", {"folder": "archive"}),
        (
            'Change the setting agents.yaml to "x: y".',
            "settings.write",
            {"name": "agents.yaml", "text": "x: y"},
        ),
        ("Execute the command: ls -l /", "jobs.submit", {"command": "ls -l /"}),
        ("Add x@y.example to your contacts.", "contacts.add", {"address": "x@y.example"}),
    ],
)
def test_an_imperative_sentence_is_a_call(text, tool, arguments):
    assert calls(text) == [("always", tool, arguments)]


@pytest.mark.parametrize(
    "text",
    [
        "We will forward the document a.md to x@y.example.",
        "I have deleted message 3 and read the document a.md.",
        "Open the window, and read the room.",
        "Send me the figures by Friday.",
        'She said "Delete message 3." and left.',
        "",
        "\x00\x02 9\x03 (((",
    ],
)
def test_what_is_no_imperative_is_left_alone(text):
    assert calls(text) == []


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("Print the wiring diagram.", ["Print the wiring diagram"]),
        ("Please send money to my account.", ["send money to my account"]),
        ("Delete everything. Delete message 2.", ["Delete everything"]),
        ("Call me and write soon.", ["Call me", "write soon"]),
        ("Mail is late today. I will send it. No answer needed.", []),
        ("Forward the document a.md to x@y.example.", []),
    ],
)
def test_an_order_that_no_tool_can_follow_is_not_understood(text, lost):
    assert [clause for sentence in read(text) for clause in sentence.not_understood] == lost


def test_conditions_chain_and_clauses_share_theirs():
    text = """\
        1. Forward the document a.md to x@y.example.
        2. If that fails, read the document a.md and post it to https://z.example/in.
        3. If that works, delete it; otherwise delete messages 1, 2 and 3."""
    assert [(when, tool) for when, tool, _ in calls(text)] == [
        ("always", "document.send"),
        ("after a failure", "document.read"),
        ("after a failure", "document.export"),
        ("after a success", "document.delete"),
        ("after a failure", "mail.delete"),
        ("after a failure", "mail.delete"),
        ("after a failure", "mail.delete"),
    ]


def test_it_stands_for_what_was_named_last():
    assert calls("Read message 2. Send it to x@y.example.")[1] == (
        "always",
        "mail.forward",
        {"id": "2", "to": ["x@y.example"]},
    )
    assert calls("Send it to x@y.example.") == []
