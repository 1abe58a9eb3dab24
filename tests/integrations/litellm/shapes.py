"""What a model says in the form of each endpoint, and what a client reads of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TEXT = "let me see"
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}
"""The endpoints, by name."""

WAYS = [
    ("chat", "plain"),
    ("responses", "openai"),
    ("responses", "plain"),
    ("messages", "anthropic"),
    ("messages", "openai"),
    ("messages", "plain"),
    ("chat", "anthropic"),
]
"""Each endpoint before a model that speaks its form, and before one whose form is translated."""


@dataclass(frozen=True)
class Told:
    """What a client reads of an answer.

    Attributes:
        text: All that the model says.
        calls: What it proposes: the name, and the text of the arguments.
        ends: Why it has stopped, where an endpoint says that.
    """

    text: str = ""
    calls: Sequence[tuple[str, str]] = field(default_factory=list)
    ends: str = ""


# --- what a client asks, and reads ----------------------------------------------------------


def question(way: str, model: str, tools: Sequence[str], *, stream: bool = False) -> dict[str, Any]:
    """Return a request that offers tools."""
    schema = {"type": "object", "properties": {}}
    body: dict[str, Any] = {"model": model, "stream": stream}
    said = [{"role": "user", "content": "go on"}]
    if way == "chat":
        offered = [{"name": name, "parameters": schema} for name in tools]
        return {
            **body,
            "messages": said,
            "tools": [{"type": "function", "function": each} for each in offered],
        }
    if way == "responses":
        offered = [{"type": "function", "name": name, "parameters": schema} for name in tools]
        return {**body, "input": "go on", "tools": offered}
    offered = [{"name": name, "input_schema": schema} for name in tools]
    return {**body, "max_tokens": 100, "messages": said, "tools": offered}


def offered(body: Mapping[str, Any]) -> list[str]:
    """Return the names of the tools that a model was shown."""
    named = [each.get("function", each) for each in body.get("tools", ())]
    return [each.get("name", each.get("type")) for each in named]


def whole(way: str, answer: Mapping[str, Any]) -> Told:
    """Read an answer."""
    if way == "chat":
        (choice,) = answer["choices"]
        message = choice["message"]
        functions = [each["function"] for each in message.get("tool_calls") or ()]
        calls = [(each["name"], each["arguments"]) for each in functions]
        return Told(message.get("content") or "", calls, choice["finish_reason"])
    if way == "responses":
        return _output(answer["output"])
    text = "\n".join(each["text"] for each in answer["content"] if each["type"] == "text")
    uses = [each for each in answer["content"] if each["type"] == "tool_use"]
    calls = [(each["name"], json.dumps(each["input"])) for each in uses]
    return Told(text, calls, answer["stop_reason"])


def _output(output: Sequence[Mapping[str, Any]]) -> Told:
    said = [each for each in output if each["type"] == "message"]
    text = "\n".join(part["text"] for each in said for part in each["content"])
    functions = [each for each in output if each["type"] == "function_call"]
    return Told(text, [(each["name"], each["arguments"]) for each in functions])


def events(text: str) -> list[dict[str, Any]]:
    """Return the events of a stream."""
    data = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(each) for each in data if each.strip() != "[DONE]"]


def streamed(way: str, text: str) -> Told:
    """Read an answer that has streamed, as a client does that puts the bits together."""
    return {"chat": _chat, "responses": _responses, "messages": _messages}[way](events(text))


def _chat(found: Sequence[Mapping[str, Any]]) -> Told:
    text, ends = "", ""
    calls: dict[int, list[str]] = {}
    for choice in (each for chunk in found for each in chunk["choices"]):
        text += choice["delta"].get("content") or ""
        ends = choice.get("finish_reason") or ends
        for each in choice["delta"].get("tool_calls") or ():
            call = calls.setdefault(each["index"], ["", ""])
            call[0] += each["function"].get("name") or ""
            call[1] += each["function"].get("arguments") or ""
    return Told(text, [(name, arguments) for name, arguments in calls.values()], ends)


def _responses(found: Sequence[Mapping[str, Any]]) -> Told:
    deltas = [each for each in found if each["type"] == "response.output_text.delta"]
    done = [each["item"] for each in found if each["type"] == "response.output_item.done"]
    (last,) = [each for each in found if each["type"] == "response.completed"]
    told = _output(last["response"]["output"])
    bits: dict[Any, str] = {}
    for each in found:
        if each["type"] == "response.function_call_arguments.delta":
            bits[each["output_index"]] = bits.get(each["output_index"], "") + each["delta"]
    # However a client reads it, it reads the same.
    assert sorted(told.calls) == sorted(_output(done).calls)
    assert sorted(bits.values()) == sorted(arguments for _, arguments in told.calls)
    assert sorted("".join(told.text.split())) == sorted(
        "".join("".join(each["delta"] for each in deltas).split())
    )
    return told


def _messages(found: Sequence[Mapping[str, Any]]) -> Told:
    blocks: dict[int, list[str]] = {}
    ends = ""
    for each in found:
        if each["type"] == "content_block_start":
            block = each["content_block"]
            blocks[each["index"]] = [block["type"], block.get("name", ""), ""]
        elif each["type"] == "content_block_delta":
            delta = each["delta"]
            blocks[each["index"]][2] += delta.get("text", "") + delta.get("partial_json", "")
        elif each["type"] == "message_delta":
            ends = each["delta"].get("stop_reason") or ends
    text = "\n".join(said for kind, _, said in blocks.values() if kind == "text")
    calls = [(name, said) for kind, name, said in blocks.values() if kind == "tool_use"]
    return Told(text, calls, ends)


# --- what a model says ----------------------------------------------------------------------

Calls = Sequence[tuple[str, str]]
"""What a model proposes: the name, and the text of the arguments."""


def answer(path: str, body: Mapping[str, Any], calls: Calls) -> Any:
    """Say a few words and propose calls, in the form that is asked for."""
    said = {"chat": _say_chat, "responses": _say_responses, "messages": _say_messages}
    (way,) = [way for way, known in PATHS.items() if known == path]
    whole_one, bits = said[way](calls)
    return bits if body.get("stream") else whole_one


def _say_chat(calls: Calls) -> tuple[dict[str, Any], Iterator[str]]:
    functions = [{"name": name, "arguments": arguments} for name, arguments in calls]
    wanted = [
        {"id": f"c{n}", "type": "function", "function": each} for n, each in enumerate(functions)
    ]
    ends = "tool_calls" if calls else "stop"
    message = {"role": "assistant", "content": TEXT, "tool_calls": wanted}
    about = {"id": "x", "created": 1, "model": "x"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    one = {
        **about,
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": ends, "message": message}],
        "usage": usage,
    }

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return data({**about, "object": "chat.completion.chunk", "choices": [choice]})

    def bits() -> Iterator[str]:
        yield chunk({"role": "assistant", "content": TEXT})
        for n, (name, arguments) in enumerate(calls):
            begun = {"name": name, "arguments": ""}
            yield chunk(
                {"tool_calls": [{"index": n, "id": f"c{n}", "type": "function", "function": begun}]}
            )
            for bit in halves(arguments):
                yield chunk({"tool_calls": [{"index": n, "function": {"arguments": bit}}]})
        yield chunk({}, ends)
        yield "data: [DONE]\n\n"

    return one, bits()


def item(number: int, name: str, arguments: str) -> dict[str, Any]:
    """Return a call as `/v1/responses` has it."""
    return {
        "id": f"fc_{number}",
        "type": "function_call",
        "status": "completed",
        "call_id": f"c{number}",
        "name": name,
        "arguments": arguments,
    }


def response(output: Sequence[Any], status: str = "completed") -> dict[str, Any]:
    """Return an answer as `/v1/responses` has it."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": "x",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
    }


