"""The questions whose cost is counted: the ordinary scene of the tests, changed in one thing each.

Keys and signatures follow from names, and the time stands still: every run has the same bytes.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests import scenes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.scenes import Staged

READ, WRITE, EXPORT = "plain read", "write", "export with origins"
ASK, DENIED, CHAIN, APPROVAL = "ask", "denied", "chain of three", "approval"
TOOLS = "10,000 tools"
NAMES = (READ, WRITE, EXPORT, ASK, DENIED, CHAIN, APPROVAL, TOOLS)
OUTCOMES = {ASK: "ask", DENIED: "deny"}
"""The outcome of each question that is not allowed."""
_MANY = 10_000
_AGENTS = [f"spiffe://acme.example/agent/{name}" for name in ("researcher", "librarian")]
_ARCHIVIST = "spiffe://acme.example/agent/archivist"
_PROPERTIES = "/question/action/properties"


def staged(name: str) -> Staged:
    """Return one of the questions with the data that it is judged by."""
    scene = scenes.staged(_PATCHES[name])
    if name == TOOLS:
        tools = scene.deployment["tools"]
        few = len(tools)
        tools |= {f"mail.read_{place:05}": tools["mail.read"] for place in range(few, _MANY)}
    return scene


def _replaced(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, value in values.items():
        yield {"op": "replace", "path": path, "value": value}


def _mail(to: str, origins: Mapping[str, Any]) -> list[dict[str, Any]]:
    local, _, domain = to.partition("@")
    return [
        *_replaced(
            {
                "/question/action/name": "mail.send",
                f"{_PROPERTIES}/arguments": {"to": [to], "body": "Hello"},
                f"{_PROPERTIES}/parsed": {
                    "/to/0": {"kind": "email", "local": local, "domain": domain}
                },
                f"{_PROPERTIES}/origins": origins,
                "/question/resource/type": "mailbox",
                "/question/resource/id": "alice",
                "/question/context/session/trust": "untrusted",
            }
        )
    ]


def _chain() -> list[dict[str, Any]]:
    """A task that was delegated three times."""
    scene = scenes.scene()
    third = copy.deepcopy(scene["hops"][1])
    claims = third["claims"]
    third["signer"] = claims["cnf"]["jwk"]["y"]
    claims["cnf"]["jwk"]["y"] = claims["cnf"]["jwk"]["y"].replace("holder3", "holder4")
    claims |= {
        "act": {"sub": _ARCHIVIST, "act": claims["act"]},
        "jti": "token-4",
        "del_depth": 3,
        "delegation": "delegation-3",
    }
    librarian = scene["deployment"]["agents"][_AGENTS[1]]
    agents = {
        **scene["deployment"]["agents"],
        _AGENTS[1]: {**librarian, "may_delegate_to": [_ARCHIVIST]},
        _ARCHIVIST: librarian,
    }
    links = "/question/context/credentials/chain"
    return [
        {"op": "add", "path": "/hops/2", "value": third},
        *_replaced(
            {
                links: ["", "", ""],
                "/deployment/agents": agents,
                "/identity/claims/sub": _ARCHIVIST,
                "/question/context/agent": _ARCHIVIST,
                "/task/claims/del_max_depth": 3,
                **{f"/hops/{number}/claims/del_max_depth": 3 for number in range(3)},
            }
        ),
    ]


_PROMPT = {"/to/0": {"source": "prompt", "grade": "prompt"}}
_STRANGER = {
    "/to/0": {"source": "tool", "tool": "mail.read", "call": 1, "grade": "third_party_text"}
}
_PATCHES: Mapping[str, scenes.Patch] = {
    READ: [],
    WRITE: [
        *_replaced(
            {
                "/question/action/name": "file.write",
                f"{_PROPERTIES}/arguments": {"path": "/work/notes/a.txt", "text": "Hello"},
                f"{_PROPERTIES}/parsed": {"/path": {"kind": "path"}},
                "/question/resource/type": "file",
                "/question/resource/id": "/work/notes/a.txt",
            }
        )
    ],
    EXPORT: _mail("bob@acme.example", _PROMPT),
    ASK: _mail("bob@acme.example", _STRANGER),
    DENIED: _mail("mallory@evil.example", _PROMPT),
    CHAIN: _chain(),
    APPROVAL: [
        *_mail("bob@acme.example", _STRANGER),
        {"op": "add", "path": "/question/context/credentials/approvals/0", "value": ""},
    ],
    TOOLS: [],
}
