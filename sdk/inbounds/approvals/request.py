"""What a person is asked before a call may run."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from inbounds.canonical.arguments import canonical_json
from inbounds.model.access_request import AccessRequest
from inbounds.model.leaves import argument_leaves
from inbounds.pdp.registry import UNREGISTERED
from inbounds.provenance.destinations import effects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inbounds.model.question import Decision, Tool
    from inbounds.pdp.registry import RegistryAnswer

_MOST_SHOWN = 2**23
"""How large the JSON of what is shown may be: arguments, and where each leaf was found."""


def request_shown(
    principals: Mapping[str, str],
    question: Mapping[str, Any],
    registered: RegistryAnswer | None,
    writes: Callable[[Tool], Sequence[Mapping[str, str]]],
) -> dict[str, Any]:
    """Return all that a person is shown of a call, but for what the policy says of it.

    Args:
        principals: The `task` that the call is made under, with its `tenant`, `subject`, `agent`
            and `intent`.
        question: The question as it is put to the policy.
        registered: What the registry says of the tool.
        writes: Returns the calls of the session that may have written what the tool runs.
    """
    tool = (registered.tool if registered else None) or UNREGISTERED
    action, resource = question["action"], question["resource"]
    arguments = action["properties"]["arguments"]
    effects = effects_of(tool, arguments)
    return {
        **principals,
        "tool": action["name"],
        "effects": effects,
        "reversible": tool.reversible,
        "resource_type": resource["type"],
        "resource_id": resource["id"],
        "resource_properties": resource.get("properties", {}),
        "arguments": arguments,
        "origins": action["properties"]["origins"],
        "roles": {
            pointer: tool.arguments[pattern].role
            for pointer, pattern, _ in argument_leaves(arguments)
            if pattern in tool.arguments and tool.arguments[pattern].role != "none"
        },
        **({"writes": writes(tool)} if "execute" in effects else {}),
    }


def serialise_shown(shown: Mapping[str, Any]) -> bytes:
    """Return the bytes whose digest an approval of a call is bound to.

    Raises:
        ArgumentNotRepresentable: The resource has properties that have no JSON form.
    """
    # Of another form than the arguments, so that no arguments have the digest of a request.
    return canonical_json(["request", shown], max_bytes=_MOST_SHOWN)


def access_request(
    decision: Decision,
    shown: Mapping[str, Any],
    digest: str,
    question: Mapping[str, Any],
    until: int,
) -> AccessRequest:
    """Return what a person has to be asked about a call.

    Args:
        decision: The answer to the question; its outcome is `ask`.
        shown: What a person is shown of the call.
        digest: Stands for that.
        question: The question as it was put to the policy.
        until: When nobody waits for the answer any more, in Unix seconds.
    """
    asked = decision.access_request
    return AccessRequest(
        **shown,
        id=decision.id,
        label=_text(asked.get("label")),
        environment=_text(asked.get("environment")),
        reasons=decision.reasons,
        digest=digest,
        audience=_audience(question["context"]["credentials"]["task"]),
        # Where the policy does not say, nobody approves for himself, and no plan will do.
        four_eyes=asked.get("four_eyes") is not False,
        plan=asked.get("plan") is True,
        until=until,
    )


def unverified_claims(token: str) -> dict[str, Any]:
    """What a JWT says of itself; none of it is verified. Empty if it is not a JWT."""
    try:
        part = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (AttributeError, IndexError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _audience(token: str) -> tuple[str, ...]:
    said = unverified_claims(token).get("aud", ())
    listed = [said] if isinstance(said, str) else said
    return tuple(each for each in listed if isinstance(each, str))
