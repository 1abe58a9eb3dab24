# METADATA
# description: |
#   Who may ask OPA what. Its own API is closed but for these doors: a PEP asks, and reads which
#   version of OPA answers it; the owner of the revocation feed writes the feed; and anyone may
#   ask whether OPA is healthy. Everything else (policies, ad hoc queries, reading data,
#   explanations, metrics) is refused.
# related_resources:
#   - ref: https://www.openpolicyagent.org/docs/security#authentication-and-authorization
#     description: OPA's authentication and authorization
package system.authz

# METADATA
# title: Allow
# description: Whether the request passes, and what the one who made it is told if not
# scope: document
default allow := {"allowed": false, "reason": "nothing else is open here"}

allow := {"allowed": true} if {
	_door
} else := {"allowed": false, "reason": "a bearer token of a known PEP is needed"} if {
	_a_pep_door
}

# A PEP asks about an action under its own name only.
_door if {
	_decision_door
	_digest in data.deployment.peps[input.body.input.context.pep.id].token_sha256
}

# The same of every question, where it asks several.
_door if {
	_evaluation_door
	is_array(input.body.input.questions)
	count(input.body.input.questions) > 0
	every question in input.body.input.questions {
		_digest in data.deployment.peps[question.context.pep.id].token_sha256
	}
}

_door if {
	_registry_door
	some pep in data.deployment.peps
	_digest in pep.token_sha256
}

# It makes sure that this is a version that it may rely on.
_door if {
	_version_door
	some pep in data.deployment.peps
	_digest in pep.token_sha256
}

_door if {
	_feed_door
	count(input.params) == 0
	some digests in data.deployment.settings.feed_writers
	_digest in digests
}

_door if {
	input.method == "GET"
	input.path == ["health"]
	object.keys(input.params) - {"bundles", "plugins", "exclude-plugin"} == set()
}

_feed_door if {
	input.method in {"PUT", "PATCH", "GET"}
	input.path == ["v1", "data", "live", "now"]
}

# Its owner reads back what it wrote.
_feed_door if {
	input.method == "GET"
	input.path in {
		["v1", "data", "live", "now", "generation"],
		["v1", "data", "live", "now", "seq"],
	}
}

_a_pep_door if _decision_door

_a_pep_door if _evaluation_door

_a_pep_door if _registry_door

_a_pep_door if _version_door

_decision_door if {
	_asks
	input.path == ["v1", "data", "inbounds", "main", "decision"]
}

_evaluation_door if {
	_asks
	input.path == ["v1", "data", "inbounds", "evaluation", "decisions"]
}

_registry_door if {
	_asks
	input.path in {
		["v1", "data", "inbounds", "registry", "tool"],
		["v1", "data", "inbounds", "issuance", "task"],
		["v1", "data", "inbounds", "delegation", "child"],
		["v1", "data", "inbounds", "delegation", "accepted"],
		["v1", "data", "inbounds", "issuer", "begun"],
		["v1", "data", "inbounds", "issuer", "hops"],
		["v1", "data", "inbounds", "issuer", "renewed"],
		["v1", "data", "inbounds", "issuer", "shown"],
		["v1", "data", "inbounds", "issuer", "signed_in"],
	}
}

_version_door if {
	input.method == "GET"
	input.path == ["v1", "data", "system", "version", "version"]
	count(input.params) == 0
}

# Nothing that would explain, measure or log more than the answer.
_asks if {
	input.method == "POST"
	object.keys(input.params) - {"strict-builtin-errors"} == set()
}

_digest := crypto.sha256(input.identity) if input.identity != ""
