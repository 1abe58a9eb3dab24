"""What a session's options may hold, and what a server of tools may be made of."""

import asyncio
import json
import subprocess
import sys
from dataclasses import field, make_dataclass, replace
from types import SimpleNamespace

import pytest
from claude_agent_sdk import (
    AgentDefinition,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    HookMatcher,
    SdkMcpTool,
    create_sdk_mcp_server,
    query,
)
from mcp import Client
from mcp.client._memory import InMemoryTransport
from tests.integrations.claude_agent_sdk.harness import tool_of

from inbounds import ConfigurationError
from inbounds.integrations.claude_agent_sdk import Authorization, guarded_server, protect
from inbounds.integrations.claude_agent_sdk.server import _watch


async def hook(*_):
    return {}


async def answer(arguments):
    return {"content": []}


def tool(name="mail.read", run=answer):
    return SdkMcpTool(name, "A tool.", {"id": str}, run)


@pytest.fixture
def authorization(world):
    return Authorization(world.guard, resources=world.resources)


def refused(options, authorization):
    with pytest.raises(ConfigurationError) as ei:
        protect(options, authorization)
    return ei.value.code


AGENT = {"description": "an agent", "prompt": "you are one"}
HOOKS = {"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "true"}]}]}}
BEYOND = {
    "a hook before a tool": {"hooks": {"PreToolUse": [HookMatcher("Bash", [hook])]}},
    "a hook that gives permission": {"hooks": {"PermissionRequest": [HookMatcher(None, [hook])]}},
    "another program": {"cli_path": "/usr/bin/claude"},
    "a tool that gives permission": {"permission_prompt_tool_name": "mcp__desk__yes"},
    "a plugin": {"plugins": [{"type": "local", "path": "/plugin"}]},
    "settings of the user": {"setting_sources": ["user"]},
    "settings of the project": {"setting_sources": ["project"]},
    "every skill": {"skills": "all"},
    "a skill": {"skills": ["deploy"]},
    "settings with hooks": {"settings": json.dumps(HOOKS)},
    "settings without hooks": {"settings": '{"disableAllHooks": true}'},
    "settings with an environment": {"settings": '{"env": {"CLAUDE_CODE_SIMPLE": "1"}}'},
    "settings that run a program": {"settings": '{"apiKeyHelper": "/bin/key"}'},
    "settings that are not there": {"settings": "/nowhere/settings.json"},
    "settings that are none": {"settings": "{"},
    "bare mode": {"extra_args": {"bare": None}},
    "an argument that brings settings": {"extra_args": {"settings": "/settings.json"}},
    "an argument of tomorrow": {"extra_args": {"skip-everything": None}},
    "a simple mode": {"env": {"CLAUDE_CODE_SIMPLE": "1"}},
    "plugins of an environment": {"env": {"CLAUDE_CODE_PLUGIN_DIRS": "/plugin"}},
    "a program before each command": {"env": {"CLAUDE_CODE_SHELL_PREFIX": "/bin/before"}},
    "every tool there is": {"tools": {"type": "preset", "preset": "claude_code"}},
    "a search of the provider": {"allowed_tools": ["WebSearch(news)"]},
    "a script of agents": {"tools": ["Workflow"]},
    "an agent with a search of the provider": {
        "agents": {"a": AgentDefinition(**AGENT, tools=["WebSearch"])}
    },
    "an agent with a server of its own": {
        "agents": {"a": AgentDefinition(**AGENT, mcpServers=[{"desk": {"command": "desk"}}])}
    },
    "an agent with a memory": {"agents": {"a": AgentDefinition(**AGENT, memory="user")}},
    "servers in a file": {"mcp_servers": "/mcp.json"},
    "a server that is not guarded": {
        "mcp_servers": {"desk": create_sdk_mcp_server("desk", tools=[tool("mail_read")])}
    },
}


@pytest.mark.parametrize("options", BEYOND)
def test_what_could_go_round_a_judgement_is_refused(authorization, options):
    found = refused(ClaudeAgentOptions(**BEYOND[options]), authorization)

    assert "configuration.tool_out_of_reach" == found


@pytest.mark.parametrize("named", ["HOME", "CLAUDE_CONFIG_DIR"])
@pytest.mark.parametrize("said", ['{"env": {"PATH": "/tmp"}}', "{", "[]"])
def test_a_file_of_the_user_that_has_an_environment_is_refused(
    authorization, monkeypatch, tmp_path, named, said
):
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    options = ClaudeAgentOptions(env={named: str(tmp_path)})
    (tmp_path / ".claude.json").write_text('{"env": {}, "numStartups": 1}')
    protect(options, authorization)
    (tmp_path / ".claude.json").write_text(said)

    assert "configuration.tool_out_of_reach" == refused(options, authorization)


def test_an_option_of_tomorrow_is_refused_where_it_says_something(authorization):
    """
    As a later SDK may have one; left alone, it does nothing.
    """
    later = make_dataclass(
        "ClaudeAgentOptions",
        [("unhooked", list, field(default_factory=list))],
        bases=(ClaudeAgentOptions,),
    )

    assert [] == protect(later(), authorization).unhooked
    assert "configuration.tool_out_of_reach" == refused(later(unhooked=["all"]), authorization)


@pytest.mark.parametrize("name", ["inbounds", "a__b", "a.b", "", "_a", "a_"])
def test_a_server_has_a_name_that_is_its_alone(authorization, name):
    options = ClaudeAgentOptions(mcp_servers={name: {"command": "desk"}})

    assert "configuration.tool_name" == refused(options, authorization)


def test_somebody_says_what_a_tool_touches(world):
    knows_none = Authorization(world.guard)
    server = guarded_server("desk", [tool()])

    for options in ({"mcp_servers": {"desk": server}}, {"tools": ["Read"]}):
        found = refused(ClaudeAgentOptions(**options), knows_none)
        assert "configuration.tool_unknown" == found


def test_options_are_protected_once(authorization):
    plain = ClaudeAgentOptions(mcp_servers={"desk": guarded_server("desk", [tool()])})
    found = protect(plain, authorization)

    assert "configuration.tool_guarded_twice" == refused(found, authorization)
    assert "configuration.tool_guarded_twice" == refused(
        replace(found, resume="a-session"), authorization
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"setting_sources": ["project"]},
        {"plugins": [{"type": "local", "path": "."}]},
        {"skills": "all"},
        {"cli_path": "./claude"},
        {"permission_prompt_tool_name": "mcp__other__ask"},
        {"extra_args": {"dangerously-skip-permissions": None}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_options_that_are_made_of_protected_ones_bring_nothing_that_was_refused(
    changes, authorization
):
    plain = ClaudeAgentOptions(mcp_servers={"desk": guarded_server("desk", [tool()])})
    found = protect(plain, authorization)

    with pytest.raises(ConfigurationError) as error:
        replace(found, **changes)
    assert "configuration.tool_out_of_reach" == error.value.code
    again = replace(found, setting_sources=None, skills=None, extra_args={"debug": None})
    assert not again.setting_sources


def test_the_programs_own_options_are_left_alone(authorization):
    own = {"Stop": [HookMatcher(None, [hook])]}
    plain = ClaudeAgentOptions(
        mcp_servers={"desk": guarded_server("desk", [tool()])}, hooks=own, env={"A": "b"}
    )
    before = replace(plain)
    found = protect(plain, authorization)

    assert before == plain
    assert [own["Stop"][0]] == found.hooks["Stop"][1:]
    assert {"A": "b", "CLAUDE_CODE_SIMPLE": ""}.items() <= found.env.items()
    assert ([], True, True) == (
        found.setting_sources,
        found.strict_mcp_config,
        found.verbatim_prompts,
    )
    assert {"WebSearch", "Workflow"} <= {*found.disallowed_tools}
    assert all(
        "block" == matcher.on_failure and matcher.timeout > authorization.timeout
        for event in ("PreToolUse", "PostToolUse", "PostToolUseFailure")
        for matcher in found.hooks[event][:1]
    )


def test_a_model_has_the_tools_of_claude_code_that_are_named_and_its_tasks(world, authorization):
    world.resources["Glob"] = lambda **_: ("mail", "glob")
    knows = Authorization(world.guard, resources=world.resources)
    named = ClaudeAgentOptions(tools=["Bash", "Glob"])

    assert [] == protect(ClaudeAgentOptions(), authorization).tools
    assert ["Bash", "Glob"] == protect(named, knows).tools
    with world.task() as task:
        assert ["Bash"] == protect(named, knows).tools
    assert ["Bash"] == protect(named, knows, task=task).tools


def test_settings_are_those_that_were_looked_at(authorization, tmp_path):
    (tmp_path / "settings.json").write_text('{"permissions": {"deny": ["Read(/etc/**)"]}}')
    options = ClaudeAgentOptions(settings="settings.json", cwd=tmp_path)
    found = protect(options, authorization)
    (tmp_path / "settings.json").write_text(json.dumps(HOOKS))

    settings = json.loads(found.settings)
    assert {"deny": ["Read(/etc/**)"]} == settings["permissions"]
    assert {"permissions", "env"} == {*settings}
    assert settings["env"].items() <= found.env.items()
    assert {"", "1"} == {*settings["env"].values()}


# --- servers ------------------------------------------------------------------------------------


def test_what_is_no_tool_of_one_is_refused(world):
    @world.guard.tool("mail.odd", resource=lambda id: ("mail", id))
    def odd(id: str):
        yield id

    @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        return id

    async def asks_guarded(arguments):
        return {"content": [{"type": "text", "text": read(**arguments)}]}

    found = []
    for each in (odd, world.read, tool(run=asks_guarded)):
        with pytest.raises(ConfigurationError) as ei:
            guarded_server("desk", [each])
        found.append(ei.value.code)

    assert [
        "configuration.tool_out_of_reach",
        "configuration.tool_out_of_reach",
        "configuration.tool_guarded_twice",
    ] == found


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["mail.read", "mail_read"], "configuration.tool_named_twice"),
        ([""], "configuration.tool_name"),
        (["a" * 65], "configuration.tool_name"),
    ],
)
def test_a_tool_has_a_name_of_its_own(names, code):
    with pytest.raises(ConfigurationError) as ei:
        guarded_server("desk", [tool(name) for name in names])

    assert code == ei.value.code


