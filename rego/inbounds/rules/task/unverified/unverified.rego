# METADATA
# title: Task token not verified
# description: |
#   An issuer of the deployment signs the task token. It states who asked, which agent acts, for which
#   task and session, until when, and exactly one statement of what the task may do. A task whose
#   token lacks any of these, or has an invalid signature, has no authority.
# custom:
#   severity: critical
#   remedy: The user must begin the task again, so that a fresh task token is issued
#   controls: ["owasp_asi:ASI03", "owasp_t:T3", "owasp_aisvs:v1.0-C9.5.2"]
#   depends_on: [request.malformed]
package inbounds.rules.task.unverified

import data.inbounds.lib.shape.task_claims
import data.inbounds.lib.task

# METADATA
# description: The signature holds and every claim is there, of its type and within its range
ruled_out if {
	task_claims.ordinary
	_public
	_exact
	_depth
	_start
}

# METADATA
# description: |
#   The claims that are missing or of another type, as JSON Pointers in which `*` stands for
#   any index or key. None where the signature does not hold: nothing is said about what a
#   stranger wrote.
# scope: document
details contains {"claim": place} if {
	task.claims
	some place in task_claims.faults
}

details contains {"claim": "/cnf/jwk"} if {
	task_claims.ordinary
	not _public
}

details contains {"claim": "/authorization_details/*/tools"} if {
	task_claims.ordinary
	not _exact
}

details contains {"claim": "/del_depth"} if {
	task_claims.ordinary
	not _depth
}

details contains {"claim": "/nbf"} if {
	task_claims.ordinary
	not _start
}

# A token that gives its holder's private key away proves nothing about the holder.
_public if {
	is_object(task.claims.cnf.jwk)
	count(object.keys(task.claims.cnf.jwk) & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) == 0
}

# Beyond 2^53 two engines may round one number to different ones.
_exact if {
	is_object(task.granted.tools)

	every number in _numbers {
		number >= -9007199254740992
		number <= 9007199254740992
	}
}

_numbers contains number if {
	some bounds in task.granted.tools
	some constraint in bounds.arguments
	some values in [object.get(constraint, "one_of", []), object.filter(constraint, {"minimum", "maximum"})]
	some number in values
	is_number(number)
}

_depth if task.claims.del_depth <= task.claims.del_max_depth

_start if is_number(object.get(task.claims, "nbf", 0))
