"""What users write, with the types they can rely on. Both type checkers take all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, assert_type

from inbounds import (
    AccessDenied,
    ApprovalRequired,
    Decision,
    DecisionUnavailable,
    Guard,
    InboundsError,
    Labelled,
    Permit,
    Reason,
    Resource,
    Scope,
    Task,
    Timeout,
)


def network() -> Mapping[str, str]:
    return {"network": "office"}


def tell(to: str, tool: str) -> None:
    print(to, tool)


guard = Guard(
    pdp_url="https://opa.example",
    pdp_token="token",
    bundle=Path("policy.wasm.tar.gz"),
    deployment="deployment",
    home=Path("state"),
    tenant="acme",
    deadline=0.5,
    sessions="memory",
    evidence=Path("evidence.sqlite"),
    notify=tell,
    call_environment=network,
)
Guard(call_environment={"network": "office"}, pdp_cleartext=True)


# --- tools keep their signatures -----------------------------------------------------------


@guard.tool("mail.read", resource=lambda id: ("mail", id))
def read(id: str, *, folder: str = "inbox") -> str:
    return f"{folder}/{id}"


@guard.tool("mail.count", resource=lambda: Resource(type="mail", id="all"))
async def count() -> int:
    return 0


@guard.tool("mail.list", resource=lambda folder: ("mail", folder))
def listed(folder: str) -> Iterator[str]:
    yield folder


@guard.tool("mail.watch", resource=lambda: ("mail", "all"))
async def watched() -> AsyncIterator[int]:
    yield 1


@guard.tool("file.read", resource=lambda path: ("file", path))
def labelled(path: str) -> Labelled[bytes]:
    return Labelled(path.encode(), "public")


@guard.tool("file.fetch", resource=lambda path: ("file", path))
async def fetched(path: str) -> Labelled[bytes]:
    return Labelled(path.encode(), "public")


def resource_of_mail(id: str) -> tuple[str, str]:
    return "mail", id


def whole(id: str) -> list[str]:
    return [id]


guarded = guard.tool("mail.open", resource=resource_of_mail)(whole)

assert_type(read("42"), str)
assert_type(read("42", folder="sent"), str)
assert_type(read.name, str)
assert_type(listed("inbox"), Iterator[str])
assert_type(watched(), AsyncIterator[int])
assert_type(labelled("a"), bytes)
assert_type(guarded("42"), list[str])


# --- tasks ---------------------------------------------------------------------------------

with guard.task("summarise", subject="alice@acme.example", seconds=60) as task:
    assert_type(task, Task)
    assert_type(task.call(read, {"id": "42"}), str)
    assert_type(task.call(labelled, {"path": "a"}), bytes)
    assert_type(task.call(listed, {"folder": "inbox"}), Iterator[str])
    assert_type(task.evaluate(read, {"id": "42"}), Decision)
    assert_type(task.permit("mail.read", {"id": "42"}), Permit)
    text: str = task.call("mail.read", {"id": "42"})

guard.task("summarise", subject="alice", scope=Scope(effects=["read"]), session="s")


async def main() -> None:
    async with guard.task("summarise", subject="alice@acme.example") as task:
        assert_type(await count(), int)
        assert_type(await fetched("a"), bytes)
        assert_type(await task.acall(count, {}), int)
        assert_type(await task.acall(read, {"id": "42"}), str)
        assert_type(await task.acall(fetched, {"path": "a"}), bytes)
        assert_type(await task.aevaluate("mail.read", {}), Decision)
        permit = await task.apermit(read, {"id": "42"}, tool_call_id="1")
        assert_type(permit.finish("result"), str)
        assert_type(permit.finish(Labelled(1, "public")), int)
        async for number in watched():
            assert_type(number, int)


asyncio.run(main())


# --- refusals ------------------------------------------------------------------------------

try:
    read("42")
except AccessDenied as no:
    assert_type(no.decision, Decision)
    assert_type(no.decision.reasons, tuple[Reason, ...])
    assert_type(no.code, str)
    assert_type(no.remedy, str)
    assert_type(no.tool, str)
    assert_type(no.decision_id, str)
except ApprovalRequired as ask:
    request: Mapping[str, Any] = ask.decision.access_request
except (Timeout, DecisionUnavailable) as error:
    assert_type(error.hint, str)
except InboundsError as error:
    if error.executed == "unknown":
        print(str(task.report()), task.report().verdict)
