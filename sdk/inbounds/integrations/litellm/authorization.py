"""What LiteLLM's configuration names, and makes a guardrail of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.requirements import guard_of, resources_of, wrong_kind

from .guardrail import AuthorizationGuardrail
from .proposals import Proposals
from .requests import UNREAD
from .tool_proxy import install

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from inbounds.pep import Guard
    from inbounds.pep.tool import ResourceOf

    from .caller import TaskOf

MODES = frozenset({"pre_call", "post_call", "pre_mcp_call"})
"""Without one of these a way past the policy is open."""

_ALONE = ("run_in_parallel", "scan_raw_request", "only_scan_new_messages")
"""With these, what a guardrail changes is dropped, or part of a request is not shown to it."""


class Authorization:
    """Judges what passes LiteLLM's proxy.

    `guardrail: <module>.<name>` in the configuration names it. From the moment it is made, no tool
    of an MCP server runs in this process without a permit, whether LiteLLM has made a guardrail of
    it or not.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        task: Takes who calls (`Caller`), and says the task that a request is within; may be
            async. What it raises refuses the request.
        resources: What a call touches, by registered name, as `resource=` of `Guard.tool`. By
            default that is an `mcp_tool` of its registered name.
        passes: Kinds of requests that pass although nobody looks at what is proposed there, such
            as `create_batch`; by default they are refused.

    Raises:
        ConfigurationError: `configuration.guardrail`: there is no such kind;
            `configuration.wrong_kind`: that is not a guard, a function or such a mapping.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        task: TaskOf,
        resources: Mapping[str, ResourceOf] | None = None,
        passes: Collection[str] = (),
    ) -> None:
        if odd := {*passes} - UNREAD:
            raise ConfigurationError(
                f"nothing of the kind is refused: {sorted(odd)}",
                code="configuration.guardrail",
                hint=f"there are {sorted(UNREAD)}",
            )
        if not callable(task):
            hint = "give it a function that takes a `Caller`"
            raise wrong_kind("what says the task", "function", task, hint)
        self._passes = frozenset(passes)
        self._proposals = Proposals(guard_of(guard), task, resources_of(resources))
        install()

    def __call__(
        self,
        *,
        guardrail_name: str = "",
        event_hook: Any = None,
        default_on: bool | None = False,
        **options: Any,
    ) -> AuthorizationGuardrail:
        """Make the guardrail, as LiteLLM does when it starts.

        Args:
            guardrail_name: As in the configuration.
            event_hook: `mode` of the configuration.
            default_on: As in the configuration.
            options: Whatever else stands there.

        Raises:
            ConfigurationError: `configuration.guardrail`: it would leave a way past the policy.
        """
        if default_on is not True:
            raise _leaves("it runs only where a request asks for it", "set `default_on: true`")
        modes = {event_hook} if isinstance(event_hook, str) else event_hook
        if not isinstance(modes, list | tuple | set | frozenset):
            # Tags of a request would choose whether it runs.
            raise _leaves("its `mode` is not a list of modes", f"set `mode: {sorted(MODES)}`")
        if missing := MODES - {str(getattr(mode, "value", mode)) for mode in modes}:
            raise _leaves(f"its `mode` lacks {sorted(missing)}", f"set `mode: {sorted(MODES)}`")
        for name in _ALONE:
            if options.get(name):
                raise _leaves(f"`{name}` is set", f"leave `{name}` out")
        return AuthorizationGuardrail(
            self._proposals,
            passes=self._passes,
            guardrail_name=guardrail_name,
            event_hook=event_hook,
            default_on=True,
        )


def _leaves(why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(
        f"the guardrail would leave a way past the policy: {why}",
        code="configuration.guardrail",
        hint=hint,
    )
