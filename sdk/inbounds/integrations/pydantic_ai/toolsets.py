"""Where a call passes on its way to its tool: before all toolsets, and in the place of each."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.toolsets import FunctionToolset, WrapperToolset

from inbounds.errors import DecisionUnavailable
from inbounds.integrations._adapter.call_arguments import (
    CallArguments,
    called_with,
    with_stated_defaults,
)
from inbounds.integrations._adapter.conversation import plain_of, texts_of
from inbounds.integrations._adapter.current_task import shown_tools
from inbounds.integrations._adapter.refusals import refusal_text
from inbounds.integrations._adapter.running import on_its_own, permitted
from inbounds.integrations._adapter.server_text import aobserve, to_descriptor
from inbounds.process.threads import run_in_thread

from .preflight import require_none_external, require_reachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


class Mark:
    """The validator of a tool's arguments, which says in whose place the tool runs.

    Whatever wraps a toolset passes it on with the tool, under whatever name.

    Attributes:
        place: Stands for the toolset and the tool in it.
        descriptor: What an MCP server says of the tool; None for a tool of any other toolset.
        authors_check: The tool's own `args_validator`, which runs under the tool's permit: it is
            code of the tool, and may do anything with its arguments. None for none.
    """

    def __init__(
        self,
        validator: Any,
        toolset: Any,
        name: str,
        schema: Any = None,
        authors_check: Callable[..., Any] | None = None,
    ) -> None:
        self._validator = validator
        self._schema = schema
        self.descriptor: Mapping[str, Any] | None = None
        self.authors_check = authors_check
        self.place = (id(toolset), name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._validator, name)

    def completed(self, arguments: Mapping[str, Any], schema: Any) -> CallArguments:
        """Return arguments as the tool's function gets them: that runs, and so it is judged.

        Args:
            arguments: As its validator has made them.
            schema: The tool's JSON Schema.
        """
        own = self._schema
        if own is None:
            return CallArguments.of(schema, with_stated_defaults(schema, arguments), ())
        if own.validator.isinstance_python(object()):  # only the schema says what it takes
            arguments = with_stated_defaults(schema, arguments)
        return CallArguments.of(schema, arguments, [(own.function, self._provided)])

    def called(self, arguments: dict[str, Any], ctx: Any) -> dict[str, Any] | None:
        """Return what the tool's function is called with; None where it has none here."""
        if self._schema is None:
            return None
        place, named = self._schema._call_args(arguments, ctx)  # noqa: SLF001 -- what it itself does
        return called_with(self._schema.function, place, named, injected=self._provided)

    @property
    def _provided(self) -> list[str]:
        """The name of the argument that is the context of the run."""
        parameters = inspect.signature(self._schema.function).parameters
        return [*parameters][: self._schema.takes_ctx]

    def again(self, arguments: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Give judged arguments back the types that the tool takes."""
        if self._schema is not None:
            return dict(self._schema.revalidate(dict(arguments), context=context))
        return dict(self._validator.validate_python(arguments, context=context))


@dataclass
class JudgedToolset(WrapperToolset):  # type: ignore[misc]  # not there for mypy
    """All toolsets of a run. A call goes on from here with a permit alone."""

    judge: Callable[[Callable[..., Awaitable[Any]], str, dict[str, Any], Any, Any], Awaitable[Any]]

    async def get_tools(self, ctx: Any) -> dict[str, Any]:
        """List the tools, as `AbstractToolset.get_tools`; observe descriptors of MCP servers.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: one runs outside of the agent.
            DecisionUnavailable: As `server_text.observe`: the model is not asked.
        """
        tools: dict[str, Any] = await self.wrapped.get_tools(ctx)
        require_none_external(tool.tool_def for tool in tools.values())
        marks = {name: tool.args_validator for name, tool in tools.items()}
        said = {n: mark.descriptor for n, mark in marks.items() if isinstance(mark, Mark)}
        shown = shown_tools(ctx.deps)
        await aobserve(ctx.deps, {n: each for n, each in said.items() if each and n in shown})
        return tools

    async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
        """Run the tool if the policy allows this call; else fail with why not."""
        return await self.judge(self.wrapped.call_tool, name, tool_args, ctx, tool)


@dataclass
class InPlaceToolset(WrapperToolset):  # type: ignore[misc]  # not there for mypy
    """In the place of a toolset that runs tools itself: lets run what was judged, and no more."""

    async def get_tools(self, ctx: Any) -> dict[str, Any]:
        """List the tools, as `AbstractToolset.get_tools`, each with the mark of this place.

        Raises:
            ConfigurationError: As `require_reachable`.
        """
        inner = self._inner()
        tools: dict[str, Any] = await inner.get_tools(ctx)
        if inner is not self.wrapped:
            return tools
        require_reachable(inner)
        if _is_served(inner):
            added = await inner.get_instructions(ctx)
            await aobserve(ctx.deps, {}, texts_of(plain_of(added)))
        return {name: self._marked(name, tool) for name, tool in tools.items()}

    async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
        """Run the tool if a permit for this very call is there; else fail."""
        inner = self._inner()
        if inner is not self.wrapped:
            return await inner.call_tool(name, tool_args, ctx, tool)
        try:
            running = permitted()
        except DecisionUnavailable as missing:
            raise ToolFailed(refusal_text(missing)) from None
        mark = tool.args_validator
        place = mark.place if isinstance(mark, Mark) else None
        called = mark.called(tool_args, ctx) if isinstance(mark, Mark) else None
        await run_in_thread(running.begin, place, tool_args, called)
        with on_its_own(running):
            if isinstance(mark, Mark) and mark.authors_check is not None:
                said = mark.authors_check(ctx, **tool_args)
                if inspect.isawaitable(said):
                    await said
            return await inner.call_tool(name, tool_args, ctx, tool)

    def visit_and_replace(self, visitor: Callable[[Any], Any]) -> Any:
        """Replace what is within, as `AbstractToolset.visit_and_replace`."""
        return self if visitor is in_place else super().visit_and_replace(visitor)

    def _inner(self) -> Any:
        """Return what this is the place of; of a toolset that was made meanwhile, its parts."""
        parts: list[Any] = []
        self.wrapped.apply(parts.append)
        if len(parts) == 1 and parts[0] is self.wrapped:
            return self.wrapped
        return self.wrapped.visit_and_replace(in_place)

    def _marked(self, name: str, tool: Any) -> Any:
        schema = None
        if isinstance(self.wrapped, FunctionToolset):
            own = self.wrapped.tools.get(getattr(tool, "original_name", None) or name)
            if own is not None and own.function_schema.validator is tool.args_validator:
                schema = own.function_schema
        check = tool.args_validator_func
        mark = Mark(tool.args_validator, self.wrapped, name, schema, check)
        if _is_served(self.wrapped):
            mark.descriptor = _descriptor(tool.tool_def)
        return replace(tool, args_validator=mark, args_validator_func=None)


def _is_served(toolset: Any) -> bool:
    """Whether the tools of a toolset are those of an MCP server."""
    mcp = sys.modules.get("pydantic_ai.mcp")  # without it, there is no such toolset
    return mcp is not None and isinstance(toolset, mcp.MCPToolset)


def _descriptor(tool: Any) -> dict[str, Any]:
    """Return what the framework has kept of what a server says of a tool."""
    kept = to_descriptor(tool.name, tool.description, tool.parameters_json_schema)
    hints = (tool.metadata or {}).get("annotations")
    if hints:
        kept["annotations"] = {name: each for name, each in hints.items() if each is not None}
    return {**kept, **({"outputSchema": tool.return_schema} if tool.return_schema else {})}


def in_place(toolset: Any) -> Any:
    """Stand in the place of a toolset that runs tools itself."""
    return toolset if isinstance(toolset, InPlaceToolset) else InPlaceToolset(toolset)
