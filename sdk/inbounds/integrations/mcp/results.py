"""What a client may have of a server's answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inbounds.errors import ResultWithheld
from inbounds.integrations._adapter.result_obligations import given, owed, read_json
from inbounds.integrations._adapter.running import ToolFailed
from inbounds.pep.results import END, REDACT, TRUNCATE

if TYPE_CHECKING:
    from inbounds.pep import Permit

Take = Callable[[Any], Any]

MOST_PARTS = 4096
"""How many parts an answer may have: each is looked at by itself, for half a millisecond."""

_BLOCKS = {
    "text": ("text",),
    "image": ("data", "mimeType"),
    "audio": ("data", "mimeType"),
    "resource_link": ("uri", "name", "title", "description", "mimeType", "size", "icons"),
    "resource": ("resource",),
}
_CONTENTS = ("uri", "mimeType", "text", "blob")
_ROLES = {"user": "user", "assistant": "assistant"}


def given_of(method: str, answer: Mapping[str, Any], permit: Permit, last: Take) -> dict[str, Any]:
    """Return what a client may have of an answer. `_meta` is left out, here and within.

    So is the server's stamp in it, which a handler may have written; `server/discover` has that.

    Args:
        method: What was asked for.
        answer: As it stands on the wire.
        permit: Of the request.
        last: Takes the main part of the answer, after all others: the permit's `finish`, or
            `admitted` where the permit goes on.

    Raises:
        ResultWithheld: It has run; the answer may not be given, or not in part, or has more parts
            than are looked at.
        OutcomeUnrecorded: It has run; the evidence log did not take the outcome.
    """
    parts = (answer.get(name) or () for name in ("content", "contents", "messages"))
    if any(len(each) > MOST_PARTS for each in parts):
        permit.fail(ToolFailed())
        raise ResultWithheld(f"it has more than {MOST_PARTS} parts", decision_id=permit.decision.id)
    kept: dict[str, Any] = {}
    if answer.get("resultType") == "complete":
        kept["resultType"] = "complete"
    if "ttlMs" in answer:
        # What a client reads again is decided again. Without one it would take its own default.
        kept["ttlMs"] = 0
    if "cacheScope" in answer:
        # What a policy gives to one caller is not for another.
        kept["cacheScope"] = "private"
    return {**kept, **_GIVEN[method](answer, permit, last)}


def _tool(answer: Mapping[str, Any], permit: Permit, last: Take) -> dict[str, Any]:
    kinds = owed(permit)
    content: Sequence[Any] = answer.get("content") or ()
    failed = {"isError": True} if answer.get("isError") else {}
    structured = answer.get("structuredContent")
    if structured is None:
        return {"content": _blocks(content, permit, last), **failed}
    twin = len(content) == 1 and _parsed(content[0].get("text")) == structured
    if kinds:
        _require_text(content, last)
    if kinds & {REDACT, TRUNCATE} or (kinds and twin):
        plain = _structured(structured, permit, last)
        # Its twin in text is made of what is given: a field is found nowhere else.
        content = [{"type": "text", "text": json.dumps(plain, ensure_ascii=False)}]
    elif kinds:
        content, plain = _together(content, structured, permit, last)
    else:
        if twin:
            content = [_seen(_block(content[0]), permit)]
        else:
            content = _blocks(content, permit, permit.admitted)
        plain = _structured(structured, permit, last)
    return {"content": content, "structuredContent": plain, **failed}


def _prompt(answer: Mapping[str, Any], permit: Permit, last: Take) -> dict[str, Any]:
    messages = answer.get("messages") or ()
    about = _only(answer, () if owed(permit) else ("description",))
    if about:
        permit.admitted(about)
    contents = _blocks([message["content"] for message in messages], permit, last)
    # What is cut short has fewer.
    said = [
        {"role": _ROLES[message["role"]], "content": content}
        for message, content in zip(messages, contents, strict=False)
    ]
    return {"messages": said, **about}


def _resource(answer: Mapping[str, Any], permit: Permit, last: Take) -> dict[str, Any]:
    contents = [_only(each, _CONTENTS) for each in answer.get("contents") or ()]
    asked = permit.arguments["uri"]
    if owed(permit):
        # Where it was and what it is are the server's words: what was asked for is not.
        if any("text" not in each for each in contents):
            last(object())
    else:
        for each in contents:
            named = () if each.get("uri") == asked else ("uri",)
            permit.admitted(_only(each, (*named, "mimeType", "blob")))
    texts = _texts([each["text"] for each in contents if "text" in each], permit, last)
    if owed(permit):
        return {"contents": [{"uri": asked, "text": text} for text in texts]}
    return {"contents": contents}


def _completion(answer: Mapping[str, Any], _: Permit, last: Take) -> dict[str, Any]:
    said = _only(answer.get("completion") or {}, ("values", "total", "hasMore"))
    return {"completion": last(said)}


def _nothing(_answer: Mapping[str, Any], _: Permit, last: Take) -> dict[str, Any]:
    last(None)
    return {}


_GIVEN: dict[str, Callable[[Mapping[str, Any], Any, Take], dict[str, Any]]] = {
    "tools/call": _tool,
    "prompts/get": _prompt,
    "resources/read": _resource,
    "resources/subscribe": _nothing,
    "resources/unsubscribe": _nothing,
    "completion/complete": _completion,
}


# --- blocks, texts and values -------------------------------------------------------------------


def _blocks(blocks: Sequence[Any], permit: Permit, last: Take) -> list[dict[str, Any]]:
    if owed(permit):
        _require_text(blocks, last)
        texts = _texts([block["text"] for block in blocks], permit, last)
        return [{"type": "text", "text": text} for text in texts]
    said = [_block(block) for block in blocks]
    for block in said:
        _seen(block, permit)
    _texts([block["text"] for block in said if block["type"] == "text"], permit, last)
    return said


def _require_text(blocks: Sequence[Any], last: Take) -> None:
    """Withhold pictures, sounds and resources where anything is owed: nothing looks into them."""
    if any(block.get("type") != "text" for block in blocks):
        last(object())


def _seen(block: dict[str, Any], permit: Permit) -> dict[str, Any]:
    """Take what stands beside the text of a block for a part of the result."""
    beside = {name: each for name, each in block.items() if name not in ("type", "text")}
    if beside:
        permit.admitted(beside)
    return block


def _block(block: Mapping[str, Any]) -> dict[str, Any]:
    kind = block["type"]
    said = {"type": kind, **_only(block, (*_BLOCKS[kind], "annotations"))}
    if kind == "resource":
        said["resource"] = _only(said["resource"], _CONTENTS)
    return said


def _texts(texts: Sequence[str], permit: Permit, last: Take) -> list[str]:
    """Return what may be given of texts: each may be a record, or all of them a list of records."""
    if not texts:
        last(None)
        return []
    if len(texts) > 1 and (kinds := owed(permit)):
        in_fields = bool(kinds & {REDACT, TRUNCATE})
        values = [_parsed(text) for text in texts] if in_fields else texts
        if any(value is None for value in values):
            last(object())
        left = [*_rows(values, permit)]
        last(None)
        return [json.dumps(each, ensure_ascii=False) for each in left] if in_fields else left
    *before, main = texts
    return [given(text, permit, permit.admitted) for text in before] + [given(main, permit, last)]


def _rows(values: Sequence[Any], permit: Permit) -> Iterator[Any]:
    for value in values:
        if (left := permit.row(value)) is None:
            break
        yield from left
    yield from permit.row(END) or ()


def _together(
    blocks: Sequence[Any], structured: Any, permit: Permit, last: Take
) -> tuple[list[Any], Any]:
    """Return what may be given of texts and of structured content, which are read as one result.

    A host may show either first: no value may be read across them in either order.
    """
    texts = [{"type": "text", "text": block["text"]} for block in blocks]
    permit.admitted({"structuredContent": structured, "content": texts})
    left = last({"content": texts, "structuredContent": structured})
    return left["content"], left["structuredContent"]


def _structured(value: Any, permit: Permit, last: Take) -> Any:
    if not isinstance(value, dict) or value.keys() != {"result"}:
        return last(value)
    # As the SDK wraps what is not an object: fields may be named from within or from without.
    said = value["result"]
    kinds = owed(permit)
    found = _parsed(said)
    if isinstance(said, str) and kinds and isinstance(found, dict | list):
        said = found
    elif isinstance(said, str) and kinds & {REDACT, TRUNCATE}:
        # Text in which no field can be found, nor rows be counted.
        said = object()
    outside = any(pattern.split("/")[1:2] == ["result"] for pattern in permit.returns.fields)
    left = last({"result": said}) if outside else {"result": last(said)}
    if not isinstance(value["result"], str):
        return left
    return {
        name: part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
        for name, part in left.items()
    }


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return None
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def _only(said: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: said[name] for name in names if said.get(name) is not None}
