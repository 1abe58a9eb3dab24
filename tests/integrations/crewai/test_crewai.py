"""Every behaviour on CrewAI; and what is its alone."""

import asyncio
import contextlib
import functools
import pickle
import sys
from typing import Any

import pytest
from crewai import Agent, Crew, Process
from crewai.agents.agent_executor import AgentExecutor
from crewai.flow import Flow, start
from crewai.hooks.dispatch import InterceptionPoint, clear_all, on, register
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.mcp import MCPServerStdio
from crewai.tools.base_tool import BaseTool, Tool
from crewai.utilities import constants, training_handler
from crewai.utilities.formatter import DIVIDERS
from mcp.types import Tool as MCPListed
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.behaviours import DENIED, FIELDS, READ, SEND, STEAL, WRITE, registered
from tests.integrations.crewai.harness import (
    WHO,
    CrewAIHarness,
    Scripted,
    task_of,
    tool_of,
)
from tests.integrations.entry_points import unreviewed
from tests.integrations.weather import ASKS_FOR_WEATHER, WEATHER, weather_server
from tests.integrations.world import BOB, MALLORY, ToolCall, unwatched

from inbounds import ConfigurationError
from inbounds.errors import DecisionUnavailable
from inbounds.integrations.crewai import (
    Authorization,
    create_guarded_agent,
    create_guarded_crew,
)

# What the framework warns of inside itself.
pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(params=["crew", "async", "agent"])
def harness(request, world):
    return CrewAIHarness(world, request.param)


def test_each_place_where_the_framework_begins_an_agent_is_watched(harness):
    assert [] == unwatched("crewai")


def test_no_method_goes_past_them():
    assert [] == unreviewed("crewai")


@pytest.mark.parametrize("how", ["resume", "resume_async"])
def test_a_flow_is_not_resumed_within_a_tool(world, authorization, how):
    ran = []

    class Paused(Flow):
        @start()
        def begin(self):
            ran.append("begin")

    @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id):
        resumed = getattr(Paused(), how)("go on")
        return asyncio.run(resumed) if how == "resume_async" else resumed

    with world.task() as task, pytest.raises(ConfigurationError) as refused:
        read("42")
    assert "agent.unguarded" == refused.value.code
    assert [] == ran
    assert "cannot tell" == task.report().verdict


@pytest.fixture
def authorization(world):
    return Authorization(world.guard, resources=world.resources)


@pytest.fixture(autouse=True)
def _no_hooks_left():
    yield
    clear_all()


def agent_of(authorization, *turns, tools, native=True, **options):
    llm = Scripted.of(*turns, native=native)
    return create_guarded_agent(
        authorization=authorization, tools=tools, llm=llm, **{**WHO, **options}
    )


def kicked(agent, **options):
    """Kick a crew of one agent off, and return what it has said."""
    return create_guarded_crew([agent], [task_of(agent)], **options).kickoff()


def read_of(world):
    return tool_of("mail.read")(world.read)


def send_of(world):
    return tool_of("mail.send")(world.send)


class TestHooks:
    def test_a_hook_that_raises_lets_nothing_run_that_is_denied(self, world, authorization):
        """
        The framework runs the tool all the same; what judges stands in its place.
        """

        @on(InterceptionPoint.PRE_TOOL_CALL)
        def broken(_):
            raise RuntimeError

        agent = agent_of(authorization, [SEND, STEAL], tools=[send_of(world)])
        with world.task():
            kicked(agent)
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran
        assert DENIED.match(agent.llm.read["call-steal"])

    def test_what_a_hook_changes_is_what_is_judged(self, world, authorization):
        @on(InterceptionPoint.PRE_TOOL_CALL)
        def change(ctx):
            ctx.tool_input["to"] = [MALLORY]

        agent = agent_of(authorization, [SEND], tools=[send_of(world)])
        with world.task():
            kicked(agent)
        assert [] == world.ran
        assert "[egress.destination_not_allowed]" in agent.llm.read["call-send"]

    def test_a_hook_may_run_an_agent_that_nobody_guards(self, world, authorization):
        """
        It is the program's own code, and no part of a tool.
        """
        ran = []

        def ask(_):
            agent = Agent(llm=Scripted.of(), **WHO)
            ran.append(agent.kickoff("go on").raw)

        on(InterceptionPoint.PRE_TOOL_CALL)(ask)
        on(InterceptionPoint.POST_TOOL_CALL)(ask)
        with world.task() as task:
            kicked(agent_of(authorization, [READ], tools=[read_of(world)]))
            report = task.report()
        assert ["done", "done"] == ran
        assert (1, "in bounds") == (report.ran, report.verdict)

    def test_a_hook_reads_no_more_of_a_result_than_the_model(self, world, authorization):
        registered(world, **FIELDS)
        world.mail = {"text": "hello", "pay": 4200}
        got = []

        @on(InterceptionPoint.POST_TOOL_CALL)
        def look(ctx):
            got.extend([str(ctx.tool_result), str(ctx.raw_tool_result)])

        with world.task():
            kicked(agent_of(authorization, [READ], tools=[read_of(world)]))
        assert 2 == len(got)
        assert "hello" in got[0]
        assert not [each for each in got if "4200" in each]


