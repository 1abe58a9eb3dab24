# METADATA
# description: |
#   Names of workloads. A SPIFFE ID is compared sign by sign, so only the one form that the
#   standard allows is taken: there is no second spelling of an agent.
# related_resources:
#   - ref: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
#     description: SPIFFE ID, section 2
package inbounds.lib.spiffe

# METADATA
# description: |
#   The trust domain of a workload's SPIFFE ID; undefined for a text that is none: upper case
#   in the trust domain, port, query, fragment, percent, empty or relative segments.
trust_domain(id) := segments[2] if {
	is_string(id)
	count(id) <= 2048
	regex.match(`^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)+$`, id)
	segments := split(id, "/")

	every segment in segments {
		not segment in {".", ".."}
	}
}
