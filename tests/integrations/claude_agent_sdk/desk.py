"""One session with tools of Claude Code and of this process, for tests that look at it closely."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage
from tests.integrations.claude_agent_sdk.harness import (
    PREFIX,
    environment,
    shown_as,
    told,
    tool_of,
)
from tests.integrations.claude_agent_sdk.model import Scripted, use
from tests.integrations.world import ToolCall, World

from inbounds.integrations.claude_agent_sdk import Authorization, guarded_server, protect
from inbounds.pep.task import Task


class Desk:
    """A session.

    Attributes:
        model: What its model hears, and asks for.
        options: Its options, protected.
        messages: What it has said so far.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        *turns: Sequence[ToolCall],
        authorization: Authorization | None = None,
        task: Task | None = None,
        tools: Sequence[Any] | None = None,
        within: Sequence[Sequence[ToolCall]] = (),
        **options: Any,
    ) -> None:
        """Make it.

        Args:
            world: What it is put before.
            folder: Where Claude Code is at work, and keeps its sessions.
            turns: What the model asks for.
            authorization: Judges; by default one that knows the world's tools.
            task: Which it is within.
            tools: Of the server `desk`; by default the world's.
            within: What an agent within asks for.
            options: As `ClaudeAgentOptions`; `own` stands for its `tools`, `more` is added to
                its `env`.
        """
        blocks, inner = (
            [[use(wish, shown_as(wish.tool)) for wish in turn] for turn in each]
            for each in (turns, within)
        )
        self.model = Scripted(*blocks, within=inner)
        self.authorization = authorization or Authorization(world.guard, resources=world.resources)
        if tools is None:
            tools = [tool_of(*each) for each in world.tools.items()]
        self.messages: list[Any] = []
        options.setdefault("mcp_servers", {"desk": guarded_server("desk", tools)})
        plain = ClaudeAgentOptions(
            tools=list(options.pop("own", ())),
            cwd=folder,
            env=environment(folder, self.model) | options.pop("more", {}),
            **options,
        )
        self.options = protect(plain, self.authorization, task=task)

    def go(self, prompt: str | None = "go on", **changes: Any) -> Mapping[str, str]:
        """Run it, and return what its model has read of each call; without a prompt, go on."""
        if prompt is None:
            changes["resume"] = self.result.session_id
        options = replace(self.options, **changes)
        self.messages += asyncio.run(told(options, prompt, "query"))
        return self.read

    @property
    def read(self) -> Mapping[str, str]:
        """What its model has read of each call, without what Claude Code says before a refusal."""
        return {call: PREFIX.sub("", text, count=1) for call, text in self.model.read.items()}

    @property
    def result(self) -> Any:
        """What it ended with."""
        return [each for each in self.messages if isinstance(each, ResultMessage)][-1]
