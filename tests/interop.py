"""What both engines make of the chains of `tests/vectors.py`, and the record of it.

`python -m tests.interop` writes docs/interop.json, of which `make interop` makes the page.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.both import Both, both
from tests.scenes import ROOT
from tests.vectors import PACKAGE, Vector, vectors

from inbounds.pdp import ACCEPTANCE

RECORD = ROOT / "docs" / "interop.json"
OUT_OF_PROFILE = {
    "01/reject_nonterminal_wildcard": "a prefix is any text: the chain holds, and since a prefix "
    "with a `*` lets nothing in, every call under it is denied",
    "01/reject_duplicate_member": "of a member that a payload has twice the last one counts "
    "(RFC 7519 section 4), in both engines alike",
    "02/valid_audience_array": "a token is for one audience, so that nobody else can use it here",
    "02/valid_unknown_constraint_identical": "a constraint that is not known is refused where it "
    "is stated; there the chain holds, and every action under it is denied",
    "02/reject_wildcard_over_opaque": "ids of resources are of one kind, so that a prefix covers "
    "every id that begins with it, whatever its letters",
    "02/reject_newline_scope": "a prefix is any text, so that no grammar can be slipped past: the "
    "chain holds, and a call on a resource whose id has a line break is denied",
    "02/reject_rank_order_mismatch": "a rank is the set of values up to it: the child's lies "
    "within the parent's, and there is no order that could differ",
    "02/reject_duplicate_key_type": "of a member that a payload has twice the last one counts "
    "(RFC 7519 section 4), in both engines alike; it lies within the parent's",
}
"""Vectors whose property this project's tokens do not have, or have otherwise, and why."""

CALL_DENIED = {"01/reject_nonterminal_wildcard", "02/reject_newline_scope"}
"""Of those, the ones whose chain holds, while a call under it is denied."""

CODES = {
    "signature_invalid": {"task.unverified", "delegation.chain_unverified"},
    "par_hash_mismatch": {"delegation.chain_unverified"},
    "not_narrower": {"delegation.not_narrowed"},
    "depth_invalid": {"delegation.too_deep"},
    "expired": {"delegation.not_narrowed", "task.expired"},
    "principal_altered": {"delegation.other_task"},
    "audience_mismatch": {"identity.wrong_audience"},
    "non_finite": {"task.unverified"},
    "malformed": {
        "delegation.chain_unverified",
        "delegation.not_narrowed",
        "delegation.other_task",
        "identity.lifetime_too_long",
        "task.unverified",
    },
}
"""The codes that stand for a reason of theirs: one of them is there."""
FOLLOWS = {"capability.argument_not_allowed", "task.not_this_subject"}
"""The codes that may be there besides: the call is refused for what the same token says."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided about one chain, by both engines alike.

    Attributes:
        accepted: Whether a call under it is allowed, and the chain taken where there is one;
            None where the two differ.
        codes: The codes of the denial.
    """

    accepted: bool | None
    codes: tuple[str, ...]

    def verdict(self, vector: Vector) -> str:
        """Say how this compares with what the vector asks for."""
        if self.accepted is vector.accepted:
            return "passed"
        return "out of profile" if vector.name in OUT_OF_PROFILE else "failed"


def judged(engines: Both, vector: Vector) -> Judged:
    """Put a chain before both engines: a call under it, and the question what it comes to.

    Raises:
        AssertionError: They differ, or one gives no answer.
    """
    stage = vector.staged()
    engines.place(stage.deployment, stage.live, stage.now)
    answer = engines.ask_opa(stage.question)
    assert answer == engines.ask_embedded(stage.question)
    allowed: bool = answer["decision"]
    codes = tuple(reason["code"] for reason in answer["context"]["reasons"])
    context = stage.question["context"]
    if context["credentials"]["chain"]:
        asked = {"question": 1, "context": {n: context[n] for n in ("agent", "credentials")}}
        taken = engines.ask_opa(asked, ACCEPTANCE)
        assert taken == engines.ask_embedded(asked, ACCEPTANCE)
        return Judged(allowed if taken["issued"] is allowed else None, codes)
    return Judged(allowed, codes)


def record(found: Iterable[tuple[Vector, Judged]]) -> dict[str, Any]:
    """Return what is kept of a run."""
    return {
        "package": PACKAGE,
        "version": importlib.metadata.version(PACKAGE),
        "vectors": [
            {
                "name": vector.name,
                "asked": "accept" if vector.accepted else vector.reason,
                "found": "accept" if each.accepted else ", ".join(each.codes),
                "verdict": each.verdict(vector),
                "because": OUT_OF_PROFILE.get(vector.name, ""),
            }
            for vector, each in found
        ],
    }


def main() -> None:
    """Judge all of them, and keep what was found."""
    with both() as engines:
        found = record((vector, judged(engines, vector)) for vector in vectors())
    RECORD.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
