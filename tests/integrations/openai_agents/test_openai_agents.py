"""Every behaviour on the OpenAI Agents SDK; and what is its alone."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import pytest
from agents import (
    Agent,
    AgentHooks,
    ApplyPatchTool,
    CodeInterpreterTool,
    ComputerTool,
    CustomTool,
    FileSearchTool,
    FunctionTool,
    Handoff,
    HostedMCPTool,
    ImageGenerationTool,
    LocalShellTool,
    ModelSettings,
    RunConfig,
    RunContextWrapper,
    RunHooks,
    Runner,
    RunState,
    ShellTool,
    SQLiteSession,
    ToolGuardrailFunctionOutput,
    ToolOutputFileContent,
    ToolOutputImage,
    ToolOutputText,
    ToolSearchTool,
    WebSearchTool,
    function_tool,
    handoff,
    tool_input_guardrail,
    tool_output_guardrail,
)
from agents.extensions.experimental.codex import Codex
from agents.mcp import MCPServerStdio
from agents.realtime import RealtimeAgent
from agents.sandbox import SandboxAgent
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from agents.tool_context import ToolContext
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.behaviours import (
    DENIED,
    FIELDS,
    PENDING,
    READ,
    SEND,
    STEAL,
    WRITE,
    codes,
    registered,
)
from tests.integrations.entry_points import unreviewed
from tests.integrations.openai_agents.harness import Asking, OpenAIAgentsHarness, scripted
from tests.integrations.weather import ASKS_FOR_WEATHER, WEATHER, weather_server
from tests.integrations.world import BOB, ToolCall, unwatched

from inbounds import ConfigurationError, DecisionUnavailable, TaskMissing
from inbounds.canonical.mcp_descriptor import digest
from inbounds.integrations.openai_agents import Authorization, protect
from inbounds.integrations.openai_agents.tool import ToolProxy


class AsModel(BaseModel):
    """What a tool may return."""

    id: str


class AsBytes(BaseModel):
    """The same, of which JSON has base64."""

    model_config = ConfigDict(ser_json_bytes="base64")
    data: bytes = b"a"


FILE = ToolOutputFileContent(file_url="https://files.example/a")


@pytest.fixture(params=["sync", "async", "streamed", "json"])
def harness(request, world):
    return OpenAIAgentsHarness(world, request.param)


# --- what is the SDK's alone --------------------------------------------------------------------


def test_each_place_where_the_framework_begins_an_agent_is_watched(harness):
    assert [] == unwatched("agents")


def test_no_method_goes_past_them():
    assert [] == unreviewed("agents")


@pytest.fixture
def authorization(world):
    return Authorization(world.guard, resources=world.resources)


def tool_of(function, name, **options):
    return function_tool(function, name_override=name, strict_mode=False, **options)


def agent_of(*turns, tools=(), name="Desk", **options):
    return Agent(name=name, model=scripted(*turns), tools=[*tools], **options)


def read_of(result):
    return {
        item.raw_item["call_id"]: item.output
        for item in result.new_items
        if item.type == "tool_call_output_item"
    }


async def go(agent, given="go on", **options):
    """Run an agent, and return what its model read by the id of each call."""
    return read_of(await Runner.run(agent, given, **options))


def refuses(code, made, authorization):
    with pytest.raises(ConfigurationError) as ei:
        protect(made, authorization)
    assert code == ei.value.code


HOSTED = {
    "web_search": WebSearchTool,
    "file_search": lambda: FileSearchTool(vector_store_ids=["v"]),
    "code_interpreter": lambda: CodeInterpreterTool(tool_config={"type": "code_interpreter"}),
    "image": lambda: ImageGenerationTool(tool_config={"type": "image_generation"}),
    "hosted_mcp": lambda: HostedMCPTool(
        tool_config={"type": "mcp", "server_label": "s", "server_url": "https://s.example"}
    ),
    "shell": lambda: ShellTool(executor=lambda request: "x"),
    "local_shell": lambda: LocalShellTool(executor=lambda request: "x"),
    "apply_patch": lambda: ApplyPatchTool(editor=object()),
    "computer": lambda: ComputerTool(computer=lambda **_: None),
    "tool_search": ToolSearchTool,
    "custom": lambda: CustomTool(
        name="x", description="-", on_invoke_tool=lambda context, said: said
    ),
}


async def assert_a_yes_does_not_count(world, authorization):
    """Pause a run, approve its call, and see that it waits on, where nobody has signed."""
    agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
    with world.wary():
        result = await Runner.run(agent, "go on")
        state = result.to_state()
        state.approve(result.interruptions[0])
        said = await go(agent, state)
    assert PENDING.match(said["call-send"])
    assert [] == world.ran


class TestConstruction:
    async def test_a_guarded_function_is_given_as_it_is(self, world):
        """
        Its own function runs, under the one permit that the adapter has asked for.
        """

        @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str) -> dict[str, str]:
            world.ran.append(("mail.read", {"id": id}))
            return {"text": "hello"}

        agent = protect(agent_of([READ], tools=[read]), Authorization(world.guard))
        with world.task() as task:
            said = await go(agent)
            assert 1 == task.report().ran
        assert {"text": "hello"} == said["call-read"]
        assert [("mail.read", {"id": "42"})] == world.ran

    def test_a_guarded_function_inside_a_tool_is_refused(self, world, authorization):
        guarded = world.guard.tool("mail.read", resource=lambda id: ("mail", id))(world.read)

        def read(id: str) -> str:
            return str(guarded(id))

        made = agent_of(tools=[tool_of(read, "mail.read")])
        refuses("configuration.tool_guarded_twice", made, authorization)

    def test_a_guarded_generator_is_refused(self, world, authorization):
        @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            yield id

        refuses("configuration.tool_out_of_reach", agent_of(tools=[read]), authorization)

    def test_what_nobody_says_the_resource_of_is_refused(self, world, authorization):
        made = agent_of(tools=[tool_of(world.read, "mail.other")])
        refuses("configuration.tool_unknown", made, authorization)

    def test_two_of_one_name_are_refused(self, world, authorization):
        """
        The SDK would run the last, or hand over, and the policy judges by the name.
        """
        send, other = tool_of(world.send, "mail.send"), tool_of(world.read, "mail.send")
        second = agent_of(name="Second")
        over = handoff(second, tool_name_override="mail.send")
        for made in (
            agent_of(tools=[send, other]),
            agent_of(tools=[send], handoffs=[over]),
            agent_of(handoffs=[second, agent_of(name="second")]),
        ):
            refuses("configuration.tool_named_twice", made, authorization)

    @pytest.mark.parametrize("kind", HOSTED)
    def test_what_runs_elsewhere_or_by_itself_is_refused(self, world, authorization, kind):
        made = agent_of(tools=[tool_of(world.read, "mail.read"), HOSTED[kind]()])
        refuses("configuration.tool_out_of_reach", made, authorization)
        # Nothing was changed where something was refused.
        assert not isinstance(made.tools[0].on_invoke_tool, ToolProxy)

    def test_a_codex_tool_is_refused(self, world, authorization):
        tool = tool_of(world.read, "mail.read")
        tool._is_codex_tool = True
        refuses("configuration.tool_out_of_reach", agent_of(tools=[tool]), authorization)

    def test_agents_of_another_kind_are_refused(self, authorization):
        refuses("configuration.tool_out_of_reach", RealtimeAgent(name="Voice"), authorization)
        refuses("configuration.tool_out_of_reach", SandboxAgent(name="Box"), authorization)
        made = agent_of(handoffs=[SandboxAgent(name="Box")])
        refuses("configuration.tool_out_of_reach", made, authorization)

    def test_what_brings_tools_of_the_provider_is_refused(self, authorization):
        settings = ModelSettings(extra_body={"tools": [{"type": "web_search"}]})
        made = agent_of(model_settings=settings)
        refuses("configuration.tool_out_of_reach", made, authorization)
        made = agent_of(prompt={"id": "pmpt_1"})
        refuses("configuration.tool_out_of_reach", made, authorization)

    @pytest.mark.parametrize("how", ["run", "streamed", "second agent"])
    @pytest.mark.parametrize(
        "settings",
        [
            ModelSettings(extra_body={"tools": [{"type": "web_search"}]}),
            ModelSettings(extra_args={"tools": [{"type": "web_search"}]}),
            ModelSettings(extra_args={"web_search_options": {"search_context_size": "low"}}),
            ModelSettings(extra_args={"extra_body": {"plugins": [{"id": "web"}]}}),
        ],
        ids=["body", "arguments", "search", "plugins"],
    )
    async def test_a_run_that_brings_tools_of_the_provider_ends_before_the_model_is_asked(
        self, world, authorization, settings, how
    ):
        """
        For agents with settings of their own and without.
        """
        own = {"model_settings": ModelSettings(temperature=0)} if how == "streamed" else {}
        tools = [tool_of(world.send, "mail.send")]
        made = protect(agent_of([SEND], tools=tools, **own), authorization)
        if how == "second agent":
            made = protect(agent_of([SEND], tools=tools, handoffs=[made]), authorization)
        config = RunConfig(model_settings=settings)

        async def begin():
            if how != "streamed":
                return await Runner.run(made, "go on", run_config=config)
            result = Runner.run_streamed(made, "go on", run_config=config)
            return [each async for each in result.stream_events()]

        with world.task(), pytest.raises(ConfigurationError) as ei:
            await begin()

        assert "configuration.tool_out_of_reach" == ei.value.code
        assert not made.model.calls
        # Of an agent that nobody protects, nothing is looked at.
        await Runner.run(agent_of(), "go on", run_config=config)

    def test_a_hand_off_to_nobody_knows_whom_is_refused(self, world, authorization):
        other = agent_of(tools=[tool_of(world.send, "mail.send")], name="Other")

        async def to(context, said):
            return other

        unnamed = Handoff(
            tool_name="transfer",
            tool_description="-",
            input_json_schema={},
            on_invoke_handoff=to,
            agent_name="Other",
        )
        refuses("configuration.tool_out_of_reach", agent_of(handoffs=[unnamed]), authorization)

    @pytest.mark.parametrize("takes", ["arguments", "nothing"])
    async def test_code_that_a_hand_off_runs_is_refused(self, world, authorization, takes):
        """
        The model calls it, and nobody judges the call.
        """
        heard = []
        second = agent_of(name="Second")
        options = {
            "arguments": {
                "on_handoff": lambda run, said: heard.append(said),
                "input_type": AsModel,
            },
            "nothing": {"on_handoff": lambda run: heard.append("called")},
        }[takes]
        wish = ToolCall("transfer_to_second", {"id": "42"}, "call-over")
        made = agent_of([wish], handoffs=[handoff(second, **options)])
        refuses("configuration.tool_out_of_reach", made, authorization)

        agent = protect(agent_of([wish], handoffs=[handoff(second)]), authorization)
        agent.handoffs[0] = handoff(second, **options)
        with world.task(), pytest.raises(ConfigurationError):
            await go(agent)
        assert [] == heard

    def test_a_hand_off_that_was_given_other_code_is_refused(self, authorization):
        second = agent_of(name="Second")
        over = handoff(second)

        async def invoke(run, said):
            return second

        over.on_invoke_handoff = invoke
        refuses("configuration.tool_out_of_reach", agent_of(handoffs=[over]), authorization)

    async def test_hooks_of_the_program_may_hear_of_a_hand_off(self, world, authorization):
        heard = []

        class Hears(AgentHooks):
            async def on_handoff(self, context, agent, source):
                heard.append(agent.name)

        second = agent_of(name="Second", hooks=Hears())
        wish = ToolCall("transfer_to_second", {}, "call-over")
        agent = protect(agent_of([wish], handoffs=[handoff(second)], hooks=Hears()), authorization)
        with world.task():
            await go(agent)
        assert "Second" in heard

    @pytest.mark.parametrize("how", ["closure", "method", "object"])
    def test_an_agent_inside_a_function_is_found(self, world, authorization, how):
        inner = agent_of(tools=[tool_of(world.send, "mail.send")], name="Inner")

        class Asks:
            """Asks the other agent."""

            def __init__(self):
                self.agent = inner

            def ask(self, id: str) -> str:
                return Runner.run_sync(self.agent, id).final_output

            def __call__(self, id: str) -> str:
                return self.ask(id)

        made = {
            "closure": lambda id: Runner.run_sync(inner, id).final_output,
            "method": Asks().ask,
            "object": Asks(),
        }
        tool = tool_of(made[how], "mail.read", description_override="-")
        refuses("configuration.tool_out_of_reach", agent_of(tools=[tool]), authorization)
        # Once it is protected, it may be asked.
        protect(inner, authorization)
        protect(agent_of(tools=[tool]), authorization)

    def test_two_authorizations_are_refused_and_one_may_come_twice(self, world, authorization):
        agent = agent_of(tools=[tool_of(world.read, "mail.read")])
        protect(agent, authorization)
        invoked = agent.tools[0].on_invoke_tool
        assert agent is protect(agent, authorization)
        assert invoked is agent.tools[0].on_invoke_tool
        other = Authorization(world.guard, resources=world.resources)
        refuses("configuration.tool_guarded_twice", agent, other)
        refuses("configuration.tool_guarded_twice", agent_of(tools=agent.tools), other)

    def test_without_the_framework_the_extra_is_named(self):
        script = (
            "import sys\n"
            "sys.modules['agents'] = None\n"
            "from inbounds import ConfigurationError\n"
            "try:\n    import inbounds.integrations.openai_agents\n"
            "except ConfigurationError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        wanted = "[configuration.extra_missing]; pip install 'inbounds[openai-agents]'"
        assert wanted in done.stdout


class TestAfterwards:
    async def test_a_tool_that_comes_later_ends_the_run_before_the_model_is_asked(
        self, world, authorization
    ):
        agent = protect(agent_of([SEND]), authorization)
        agent.tools.append(tool_of(world.send, "mail.send"))
        with world.task(), pytest.raises(ConfigurationError) as ei:
            await go(agent)
        assert "configuration.tool_out_of_reach" == ei.value.code
        assert () == agent.model.calls

    async def test_so_does_an_agent_to_hand_over_to(self, world, authorization):
        agent = protect(agent_of([SEND]), authorization)
        agent.handoffs.append(agent_of(name="Other"))  # whose tools nobody would look at
        with world.task(), pytest.raises(ConfigurationError):
            await go(agent)
        assert () == agent.model.calls

    async def test_a_clone_is_judged_too(self, world, authorization):
        agent = protect(agent_of([STEAL], tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.task():
            said = await go(agent.clone(name="Clone"))
        assert DENIED.match(said["call-steal"])
        assert [] == world.ran

    async def test_a_clone_with_other_tools_ends_its_run(self, world, authorization):
        agent = protect(agent_of([SEND]), authorization)
        clone = agent.clone(tools=[tool_of(world.send, "mail.send")])
        with world.task(), pytest.raises(ConfigurationError):
            await go(clone)
        assert [] == world.ran

    @pytest.mark.parametrize("streamed", [False, True])
    @pytest.mark.parametrize("kind", ["clone", "replaced", "handoff"])
    async def test_a_run_that_goes_on_runs_no_tool_that_is_not_protected(
        self, world, authorization, kind, streamed
    ):
        fresh = [tool_of(world.send, "mail.send")]
        agent = agent_of([SEND], tools=[tool_of(world.send, "mail.send")])
        if kind == "handoff":
            over = ToolCall("transfer_to_desk", {}, "call-over")
            agent = agent_of([over], name="First", handoffs=[agent])
        protect(agent, authorization)
        with world.wary():
            state = (await Runner.run(agent, "go on")).to_state()
            if kind == "replaced":
                agent.tools[:] = fresh
            else:
                new = {"tools": fresh} if kind == "clone" else {"handoffs": [agent_of(tools=fresh)]}
                agent = agent.clone(**new)
                state = await RunState.from_json(agent, state.to_json())
            state.approve(state.get_interruptions()[0])

            async def go_on():
                return Runner.run_streamed(agent, state) if streamed else await go(agent, state)

            with pytest.raises(ConfigurationError) as ei:
                await go_on()
        assert "configuration.tool_out_of_reach" == ei.value.code
        assert [] == world.ran

    async def test_no_run_takes_a_tool_that_is_not_protected(self, world, authorization):
        agent = protect(agent_of(tools=[tool_of(world.send, "mail.send")]), authorization)
        agent.tools.append(tool_of(world.read, "mail.read"))
        taken = await agent.get_all_tools(RunContextWrapper(None))
        assert ["mail.send"] == [tool.name for tool in taken]

    async def test_the_agents_own_hooks_are_heard(self, world, authorization):
        heard = []

        class Hears(AgentHooks):
            async def on_llm_start(self, context, agent, prompt, items):
                heard.append("asked")

            async def on_tool_end(self, context, agent, tool, result):
                heard.append(result)

        agent = agent_of([SEND], tools=[tool_of(world.send, "mail.send")], hooks=Hears())
        with world.task():
            await go(protect(agent, authorization))
        assert ["asked", "sent", "asked"] == heard


class TestReach:
    @pytest.mark.parametrize("how", ["agent", "handoff"])
    async def test_an_agent_that_is_handed_over_to_is_judged(self, world, authorization, how):
        second = agent_of([STEAL], tools=[tool_of(world.send, "mail.send")], name="Second")
        target = handoff(second) if how == "handoff" else second
        first = agent_of([ToolCall("transfer_to_second", {}, "call-over")], handoffs=[target])
        protect(first, authorization)
        with world.task() as task:
            said = await go(first)
            assert 0 == task.report().ran
        assert DENIED.match(said["call-steal"])
        assert [] == world.ran

    async def test_agents_of_a_circle_are_each_protected_once(self, world, authorization):
        first, second = agent_of([SEND]), agent_of(name="Second")
        second.tools = [tool_of(world.send, "mail.send")]
        first.handoffs, second.handoffs = [second], [first]
        asks = second.as_tool("mail.read", "-", parameters=Asking)
        first.tools = [asks, *second.tools]
        protect(first, authorization)
        with world.task() as task:
            await go(first)
            assert 1 == task.report().ran
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran

    async def test_an_agent_within_may_wait_for_a_person(self, world, authorization):
        inner = agent_of([SEND], tools=[tool_of(world.send, "mail.send")], name="Inner")
        tool = inner.as_tool("mail.read", "-", parameters=Asking)
        agent = protect(agent_of([READ], tools=[tool]), authorization)
        with world.wary() as task:
            result = await Runner.run(agent, "go on")
            (question,) = map(authorization.question, result.interruptions)
            assert ("mail.send", "call-send") == (question["name"], question["tool_call_id"])
            world.signs = True
            state = result.to_state()
            state.approve(result.interruptions[0])
            said = await go(agent, state)
            report = task.report()
        assert "done" == said["call-read"]
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran
        assert 0 == report.unknown

    async def test_what_a_server_says_of_its_tools_is_a_strangers_unless_it_is_pinned(
        self, world, authorization, tmp_path
    ):
        def agent(**options):
            tools = [tool_of(world.send, "mail.send"), *options.pop("tools", ())]
            return protect(agent_of([SEND], tools=tools, **options), authorization)

        command, args = weather_server(tmp_path)
        async with MCPServerStdio(params={"command": command, "args": args}) as server:
            with world.task(prompt=ASKS_FOR_WEATHER) as task:
                await go(agent(mcp_servers=[server]))
                assert ("untrusted", []) == (world.trust(task), world.ran)
            (listed,) = await server.list_tools()
            world.register("weather", pin=digest(listed.model_dump(by_alias=True, mode="json")))
            with world.task(prompt=ASKS_FOR_WEATHER) as task:
                await go(agent(mcp_servers=[server]))
                assert ("trusted", 1) == (world.trust(task), len(world.ran))

    async def test_what_the_program_says_of_its_own_tools_is_its_own(self, world, authorization):
        def weather(city: str) -> str:
            return "sunny"

        weather.__doc__ = WEATHER
        world.resources["weather"] = lambda city: ("city", city)
        authorization = Authorization(world.guard, resources=world.resources)
        tools = [tool_of(world.send, "mail.send"), tool_of(weather, "weather")]
        with world.task(prompt=ASKS_FOR_WEATHER) as task:
            await go(protect(agent_of([SEND], tools=tools), authorization))
            assert ("trusted", 1) == (world.trust(task), len(world.ran))

    async def test_tools_of_an_mcp_server_are_judged(self, world, authorization, tmp_path):
        ran = tmp_path / "ran"
        script = tmp_path / "server.py"
        script.write_text(SERVER.format(ran=str(ran)), "utf-8")
        parameters = {"command": sys.executable, "args": [str(script)]}
        async with MCPServerStdio(params=parameters, name="mail") as server:
            other = ToolCall("mail.odd", {"id": "42"}, "call-odd")
            agent = agent_of([SEND], [STEAL], [other], mcp_servers=[server])
            protect(agent, authorization)
            with world.task() as task:
                said = await go(agent)
                assert 1 == task.report().ran
            assert "hello" == ran.read_text("utf-8")
            assert {"type": "text", "text": "sent by the server"} == said["call-send"]
            assert DENIED.match(said["call-steal"])
            assert DENIED.match(said["call-odd"])
            # The agent has not grown by its first run.
            agent.model = scripted([SEND])
            with world.task():
                assert said["call-send"] == (await go(agent))["call-send"]
            assert [] == agent.tools
            # A clone lists them anew, and its model is not asked.
            with world.task(), pytest.raises(ConfigurationError):
                await go(agent.clone())
            # Neither is that of an agent which has a tool of the same name.
            own = agent_of([SEND], tools=[tool_of(world.send, "mail.send")], mcp_servers=[server])
            with world.task(), pytest.raises(ConfigurationError) as ei:
                await go(protect(own, authorization))
            assert "configuration.tool_named_twice" == ei.value.code
            assert () == own.model.calls


async def test_a_guarded_function_says_nothing_of_a_servers_tool(world, tmp_path):
    """
    A server of another agent lists a tool by the same name.
    """
    sent = world.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))(world.send)
    ran = tmp_path / "ran"
    script = tmp_path / "server.py"
    script.write_text(SERVER.format(ran=str(ran)), "utf-8")
    parameters = {"command": sys.executable, "args": [str(script)]}
    async with MCPServerStdio(params=parameters, name="mail") as server:
        helper = agent_of([SEND], mcp_servers=[server])
        main = agent_of([SEND], tools=[sent], handoffs=[helper])
        protect(main, Authorization(world.guard))
        with world.task() as task:
            said = await go(helper)
            assert 0 == task.report().ran
        assert said["call-send"].startswith("Not executed [configuration.tool_unknown]")
        with world.task() as task:
            await go(main)
            assert 1 == task.report().ran
    assert not ran.exists()


SERVER = """
from pathlib import Path
from mcp.server import MCPServer

