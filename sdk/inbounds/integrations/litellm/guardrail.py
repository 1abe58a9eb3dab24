"""The guardrail that LiteLLM's proxy runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from litellm.exceptions import GuardrailRaisedException
from litellm.integrations.custom_guardrail import CustomGuardrail
from litellm.types.guardrails import GuardrailEventHooks

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.integrations._adapter.refusals import told

from . import chat, messages, responses
from .call import Call
from .caller import Caller
from .requests import UNREAD, cut, kind_of
from .streams import Unreadable, judged_stream
from .tool_proxy import calling

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection

    from .proposals import Proposals

_RUNS = frozenset(
    {
        GuardrailEventHooks.pre_call,
        GuardrailEventHooks.post_call,
        GuardrailEventHooks.pre_mcp_call,
    }
)
_PAST = frozenset({"llm_passthrough_route"})
"""Kinds of requests that may come past the hooks of the proxy."""

_READ = ("/completions", "/responses", "/messages")
"""How the routes end whose answers are read."""


class AuthorizationGuardrail(CustomGuardrail):  # type: ignore[misc]  # not there for mypy
    """Says whose a call is before it is made, and takes out what a model may not propose.

    LiteLLM makes it of an `Authorization`. It has no subclasses: LiteLLM runs the hooks that the
    very class of a guardrail has.

    Args:
        proposals: Judge.
        passes: As `Authorization`.
        options: Of `CustomGuardrail`.
    """

    def __init__(
        self, proposals: Proposals, *, passes: Collection[str] = (), **options: Any
    ) -> None:
        self._proposals = proposals
        self._unread = UNREAD - set(passes)
        super().__init__(**options)

    def __init_subclass__(cls, **options: Any) -> NoReturn:
        raise ConfigurationError(
            "LiteLLM runs the hooks that the very class of a guardrail has: those of a subclass",
            code="configuration.guardrail",
            hint="give `Authorization` what is to be different",
        )

    def should_run_guardrail(self, data: Any, event_type: GuardrailEventHooks) -> bool:
        """Run for everybody: no key, team or request opts out of it."""
        del data
        return event_type in _RUNS

    def post_call_already_checked(self, data: Any, response: Any) -> bool:
        """Judge what is given to a client, whatever was judged on the way."""
        del data, response
        return False

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> Any:
        """Leave it to the hook of the proxy, which knows who calls; refuse what has come past it.

        A pass-through endpoint to a model of the configuration (`/vllm`, `/azure`) runs no other.
        """
        kind = kind_of(str(getattr(call_type, "value", call_type)))
        if kind in _PAST and kind in self._unread:
            raise _not_judged(self)
        return kwargs

    async def async_post_call_success_deployment_hook(
        self, request_data: Any, response: Any, call_type: Any
    ) -> None:
        """Leave it to the hook of the proxy, which knows who calls."""
        del request_data, response, call_type

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> dict[str, Any]:
        """Say whose a call of a tool is, and show a model the tools of its task alone."""
        del cache
        caller = Caller.of(user_api_key_dict, data)
        if call_type == "call_mcp_tool":
            # What a request is before it is known which server has its tool, is judged later.
            if "mcp_tool_name" in data:
                calling.set(Call(self._proposals, caller, data))
        elif call_type == "list_mcp_tools":
            if Call(self._proposals, caller, data).tool not in await self._proposals.shown(caller):
                raise GuardrailRaisedException(
                    guardrail_name=self.guardrail_name, message="not a tool of this task"
                )
        elif kind_of(call_type) in self._unread:
            raise _not_judged(self)
        else:
            try:
                await cut(data, caller, self._proposals)
            except Exception as error:  # noqa: BLE001 -- a request may be of any shape
                raise _silent(self, error) from None
        return data

    async def async_post_call_success_hook(
        self, data: dict[str, Any], user_api_key_dict: Any, response: Any
    ) -> Any:
        """Take out of an answer the calls that the policy would refuse."""
        try:
            caller = Caller.of(user_api_key_dict, data)
            for shape in (chat, responses, messages):
                if shape.proposes(response):
                    return await shape.judged(response, caller, self._proposals)
        except Exception as error:  # noqa: BLE001 -- an answer may be of any shape
            raise _silent(self, error) from None
        return response

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: AsyncIterator[Any], request_data: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        """Hold the calls of an answer that streams until they are whole and judged."""
        caller = Caller.of(user_api_key_dict, request_data)
        # Only what passes has come as far as this by another endpoint than these.
        route = str(user_api_key_dict.request_route or "")
        passes = self._unread != UNREAD and not route.endswith(_READ)
        try:
            async for chunk in judged_stream(response, caller, self._proposals, passes=passes):
                yield chunk
        except Unreadable as error:
            raise _silent(self, error) from None


def _not_judged(guardrail: AuthorizationGuardrail) -> GuardrailRaisedException:
    """Return what ends a request whose answer nobody would look at."""
    error = DecisionUnavailable(
        "proposals are not judged there",
        code="call.not_judged",
        hint="`Authorization(…, passes=…)` names what passes all the same",
    )
    return _silent(guardrail, error)


def _silent(guardrail: AuthorizationGuardrail, error: Exception) -> GuardrailRaisedException:
    """Return what ends a request of whose answer nobody could say what it proposes."""
    return GuardrailRaisedException(guardrail_name=guardrail.guardrail_name, message=told(error))
