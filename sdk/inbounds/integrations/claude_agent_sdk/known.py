"""Which options of a session were looked at for what they do to a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN: Mapping[str, frozenset[str]] = {
    "ClaudeAgentOptions": frozenset(
        {
            "add_dirs",
            "agents",
            "allowed_tools",
            "betas",
            "can_use_tool",
            "cli_path",
            "client_app",
            "continue_conversation",
            "cwd",
            "debug_stderr",
            "disallowed_tools",
            "effort",
            "enable_file_checkpointing",
            "env",
            "extra_args",
            "fallback_model",
            "fork_session",
            "forward_subagent_text",
            "hooks",
            "include_hook_events",
            "include_partial_messages",
            "load_timeout_ms",
            "max_budget_usd",
            "max_buffer_size",
            "max_thinking_tokens",
            "max_turns",
            "mcp_servers",
            "model",
            "output_format",
            "permission_mode",
            "permission_prompt_tool_name",
            "plugins",
            "resume",
            "resume_drops_turn",
            "resume_session_at",
            "sandbox",
            "session_id",
            "session_store",
            "session_store_flush",
            "setting_sources",
            "settings",
            "skills",
            "stderr",
            "strict_mcp_config",
            "system_prompt",
            "task_budget",
            "thinking",
            "tools",
            "user",
            "verbatim_prompts",
        }
    ),
    "AgentDefinition": frozenset(
        {
            "background",
            "description",
            "disallowedTools",
            "effort",
            "initialPrompt",
            "maxTurns",
            "mcpServers",
            "memory",
            "model",
            "permissionMode",
            "prompt",
            "skills",
            "tools",
        }
    ),
}
"""By the kind of options, the names of the fields."""
