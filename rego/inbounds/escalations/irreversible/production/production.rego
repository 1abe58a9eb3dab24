# METADATA
# title: Action cannot be undone in this environment
# description: |
#   An environment may require that a person is asked before an action that cannot be undone: a call
#   of a tool that does more than read, and that the registry does not mark as reversible. A person is
#   also asked if the deployment does not know the environment.
# custom:
#   severity: high
#   remedy: Ask the user whether this is meant, or use a tool whose action can be undone
#   controls: ["owasp_aisvs:v1.0-C9.2.1", "owasp_aisvs:v1.0-C9.2.3", "mitre_atlas_m:AML.M0029"]
#   depends_on:
#     - request.malformed
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - environment.other_than_task
#     - environment.freeze_window
package inbounds.escalations.irreversible.production

import data.inbounds.lib.resources
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: The call only reads, can be undone, or is in an environment that does not ask
# scope: document
ruled_out if {
	count(tools.effects) > 0
	not steering.acts
}

ruled_out if {
	count(tools.effects) > 0
	tools.entry.reversible == "yes"
}

ruled_out if {
	count(tools.effects) > 0
	environment := data.deployment.environments[resources.environment]
	is_object(environment)
	object.get(environment, "asks_before_irreversible", false) == false
}

# METADATA
# description: The environment that asks, and the effects that it asks about
details contains {"environment": resources.environment, "effect": effect} if {
	not ruled_out
	some effect in (tools.effects - {"read"})
}
