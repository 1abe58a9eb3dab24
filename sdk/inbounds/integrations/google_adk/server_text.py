"""Text of MCP servers in a request to a model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def server_text(
    agent: Any, tools: Mapping[str, Any], request: Any
) -> tuple[dict[str, Any], list[str]]:
    """Return what MCP servers say in a request: descriptors of its tools, and instructions.

    Args:
        agent: Whose request it is.
        tools: The tools that its model is shown, by their names.
        request: The request.
    """
    root = getattr(agent, "root_agent", agent)
    asked = getattr(agent, "instruction", None), getattr(root, "global_instruction", None)
    served = {name: descriptor(tool) for name, tool in tools.items()}
    known = {name: each for name, each in served.items() if each is not None}
    # It is there only where `mcp` is installed.
    provider = getattr(sys.modules.get(_PROVIDERS), "McpInstructionProvider", ())
    from_server = any(isinstance(each, provider) for each in asked)
    return known, [str(request.config.system_instruction)] if from_server else []


def descriptor(tool: Any) -> Any:
    """Return what an MCP server has listed of a tool; None for any other tool."""
    return getattr(tool, "raw_mcp_tool", None)


_PROVIDERS = "google.adk.agents.mcp_instruction_provider"
