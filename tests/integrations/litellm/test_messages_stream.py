"""The text of streams of `/v1/messages`, however it is cut into pieces."""

from __future__ import annotations

import asyncio

import pytest

from inbounds.integrations.litellm import messages_stream
from inbounds.integrations.litellm.messages_stream import MessagesStream

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own

PING = 'event: ping{0}data: {{"type": "ping", "says": "Grüße ☃"}}{0}{0}'
EVENTS = ": open\n\n" + "".join(PING.format(end) for end in ("\n", "\r\n", "\r")) + "\n\n"


def taken(pieces):
    stream = MessagesStream(None, None)

    async def take():
        given = [each for piece in pieces for each in await stream.take(piece)]
        return given + await stream.end()

    return asyncio.run(take())


@pytest.mark.parametrize("text", [EVENTS, EVENTS.encode()], ids=["text", "bytes"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_are_the_same_however_they_are_cut(text, size):
    given = taken([text[at : at + size] for at in range(0, len(text), size)])
    assert text == text[:0].join(given)
    # Each one is passed on with its own end.
    assert size > 1 or len(given) == 5


class Counts:
    """A pattern that counts the characters that it is given to look at."""

    def __init__(self, pattern):
        self._pattern = pattern
        self.looked_at = 0

    def _looks(self, text):
        self.looked_at += len(text)
        return self._pattern

    def search(self, text):
        return self._looks(text).search(text)

    def finditer(self, text):
        return self._looks(text).finditer(text)


@pytest.mark.parametrize("cut", [True, False])
def test_each_character_is_looked_at_a_few_times_at_most(monkeypatch, cut):
    """
    An event that does not end for long, in many pieces; or many events in one piece.
    """
    counts = Counts(messages_stream._END)
    monkeypatch.setattr(messages_stream, "_END", counts)
    pieces = [":", *["x"] * 1000, "\n\n"] if cut else [": open\n\n" * 200]
    assert ["".join(pieces)] == taken(pieces)
    assert counts.looked_at <= 4 * len("".join(pieces))
