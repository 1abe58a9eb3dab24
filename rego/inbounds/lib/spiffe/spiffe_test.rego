package inbounds.lib.spiffe_test

import data.inbounds.lib.spiffe

test_a_workload_has_a_trust_domain if {
	every id, domain in {
		"spiffe://acme.example/agent/assistant": "acme.example",
		"spiffe://acme.example/a": "acme.example",
		"spiffe://acme-2_x.example/Agent/A.b-c_D/...": "acme-2_x.example",
	} {
		spiffe.trust_domain(id) == domain
	}
}

test_no_other_spelling_is_a_name if {
	every id in {
		"", "acme.example/agent", "https://acme.example/agent", "SPIFFE://acme.example/agent",
		"spiffe://ACME.example/agent", "spiffe:///agent", "spiffe://acme.example", "spiffe://acme.example/",
		"spiffe://acme.example/agent/", "spiffe://acme.example//agent", "spiffe://acme.example/agent//x",
		"spiffe://acme.example/../agent", "spiffe://acme.example/agent/..", "spiffe://acme.example/./agent",
		"spiffe://acme.example/agent/.", "spiffe://acme.example/agent%2F", "spiffe://acme.example/%61gent",
		"spiffe://acme.example:8443/agent", "spiffe://user@acme.example/agent", "spiffe://acme.example/agent?x=1",
		"spiffe://acme.example/agent#x", "spiffe://acme.example/agent x", "spiffe://acme.example/agent\n",
		" spiffe://acme.example/agent", "spiffe://acme.example/agént", "spiffe://acmé.example/agent",
		"spiffe://acme.example\\agent", "xspiffe://acme.example/agent", "spiffe://acme.example/agent/*",
	} {
		not spiffe.trust_domain(id)
	}
}

test_no_name_is_longer_than_2048_signs if {
	segments := concat("", [letter | some _ in numbers.range(1, 2048 - count("spiffe://a/")); letter := "b"])

	spiffe.trust_domain(concat("", ["spiffe://a/", segments])) == "a"
	not spiffe.trust_domain(concat("", ["spiffe://a/", segments, "b"]))
}

test_no_name_is_other_than_a_text if {
	every anything in [null, true, 0, [], {}, ["spiffe://acme.example/agent"]] {
		not spiffe.trust_domain(anything)
	}
}
