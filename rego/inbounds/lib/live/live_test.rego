package inbounds.lib.live_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.live

test_head_is_signed_and_of_this_very_feed if {
	_head([]).as_of == 1799999999
}

test_no_head_without_a_genuine_signature_of_the_feed if {
	not _head([{"op": "replace", "path": "/head/genuine", "value": false}])
	not _head([{"op": "replace", "path": "/head/header/typ", "value": "JWT"}])
	not _head([{"op": "replace", "path": "/deployment/feed/algorithms", "value": ["EdDSA"]}])

	# An issuer's key is not one of the feed's.
	every kid in {"identity-1", "task-1", "feed-2"} {
		not _head([{"op": "replace", "path": "/head/header/kid", "value": kid}])
	}
}

test_no_head_of_another_generation_or_write if {
	not _head([{"op": "replace", "path": "/live/now/generation", "value": "generation-2"}])
	not _head([{"op": "replace", "path": "/live/now/seq", "value": 8}])
	not _head([{"op": "replace", "path": "/head/claims/generation", "value": "generation-0"}])
	not _head([{"op": "replace", "path": "/head/claims/seq", "value": 6}])
	not _head([
		{"op": "remove", "path": "/head/claims/seq"},
		{"op": "remove", "path": "/live/now/seq"},
	])
}

# A heartbeat alone on an emptied engine leaves a head, and no lists beside it.
test_no_head_without_every_list if {
	paths := {concat("/", ["/live", root, name]) |
		some root in {"now", "baseline"}
		some name in {"ended", "revoked", "switches"}
	}
	count(paths) == 6

	every path in paths {
		every patches in fixtures.damages(path) {
			not _head(patches)
		}
		not _head([{"op": "replace", "path": path, "value": {}}])
		not _head([{"op": "replace", "path": path, "value": {"_": 1}}])
	}
}

test_no_head_without_a_feed if {
	every path in {"/live/now/head", "/live/now", "/live", "/deployment/feed", "/deployment/feed/keys"} {
		every patches in fixtures.damages(path) {
			not _head(patches)
		}
	}
}

# Its bundle is another than the rules', and can be missing alone.
test_no_head_without_a_baseline if {
	every patches in fixtures.damages("/live/baseline") {
		not _head(patches)
	}
}

test_age_is_counted_from_the_head if {
	_age(_issued(1799999940)) == 60
	_age(_issued(1800000000)) == 0
}

test_no_age_of_a_head_over_5_seconds_ahead if {
	_age(_issued(1800000005)) == -5
	not _age(_issued(1800000006))
}

test_no_age_of_a_head_without_a_time if {
	not _age([{"op": "remove", "path": "/head/claims/as_of"}])
	not _age([{"op": "replace", "path": "/head/genuine", "value": false}])

	every value in [null, true, "1800000000", [], {}] {
		not _age(_issued(value))
	}
}

test_what_is_listed_counts_wherever_and_whatever_stands_with_it if {
	every root in ["baseline", "now"] {
		every value in [1799999000, 0, false, null] {
			lists := {"ended": {"a": value}, "revoked": {"b": value}, "switches": {"fleet": value}}

			live.ended("a") with data.live as {root: lists}
			live.revoked("b") with data.live as {root: lists}
			live.switched("fleet") with data.live as {root: lists}
		}
	}
}

test_what_is_not_listed_does_not_count if {
	lists := {"ended": {"a": 1}, "revoked": {"b": 1}, "switches": {"fleet": 1}}

	not live.ended("b") with data.live as {"baseline": lists, "now": lists}
	not live.revoked("a") with data.live as {"baseline": lists, "now": lists}
	not live.switched("a") with data.live as {"baseline": lists, "now": lists}

	every id in ["", "c", "A", null, 1] {
		not live.ended(id) with data.live as {"baseline": lists, "now": lists}
		not live.revoked(id) with data.live as {"baseline": lists, "now": lists}
		not live.switched(id) with data.live as {"baseline": lists, "now": lists}
	}
}

_issued(as_of) := [{"op": "replace", "path": "/head/claims/as_of", "value": as_of}]

_head(patches) := head if {
	stage := fixtures.staged(patches)
	head := live.head with data.live as object.get(stage, "live", {})
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_age(patches) := age if {
	stage := fixtures.staged(patches)
	age := live.age with data.live as stage.live
		with data.deployment as stage.deployment
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}