def test_a_tool_that_asks_an_agent_asks_one_that_is_protected(authorization):
    plain = ClaudeAgentOptions()
    inner = protect(plain, authorization)
    client = ClaudeSDKClient(plain)

    async def asks_client(arguments):
        await client.query("go on")
        return {"content": []}

    async def asks_options(arguments):
        return {"content": [m async for m in query(prompt="go on", options=plain)]}

    async def asks_protected(arguments):
        return {"content": [m async for m in query(prompt="go on", options=inner)]}

    for run in (asks_client, asks_options):
        with pytest.raises(ConfigurationError) as ei:
            guarded_server("desk", [tool(run=run)])
        assert "configuration.tool_out_of_reach" == ei.value.code
    guarded_server("desk", [tool(run=asks_protected)])


def test_a_guarded_server_of_no_session_runs_nothing(world):
    """
    As where its options are not protected, or another program has it.
    """
    ran = []

    async def run(arguments):
        ran.append(arguments)
        return {"content": []}

    server = guarded_server("desk", [tool(run=run)])["instance"]

    async def ask():
        async with Client(InMemoryTransport(server)) as client:
            meta = {"claudecode/toolUseId": "call"}
            return await client.call_tool("mail_read", {"id": "1"}, meta=meta)

    with world.task():
        (block,) = asyncio.run(ask()).content

    assert "Not executed [permit.missing]; do not retry." == block.text
    assert [] == ran


