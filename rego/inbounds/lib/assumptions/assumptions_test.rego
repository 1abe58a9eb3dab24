package inbounds.lib.assumptions_test

import data.inbounds.lib.assumptions
import data.inbounds.lib.fixtures_test as fixtures

_resources := "/task/claims/authorization_details/0/resources"

_none_needed(patches) if {
	stage := fixtures.staged(patches)
	assumptions.none_needed with input as stage.question
		with data.deployment as stage.deployment
		with data.live as stage.live
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_having(bounds) := fixtures.putting(_resources, bounds)

test_nothing_is_needed_where_nothing_is_assumed if {
	_none_needed([])
	_none_needed(_having([]))
	_none_needed(_having([{"type": "mail", "assumed": false}]))
}

test_what_is_stated_has_to_permit_the_call_by_itself if {
	assumed := {"type": "mail", "assumed": true}
	not _none_needed(_having([assumed]))
	_none_needed(_having([assumed, {"type": "mail", "prefixes": ["4"], "effects": ["read"]}]))
	not _none_needed(_having([assumed, {"type": "mail", "prefixes": ["5"], "effects": ["read"]}]))
	not _none_needed(_having([assumed, {"type": "mail", "effects": ["write"]}]))
	not _none_needed(_having([assumed, {"type": "file"}]))
}

test_what_is_no_bound_is_not_stated if {
	not _none_needed(fixtures.putting("/task/genuine", false))

	every junk in [null, 1, "mail", true, {}, [null], ["mail"], [{"type": "mail", "assumed": null}]] {
		not _none_needed(_having(junk))
	}
}
