"""What the names of tools and of what they touch suggest. A name is a hint, and never more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from inbounds.model.question import Effect, Tool


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


EFFECTS: Mapping[Effect, frozenset[str]] = {
    "write": _set("write create update add set append save insert edit rename move put patch"),
    "delete": _set("delete remove erase purge wipe destroy drop trash clear"),
    "export": _set(
        "send forward reply upload share publish invite export mail email notify post submit"
        " answer message respond tell"
    ),
    "execute": _set("execute run exec eval shell bash script deploy launch"),
    "spend": _set("pay buy purchase order transfer spend refund donate wire checkout charge"),
    "delegate": _set("delegate handoff spawn assign dispatch"),
    "administer": _set(
        "administer grant revoke permission permissions role roles admin configure password"
        " settings policy"
    ),
}
"""The words that tell, in a name or a sentence, that an effect is meant."""

_VERBS: Mapping[Effect, frozenset[str]] = {
    "write": _set("write create update append save insert edit rename"),
    "delete": _set("delete remove erase purge wipe destroy trash"),
    "export": _set("send forward reply upload share publish invite export submit"),
    "execute": _set("execute run exec eval deploy launch"),
    "spend": _set("pay buy purchase transfer spend refund donate"),
    "delegate": _set("delegate handoff spawn"),
    "administer": _set("grant revoke configure"),
}

LISTS = _set("list search find query")
"""Verbs of tools that give back several of something."""
OUTSIDE = _set(
    "mail mails email emails inbox message messages sms web website page pages url http browser"
    " comment comments issue issues ticket tickets review reviews chat channel channels slack"
    " post posts feed rss news forum thread threads discussion"
)
"""Nouns of what strangers write into."""
FILES = _set("file files document documents attachment attachments drive download downloads pdf")
"""Nouns of what may come from a stranger, and is often one's own."""
MEMORY = _set("memory memories remember memorise memorize recall")
"""Words of what is kept from one session to the next."""
HISTORY = _set("history histories recent recents visited audit trail activity activities")
"""Words of what keeps the calls that were made."""
NEUTRAL = _set(
    "id key number data edge element entrie entry hit item list match matche node page record"
    " result row value"
)
"""Words of the path to an id that do not say what it names; without the `s` of a plural."""
RECEIVERS = _set("to cc bcc recipient receiver")
"""Words of the name of a recipient that do not say of which type it is, in the same form."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ENDINGS = ("", "s", "d", "ed", "ing", "es", "ment", "r", "er")


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a name, such as `mail.sendNow` or `send_mail`, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(text))


def suggested(name: str) -> set[Effect]:
    """Return the effects that the verbs in the name of a tool suggest.

    The verb comes first, or last behind a dot: `files.delete`, `delete_file`, `send_mail`.
    """
    parts = name.rpartition(".")[2]
    found = words(parts)[:1]
    return {effect for effect, verbs in _VERBS.items() if verbs.intersection(found)}


def about(tool: str, entry: Tool) -> set[str]:
    """Return the words of the name of a tool and of the type of what it touches."""
    return {*words(tool), *words(entry.resource)}


def mentions(texts: Iterable[str], effect: Effect) -> bool:
    """Tell whether one of the texts has a word of an effect, in any of its usual endings."""
    said = {word for text in texts for word in words(text)}
    stems = EFFECTS.get(effect, frozenset())
    return any(
        form in said
        for stem in (*stems, effect)
        for ending in _ENDINGS
        for form in (stem + ending, stem.removesuffix("e") + ending, stem + stem[-1] + ending)
    )
