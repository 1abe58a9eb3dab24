package inbounds.rules.credential.lease_missing_test

import data.inbounds.lib.fixtures_test as fixtures

_credential := "/deployment/tools/mail.read/credential"

_leases := "/question/context/leases"

_needs(name) := fixtures.putting(_credential, name)

_lease := {"credential": "mail-store", "handle": "lease-1", "task": "task-1", "expires": 1800000060}

_leased := fixtures.joined([_needs("mail-store"), fixtures.putting(_leases, [_lease])])

test_ruled_out_where_none_is_needed_or_one_is_there if {
	every patches in [[], _needs(""), _needs("mail-key"), _leased] {
		fixtures.ruled_out("credential", "lease_missing", patches)
		fixtures.details("credential", "lease_missing", patches) == set()
	}
}

test_stands_without_a_lease_of_this_credential if {
	fixtures.stands("credential", "lease_missing", _needs("mail-store"))
	other := object.union(_lease, {"credential": "mail-key"})

	every value in [[], [other]] {
		patches := fixtures.joined([_needs("mail-store"), fixtures.putting(_leases, value)])
		fixtures.stands("credential", "lease_missing", patches)
		fixtures.details("credential", "lease_missing", patches) == {{"credential": "mail-store", "is": "not leased"}}
	}
}

test_stands_for_a_credential_that_the_deployment_does_not_know if {
	patches := fixtures.joined([
		_needs("unknown"),
		fixtures.putting(_leases, [object.union(_lease, {"credential": "unknown"})]),
	])

	fixtures.stands("credential", "lease_missing", patches)
	fixtures.details("credential", "lease_missing", patches) == {{"credential": "unknown", "is": "not known"}}
}

test_stands_for_a_credential_of_no_known_kind if {
	every kind in ["Lease", "STATIC", "", null, 0, ["lease"], {"lease": 1}] {
		patches := fixtures.joined([_leased, fixtures.putting("/deployment/credentials/mail-store/kind", kind)])
		fixtures.stands("credential", "lease_missing", patches)
		fixtures.details("credential", "lease_missing", patches) == {{"credential": "mail-store", "is": "not leased"}}
	}
}

test_stands_where_the_leases_are_no_list if {
	every value in [null, 0, true, "x", {}, {"0": _lease}] {
		fixtures.stands("credential", "lease_missing", fixtures.joined([
			_needs("mail-store"),
			fixtures.putting(_leases, value),
		]))
	}
}

test_stands_for_a_lease_that_is_none if {
	every value in [null, 0, true, "mail-store", [], {}, {"credential": ["mail-store"]}] {
		fixtures.stands("credential", "lease_missing", fixtures.joined([
			_needs("mail-store"),
			fixtures.putting(_leases, [value]),
		]))
	}
}

test_stands_where_what_is_needed_cannot_be_read if {
	fixtures.stands("credential", "lease_missing", fixtures.putting("/question/action/name", "mail.unregistered"))
	every value in [null, 0, true, [], {}, ["mail-store"]] {
		fixtures.stands("credential", "lease_missing", fixtures.joined([_leased, _needs(value)]))
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
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("credential", "lease_missing", array.concat(_leased, damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("credential", "lease_missing", anything)
	}
}
