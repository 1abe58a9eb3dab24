# METADATA
# description: |
#   Whether an issuer may sign a task. The issuer asks this about the token before it issues it, with
#   the tokens of its caller. It issues nothing if a reason stands.
# scope: package
# schemas:
#   - input: schema.issuer_question
package inbounds.issuer

import data.inbounds.lib.attenuation
import data.inbounds.lib.delegation
import data.inbounds.lib.identity
import data.inbounds.lib.live
import data.inbounds.lib.subject_token
import data.inbounds.lib.task
import data.inbounds.lib.tokens
import data.inbounds.standing

# METADATA
# title: Shown
# description: |
#   Whether who asks is an agent of this deployment, by a token that counts now. It is asked before
#   anything else, so that a stranger neither learns what the deployment knows nor leaves records.
# entrypoint: true
shown := _answer(_strange)

# METADATA
# title: Signed in
# description: |
#   Whether the user's own token counts now, whoever it names and whatever is asked for. It is asked
#   before anything that grows with the request, so that nobody has that answered without a user.
# entrypoint: true
signed_in := _answer(_of_the_token)

# METADATA
# title: Begun
# description: |
#   Whether a task may be begun: the agent has shown who it is, the user's own token that he is
#   asked for, and the credentials would stand for an action now.
# entrypoint: true
begun := _answer(_first(_held, _of_the_subject))

# METADATA
# title: Renewed
# description: |
#   Whether a task may be renewed: the agent has identified itself again, and the new token has no
#   more authority than the old one.
# entrypoint: true
renewed := _answer(_first(_held, _beyond))

# METADATA
# title: Hops
# description: |
#   The hops of a task, first to last, each with its name, its key and the issuer of the task. A
#   holder ends its own hop, and with it all that was delegated from there. Expired tokens count as
#   well. Empty if a signature does not hold, or if the issuer signs no tasks, because its tokens
#   could name any task.
# entrypoint: true
default hops := []

hops := array.concat(
	[_hop("", task.claims.cnf.jwk)],
	[_hop(link.account, link.claims.cnf.jwk) |
		some link in delegation.links
		link.account != ""
	],
) if {
	tokens.own(task.verified)
	"task" in task.verified.issuer.vouches_for
	count(delegation.links) == delegation.hops
}

_hop(account, jwk) := {
	"name": concat("", [task.claims.task, account]),
	"jwk": jwk,
	"issuer": task.claims.iss,
}

_strange := {"identity.unverified"} if not identity.agent

_strange := {code |
	some code in _of_an_identity
	not _fits(code)
} if {
	identity.agent
}

_of_an_identity := {
	"identity.untrusted_issuer", "identity.wrong_audience", "identity.expired",
	"identity.lifetime_too_long", "identity.not_the_agent_asserted", "identity.agent_unregistered",
}

_fits("identity.untrusted_issuer") if tokens.own(identity.verified)

_fits("identity.wrong_audience") if identity.claims.aud == [data.deployment.settings.audience]

_fits("identity.expired") if tokens.current(identity.claims)

_fits("identity.lifetime_too_long") if tokens.short(identity.verified, 86400)

_fits("identity.not_the_agent_asserted") if input.context.agent == identity.agent

_fits("identity.agent_unregistered") if is_object(data.deployment.agents[identity.agent])

# What only follows from something else is said only where nothing else explains it.
_first(codes, _) := codes if count(codes) > 0

_first(codes, following) := following if count(codes) == 0

_answer(codes) := {"issued": count(codes) == 0, "cut": [], "reasons": standing.worded(codes, _own)}

# An issuer vouches for nobody's identity here: whoever does is held to what he may vouch for.
_held := standing.faults if count(standing.faults) > 0

_held := {"identity.issuer_not_for_this"} if {
	count(standing.faults) == 0
	not _vouched
}

_held := set() if {
	count(standing.faults) == 0
	_vouched
}

_vouched if {
	tokens.vouches(tokens.verified.identity.issuer, "identity", _place)
	tokens.of_its_domain
}

_place := {"tenant": task.claims.tenant, "environment": task.authority.environment}

# What speaks against the subject, unless the workload acts on its own authority.
_of_the_subject := _of_the_token | _of_the_task

_of_the_token contains "issuance.subject_unshown" if {
	subject_token.given == ""
	not _on_its_own
}

_of_the_token contains "issuance.subject_unverified" if {
	not subject_token.given == ""
	not subject_token.verified
}

_of_the_token contains code if {
	subject_token.verified
	some code in _checks
	not _passed(code)
}

