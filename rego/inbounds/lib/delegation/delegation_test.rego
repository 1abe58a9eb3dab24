package inbounds.lib.delegation_test

import data.inbounds.lib.delegation
import data.inbounds.lib.fixtures_test as fixtures

_links(patches) := links if {
	stage := fixtures.staged(patches)
	links := delegation.links with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_actors(patches) := actors if {
	stage := fixtures.staged(patches)
	actors := delegation.actors with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_last(patches) := last if {
	stage := fixtures.staged(patches)
	last := delegation.last with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_twice(patches) := array.concat(fixtures.delegated(2), patches)

test_each_link_is_known_with_the_token_above_it if {
	links := _links(_twice([]))

	object.keys(links) == {1, 2}
	links[1].claims.delegation == "delegation-1"
	links[1].authority == fixtures.scene.hops[0].claims.authorization_details[0]
	links[1].parent.claims == fixtures.scene.task.claims
	links[1].parent.authority == fixtures.scene.task.claims.authorization_details[0]
	links[2].claims.delegation == "delegation-2"
	links[2].parent.claims == links[1].claims
	links[2].parent.authority == links[1].authority
	links[2].parent.hash == links[2].claims.par_hash
	_last(_twice([])) == links[2]
}

test_the_agent_that_the_task_was_begun_for_comes_first if {
	all_three := [
		"spiffe://acme.example/agent/assistant",
		"spiffe://acme.example/agent/researcher",
		"spiffe://acme.example/agent/librarian",
	]

	_actors([]) == array.slice(all_three, 0, 1)
	_actors(fixtures.delegated(1)) == array.slice(all_three, 0, 2)
	_actors(_twice([])) == all_three
}

test_there_is_no_last_link_where_nobody_delegated if {
	_links([]) == {}
	not _last([])
}

# Its own signature may hold, with a key that nobody has vouched for.
test_nothing_counts_after_a_signature_that_does_not_hold if {
	patches := _twice(fixtures.putting("/hops/0/genuine", false))

	_links(patches) == {}
	not _last(patches)
	_actors(patches) == ["spiffe://acme.example/agent/assistant"]
	object.keys(_links(_twice(fixtures.putting("/hops/1/genuine", false)))) == {1}
	not _last(_twice(fixtures.putting("/hops/1/genuine", false)))
	_links(_twice(fixtures.putting("/task/genuine", false))) == {}
}

test_nothing_counts_however_far_it_is_from_the_signature_that_does_not_hold if {
	third := fixtures.putting("/question/context/credentials/chain/2", fixtures.token(fixtures.scene.hops[1]))

	object.keys(_links(_twice(third))) == {1, 2, 3}
	_links(_twice(array.concat(third, fixtures.putting("/hops/0/genuine", false)))) == {}
}

test_the_key_is_the_one_that_the_token_above_names_and_no_other if {
	_links(_twice(fixtures.putting("/hops/0/header/kid", "task-1"))) == {}
	_links(_twice(fixtures.putting("/task/claims/cnf/jwk/d", "AA"))) == {}
	_links(_twice(fixtures.putting("/task/claims/cnf/jwk/kid", "task-1"))) == {}
	object.keys(_links(_twice(fixtures.putting("/hops/0/claims/cnf/jwk/d", "AA")))) == {1}
}

test_what_a_link_gives_is_one_thing_or_nothing if {
	details := "/hops/0/claims/authorization_details"
	one := fixtures.scene.hops[0].claims.authorization_details[0]

	every value in [null, "x", 7, {}, {"0": one}, [], [one, one], [one, null], [null], ["x"], [[one]]] {
		links := _links(array.concat(fixtures.delegated(1), fixtures.putting(details, value)))
		links[1].authority == {}
		links[1].parent.authority == fixtures.scene.task.claims.authorization_details[0]
	}
}

test_what_says_nothing_that_can_be_read_is_no_link if {
	every text in ["", "x", "{", "7", "null", "[]"] {
		token := concat(".", [
			base64url.encode_no_pad(`{"alg":"ES256","typ":"task-child+jwt"}`),
			base64url.encode_no_pad(text),
			"c2lnbmVk",
		])
		_links(fixtures.putting("/question/context/credentials/chain", [token, token])) == {}
	}
}

test_a_chain_that_is_longer_than_any_is_not_read if {
	stage := fixtures.staged(_twice([]))

	every most, known in {1: 0, 2: 2, 3: 2} {
		count(delegation.links) == known with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.jwt.authentic as fixtures.authentic
			with delegation.most as most
	}
}

# A reader that no link after the verified ones may reach: what has two values fails the whole test.
_read_above_last(token) := {
	"token": token,
	"header": json.unmarshal(base64url.decode(parts[0])),
	"payload": base64url.decode(parts[1]),
} if {
	token != _last_given
	parts := split(token, ".")
}

_read_above_last(token) := value if {
	token == _last_given
	some value in {1, 2}
}

_last_given := input.context.credentials.chain[count(input.context.credentials.chain) - 1]

test_no_token_is_read_before_the_one_above_it_is_verified if {
	every hops, patches in {
		1: fixtures.putting("/task/genuine", false),
		2: fixtures.putting("/hops/0/genuine", false),
	} {
		stage := fixtures.staged(array.concat(fixtures.delegated(hops), patches))
		links := delegation.links with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.jwt.authentic as fixtures.authentic
			with data.inbounds.lib.jwt.read as _read_above_last
		links == {}
	}
}

test_as_many_links_are_known_as_there_may_be if {
	third := fixtures.putting("/question/context/credentials/chain/2", fixtures.token(fixtures.scene.hops[1]))
	fourth := fixtures.putting("/question/context/credentials/chain/3", fixtures.token(fixtures.scene.hops[1]))

	object.keys(_links(_twice(array.concat(third, fourth)))) == _numbers_to(delegation.most)

	fifth := fixtures.putting("/question/context/credentials/chain/4", fixtures.token(fixtures.scene.hops[1]))
	_links(_twice(fixtures.joined([third, fourth, fifth]))) == {}
}

_numbers_to(most) := {number | some number in numbers.range(1, most)}
