package inbounds.rules.identity.pop_missing_test

import data.inbounds.lib.fixtures_test as fixtures

_scene := fixtures.putting("/deployment/settings/proof", ["export"])

test_ruled_out_as_it_should_be if {
	fixtures.ruled_out("identity", "pop_missing", [])
	fixtures.ruled_out("identity", "pop_missing", _scene)
	fixtures.details("identity", "pop_missing", _scene) == set()
}

test_stands_for_what_is_no_proof if {
	every proof in [null, 0, true, [], {}, [""]] {
		fixtures.stands(
			"identity", "pop_missing",
			fixtures.putting("/question/context/credentials/proof", proof),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("identity", "pop_missing", array.concat(_scene, damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "pop_missing", anything)
	}
}

test_stands_where_what_needs_one_cannot_be_read if {
	every listed in [null, 0, true, "read", {"read": 1}] {
		fixtures.stands("identity", "pop_missing", fixtures.putting("/deployment/settings/proof", listed))
	}
}

_read := [
	"/deployment/settings",
	"/deployment/tools",
	"/deployment/tools/mail.read",
	"/question/action/name",
]
