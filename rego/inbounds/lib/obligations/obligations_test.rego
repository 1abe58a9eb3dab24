package inbounds.lib.obligations_test

import data.inbounds.lib.obligations

test_names_its_type_and_the_decision if {
	question := {"context": {"decision": {"id": "1"}}}
	obligations.of("notify", {"to": "a"}) == {
		"id": "notify:1",
		"type": "notify",
		"properties": {"to": "a"},
	} with input as question
}

test_is_none_without_a_decision_to_name if {
	not obligations.of("notify", {}) with input as {}

	every id in [null, 7, true, [], {}] {
		not obligations.of("notify", {}) with input as {"context": {"decision": {"id": id}}}
	}
}
