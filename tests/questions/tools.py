"""Tools of every effect, kind and role, with arguments that each of them takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from . import words

DOMAINS = ("acme.example", "post.acme.example", "bücher.example")
HOSTS = ("wiki.acme.example", "api.acme.example", "192.0.2.7", "[2001:db8::7]")
IBANS = ("DE89370400440532013000", "GB33BUKB20201555555555", "FR1420041010050500013M02606")
PHONES = ("+4930123456", "+14155550100")
PEERS = ("desk", "Büro 2")
CARD_HOST = "desk.partner.example"
"""Where the cards of all peers say that they are."""

PLACES = ("https://text.example/mcp", "npx 'a server' --of text")
"""Where the server of `text.find` may run."""

PIN = "sha256:aWgRDvRGT7QGAMUzLPGZpYG6NxQmLF8sAi_z9RpKNO4"
"""The descriptor of `text.find`."""
WRITING = frozenset({"write", "delete", "execute", "spend", "administer"})
STEERING = ("recipient", "target", "amount", "code", "credential")
FOLDERS = ("/work/", "/srv/share/", "docs/")

DESTINATIONS: Mapping[str, Any] = {
    "colleagues": {"domains": list(DOMAINS[:2]), "addresses": ["carol@partner.example"]},
    "readers": {"domains": ["xn--bcher-kva.example"]},
    "intranet": {"hosts": list(HOSTS)},
    "payees": {"addresses": [*IBANS[:2]]},
    "callers": {"addresses": [*PHONES]},
    "partners": {"hosts": [CARD_HOST]},
    "press": {"domains": ["press.example"], "hosts": ["press.example"], "addresses": [IBANS[2]]},
}


@dataclass(frozen=True, slots=True)
class Template:
    """A tool as a registry would describe it, and how it is ordinarily called.

    Attributes:
        effects: What it does.
        resource: The type of its resource.
        arguments: What the registry says of its arguments.
        draws: Arguments that it takes.
        ids: The id of a resource that is ordinary, given the arguments.
        destinations: Those that the arguments of an ordinary call may be sent to.
        memory: Whether it keeps what it is given for later sessions.
    """

    effects: tuple[str, ...]
    resource: str
    arguments: Mapping[str, Any]
    draws: Callable[[Random], dict[str, Any]]
    ids: Callable[[Random, Mapping[str, Any]], str]
    destinations: tuple[str, ...] = ()
    memory: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it does something of which the registry says if it can be undone."""
        return bool(WRITING & set(self.effects))

    def of_role(self, arguments: Mapping[str, Any], *roles: str) -> dict[str, Any]:
        """The leaves of `arguments` that have one of the roles, by their pointers."""
        named = {pattern for pattern, about in self.arguments.items() if about.get("role") in roles}
        return {
            pointer: value
            for pointer, value in leaves(arguments).items()
            if value is not None and re.sub(r"/\d+(?=/|$)", "/*", pointer) in named
        }

    @property
    def has_path(self) -> bool:
        """Whether its resource is the path that it takes."""
        return "/path" in self.arguments


def leaves(value: Any, pointer: str = "") -> dict[str, Any]:
    """Everything within a value that holds nothing else, by its pointer."""
    if isinstance(value, dict):
        inner = ((name.replace("~", "~0").replace("/", "~1"), held) for name, held in value.items())
    elif isinstance(value, list):
        inner = ((str(index), held) for index, held in enumerate(value))
    else:
        return {pointer: value}
    return {p: v for name, held in inner for p, v in leaves(held, f"{pointer}/{name}").items()}


def _path(r: Random) -> str:
    names = [words.word(r) for _ in range(r.randint(0, 3))]
    return r.choice(FOLDERS) + "/".join([*names, f"{words.word(r)}.txt"])


def _address(r: Random) -> str:
    if r.random() < 0.2:
        return "carol@partner.example"
    return f"{words.word(r)}@{r.choice(DOMAINS)}"


def _url(r: Random) -> str:
    path = "/".join(words.word(r) for _ in range(r.randint(0, 3)))
    port = r.choice(["", "", ":8443"])
    query = r.choice(["", "?q=a%20b", "?a=1&b=2#top"])
    scheme = r.choice(["https", "https", "http", "wss"])
    return f"{scheme}://{r.choice(HOSTS)}{port}/{path}{query}"