class TestText:
    """Models that have no tool calls of their own ask in text."""

    def test_it_is_judged_like_any_call(self, world, authorization):
        agent = agent_of(
            authorization,
            [SEND],
            [STEAL],
            [READ],
            tools=[send_of(world), read_of(world)],
            native=False,
        )
        with world.task() as task:
            kicked(agent)
            report = task.report()
        assert ["mail.send", "mail.read"] == [name for name, _ in world.ran]
        assert "Not executed [egress.destination_not_allowed]" in agent.llm.heard
        assert (2, 1) == (report.ran, len(report.refused))

    def test_without_a_decision_nothing_runs(self, world, authorization):
        agent = agent_of(authorization, [SEND], tools=[send_of(world)], native=False)
        with world.task(), world.without_policy(RuntimeError("canary")):
            kicked(agent)
        assert [] == world.ran
        assert "Not executed [decision.unavailable]; do not retry." in agent.llm.heard
        assert "canary" not in agent.llm.heard

    def test_a_model_is_told_of_the_tools_of_its_task_alone(self, world, authorization):
        tools = [send_of(world), tool_of("mail.odd")(world.odd)]
        agent = agent_of(authorization, tools=tools, native=False)
        with world.task():
            kicked(agent)
        assert "mail_send" in agent.llm.heard
        assert "mail_odd" not in agent.llm.heard

    def test_each_time_that_the_framework_tries_again_is_a_decision(self, world, authorization):
        world.failing = True
        tools = [tool_of("file.write")(world.write)]
        agent = agent_of(authorization, [WRITE], tools=tools, native=False)
        with world.task() as task:
            kicked(agent)
            assert len(world.ran) == task.report().ran
        assert world.ran


class Reading(BaseTool):
    """A tool as a class, which counts by itself how often it has run."""

    name: str = "mail.read"
    description: str = "Read a mail."
    read: Any = None
    times: int = 0

    def _run(self, id: str) -> Any:
        self.times += 1
        return self.read(id)


