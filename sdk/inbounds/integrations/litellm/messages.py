"""Answers of `/v1/messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .proposals import Proposed

if TYPE_CHECKING:
    from .caller import Caller
    from .proposals import Proposals

CALL = "tool_use"


def proposes(response: Any) -> bool:
    """Whether an answer is of this kind."""
    return isinstance(response, dict) and isinstance(response.get("content"), list)


async def judged(response: dict[str, Any], caller: Caller, proposals: Proposals) -> Any:
    """Put a line in the place of each call that the policy would refuse."""
    content = response["content"]
    calls = [each for each in content if isinstance(each, dict) and each.get("type") == CALL]
    if not calls:
        return response
    said = await proposals.refusals(
        caller, [Proposed(each.get("name"), each.get("input")) for each in calls]
    )
    refused = {id(each): why for each, why in zip(calls, said, strict=True) if why is not None}
    response["content"] = [
        {"type": "text", "text": refused[id(each)]} if id(each) in refused else each
        for each in content
    ]
    if len(refused) == len(calls) and response.get("stop_reason") == CALL:
        response["stop_reason"] = "end_turn"
    return response
