"""What options of a session may hold: what could skip a hook, or come after it, is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular

from .environment import OWN, UNSET, file_with_environment, says_yes
from .known import KNOWN
from .server import made_of, out_of_reach
from .session import is_protected

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions

    from .authorization import Authorization

BEYOND: Mapping[str, str] = {
    "WebSearch": "runs at the provider",
    "Workflow": "runs agents by a script of its model's",
}
"""Tools of Claude Code whose calls cannot be judged, and why."""

ONE_OFF = "no-session-persistence"
"""What lets Claude Code keep no session that could be resumed."""

_ARGUMENTS = frozenset({ONE_OFF, "debug", "debug-file", "debug-to-stderr", "replay-user-messages"})
_EMPTY = ("cli_path", "permission_prompt_tool_name", "plugins", "setting_sources", "skills")
_SETTINGS = frozenset({"model", "permissions", "sandbox"})
_CHANGES = ("PreToolUse", "PermissionRequest")


def require_reachable(options: ClaudeAgentOptions, authorization: Authorization) -> None:
    """Refuse options with which a call could run that is not judged, or otherwise than it was.

    Raises:
        ConfigurationError: As `protect`.
    """
    if is_protected(options):
        raise ConfigurationError(
            "the options are protected already",
            code="configuration.tool_guarded_twice",
            hint="protect them once; `dataclasses.replace` keeps what is protected",
        )
    for each in (options, *(options.agents or {}).values()):
        _require_known_options(each)
    for event in _CHANGES:
        if (options.hooks or {}).get(event):
            raise out_of_reach(event, "is a hook that may change a call after it was judged")
    for name in (*_EMPTY, "extra_args"):
        require_harmless(name, getattr(options, name))
    _require_environment(options.env)
    settings_of(options)
    _require_tools(options, authorization)
    _require_servers(options.mcp_servers, authorization)


def require_harmless(name: str, value: Any) -> None:
    """Refuse a value of an option that brings what no hook would judge, also once it is protected.

    Raises:
        ConfigurationError: As `protect`.
    """
    if name in _EMPTY and value:
        raise out_of_reach(name, "may bring hooks, commands or a program of its own")
    if name == "extra_args":
        for argument in value:
            if argument not in _ARGUMENTS:
                raise out_of_reach(f"--{argument}", "is an argument that may skip hooks")


def settings_of(options: ClaudeAgentOptions) -> str:
    """Return the settings of options as they are now, so that no file can change them later.

    With the environment that Claude Code puts above that of a file of its user.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: they hold more than permissions, a
            sandbox and a model, such as hooks or an environment, or cannot be read.
    """
    said = options.settings
    if said is None:
        said = "{}"
    try:
        if not said.strip().startswith("{"):
            said = read_regular(Path(options.cwd or "") / said)[0].decode("utf-8-sig")
        settings = json.loads(said)
    except (OSError, ValueError):
        settings = None
    if not isinstance(settings, dict) or settings.keys() - _SETTINGS:
        raise out_of_reach("settings", "holds more than permissions, a sandbox and a model")
    return json.dumps({**settings, "env": dict(OWN)})


def _require_environment(env: Mapping[str, str]) -> None:
    for name, why in UNSET.items():
        if says_yes(env.get(name, "")):
            raise out_of_reach(name, why)
    file = file_with_environment(env)
    if file is not None:
        raise out_of_reach(file.name, "has an `env` that Claude Code would put above its own")


def _require_tools(options: ClaudeAgentOptions, authorization: Authorization) -> None:
    tools = options.tools if options.tools is not None else []
    if not isinstance(tools, list):
        raise out_of_reach("tools", "names no tool: name those that the model may have")
    named = [*tools, *options.allowed_tools]
    for name, agent in (options.agents or {}).items():
        named += agent.tools or ()
        if not all(isinstance(each, str) for each in agent.mcpServers or ()):
            raise out_of_reach(name, "has a server that stands in no `mcp_servers`")
        if agent.memory:
            raise out_of_reach(name, "has a memory that it reads though nothing was asked")
    for each in named:
        name = re.split(r"[(\s]", each)[0]
        if name in BEYOND:
            raise out_of_reach(name, BEYOND[name])
    for each in tools:
        _require_known(each, authorization)


def _require_servers(servers: Any, authorization: Authorization) -> None:
    if not isinstance(servers, Mapping):
        raise out_of_reach("mcp_servers", "stands in a file, which may change: give a mapping")
    for name, config in servers.items():
        if not re.fullmatch(r"(?!inbounds$)[A-Za-z0-9-]+(_[A-Za-z0-9-]+)*", name):
            raise ConfigurationError(
                f"`{name}` cannot be the name of a server here",
                code="configuration.tool_name",
                hint="give it letters, digits, `-`, and `_` between them; `inbounds` is taken",
            )
        if config.get("type") != "sdk":
            continue
        made = made_of(config.get("instance"))
        if made is None:
            raise out_of_reach(name, "is a server that `guarded_server` has not made")
        for _, place in made.tools.values():
            _require_known(place.name, authorization)


def _require_known(tool: str, authorization: Authorization) -> None:
    if not authorization.knows(tool):
        raise ConfigurationError(
            f"nothing says what `{tool}` touches",
            code="configuration.tool_unknown",
            hint="name it in `resources=`, or guard its function with `guard.tool`",
        )


def _require_known_options(options: Any) -> None:
    """Refuse what a later SDK lets options say, and nobody has looked at."""
    known = KNOWN.get(type(options).__name__, frozenset())
    for field in fields(options):
        if field.name in known:
            continue
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if getattr(options, field.name) != default:
            raise out_of_reach(field.name, "is an option that is not known here")
