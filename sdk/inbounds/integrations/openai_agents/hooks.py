"""The hooks of a protected agent: they see to it that it still is protected."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from agents import AgentHooks

from inbounds.errors import TaskMissing

from .history import join_before_model, see_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .authorization import Authorization


class ProtectedHooks(AgentHooks):  # type: ignore[misc]  # not there for mypy
    """Looks at an agent before its model is asked, and does what the agent's own hooks do.

    Args:
        authorization: What the agent is protected with.
        require: Raises where something in an agent is not protected.
        own: The agent's own hooks, if it has any.
    """

    def __init__(
        self, authorization: Authorization, require: Callable[[Any], None], own: Any
    ) -> None:
        self.authorization = authorization
        self._require = require
        self._own = own or AgentHooks()
        for name in dir(self._own):
            if name.startswith("on_") and name not in ("on_llm_start", "on_llm_end"):
                setattr(self, name, getattr(self._own, name))

    async def on_llm_start(
        self, context: Any, agent: Any, instructions: Any, items: Any, *about: Any, **named: Any
    ) -> None:
        """Refuse to ask the model where a tool of the agent is not judged.

        Raises:
            ConfigurationError: As `protect`; and as `Task.join`.
            DecisionUnavailable: As `Task.join`.
        """
        self._require(agent)
        with suppress(TaskMissing):  # then no call runs
            await join_before_model(context, items)
        await self._own.on_llm_start(context, agent, instructions, items, *about, **named)

    async def on_llm_end(
        self, context: Any, agent: Any, response: Any, *about: Any, **named: Any
    ) -> None:
        """Take what the model has answered for a part of the conversation."""
        with suppress(TaskMissing):
            see_answer(context, response.output)
        await self._own.on_llm_end(context, agent, response, *about, **named)
