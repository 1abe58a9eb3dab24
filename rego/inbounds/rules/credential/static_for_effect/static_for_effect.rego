# METADATA
# title: Static credential where a lease is required
# description: |
#   A static credential outlives every task. It needs a reason and an end. It may replace a lease only
#   if the tool only reads, or if the deployment lists all other effects of the tool for this
#   credential.
# custom:
#   severity: high
#   remedy: The operator can lease it, or state its `effects`, `reason` and `until` in deployment/credentials.yaml
#   controls: ["owasp_nhi:NHI7:2025", "owasp_aisvs:v1.0-C5.1.2"]
#   depends_on:
#     - request.malformed
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - credential.lease_missing
package inbounds.rules.credential.static_for_effect

import data.inbounds.lib.clock
import data.inbounds.lib.leases
import data.inbounds.lib.tools

# METADATA
# description: The credential is leased or none is needed, or it may be static for these effects
# scope: document
ruled_out if leases.none

ruled_out if leases.entry.kind == "lease"

ruled_out if {
	leases.static
	count(tools.effects) > 0
	count(_unnamed) == 0
	_reasoned
	_in_force
}

# METADATA
# description: The effects that it may not be static for, and what it lacks to be static at all
# scope: document
details contains {"credential": leases.needed, "effect": effect} if {
	leases.static
	some effect in _unnamed
}

details contains {"credential": leases.needed, "lacks": "reason"} if {
	leases.static
	not _reasoned
}

details contains {"credential": leases.needed, "lacks": "an end ahead"} if {
	leases.static
	not _in_force
}

# What it is used for beyond reading, and may not be.
_unnamed := (tools.effects - {"read"}) - {effect | some effect in _named} if is_array(_named)

_named := object.get(leases.entry, "effects", [])

_reasoned if {
	is_string(leases.entry.reason)
	trim_space(leases.entry.reason) != ""
}

_in_force if {
	is_number(leases.entry.until)
	leases.entry.until > clock.now
}
