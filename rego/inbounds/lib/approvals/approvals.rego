# METADATA
# description: |
#   The approvals that come with a question: a person's yes, signed with a key that no agent's
#   process holds. Each is verified whole, and counts for the reasons it names and for nothing
#   else. It is bound to one call by the digest of all that was shown of it; or it is a standing one, of one
#   tool and one recipient up to an amount; or it is a plan, of what a record that the user named
#   sets in motion. All are of one task.
package inbounds.lib.approvals

import data.inbounds.lib.arguments
import data.inbounds.lib.bounds
import data.inbounds.lib.clock
import data.inbounds.lib.jwt
import data.inbounds.lib.labels
import data.inbounds.lib.live
import data.inbounds.lib.resources
import data.inbounds.lib.steering
import data.inbounds.lib.subjects
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: What the question carries; undefined where it holds no credentials
given := object.get(input.context.credentials, "approvals", []) if is_object(input.context.credentials)

# METADATA
# description: How many approvals one question carries at most
most := 8

# METADATA
# description: What can be wrong with an approval that is signed and whole
known := {
	"expired",
	"given_twice",
	"issued_ahead",
	"may_not_approve",
	"not_the_approver",
	"other_call",
	"other_requester",
	"other_task",
	"other_tenant",
	"revoked",
	"self_approved",
	"too_long",
	"used_up",
	"wrong_audience",
}

# METADATA
# description: The approvals with which nothing is wrong, by their place in the question
sound[index] := signed if {
	some index, signed in _whole
	every fault in known {
		_ruled_out(fault, signed)
	}
}

# METADATA
# description: What is wrong with which approval
# scope: document
faults contains {"approval": index, "fault": "unverified"} if {
	is_array(given)
	some index, _ in given
	not _signed[index]
}

faults contains {"approval": index, "fault": "malformed"} if {
	some index, _ in _signed
	not _whole[index]
}

faults contains {"approval": index, "fault": fault} if {
	some index, signed in _whole
	some fault in known
	not _ruled_out(fault, signed)
}

# METADATA
# description: |
#   The place of the approval that stands for a person's yes to a reason. Undefined where none
#   does, and where more approvals would have to be remembered than there is room for.
silencing(code) := min({index |
	_room
	some index, signed in sound
	code in signed.claims.codes
	_speaks_of(signed.claims, code)
})

# METADATA
# description: What a session has to remember once these approvals have been used
used(indices) := {claims.jti: {"until": max([claims.exp, _until(claims.jti)]), "times": _times(claims.jti) + 1} |
	some index in indices
	claims := sound[index].claims
}

# METADATA
# description: Who approved what, for the record; `self` where nobody but the requester did
record(indices) := [entry |
	some index in sort(indices)
	claims := sound[index].claims
	entry := {"id": claims.jti, "subject": claims.sub, "self": claims.sub == claims.requester}
]

# METADATA
# description: How sensitive what the call touches is, as it is shown to who approves
label := labels.name(labels.resource)

# METADATA
# description: Where what the call touches lives, as it is shown to who approves
environment := resources.environment

# METADATA
# description: |
#   Whether nobody may approve this call for himself. Unless that is positively shown not to be
#   so, it is so.
# scope: document
default four_eyes := true

four_eyes := false if {
	listed := object.get(data.deployment.settings, "four_eyes", [])
	is_array(listed)
	count({effect | some effect in listed} & tools.effects) == 0
	count(tools.effects) > 0
}

# METADATA
# description: |
#   The reasons a plan can speak for: that the task does what a record says, and that an argument
#   came from the text of a record that the user named.
# scope: document
planned contains "intent.delegated_instruction"

planned contains "flow.untrusted_argument" if {
	count(_untraced) > 0
	count(steering.unstated) == 0

	every pointer in _untraced {
		steering.grade(pointer) == "quoted_text"
	}
}

_signed[index] := {"approver": approver, "claims": claims} if {
	is_array(given)
	some index, token in given
	parts := jwt.read(token)
	signers := {name |
		some name, entry in data.deployment.approvers
		entry.keys[parts.header.kid]
	}

	# A `kid` that two approvers share is not used.
	count(signers) == 1
	some name in signers
	approver := data.deployment.approvers[name]
	claims := jwt.verified(parts, "approval+jwt", approver.keys, approver.algorithms)
}

_whole[index] := signed if {
	some index, signed in _signed
	claims := signed.claims

	every name in ["iss", "sub", "jti", "task", "tenant", "requester", "nonce"] {
		_text(claims[name])
	}

	every name in ["digest", "tool", "recipient", "label", "environment"] {
		is_string(claims[name])
	}

	every name in ["exp", "iat", "cap", "times"] {
		_counted(claims[name])
	}
	claims.times >= 1
	claims.times <= 1000

	every name in ["aud", "codes"] {
		is_array(claims[name])
		count(claims[name]) > 0
		every value in claims[name] {
			_text(value)
		}
	}
	_kind(claims)
}

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

