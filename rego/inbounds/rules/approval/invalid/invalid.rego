# METADATA
# title: Approval not valid
# description: |
#   Whoever brings an approval brings a good one: signed by an approver of this deployment who
#   still may approve, for this tenant, task and requester, for this very call where it is bound
#   to one, in force, not used up, and by somebody else where four eyes are required. A question
#   that carries any other is refused, so that a forged or replayed yes never goes unnoticed.
# custom:
#   severity: critical
#   remedy: Leave the approval out and ask again; whoever approves has to see this very call
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
