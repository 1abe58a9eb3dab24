# METADATA
# description: |
#   The credential that the tool needs, by the registry, and the leases of it that the PEP says it
#   holds. A lease is the PEP's word: one that it makes up gets nobody a credential.
package inbounds.lib.leases

import data.inbounds.lib.tools

# METADATA
# description: |
#   The name of the credential that the tool needs, empty for none. Undefined for a tool that is
#   not registered.
needed := name if {
	is_object(tools.entry)
	name := object.get(tools.entry, "credential", "")
	is_string(name)
}

# METADATA
# description: What the deployment says of that credential; undefined where it knows none
entry := known if {
	needed != ""
	known := data.deployment.credentials[needed]
	is_object(known)
}

# METADATA
# description: Whether the tool needs none
none if needed == ""

# METADATA
# description: Whether the tool needs one that is not leased
static if entry.kind == "static"

# METADATA
# description: |
#   The effects of the call that the deployment wants a lease for. What leases needs none itself.
#   Undefined where the tool or the demand cannot be read.
# scope: document
demanded := {effect | some effect in _demand} & tools.effects if {
	is_array(_demand)
	input.action.name != _leasing
}

demanded := set() if input.action.name == _leasing

# METADATA
# description: |
#   The leases of the credential that the question names, by their place in it. Undefined where no
#   lease is needed, or where the question cannot be read.
held := {place: lease |
	some place, lease in _given
	lease.credential == needed
} if {
	entry.kind == "lease"
	is_array(_given)
}

_given := object.get(input.context, "leases", []) if is_object(input.context)

_demand := object.get(data.deployment.settings, "leases", []) if is_object(data.deployment.settings)

_leasing := "credential.lease"