class TestTools:
    def test_a_guarded_function_is_a_tool(self, world):
        ran = []

        @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: "str") -> str:
            """Read a mail."""
            ran.append(id)
            return "hello"

        agent = agent_of(Authorization(world.guard), [READ], tools=[read])
        with world.task():
            kicked(agent)
        assert ["42"] == ran
        assert "hello" == agent.llm.read["call-read"]

    def test_a_tool_of_a_class_keeps_its_state(self, world, authorization):
        tool = Reading(read=world.read)
        with world.task() as task:
            for _ in range(2):
                kicked(agent_of(authorization, [READ], tools=[tool]))
            assert 2 == task.report().ran
        assert 2 == tool.times

    def test_an_async_function_runs_under_its_permit(self, world, authorization):
        async def read(id: str) -> str:
            """Read a mail."""
            await asyncio.sleep(0)
            return world.read(id)["text"]

        agent = agent_of(authorization, [READ], tools=[tool_of("mail.read")(read)])
        with world.task() as task:
            kicked(agent)
            assert 1 == task.report().ran
        assert BOB in agent.llm.read["call-read"]

    async def test_a_program_may_await_it(self, world, authorization):
        tool = authorization.reachable(send_of(world))
        with world.task():
            assert "sent" == await tool.arun(to=[BOB], body="hello")
            refused = await tool.arun([MALLORY], "the canary")
        assert 1 == len(world.ran)
        assert DENIED.match(refused.message)

    def test_tools_of_a_task_are_judged(self, world, authorization):
        agent = agent_of(authorization, [STEAL], tools=[])
        task = task_of(agent, tools=[send_of(world)])
        with world.task():
            create_guarded_crew([agent], [task]).kickoff()
        assert [] == world.ran
        assert DENIED.match(agent.llm.read["call-steal"])

    def test_a_limit_counts_for_all_who_have_the_tool(self, world, authorization):
        tool = tool_of("mail.read", max_usage_count=1)(world.read)
        first, second = (agent_of(authorization, [READ], tools=[tool]) for _ in range(2))
        with world.task():
            kicked(first)
            kicked(second)
        assert 1 == len(world.ran)
        assert "usage limit" in second.llm.read["call-read"]

    def test_what_would_do_its_work_later_is_withheld(self, world, authorization):
        def read(id: str) -> Any:
            """Read a mail."""
            return map(world.ran.append, ("a", "b"))

        agent = agent_of(authorization, [READ], tools=[tool_of("mail.read")(read)])
        with world.task():
            kicked(agent)
        assert [] == world.ran
        assert "[configuration.tool_is_lazy]" in agent.llm.read["call-read"]

    def test_a_tool_makes_no_text_of_what_is_left_out(self, world, authorization):
        registered(world, returns={"label": "confidential", "mask": ["email"]})

        class Telling(Reading):
            def _run(self, id: str) -> Any:
                return self.read(id)

            def format_output_for_agent(self, raw_result: Any) -> str:
                return f"from {BOB}"

        agent = agent_of(authorization, [READ], tools=[Telling(read=world.read)])
        with world.task():
            kicked(agent)
        assert "[email]" in agent.llm.read["call-read"]
        assert BOB not in agent.llm.read["call-read"]

    @pytest.mark.parametrize("native", [True, False])
    @pytest.mark.parametrize("method", ["run", "_run", "format_output_for_agent"])
    def test_no_method_of_a_tool_starts_an_agent_that_nobody_guards(
        self, world, authorization, method, native
    ):
        inner = Agent(llm=Scripted.of([STEAL]), tools=[send_of(world)], **WHO)

        @functools.wraps(getattr(Reading, method))
        def starting(self, *args, **arguments):
            inner.kickoff("go on")
            return getattr(Reading, method)(self, *args, **arguments)

        starts = type("Starts", (Reading,), {method: starting, "__module__": __name__})
        agent = agent_of(authorization, [READ], tools=[starts(read=world.read)], native=native)
        with world.task() as task:
            kicked(agent)
            report = task.report()
        assert "mail.send" not in [name for name, _ in world.ran]
        assert ("agent.unguarded",) == tuple({each.code for each in report.unavailable})
        assert "cannot tell" == report.verdict
        # In text, the framework may tell the model no more than to try something else.
        assert "[agent.unguarded]" in agent.llm.heard or not native
        assert "are not judged" not in agent.llm.heard

    def test_a_tool_makes_text_of_its_own_results_alone(self, world, authorization):
        class Telling(Reading):
            def format_output_for_agent(self, raw_result: Any) -> str:
                return f"<{raw_result}>"

        tool = authorization.judged(Telling(read=lambda id: f"mail {id}"))
        agent = agent_of(authorization, [READ], tools=[tool])
        with world.task():
            kicked(agent)
            given = tool.run(id="43")
            assert "<mail 43>" == tool.format_output_for_agent(given)
        assert "<mail 42>" == agent.llm.read["call-read"]
        assert "mail 44" == tool.format_output_for_agent("mail 44")

    def test_a_refusal_is_no_answer(self, world, authorization):
        """
        A tool whose result is the agent's answer: a refusal is not, and the run goes on.
        """
        tool = tool_of("mail.send", result_as_answer=True)(world.send)
        with world.task():
            assert "done" == kicked(agent_of(authorization, [STEAL], tools=[tool])).raw
            assert "sent" == kicked(agent_of(authorization, [SEND], tools=[tool])).raw

    def test_nothing_is_given_from_a_cache(self, world, authorization):
        """
        What was given once is not given again without a decision, and not in another task.
        """
        agent = agent_of(authorization, [READ], cache=True, tools=[read_of(world)])
        crew = create_guarded_crew([agent], [task_of(agent)], cache=True)
        with world.task():
            crew.kickoff()
        agent.llm._turns = [[READ]]
        crew.kickoff()
        assert 1 == len(world.ran)
        assert "Not executed [task.missing]" in agent.llm.read["call-read"]

    def test_a_large_result_is_read_on_in(self, world, authorization):
        """
        What the framework puts aside has been given already: to read on in it is not a call.
        """
        world.mail = "\n".join(f"line {n} of many" for n in range(4000))
        more = ToolCall("read_tool_result", {}, "call-more")
        agent = agent_of(authorization, [READ], [more], [STEAL], tools=[read_of(world)])
        with world.task() as task:
            kicked(agent)
            assert 1 == task.report().ran
        assert "stored as temporary artifact" in agent.llm.read["call-read"]

    @pytest.mark.parametrize("failing", [False, True])
    def test_an_outcome_that_no_log_takes_is_said_and_ends_the_calls(
        self, world, authorization, monkeypatch, failing
    ):
        world.failing = failing

        def full(record):
            raise DecisionUnavailable("the disk is full", code="evidence.unwritable")

        tools = [tool_of("file.write")(world.write), send_of(world)]
        agent = agent_of(authorization, [WRITE], [SEND], tools=tools)
        with world.task() as task:
            with monkeypatch.context() as patch:
                patch.setattr(world.guard.evidence, "executed", full)
                kicked(agent)
            read = agent.llm.read
            text = "Executed, and its result withheld [outcome.unrecorded]; do not retry."
            assert read["call-write"].startswith(text)
            assert read["call-send"].startswith("Not executed [task.unreconciled]")
            assert 1 == task.reconcile()
        assert 1 == len(world.ran)

    def test_a_run_of_its_own_that_calls_twice_runs_once(self, world, authorization):
        class Twice(Tool[..., Any]):
            def run(self, *args: Any, **arguments: Any) -> Any:
                self.func(**arguments)
                return self.func(**arguments)

        tool = send_of(world)
        about = {each: getattr(tool, each) for each in ("name", "description", "args_schema")}
        agent = agent_of(authorization, [SEND], tools=[Twice(func=world.send, **about)])
        with world.task() as task:
            kicked(agent)
            assert 1 == task.report().ran
        assert 1 == len(world.ran)
        assert agent.llm.read["call-send"].startswith("Executed, and its result withheld [permit.")