def test_a_layer_of_a_server_comes_before_what_judges(authorization):
    """
    In the server of protected options, and once; wherever its program has put it.
    """

    async def layer(context, call_next):
        return await call_next(context)

    server = guarded_server("desk", [tool()])
    own = [each for each in server["instance"].middleware if each is not _watch]
    server["instance"].middleware.append(layer)
    found = protect(ClaudeAgentOptions(mcp_servers={"desk": server}), authorization)

    assert [*own, layer, _watch] == found.mcp_servers["desk"]["instance"].middleware


@pytest.mark.parametrize("method", ["resources/read", "prompts/get", "completion/complete"])
def test_nothing_else_of_a_server_is_read(method):
    async def answers(_):
        return {"contents": ["canary"]}

    context = SimpleNamespace(method=method, params={"uri": "file:///etc/passwd"})
    with pytest.raises(Exception, match="nothing has judged"):
        asyncio.run(_watch(context, answers))


def test_a_function_is_declared_as_it_is(world):
    """
    What the model is told of a guarded function is its own signature.
    """

    @world.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
    def send(to: list[str], body: str = "hello") -> str:
        """Send a mail."""
        return "sent"

    server = guarded_server("desk", [send, tool_of("mail.odd", world.odd)])["instance"]

    async def listed():
        async with Client(InMemoryTransport(server)) as client:
            return (await client.list_tools()).tools

    first, second = asyncio.run(listed())
    assert ("mail_send", "Send a mail.") == (first.name, first.description)
    declared = first.input_schema["properties"]
    assert ("array", "hello") == (declared["to"]["type"], declared["body"]["default"])
    assert ["to"] == first.input_schema["required"]
    assert "mail_odd" == second.name


def test_it_names_what_is_missing():
    script = (
        "import sys\n"
        "sys.modules['claude_agent_sdk'] = None\n"
        "from inbounds import ConfigurationError\n"
        "try:\n    import inbounds.integrations.claude_agent_sdk\n"
        "except ConfigurationError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert "[configuration.extra_missing]; pip install 'inbounds[claude-agent-sdk]'" in done.stdout
