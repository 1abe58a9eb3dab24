package inbounds.rules.task.revocation_feed_stale_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_with_a_signed_and_fresh_head if {
	fixtures.ruled_out("task", "revocation_feed_stale", [])
}

test_reads_need_a_head_of_60_seconds_at_most if {
	fixtures.ruled_out("task", "revocation_feed_stale", _aged(60))
	not fixtures.ruled_out("task", "revocation_feed_stale", _aged(61))
	fixtures.details("task", "revocation_feed_stale", _aged(61)) == {{"age": 61, "at_most": 60}}
}

test_other_effects_need_one_of_10_seconds_at_most if {
	every tool in {"mail.send", "file.write", "mail.purge"} {
		named := _set("/question/action/name", tool)

		fixtures.ruled_out("task", "revocation_feed_stale", array.concat(_aged(10), named))
		not fixtures.ruled_out("task", "revocation_feed_stale", array.concat(_aged(11), named))
		fixtures.details("task", "revocation_feed_stale", array.concat(_aged(11), named)) == {{"age": 11, "at_most": 10}}
	}
}

test_effects_that_are_unknown_or_more_than_reading_count_as_other if {
	every patches in [
		_set("/question/action/name", "mail.unregistered"),
		_set("/question/action/name", "mail.untagged"),
		_set("/deployment/tools/mail.read/effects", ["read", "write"]),
	] {
		fixtures.ruled_out("task", "revocation_feed_stale", array.concat(_aged(10), patches))
		not fixtures.ruled_out("task", "revocation_feed_stale", array.concat(_aged(11), patches))
	}
}

test_what_is_no_question_needs_the_fresher_head if {
	stage := fixtures.staged(_aged(11))

	every anything in fixtures.junk {
		not data.inbounds.rules.task.revocation_feed_stale.ruled_out with input as anything
			with data.deployment as stage.deployment
			with data.live as stage.live
			with data.inbounds.lib.clock.now as stage.now
			with data.inbounds.lib.jwt.authentic as fixtures.authentic
	}
}

test_a_head_from_the_future_is_stale if {
	fixtures.ruled_out("task", "revocation_feed_stale", _aged(-5))
	not fixtures.ruled_out("task", "revocation_feed_stale", _aged(-6))
	fixtures.details("task", "revocation_feed_stale", _aged(-6)) == {{"head": "ahead"}}
}

test_stands_without_a_genuine_head if {
	every patches in [
		[{"op": "replace", "path": "/head/genuine", "value": false}],
		_set("/live/now/head", "e30.e30.AAAA"),
		_set("/live/now/generation", "generation-2"),
		_set("/live/now/seq", 8),
		_set("/live/now/ended", {}),
		_set("/live/now/revoked", {}),
		_set("/live/now/switches", {}),
	] {
		not fixtures.ruled_out("task", "revocation_feed_stale", patches)
		fixtures.details("task", "revocation_feed_stale", patches) == {{"head": "unverified"}}
	}
}

test_a_key_that_the_deployment_does_not_name_is_told if {
	every patches in [
		_set("/head/header/kid", "feed-2"),
		array.concat(_set("/head/header/kid", "feed-2"), _set("/live/now/seq", 8)),
		array.concat(_set("/head/header/kid", "feed-2"), [{"op": "remove", "path": "/deployment/feed/keys"}]),
		array.concat(_set("/head/header/kid", "feed-2"), [{"op": "remove", "path": "/deployment/feed"}]),
	] {
		{"unknown_key": "feed-2"} in fixtures.details("task", "revocation_feed_stale", patches)
	}
}

test_the_rest_is_told_beside_the_key if {
	fixtures.details("task", "revocation_feed_stale", _set("/head/header/kid", "feed-2")) == {
		{"head": "unverified"},
		{"unknown_key": "feed-2"},
	}
}

# One that counts is of a key that is known, whatever its age.
test_no_key_is_told_of_a_head_that_counts if {
	every patches in [_aged(61), _aged(-6)] {
		told := fixtures.details("task", "revocation_feed_stale", patches)
		every detail in told {
			not "unknown_key" in object.keys(detail)
		}
	}
}

test_stands_without_a_bound if {
	every bound in [null, true, "60", [60], {}] {
		not fixtures.ruled_out("task", "revocation_feed_stale", _set("/deployment/feed/max_age/read", bound))
	}
}

_aged(seconds) := _set("/head/claims/as_of", 1800000000 - seconds)

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("task", "revocation_feed_stale", patches)
		}
	}
}

_read := [
	"/head/claims/as_of",
	"/head/claims/generation",
	"/head/claims/seq",
	"/head/header",
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
	"/deployment/feed/algorithms",
	"/deployment/feed/max_age",
	"/deployment/feed/max_age/read",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