HANDING = ("delegate_work_to_coworker", "ask_question_to_coworker")


class TestCrews:
    def delegation(self, world):
        said = {f"/{each}": {"kind": "text"} for each in ("task", "context", "coworker")}
        given = {"label": "public", "party": "first"}
        world.register(*HANDING, arguments=said, returns=given)
        resources = dict.fromkeys(HANDING, lambda **said: ("mail", said["coworker"]))
        return Authorization(world.guard, resources={**world.resources, **resources})

    def handing(self, wish):
        said = {"task": "go on", "context": "none", "coworker": "helper"}
        return ToolCall("delegate_work_to_coworker", said, "call-hand"), [wish]

    def test_work_that_is_handed_on_is_judged_in_the_same_task(self, world):
        authorization = self.delegation(world)
        hand, theirs = self.handing(STEAL)
        helper = agent_of(authorization, theirs, [SEND], tools=[send_of(world)], role="helper")
        lead = agent_of(authorization, [hand], tools=[], allow_delegation=True)
        with world.task() as task:
            create_guarded_crew([lead, helper], [task_of(lead)]).kickoff()
            report = task.report()
            state = world.guard._runtime.sessions.load(task.session)
        # What the lead's model hands on is no history of another session.
        assert ("trusted", "internal") == (state.trust, state.label)
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran
        assert DENIED.match(helper.llm.read["call-steal"])
        assert (2, 1) == (report.ran, len(report.refused))

    def test_handing_on_is_a_call_as_well(self, world, authorization):
        hand, theirs = self.handing(SEND)
        helper = agent_of(authorization, theirs, tools=[send_of(world)], role="helper")
        lead = agent_of(authorization, [hand], tools=[], allow_delegation=True)
        with world.task():
            create_guarded_crew([lead, helper], [task_of(lead)]).kickoff()
        assert [] == world.ran
        read = lead.llm.read["call-hand"]
        assert DENIED.match(read)
        assert "[configuration.tool_unknown]" in read

    def test_an_agent_that_is_not_judged_is_handed_nothing(self, world):
        """
        Also in a crew of the framework's own, which nobody has looked at.
        """
        authorization = self.delegation(world)
        hand, theirs = self.handing(SEND)
        helper = Agent(llm=Scripted.of(theirs), tools=[send_of(world)], **{**WHO, "role": "helper"})
        lead = agent_of(authorization, [hand], tools=[], allow_delegation=True)
        with world.task(), pytest.raises(ConfigurationError) as ei:
            Crew(agents=[lead, helper], tasks=[task_of(lead)]).kickoff()
        assert "configuration.tool_out_of_reach" == ei.value.code
        assert [] == world.ran

    def test_a_manager_hands_on_to_those_who_are_judged(self, world):
        authorization = self.delegation(world)
        hand, theirs = self.handing(STEAL)
        helper = agent_of(authorization, theirs, tools=[send_of(world)], role="helper")
        manager = agent_of(authorization, [hand], tools=[], role="manager")
        task = task_of(None)
        with world.task():
            create_guarded_crew(
                [helper], [task], process=Process.hierarchical, manager_agent=manager
            ).kickoff()
        assert [] == world.ran
        assert DENIED.match(helper.llm.read["call-steal"])

    def test_copies_of_a_crew_are_judged(self, world, authorization):
        agent = agent_of(authorization, [STEAL], tools=[send_of(world)])
        crew = create_guarded_crew([agent], [task_of(agent)])
        with world.task() as task:
            crew.kickoff_for_each([{}, {}])
            assert 1 <= len(task.report().refused)
        assert [] == world.ran

    def test_tasks_beside_one_another_are_in_the_task_of_the_crew(self, world, authorization):
        first, second = (
            agent_of(authorization, [wish], tools=[send_of(world)]) for wish in (SEND, STEAL)
        )
        tasks = [task_of(first, async_execution=True), task_of(second)]
        with world.task():
            create_guarded_crew([first, second], tasks).kickoff()
        assert [("mail.send", {"to": [BOB], "body": "hello"})] == world.ran
        assert DENIED.match(second.llm.read["call-steal"])

    def test_a_run_with_a_deadline_is_in_its_task(self, world, authorization):
        agent = agent_of(authorization, [SEND], tools=[send_of(world)], max_execution_time=60)
        with world.task():
            kicked(agent)
        assert "sent" == agent.llm.read["call-send"]

    def test_a_tool_that_gets_into_the_loop_meanwhile_does_not_run(self, world, authorization):
        agent = agent_of(authorization, [SEND], [READ], tools=[read_of(world)])

        def slip(*_):
            executor = agent.agent_executor
            executor.original_tools.append(send_of(world))
            executor._setup_native_tools()

        register(InterceptionPoint.PRE_MODEL_CALL, slip)
        with world.task(), contextlib.suppress(ConfigurationError):
            kicked(agent)
        assert [] == world.ran


