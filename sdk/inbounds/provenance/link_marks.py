"""Whether a text has to be read for links.

Most texts hold none, and load nothing that reads them.
"""

from __future__ import annotations

import re

_MARKED = re.compile(r"[:/\\?#<&%@]|(?<=\w)\.(?=\w)", re.ASCII)
"""What holds none of these has no link in it, and nothing that programs read as one."""
_ONE_MAIL = re.compile(r"[A-Za-z0-9]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}")
"""Programs make a link of the address, and none of what stands within it."""


def may_link(text: str) -> bool:
    """Tell whether `links.links_of` may yield anything for a text."""
    return not (text.isascii() and (not _MARKED.search(text) or _ONE_MAIL.fullmatch(text)))
