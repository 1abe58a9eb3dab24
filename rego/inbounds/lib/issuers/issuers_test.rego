package inbounds.lib.issuers_test

import data.inbounds.lib.issuers

_issuers := {
	"a": {"issuer": "https://a.example", "keys": {"k1": {}, "shared": {}}},
	"b": {"issuer": "https://b.example", "keys": {"k2": {}, "shared": {}}},
}

_of(kid) := found if {
	found := issuers.of(kid) with data.deployment.issuers as _issuers
}

test_a_key_is_that_of_the_issuer_that_has_it if {
	_of("k1") == {"name": "a", "issuer": _issuers.a}
	_of("k2") == {"name": "b", "issuer": _issuers.b}
}

test_a_key_that_two_have_or_none_is_nobody_s if {
	not issuers.of("k1") with data.deployment.issuers as {}

	every kid in ["shared", "k3", "", null, 1, []] {
		not _of(kid)
	}
}
