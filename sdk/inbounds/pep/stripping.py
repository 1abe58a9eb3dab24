"""Links and images that are taken out of a text, as whatever its reader uses would find them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from .masking import ANY_URL, MOST_READINGS, WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

# What one stands in may hold one more pair, and no third: so nothing is looked at twice.
_WORDS = r"\[((?:[^\[\]\n]|\[[^\[\]\n]{0,300}\]){0,1000})\]"
_PLACE = r"\((?:[^()\n]|\([^()\n]{0,500}\)){0,4000}\)"
_LOADED = (
    "img|image|picture|source|svg|object|embed|iframe|frame|video|audio|track|input|link|style"
    "|script"
)
_IMAGES = re.compile(
    rf"!{_WORDS}(?:{_PLACE}|\[[^\[\]\n]{{0,200}}\])|<(?:{_LOADED})\b[^<>]{{0,4000}}>",
    re.IGNORECASE,
)
_LINKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(_WORDS + _PLACE), r"\1"),
    (re.compile(r"</?a\b[^<>]{0,4000}>", re.IGNORECASE), ""),
    (ANY_URL, "[link]"),
)
# What is left of one that was not understood, or that came about when something was taken out.
_BEGINS_IMAGE = re.compile(rf"(?<!!)!+(?=\[)|(?<!<)<+(?=(?:{_LOADED})\b)", re.IGNORECASE)
_BEGINS_LINK = re.compile(r"(?<!<)<+(?=/?a\b)", re.IGNORECASE)


def stripped(text: str, what: Sequence[str]) -> str:
    """Return a text without links, images or both.

    Args:
        text: The text.
        what: `links`, `images`.
    """
    if "images" in what:
        text = _IMAGES.sub("[image]", text)
    if "links" in what:
        for pattern, instead in _LINKS:
            text = pattern.sub(instead, text)
        if "&" in text:
            text = WORD.sub(_unless_link, text)
        text = _BEGINS_LINK.sub("", text)
        text = without_links(text, "[link]")
    return _unpictured(_BEGINS_IMAGE.sub("", text)) if "images" in what else text


def without_links(text: str, instead: str) -> str:
    """Return a text without what is still a link to a program that knows other spellings."""
    from inbounds.provenance.links import links_of
    from inbounds.provenance.markup import Unreadable, text_of

    def linked(part: str) -> bool:
        return next(links_of(part), None) is not None

    for time in range(MOST_READINGS):
        if not linked(text):
            return text
        if time:
            try:
                text = text_of(text)
            except Unreadable:
                break
        text = WORD.sub(lambda found: instead if linked(found[0]) else found[0], text)
    return text if not linked(text) else instead


def _unpictured(text: str) -> str:
    """Return a text without what a program that reads HTML would still load for it."""
    if "<" not in text:
        return text
    from inbounds.provenance.markup import Unreadable, holds_images, text_of

    try:
        for _ in range(MOST_READINGS):
            if not holds_images(text):
                return text
            text = text_of(text)
    except Unreadable:
        pass
    return "[image]"


def _unless_link(found: re.Match[str]) -> str:
    """A word, unless it is a link to whoever reads the entities of HTML."""
    word = found.group()
    return "[link]" if "&" in word and ANY_URL.search(html.unescape(word)) else word
