package inbounds.rules.credential.other_task_test

import data.inbounds.lib.fixtures_test as fixtures

_leases := "/question/context/leases"

_lease := {"credential": "mail-store", "handle": "lease-1", "task": "task-1", "expires": 1800000060}

_of(task) := object.union(_lease, {"task": task})

_leased(held) := fixtures.joined([
	fixtures.putting("/deployment/tools/mail.read/credential", "mail-store"),
	fixtures.putting(_leases, held),
])

test_ruled_out_for_a_lease_of_this_task_and_where_none_is_needed if {
	every patches in [
		[],
		fixtures.putting("/deployment/tools/mail.read/credential", "mail-key"),
		fixtures.putting(_leases, [_of("task-2")]),
		_leased([_lease]),
		_leased([_lease, _lease]),
		_leased([object.union(_of("task-2"), {"credential": "mail-key"}), _lease]),
	] {
		fixtures.ruled_out("credential", "other_task", patches)
		fixtures.details("credential", "other_task", patches) == set()
	}
}

test_stands_for_a_lease_of_another_task if {
	fixtures.stands("credential", "other_task", _leased([_lease, _of("task-2")]))
	fixtures.details("credential", "other_task", _leased([_lease, _of("task-2")])) == {{"lease": 1}}
	every task in ["task-2", "task-", "Task-1", "", "session-1", "token-1", "alice@acme.example"] {
		fixtures.stands("credential", "other_task", _leased([_of(task)]))
		fixtures.details("credential", "other_task", _leased([_of(task)])) == {{"lease": 0}}
	}
}

test_each_hops_lease_their_own if {
	once := fixtures.joined([fixtures.delegated(1), _leased([_of("task-1/delegation-1")])])
	fixtures.ruled_out("credential", "other_task", once)
	twice := fixtures.joined([fixtures.delegated(2), _leased([_of("task-1/delegation-1/delegation-2")])])
	fixtures.ruled_out("credential", "other_task", twice)
	every task in ["task-1", "delegation-1", "/delegation-1", "task-2/delegation-1", "task-1/delegation-2", "token-2"] {
		fixtures.stands("credential", "other_task", array.concat(once, fixtures.putting(_leases, [_of(task)])))
	}
	every task in ["task-1", "task-1/delegation-1", "task-1/delegation-2", "delegation-2", "delegation-1/delegation-2"] {
		fixtures.stands("credential", "other_task", array.concat(twice, fixtures.putting(_leases, [_of(task)])))
	}
}

test_nothing_is_of_hops_that_have_no_name if {
	every name in [null, 7, true, ["delegation-1"], {"delegation-1": 1}] {
		fixtures.stands("credential", "other_task", fixtures.joined([
			fixtures.delegated(1),
			_leased([_of(name)]),
			fixtures.putting("/hops/0/claims/delegation", name),
		]))
	}
}

test_nothing_is_of_a_task_that_has_no_name if {
	every name in [null, 7, true, ["task-1"], {"task-1": 1}] {
		fixtures.stands("credential", "other_task", fixtures.joined([
			_leased([_of(name)]),
			fixtures.putting("/task/claims/task", name),
		]))
	}
}

test_stands_where_there_is_no_lease if {
	every held in [[], {}, null, "x", 0, [null], [{}]] {
		fixtures.stands("credential", "other_task", _leased(held))
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
		"/task/claims/task",
		"/deployment/issuers",
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("credential", "other_task", array.concat(_leased([_lease]), damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("credential", "other_task", anything)
	}
}
