"""Options of a session each of whose calls is judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from claude_agent_sdk import ClaudeAgentOptions, HookMatcher, create_sdk_mcp_server

from inbounds.integrations._adapter.current_task import shown_tools
from inbounds.integrations._adapter.requirements import require_authorization

from .authorization import Authorization
from .environment import OWN
from .options import BEYOND, ONE_OFF, require_harmless, require_reachable, settings_of
from .server import Connected, made_of, of_session
from .session import Session, sessions_of

if TYPE_CHECKING:
    from inbounds.pep.task import Task

    from .tool_proxy import InPlace

_OWN = "inbounds"
_MORE = 10.0
"""How many seconds longer Claude Code waits for a hook than judging may take."""


def protect(
    options: ClaudeAgentOptions, authorization: Authorization, *, task: Task | None = None
) -> ClaudeAgentOptions:
    """Return options with which every call of a session's tools is judged, and of its agents'.

    Args:
        options: As for `query` or `ClaudeSDKClient`. They themselves are not changed. The tools
            of Claude Code that the model may have stand in `tools`; without, it has none.
        authorization: Judges.
        task: Which task sessions of these options are within; by default the one of the `with`
            block in which `query` is called, or the client is connected.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: something in them could run a tool
            that is not judged, or change what was; `configuration.tool_guarded_twice`: they are
            protected already; `configuration.tool_unknown`: nobody says what a tool touches;
            `configuration.tool_name`: a server has a name that is not its alone;
            `configuration.wrong_kind`: that is not an authorization.
    """
    require_authorization(authorization, Authorization)
    require_reachable(options, authorization)
    servers: dict[str, Any] = dict(options.mcp_servers)
    places: dict[str, InPlace] = {}
    made = {
        name: made_of(config["instance"])
        for name, config in servers.items()
        if config.get("type") == "sdk"
    }
    for name, each in made.items():
        for shown, (_, place) in each.tools.items() if each is not None else ():
            places[f"mcp__{name}__{shown}"] = place
    session = Session(
        authorization,
        task,
        places,
        servers=[name for name in servers if name not in made],
        asks=options.can_use_tool,
        waits=ONE_OFF not in options.extra_args,
    )
    bound = {name: of_session(servers[name], each, session) for name, each in made.items() if each}
    # One without a tool says when Claude Code is gone, where no other does.
    bound = bound or {_OWN: create_sdk_mcp_server(_OWN)}
    for name, config in bound.items():
        servers[name] = {**config, "instance": Connected(config["instance"], session)}
    protected = replace(
        options,
        tools=_tools(options, task),
        disallowed_tools=[*options.disallowed_tools, *BEYOND],
        mcp_servers=servers,
        strict_mcp_config=True,
        setting_sources=[],
        settings=settings_of(options),
        skills=[],
        # A prompt reads no file and runs no command by what it mentions.
        verbatim_prompts=True,
        # Whatever this process has inherited: with it, other than what was judged could run.
        env={"ENABLE_TOOL_SEARCH": "false", **options.env, **OWN},
        can_use_tool=None if options.can_use_tool is None else session.can_use_tool,
        hooks=_hooks(options, session, authorization.timeout + _MORE),
    )
    # Of the class that they had, which may have fields of its own.
    protected.__class__ = type("ProtectedOptions", (_Heard, type(options)), {})
    session.copies = protected.fork_session
    return protected


class _Heard:
    """Options whose session hears that it is to copy another, which no hook is told.

    They are made anew by `dataclasses.replace`: what `protect` refuses cannot be set then, either.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        # The SDK itself says so of options with `can_use_tool`.
        if (name, value) != ("permission_prompt_tool_name", "stdio"):
            require_harmless(name, value)
        super().__setattr__(name, value)
        if name in ("fork_session", "hooks") and getattr(self, "fork_session", False):
            for session in sessions_of(getattr(self, "hooks", None)):
                session.copies = True


def _tools(options: ClaudeAgentOptions, task: Task | None) -> list[str]:
    named: list[str] = [*(options.tools or ())]
    allowed = shown_tools(task)
    return [each for each in named if each in allowed] if allowed else named


def _hooks(options: ClaudeAgentOptions, session: Session, timeout: float) -> Any:
    own: dict[str, Any] = {
        "PreToolUse": session.before,
        "PostToolUse": session.after,
        "PostToolUseFailure": session.failed,
        "PostToolBatch": session.gone_on,
        "Stop": session.stopped,
        "SubagentStop": session.stopped,
        "UserPromptSubmit": session.prompted,
    }
    hooks: dict[Any, list[HookMatcher]] = {
        event: [*matchers] for event, matchers in (options.hooks or {}).items()
    }
    for event, callback in own.items():
        matcher = HookMatcher(None, [callback], timeout=timeout, on_failure="block")
        hooks[event] = [matcher, *hooks.get(event, ())]
    return hooks
