package system.authz_test

import data.system.authz

test_a_pep_asks_under_its_own_name if {
	_allowed({})
	_allowed({"params": {"strict-builtin-errors": ["true"]}})
}

test_a_pep_does_not_ask_under_another_name if {
	not _allowed({"body": _question("other-pep")})
	not _allowed({"body": _question("")})
	not _allowed({"identity": "other-secret"})
	not _allowed({"identity": ""})
	not _allowed({"identity": "feed-secret"})
}

test_a_question_without_a_pep_is_refused if {
	every body in [null, [], "", 1, {}, {"input": null}, {"input": {"context": {"pep": {"id": null}}}}] {
		not _allowed({"body": body})
	}
	every name in ["method", "path", "params", "identity", "body"] {
		not _answer(object.remove(_request, [name])).allowed
	}
}

test_any_known_pep_asks_what_comes_before_a_question if {
	every entrypoint in [
		["registry", "tool"],
		["issuance", "task"],
		["delegation", "child"],
		["delegation", "accepted"],
		["issuer", "begun"],
		["issuer", "hops"],
		["issuer", "renewed"],
		["issuer", "shown"],
		["issuer", "signed_in"],
	] {
		asking := {"path": array.concat(["v1", "data", "inbounds"], entrypoint), "body": {"input": {}}}
		_allowed(asking)
		_allowed(object.union(asking, {"identity": "other-secret"}))
		not _allowed(object.union(asking, {"identity": "unknown"}))
		not _allowed(object.union(asking, {"identity": "feed-secret"}))
		not _allowed(object.union(asking, {"method": "GET"}))
		not _allowed(object.union(asking, {"params": {"explain": ["full"]}}))
	}
}

test_any_known_pep_reads_the_version_and_no_more if {
	version := ["v1", "data", "system", "version", "version"]
	reading := {"method": "GET", "path": version}
	_allowed(reading)
	_allowed(object.union(reading, {"identity": "other-secret"}))
	not _allowed(object.union(reading, {"identity": "unknown"}))
	not _allowed(object.union(reading, {"identity": "feed-secret"}))
	not _allowed(object.union(reading, {"identity": ""}))
	not _allowed(object.union(reading, {"params": {"provenance": ["true"]}}))
	not _allowed(object.union(reading, {"method": "POST"}))
	not _allowed(object.union(reading, {"method": "PUT"}))
	not _allowed(object.union(reading, {"path": array.slice(version, 0, 4)}))
	not _allowed(object.union(reading, {"path": array.slice(version, 0, 3)}))
	not _allowed(object.union(reading, {"path": array.concat(array.slice(version, 0, 4), ["build_hostname"])}))
}

test_only_the_owner_of_the_feed_writes_it if {
	every method in ["PUT", "PATCH"] {
		_allowed({"method": method, "path": _feed, "identity": "feed-secret"})
		not _allowed({"method": method, "path": _feed, "identity": "pep-secret"})
		not _allowed({"method": method, "path": array.concat(_feed, ["revoked"]), "identity": "feed-secret"})
		not _allowed({"method": method, "path": ["v1", "data", "live"], "identity": "feed-secret"})
		not _allowed({"method": method, "path": ["v1", "data"], "identity": "feed-secret"})
		not _allowed({"method": method, "path": _feed, "identity": "feed-secret", "params": {"metrics": ["true"]}})
	}
	every method in ["POST", "DELETE"] {
		not _allowed({"method": method, "path": _feed, "identity": "feed-secret"})
	}
}

test_only_the_owner_of_the_feed_reads_it_back if {
	not _allowed({"method": "GET", "path": ["v1", "data", "live"], "identity": "feed-secret"})
	not _allowed({"method": "PUT", "path": array.concat(_feed, ["seq"]), "identity": "feed-secret"})

	every path in [_feed, array.concat(_feed, ["generation"]), array.concat(_feed, ["seq"])] {
		_allowed({"method": "GET", "path": path, "identity": "feed-secret"})
		not _allowed({"method": "GET", "path": path, "identity": "pep-secret"})
		not _allowed({"method": "GET", "path": path, "identity": ""})
	}
}

test_anyone_asks_for_health if {
	asking := object.remove(object.union(_request, {"method": "GET", "path": ["health"]}), ["identity", "body"])
	_answer(asking).allowed
	_answer(object.union(asking, {"params": {"bundles": [""], "plugins": [""]}})).allowed
	_answer(object.union(asking, {"params": {"exclude-plugin": ["x"]}})).allowed
	not _answer(object.union(asking, {"params": {"x": [""]}})).allowed

	every method in ["POST", "PUT", "PATCH", "DELETE"] {
		not _answer(object.union(asking, {"method": method})).allowed
	}
}

