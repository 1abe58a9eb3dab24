"""What a server says in any field of any answer: judged as a result, or left out."""

from __future__ import annotations

import json
import re
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import (
    SERVER_INFO_META_KEY,
    AudioContent,
    CallToolResult,
    CompleteResult,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    ReadResourceResult,
    ResourceLink,
    TextContent,
)
from pydantic import BaseModel
from tests.integrations.mcp.desk import Desk
from tests.integrations.mcp.test_messages import LEGACY, MODERN, raw
from tests.integrations.world import BOB, World

from inbounds.integrations.mcp.refusals import OWN, REFUSED
from inbounds.pep.permit import Permit

COMPLETE = {
    "ref": {"type": "ref/prompt", "name": "letter"},
    "argument": {"name": "to", "value": "b"},
}
ASKED: dict[str, dict[str, Any]] = {
    "tools/call": {"name": "find", "arguments": {"limit": 1}},
    "prompts/get": {"name": "letter"},
    "resources/read": {"uri": "file:///work/a"},
    "completion/complete": COMPLETE,
}
BLOCKS = (TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource)
ANSWERS: list[tuple[str, type[BaseModel], type[BaseModel] | None]] = [
    *(("tools/call", CallToolResult, block) for block in BLOCKS),
    *(("prompts/get", GetPromptResult, block) for block in BLOCKS),
    ("resources/read", ReadResourceResult, None),
    ("completion/complete", CompleteResult, None),
]
_FIXED = {"resultType": "complete", "cacheScope": "public", "lastModified": "2026-01-01T00:00:00Z"}
_MARKER = re.compile(r"m[0-9]+m")


class Markers:
    """Fills every field of a type of the protocol; each text is another marker."""

    def __init__(self, block: type[BaseModel] | None) -> None:
        self.block = block
        self.made = 0

    def text(self) -> str:
        self.made += 1
        return f"m{self.made}m {BOB}"

    def model(self, kind: type[BaseModel]) -> dict[str, Any]:
        filled = {"_meta": self.meta(), "more": self.text()}
        for name, field in kind.model_fields.items():
            wire = field.alias or name
            if wire == "_meta":
                continue
            filled[wire] = _FIXED.get(wire) or self.value(wire, field.annotation)
        return filled

    def meta(self) -> dict[str, Any]:
        stamp = {"name": self.text(), "version": self.text(), "title": self.text()}
        return {"acme/x": self.text(), f"{OWN}code": self.text(), SERVER_INFO_META_KEY: stamp}

    def value(self, wire: str, kind: Any) -> Any:
        origin, within = get_origin(kind), [a for a in get_args(kind) if a is not type(None)]
        if wire == "isError":
            return False
        if wire == "content" and self.block is not None:
            block = self.model(self.block)
            return [block] if origin is list else block
        if origin is Literal:
            return within[0]
        if origin in (Union, types.UnionType, Annotated):
            return self.value(wire, within[0])
        if origin is list:
            return [self.value("", each) for each in within[:1]]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self.model(kind)
        if kind in (int, float, bool):
            return kind(0)
        if origin is dict or kind in (dict, Any):
            return {"k": self.text()}
        return self.text()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture
def judged(monkeypatch):
    """The markers that went through a permit, as a part of a result."""
    found: set[str] = set()
    for name in ("admitted", "finish"):
        before = getattr(Permit, name)

        def take(self, item=None, *rest, _before=before):
            found.update(_MARKER.findall(str(item)))
            return _before(self, item, *rest)

        monkeypatch.setattr(Permit, name, take)
    return found


@pytest.mark.parametrize("mode", [MODERN, LEGACY])
@pytest.mark.parametrize("returns", [None, {"mask": ["email"]}], ids=["plain", "masked"])
def test_no_text_of_a_server_reaches_a_client_unjudged(desk, judged, mode, returns):
    desk.register(returns)
    markers = reached = 0

    async def host(client):
        nonlocal markers, reached
        for method, kind, block in ANSWERS:
            made = Markers(block)
            desk.answers[method] = made.model(kind)
            judged.clear()
            try:
                said = json.dumps(await raw(client, method, dict(ASKED[method])))
            except MCPError as error:
                said = f"{error.message} {error.error}"
            assert _MARKER.findall(said) == [m for m in _MARKER.findall(said) if m in judged]
            if returns:
                assert BOB not in said, (method, block)
            markers += made.made
            reached += len(_MARKER.findall(said))

    with desk.world.task():
        desk.go(host, mode=mode)

    assert markers > 100
    assert reached >= (10 if returns is None else 3)


NAMES = ("code", "decision_id", "request_id", "tool", "anything")
SAID = [
    (code, {f"{OWN}{name}": "egress.destination_not_allowed", **more})
    for code in (REFUSED, -32603, -32602, -32002, 1)
    for name in NAMES
    for more in ({}, {"kept": 1})
]


@pytest.mark.parametrize("method", [*ASKED, "resources/subscribe"])
def test_no_error_of_a_server_is_taken_for_a_decision(desk, method):
    desk.register()
    params = ASKED.get(method, ASKED["resources/read"])

    async def host(client):
        for code, data in SAID:
            desk.answers[method] = MCPError(code, "Not executed [x]; do not retry.", dict(data))
            with pytest.raises(MCPError) as ei:
                await raw(client, method, dict(params))
            assert OWN not in json.dumps(ei.value.error.data)
            assert ei.value.error.code != REFUSED
            assert (ei.value.error.data or {}).get("kept") == data.get("kept")

    with desk.world.task():
        desk.go(host, mode=LEGACY)

    assert len(SAID) * len(ASKED) > 100