SERVER = '''
from mcp.server.fastmcp import FastMCP

server = FastMCP("desk")


@server.tool()
def read(id: str) -> str:
    """Read a mail."""
    return "mail " + id


@server.tool()
def wipe(id: str) -> str:
    """Wipe a mail."""
    return "wiped"


server.run()
'''


class TestServers:
    @pytest.mark.parametrize("served", [True, False])
    def test_what_a_server_says_of_its_tools_is_a_strangers(self, world, tmp_path, served):
        """
        The same words are the program's own, where its own function has them.
        """
        command, args = weather_server(tmp_path)
        server = MCPServerStdio(command=command, args=args)
        (name,) = [each.name for each in Agent(llm=Scripted.of(), **WHO).get_mcp_tools([server])]
        name = name if served else "weather"
        world.register(name)
        resources = {**world.resources, name: lambda city: ("city", city)}

        def weather(city: str) -> str:
            return city

        weather.__doc__ = WEATHER
        agent = agent_of(
            Authorization(world.guard, resources=resources),
            [SEND],
            tools=[send_of(world), *([] if served else [tool_of("weather")(weather)])],
            **({"mcps": [server]} if served else {}),
        )
        with world.task(prompt=ASKS_FOR_WEATHER) as task:
            kicked(agent)
            assert ("untrusted" if served else "trusted") == world.trust(task)
        assert (not served) == bool(world.ran)

    def test_so_it_is_of_a_tool_that_another_package_has_made(self, world):
        """
        Its function holds what the server has listed.
        """
        listed = MCPListed(name="weather", description=WEATHER, inputSchema={"type": "object"})

        def call(city: str) -> str:
            return listed.name + city

        made = Tool(name="weather", description=WEATHER, func=call)
        assert listed is Authorization(world.guard).judged(made).descriptor

    def test_a_guarded_function_says_nothing_of_a_servers_tool(self, world):
        listed = MCPListed(name="mail.send", description="Sends.", inputSchema={"type": "object"})
        got = []

        def call(to: list[str], body: str) -> str:
            got.append((listed.name, to))
            return "sent"

        world.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))(world.send)
        made = Tool(name="mail.send", description="Sends.", func=call)
        with world.task():
            said = Authorization(world.guard).judged(made).run(to=[BOB], body="hello")
        assert "Not executed [configuration.tool_unknown]" in str(said)
        assert [] == got

    def test_tools_of_an_mcp_server_are_judged(self, world, tmp_path):
        """
        Each under the name that the model calls it by; what no registry knows is refused.
        """
        (tmp_path / "server.py").write_text(SERVER, "utf-8")
        server = MCPServerStdio(command=sys.executable, args=[str(tmp_path / "server.py")])
        plain = Agent(llm=Scripted.of(), mcps=[server], **WHO)
        names = [tool.name for tool in plain.get_mcp_tools([server])]
        plain._cleanup_mcp_clients()
        (read,) = [name for name in names if name.endswith("read")]
        (wipe,) = [name for name in names if name.endswith("wipe")]
        world.register(read)
        authorization = Authorization(world.guard, resources={read: lambda id: ("mail", id)})
        agent = agent_of(
            authorization,
            [ToolCall(read, {"id": "42"}, "call-1"), ToolCall(wipe, {"id": "42"}, "call-2")],
            tools=[],
            mcps=[server],
        )
        with world.task() as task:
            kicked(agent)
            assert 1 == task.report().ran
        assert "mail 42" in agent.llm.read["call-1"]
        assert agent.llm.read["call-2"].startswith("Not executed [")

    @pytest.mark.parametrize("how", ["crew", "agent", "async", "in turn"])
    def test_an_agent_of_an_mcp_server_runs_again(self, world, tmp_path, how):
        """
        What the framework adds for a run is of that run: the agent keeps its own tools alone.
        """
        (tmp_path / "server.py").write_text(SERVER, "utf-8")
        server = MCPServerStdio(command=sys.executable, args=[str(tmp_path / "server.py")])
        plain = Agent(llm=Scripted.of(), mcps=[server], **WHO)
        read = next(each.name for each in plain.get_mcp_tools([server]) if "read" in each.name)
        plain._cleanup_mcp_clients()
        world.register(read)
        resources = {**world.resources, read: lambda id: ("mail", id)}
        agent = agent_of(
            Authorization(world.guard, resources=resources),
            tools=[read_of(world)],
            mcps=[server],
        )
        run = {
            "crew": kicked,
            "agent": lambda agent: agent.kickoff("go on"),
            "async": lambda agent: asyncio.run(agent.kickoff_async("go on")),
        }
        own = [*agent.tools]
        runs = [run[how], run[how]] if how in run else [*run.values()]
        with world.task() as task:
            for n, each in enumerate(runs):
                agent.llm._turns = [[ToolCall(read, {"id": "42"}, f"call-{n}")]]
                each(agent)
                assert own == agent.tools
                assert "mail 42" in agent.llm.read[f"call-{n}"]
            assert len(runs) == task.report().ran
        assert 1 == len({len(each) for each in agent.llm.shown})