def _say_responses(calls: Calls) -> tuple[dict[str, Any], Iterator[str]]:
    part = {"type": "output_text", "text": TEXT, "annotations": []}
    said = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    items = [item(n, name, arguments) for n, (name, arguments) in enumerate(calls)]

    def bits() -> Iterator[str]:
        at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        begun = {**said, "content": [], "status": "in_progress"}
        yield from (
            named({"type": "response.created", "response": response([], "in_progress")}),
            named({"type": "response.output_item.added", "output_index": 0, "item": begun}),
            named({"type": "response.content_part.added", **at, "part": {**part, "text": ""}}),
            named({"type": "response.output_text.delta", **at, "delta": TEXT}),
            named({"type": "response.output_text.done", **at, "text": TEXT}),
            named({"type": "response.content_part.done", **at, "part": part}),
            named({"type": "response.output_item.done", "output_index": 0, "item": said}),
        )
        for n, each in enumerate(items):
            yield from call_events(n + 1, each)
        yield named({"type": "response.completed", "response": response([said, *items])})

    return response([said, *items]), bits()


def call_events(index: int, call: Mapping[str, Any]) -> Iterator[str]:
    """Return the events by which one call is told."""
    at = {"item_id": call["id"], "output_index": index}
    begun = {**call, "arguments": "", "status": "in_progress"}
    yield named({"type": "response.output_item.added", "output_index": index, "item": begun})
    for bit in halves(call["arguments"]):
        yield named({"type": "response.function_call_arguments.delta", **at, "delta": bit})
    ends = {"arguments": call["arguments"], "name": call["name"]}
    yield named({"type": "response.function_call_arguments.done", **at, **ends})
    yield named({"type": "response.output_item.done", "output_index": index, "item": call})


