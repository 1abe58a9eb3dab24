"""The capability that judges every call of a tool."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic_ai import ToolDenied
from pydantic_ai.capabilities import AbstractCapability, CapabilityOrdering
from pydantic_ai.exceptions import ApprovalRequired, ModelRetry, ToolFailed
from pydantic_ai.messages import ModelResponse, ToolReturnPart
from pydantic_ai.toolsets import FunctionToolset

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.current_task import shown_tools
from inbounds.integrations._adapter.refusals import Rejected, refusal_text, told
from inbounds.integrations._adapter.requirements import guard_of, resources_of
from inbounds.integrations._adapter.running import Running, raise_shown
from inbounds.process.threads import run_in_thread

from .call import ToolCall, join_conversation, reject
from .preflight import (
    out_of_reach,
    output_out_of_reach,
    require_no_function,
    require_none_external,
    require_none_in,
    require_none_native,
    require_none_of_model,
    require_reachable,
)
from .toolsets import InPlaceToolset, JudgedToolset, Mark, in_place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from inbounds.pep import Guard
    from inbounds.pep.tool import ResourceOf


class AuthorizationCapability(AbstractCapability):  # type: ignore[misc]  # not there for mypy
    """Judges every call of a tool. The innermost of an agent's capabilities.

    `create_guarded_agent` puts it where it belongs; with `Agent(capabilities=…)` it does the same,
    but for runs where `Agent.override` takes it away. The task is the one of the run's `deps` (a
    `Task`, or its `task`), or else the one of the `with` block that the run is in.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the tool's name: a function that
            takes the tool's arguments, by name, as `resource=` of `Guard.tool`.

    Raises:
        ConfigurationError: When an agent takes it, or at the latest before the model is asked:
            `configuration.tool_out_of_reach`: a tool runs at the provider, outside of the agent
            or as its output, changes its arguments by itself, or is an agent that is not
            guarded; `configuration.tool_guarded_twice`; `configuration.tool_unknown`: nobody
            says what a function touches. When it is made: `configuration.wrong_kind`.
    """

    def __init__(self, guard: Guard, *, resources: Mapping[str, ResourceOf] | None = None) -> None:
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)

    @classmethod
    def get_serialization_name(cls) -> None:
        """Say that no file describes it: what it refuses must not depend on one."""

    def get_ordering(self) -> Any:
        """Say that it comes after all other capabilities."""
        return CapabilityOrdering(position="innermost")

    # --- what is refused before anything runs ----------------------------------------------

    def for_agent(self, agent: Any) -> Any:
        """Refuse an agent with what could run a tool that is not judged. See the class."""
        require_none_native(agent.root_capability.get_native_tools())
        require_no_function(agent.output_type)
        settings = agent.model_settings
        require_none_in(None if callable(settings) else settings)
        require_none_of_model(agent.model)
        known = {*self._resources, *self._guard.tools}
        for toolset in agent.toolsets:
            inner = toolset.wrapped if isinstance(toolset, InPlaceToolset) else toolset
            # Under another toolset, a model may call a function by another name.
            named = known if isinstance(inner, FunctionToolset) else None
            inner.apply(lambda each, named=named: require_reachable(each, named))
        return self

    async def before_run(self, ctx: Any) -> None:
        """Refuse a realtime session, where a model's requests pass no hook."""
        if ctx.realtime:
            raise out_of_reach("realtime", "asks the model where nothing is looked at")

    async def prepare_model_request(self, ctx: Any, request_context: Any) -> Any:
        """Show the model the tools of the task alone. Hiding one is not what stops it.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: one runs elsewhere.
        """
        with suppress(Exception):  # a call of a tool joins it again, and is refused
            await join_conversation(ctx)
        self._hear(ctx)
        said = request_context.model_request_parameters
        require_none_native(said.native_tools)
        require_none_in(request_context.model_settings)
        require_none_of_model(request_context.model)
        require_none_external(said.function_tools)
        allowed = shown_tools(ctx.deps)
        shown = [tool for tool in said.function_tools if tool.name in allowed]
        return replace(
            request_context, model_request_parameters=replace(said, function_tools=shown)
        )

    async def before_output_process(
        self,
        ctx: Any,  # noqa: ARG002 -- the hook's signature
        *,
        output_context: Any,
        output: Any,
    ) -> Any:
        """Refuse to have a function called with a model's output.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: the run was given one.
        """
        if output_context.has_function:
            raise output_out_of_reach(output_context.function_name or "?")
        return output

    # --- calls ------------------------------------------------------------------------------

    def get_wrapper_toolset(self, toolset: Any) -> Any:
        """Stand before all toolsets of a run, and in the place of each."""
        return JudgedToolset(toolset.visit_and_replace(in_place), self._judge)

    async def wrap_tool_execute(
        self,
        ctx: Any,
        *,
        call: Any,
        tool_def: Any,
        args: dict[str, Any],
        handler: Callable[[dict[str, Any]], Awaitable[Any]],
    ) -> Any:
        """Let nothing run that comes from outside of the toolsets that are judged."""
        tool = ctx.tool_manager.tools.get(call.tool_name)
        if not isinstance(getattr(tool, "args_validator", None), Mark):
            error = out_of_reach(tool_def.name, "comes from a layer outside of the authorization")
            raise ToolFailed(told(error))
        return await handler(args)

    async def _judge(
        self,
        run: Callable[..., Awaitable[Any]],
        name: str,
        arguments: dict[str, Any],
        ctx: Any,
        tool: Any,
    ) -> Any:
        """Run a tool if the policy allows this call; else fail with why not."""
        try:
            call = ToolCall(name, arguments, ctx, tool, self._resources)
            await call.join()
            if (before := call.outcome()) is not None:
                return before.given()
            with call.running():
                permit = await call.permit()
                running = Running(permit, call.mark.place)
                try:
                    # Its validators, its toolset and what wraps that are parts of the tool.
                    with permit.tool_run.active():
                        judged = await run_in_thread(call.judged, permit)
                        with running.under_way():
                            result = await run(name, judged, ctx, tool)
                except BaseException as error:
                    refusal = await run_in_thread(call.failed, permit, running, error)
                    if refusal is None:
                        raise _Raised(call.shown(permit, error)) from error
                    raise refusal from None
                return (await run_in_thread(call.finished, permit, running, result)).given()
        except _Raised as raised:
            raise_shown(raised.error, raised.__cause__)
        except (ApprovalRequired, ModelRetry, ToolFailed):
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            raise ToolFailed(told(error)) from None

    # --- what a person has refused ----------------------------------------------------------

    async def before_node_run(self, ctx: Any, *, node: Any) -> Any:
        """Hear a person's no, before anything goes on; and let the model read one line of it.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: the program brings results.
        """
        results = getattr(node, "deferred_tool_results", None)
        if results is None:
            return node
        if results.calls:
            raise out_of_reach(next(iter(results.calls)), "has a result that no tool of it gave")
        approvals = dict(results.approvals)
        for call_id, answer in approvals.items():
            if answer is False or isinstance(answer, ToolDenied):
                approvals[call_id] = ToolDenied(self._rejected(ctx, call_id))
        return replace(node, deferred_tool_results=replace(results, approvals=approvals))

    def _hear(self, ctx: Any) -> None:
        """Hear a no of a capability that has answered while the run went on."""
        for message in reversed(ctx.messages):
            if isinstance(message, ModelResponse):
                break
            for part in message.parts:
                if isinstance(part, ToolReturnPart) and part.outcome == "denied":
                    self._rejected(ctx, part.tool_call_id)

    def _rejected(self, ctx: Any, call_id: str) -> str:
        try:
            return reject(ctx, call_id)
        except InboundsError:
            # Outside of a task there is nobody to remember it.
            return refusal_text(Rejected("a person was asked, and said no"))


class _Raised(Exception):
    """What a tool raised, on its way past what answers for this adapter's own faults."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
