"""A client of the gateway, over MCP and over its REST API, whose host asks for calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from tests.integrations.litellm import quiet  # noqa: F401 -- before LiteLLM is imported

# isort: split
import httpx2
from litellm.experimental_mcp_client.client import MCPClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.integrations.behaviours import PENDING
from tests.integrations.litellm.gateway import KEY, MODES, running
from tests.integrations.world import Seen, ToolCall, World, no_agents, no_conversations

from inbounds.errors import InboundsError, TaskMissing
from inbounds.integrations.litellm import Authorization, Caller
from inbounds.integrations.litellm.call import _listed
from inbounds.pep.task import Task, current

SECONDS = 60.0
"""How long an answer may take: the machine may be busy with other tests."""

NO_AGENTS = "a gateway runs no agent: whoever calls its tools is its client"
LEFT_OUT = "a gateway has no agent to refuse: such a tool is left out of what a model is shown"
NO_ANSWERS = "a client of the gateway brings no answers: who says no does not send the call again"
NOTHING_BETWEEN = (
    "nothing stands between: the permit is asked for where the gateway sends the call, and what a "
    "guardrail changes before that is judged"
)
NO_LABELS = "a server sends text: of a result with a label the gateway has that and nothing else"
ELSEWHERE = "the servers that a gateway stands before run elsewhere"


class LiteLlmHarness:
    """See `Harness`.

    Args:
        world: What the client is put before.
        way: `mcp` for the protocol, `rest` for `/mcp-rest/tools/call`.
    """

    filters = True
    aborts = False
    cannot_wait = "flow.untrusted_argument"
    states = ()

    def __init__(self, world: World, way: str) -> None:
        self.world = world
        self.proxy = running()
        self.way = way
        self.proxy.servers.world = world
        self._task: Task | None = None
        self._named: dict[str, Task] = {}
        self._pending: list[tuple[ToolCall, Mapping[str, Any]]] = []
        self._rest: list[Sequence[ToolCall]] = []
        self._before: dict[str, str] = {}
        self.beyond: Mapping[str, str] = {
            "test_a_call_of_a_tool_that_is_not_there_leaves_its_record": (
                "the gateway itself answers a call of a tool that the server does not have"
            ),
            "test_a_denied_value_that_a_factory_makes_does_not_run": (
                "a server of the gateway runs elsewhere, "
                "and its schema states no value that a factory makes"
            ),
            "test_a_default_that_a_stated_schema_leaves_out_is_judged": (
                "a server of the gateway runs elsewhere, and is taken by its schema"
            ),
            "test_what_a_tool_says_by_raising_is_neither_traced_nor_logged": ELSEWHERE,
            "test_a_result_does_no_work_later": ELSEWHERE,
            "test_an_agent_within_is_judged_under_the_same_task": NO_AGENTS,
            "test_an_agent_within_that_is_not_judged_is_refused": NO_AGENTS,
            "test_a_tool_that_its_provider_runs_is_refused": LEFT_OUT,
            "test_arguments_that_are_changed_after_the_permit_do_not_run": NOTHING_BETWEEN,
            "test_arguments_that_are_added_after_the_permit_do_not_run": NOTHING_BETWEEN,
            "test_a_result_that_is_not_the_tools_is_not_given": NOTHING_BETWEEN,
            "test_a_result_with_a_label_of_its_own_is_given": NO_LABELS,
            "test_a_result_that_is_more_sensitive_is_withheld": NO_LABELS,
            "test_a_field_is_left_out_of_text_with_a_label": NO_LABELS,
            "test_what_a_person_has_refused_stays_refused": NO_ANSWERS,
            "test_a_no_is_heard_by_a_task_that_would_be_allowed_to": NO_ANSWERS,
            "test_an_answer_to_another_call_is_none_to_this": NO_ANSWERS,
            "test_the_span_of_a_decision_is_a_child_of_the_frameworks": (
                "the gateway hands its hooks neither the client's trace nor its id of a call"
            ),
            "test_of_a_call_that_a_tool_itself_asks_for_no_more_is_read_than_of_any": (
                "a tool runs in a server of its own, which says itself what was refused there"
            ),
            "test_what_is_no_authorization_is_refused_at_once": (
                "nothing takes an authorization: the gateway's configuration names it"
            ),
            **no_agents(NO_AGENTS),
            "test_a_tool_that_only_a_fallback_brings_is_refused": LEFT_OUT,
            "test_the_code_of_a_tool_is_known_to_be_within_its_call": (
                "a server of the gateway runs elsewhere; what it does there is its own"
            ),
            **no_conversations(
                "a gateway keeps no conversation: its client sends all of it with each request, "
                "and the program says which task it is within"
            ),
        }

    def run(
        self, *turns: Sequence[ToolCall], waits: bool = True, context: Task | None = None
    ) -> Seen:
        headers = {}
        if context is not None:
            self._named[context.id] = context
            headers["x-task"] = context.id
        self._pending, self._rest, self._before = [], [*turns], {}
        self.proxy.servers.serve(self.world)
        _listed.clear()  # another server may stand there now, with schemas of its own
        return self._go(headers, waits=waits)

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        """Put again what was refused: nothing waits in a gateway."""
        self._rest = [[wish for wish, _ in self._pending], *self._rest]
        self._pending = []
        return self._go({}, waits=True)

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._pending, self._rest, self._before = [], [*turns], {}
        judged = MCPClient.call_tool
        # What stands in its place stands there for the whole process.
        MCPClient.call_tool = getattr(judged, "__wrapped__", judged)
        try:
            return asyncio.run(self._turns({}, waits=False))
        finally:
            MCPClient.call_tool = judged

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        raise NotImplementedError

    def host(self) -> None:
        raise NotImplementedError

    def set_up(self, **wrong: Any) -> None:
        said = {"guard": self.world.guard, "resources": self.world.resources, **wrong}
        Authorization(said["guard"], task=self._task_of, resources=said["resources"])

    # --- its own --------------------------------------------------------------------------

    def authorization(self) -> Authorization:
        """Make an authorization that finds the task as a program would: by what came with it."""
        return Authorization(self.world.guard, task=self._task_of, resources=self.world.resources)

    def guardrail(self) -> Any:
        """Make a guardrail of it, as LiteLLM does."""
        return self.authorization()(guardrail_name="inbounds", event_hook=MODES, default_on=True)

    async def _task_of(self, caller: Caller) -> Task:
        named = caller.headers.get("x-task", "")
        task = self._named.get(named, self._task)
        if task is None:
            raise TaskMissing("nobody has begun one")
        return task

    def _go(self, headers: Mapping[str, str], *, waits: bool) -> Seen:
        try:
            self._task = current()
        except InboundsError:
            self._task = None
        with self.proxy.guarded(self.guardrail()):
            return asyncio.run(self._turns(headers, waits=waits))

    async def _turns(self, headers: Mapping[str, str], *, waits: bool) -> Seen:
        connect = {"mcp": self._over_mcp, "rest": self._over_rest}[self.way]
        async with connect(headers) as (listed, call):
            while self._rest and not self._pending:
                wishes = self._rest.pop(0)
                said = await asyncio.gather(*(call(wish) for wish in wishes))
                for wish, answer in zip(wishes, said, strict=True):
                    text = "".join(block.get("text", "") for block in answer["content"])
                    if waits and PENDING.match(text):
                        self._pending.append((wish, answer))
                    else:
                        self._before[wish.id] = text
        return Seen(read=self._before, paused=self._paused(), shown=[listed])

    @contextlib.asynccontextmanager
    async def _over_mcp(self, headers: Mapping[str, str]) -> AsyncIterator[Any]:
        async with contextlib.AsyncExitStack() as stack:
            named = {"x-litellm-api-key": f"Bearer {KEY}", **headers}
            http = httpx2.AsyncClient(headers=named, timeout=SECONDS)
            await stack.enter_async_context(http)
            transport = streamable_http_client(f"{self.proxy.url}/mcp", http_client=http)
            client = await stack.enter_async_context(Client(transport, mode="legacy", cache=None))

            async def call(wish: ToolCall) -> Any:
                name = wish.tool.replace(".", "-", 1)
                said = await client.call_tool(name, dict(wish.arguments))
                return said.model_dump(by_alias=True, mode="json")

            listed = [tool.name for tool in (await client.list_tools()).tools]
            yield [name.replace("-", ".", 1) for name in listed], call

    @contextlib.asynccontextmanager
    async def _over_rest(self, headers: Mapping[str, str]) -> AsyncIterator[Any]:
        async with httpx2.AsyncClient(
            base_url=self.proxy.url,
            headers={"Authorization": f"Bearer {KEY}", **headers},
            timeout=SECONDS,
        ) as http:
            listed = (await http.get("/mcp-rest/tools/list")).json()["tools"]

            async def call(wish: ToolCall) -> Any:
                server, _, own = wish.tool.partition(".")
                body = {
                    "server_id": self.proxy.server_id(server),
                    "name": own,
                    "arguments": dict(wish.arguments),
                }
                return (await http.post("/mcp-rest/tools/call", json=body)).json()

            yield [f"{each['mcp_info']['server_name']}.{each['name']}" for each in listed], call

    def _paused(self) -> list[dict[str, Any]]:
        return [
            {
                "tool_call_id": wish.id,
                "name": wish.tool,
                "code": said["_meta"]["inbounds/code"],
                "decision_id": said["_meta"]["inbounds/decision_id"],
                "request_id": said["_meta"]["inbounds/request_id"],
                "said": str(said),
            }
            for wish, said in self._pending
        ]