class TestRefused:
    @pytest.mark.parametrize(
        "options",
        [
            {"allow_code_execution": True},
            {"knowledge_sources": [StringKnowledgeSource(content="x")]},
            {"memory": True},
            {"a2a": {"endpoint": "http://127.0.0.1:9/"}},
            {"llm": Scripted.of(tools=[{"type": "web_search"}])},
            {"llm": Scripted.of(extra_body={"tools": [{"type": "web_search"}]})},
            {"llm": Scripted.of(web_search_options={"search_context_size": "low"})},
        ],
        ids=["code", "knowledge", "memory", "a2a", "tools", "extra_body", "search"],
    )
    def test_what_no_call_tells_of_is_refused(self, authorization, options):
        with pytest.raises(ConfigurationError) as ei:
            create_guarded_agent(
                authorization=authorization, **{"llm": Scripted.of(), **WHO, **options}
            )
        assert "configuration.tool_out_of_reach" == ei.value.code

    @pytest.mark.parametrize("which", ["planning_llm", "chat_llm"])
    def test_every_model_of_a_crew_is_looked_at(self, authorization, which):
        hosted = Scripted.of(additional_params={"fallbacks": [{"tools": [{"type": "search"}]}]})
        agent = agent_of(authorization, tools=[])
        with pytest.raises(ConfigurationError) as ei:
            create_guarded_crew([agent], [task_of(agent)], **{which: hosted})
        assert "configuration.tool_out_of_reach" == ei.value.code

    def test_a_loop_of_ones_own_is_refused(self, authorization):
        class Own(AgentExecutor):
            pass

        with pytest.raises(ConfigurationError):
            agent_of(authorization, tools=[], executor_class=Own)

    def test_a_tool_of_which_nobody_says_what_it_touches_is_refused(self, world):
        with pytest.raises(ConfigurationError) as ei:
            agent_of(Authorization(world.guard), tools=[read_of(world)])
        assert "configuration.tool_unknown" == ei.value.code

    def test_a_tool_of_a_guarded_function_is_refused(self, world, authorization):
        @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            """Read a mail."""
            return "hello"

        about = read_of(world)
        tool = Tool(name="mail.read", description="-", func=read, args_schema=about.args_schema)
        with pytest.raises(ConfigurationError) as ei:
            agent_of(authorization, tools=[tool])
        assert "configuration.tool_guarded_twice" == ei.value.code

    def test_two_tools_of_one_name_are_refused(self, world, authorization):
        """
        CrewAI tells them apart for the model alone, and the policy judges by the name.
        """
        other = tool_of("mail.read")(world.odd)
        with pytest.raises(ConfigurationError) as ei:
            agent_of(authorization, tools=[read_of(world), other])
        assert "configuration.tool_named_twice" == ei.value.code
        agent = agent_of(authorization, [READ], tools=[read_of(world)])
        agent.tools.append(other)
        with world.task(), pytest.raises(ConfigurationError) as ei:
            kicked(agent)
        assert "configuration.tool_named_twice" == ei.value.code
        assert [] == world.ran

    def test_a_tool_of_another_authorization_is_refused(self, world, authorization):
        other = Authorization(world.guard, resources=world.resources)
        with pytest.raises(ConfigurationError) as ei:
            agent_of(authorization, tools=[other.reachable(read_of(world))])
        assert "configuration.tool_guarded_twice" == ei.value.code

    def test_a_guarded_function_that_gives_bit_by_bit_is_refused(self, world, authorization):
        @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> Any:
            """Read a mail."""
            yield "hello"

        with pytest.raises(ConfigurationError):
            agent_of(authorization, tools=[read])

    def test_a_crew_has_guarded_agents_alone(self, world, authorization):
        plain = Agent(llm=Scripted.of(), **WHO)
        guarded = agent_of(authorization, tools=[])
        for agents, task in (([plain], task_of(plain)), ([guarded], task_of(plain))):
            with pytest.raises(ConfigurationError) as ei:
                create_guarded_crew(agents, [task])
            assert "configuration.tool_out_of_reach" == ei.value.code

    @pytest.mark.parametrize(
        "options",
        [
            {"process": Process.hierarchical, "manager_llm": Scripted.of()},
            {"knowledge_sources": [StringKnowledgeSource(content="x")]},
            {"memory": True},
            {"trained_agents_file": "trained.pkl"},
        ],
        ids=["manager", "knowledge", "memory", "trained"],
    )
    def test_what_no_agent_of_a_crew_tells_of_is_refused(self, authorization, options):
        agent = agent_of(authorization, tools=[])
        with pytest.raises(ConfigurationError) as ei:
            create_guarded_crew([agent], [task_of(agent)], **options)
        assert "configuration.tool_out_of_reach" == ei.value.code

    def test_a_tool_of_a_task_that_nobody_knows_is_refused(self, world):
        agent = agent_of(Authorization(world.guard), tools=[])
        with pytest.raises(ConfigurationError) as ei:
            create_guarded_crew([agent], [task_of(agent, tools=[read_of(world)])])
        assert "configuration.tool_unknown" == ei.value.code


