"""What stands where the gateway sends a call to an MCP server, and lets it go under a permit alone.

LiteLLM's hooks end before that place and begin after it: what other guardrails change comes in
between, a hook that raises is answered with its text, and a call that fails reaches none. So the
hook before a call says whose it is, and all else is done here: in `MCPClient.call_tool`, through
which every call to an MCP server goes, and in the handlers of tools that the gateway itself runs,
such as those that it makes of an OpenAPI document.
"""

from __future__ import annotations

import functools
import inspect
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from litellm.experimental_mcp_client.client import MCPClient
from litellm.proxy._experimental.mcp_server.tool_registry import MCPToolRegistry
from mcp.shared.exceptions import MCPError

from inbounds.errors import DecisionUnavailable, ResultWithheld
from inbounds.integrations._adapter.refusals import told
from inbounds.integrations.mcp.refusals import REFUSED, about, refusal
from inbounds.pep.tool_errors import raise_alone, silenced
from inbounds.process.locks import ProcessLock

from .call import Call
from .upstream_errors import HandlerFailed, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

calling: ContextVar[Call | None] = ContextVar("inbounds_litellm_calling", default=None)
"""The call that the gateway is about to make in this context."""

_INSTALLED = "__inbounds__"
_installing = ProcessLock()


class Refused(Exception):
    """A tool that the gateway itself runs has not run; the text is what the model reads."""


def install() -> None:
    """Stand in the places where the gateway runs a tool. Once for a process."""
    with _installing:
        if getattr(MCPClient, _INSTALLED, False):
            return
        MCPClient.call_tool = _called(MCPClient.call_tool)
        # Nothing says who asks for these, so that nobody could judge them.
        MCPClient.read_resource = _not_judged
        MCPClient.get_prompt = _not_judged
        MCPToolRegistry.get_tool = _found(MCPToolRegistry.get_tool)
        setattr(MCPClient, _INSTALLED, True)


def _under_way() -> Call:
    """Return the call that is about to be made here.

    Raises:
        DecisionUnavailable: `call.not_judged`: nobody has said whose it is.
    """
    call = calling.get()
    if call is None:
        raise DecisionUnavailable(
            "a call has come past the guardrail",
            code="call.not_judged",
            hint="look in the log why LiteLLM has started without the guardrail, or skips it",
        )
    return call


def _silent(stopped: BaseException) -> BaseException:
    """Return what stops a task or a program, without words of a server or what was raised before.

    One that stops neither is an error of this package, which says that nobody knows whether the
    call has run.
    """
    return silenced(stopped) or ResultWithheld("the call was stopped", executed="unknown")


def _called(call_tool: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call_tool)
    async def called(
        self: Any,
        call_tool_request_params: Any,
        host_progress_callback: Any = None,
        raise_on_error: bool = False,  # noqa: FBT001, FBT002 -- as LiteLLM has it
        **options: Any,
    ) -> Any:
        asked = call_tool_request_params
        try:
            call = _under_way()
            call.require(asked.name)
            return await call.answer(
                asked,
                functools.partial(call_tool, self, raise_on_error=True, **options),
                host_progress_callback,
                learn=self.list_tools,
                raises=raise_on_error,
            )
        except Signal as signal:
            raise_alone(signal.error)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the model reads one line
            return refusal("tools/call", error)
        except BaseException as stopped:  # noqa: BLE001 -- it is raised, without its words
            silent = _silent(stopped)
            if isinstance(silent, Exception):
                return refusal("tools/call", silent)
            raise_alone(silent)

    return called


async def _not_judged(self: Any, *_: Any, **__: Any) -> Any:
    del self
    error = DecisionUnavailable("only tools are judged", code="call.not_judged")
    raise MCPError(REFUSED, told(error), about(error))


def _found(get_tool: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get_tool)
    def found(self: Any, name: str) -> Any:
        tool = get_tool(self, name)
        if tool is None:
            return None
        return tool.model_copy(update={"handler": _handled(tool)})

    return found


def _handled(tool: Any) -> Callable[..., Any]:
    async def handled(**arguments: Any) -> Any:
        async def run(judged: dict[str, Any]) -> Any:
            result = tool.handler(**judged)
            return await result if inspect.isawaitable(result) else result

        try:
            call = _under_way()
            call.require_registered(tool.name, tool.server_id)
            return await call.handle(arguments, run, tool.handler)
        except Signal as signal:
            raise_alone(signal.error)
        except HandlerFailed as failed:
            raise_alone(failed)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the model reads one line
            raise_alone(Refused(told(error)))
        except BaseException as stopped:  # noqa: BLE001 -- it is raised, without its words
            silent = _silent(stopped)
            raise_alone(Refused(told(silent)) if isinstance(silent, Exception) else silent)

    return handled
