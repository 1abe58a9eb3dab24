# METADATA
# title: Code from an untrusted store is run
# description: |
#   A test, a build or a deployment runs what was written to a store before. Once text of third
#   parties may have been written to that store in this session, it may be code of theirs, even if
#   each write was harmless by itself. A person is asked before a call that executes, if a store that
#   the tool runs from is tainted. A tool whose entry does not state `runs_from` may run from any store.
# custom:
#   severity: high
#   remedy: >-
#     User: look at what the session has written, and not at the arguments alone, and approve the call if that may
#     run. Operator: set `runs_from` of the tool in deployment/tools.yaml to the stores that it runs from, or to an
#     empty list if what it runs can do no harm
#   controls: ["owasp_asi:ASI05", "owasp_mcp:MCP05:2025", "mitre_atlas:AML.T0051.001"]
#   depends_on:
#     - request.malformed
#     - session.missing
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.escalations.flow.untrusted_code

import data.inbounds.lib.stores
import data.inbounds.lib.tools

# METADATA
# description: Nothing is run, or no store that it is run from is tainted
# scope: document
ruled_out if {
	count(tools.effects) > 0
	not "execute" in tools.effects
}

ruled_out if count(stores.run_tainted) == 0

# METADATA
# description: The tainted stores that it is run from; `*` for any
details contains {"store": name} if some name in stores.run_tainted