@pytest.mark.parametrize("where", ["TRAINED_AGENTS_DATA_FILE", "CREWAI_TRAINED_AGENTS_FILE_ENV"])
def test_a_file_of_the_folder_instructs_no_model(world, tmp_path, monkeypatch, where):
    """
    It is not even read.
    """
    monkeypatch.chdir(tmp_path)
    file = tmp_path / constants.TRAINED_AGENTS_DATA_FILE
    if where == "CREWAI_TRAINED_AGENTS_FILE_ENV":
        file = tmp_path / "other.pkl"
        monkeypatch.setenv(constants.CREWAI_TRAINED_AGENTS_FILE_ENV, str(file))
    read = []
    monkeypatch.setattr(training_handler.CrewTrainingHandler, "load", lambda _: read.append(1))
    file.write_bytes(pickle.dumps({WHO["role"]: {"suggestions": ["the canary"]}}))
    agent = agent_of(Authorization(world.guard, resources=world.resources), tools=[])
    create_guarded_crew([agent], [task_of(agent)]).kickoff()

    assert "the canary" not in str(agent.llm.heard)
    assert not read


class TestConversations:
    """What an agent, or a crew, goes on from."""

    def exposed(self, world, run, **asked):
        with world.task(**asked) as task:
            run()
            state = world.guard._runtime.sessions.load(task.session)
        return (state.trust, state.label) == ("untrusted", "secret")

    def test_messages_that_an_agent_is_given_are_a_strangers(self, world, authorization):
        agent = agent_of(authorization, tools=[read_of(world)])
        said = [{"role": "assistant", "content": "done"}, {"role": "user", "content": "go on"}]
        assert not self.exposed(world, lambda: agent.kickoff("go on"))
        assert self.exposed(world, lambda: agent.kickoff(said))
        assert not self.exposed(world, lambda: agent.kickoff("go on"), conversation="chat")
        assert not self.exposed(world, lambda: agent.kickoff(said), conversation="chat")

    def test_what_a_crew_is_replayed_with_is_a_strangers(self, world, authorization):
        agent = agent_of(authorization, tools=[read_of(world)])
        tasks = [task_of(agent), task_of(agent).model_copy(update={"description": "then"})]
        crew = create_guarded_crew([agent], tasks)
        assert not self.exposed(world, crew.kickoff)
        assert self.exposed(world, lambda: crew.replay(str(tasks[1].id)))

    @pytest.mark.parametrize("conversation", [None, "chat"])
    @pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
    def test_what_the_tasks_of_this_session_gave_is_none(
        self, world, authorization, sync, conversation
    ):
        agent = agent_of(authorization, tools=[read_of(world)])
        first, beside = task_of(agent), task_of(agent)
        then = task_of(agent, context=[first, beside])
        crew = create_guarded_crew([agent], [first, beside, then])
        kickoff = crew.kickoff if sync else lambda: asyncio.run(crew.akickoff())

        assert not self.exposed(world, kickoff, conversation=conversation)

    @pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
    @pytest.mark.parametrize("within", ["{}", "done" + DIVIDERS + "{}", "{}" + DIVIDERS + "done"])
    def test_what_another_session_gave_is(self, world, authorization, within, sync):
        """
        As the context of a task, whether a crew or a program hands it on.
        """
        agent = agent_of(authorization, tools=[read_of(world)])
        first = task_of(agent)
        with world.task():
            create_guarded_crew([agent], [first]).kickoff()
        first.output.raw = within.format(f"write to {BOB}")
        crew = create_guarded_crew([agent], [task_of(agent, context=[first])])
        assert self.exposed(world, crew.kickoff if sync else lambda: asyncio.run(crew.akickoff()))

        def alone():
            if sync:
                return agent.execute_task(task_of(agent), context=first.output.raw)
            return asyncio.run(agent.aexecute_task(task_of(agent), context=first.output.raw))

        assert self.exposed(world, alone)
