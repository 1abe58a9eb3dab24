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

_demand(effects) := fixtures.putting("/deployment/settings/leases", effects)

test_an_effect_may_need_a_lease if {
	every patches in [[], _needs("mail-key")] {
		fixtures.ruled_out("credential", "lease_missing", array.concat(patches, _demand([])))
		fixtures.ruled_out("credential", "lease_missing", array.concat(patches, _demand(["write", "execute"])))
		whole := array.concat(patches, _demand(["write", "read"]))
		fixtures.stands("credential", "lease_missing", whole)
		{"effect": "read", "needs": "a lease"} in fixtures.details("credential", "lease_missing", whole)
	}
}

test_a_lease_is_what_an_effect_needs if {
	fixtures.ruled_out("credential", "lease_missing", array.concat(_leased, _demand(["read"])))
	fixtures.details("credential", "lease_missing", array.concat(_leased, _demand(["read"]))) == set()
}

test_what_is_set_in_motion_may_need_a_lease if {
	patches := array.concat(_demand(["execute"]), fixtures.putting("/deployment/tools/mail.read/reaches", ["execute"]))

	fixtures.stands("credential", "lease_missing", patches)
	fixtures.details("credential", "lease_missing", patches) == {{"effect": "execute", "needs": "a lease"}}
}

test_what_leases_needs_no_lease_itself if {
	leasing := fixtures.joined([
		_demand(["read"]),
		fixtures.putting("/deployment/tools/credential.lease", {"effects": ["read"], "resource": "lease"}),
		fixtures.putting("/question/action/name", "credential.lease"),
	])

	fixtures.ruled_out("credential", "lease_missing", leasing)
	fixtures.stands("credential", "lease_missing", array.concat(
		leasing,
		fixtures.putting("/deployment/tools/credential.lease/credential", "mail-store"),
	))
}

test_stands_where_it_cannot_be_read_what_needs_a_lease if {
	every value in [null, true, 0, "read", {"read": "read"}] {
		fixtures.stands("credential", "lease_missing", _demand(value))
		fixtures.ruled_out("credential", "lease_missing", array.concat(_leased, _demand(value)))
	}
	every patch in [
		{"op": "remove", "path": "/deployment/settings"},
		{"op": "replace", "path": "/deployment/settings", "value": null},
		{"op": "replace", "path": "/deployment/settings", "value": []},
	] {
		fixtures.stands("credential", "lease_missing", [patch])
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("credential", "lease_missing", anything)
	}
}