_of_the_task contains "issuance.subject_unshown" if {
	subject_token.given == ""
	not task.claims.sub == identity.agent
}

_of_the_task contains code if {
	subject_token.verified
	some code in {"issuance.subject_not_for_this", "issuance.subject_other"}
	not _passed(code)
}

_on_its_own if data.deployment.subjects[identity.agent].type == "workload"

_checks := {
	"issuance.subject_issuer", "issuance.subject_audience", "issuance.subject_expired",
	"issuance.subject_lifetime", "issuance.subject_delegated", "issuance.subject_other_use",
	"issuance.subject_revoked",
}

_passed("issuance.subject_issuer") if tokens.own(subject_token.verified)

# An audience of several is a token for others as well.
_passed("issuance.subject_audience") if {
	audience := subject_token.verified.claims.aud
	is_array(audience)
	count(audience) == 1
	audience[0] in subject_token.audiences
}

_passed("issuance.subject_expired") if tokens.current(subject_token.verified.claims)

_passed("issuance.subject_lifetime") if tokens.short(subject_token.verified, 86400)

_passed("issuance.subject_not_for_this") if tokens.vouches(subject_token.verified.issuer, "subject", _place)

_passed("issuance.subject_other") if subject_token.subject == task.claims.sub

_passed("issuance.subject_delegated") if subject_token.may_act(identity.agent)

# Whoever has one that is bound to a key has to show the key (RFC 9449 section 7.1, RFC 8705
# section 3), and the user's client is not here to do so. One that tells of an event (RFC 8417,
# a logout among them) is for its receiver, and asks for nothing.
_passed("issuance.subject_other_use") if {
	count({"cnf", "events"} & object.keys(subject_token.verified.claims)) == 0
}

# By its own id, or with all that its issuer has signed so far. That the feed is there and fresh is
# part of what an action is asked.
_passed("issuance.subject_revoked") if {
	live.issued_after(concat("", ["issuer:", subject_token.verified.name]), subject_token.verified.claims.iat)
	jti := object.get(subject_token.verified.claims, "jti", "")
	is_string(jti)
	not live.revoked(jti)
}

# On every axis, so that a policy that has been widened since gives no more than was approved.
_beyond contains "issuance.beyond" if not _within

_within if {
	attenuation.whole(task.authority)
	is_object(input.held)

	every axis in attenuation.axes {
		attenuation.within(axis, task.authority, input.held)
	}
}

_own[code] := {"message": about[0], "remedy": about[1], "severity": "high"} if some code, about in _words

_words := {
	"issuance.subject_unshown": [
		"the request holds no token of the user",
		"Agent author: pass the user's own token: guard.task(…, subject_token=…)",
	],
	"issuance.subject_unverified": [
		"the user's token has an unknown issuer, or its signature is invalid",
		"Operator: add its issuer and keys to deployment/issuers.yaml; `inbounds issuers keys` fetches them",
	],
	"issuance.subject_issuer": [
		"the user's token names another issuer than the one whose key signed it",
		"Operator: set the `iss` of its tokens in deployment/issuers.yaml",
	],
	"issuance.subject_audience": [
		"the user's token is for another audience, or for several",
		"Agent author: request one for the deployment's audience. Operator: see `users.audiences` of its issuer",
	],
	"issuance.subject_expired": [
		"the user's token has expired, or is not valid yet",
		"User: sign in again",
	],
	"issuance.subject_lifetime": [
		"the user's token lives longer than its issuer is allowed",
		"Operator: have it issued for less time, or raise `max_seconds` of its issuer up to a day",
	],
	"issuance.subject_not_for_this": [
		"the issuer of the user's token may not vouch for subjects here",
		"Operator: check `vouches_for`, `tenants` and `environments` of its issuer in deployment/issuers.yaml",
	],
	"issuance.subject_other": [
		"the user's token names another subject",
		"Agent author: use the subject of the token, from the claim in `users.claim` of its issuer",
	],
	"issuance.subject_delegated": [
		"the user's token is delegated: it names an actor or another agent",
		"Agent author: pass the token that the user signed in with",
	],
	"issuance.subject_other_use": [
		"the user's token is bound to another key, or is an event token",
		"Agent author: pass an ID token, or an access token that its bearer may use",
	],
	"issuance.subject_revoked": [
		"the user's token was revoked, or every token of its issuer up to now",
		"User: sign in again, and ask the operator who revoked it",
	],
	"issuance.beyond": [
		"the renewed task would have more authority than the one that it replaces",
		"Agent author: begin another task",
	],
}
