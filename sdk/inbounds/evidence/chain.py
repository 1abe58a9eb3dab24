"""How records are chained, and how the end of the chain is signed."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from inbounds.errors import ConfigurationError
from inbounds.evidence.records import canonical

_text = json.encoder.encode_basestring
"""A string as RFC 8785 writes it."""


def link(body: bytes) -> str:
    """The hash of a record, SHA-256 over its RFC 8785 JSON, which holds `prev` and `seq`."""
    return hashlib.sha256(body).hexdigest()


def genesis(log: str) -> str:
    """What the first record of a log names as the one before it."""
    return hashlib.sha256(canonical({"kind": "genesis.v1", "log": log})).hexdigest()


def seal(key: bytes, *, log: str, task: str, digest: str) -> str:
    """What shows of one record alone that it was written with the key of the log.

    Anybody can compute a record's hash. This covers it, and with it every field.

    Args:
        key: The evidence key.
        log: The id of the log.
        task: The task that the record counts for; "" for none.
        digest: The hash of the record.

    Returns:
        HMAC-SHA256, in hex.
    """
    text = f'{{"hash":{_text(digest)},"kind":"record.v1","log":{_text(log)},"task":{_text(task)}}}'
    return _hmac(key, text)


def sealed(key: bytes, mac: object, *, log: str, task: str, digest: str) -> bool:
    """Whether `mac` is the `seal` of that record."""
    return _same(mac, seal(key, log=log, task=task, digest=digest))


@dataclass(frozen=True, slots=True)
class TaskHead:
    """How many records count for a task, and the hash of the last; signed like the log's head.

    By it a report finds what was cut from among a task's records, at the cost of that task.

    Attributes:
        task: The id of the task.
        count: How many records.
        hash: The hash of the last one.
        mac: HMAC-SHA256 over the other three and the id of the log, in hex.
    """

    task: str
    count: int
    hash: str
    mac: str

    @classmethod
    def sign(cls, key: bytes, *, log: str, task: str, count: int, last: str) -> TaskHead:
        """The head of a task with `count` records, the last of which hashes to `last`."""
        return cls(task, count, last, _task_mac(key, log, task, count, last))

    def signed_by(self, key: bytes, *, log: str) -> bool:
        """Whether this was signed with `key` for that log. One of the wrong shape was not."""
        shape = (type(self.task), type(self.count), type(self.hash))
        return shape == (str, int, str) and _same(
            self.mac, _task_mac(key, log, self.task, self.count, self.hash)
        )


@dataclass(frozen=True, slots=True)
class Head:
    """How many records a log holds, and the hash of the last; signed by the deployment.

    Kept in the log and replaced with every record. A copy kept elsewhere is an anchor: it
    shows what a log had reached, whatever becomes of the log.

    Attributes:
        log: The id of the log, generated when it was made.
        count: How many records.
        hash: The hash of the last one.
        mac: HMAC-SHA256 over the other three, in hex, with the evidence key.
    """

    log: str
    count: int
    hash: str
    mac: str

    @classmethod
    def sign(cls, key: bytes, *, log: str, count: int, last: str) -> Head:
        """The head of a log with `count` records, the last of which hashes to `last`."""
        return cls(log, count, last, _mac(key, log, count, last))

    def signed_by(self, key: bytes) -> bool:
        """Whether this head was signed with `key`. One of the wrong shape was not."""
        if not self.well_formed:
            return False
        return _same(self.mac, _mac(key, self.log, self.count, self.hash))

    def to_json(self) -> str:
        """One line of JSON, to be kept where the log's writer cannot reach."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Head:
        """Read what `to_json` wrote.

        Raises:
            ConfigurationError: It is not a head.
        """
        from inbounds.canonical.strict_json import strict_json

        try:
            head: Head | None = cls(**strict_json(text.encode()))
        except (ValueError, TypeError):
            head = None
        if head is None or not head.well_formed:
            raise ConfigurationError(
                "that is not an anchor",
                code="evidence.not_an_anchor",
                hint="an anchor is the one line that `Head.to_json` wrote",
            )
        return head

    @property
    def well_formed(self) -> bool:
        """Whether it has the shape of a head; SQLite types values, not columns."""
        shape = (type(self.log), type(self.count), type(self.hash), type(self.mac))
        return shape == (str, int, str, str) and self.count >= 0


# The three below write out what `canonical` makes of the same fields, at a fifth of the time.


def _mac(key: bytes, log: str, count: int, last: str) -> str:
    text = f'{{"count":{count},"hash":{_text(last)},"kind":"head.v1","log":{_text(log)}}}'
    return _hmac(key, text)


def _task_mac(key: bytes, log: str, task: str, count: int, last: str) -> str:
    where = f'"log":{_text(log)},"task":{_text(task)}'
    return _hmac(key, f'{{"count":{count},"hash":{_text(last)},"kind":"task.v1",{where}}}')


def _hmac(key: bytes, text: str) -> str:
    keyed = _keyed(key).copy()
    keyed.update(text.encode())
    return keyed.hexdigest()


@functools.lru_cache(maxsize=4)
def _keyed(key: bytes) -> hmac.HMAC:
    # To begin with a key costs as much as all the rest of it.
    return hmac.new(key, digestmod="sha256")


def _same(mac: object, expected: str) -> bool:
    return isinstance(mac, str) and hmac.compare_digest(
        expected.encode(), mac.encode(errors="replace")
    )
