"""Answers of `/v1/responses`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .proposals import Proposed

if TYPE_CHECKING:
    from .caller import Caller
    from .proposals import Proposals

_RAN = frozenset(
    {
        *("web_search_call", "file_search_call", "code_interpreter_call"),
        *("image_generation_call", "mcp_call", "tool_search_call"),
    }
)
"""What has run where the model is by the time that anybody reads of it."""


def is_call(item: Any) -> bool:
    """Whether a client is to run what an item says, or to let it run."""
    kind = str(member(item, "type"))
    return kind.endswith(("_call", "_approval_request")) and kind not in _RAN


def proposes(response: Any) -> bool:
    """Whether an answer is of this kind."""
    return isinstance(getattr(response, "output", None), list)


async def judged(response: Any, caller: Caller, proposals: Proposals) -> Any:
    """Put a line in the place of each call that the policy would refuse."""
    calls = [each for each in response.output if is_call(each)]
    if calls:
        said = await proposals.refusals(caller, [proposed(each) for each in calls])
        refused = {id(each): why for each, why in zip(calls, said, strict=True) if why is not None}
        response.output = [
            line(each, refused[id(each)]) if id(each) in refused else each
            for each in response.output
        ]
    return response


def member(item: Any, name: str) -> Any:
    """Return a member of an item, which LiteLLM has as an object or as a mapping."""
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)


def proposed(item: Any) -> Proposed:
    """Return what an item proposes; one that is not a function has no arguments that are judged."""
    kind = str(member(item, "type"))
    if kind != "function_call":
        return Proposed(member(item, "name") or kind, None)
    return Proposed(member(item, "name"), member(item, "arguments") or "{}")


def line(item: Any, why: str) -> dict[str, Any]:
    """Return what the model says in place of an item."""
    return {
        "type": "message",
        "id": f"msg_{member(item, 'id') or member(item, 'call_id') or 'refused'}",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": why, "annotations": []}],
    }
