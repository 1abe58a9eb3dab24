package inbounds.rules.identity.replayed_test

import data.inbounds.lib.fixtures_test as fixtures

_scene := fixtures.putting("/question/context/credentials/proof", "")

test_ruled_out_as_it_should_be if {
	fixtures.ruled_out("identity", "replayed", [])
	fixtures.ruled_out("identity", "replayed", _scene)
	fixtures.details("identity", "replayed", _scene) == set()
}

test_stands_for_what_is_no_proof if {
	every proof in [null, 0, true, [], {}, [""]] {
		fixtures.stands(
			"identity", "replayed",
			fixtures.putting("/question/context/credentials/proof", proof),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("identity", "replayed", array.concat(_scene, damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "replayed", anything)
	}
}

_read := [
	"/proof/claims/jti",
	"/proof/claims/sid",
	"/proof/claims/version",
	"/question/context/decision/id",
	"/question/context/decision",
	"/question/context/session/id",
	"/question/context/session/version",
	"/question/context/session",
]
