"""The links in a text that goes out: whatever a reader's program may open or fetch by itself."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from inbounds.kinds import NotOfKind, in_form

from .values import LONGEST_TYPED

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 64
"""So many links of one text are told apart; what is beyond is one link to nowhere known."""

_ENDS = re.compile(r"[\s<>\"'`|\x00]+")
_MARKS = re.compile(r"[:/\\?#]|www\.", re.IGNORECASE)
_BROKEN = re.compile(r"=\s*(?:\"([^\"<>]{1,4096})\"|'([^'<>]{1,4096})')")
"""A value of an attribute: whoever opens it leaves out its tabs and the ends of its lines."""
_LEFT_OUT = str.maketrans("", "", "\t\n\r")
_REST = r"[^\s<>\"'`|\x00]"
_LINKS = re.compile(
    rf"(?<![A-Za-z0-9+.-])(?:https?|wss?|ftp):[\\/]*{_REST}{{1,2048}}"  # also as browsers mend it
    rf"|(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{{1,20}}://{_REST}{{1,2048}}"
    rf"|(?<![\w:/\\])[\\/]{{2,}}[\w\[]{_REST}{{1,2048}}"
    rf"|(?<![\w.@/-])www\.{_REST}{{1,2048}}"
    r"|(?<![\w.@/:-])(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}(?::[0-9]{1,5})?[/?#]"
    rf"{_REST}{{0,2048}}",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):[\\/]*", re.IGNORECASE)
_END = ".,;:!?*_)]}\\"


def links_of(text: str) -> Iterator[tuple[str, str]]:
    """The links of a text, each as its URL in canonical form and its host; both empty if unread.

    Also what a mail program makes a link of: `www.acme.example`, `//acme.example/x`, and what
    HTML writes in entities.
    """
    seen = set()
    texts = [text]
    if "&" in text and (plain := html.unescape(text)) != text:
        texts.append(plain)
    for each in (*texts,):
        for attribute in _BROKEN.finditer(each):
            written = attribute.group(1) or attribute.group(2)
            if (whole := written.translate(_LEFT_OUT)) != written:
                texts.append(whole)
    for each in texts:
        for word in _ENDS.split(each) if _MARKS.search(each) else ():
            # Nothing without one of these is a link, and most words are soon looked at.
            if not _MARKS.search(word):
                continue
            for found in _LINKS.finditer(word):
                link = _read(found.group())
                if link not in seen:
                    seen.add(link)
                    yield link


def _read(written: str) -> tuple[str, str]:
    url = _without_end(written)
    scheme = _SCHEME.match(url)
    start, rest = (scheme.group(1), url[scheme.end() :]) if scheme else ("https", url.lstrip("\\/"))
    url = f"{start}://{rest}"
    if len(url) > LONGEST_TYPED + 16:
        return "", ""
    try:
        canonical, parsed = in_form("url", url)
    except (NotOfKind, UnicodeError):
        return "", ""
    return canonical, parsed.host


def _without_end(url: str) -> str:
    while url and url[-1] in _END:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url
