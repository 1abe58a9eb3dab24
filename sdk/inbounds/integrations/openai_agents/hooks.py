"""The hooks of a protected agent: they see to it that it still is protected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents import AgentHooks

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
            if name.startswith("on_") and name != "on_llm_start":
                setattr(self, name, getattr(self._own, name))

    async def on_llm_start(self, context: Any, agent: Any, *about: Any, **named: Any) -> None:
        """Refuse to ask the model where a tool of the agent is not judged.

        Raises:
            ConfigurationError: As `protect`.
        """
        self._require(agent)
        await self._own.on_llm_start(context, agent, *about, **named)
