# METADATA
# title: Approval not valid
# description: |
#   Every approval that comes with a call must be valid. It must be signed by an approver of this
#   deployment who may still approve, for this tenant, task and requester. It must be in force and not
#   used up. If it is bound to a call, it must be bound to this one. Where four eyes are required, the
#   approver and the requester must be different people. A call with an invalid approval is denied
#   even if it needs none, so that a forged or replayed approval is always noticed.
# custom:
#   severity: critical
#   remedy: The agent must leave this approval out and ask again; the approver must be shown this very call
#   controls: ["owasp_asi:ASI03", "owasp_asi:ASI09"]
#   depends_on: [request.malformed, task.unverified, task.revocation_feed_stale]
package inbounds.rules.approval.invalid

import data.inbounds.lib.approvals

# METADATA
# description: Every approval that the question carries is valid; none is fine
ruled_out if {
	is_array(approvals.given)
	count(approvals.given) <= approvals.most

	every index, _ in approvals.given {
		approvals.sound[index]
	}
}

# METADATA
# description: What is wrong with which approval, by its place among them
details contains fault if some fault in approvals.faults
