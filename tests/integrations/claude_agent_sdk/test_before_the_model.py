"""Of what lies in its folders, Claude Code puts nothing before a model that no call has read."""

import json
import re
import subprocess

import pytest
from claude_agent_sdk import AgentDefinition
from tests.integrations.behaviours import SEND
from tests.integrations.claude_agent_sdk.desk import Desk
from tests.integrations.world import ToolCall

ABOUT = "---\nname: {0}\ndescription: {0}\n---\n{0}\n"
STYLE = '{{"outputStyle": "{0}", "language": "{0}"}}'
FILES = {
    "AGENTS.md": "{0}",
    "CLAUDE.local.md": "{0}",
    "CLAUDE.md": "{0}",
    "MEMORY.md": "- {0}",
    "README.md": "{0}",
    "agent-memory/inner/MEMORY.md": "- {0}",
    "agents/a.md": ABOUT,
    "commands/a.md": ABOUT,
    "ide/1.lock": '{{"workspaceFolders": ["{0}"], "ideName": "{0}", "pid": 1}}',
    "loop.md": "{0}",
    "memory/MEMORY.md": "- {0}",
    "output-styles/a.md": ABOUT,
    "rules/a.md": "{0}",
    "scheduled_tasks.json": (
        '{{"tasks": [{{"id": "a", "cron": "* * * * *", "prompt": "{0}", "createdAt": 1}}]}}'
    ),
    "settings.json": STYLE,
    "settings.local.json": STYLE,
    "skills/a/SKILL.md": ABOUT,
    "workflows/a.md": ABOUT,
    ".mcp.json": '{{"mcpServers": {{"{0}": {{"command": "false"}}}}}}',
}
"""What Claude Code may look for in a folder, or in its `.claude`."""

INNER = {"description": "ask", "prompt": "go on", "subagent_type": "inner"}
AGENT = [ToolCall("Agent", {**INNER, "run_in_background": False}, "call-agent")]
AGENTS = {"inner": AgentDefinition("The inner agent.", "You are the inner agent.")}
PRESET = {"type": "preset", "preset": "claude_code"}
WAYS = {
    "plain": {},
    "preset": {"system_prompt": PRESET},
    "agent within": {"own": ["Agent", "Read"], "agents": AGENTS},
    "added folder": {"add_dirs": True},
    "all": {"system_prompt": PRESET, "own": ["Agent", "Read"], "agents": AGENTS, "add_dirs": True},
}


@pytest.fixture
def places(folder, tmp_path):
    """The folders of a session, with a canary in each name and each file of them."""
    made = {name: tmp_path / "above" / name for name in ("cwd", "home", "added", "memory")}
    places = [made["cwd"].parent, *made.values(), made["cwd"] / "within"]
    memory = made["home"] / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(made["cwd"]))
    for at, place in enumerate([*places, memory]):
        for below in ("", ".claude"):
            for number, (path, text) in enumerate(FILES.items()):
                file = place / below / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text.format(f"canary-{at}-{number}-{bool(below)}"))
    (made["cwd"] / "within" / "read.txt").write_text("read by a call")
    servers = {"mcpServers": {"canary-server": {"command": "false"}}, "history": ["canary"]}
    user = {"projects": {str(made["cwd"]): {**servers, "hasTrustDialogAccepted": True}}}
    (made["home"] / ".claude.json").write_text(json.dumps(user))
    for place in (made["cwd"], made["added"]):
        (place / "canary-file").write_text("canary")
        for command in (
            ("init", "-b", "canary-branch"),
            ("add", "CLAUDE.md"),
            ("-c", "user.name=canary", "-c", "user.email=a@b.example", "commit", "-m", "canary"),
            ("config", "user.name", "canary"),
        ):
            subprocess.run(["git", *command], cwd=place, check=True, capture_output=True)
    return made


@pytest.mark.parametrize("way", WAYS)
def test_a_model_reads_nothing_of_its_folders_without_a_call(world, places, monkeypatch, way):
    """
    Or the session is untrusted.
    """
    options = {**WAYS[way]}
    if options.get("add_dirs"):
        options["add_dirs"] = [places["added"]]
    memory, added = str(places["memory"]), str(places["added"])
    inherited = {
        "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1",
        "CLAUDE_CODE_AUTO_CONNECT_IDE": "1",
        "CLAUDE_CODE_DISABLE_CRON": "0",
        "CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS": "0",
        "CLAUDE_CODE_REMOTE_MEMORY_DIR": memory,
        "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE": memory,
        "CLAUDE_MEMORY_STORES": json.dumps([{"path": memory, "mode": "ro"}]),
        "CLAUDE_RELAUNCH_SESSION_ADD_DIRS": json.dumps([added]),
        "SYSTEM_REMINDER_MEMORY_CONTEXT": "1",
    }
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    home = {"HOME": str(places["home"]), "CLAUDE_CONFIG_DIR": "", "CLAUDE_CODE_TMPDIR": ""}
    read = ToolCall("Read", {"file_path": str(places["cwd"] / "within" / "read.txt")}, "call-file")
    own = options.get("own", ())
    turns = [[read], AGENT] if "Agent" in own else []
    desk = Desk(world, places["cwd"], *turns, [SEND], within=[[read], [SEND]], more=home, **options)
    with world.task() as task:
        desk.go()
        heard = "".join(map(json.dumps, desk.model.heard))
        found = {*re.findall(r"canary[\w-]*", heard)}
        assert not found or "untrusted" == world.trust(task)

    assert "sent" == desk.read["call-send"]
    assert ("read by a call" in heard) == ("Agent" in own)
    assert ("You are the inner agent." in heard) == ("Agent" in own)