# An approval is of exactly one kind, so that none can be taken for another.
_kind(claims) := "call" if {
	claims.digest != ""
	claims.tool != ""
	[claims.recipient, claims.cap] == ["", 0]
}

_kind(claims) := "standing" if {
	claims.digest == ""
	claims.tool != ""
	claims.recipient != ""
}

_kind(claims) := "plan" if [claims.digest, claims.tool, claims.recipient, claims.cap] == ["", "", "", 0]

_ruled_out("wrong_audience", {"claims": claims, "approver": _}) if data.deployment.settings.audience in claims.aud

_ruled_out("expired", {"claims": claims, "approver": _}) if claims.exp > clock.now

_ruled_out("issued_ahead", {"claims": claims, "approver": _}) if {
	claims.iat <= clock.now + 5
	start := object.get(claims, "nbf", 0)
	is_number(start)
	start <= clock.now + 5
}

_ruled_out("too_long", {"claims": claims, "approver": approver}) if {
	is_number(approver.max_seconds)
	claims.exp - claims.iat <= approver.max_seconds
}

_ruled_out("not_the_approver", {"claims": claims, "approver": approver}) if {
	claims.sub == approver.subject
	claims.iss == claims.sub
}

_ruled_out("may_not_approve", {"claims": claims, "approver": _}) if subjects.may_approve(claims.sub)

_ruled_out("other_tenant", {"claims": claims, "approver": approver}) if {
	claims.tenant == task.claims.tenant
	is_array(approver.tenants)
	claims.tenant in approver.tenants
}

_ruled_out("other_requester", {"claims": claims, "approver": _}) if claims.requester == task.claims.sub

_ruled_out("other_task", {"claims": claims, "approver": _}) if claims.task == task.claims.task

_ruled_out("other_call", {"claims": claims, "approver": _}) if {
	[claims.digest, claims.tool, claims.label, claims.environment] == _shown
}

# A standing one or a plan that is not for this call says nothing about it, and is not a fault.
_ruled_out("other_call", {"claims": claims, "approver": _}) if _kind(claims) != "call"

_ruled_out("self_approved", {"claims": claims, "approver": _}) if _enough_eyes(claims)

_ruled_out("self_approved", {"claims": claims, "approver": _}) if _kind(claims) != "call"

_ruled_out("used_up", {"claims": claims, "approver": _}) if _times(claims.jti) + 1 <= claims.times

_ruled_out("given_twice", {"claims": claims, "approver": _}) if {
	count({index | some index, other in _whole; other.claims.jti == claims.jti}) == 1
}

_ruled_out("revoked", {"claims": claims, "approver": _}) if {
	live.head
	not live.revoked(claims.jti)
}

# What a person who approves this call has been shown of it.
_shown := [input.action.properties.request_digest, input.action.name, label, environment]

_place := [input.action.name, environment]

_enough_eyes(claims) if claims.sub != claims.requester

_enough_eyes(_) if four_eyes == false

# Bound to this very call, or it would not be sound.
_speaks_of(claims, _) if _kind(claims) == "call"

_speaks_of(claims, _) if {
	_kind(claims) == "standing"
	_enough_eyes(claims)
	[claims.tool, claims.environment] == _place
	{leaf.value | some leaf in _of_role("recipient")} == {claims.recipient}

	_amounts_within(claims.cap)

	# Who approved a recipient and an amount has not seen the other arguments, nor what the tool chooses.
	count(steering.unstated) == 0
	every pointer in _untraced {
		steering.leaves[pointer] in {"recipient", "amount"}
	}
}

_speaks_of(claims, code) if {
	_kind(claims) == "plan"
	_enough_eyes(claims)
	code in planned
}

# All amounts together; one that a payment leaves out may be any.
_amounts_within(cap) if {
	amounts := [amount.value | some amount in _of_role("amount")]
	count(amounts) > 0
	_total(amounts) <= cap
}

_amounts_within(_) if {
	count(tools.effects) > 0
	not "spend" in tools.effects
	count(_of_role("amount")) == 0
}

_total(amounts) := sum(amounts) if {
	every amount in amounts {
		is_number(amount)
		amount >= 0
	}
}

_of_role(role) := {{"pointer": pointer, "value": arguments.leaves[pointer].value} |
	some pointer, found in steering.leaves
	found == role
}

# The arguments that steer and came from nowhere that counts.
_untraced contains pointer if {
	some pointer, _ in steering.leaves
	not bounds.vouched(pointer)
}

_times(jti) := times if {
	kept := input.context.session.approvals
	is_object(kept)
	times := object.get(kept, [jti, "times"], 0)
	is_number(times)
}

_until(jti) := object.get(input.context.session.approvals, [jti, "until"], 0)

# As many as a session has room for. Forgotten, an approval could be used again.
_room if {
	kept := {jti | some jti, entry in input.context.session.approvals; entry.until > clock.now}
	count(kept | {signed.claims.jti | some signed in sound}) <= 64
}
