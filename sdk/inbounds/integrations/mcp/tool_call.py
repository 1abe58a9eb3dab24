"""What a client asks of a server, as a name and arguments that a policy can judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ANSWER = "inbounds/approval"
"""Under this name a client is asked, and answers, whether a person approves."""

PASS = frozenset({"initialize", "ping", "server/discover"})
"""What carries nothing of the agent's, and is answered by the server about itself."""

LISTS = {
    "tools/list": "tools",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}
"""What is answered with a list, and where it stands in the answer."""

_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"

META = frozenset(
    {
        "progress_token",
        "progressToken",
        "traceparent",
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientInfo",
        _CAPABILITIES,
        "io.modelcontextprotocol/logLevel",
    }
)
"""What of `_meta` reaches the server: anything else would be an argument that nobody judges."""

_MOST_URIS = 64

ROUND = frozenset({"inputResponses", "requestState"})
"""What a client brings back, with the same request, to what it was asked."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a request is judged.

    Attributes:
        members: Which members it may have, and the type of each.
        needs: Those it cannot be without.
        rounds: Whether it can come back with answers.
    """

    members: Mapping[str, type]
    needs: frozenset[str]
    rounds: bool = False


_URI = _Shape({"uri": str}, frozenset({"uri"}))
_JUDGED = {
    "tools/call": _Shape({"name": str, "arguments": dict}, frozenset({"name"}), rounds=True),
    "prompts/get": _Shape({"name": str, "arguments": dict}, frozenset({"name"}), rounds=True),
    "resources/read": _Shape({"uri": str}, frozenset({"uri"}), rounds=True),
    "resources/subscribe": _URI,
    "resources/unsubscribe": _URI,
    "completion/complete": _Shape(
        {"ref": dict, "argument": dict, "context": dict}, frozenset({"ref", "argument"})
    ),
}
_TAKEN = frozenset(name.replace("/", ".") for name in _JUDGED)
"""What no tool may be called: under these names something else is registered."""

JUDGED = frozenset(_JUDGED)
"""What is judged before the server sees it. What is neither here nor above is refused."""

IN_LIST = {
    "resources/list": "resources/read",
    "resources/templates/list": "resources/read",
    "prompts/list": "prompts/get",
}
"""What a task has to hold to be shown a list."""


@dataclass(frozen=True)
class ToolCall:
    """One request that is judged.

    Attributes:
        method: Of the protocol.
        tool: The name that it is registered under.
        own: The server's own name of the tool; empty for what is not a tool.
        arguments: What is judged; None where the request is malformed.
        call_id: The host's own id of the call, if it says one.
        state: What the client brings back of what this adapter has said to it; None for nothing.
        answer: What it answers to that.
        others: What it brings back to the server itself.
    """

    method: str
    tool: str
    own: str = ""
    arguments: Mapping[str, Any] | None = None
    call_id: str = ""
    state: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, method: str, params: Any, server: str) -> ToolCall:
        """Read a request, whatever it holds."""
        shape = _JUDGED[method]
        said: Mapping[str, Any] = params if isinstance(params, Mapping) else {}
        own, tool = "", registered(method, server)
        if method == "tools/call" and isinstance(said.get("name"), str):
            own = said["name"]
            tool = f"{server}.{own}" if server else own
        meta = said.get("_meta")
        call_id = meta.get("inbounds/tool_call_id") if isinstance(meta, Mapping) else None
        wish = cls(method, tool, own, call_id=call_id[:128] if isinstance(call_id, str) else "")
        allowed = {*shape.members, "_meta", *(ROUND if shape.rounds else ())}
        malformed = (
            not isinstance(params, Mapping)
            or (method == "tools/call" and (not own or own in _TAKEN))
            or bool(said.keys() - allowed)
            or bool(shape.needs - said.keys())
            or any(not isinstance(said[n], t) for n, t in shape.members.items() if n in said)
            or not isinstance(said.get("inputResponses") or {}, Mapping)
            or not isinstance(said.get("requestState") or "", str)
        )
        if malformed:
            return wish
        arguments = {name: said[name] for name in shape.members if name in said}
        if method == "tools/call":
            arguments = dict(said.get("arguments") or {})
        elif not arguments.get("arguments", True):
            del arguments["arguments"]  # none at all, however that is said
        responses = said.get("inputResponses") or {}
        state = _own_state(said.get("requestState"))
        answer = responses.get(ANSWER) if state is not None else None
        others = {} if state is not None else {n: said[n] for n in ROUND if said.get(n)}
        return cls(
            method,
            tool,
            own,
            arguments,
            wish.call_id,
            state,
            answer if isinstance(answer, Mapping) else None,
            others,
        )

    def params(self, judged: Mapping[str, Any], meta: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what the server is given: what was judged, and nothing else."""
        said = {"name": self.own, "arguments": judged} if self.own else dict(judged)
        return said if meta is None else {**said, "_meta": dict(meta)}


def subscriptions(params: Any, server: str) -> tuple[dict[str, Any], list[ToolCall]]:
    """Return which lists a client wants to hear of, and a wish for each resource."""
    said = params.get("notifications") if isinstance(params, Mapping) else None
    named = said.get("resourceSubscriptions") if isinstance(said, Mapping) else None
    uris = [] if named is None else named
    if not isinstance(said, Mapping) or not isinstance(uris, list) or len(uris) > _MOST_URIS:
        # Malformed: it is refused as one that names nothing.
        uris = [None]
    lists = (f"{each}ListChanged" for each in ("tools", "prompts", "resources"))
    wanted = {each: True for each in lists if isinstance(said, Mapping) and said.get(each) is True}
    method = "resources/subscribe"
    return wanted, [ToolCall.of(method, {} if u is None else {"uri": u}, server) for u in uris]


def registered(method: str, server: str) -> str:
    """Return the registered name of a method other than a tool, such as `files.resources.read`."""
    name = method.replace("/", ".")
    return f"{server}.{name}" if server else name


def bare_meta(params: Any) -> dict[str, Any] | None:
    """Return what of a request's `_meta` the server is given."""
    meta = params.get("_meta") if isinstance(params, Mapping) else None
    return bare(meta) if isinstance(meta, Mapping) else None


def bare(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the protocol's own members of `_meta`, and no words of anybody's.

    What extensions a client has is left out: one may let a call run elsewhere, or later.
    """
    kept = {name: value for name, value in meta.items() if name in META}
    can = kept.get(_CAPABILITIES)
    if isinstance(can, Mapping):
        kept[_CAPABILITIES] = {name: each for name, each in can.items() if name != "extensions"}
    return kept


def state_of(call: str, decision_id: str) -> str:
    """Return what a client brings back with an answer."""
    return json.dumps({"inbounds": {"call": call, "decision": decision_id}})


def is_ours(requests: Mapping[str, Any], state: Any) -> bool:
    """Whether a client would take what a server asks for what this adapter asks."""
    names = {*requests}
    for each in requests.values():
        params = each.get("params")
        meta = params.get("_meta") if isinstance(params, Mapping) else None
        names |= {*meta} if isinstance(meta, Mapping) else set()
    return _own_state(state) is not None or any(str(name).startswith("inbounds/") for name in names)


def _own_state(text: Any) -> Mapping[str, Any] | None:
    if not isinstance(text, str) or not text.startswith('{"inbounds"'):
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    own = said.get("inbounds") if isinstance(said, dict) else None
    return own if isinstance(own, dict) else None


TaskOf = Callable[[Any], Any]
"""Takes a request's context, and says the task that it is within; may be async."""
