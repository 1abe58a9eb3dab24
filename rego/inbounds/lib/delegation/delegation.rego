# METADATA
# description: |
#   The chain of a task that was delegated. The holder of a token signs the next one, with the key
#   that the token names, for another agent and with less authority. No issuer takes part. Nothing
#   in a link may be trusted before every signature up to it is verified.
# related_resources:
#   - ref: https://datatracker.ietf.org/doc/draft-niyikiza-oauth-attenuating-agent-tokens/01/
#     description: Attenuating Authorization Tokens for Agentic Delegation Chains
#   - ref: https://www.rfc-editor.org/rfc/rfc8693#section-4.1
#     description: Nested actors are informational and grant nothing
package inbounds.lib.delegation

import data.inbounds.lib.holder
import data.inbounds.lib.jwt
import data.inbounds.lib.task_token

# METADATA
# description: |
#   The tokens that were delegated, the first hop first. Undefined where the question holds no
#   credentials.
given := object.get(input.context.credentials, "chain", []) if is_object(input.context.credentials)

# METADATA
# description: How often the task was delegated; undefined for what is not a chain
hops := count(given) if is_array(given)

# METADATA
# description: How often a task is delegated at most, whatever its token says
most := 4

# METADATA
# description: |
#   The verified links, by their number from 1: those whose signature holds, as do all signatures
#   before. Each has its claims, its authority, its account, the claims of the token above and the
#   hash of that token. The account is named by all hops down to this one, so that no hop can name
#   the account of another.
links[number] := {
	"claims": claims,
	"authority": _one_of(object.get(claims, "authorization_details", [])),
	"account": _account([_signed[each].delegation | some each in numbers.range(1, number)], number),
	"parent": {
		"claims": _above[number],
		"authority": _one_of(object.get(_above[number], "authorization_details", [])),
		"hash": holder.hash(concat(".", array.slice(split(_tokens[number - 1], "."), 0, 2))),
	},
} if {
	some number, claims in _signed
}

# METADATA
# description: The last link; undefined if any signature does not hold
last := links[hops]

# METADATA
# description: |
#   The agents that have or had the task, as far as the signatures hold; first the one that it was
#   begun for
actors := array.concat([task_token.claims.act.sub], [link.claims.act.sub | some link in links])

# All of them, from the first on. As a rule it would be asked for the last alone, which waits for
# all before it, and a decision would take twice the stack.
# regal ignore:prefer-set-or-object-rule
_signed := {number: claims | some number, claims in _each}

# A rule each: one that reads itself is refused.
_each[1] := _first

_each[2] := _second

_each[3] := _third

_each[4] := _fourth

_first := _signed_by(task_token.claims.cnf.jwk, _tokens[1])

_second := _signed_by(_first.cnf.jwk, _tokens[2])

_third := _signed_by(_second.cnf.jwk, _tokens[3])

_fourth := _signed_by(_third.cnf.jwk, _tokens[4])

# Anybody may send a chain. So a token is not even read before the one above it is verified: what a
# stranger signs with a key of their own costs nothing but its length.
_signed_by(key, token) := claims if {
	holder.public(key)
	parts := jwt.read(token)
	object.keys(parts.header) == {"alg", "typ"}
	claims := jwt.signed_by(parts, "task-child+jwt", key, holder.algorithms)
}

_above[number] := task_token.claims if {
	some number, _ in _signed
	number == 1
}

_above[number] := _signed[number - 1] if some number, _ in _signed

# Empty if one of the hops has no name.
_account(names, number) := concat("/", array.concat([""], names)) if {
	count([name | some name in names; is_string(name)]) == number
} else := ""

_one_of(details) := details[0] if {
	is_array(details)
	count(details) == 1
	is_object(details[0])
} else := {}

# A chain that is too long is not even read.
_tokens := array.concat([input.context.credentials.task], given) if {
	hops > 0
	hops <= most
}
