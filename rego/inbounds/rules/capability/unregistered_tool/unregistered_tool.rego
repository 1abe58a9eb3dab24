# METADATA
# title: Unregistered tool
# description: |
#   The effects of a tool are known from the registry alone. A tool that is not registered could do
#   anything, so no agent may call it.
# custom:
#   severity: high
#   remedy: The operator can register the tool in deployment/tools.yaml, with its effects and arguments
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C5.2.1", "owasp_aisvs:v1.0-C9.3.4", "csa_atf:I-5"]
#   depends_on: [request.malformed]
package inbounds.rules.capability.unregistered_tool

import data.inbounds.lib.tools

# METADATA
# description: The registry has an entry of this name
ruled_out if is_object(tools.entry)

# METADATA
# description: The name that was asked for
details contains {"tool": input.action.name}