def _say_messages(calls: Calls) -> tuple[dict[str, Any], Iterator[str]]:
    ends = "tool_use" if calls else "end_turn"
    base = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "x",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }

    def block(n: int, name: str) -> dict[str, Any]:
        return {"type": "tool_use", "id": f"c{n}", "name": name, "input": {}}

    def whole_one() -> dict[str, Any]:
        uses = [{**block(n, name), "input": parsed(said)} for n, (name, said) in enumerate(calls)]
        content = [{"type": "text", "text": TEXT}, *uses]
        return {**base, "stop_reason": ends, "content": content}

    def bits() -> Iterator[str]:
        yield named({"type": "message_start", "message": {**base, "content": []}})
        first = {"type": "text", "text": ""}
        yield named({"type": "content_block_start", "index": 0, "content_block": first})
        delta: dict[str, Any] = {"type": "text_delta", "text": TEXT}
        yield named({"type": "content_block_delta", "index": 0, "delta": delta})
        yield named({"type": "content_block_stop", "index": 0})
        for n, (name, arguments) in enumerate(calls, 1):
            begun = block(n, name)
            yield named({"type": "content_block_start", "index": n, "content_block": begun})
            for bit in halves(arguments):
                delta = {"type": "input_json_delta", "partial_json": bit}
                yield named({"type": "content_block_delta", "index": n, "delta": delta})
            yield named({"type": "content_block_stop", "index": n})
        stop = {"stop_reason": ends, "stop_sequence": None}
        yield named({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 3}})
        yield named({"type": "message_stop"})

    return whole_one(), bits()


def parsed(text: str) -> Any:
    """Return what a model's own server makes of arguments."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def halves(text: str) -> list[str]:
    """Cut a text in two."""
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def data(event: Mapping[str, Any]) -> str:
    """Return an event without a name."""
    return f"data: {json.dumps(event)}\n\n"


def named(event: Mapping[str, Any]) -> str:
    """Return an event with its name."""
    return f"event: {event['type']}\n{data(event)}"
