package inbounds.rules.task.ended_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_the_feed_names_nothing_of_this if {
	fixtures.ruled_out("task", "ended", [])
	fixtures.details("task", "ended", []) == set()
}

test_others_that_have_ended_are_no_matter if {
	fixtures.ruled_out("task", "ended", _set("/live/now/ended/task-2", 1799999000))
	fixtures.ruled_out("task", "ended", _set("/live/now/revoked/token-2", 1799999000))
	fixtures.ruled_out("task", "ended", _set("/live/baseline/ended/session-2", 1799999000))
}

test_stands_for_what_has_ended if {
	every root in {"baseline", "now"} {
		every id, what in {"task-1": "task", "session-1": "session"} {
			patches := _set(concat("/", ["/live", root, "ended", id]), 1799999000)

			not fixtures.ruled_out("task", "ended", patches)
			fixtures.details("task", "ended", patches) == {{"ended": what}}
		}
	}
}

test_stands_for_a_token_that_was_revoked if {
	named := _set("/identity/claims/jti", "token-2")

	fixtures.ruled_out("task", "ended", named)
	every root in {"baseline", "now"} {
		every jti, what in {"token-1": "task", "token-2": "identity"} {
			patches := array.concat(named, _set(concat("/", ["/live", root, "revoked", jti]), 1799999000))

			not fixtures.ruled_out("task", "ended", patches)
			fixtures.details("task", "ended", patches) == {{"revoked": what}}
		}
	}
}

test_stands_for_what_was_issued_before_all_of_an_agents_or_an_issuers_was_revoked if {
	agent := "agent:spiffe:~1~1acme.example~1agent~1assistant"
	every root in {"baseline", "now"} {
		every name, found in {
			agent: {{"revoked": "task", "of": "agent"}, {"revoked": "identity", "of": "agent"}},
			"issuer:tasks": {{"revoked": "task", "of": "issuer"}},
			"issuer:identity": {{"revoked": "identity", "of": "issuer"}},
		} {
			path := concat("/", ["/live", root, "revoked", name])
			every at in [1799999960, 1800000000, 1900000000, null, "1700000000", [], {}] {
				not fixtures.ruled_out("task", "ended", _set(path, at))
				fixtures.details("task", "ended", _set(path, at)) == found
			}

			# Both tokens are of 1799999990: issued 31 s later.
			fixtures.ruled_out("task", "ended", _set(path, 1799999959))
			fixtures.details("task", "ended", _set(path, 1799999959)) == set()
		}
	}
}

test_what_was_issued_to_others_is_no_matter if {
	every name in [
		"agent:spiffe:~1~1acme.example~1agent~1other", "agent:", "agent:alice@acme.example",
		"issuer:", "issuer:https:~1~1tasks.acme.example", "issuer:feed", "tasks", "spiffe:~1~1acme.example~1agent~1assistant",
	] {
		fixtures.ruled_out("task", "ended", _set(concat("/", ["/live/now/revoked", name]), 1900000000))
	}
}

test_stands_where_any_hops_were_given_before_theirs_was_revoked if {
	every hops in [1, 2] {
		every number in numbers.range(0, hops - 1) {
			agent := replace(fixtures.scene.hops[number].claims.act.sub, "/", "~1")
			iat := fixtures.scene.hops[number].claims.iat
			path := concat("", ["/live/now/revoked/agent:", agent])
			revoked := array.concat(fixtures.delegated(hops), _set(path, iat - 30))

			not fixtures.ruled_out("task", "ended", revoked)
			{"revoked": "delegation", "of": "agent"} in fixtures.details("task", "ended", revoked)
			fixtures.ruled_out("task", "ended", array.concat(fixtures.delegated(hops), _set(path, iat - 31)))
		}
	}
}

test_stands_for_a_token_that_does_not_say_when_or_to_whom_it_was_issued if {
	every value in [null, true, [], {}] {
		every path in ["/task/claims/iat", "/identity/claims/iat", "/task/claims/act/sub"] {
			not fixtures.ruled_out("task", "ended", _set(path, value))
		}
	}
}

# What is listed has ended, whatever the list says of when.
test_stands_for_an_entry_without_a_time if {
	every value in [0, false, null, ""] {
		not fixtures.ruled_out("task", "ended", _set("/live/now/ended/task-1", value))
	}
}

test_stands_when_the_feed_is_not_whole if {
	not fixtures.ruled_out("task", "ended", [{"op": "replace", "path": "/head/genuine", "value": false}])
	not fixtures.ruled_out("task", "ended", _set("/live/now/seq", 8))
	not fixtures.ruled_out("task", "ended", _set("/live/now/ended", {}))
}

test_stands_for_an_identity_token_with_a_jti_that_is_no_text if {
	every jti in [null, true, 7, [], {}] {
		not fixtures.ruled_out("task", "ended", _set("/identity/claims/jti", jti))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("task", "ended", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("task", "ended", anything)
	}
}

_read := [
	"/question/context/credentials/identity",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/identity/header/kid",
	"/identity/header/alg",
	"/identity/header/typ",
	"/identity/header",
	"/deployment/issuers/identity/keys",
	"/deployment/issuers/identity/algorithms",
	"/deployment/issuers/identity",
	"/deployment/issuers",
	"/question/context/credentials/task",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/task/header/kid",
	"/task/header/alg",
	"/task/header/typ",
	"/task/header",
	"/deployment/issuers/tasks/keys",
	"/deployment/issuers/tasks/algorithms",
	"/deployment/issuers/tasks",
	"/deployment/issuers",
	"/task/claims/task",
	"/task/claims/sid",
	"/task/claims/jti",
	"/live/now/head",
	"/live/now/ended",
	"/live/now/revoked",
	"/live/now/switches",
	"/live/now/generation",
	"/live/now/seq",
	"/live/now",
	"/live",
	"/deployment/feed",
	"/deployment/feed/keys",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
