"""A proxy of a function tool that judges each call when the tool is invoked."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
from contextvars import ContextVar
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from agents import (
    ItemHelpers,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrail,
    ToolOutputGuardrail,
)
from agents.function_schema import function_schema
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import (
    ArgumentNotRepresentable,
    DecisionUnavailable,
    InboundsError,
)
from inbounds.integrations._adapter.call_arguments import complete, require_judged
from inbounds.integrations._adapter.defaults import defaults_of, with_schema_defaults
from inbounds.integrations._adapter.refusals import told
from inbounds.integrations._adapter.result_obligations import (
    Opaque,
    given,
    is_beyond_sight,
    owed,
    unlabelled,
)
from inbounds.integrations._adapter.running import failed, not_the_tools, shown
from inbounds.integrations._adapter.validated import everything, parse, require_same
from inbounds.pep.tool_errors import raise_alone
from inbounds.process.threads import run_in_background, run_in_thread

from .authorization import Authorization, task_id
from .history import see_result
from .verdict import Call, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Permit

_raised: ContextVar[list[BaseException] | None] = ContextVar("inbounds_raised", default=None)
"""What the tool of this call has raised, of which the framework has made text meanwhile."""

_CALL = SimpleNamespace(call_id="")
"""Stands for a call, where the framework is given a result to convert."""


class ToolProxy:
    """A proxy that runs a function tool with the judged arguments only.

    Args:
        tool: The function tool. Its invocation, its approval and its guardrails are replaced.
        authorization: Judges each call.
        served: Whether a server of its agent has listed the tool.
    """

    def __init__(self, tool: Any, authorization: Authorization, *, served: bool = False) -> None:
        self.authorization = authorization
        self._name: str = tool.name
        self._verdicts = authorization.verdicts
        self._defaults = _defaults(tool)
        self._stated = tool.params_json_schema
        self._variadic = _variadic(tool)
        self._schema = _schema(tool)
        self._runs = _observed(tool.on_invoke_tool)
        self._served = served or getattr(tool, "_mcp_tool_binding", None) is not None
        self._author = tool.needs_approval
        self._enabled = tool.is_enabled
        tool.on_invoke_tool = self
        tool.needs_approval = self.needs_approval
        tool.is_enabled = self.is_enabled
        tool.tool_input_guardrails = [
            ToolInputGuardrail(self._watch, name="inbounds"),
            *map(self._unless_refused, tool.tool_input_guardrails or ()),
        ]
        tool.tool_output_guardrails = [
            ToolOutputGuardrail(self._own, name="inbounds"),
            *(tool.tool_output_guardrails or ()),
        ]

    # --- before it runs -------------------------------------------------------------------

    async def is_enabled(self, run: Any, agent: Any) -> bool:
        """Whether the tool is there, as its author says; hears what a person has answered."""
        await self.authorization.hear(run, self._name)
        if isinstance(self._enabled, bool):
            return self._enabled
        said = self._enabled(run, agent)
        return bool(await said if inspect.isawaitable(said) else said)

    async def needs_approval(self, run: Any, arguments: dict[str, Any], call_id: str) -> bool:
        """Whether the run has to wait for a person: by the policy, or by the tool's author."""
        call = Call(self._name, call_id, self._whole(arguments), arguments, self._served)
        if await self._wanted_by_author(run, arguments, call_id):
            if await self.authorization.would_refuse(run, call):
                return False  # no person is asked for what is refused in any case
            self.authorization.ask(run, call)
            return True
        verdict = await self.authorization.judge(run, call)
        if self.authorization.wait(run, verdict):
            return True
        self._verdicts.put(task_id(run), verdict)
        return False

    async def _wanted_by_author(self, run: Any, arguments: dict[str, Any], call_id: str) -> bool:
        if isinstance(self._author, bool):
            return self._author
        said = self._author(run, arguments, call_id)
        return bool(await said if inspect.isawaitable(said) else said)

    def _watch(self, data: Any) -> Any:
        """Drop the permit of a call that ends before its tool: others may refuse it yet."""
        call = (task_id(data.context), self._name, data.context.tool_call_id)
        running = asyncio.current_task()

        def ended(_: Any) -> None:
            verdict = self._verdicts.take(*call)
            if verdict is not None:
                run_in_background(verdict.drop)

        if running is not None:
            running.add_done_callback(ended)
        return ToolGuardrailFunctionOutput.allow()

    def _unless_refused(self, guardrail: Any) -> Any:
        """Return the same guardrail, which sees nothing of a call that is refused in its place."""

        async def looks(data: Any) -> Any:
            context = data.context
            if self._verdicts.refuses(task_id(context), self._name, context.tool_call_id):
                return ToolGuardrailFunctionOutput.allow()
            return await guardrail.run(data)

        return ToolInputGuardrail(looks, name=guardrail.get_name())

    # --- while it runs --------------------------------------------------------------------

    async def __call__(self, context: Any, said: str) -> Any:
        """Run the tool if the policy allows this call; else say why not."""
        result = await self._result(context, said)
        see_result(context, result)
        return result

    async def _result(self, context: Any, said: str) -> Any:
        call_id: str = getattr(context, "tool_call_id", "")
        verdict = self._verdicts.take(task_id(context), self._name, call_id)
        try:
            permit, judged = await self._permitted(context, said, call_id, verdict)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return told(error, self._name)
        context.tool_arguments = judged
        raised: list[BaseException] = []
        token = _raised.set(raised)
        try:
            with permit.tool_run.active():
                result = await self._runs(context, judged)
        except BaseException as error:
            refusal = await run_in_thread(failed, permit, error)
            if refusal is None:
                if (seen := shown(permit, error)) is not error:
                    # An agent that has this one as a tool may let its model read it.
                    raise_alone(seen)
                raise
            return told(refusal, self._name)
        finally:
            _raised.reset(token)
        try:
            return await run_in_thread(_given, permit, result, raised)
        except InboundsError as error:
            return told(error, self._name)

    async def _permitted(
        self, context: Any, said: str, call_id: str, verdict: Verdict | None
    ) -> tuple[Permit, str]:
        """Return the permit for what is about to run, compared with it, and its arguments."""
        try:
            stated = _parsed(said)
            arguments = self._whole(stated)
        except ArgumentNotRepresentable:
            if verdict is not None:
                await run_in_thread(verdict.drop)
            raise
        if verdict is None or (
            verdict.permit is not None and await run_in_thread(_is_old, verdict)
        ):
            call = Call(self._name, call_id, arguments, stated, self._served)
            verdict = await self.authorization.judge(context, call)
        if verdict.permit is None:
            raise verdict.error or DecisionUnavailable()
        permit = verdict.permit
        judged = permit.arguments
        # The permit has the canonical arguments: what they were made of is still the same, or else
        # what there is now has to be the same.
        try:
            await run_in_thread(
                self._compare, permit, judged if verdict.is_of(arguments) else arguments
            )
        except asyncio.CancelledError as error:
            run_in_background(permit.fail, error)
            raise
        return permit, json.dumps(judged, ensure_ascii=False)

    def _whole(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return arguments as the tool's function gets them: that runs, and so it is judged."""
        whole = {**self._defaults, **arguments}
        if self._schema is None:
            return with_schema_defaults(self._stated, whole)
        return complete(whole, self._everything(whole))

    def _everything(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return all that the function is called with; nothing where the tool itself refuses."""
        made = {} if self._schema is None else everything(self._schema, arguments) or {}
        left_out = self._variadic - arguments.keys()
        return {name: value for name, value in made.items() if value or name not in left_out}

    def _compare(self, permit: Permit, arguments: Mapping[str, Any]) -> None:
        judged = permit.arguments
        made = None if self._schema is None else parse(self._schema, judged)
        if made is not None:  # else the tool says so itself
            require_same(permit, made, judged)
        if self._schema is not None:
            require_judged(self._name, permit, self._everything(judged), judged)
        permit.compare(dict(arguments))

    # --- when it has run ------------------------------------------------------------------

    def _own(self, data: Any) -> Any:
        """Refuse an output that is not the tool's own: nobody has compared what has run."""
        context = data.context
        verdict = self._verdicts.take(task_id(context), self._name, context.tool_call_id)
        if verdict is None or verdict.permit is None:
            return ToolGuardrailFunctionOutput.allow()
        error = not_the_tools(verdict.permit, "something has answered in the tool's place")
        return ToolGuardrailFunctionOutput.reject_content(told(error, self._name))


def _is_old(verdict: Verdict) -> bool:
    """Whether a permit has expired before its tool ran; it is cancelled then."""
    try:
        _ = verdict.permit and verdict.permit.arguments
    except DecisionUnavailable as error:
        return error.code == "permit.expired"
    return False


def _parsed(said: str) -> dict[str, Any]:
    try:
        value = strict_json(said.encode("utf-8", "surrogatepass")) if said.strip() else {}
    except NotStrictJson:
        value = None
    if not isinstance(value, dict):
        raise ArgumentNotRepresentable("the arguments of the call must be a JSON object")
    return value


def _given(permit: Permit, result: Any, raised: list[BaseException]) -> Any:
    """Record that the tool has run, and return the part of its result that the agent may have."""
    result, take = unlabelled(result, permit, permit.admitted if raised else permit.finish)
    plain = _plain(result)
    if isinstance(plain, str):
        taken = given(plain, permit, take)
    elif _holds_blocks(plain, permit):
        taken = given(plain if isinstance(plain, list) else [plain], permit, take)
    elif is_beyond_sight(result, permit):
        taken = take(Opaque())
    elif isinstance(plain, dict | list | int | float | bool | None):
        taken = take(plain)
    else:
        # The framework makes text of it; that is what the model would read.
        taken = given(str(plain), permit, take)
    if raised:
        permit.fail(raised[0])
    return taken if owed(permit) else result


def _plain(result: Any) -> Any:
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json", exclude_none=True)
    if isinstance(result, list | tuple):
        return [_plain(each) for each in result]
    return result


def _holds_blocks(plain: Any, permit: Permit) -> bool:
    """Whether the framework makes blocks of a message of it, or a picture or file is a part."""
    kinds = [_block(each, permit) for each in (plain if isinstance(plain, list) else [plain])]
    return bool(kinds) and (all(kinds) or any(kind not in ("", "input_text") for kind in kinds))


def _block(part: Any, permit: Permit) -> str:
    """Return the type of the block that the framework makes of a part; empty where it is data."""
    if not isinstance(part, dict) or "type" not in part:
        return ""
    # It makes text of anything else, and that may run code of the tool.
    with permit.tool_run.active():
        made = ItemHelpers.tool_call_output_item(_CALL, part)["output"]
    return "" if isinstance(made, str) else str(next(iter(made))["type"])


def _observed(invoker: Any) -> Any:
    """Return what invokes the tool, so that it is known where the tool has raised."""
    runs = getattr(invoker, "_invoke_tool_impl", None)
    if runs is None:
        return invoker

    async def observed(context: Any, said: str) -> Any:
        try:
            return await runs(context, said)
        except BaseException as error:
            raised = _raised.get()
            if raised is not None:
                raised.append(error)
            raise

    seen = copy.copy(invoker)
    seen._invoke_tool_impl = observed  # noqa: SLF001 -- the framework has no other place inside
    return seen


def _schema(tool: Any) -> type[BaseModel] | None:
    """Return what validates the arguments of a tool that is a function; None for any other."""
    function = getattr(tool, "__wrapped__", None)
    if function is None:
        return None
    # Of an object, that is the method by which it is called.
    called = function if inspect.isroutine(function) else function.__call__
    schema: type[BaseModel] = function_schema(
        called, use_docstring_info=False, strict_json_schema=False
    ).params_pydantic_model
    return schema


def _variadic(tool: Any) -> frozenset[str]:
    """Return the names of `*args` and `**kwargs` of a tool's function."""
    function = getattr(tool, "__wrapped__", None)
    if function is None:
        return frozenset()
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters
    return frozenset(name for name, each in parameters.items() if each.kind in several)


def _defaults(tool: Any) -> Mapping[str, Any]:
    """What the tool itself would add to the arguments: it runs as well, and so it is judged."""
    properties = tool.params_json_schema.get("properties", {})
    said = defaults_of(properties)
    try:
        function = tool.__wrapped__
    except AttributeError:
        return said
    for name, parameter in inspect.signature(function).parameters.items():
        default = parameter.default
        if isinstance(default, FieldInfo):
            default = default.get_default(call_default_factory=True, validated_data={})
            default = parameter.empty if repr(default) == "PydanticUndefined" else default
        if default is not parameter.empty and name in properties:
            said[name] = default
    return said
