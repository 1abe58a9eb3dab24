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
#   The trust domain of a workload's SPIFFE ID; undefined for a text that is not one: upper case
#   in the trust domain, port, query, fragment, percent, empty or relative segments.
trust_domain(id) := domain if {
	is_string(id)
	count(id) <= 2048
	segments := split(id, "/")
	array.slice(segments, 0, 2) == ["spiffe:", ""]
	count(segments) > 3
	names := array.slice(segments, 2, count(segments))
	count({name | some name in names} & {"", ".", ".."}) == 0

	# The expression that tokens are held to as well: compiling it costs more than matching.
	regex.match(`^[A-Za-z0-9._-]+$`, concat("", names))
	domain := names[0]
	lower(domain) == domain
}
