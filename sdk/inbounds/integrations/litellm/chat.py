"""Answers of `/v1/chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .proposals import Proposed

if TYPE_CHECKING:
    from .caller import Caller
    from .proposals import Proposals


def proposes(response: Any) -> bool:
    """Whether an answer is of this kind."""
    choices = getattr(response, "choices", None)
    return isinstance(choices, list) and any(hasattr(each, "message") for each in choices)


async def judged(response: Any, caller: Caller, proposals: Proposals) -> Any:
    """Take the calls out that the policy would refuse, and say so in their place."""
    for choice in response.choices:
        message = choice.message
        calls = list(getattr(message, "tool_calls", None) or [])
        single = getattr(message, "function_call", None)
        wanted = [getattr(each, "function", None) for each in calls] + (
            [single] if single is not None else []
        )
        if not wanted:
            continue
        said = await proposals.refusals(caller, [proposed(each) for each in wanted])
        kept = [each for each, why in zip(calls, said, strict=False) if why is None]
        message.tool_calls = kept or None
        if single is not None and said[-1] is not None:
            message.function_call = None
        lines = [why for why in said if why is not None]
        if lines:
            message.content = together(message.content, lines)
        if not kept and (single is None or said[-1] is not None):
            choice.finish_reason = "stop"
    return response


def proposed(function: Any) -> Proposed:
    """Return what a function is called with; a tool that is not a function has no arguments."""
    if function is None:
        return Proposed("", None)
    arguments = function.arguments
    return Proposed(function.name, "{}" if arguments in (None, "") else arguments)


def together(text: Any, lines: list[str]) -> str:
    """Return what a model has said, and below it what it may not."""
    return "\n".join([*([text] if isinstance(text, str) and text else []), *lines])
