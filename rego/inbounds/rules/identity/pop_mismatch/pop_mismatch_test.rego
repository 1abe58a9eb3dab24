package inbounds.rules.identity.pop_mismatch_test

import data.inbounds.lib.fixtures_test as fixtures

_scene := fixtures.putting("/question/context/credentials/proof", "")

test_ruled_out_as_it_should_be if {
	fixtures.ruled_out("identity", "pop_mismatch", [])
	fixtures.ruled_out("identity", "pop_mismatch", _scene)
	fixtures.details("identity", "pop_mismatch", _scene) == set()
}

test_stands_for_what_is_no_proof if {
	every proof in [null, 0, true, [], {}, [""]] {
		fixtures.stands(
			"identity", "pop_mismatch",
			fixtures.putting("/question/context/credentials/proof", proof),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("identity", "pop_mismatch", array.concat(_scene, damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "pop_mismatch", anything)
	}
}

_read := [
	"/proof/header/alg",
	"/proof/header/typ",
	"/proof/claims/jti",
	"/proof/claims/iat",
	"/proof/claims/token",
	"/proof/claims/tool",
	"/proof/claims/digest",
	"/proof/claims/sid",
	"/proof/claims/version",
	"/task/claims/cnf",
	"/task/claims/cnf/jwk",
	"/task/claims/cnf/jwk/x",
	"/task/claims/jti",
	"/deployment/settings/audience",
	"/deployment/settings",
	"/question/action/name",
	"/question/action/properties/digest",
	"/question/action",
	"/deployment/issuers",
]
