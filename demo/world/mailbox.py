"""The mailbox: rows in SQLite. Knows nothing of who may do what."""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SCHEMA = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, folder TEXT NOT NULL, sender TEXT NOT NULL,
    recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, read INTEGER NOT NULL
);
CREATE TABLE contacts (address TEXT PRIMARY KEY);
INSERT INTO contacts VALUES ('bob@acme.example'), ('carol@acme.example');
"""
_NUMBERED = re.compile(r"(\d+)-.*\.(eml|txt)")


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the mailbox."""

    id: int
    tenant: str
    folder: str
    sender: str
    recipient: str
    subject: str
    body: str
    read: bool


class Mailbox:
    """A file of messages and contacts. Safe for threads, which take turns."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, messages: Sequence[Message]) -> Mailbox:
        """Make the file and put the messages in."""
        mailbox = cls(path)
        mailbox._connection.executescript(_SCHEMA)
        mailbox._connection.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (m.id, m.tenant, m.folder, m.sender, m.recipient, m.subject, m.body, m.read)
                for m in messages
            ],
        )
        return mailbox

    def messages(self, folder: str, tenant: str) -> list[Message]:
        """Return the messages of a folder, oldest first."""
        return self._select("folder = ? AND tenant = ?", folder, tenant)

    def find(self, number: int) -> Message | None:
        """Return one message, whoever it belongs to; None where there is none."""
        return next(iter(self._select("id = ?", number)), None)

    def mark_read(self, number: int) -> None:
        """Set a message's flag."""
        self._execute("UPDATE messages SET read = 1 WHERE id = ?", number)

    def delete(self, number: int) -> None:
        """Remove a message for good."""
        self._execute("DELETE FROM messages WHERE id = ?", number)

    def add_contact(self, address: str) -> None:
        """Put an address among those mail is trusted from."""
        self._execute("INSERT OR IGNORE INTO contacts VALUES (?)", address)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _select(self, where: str, *values: object) -> list[Message]:
        with self._lock:
            rows = self._connection.execute(
                f"SELECT * FROM messages WHERE {where} ORDER BY id",  # noqa: S608 -- own text
                values,
            ).fetchall()
        return [Message(*row) for row in rows]

    def _execute(self, statement: str, *values: object) -> None:
        with self._lock:
            self._connection.execute(statement, values)


def read_messages(folder: Path, replaced: Mapping[int, Path]) -> list[Message]:
    """Read the messages of a folder whose names begin with their numbers.

    Args:
        folder: Holds files such as `3-invoice.eml`.
        replaced: Files that take the place of a number's own.
    """
    found = {
        int(named[1]): path
        for path in folder.iterdir()
        if (named := _NUMBERED.fullmatch(path.name)) is not None
    }
    return [_read(number, path) for number, path in sorted({**found, **replaced}.items())]


def _read(number: int, path: Path) -> Message:
    text = path.read_text("utf-8")
    if not re.match(r"[A-Za-z-]+:", text):
        # A text file without headers is a body.
        text = f"From: stranger@elsewhere.example\nSubject: {path.stem}\n\n{text}"
    parsed = email.message_from_string(text, policy=email.policy.default)
    body = parsed.get_body(("plain",))
    return Message(
        id=number,
        tenant=parsed.get("X-Tenant", "acme"),
        folder=parsed.get("X-Folder", "inbox"),
        sender=str(parsed.get("From", "stranger@elsewhere.example")),
        recipient=str(parsed.get("To", "alice@acme.example")),
        subject=str(parsed.get("Subject", "")),
        body=str(body.get_content()) if body is not None else "",
        read=parsed.get("X-Read", "no") == "yes",
    )
