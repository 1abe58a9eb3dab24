package inbounds.rules.credential.lease_expired_test

import data.inbounds.lib.fixtures_test as fixtures

_leases := "/question/context/leases"

_lease := {"credential": "mail-store", "handle": "lease-1", "task": "task-1", "expires": 1800000060}

_until(expires) := object.union(_lease, {"expires": expires})

_leased(held) := fixtures.joined([
	fixtures.putting("/deployment/tools/mail.read/credential", "mail-store"),
	fixtures.putting(_leases, held),
])

test_ruled_out_where_no_lease_is_needed if {
	every patches in [
		[],
		fixtures.putting("/deployment/tools/mail.read/credential", "mail-key"),
		fixtures.putting(_leases, [_until(0)]),
	] {
		fixtures.ruled_out("credential", "lease_expired", patches)
		fixtures.details("credential", "lease_expired", patches) == set()
	}
}

test_stands_from_the_very_end_of_the_lease if {
	fixtures.ruled_out("credential", "lease_expired", _leased([_until(1800000001)]))
	fixtures.details("credential", "lease_expired", _leased([_until(1800000001)])) == set()
	every end in [1800000000, 1799999999, 0] {
		fixtures.stands("credential", "lease_expired", _leased([_until(end)]))
		fixtures.details("credential", "lease_expired", _leased([_until(end)])) == {{"lease": 0, "is": "past"}}
	}
}

test_stands_for_a_lease_that_outlives_the_task if {
	fixtures.ruled_out("credential", "lease_expired", _leased([_until(1800003600)]))
	patches := _leased([_until(1800003601)])
	fixtures.stands("credential", "lease_expired", patches)
	fixtures.details("credential", "lease_expired", patches) == {{"lease": 0, "is": "beyond the task"}}
}

test_the_task_ends_where_it_ends_for_the_last_hands if {
	patches := fixtures.joined([
		fixtures.delegated(1),
		_leased([_until(1800003600)]),
	])

	fixtures.ruled_out("credential", "lease_expired", patches)
	fixtures.stands("credential", "lease_expired", array.concat(
		patches,
		fixtures.putting("/hops/0/claims/authorization_details/0/deadline", 1800003599),
	))
}

test_one_lease_of_several_is_enough if {
	fixtures.details("credential", "lease_expired", _leased([_lease, _until(0)])) == {{"lease": 1, "is": "past"}}
	every held in [
		[_lease, _until(0)],
		[_until(0), _lease],
	] {
		fixtures.stands("credential", "lease_expired", _leased(held))
	}
}

test_each_lease_of_several_may_be_in_force if {
	fixtures.ruled_out("credential", "lease_expired", _leased([_lease, _lease]))

	# Of another credential, which the tool does not need.
	fixtures.ruled_out("credential", "lease_expired", _leased([
		object.union(_until(0), {"credential": "mail-key"}),
		_lease,
	]))
}

test_stands_where_there_is_no_lease if {
	every held in [[], {}, null, "x", 0, [null], [{}]] {
		fixtures.stands("credential", "lease_expired", _leased(held))
	}
}

test_stands_for_an_end_that_is_no_number if {
	fixtures.stands("credential", "lease_expired", _leased([object.remove(_lease, ["expires"])]))
	every end in [null, true, "1800000060", [], [1800000060], {}] {
		patches := _leased([_until(end)])
		fixtures.stands("credential", "lease_expired", patches)
		fixtures.details("credential", "lease_expired", patches) == {
			{"lease": 0, "is": "past"},
			{"lease": 0, "is": "beyond the task"},
		}
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in [
		"/question/action/name",
		"/question/context",
		"/deployment/tools",
		"/deployment/tools/mail.read",
		"/deployment/credentials",
		"/deployment/credentials/mail-store",
		"/deployment/credentials/mail-store/kind",
		"/question/context/credentials",
		"/task/claims/authorization_details",
		"/task/claims/authorization_details/0/deadline",
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("credential", "lease_expired", array.concat(_leased([_lease]), damage))
		}
	}
}

test_stands_when_nobody_knows_the_time if {
	stage := fixtures.staged(_leased([_lease]))

	every moment in ["soon", {}, [1]] {
		not data.inbounds.rules.credential.lease_expired.ruled_out with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.clock.now as moment
			with data.inbounds.lib.jwt.authentic as fixtures.authentic
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("credential", "lease_expired", anything)
	}
}