def _maybe(r: Random, **optional: Any) -> dict[str, Any]:
    return {name: made() for name, made in optional.items() if r.random() < 0.5}


def _mail(r: Random) -> dict[str, Any]:
    return {
        "to": [_address(r) for _ in range(r.randint(1, 4))],
        **_maybe(
            r,
            body=lambda: words.text(r, 400),
            copies=lambda: r.randint(1, 3),
            subject=lambda: r.choice([None, words.text(r, 40)]),
            attachments=list,
        ),
    }


def _file(r: Random) -> dict[str, Any]:
    return {
        "path": _path(r),
        **_maybe(
            r,
            text=lambda: r.choice([None, words.text(r)]),
            mode=lambda: r.choice(["append", "replace"]),
            overwrite=lambda: r.choice([True, False]),
        ),
    }


def _payment(r: Random) -> dict[str, Any]:
    return {
        "to": r.choice(IBANS[:2]),
        "amount": r.choice([1, 50_000, r.randint(1, 50_000)]),
        **_maybe(r, currency=lambda: r.choice(["EUR", "GBP"]), note=lambda: words.text(r, 30)),
    }


def _run(r: Random) -> dict[str, Any]:
    return {
        # What could be a place or a host is not an ordinary code.
        "code": "".join(sign for sign in words.text(r, 300) if sign.isascii() and sign.isalnum()),
        **_maybe(
            r,
            args=lambda: [words.text(r, 10) for _ in range(r.randint(0, 4))],
            options=lambda: r.choice([{}, {"level": r.randint(0, 9)}, {"level": 0, "debug": True}]),
        ),
    }


def _search(r: Random) -> dict[str, Any]:
    return {
        "q": words.word(r, 12),
        **_maybe(
            r,
            limit=lambda: r.choice([0, 0.5, 1.5, 100, 1e-7, 99.99]),
            since=lambda: r.choice(["2026-01-31", "2026-01-31T12:00:00+02:00"]),
            phone=lambda: r.choice(PHONES),
            fuzzy=lambda: r.choice([True, False]),
        ),
    }


def _table(r: Random) -> dict[str, Any]:
    row = {"cells": [words.number(r) for _ in range(r.randint(0, 3))]}
    return {
        "rows": [row for _ in range(r.randint(1, 3))],
        "a/b": words.text(r, 10),
        "c~d": words.text(r, 10),
        **_maybe(r, **{"*": lambda: words.text(r, 5), "größe": lambda: r.choice([1, 2.5, -1])}),
    }


def _of_path(_: Random, arguments: Mapping[str, Any]) -> str:
    return str(arguments["path"])


def _any_id(r: Random, _: Mapping[str, Any]) -> str:
    return r.choice([str(r.randint(1, 9999)), words.word(r, 12), "Zoë/ß 1", "a" * 60])


_ID = {"kind": "id", "required": True}
_PATH = {"kind": "path", "role": "target", "required": True}

