# METADATA
# description: |
#   What is wrong with the credentials of a holder, by the rules that an action of his is judged
#   by, so that no task is begun, renewed or delegated that no action could be taken with.
package inbounds.standing

# METADATA
# description: |
#   The codes of what stands against the credentials of the question. What only follows from
#   something else is left out.
faults contains code if {
	some code in _standing
	every cause in object.get(data.inbounds.catalogue.rules[code], "depends_on", []) {
		not cause in _standing
	}
}

# METADATA
# description: |
#   Codes as reasons, in order: in the words of `own`, by code, or else of the catalogue
worded(codes, own) := [reason |
	some code in sort(codes)
	about := object.union(object.get(own, code, {}), object.get(data.inbounds.catalogue.rules, code, {}))
	reason := {"code": code, "message": about.message, "remedy": about.remedy, "severity": about.severity}
]

_standing contains code if {
	some code, about in data.inbounds.catalogue.rules
	about.category in {"identity", "task", "delegation", "emergency"}
	not code in _of_an_action
	not data.inbounds.rules[about.category][about.fault].ruled_out == true
}

# These ask for the action itself, and have nothing to say here.
_of_an_action := {
	"identity.issuer_not_for_this", "identity.origin_mismatch", "identity.pop_missing",
	"task.not_this_subject",
}
