# METADATA
# title: Delegation chain not verified
# description: |
#   A delegated task comes with one token for each hop, and each is signed with the key that the token
#   above it names. The chain is rejected if a signature is invalid, if a token does not follow the
#   one above it, or if a token lacks a claim or has an unknown one.
# custom:
#   severity: critical
#   remedy: The delegating agent must delegate the task again
#   controls: ["owasp_asi:ASI03", "owasp_asi:ASI07", "owasp_aisvs:v1.0-C9.5.5"]
#   depends_on: [request.malformed, task.unverified, delegation.too_deep]
package inbounds.rules.delegation.chain_unverified

import data.inbounds.lib.attenuation
import data.inbounds.lib.delegation
import data.inbounds.lib.holder

# METADATA
# description: Nobody delegated the task, or every link is signed and whole
# scope: document
ruled_out if delegation.given == []

ruled_out if {
	count(delegation.links) == delegation.hops

	every link in delegation.links {
		object.keys(link.claims) == _claims

		every name in _claims {
			_sound(name, link)
		}
	}
}

# METADATA
# description: The first link whose signature does not hold, and the claims at fault of those before
# scope: document
details contains {"link": min(_unsigned), "fault": "signature"}

details contains {"link": number, "claim": name} if {
	some number, link in delegation.links
	some name in _claims
	not _sound(name, link)
}

details contains {"link": number, "fault": "unknown_claim"} if {
	some number, link in delegation.links
	count(object.keys(link.claims) - _claims) > 0
}

_unsigned contains number if {
	delegation.hops > 0
	some number in numbers.range(1, min([delegation.hops, delegation.most]))
	not delegation.links[number]
}

_claims := {
	"iss", "sub", "aud", "act", "iat", "exp", "jti", "task", "sid", "tenant", "cnf", "del_depth",
	"del_max_depth", "par_hash", "delegation", "authorization_details",
}

# Whether it says what the token above says is for delegation.other_task to see.
_sound(name, link) if {
	name in {"sub", "task", "sid", "tenant", "jti"}
	_text(link.claims[name])
}

# It is a step on the way to an account.
_sound("delegation", link) if {
	_text(link.claims.delegation)
	count(link.claims.delegation) <= 48
	not contains(link.claims.delegation, "/")
}

_sound("aud", link) if {
	is_array(link.claims.aud)
	count(link.claims.aud) > 0
}

_sound("iss", link) if link.claims.iss == holder.name(link.parent.claims.cnf.jwk)

_sound("par_hash", link) if link.claims.par_hash == link.parent.hash

# The whole list of agents, so that the last token alone shows which agents had the task.
_sound("act", link) if {
	link.claims.act == {"sub": link.claims.act.sub, "act": link.parent.claims.act}
	_text(link.claims.act.sub)
}

_sound(name, link) if {
	name in {"iat", "exp", "del_max_depth"}
	_counted(link.claims[name])
}

_sound("del_depth", link) if {
	_counted(link.claims.del_depth)
	is_number(link.parent.claims.del_depth)
	link.claims.del_depth == link.parent.claims.del_depth + 1
}

_sound("cnf", link) if {
	is_object(link.claims.cnf)
	object.keys(link.claims.cnf) == {"jwk"}
	holder.public(link.claims.cnf.jwk)
}

_sound("authorization_details", link) if attenuation.whole(link.authority)

_text(value) if {
	is_string(value)
	value != ""
	count(value) <= 256
}

_counted(value) if {
	is_number(value)
	value >= 0
	value <= 9007199254740991
	floor(value) == value
}
