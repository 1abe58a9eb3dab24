# METADATA
# description: |
#   The cases of tests/cases, which the SDK's tests read as well: `opa test rego cases:tests/cases`.
package inbounds.main_test

import data.inbounds.lib.fixtures_test as fixtures

test_there_are_cases if {
	count(data.cases) > 0
}

test_every_case_is_decided_as_it_says if {
	count(_differing) == 0
}

_differing contains message if {
	some files in data.cases
	some code, cases in files
	some example in cases
	decided := _decided(example)
	decided != _expected(example)
	message := {"case": concat(": ", [code, example.name]), "decided": decided}
}

_differing contains {"case": concat(": ", [code, example.name]), "decided": "nothing"} if {
	some files in data.cases
	some code, cases in files
	some example in cases
	not _decided(example)
}

# Only what the case speaks about is compared, and a case that is not allowed says its codes.
_decided(example) := object.filter(decided, object.keys(_expected(example))) if {
	answer := fixtures.answer(example.patch)
	decided := {
		"outcome": answer.context.outcome,
		"codes": [reason.code | some reason in answer.context.reasons],
		"details": [detail | some detail in answer.context.reasons[0].details],
	}
}

_expected(example) := object.union(
	{"outcome": "not said", "codes": []},
	object.filter(example, ["outcome", "codes", "details"]),
)
