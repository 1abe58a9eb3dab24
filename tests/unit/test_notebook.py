"""What a notebook is given to show: HTML that holds text and nothing that acts."""

from __future__ import annotations

import asyncio
import re
import traceback
from html.parser import HTMLParser
from pathlib import Path

import pytest

import inbounds
from inbounds import AccessDenied, ApprovalRequired
from inbounds.evidence.report import Refused, TaskReport
from inbounds.model.question import Decision, Obligation, PolicyStamp, Reason

HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>&amp;\u202e\x1b[2J"
PLAIN = {"div", "table", "tbody", "tr", "th", "td", "code", "strong", "br"}
CONTRAST = 3
"""What stands out beside text: WCAG 2.2, 1.4.11."""


class Read(HTMLParser):
    """The elements, attributes and text of some HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def decided(word=HOSTILE, **more):
    return Decision(
        **{
            "id": word,
            "allowed": False,
            "outcome": "deny",
            "reasons": (
                Reason(code=word, message=word, remedy=word, details=({"argument": "/canary"},)),
            ),
            "grants": ({"source": word, "tool": "canary"},),
            "obligations": (Obligation(id="1", type=word, properties={"to": "canary"}),),
            "policy": PolicyStamp(revision=word, deployment=word),
            **more,
        }
    )


def reported(word=HOSTILE, **more):
    return TaskReport(
        **{
            "task": word,
            "verdict": "out of bounds",
            "why": (word,),
            "intent": word,
            "subject": word,
            "agent": word,
            "refused": (Refused(word, word, 2, word),),
            "asked": (Refused(word, word, 1, word),),
            "unavailable": (Refused(word, word, 1, word),),
            "granted_tools": (word, "x"),
            "granted_effects": (word,),
            "used_tools": {word: 1},
            **more,
        }
    )


def refused(kind, word=HOSTILE):
    return kind(decided(word), tool=word, subject=word, agent=word, intent=word)


SHOWN = {
    "decision": decided,
    "report": reported,
    "denied": lambda word=HOSTILE: refused(AccessDenied, word),
    "asked": lambda word=HOSTILE: refused(ApprovalRequired, word),
}


@pytest.mark.parametrize("what", SHOWN)
class TestHtml:
    def test_text_stays_text(self, what):
        """
        Whatever codes, tools, subjects and all the others hold, it is read as text.
        """
        read = Read(SHOWN[what]()._repr_html_())

        assert set(read.tags) <= PLAIN
        assert read.open == []
        assert {name for name, _ in read.attributes} <= {"style", "role", "aria-label", "scope"}
        assert "<script>alert(1)</script>" in read.text
        assert "\u202e" not in read.text
        assert "\x1b" not in read.text

    def test_no_argument_and_no_address(self, what):
        """
        Neither what points into the arguments nor anything from elsewhere is in it.
        """
        html = SHOWN[what]("word")._repr_html_()

        assert "canary" not in html
        assert not re.search(r"https?:|url\(|src=|href=|@import", html)

    def test_it_reads_on_light_and_on_dark(self, what):
        """
        Text takes the colour that it stands in, and the one line of colour shows on both.
        """
        html = SHOWN[what]("word")._repr_html_()
        colours = re.findall(r"#[0-9a-f]{6}", html)

        assert len(colours) == 1
        assert f"border-left:4px solid {colours[0]}" in html
        assert not re.search(r"(?<!-)\bcolor:(?!inherit)", html)
        assert not re.search(r"background:(?!none)", html)
        assert contrast(colours[0], "#ffffff") >= CONTRAST
        assert contrast(colours[0], "#121212") >= CONTRAST

    def test_it_is_read_aloud_in_order(self, what):
        """
        A group with a name, and a head for each row.
        """
        read = Read(SHOWN[what]("word")._repr_html_())

        assert ("role", "group") in read.attributes
        assert (
            read.tags.count("th")
            == read.attributes.count(("scope", "row"))
            == read.tags.count("td")
        )


def test_what_stands_there():
    """
    A refusal says who wanted what, why not, and what now.
    """
    read = Read(
        AccessDenied(
            decided("code", obligations=(), grants=()),
            tool="mail.send",
            subject="alice",
            agent="assistant",
            intent="summarise",
        )._repr_html_()
    )
    words = re.sub(r"\s+", " ", read.text)

    assert words.startswith("deny mail.send under summarise, for alice")
    assert "becausecode code→ code" in words
    assert "obliged" not in words


def test_a_dry_run_says_so():
    """
    A decision that nothing was permitted by is told from one that counts.
    """
    assert "a dry run" in decided("x", evaluate_only=True)._repr_html_()
    assert "a dry run" not in decided("x")._repr_html_()


def test_a_refusal_points_at_whoever_called(policy):
    """
    Between the caller's line and where it is refused, every frame of ours is left out of
    tracebacks that notebooks and pytest show.
    """

    @policy.guard.tool("mail.send", resource=lambda to: ("mailbox", "alice"))
    def send(to: list[str]) -> None: ...

    async def awaited(call):
        await call

    home = Path(inbounds.__file__).parent
    arguments = {"to": ["mallory@evil.example"]}
    with policy.task() as task:
        roads = [
            lambda: send(**arguments),
            lambda: task.call("mail.send", arguments),
            lambda: task.permit("mail.send", arguments),
            lambda: asyncio.run(awaited(task.acall("mail.send", arguments))),
            lambda: asyncio.run(awaited(task.apermit("mail.send", arguments))),
        ]
        for road in roads:
            with pytest.raises(AccessDenied) as ei:
                road()
            frames = [frame for frame, _ in traceback.walk_tb(ei.value.__traceback__)]
            ours = [f for f in frames if Path(f.f_code.co_filename).is_relative_to(home)]

            assert len(ours) > 1
            assert all(frame.f_locals.get("__tracebackhide__") for frame in ours[:-1])


def contrast(one, other):
    """WCAG 2.2's contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
