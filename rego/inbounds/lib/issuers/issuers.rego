# METADATA
# description: Whose key a token names
package inbounds.lib.issuers

# METADATA
# description: |
#   The one issuer that has the key `kid`: its name in the deployment, and its entry there. A
#   `kid` that two issuers share is not used.
of(kid) := {"name": name, "issuer": data.deployment.issuers[name]} if {
	named := {name |
		some name, entry in data.deployment.issuers
		entry.keys[kid]
	}
	count(named) == 1
	some name in named
}