server = MCPServer("mail")

@server.tool(name="mail.send")
def send(to: list[str], body: str) -> str:
    Path({ran!r}).open("a").write(body)
    return "sent by the server"

@server.tool(name="mail.odd")
def odd(id: str) -> str:
    Path({ran!r}).open("a").write(id)
    return "odd"

server.run()
"""


class TestArguments:
    async def test_what_the_framework_puts_in_is_no_argument(self, world, authorization):
        got = []

        def send(context: ToolContext, to: list[str], body: str) -> str:
            """Send a mail."""
            got.append((to, body, json.loads(context.tool_arguments)))
            return "sent"

        wish = ToolCall("mail.send", {"to": ["bob@ACME.example"], "body": "hi"}, "c")
        agent = protect(agent_of([wish], tools=[tool_of(send, "mail.send")]), authorization)
        with world.task():
            await go(agent)
        assert [([BOB], "hi", {"to": [BOB], "body": "hi"})] == got

    async def test_the_default_of_a_field_is_judged(self, world, authorization):
        def write(path: str, text: str = Field("nothing", description="-")) -> str:
            """Write a file."""
            world.ran.append(("file.write", {"path": path, "text": text}))
            return "written"

        wish = ToolCall("file.write", {"path": "/work/a"}, "c")
        judged = []
        world.resources["file.write"] = lambda path, text: judged.append(text) or ("file", path)
        authorization = Authorization(world.guard, resources=world.resources)
        agent = protect(agent_of([wish], tools=[tool_of(write, "file.write")]), authorization)
        with world.task():
            await go(agent)
        assert [("file.write", {"path": "/work/a", "text": "nothing"})] == world.ran
        assert {"nothing"} == set(judged)

    async def test_a_default_that_no_schema_holds_is_judged(self, world, authorization):
        """
        A strict schema has no default that is null; the function adds it all the same.
        """

        def write(path: str, text: str | None = None) -> str:
            """Write a file."""
            return "written"

        judged = []
        world.resources["file.write"] = lambda path, text: judged.append(text) or ("file", path)
        authorization = Authorization(world.guard, resources=world.resources)
        tool = function_tool(write, name_override="file.write")
        assert "default" not in str(tool.params_json_schema)
        wish = ToolCall("file.write", {"path": "/work/a"}, "c")
        agent = protect(agent_of([wish], tools=[tool]), authorization)
        with world.task():
            await go(agent)
        assert {None} == set(judged)

    async def test_a_tool_with_a_plain_json_schema_gets_what_was_judged(self, world, authorization):
        got = []

        async def send(context, said):
            got.append(json.loads(said))
            return "sent"

        schema = {"type": "object", "properties": {"to": {"type": "array"}, "body": {}}}
        tool = FunctionTool("mail.send", "-", schema, send, strict_json_schema=False)
        wish = ToolCall("mail.send", {"to": ["bob@ACME.example"], "body": "hi"}, "c")
        agent = protect(agent_of([wish], tools=[tool]), authorization)
        with world.task():
            await go(agent)
        assert [{"to": [BOB], "body": "hi"}] == got

    async def test_a_schema_that_stands_for_any_number_of_values_is_refused_and_recorded(
        self, world, authorization
    ):
        async def send(context, said):
            raise AssertionError(said)

        itself = {"$ref": "#", "default": {}}
        schema = {"type": "object", "properties": {"a": itself, "b": itself}}
        tool = FunctionTool("mail.send", "-", schema, send, strict_json_schema=False)
        agent = protect(agent_of([ToolCall("mail.send", {}, "c")], tools=[tool]), authorization)
        with world.task() as task:
            read = await go(agent)
            report = task.report()

        assert read["c"].startswith("Not executed [argument.not_representable]")
        assert ["argument.not_representable"] == codes(report.unavailable)

    @pytest.mark.parametrize(
        "said", ['{"id": "42", "id": "43"}', "[1]", '{"id": ', '{"id": 1e999}'], ids=str
    )
    async def test_arguments_that_are_no_json_object_do_not_run(self, world, authorization, said):
        tool = tool_of(world.read, "mail.read")
        agent = protect(agent_of(tools=[tool]), authorization)
        steps = [function_call("mail.read", said, call_id="c")]
        agent.model = ScriptedModel(
            [ModelStep(output=steps), ModelStep(output=[assistant_message("done")])]
        )
        with world.task() as task:
            result = await Runner.run(agent, "go on")
            if result.interruptions:  # so the framework wants it, where it cannot read them
                state = result.to_state()
                state.approve(result.interruptions[0])
                result = await Runner.run(agent, state)
            assert (0, 0) == (task.report().ran, task.report().unknown)
        assert [] == world.ran
        assert read_of(result)["c"].startswith("Not executed [")


class TestBetween:
    async def test_an_input_guardrail_sees_nothing_of_a_call_that_is_refused(
        self, world, authorization
    ):
        seen = []

        @tool_input_guardrail
        def sees(data):
            seen.append(json.loads(data.context.tool_arguments)["to"])
            return ToolGuardrailFunctionOutput.allow()

        tool = tool_of(world.send, "mail.send", tool_input_guardrails=[sees])
        made = protect(agent_of([STEAL], [SEND], tools=[tool]), authorization)
        with world.task():
            read = await go(made)

        assert [[BOB]] == seen
        assert ["mail.send"] == [name for name, _ in world.ran]
        assert DENIED.match(read["call-steal"])

    async def test_where_a_guardrail_refuses_the_permit_is_recorded_as_not_used(
        self, world, authorization
    ):
        @tool_input_guardrail
        def refuse(data):
            return ToolGuardrailFunctionOutput.reject_content("not today")

        tool = tool_of(world.send, "mail.send", tool_input_guardrails=[refuse])
        agent = protect(agent_of([SEND], tools=[tool]), authorization)
        with world.task() as task:
            assert "not today" == (await go(agent))["call-send"]
            await recorded(lambda: task.report().stopped)
            report = task.report()
        assert ("in bounds", 0, 1, 0) == (
            report.verdict,
            report.ran,
            report.stopped,
            report.unknown,
        )

    async def test_where_a_hook_raises_as_well(self, world, authorization):
        class Raises(RunHooks):
            async def on_tool_start(self, context, agent, tool):
                raise OSError("canary")

        agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.task() as task:
            with pytest.raises(Exception, match="canary"):
                await go(agent, hooks=Raises())
            await recorded(lambda: task.report().stopped)
            assert (0, 0) == (task.report().ran, task.report().unknown)
        assert [] == world.ran

    async def test_a_permit_that_has_waited_too_long_is_asked_for_again(
        self, world, authorization, monkeypatch
    ):
        from inbounds.pep import call

        monkeypatch.setattr(call, "_GOOD_FOR", 0.3)

        @tool_input_guardrail
        async def slow(data):
            await asyncio.sleep(0.5)
            # The next one has time enough on a busy machine.
            monkeypatch.setattr(call, "_GOOD_FOR", 60.0)
            return ToolGuardrailFunctionOutput.allow()

        tool = tool_of(world.send, "mail.send", tool_input_guardrails=[slow])
        agent = protect(agent_of([SEND], tools=[tool]), authorization)
        with world.task() as task:
            assert "sent" == (await go(agent))["call-send"]
            report = task.report()
        assert (1, 1, 0) == (report.ran, report.stopped, report.unknown)

    async def test_what_is_in_place_judges_alone(self, world, authorization):
        """
        Whatever becomes of all else that was changed in a tool.
        """
        tools = [tool_of(world.send, "mail.send")]
        agent = protect(agent_of([SEND, STEAL], tools=tools), authorization)
        (tool,) = agent.tools
        tool.needs_approval, tool.is_enabled = False, True
        tool.tool_input_guardrails = tool.tool_output_guardrails = None
        with world.task():
            said = await go(agent)
        assert "sent" == said["call-send"]
        assert DENIED.match(said["call-steal"])
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran

    async def test_an_id_that_two_tasks_use_is_two_calls(self, world, authorization):
        """
        What one task may do is not a verdict on what another does under the same id.
        """
        judged, other = asyncio.Event(), asyncio.Event()

        @tool_input_guardrail
        async def waits(data):
            judged.set()
            await other.wait()
            return ToolGuardrailFunctionOutput.allow()

        slow = tool_of(world.send, "mail.send", tool_input_guardrails=[waits])
        first = protect(agent_of([SEND], tools=[slow]), authorization)
        second = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        over = world.task()
        over.end()
        with world.task() as task:
            running = asyncio.ensure_future(go(first))
            await asyncio.wait_for(judged.wait(), 20)
            refused = await go(second, context=over)
            other.set()
            sent = await running
            assert 1 == task.report().ran
        assert "[task.over]" in refused["call-send"]
        assert "sent" == sent["call-send"]
        assert 1 == len(world.ran)

    async def test_so_are_the_questions_of_two_tasks(self, world, authorization):
        agents = [
            protect(agent_of([wish], tools=[tool_of(world.send, "mail.send")]), authorization)
            for wish in (SEND, ToolCall("mail.send", {"to": [BOB], "body": "other"}, "call-send"))
        ]
        tasks = [world.wary(), world.wary()]
        results = [
            await Runner.run(agent, "go on", context=task)
            for agent, task in zip(agents, tasks, strict=True)
        ]
        world.signs = True
        for agent, task, result in zip(agents, tasks, results, strict=True):
            state = result.to_state()
            state.approve(result.interruptions[0])
            assert {"call-send": "sent"} == await go(agent, state, context=task)
            task.end()
        assert ["hello", "other"] == [said["body"] for _, said in world.ran]


class TestOutcome:
    async def test_what_a_tool_raises_ends_the_run_where_it_is_told_to(self, world, authorization):
        world.failing = True
        tool = tool_of(world.write, "file.write", failure_error_function=None)
        agent = protect(agent_of([WRITE], tools=[tool]), authorization)
        with world.task() as task:
            with pytest.raises(Exception, match="the disk is full"):
                await go(agent)
            assert (1, 0) == (task.report().ran, task.report().unknown)

    async def test_what_becomes_text_is_recorded_as_an_error_and_discharged(
        self, world, authorization, monkeypatch
    ):
        registered(world, returns={"label": "confidential", "mask": ["email"]})

        def read(id: str) -> str:
            raise OSError(f"no mail to {BOB}")

        tool = tool_of(
            read, "mail.read", failure_error_function=lambda context, error: f"failed: {error}"
        )
        written, write = [], world.guard.evidence.executed
        monkeypatch.setattr(
            world.guard.evidence, "executed", lambda record: write(record) or written.append(record)
        )
        agent = protect(agent_of([READ], tools=[tool]), authorization)
        with world.task():
            said = await go(agent)
        assert "failed: no mail to [email]" == said["call-read"]
        assert [("yes", "error", "OSError")] == [
            (each.executed, each.status, each.error_type) for each in written
        ]

    @pytest.mark.parametrize(
        ("given", "read"),
        [
            (ToolOutputText(text=f"from {BOB}"), "from [email]"),
            ({"type": "text", "text": f"from {BOB}"}, "from [email]"),
            ([f"from {BOB}", 1], "from [email]"),
            (Asking(id=BOB), "[email]"),
            (AsModel(id=BOB), "[email]"),
        ],
        ids=lambda each: type(each).__name__,
    )
    async def test_whatever_the_framework_makes_text_of_is_discharged(
        self, world, authorization, given, read
    ):
        registered(world, returns={"label": "confidential", "mask": ["email"]})
        world.mail = given
        seen = []

        @tool_output_guardrail
        def sees(data):
            seen.append(str(data.output))
            return ToolGuardrailFunctionOutput.allow()

        tool = tool_of(world.read, "mail.read", tool_output_guardrails=[sees])
        agent = protect(agent_of([READ], tools=[tool]), authorization)
        with world.task():
            said = str(await go(agent))
        assert read in said
        assert BOB not in said
        assert BOB not in str(seen)

    @pytest.mark.parametrize("fields", [True, False])
    async def test_an_image_is_withheld_where_a_field_is_to_be_left_out(
        self, world, authorization, fields
    ):
        if fields:
            registered(world, **FIELDS)
        world.mail = ToolOutputImage(image_url="data:image/png;base64,AAAA")
        agent = protect(agent_of([READ], tools=[tool_of(world.read, "mail.read")]), authorization)
        with world.task():
            said = await go(agent)
        withheld = str(said["call-read"]).startswith("Executed, and its result withheld")
        assert fields == withheld

    @pytest.mark.parametrize(
        "given",
        [
            FILE,
            [FILE],
            {"type": "file", "file_url": "https://files.example/a"},
            [ToolOutputImage(image_url="data:image/png;base64,AAAA"), FILE],
            [ToolOutputFileContent(file_data="AAAA", filename="a"), FILE],
            ["text", FILE],
            [{"type": "image", "image_url": "https://files.example/a.png"}, 1],
            AsBytes(),
        ],
        ids=["model", "list", "dict", "image", "data", "text", "number", "bytes"],
    )
    @pytest.mark.parametrize("owed", [{"mask": ["email"]}, {"strip": ["links"]}, {"rows": 1}])
    async def test_of_a_picture_or_file_nothing_is_given_where_something_is_owed(
        self, world, authorization, given, owed
    ):
        registered(world, returns={"label": "confidential", **owed})
        world.mail = given
        agent = protect(agent_of([READ], tools=[tool_of(world.read, "mail.read")]), authorization)
        with world.task():
            said = await go(agent)
        assert said["call-read"].startswith("Executed, and its result withheld [result.not_plain]")

    @pytest.mark.parametrize("kind", ["text", "invoice"])
    async def test_data_with_a_type_is_no_file(self, world, authorization, kind):
        registered(world, returns={"label": "confidential", "mask": ["email"]})
        world.mail = [{"type": kind, "file_url": "a", "text": {"from": BOB}}]
        agent = protect(agent_of([READ], tools=[tool_of(world.read, "mail.read")]), authorization)
        with world.task():
            said = await go(agent)
        assert [{**world.mail[0], "text": {"from": "[email]"}}] == said["call-read"]

    async def test_a_tool_that_takes_too_long_is_recorded(self, world, authorization):
        begun = asyncio.Event()

        async def write(path: str, text: str) -> str:
            """Write a file."""
            begun.set()
            await asyncio.sleep(60)
            return "written"

        tool = tool_of(write, "file.write", timeout=0.5)
        agent = protect(agent_of([WRITE], tools=[tool]), authorization)
        with world.task() as task:
            said = await go(agent)
            report = task.report()
        assert begun.is_set()
        assert "timed out" in said["call-write"]
        assert ("in bounds", 1, 0) == (report.verdict, report.ran, report.unknown)

    async def test_a_run_that_is_cancelled_is_cancelled(self, world, authorization):
        begun = asyncio.Event()

        async def write(path: str, text: str) -> str:
            """Write a file."""
            begun.set()
            await asyncio.sleep(60)
            return "written"

        agent = protect(agent_of([WRITE], tools=[tool_of(write, "file.write")]), authorization)
        with world.task() as task:
            running = asyncio.ensure_future(go(agent))
            await asyncio.wait_for(begun.wait(), 20)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await recorded(lambda: task.report().ran)
            assert 0 == task.report().unknown

    async def test_a_run_that_is_cancelled_before_the_tool_leaves_no_doubt(
        self, world, authorization, comparing
    ):
        agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.task() as task:
            running = asyncio.ensure_future(go(agent))
            assert await asyncio.to_thread(comparing.begun.wait, 20)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await recorded(lambda: task.report().stopped)
            comparing.gate.set()
            assert (0, 0) == (task.report().ran, task.report().unknown)
        assert [] == world.ran

    @pytest.mark.parametrize("fails", ["not", "as text", "as an error"])
    async def test_an_outcome_that_no_log_takes_is_said_and_ends_the_calls(
        self, world, authorization, monkeypatch, fails
    ):
        world.failing = fails != "not"
        options = {"failure_error_function": None} if fails == "as an error" else {}

        def full(record):
            raise DecisionUnavailable("the disk is full", code="evidence.unwritable")

        tools = [tool_of(world.write, "file.write", **options), tool_of(world.send, "mail.send")]
        agent = protect(agent_of([WRITE], [SEND], tools=tools), authorization)
        with world.task() as task:
            with monkeypatch.context() as patch:
                patch.setattr(world.guard.evidence, "executed", full)
                said = await go(agent)
            text = "Executed, and its result withheld [outcome.unrecorded]; do not retry."
            assert said["call-write"].startswith(text)
            assert said["call-send"].startswith("Not executed [task.unreconciled]")
            assert 1 == task.reconcile()
        assert 1 == len(world.ran)


class TestPausing:
    async def test_each_of_two_calls_waits_for_its_own_answer(self, world, authorization):
        second = ToolCall("mail.send", {"to": [BOB], "body": "again"}, "call-second")
        tools = [tool_of(world.send, "mail.send")]
        agent = protect(agent_of([SEND, second], tools=tools), authorization)
        with world.wary():
            result = await Runner.run(agent, "go on")
            assert 2 == len(result.interruptions)
            world.signs = True
            state = result.to_state()
            for each in result.interruptions:
                (state.approve if each.call_id == "call-send" else state.reject)(each)
            said = await go(agent, state)
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran
        assert said["call-second"].startswith("Not executed [approval.rejected]")

    async def test_an_answer_to_one_is_none_to_the_other(self, world, authorization):
        second = ToolCall("mail.send", {"to": [BOB], "body": "again"}, "call-second")
        tools = [tool_of(world.send, "mail.send")]
        agent = protect(agent_of([SEND, second], tools=tools), authorization)
        with world.wary():
            result = await Runner.run(agent, "go on")
            world.signs = True
            state = result.to_state()
            state.approve(result.interruptions[0])
            result = await Runner.run(agent, state)
            assert ["call-second"] == [each.call_id for each in result.interruptions]
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran

    async def test_a_yes_to_every_call_is_one_to_none(self, world, authorization):
        second = ToolCall("mail.send", {"to": [BOB], "body": "again"}, "call-second")
        tools = [tool_of(world.send, "mail.send")]
        agent = protect(agent_of([SEND], [second], tools=tools), authorization)
        with world.wary():
            result = await Runner.run(agent, "go on")
            state = result.to_state()
            state.approve(result.interruptions[0], always_approve=True)
            result = await Runner.run(agent, state)
            assert ["call-send"] == [each.call_id for each in result.interruptions]
        assert [] == world.ran

    @pytest.mark.parametrize("answer", ["approve", "reject"])
    @pytest.mark.parametrize("ids", ["other", "same"])
    @pytest.mark.parametrize("whose", ["another session's", "another task's", "the same task's"])
    async def test_always_answers_what_its_own_run_waits_with(
        self, world, authorization, whose, ids, answer
    ):
        """
        It is no answer to what another run waits with, of another user or not.
        """
        other = ToolCall("mail.send", {"to": [BOB], "body": "other"}, "call-other")
        other = replace(other, id=SEND.id) if ids == "same" else other
        mine, theirs, again = (
            protect(agent_of(*turns, tools=[tool_of(world.send, "mail.send")]), authorization)
            for turns in ([[SEND]], [[other]], [[replace(SEND, id="call-again")]])
        )
        task = world.wary()
        within = {
            "another session's": world.wary,
            "another task's": lambda: world.wary(session=task.session.sid),
            "the same task's": lambda: task,
        }[whose]()
        waits = await Runner.run(mine, "go on", context=task)
        also = await Runner.run(theirs, "go on", context=within)
        asked = task.report().asked
        state = also.to_state()
        named = {f"always_{answer}": True}
        getattr(state, answer)(also.interruptions[0], **named)
        await Runner.run(theirs, state, context=within)
        assert within is task or asked == task.report().asked

        world.signs = True  # a no is heard, whoever has signed
        state = waits.to_state()
        state.reject(waits.interruptions[0])
        read = await go(mine, state, context=task)
        assert read["call-send"].startswith("Not executed [approval.rejected]")
        read = await go(again, context=task)
        assert read["call-again"].startswith("Not executed [approval.rejected]")
        assert [] == world.ran

    async def test_nobody_is_told_what_another_session_is_asked(self, world, authorization):
        agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        task = world.wary()
        (waits,) = (await Runner.run(agent, "go on", context=task)).interruptions
        assert "flow.untrusted_argument" == authorization.question(waits, task)["code"]
        with world.wary():
            assert "" == authorization.question(waits)["request_id"]
        with pytest.raises(TaskMissing):
            authorization.question(waits)

    async def test_where_the_run_does_not_say_what_it_waits_with_nothing_runs(
        self, world, authorization, monkeypatch
    ):
        from inbounds.integrations.openai_agents import answers
        from inbounds.integrations.openai_agents import authorization as module

        for each in (answers, module):
            monkeypatch.setattr(each, "invocation_of", lambda run, call_id: "")
        await assert_a_yes_does_not_count(world, authorization)

    async def test_the_program_says_a_no_in_its_own_words(self, world, authorization):
        agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.wary():
            result = await Runner.run(agent, "go on")
            state = result.to_state()
            state.reject(result.interruptions[0], rejection_message="Not to Bob.")
            said = await go(agent, state)
        assert "Not to Bob." == said["call-send"]
        assert [] == world.ran

    @pytest.mark.parametrize("approve", [True, False])
    async def test_in_another_process_nothing_runs_unsigned(self, world, authorization, approve):
        """
        What is known of a question is another process's: the policy is asked all the same.
        """
        turns = ([SEND],)
        agent = protect(agent_of(*turns, tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.wary():
            result = await Runner.run(agent, "go on")
            text = json.dumps(result.to_state().to_json())
            there = Authorization(world.guard, resources=world.resources)
            agent = protect(agent_of(tools=[tool_of(world.send, "mail.send")]), there)
            state = await RunState.from_json(agent, json.loads(text))
            (waiting,) = state.get_interruptions()
            assert "" == there.question(waiting)["code"]
            (state.approve if approve else state.reject)(waiting)
            said = await go(agent, state)
        assert [] == world.ran
        if approve:
            assert PENDING.match(said["call-send"])
        else:
            assert "not approved" in said["call-send"]

    async def test_in_another_process_what_is_signed_runs(self, world, authorization):
        agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.wary():
            result = await Runner.run(agent, "go on")
            text = json.dumps(result.to_state().to_json())
            there = Authorization(world.guard, resources=world.resources)
            agent = protect(agent_of(tools=[tool_of(world.send, "mail.send")]), there)
            state = await RunState.from_json(agent, json.loads(text))
            state.approve(state.get_interruptions()[0])
            world.signs = True
            said = await go(agent, state)
        assert "sent" == said["call-send"]
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran

    async def test_where_a_yes_cannot_be_taken_back_the_call_is_refused(
        self, world, authorization, monkeypatch
    ):
        from inbounds.integrations.openai_agents import authorization as module

        monkeypatch.setattr(module, "unsay", lambda run, call_id: False)
        await assert_a_yes_does_not_count(world, authorization)

    async def test_one_state_that_goes_on_twice_runs_once(self, world, authorization):
        agent = protect(agent_of([SEND], tools=[tool_of(world.send, "mail.send")]), authorization)
        with world.wary() as task:
            result = await Runner.run(agent, "go on")
            state = result.to_state()
            state.approve(result.interruptions[0])
            text = json.dumps(state.to_json())
            world.signs = True
            await go(agent, await RunState.from_json(agent, json.loads(text)))
            world.signs = False
            agent.model = scripted()
            await go(agent, await RunState.from_json(agent, json.loads(text)))
            assert 1 + 1 == task.report().ran  # with what the stranger wrote
        assert 1 == len(world.ran)

    @pytest.mark.parametrize("rule", ["true", "async", "sync"])
    async def test_a_rule_of_the_tools_author_counts_as_well(self, world, authorization, rule):
        async def wants(context, arguments, call_id):
            return arguments["body"] == "hello"

        rules = {"true": True, "async": wants, "sync": lambda c, arguments, i: True}
        tool = tool_of(world.send, "mail.send", needs_approval=rules[rule])
        agent = protect(agent_of([SEND], tools=[tool]), authorization)
        with world.task() as task:
            result = await Runner.run(agent, "go on")
            assert [] == world.ran
            assert "" == authorization.question(result.interruptions[0])["code"]
            state = result.to_state()
            state.approve(result.interruptions[0])
            said = await go(agent, state)
            assert 1 == task.report().ran
        assert "sent" == said["call-send"]

    async def test_nobody_is_asked_for_what_is_refused_in_any_case(self, world, authorization):
        tool = tool_of(world.send, "mail.send", needs_approval=True)
        agent = protect(agent_of([STEAL], tools=[tool]), authorization)
        with world.task() as task:
            result = await Runner.run(agent, "go on")
            assert [] == result.interruptions
            assert ["egress.destination_not_allowed"] == [
                each.code for each in task.report().refused
            ]
        assert DENIED.match(read_of(result)["call-steal"])


async def recorded(what):
    """Wait until something is so: what ends a call is recorded beside the loop."""
    for _ in range(400):
        if what():
            return
        await asyncio.sleep(0.02)
    assert what()


class TestConversations:
    """A session of the framework, which no tool and no hook is told of."""

    async def runs(self, world, authorization, kept, wish, **asked):
        agent = agent_of([wish], tools=[tool_of(world.write, "file.write")])
        with world.task(**asked) as task:
            await Runner.run(protect(agent, authorization), "go on", session=kept)
            state = world.guard._runtime.sessions.load(task.session)
        return task.session.sid, (state.trust, state.label) == ("untrusted", "secret")

    async def test_what_its_session_here_has_seen_is_known(self, world, authorization):
        kept = SQLiteSession("one")
        sid, _ = await self.runs(world, authorization, kept, WRITE)
        again = ToolCall("file.write", WRITE.arguments, "call-again")
        assert (await self.runs(world, authorization, kept, again, session=sid)) == (sid, False)

    async def test_under_another_session_it_is_a_strangers(self, world, authorization):
        kept = SQLiteSession("one")
        await self.runs(world, authorization, kept, WRITE)
        again = ToolCall("file.write", WRITE.arguments, "call-again")
        _, exposed = await self.runs(world, authorization, kept, again)
        assert exposed

    async def test_in_another_process_it_is_known_by_its_conversation(self, world, authorization):
        kept = SQLiteSession("one")
        await self.runs(world, authorization, kept, WRITE, conversation="one")
        world.begin_anew()
        again = ToolCall("file.write", WRITE.arguments, "call-again")
        _, exposed = await self.runs(world, authorization, kept, again, conversation="one")
        assert not exposed


Board = Annotated[str, AfterValidator(lambda value: value.replace(":", "/"))]
"""`board:7` is another spelling of `board/7`."""
Unsteady = Annotated[str, AfterValidator(lambda value: f"{value}/more")]
Opaque = Annotated[Any, AfterValidator(lambda value: object())]


class TestValidators:
    """What the types of a function make of its arguments is what is judged, and what runs."""

    async def read(self, world, kind, id):
        def read(id: kind):
            world.ran.append(("mail.read", {"id": id}))
            return "hello"

        authorization = Authorization(world.guard, resources=world.resources)
        agent = agent_of([ToolCall("mail.read", {"id": id}, "call-read")])
        agent.tools.append(tool_of(read, "mail.read"))
        with world.task() as task:
            said = read_of(await Runner.run(protect(agent, authorization), "go on"))
            return said["call-read"], task.report()

    async def test_what_one_makes_is_judged(self, world):
        said, report = await self.read(world, Board, "board:7")
        assert ([], 1) == (world.ran, len(report.refused))
        assert "data.label_above_clearance" in said
        said, report = await self.read(world, Board, "team:7")
        assert ("hello", 1) == (said, report.ran)
        assert [("mail.read", {"id": "team/7"})] == world.ran

    @pytest.mark.parametrize("kind", [Unsteady, Opaque])
    async def test_one_that_makes_something_else_of_what_was_judged_runs_nothing(self, world, kind):
        said, report = await self.read(world, kind, "team:7")
        assert [] == world.ran
        assert said.startswith("Not executed [permit.arguments_changed]")
        assert (0, 1) == (report.ran, report.stopped)

    async def test_a_type_is_given_as_it_is(self, world):
        registered(world, arguments={"/day": {"kind": "date"}, "/count": {"type": "integer"}})

        def read(day: date, count: int = 1):
            world.ran.append(("mail.read", {"day": day, "count": count}))
            return "hello"

        resources = {"mail.read": lambda day, count: ("mail", "42")}
        authorization = Authorization(world.guard, resources=resources)
        wish = ToolCall("mail.read", {"day": "2026-11-29", "count": "7"}, "call-read")
        agent = agent_of([wish], tools=[tool_of(read, "mail.read")])
        with world.task():
            said = read_of(await Runner.run(protect(agent, authorization), "go on"))
        assert "hello" == said["call-read"]
        assert [("mail.read", {"day": date(2026, 11, 29), "count": 7})] == world.ran


@pytest.mark.parametrize("streamed", [True, False])
def test_a_thread_of_codex_does_not_run_within_a_tool(world, tmp_path, streamed):
    thread = Codex(codex_path_override=str(tmp_path / "none")).start_thread()

    async def ask(id: str) -> str:
        """Ask Codex."""
        await (thread.run_streamed if streamed else thread.run)("go on")
        return "done"

    with world.task() as task:
        OpenAIAgentsHarness(world, "run").run_tool(ask)
        report = task.report()
    assert ["agent.unguarded"] == [each.code for each in report.unavailable]
    assert "cannot tell" == report.verdict
