# METADATA
# title: Tool not in the task
# description: |
#   A task is begun with the tools that it needs. Any other tool is denied, even if the agent and the
#   user may use it in another task.
# custom:
#   severity: high
#   remedy: The agent can work without this tool; the user can begin a task whose intent lists it
#   controls: ["owasp_asi:ASI02", "owasp_mcp:MCP02:2025", "owasp_aisvs:v1.0-C9.5.1", "nist_800_207:T3"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.not_in_manifest
package inbounds.rules.capability.not_in_task

import data.inbounds.lib.task

# METADATA
# description: The task was begun with this tool
ruled_out if is_object(task.authority.tools[input.action.name])

# METADATA
# description: The tool that the task was begun without
details contains {"tool": input.action.name}
