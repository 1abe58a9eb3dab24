"""What the classes that begin agents offer: no method of theirs goes past the entry points.

A version of a framework that brings another public method fails here until somebody has looked
where it leads: it is put into `ENTRY_POINTS`, or here, where it begins nothing by itself.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Collection, Iterator
from typing import Any

from inbounds.integrations._adapter.nested_agents import ENTRY_POINTS, EntryPoint

SINKS: dict[str, frozenset[str]] = {
    "BaseChatModel": frozenset({"_generate", "_agenerate", "_stream", "_astream"}),
    "BaseLLM": frozenset({"_generate", "_agenerate", "_stream", "_astream"}),
    "Pregel": frozenset({"SyncPregelLoop", "AsyncPregelLoop"}),
    "RemoteGraph": frozenset({"_validate_client", "_validate_sync_client"}),
    "ToolNode": frozenset({"func", "afunc", "_func", "_afunc", "_run_one", "_arun_one"}),
}
"""By what a class asks a model or a server, or runs a tool."""

HARMLESS = {
    # They read or write the state at the server, and run nothing there.
    "RemoteGraph": (
        "get_graph aget_graph get_prompts get_state aget_state get_state_history "
        "aget_state_history update_state aupdate_state"
    ),
}
"""What reaches one of these all the same, and begins no run."""

_RUNNABLE = (
    "abatch abatch_as_completed as_tool assign astream_log atransform batch batch_as_completed "
    "bind config_schema get_config_jsonschema get_graph get_input_jsonschema get_input_schema "
    "get_name get_output_jsonschema get_output_schema get_prompts map pick pipe transform "
    "with_alisteners with_config with_fallbacks with_listeners with_retry with_types"
)
"""What every runnable of LangChain has: it goes through `invoke`, `stream` and their twins."""

REVIEWED = {
    "langgraph.pregel.main.Pregel": (
        "abulk_update_state aclear_cache aget_graph aget_state aget_state_history "
        "aget_subgraphs ainvoke astream_events aupdate_state bulk_update_state clear_cache "
        "copy get_context_jsonschema get_state get_state_history get_subgraphs invoke "
        "stream_events update_state validate"
    ),
    "langgraph.pregel.remote.RemoteGraph": (
        "abulk_update_state aget_graph aget_state aget_state_history aupdate_state "
        "bulk_update_state copy get_state get_state_history update_state"
    ),
    "langgraph.prebuilt.tool_node.ToolNode": ("astream astream_events stream stream_events"),
    "langchain_core.language_models.chat_models.BaseChatModel": (
        "agenerate_prompt ainvoke asdict bind_tools configurable_alternatives "
        "configurable_fields dict generate_prompt get_lc_namespace get_num_tokens "
        "get_num_tokens_from_messages get_token_ids invoke is_lc_serializable lc_id "
        "model_post_init set_verbose to_json to_json_not_implemented "
        "with_structured_output"
    ),
    "langchain_core.language_models.llms.BaseLLM": (
        "agenerate_prompt ainvoke asdict astream_events configurable_alternatives "
        "configurable_fields dict generate_prompt get_lc_namespace get_num_tokens "
        "get_num_tokens_from_messages get_token_ids invoke is_lc_serializable lc_id "
        "model_post_init save set_verbose stream_events to_json to_json_not_implemented "
        "with_structured_output"
    ),
    "agents.realtime.session.RealtimeSession": ("__aiter__ close interrupt"),
    "pydantic_ai.agent.Agent": (
        "__aenter__ from_file from_spec instructions instrument_all is_call_tools_node "
        "is_end_node is_model_request_node is_user_prompt_node on_event output_json_schema "
        "output_validator override parallel_tool_call_execution_mode realtime "
        "render_description run run_stream run_stream_events run_stream_sync run_sync "
        "set_mcp_sampling_model system_prompt system_prompt_parts to_cli to_cli_sync "
        "to_web tool tool_plain toolset using_sleep using_thread_executor"
    ),
    "google.adk.runners.Runner": ("__aenter__ close rewind_async run_debug"),
    "google.adk.agents.base_agent.BaseAgent": (
        "clone config_type find_agent find_sub_agent from_config model_post_init "
        "validate_name validate_sub_agents_unique_names"
    ),
    "crewai.crew.Crew": (
        "akickoff_for_each aquery_knowledge calculate_usage_metrics check_config "
        "check_config_type check_manager_llm copy create_crew_knowledge create_crew_memory "
        "fetch_inputs fork from_checkpoint kickoff_async kickoff_for_each "
        "kickoff_for_each_async model_post_init query_knowledge reset_knowledge "
        "reset_memories set_private_attrs test train "
        "validate_async_task_cannot_include_sequential_async_tasks_in_context "
        "validate_async_tasks_not_async validate_context_no_future_tasks "
        "validate_end_with_at_most_one_async_task validate_first_task "
        "validate_must_have_non_conditional_task validate_tasks"
    ),
    "crewai.agent.core.Agent": (
        "akickoff copy create_agent_executor fork from_checkpoint get_code_execution_tools "
        "get_delegation_tools get_mcp_tools get_multimodal_tools get_output_converter "
        "get_platform_tools interpolate_inputs model_post_init post_init_setup "
        "process_model_config reset_tool_failures resolve_memory set_cache_handler "
        "set_fingerprint set_knowledge set_private_attrs set_rpm_controller set_skills "
        "validate_and_set_attributes validate_apps validate_from_repository validate_mcps "
        "validate_tools"
    ),
    "crewai.lite_agent.LiteAgent": (
        "akickoff ensure_guardrail_is_callable model_post_init parse_tools resolve_memory "
        "setup_a2a_support setup_llm validate_guardrail_function"
    ),
    "crewai.flow.runtime.Flow": (
        "akickoff ask astream extract_memories flow_definition fork from_checkpoint "
        "from_declaration from_pending model_post_init plot recall reload remember "
        "stream_events"
    ),
    "agent_framework._agents.RawAgent": (
        "__aenter__ as_mcp_server as_tool close create_session from_dict from_json "
        "get_session open to_dict to_json"
    ),
    "agent_framework._workflows._workflow.Workflow": (
        "as_agent cancel_pending_requests clone from_dict from_json get_executors_list "
        "get_intermediate_executors get_last_checkpoint_id get_output_executors "
        "get_start_executor is_intermediate_executor is_terminal_executor "
        "resolve_pause_checkpoint_id to_dict to_json"
    ),
    "agent_framework._workflows._functional.FunctionalWorkflow": ("as_agent"),
    "claude_agent_sdk.client.ClaudeSDKClient": (
        "__aenter__ disconnect get_context_usage get_mcp_status get_server_info interrupt "
        "receive_messages receive_response reconnect_mcp_server rewind_files set_model "
        "set_permission_mode stop_task toggle_mcp_server"
    ),
}
"""By a class: what begins nothing, or goes through an entry point that is in the table."""


def entries(package: str) -> Iterator[tuple[EntryPoint, type]]:
    """Yield each class of a framework that begins agents, with what is put before its methods."""
    for module, found in ENTRY_POINTS.items():
        if module.partition(".")[0] == package:
            for entry in found:
                yield entry, getattr(importlib.import_module(module), entry.owner)


def around(package: str) -> list[str]:
    """Name the public methods that reach a model, a server or a tool past the entry points."""
    return [
        f"{entry.owner}.{name}"
        for entry, owner in entries(package)
        for name in _public(owner)
        if name not in {*entry.methods, *HARMLESS.get(entry.owner, "").split()}
        and _Paths(owner, entry.methods, SINKS[entry.owner]).reach(name)
    ]


def unreviewed(package: str) -> list[str]:
    """Name the public methods that are no entry points, and that nobody has looked at."""
    return [
        f"{entry.owner}.{name}"
        for entry, owner in entries(package)
        for name in _public(owner)
        if name
        not in {
            *_watched(package, owner),
            *REVIEWED.get(_named(owner), "").split(),
            *_RUNNABLE.split(),
        }
    ]


def _watched(package: str, owner: type) -> set[str]:
    """Name the methods of a class that something is put before, by whichever argument."""
    return {name for entry, each in entries(package) if each is owner for name in entry.methods}


def _named(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


_BEGINS = ("__call__", "__enter__", "__aenter__", "__iter__", "__aiter__")
_NEUTRAL = ("pydantic", "builtins", "typing", "abc")


def _public(owner: type) -> list[str]:
    """Name what can be called of a class, but for what every model of pydantic has."""
    own = [each for each in owner.__mro__ if each.__module__.partition(".")[0] not in _NEUTRAL]
    names = {
        name
        for each in own
        for name in vars(each)
        if (name in _BEGINS or not name.startswith("_")) and callable(getattr(owner, name, None))
    }
    return sorted(names)


class _Paths:
    """Where the methods of a class lead, by what their source names.

    Args:
        owner: The class.
        stops: The methods at which a path ends: something is put before them.
        sinks: What no path may come to.
    """

    def __init__(self, owner: type, stops: Collection[str], sinks: Collection[str]) -> None:
        self._mro = owner.__mro__
        self._stops = stops
        self._sinks = sinks
        self._seen: set[tuple[type, str]] = set()

    def reach(self, name: str, start: int = 0) -> bool:
        """Whether a method comes to a sink; it is looked for from one class of the order on."""
        place = next((n for n in range(start, len(self._mro)) if name in vars(self._mro[n])), None)
        if place is None or (self._mro[place], name) in self._seen:
            return False
        self._seen.add((self._mro[place], name))
        made = vars(self._mro[place])[name]
        return any(self._leads(node, place) for node in _nodes(getattr(made, "__func__", made)))

    def _leads(self, node: ast.AST, place: int) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._sinks
        if not isinstance(node, ast.Attribute):
            return False
        if _is_super(node.value):
            return self.reach(node.attr, place + 1)
        if node.attr in self._sinks:
            return True
        own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        return own and node.attr not in self._stops and self.reach(node.attr)


def _nodes(made: Any) -> Iterator[ast.AST]:
    try:
        source = inspect.getsource(inspect.unwrap(made))
    except (OSError, TypeError):
        return
    yield from ast.walk(ast.parse(textwrap.dedent(source)))


def _is_super(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )
