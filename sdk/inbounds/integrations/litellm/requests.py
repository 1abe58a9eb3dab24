"""What a model is shown: the tools of its task, and none that its provider runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inbounds.integrations._adapter.hosted import HOSTED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .caller import Caller
    from .proposals import Proposals

_GATEWAY = "litellm_proxy"
"""An MCP server that begins so is the gateway's own: it makes the calls, and they are judged."""

_CONTENT = frozenset(
    {
        *("messages", "input", "prompt", "system", "contents", "tools", "functions"),
        *("tool_choice", "function_call", "response_format", "text", "output_format"),
        *("metadata", "litellm_metadata", "proxy_server_request", "secret_fields"),
    }
)
"""Members of a request within which none of another request are: content, schemas, and records."""

_OFFERS = {
    "tools": ("tool_choice", "parallel_tool_calls"),
    "functions": ("function_call",),
}
"""What a model is offered, and which of it is to be taken."""

_FUNCTION = (
    *("name", "description", "parameters", "strict"),  # chat completions, responses
    *("input_schema", "input_examples", "cache_control"),  # messages
    "format",  # of a custom tool
)
_AROUND = ("type", "cache_control", "disable_parallel_tool_use")
_SERVER = (
    *("type", "server_label", "server_url", "server_description"),
    *("allowed_tools", "require_approval", "headers"),
)
"""Members of a function, beside one under `function`, and of an MCP server of the gateway.

By any other, a provider may run something itself.
"""

UNREAD = frozenset(
    {
        *("realtime", "realtime_calls", "create_realtime_client_secret"),
        *("create_realtime_transcription_session", "responses_websocket"),
        *("pass_through_endpoint", "llm_passthrough_route"),
        *("generate_content", "generate_content_stream"),
        *("create_batch", "run_thread", "run_thread_stream"),
        *("create_interaction", "send_message", "run_code", "code_interpreter_tool"),
    }
)
"""Kinds of requests whose answers may propose, or run, what nobody here looks at."""


def kind_of(call_type: str) -> str:
    """Return what LiteLLM calls a kind of request, whether it is answered async or not."""
    bare = call_type.lstrip("_")
    return bare.removeprefix("a") if bare.removeprefix("a") in UNREAD else bare


async def cut(data: dict[str, Any], caller: Caller, proposals: Proposals) -> None:
    """Leave in a request the tools that its task holds, in place; and in all that is within it.

    That saves a model a refusal, and is not a gate: what it proposes is judged all the same. A tool
    that its provider runs itself never comes by again, and so is left out here. What a request
    names to be tried where the first model fails is a request as well.

    Args:
        data: The request.
        caller: Who has sent it.
        proposals: Know which tools a task holds.
    """
    requests: list[dict[str, Any]] = []
    data |= _copied(data, requests)
    requests[-1] = data
    for each in requests:
        # What stands there is sent as it is, and overrides what stands beside it.
        extra = each.get("extra_body")
        if isinstance(extra, dict):
            for offered, choices in _OFFERS.items():
                for name in (offered, *choices):
                    extra.pop(name, None)
        for name in HOSTED:
            each.pop(name, None)
    offering = [each for each in requests if _OFFERS.keys() & each.keys()]
    if not offering:
        return
    shown = await proposals.shown(caller)

    def holds(name: Any) -> bool:
        return isinstance(name, str) and proposals.registered(name, shown) in shown

    for each in offering:
        _cut(each, holds)


def _copied(value: Any, requests: list[dict[str, Any]]) -> Any:
    """Return a copy of a part of a request, and add each mapping of it to `requests`, inner first.

    A copy, since what stands in a request may be the gateway's own and another request's as well.
    """
    if isinstance(value, Mapping):
        copied = {
            name: each if name in _CONTENT else _copied(each, requests)
            for name, each in value.items()
        }
        requests.append(copied)
        return copied
    if isinstance(value, list):
        return [_copied(each, requests) for each in value]
    return value


def _cut(request: dict[str, Any], holds: Callable[[Any], bool]) -> None:
    for offered, (choice, *others) in _OFFERS.items():
        made = [_rebuilt(each, holds) for each in _listed(request.get(offered))]
        kept = [each for each in made if each]
        chosen = request.get(choice)
        if kept:
            request[offered] = kept
            if isinstance(chosen, Mapping):
                request[choice] = _named(chosen, holds)
                if not request[choice]:
                    del request[choice]
            continue
        # A provider refuses a list of none, and a choice from it.
        for member in (offered, choice, *others):
            request.pop(member, None)


def _rebuilt(tool: Any, holds: Callable[[Any], bool]) -> dict[str, Any]:
    """Return an offered tool of the members that are known, or nothing where it may not stay."""
    if not isinstance(tool, Mapping):
        return {}
    if tool.get("type") == "mcp":
        own = str(tool.get("server_url") or "").startswith(_GATEWAY)
        return _only(tool, _SERVER) if own else {}
    if tool.get("type", "function") not in ("function", "custom"):
        return {}
    return _named(tool, holds)


def _named(tool: Mapping[str, Any], holds: Callable[[Any], bool]) -> dict[str, Any]:
    """Return what names a tool, with the one name that is looked at; nothing for any other."""
    inner = tool.get("function")
    function = _only(inner if isinstance(inner, Mapping) else tool, _FUNCTION)
    if not holds(function.get("name")):
        return {}
    around = _only(tool, _AROUND)
    return around | ({"function": function} if isinstance(inner, Mapping) else function)


def _only(tool: Mapping[str, Any], members: Collection[str]) -> dict[str, Any]:
    return {name: each for name, each in tool.items() if name in members}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