TEMPLATES: Mapping[str, Template] = {
    "mail.read": Template(
        ("read",), "mail", {"/id": _ID}, lambda r: {"id": str(r.randint(1, 999))}, _any_id
    ),
    "mail.send": Template(
        ("export",),
        "mailbox",
        {
            "/to/*": {"kind": "email", "role": "recipient", "required": True},
            "/body": {"kind": "text", "role": "content", "max_length": 400},
            "/copies": {"type": "integer", "minimum": 1, "maximum": 3},
            "/subject": {"role": "content", "nullable": True},
            "/attachments/*": {"kind": "path"},
        },
        _mail,
        _any_id,
        ("colleagues", "readers"),
    ),
    "file.write": Template(
        ("write",),
        "file",
        {
            "/path": {**_PATH, "path_prefixes": ["/work", "/srv", "docs/"]},
            "/text": {"role": "content", "nullable": True},
            "/mode": {"one_of": ["append", "replace"]},
            "/overwrite": {"type": "boolean"},
        },
        _file,
        _of_path,
    ),
    "file.remove": Template(
        ("delete",), "file", {"/path": _PATH}, lambda r: {"path": _path(r)}, _of_path
    ),
    "file.read": Template(
        ("read",), "file", {"/path": _PATH}, lambda r: {"path": _path(r)}, _of_path
    ),
    "page.get": Template(
        ("read", "export"),
        "page",
        {"/url": {"kind": "url", "role": "target", "required": True}},
        lambda r: {"url": _url(r)},
        _any_id,
        ("intranet",),
    ),
    "host.ping": Template(
        ("read", "export"),
        "page",
        {"/host": {"kind": "host", "role": "recipient", "required": True, "hosts": list(HOSTS)}},
        lambda r: {"host": r.choice(HOSTS)},
        _any_id,
        ("intranet",),
    ),
    "money.pay": Template(
        ("spend",),
        "account",
        {
            "/to": {"kind": "iban", "role": "recipient", "required": True},
            "/amount": {
                "type": "integer",
                "kind": "money",
                "role": "amount",
                "required": True,
                "minimum": 1,
                "maximum": 50_000,
            },
            "/currency": {"one_of": ["EUR", "GBP"]},
            "/note": {"kind": "text", "role": "content"},
        },
        _payment,
        _any_id,
        ("payees",),
    ),
    "code.run": Template(
        ("execute", "read"),
        "sandbox",
        {
            "/code": {"kind": "text", "role": "code", "required": True},
            "/args/*": {},
            "/options/level": {"type": "integer", "minimum": 0, "maximum": 9},
            "/options/debug": {"type": "boolean"},
        },
        _run,
        _any_id,
    ),
    "user.change": Template(
        ("administer", "write"),
        "directory",
        {
            "/who": _ID,
            "/rights/*": {"one_of": ["a", "b", ""]},
            "/level": {"type": "number", "one_of": [1, 2.5, True, "a"]},
        },
        lambda r: {
            "who": words.word(r),
            "rights": words.some(r, ["a", "b", ""]),
            **_maybe(r, level=lambda: r.choice([1, 2.5])),
        },
        _any_id,
    ),
    "task.delegate": Template(
        ("delegate",),
        "agent",
        {"/to": _ID, "/steps": {"type": "number"}},
        lambda r: {"to": words.word(r), "steps": r.choice([1, 2**53 - 1, -0.25, 1e-7])},
        _any_id,
    ),
    "peer.ask": Template(
        ("delegate",),
        "peer",
        {"/text": {"kind": "text", "role": "content"}, "/url": {"kind": "url"}},
        lambda r: {
            "text": words.text(r, 50),
            "url": f"https://{CARD_HOST}/a2a{r.choice(['', '/v1/message:send', '?page=2'])}",
        },
        lambda r, _: r.choice(PEERS),
        ("partners",),
    ),
    "text.find": Template(
        ("read",),
        "index",
        {
            "/q": {"role": "query", "pattern": "[a-z]{2,12}", "required": True},
            "/limit": {"type": "number", "minimum": 0, "maximum": 100},
            "/since": {"kind": "date"},
            "/phone": {"kind": "phone", "role": "query"},
            "/fuzzy": {"type": "boolean"},
            "/token": {"role": "credential", "nullable": True},
        },
        _search,
        _any_id,
    ),
    "table.größe": Template(
        ("write",),
        "table",
        {
            "/rows/*/cells/*": {"type": "number"},
            "/a~1b": {"max_length": 100},
            "/c~0d": {},
            "/~2": {},
            "/größe": {"type": "number", "one_of": [1, 2.5, -1]},
        },
        _table,
        _any_id,
    ),
    "memory.keep": Template(
        ("write",),
        "memory",
        {
            "/text": {"kind": "text", "role": "content", "required": True},
            "/tags/*": {},
            "/days": {"type": "integer", "nullable": True},
        },
        lambda r: {
            "text": words.text(r, 100),
            **_maybe(
                r,
                tags=lambda: [words.word(r) for _ in range(r.randint(0, 3))],
                days=lambda: r.choice([None, 7]),
            ),
        },
        _any_id,
        memory=True,
    ),
    "phone.call": Template(
        ("export", "execute"),
        "line",
        {"/number": {"kind": "phone", "role": "recipient"}},
        lambda r: {"number": r.choice(PHONES)},
        _any_id,
        ("callers",),
    ),
}
