"""What a reader sees of a text, whatever signs it is written in."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Invisible characters (Unicode, `Default_Ignorable_Code_Point`), for a class of `re`."""

_ESCAPES = re.compile(
    r"[\\%]u([0-9a-fA-F]{4})|\\u\{0{0,8}([0-9a-fA-F]{1,5})\}|\\x([0-9a-fA-F]{2})"
    r"|\\U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_IGNORABLE = re.compile(f"[{IGNORABLE}]")


def visible(text: str) -> str:
    """Return a text as it is read: without entities, escapes, wide and invisible characters."""
    text = shown(decoded_escapes(text))
    return shown(unquote(text)) if "%" in text else text


def shown(text: str) -> str:
    """Return a text as a page shows it: without entities, wide and invisible characters."""
    if "&" in text:
        text = html.unescape(text)
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _IGNORABLE.sub("", text))


def decoded_escapes(text: str) -> str:
    """Return a text without the escapes that JSON and scripts write signs in."""
    if "\\" not in text and "%u" not in text:
        return text
    text = _ESCAPES.sub(lambda found: chr(int(found[found.lastindex or 0], 16)), text)
    if not _SURROGATES.search(text):
        return text
    # Signs beyond the first 65,536 are written in two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
