"""How records are chained, and how the end of the chain is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from inbounds.errors import ConfigurationError
from inbounds.evidence.records import canonical


def link(body: bytes) -> str:
    """The hash of a record, SHA-256 over its RFC 8785 JSON, which holds `prev` and `seq`."""
    return hashlib.sha256(body).hexdigest()


def genesis(log: str) -> str:
    """What the first record of a log names as the one before it."""
    return hashlib.sha256(canonical({"kind": "genesis.v1", "log": log})).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How many records a log holds, and the hash of the last; signed by the deployment.

    Kept in the log and replaced with every record. A copy kept elsewhere is an anchor: it
    shows what a log had reached, whatever becomes of the log.

    Attributes:
        log: The id of the log, drawn when it was made.
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
        expected = _mac(key, self.log, self.count, self.hash)
        return hmac.compare_digest(expected.encode(), self.mac.encode(errors="replace"))

    def to_json(self) -> str:
        """One line of JSON, to be kept where the log's writer cannot reach."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Head:
        """Read what `to_json` wrote.

        Raises:
            ConfigurationError: It is not a head.
        """
        try:
            head: Head | None = cls(**json.loads(text))
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


def _mac(key: bytes, log: str, count: int, last: str) -> str:
    head = canonical({"kind": "head.v1", "log": log, "count": count, "hash": last})
    return hmac.digest(key, head, "sha256").hex()
