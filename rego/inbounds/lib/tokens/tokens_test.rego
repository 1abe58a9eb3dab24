package inbounds.lib.tokens_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.tokens

test_both_tokens_are_verified if {
	_verified([]) == {"identity", "task"}
}

test_a_token_that_is_not_verified_does_not_hide_the_other if {
	_verified([{"op": "replace", "path": "/identity/genuine", "value": false}]) == {"task"}
	_verified([{"op": "replace", "path": "/task/genuine", "value": false}]) == {"identity"}
}

test_in_force_until_its_end_to_the_second if {
	every name in tokens.names {
		_in_force(name, [])
		_in_force(name, [_claim(name, "exp", 1800000001)])
		not _in_force(name, [_claim(name, "exp", 1800000000)])
		not _in_force(name, [_claim(name, "exp", 1799999999)])
	}
}

test_clocks_may_differ_by_30_seconds_at_the_beginning if {
	every name in tokens.names {
		every claim in {"iat", "nbf"} {
			_in_force(name, [_claim(name, claim, 1800000030)])
			not _in_force(name, [_claim(name, claim, 1800000031)])
		}
	}
}

test_not_in_force_without_times_that_are_numbers if {
	every name in tokens.names {
		every claim in {"exp", "iat"} {
			not _in_force(name, [{"op": "remove", "path": concat("/", ["", name, "claims", claim])}])
		}
		every claim in {"exp", "iat", "nbf"} {
			every value in [null, true, "1800000100", "", [1800000100], {"at": 1800000100}] {
				not _in_force(name, [_claim(name, claim, value)])
			}
		}
	}
}

test_nothing_else_is_in_force if {
	not _in_force("session", [])
	not _in_force("identity", [{"op": "replace", "path": "/identity/genuine", "value": false}])
	not _in_force("task", [{"op": "remove", "path": "/question/context/credentials/task"}])
}

_claim(name, claim, value) := {"op": "add", "path": concat("/", ["", name, "claims", claim]), "value": value}

_verified(patches) := names if {
	stage := fixtures.staged(patches)
	names := object.keys(tokens.verified) with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_in_force(name, patches) if {
	stage := fixtures.staged(patches)
	tokens.in_force(name) with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}