test_a_pep_asks_several_questions_under_its_own_name if {
	every ids in [["pep"], ["pep", "pep"]] {
		_allowed(_several(ids))
	}
}

test_a_pep_asks_no_question_under_anothers_name if {
	every ids in [["other-pep"], ["pep", "other-pep"], ["other-pep", "pep"], ["pep", "nobody"], ["pep", null], []] {
		not _allowed(_several(ids))
	}
	every body in [{}, {"input": {}}, {"input": {"questions": null}}, {"input": {"questions": {}}}, _question("pep")] {
		not _allowed(object.union(object.remove(_several(["pep"]), ["body"]), {"body": body}))
	}
	every identity in ["other-secret", "feed-secret", "unknown", ""] {
		not _allowed(object.union(_several(["pep"]), {"identity": identity}))
	}
}

_several(ids) := {
	"path": ["v1", "data", "inbounds", "evaluation", "decisions"],
	"body": {"input": {"questions": [_question(id).input | some id in ids]}},
}

test_nothing_else_is_open if {
	every path in [
		[], [""], ["v1"], ["v1", "data"], ["v1", "data", ""], ["v1", "data", "inbounds", "main"],
		["v1", "data", "inbounds", "main", "decision", ""], ["v1", "data", "inbounds/main/decision"],
		["v1", "data", "deployment"], ["v1", "data", "system", "authz"], ["v0", "data", "inbounds", "main", "decision"],
		["v1", "policies"], ["v1", "policies", "x"], ["v1", "query"], ["v1", "compile"], ["v1", "status"],
		["v1", "config"], ["v1", "batch", "data", "inbounds", "main", "decision"], ["metrics"], ["health", "live"],
	] {
		every method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
			every identity in ["pep-secret", "feed-secret", "unknown"] {
				not _allowed({"method": method, "path": path, "identity": identity})
			}
		}
	}
}

test_no_explanation_no_measure_no_provenance if {
	every param in ["explain", "metrics", "instrument", "provenance", "pretty", "rule_labels", "input"] {
		not _allowed({"params": {param: ["full"], "strict-builtin-errors": ["true"]}})
	}
}

test_the_one_who_is_refused_is_told_why if {
	_answer(_changed({"identity": "unknown"})) == {
		"allowed": false,
		"reason": "a bearer token of a known PEP is needed",
	}
	_answer(_changed({"path": ["v1", "policies"]})) == {
		"allowed": false,
		"reason": "nothing else is open here",
	}
}

test_nobody_is_known_by_an_empty_token if {
	deployment := {
		"peps": {"pep": {"token_sha256": [crypto.sha256("")]}},
		"settings": {"feed_writers": {"feed": [crypto.sha256("")]}},
	}

	every changes in [{}, {"path": ["v1", "data", "inbounds", "registry", "tool"]}, {"method": "PUT", "path": _feed}] {
		decided := authz.allow with input as _changed(object.union(changes, {"identity": ""}))
			with data.deployment as deployment
		not decided.allowed
	}
}

# Without a deployment nobody is known, and OPA says no.
test_before_the_deployment_is_there_nothing_is_open if {
	decided := authz.allow with input as _request with data.deployment as {}
	not decided.allowed
}

_allowed(changes) if _answer(_changed(changes)).allowed

# Whole members, where `object.union` would merge them.
_changed(changes) := object.union(object.remove(_request, object.keys(changes)), changes)

_answer(request) := decided if {
	decided := authz.allow with input as request with data.deployment as _deployment
}

_deployment := {
	"peps": {
		"pep": {"token_sha256": [crypto.sha256("old-secret"), crypto.sha256("pep-secret")]},
		"other-pep": {"token_sha256": [crypto.sha256("other-secret")]},
		"silent-pep": {"token_sha256": []},
	},
	"settings": {"feed_writers": {"feed": [crypto.sha256("feed-secret")]}},
}

_request := {
	"method": "POST",
	"path": ["v1", "data", "inbounds", "main", "decision"],
	"params": {},
	"headers": {},
	"identity": "pep-secret",
	"body": _question("pep"),
}

_question(id) := {"input": {"context": {"pep": {"id": id}}}}

_feed := ["v1", "data", "live", "now"]
