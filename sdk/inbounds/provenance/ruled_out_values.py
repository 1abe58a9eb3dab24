"""What stands in the stretches of a prompt that are ruled out, and whether a value lies in that."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from .coarse_forms import accounts_in, coarse_forms, form_of
from .dates import spoken_dates, without_dates, written_dates
from .denial_words import DENYING
from .prompt import BARE_HOST, DAY, host_of, joined_words
from .prompt_titles import is_specific
from .values import DATE, HOST, MAIL, PATH, PHONE, URL, embedded, typed
from .whole_names import hosts_of, keys_of_names, name_spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .sentences import Token

_FILE = re.compile(r"(?<![\w.@/:-])([\w-]+(?:\.[\w-]+)+)(?![\w@/-])")
_CAPITALISED = re.compile(r"\b[A-Z][\w'-]+(?: [A-Z][\w'-]*)*")
"""A name as it is written in English; `Eve A.` is known by `Eve`."""
_MAIL_HOST = re.compile(r"(?<![\w.+-])@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w@-]|\.\w)")
"""All addresses of a host, as in `nobody @evil.example`."""
_PHONE = re.compile(r"(?<![\w.])[+(]{0,2}[0-9](?:[\s()./\u2010-\u2015-]{0,3}[0-9]){8,17}(?![\w])")


def runs(text: str, gone: list[Token]) -> Iterator[str]:
    """Yield the stretches of a text that are ruled out, in which tokens follow on each other."""
    start, stop = 0, -1
    for token in gone:
        if stop >= 0 and text[stop : token.start].strip():
            yield text[start:stop]
            start = token.start
        elif stop < 0:
            start = token.start
        stop = token.stop
    if stop >= 0:
        yield text[start:stop]


def all_values(text: str) -> set[str]:
    """The forms of all that stands in a text, within names as well, however it is spelled."""
    keys = {*embedded(without_dates(text)), *keys_of_names(text, name_spans(text))}
    for found in chain(BARE_HOST.finditer(text), _MAIL_HOST.finditer(text)):
        keys.update(hosts_of(found.group(1)))
    for url in [key for key in keys if key.startswith(URL) and key.endswith(f"{host_of(key)}/")]:
        # The first page of a host stands for all that is on it.
        keys.update(key for key in typed(host_of(url)) if key.startswith(HOST))
    keys.update(PATH + found.group(1) for found in _FILE.finditer(text))
    keys.update(DATE + day for day in spoken_dates(text))
    keys.update(DATE + written[:DAY] for written in written_dates(text))
    keys.update(accounts_in(text), (PHONE + found.group() for found in _PHONE.finditer(text)))
    return coarse_forms(keys)


def is_out(key: str, said: int, out: Mapping[str, int]) -> bool:
    """Whether a value is ruled out, or what it lies in, or what lies in it, and not said since.

    Args:
        key: Its key.
        said: The last prompt that says it, by its number, or -1.
        out: The last prompt that rules something out, by its form.
    """
    form = form_of(key)
    if out.get(form, -1) >= max(0, said):
        return True
    return any(out.get(form_of(each), -1) > said for each in broader_keys(key)) or (
        key.startswith(PATH)
        and any(turn > said for each, turn in out.items() if each.startswith(f"{form}/"))
    )


def broader_keys(key: str) -> Iterator[str]:
    """Yield the keys of what a value lies in: the host of an address, the folders of a path."""
    family, value = key[: len(HOST)], key[len(HOST) :]
    if family == PATH:
        at = value.rstrip("/").rfind("/")
        while at > 0:
            yield PATH + value[:at]
            yield PATH + value[: at + 1]
            at = value.rfind("/", 0, at)
    if family not in (MAIL, URL, HOST):
        return
    host = value
    if family != HOST:
        host = (host_of(value) if family == URL else value).rpartition("@")[2].partition(":")[0]
        yield HOST + host
    while host.count(".") > 1:
        host = host.partition(".")[2]
        yield HOST + host


def names_in(run: str) -> Iterator[frozenset[str]]:
    """Yield the words of each name that stands in what is ruled out."""
    for found in _CAPITALISED.finditer(run):
        words = [word for word in joined_words(found.group()).split() if is_specific(word)]
        name = frozenset(word for word in words if len(word) > 1 and word not in DENYING)
        if name:
            yield name
