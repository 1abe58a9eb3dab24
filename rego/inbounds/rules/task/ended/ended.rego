# METADATA
# title: Task ended or token revoked
# description: |
#   Ending a task invalidates at once everything that was issued for it, before any token expires. The
#   same holds if its session is ended, or if its task token, the agent's identity token, all tokens
#   of the agent, or all tokens that an issuer has signed so far are revoked. In a delegated task,
#   ending one hop ends all hops after it.
# custom:
#   severity: high
#   remedy: The user can begin another task; if this is unexpected, ask the operator who ended this one
#   controls: ["nist_800_53:AC-3(8)", "owasp_aisvs:v1.0-C9.5.6", "csa_atf:R-3", "owasp_nhi:NHI1:2025"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - task.unverified
#     - delegation.chain_unverified
#     - task.revocation_feed_stale
package inbounds.rules.task.ended

import data.inbounds.lib.delegation
import data.inbounds.lib.identity
import data.inbounds.lib.live
import data.inbounds.lib.task

# METADATA
# description: The feed is there, and lists neither the task nor its session, a hop or a token
ruled_out if {
	live.head
	_going(task.claims.task)
	_going(task.claims.sid)
	_counts(task.claims.jti)

	# A JWT-SVID has no `jti`: it is stopped by ending its tasks, or by the agent's switch.
	_counts(object.get(identity.claims, "jti", ""))
	count(_outdated) == 0
	_dated

	every link in delegation.links {
		_going(_hands(link.account))
		_counts(link.claims.jti)
		is_number(link.claims.iat)
		is_string(link.claims.act.sub)
	}
}

# METADATA
# description: What has been ended or revoked
# scope: document
details contains {"ended": "task"} if live.ended(task.claims.task)

details contains {"ended": "session"} if live.ended(task.claims.sid)

details contains {"revoked": "task"} if live.revoked(task.claims.jti)

details contains {"ended": "delegation", "link": number} if {
	some number, link in delegation.links
	live.ended(_hands(link.account))
}

details contains {"revoked": "delegation", "link": number} if {
	some number, link in delegation.links
	live.revoked(link.claims.jti)
}

details contains {"revoked": "identity"} if live.revoked(identity.claims.jti)

details contains {"revoked": kind, "of": whose} if some [kind, whose] in _outdated

# Which tokens were issued to or by somebody whose tokens were all revoked since.
_outdated contains [kind, whose] if {
	some [kind, whose, name, iat] in _issued
	not live.issued_after(_named(whose, name), iat)
}

_issued contains ["task", "agent", task.claims.act.sub, task.claims.iat]

_issued contains ["task", "issuer", task.verified.name, task.claims.iat]

_issued contains ["identity", "agent", identity.agent, identity.claims.iat]

_issued contains ["identity", "issuer", identity.verified.name, identity.claims.iat]

_issued contains ["delegation", "agent", link.claims.act.sub, link.claims.iat] if some link in delegation.links

_named(whose, name) := concat(":", [whose, name]) if is_string(name)

# All that a token names is there to be looked for.
_dated if {
	is_number(task.claims.iat)
	is_string(task.claims.act.sub)
	is_string(task.verified.name)
	is_number(identity.claims.iat)
	is_string(identity.agent)
	is_string(identity.verified.name)
}

# A hop is ended by the name of its task and of all hops down to it, so that no agent can end the
# hop of another by giving its own the same name.
_hands(account) := concat("", [task.claims.task, account]) if account != ""

_going(id) if {
	is_string(id)
	not live.ended(id)
}

_counts(jti) if {
	is_string(jti)
	not live.revoked(jti)
}
