# METADATA
# description: |
#   The one place a PEP asks. A request is allowed when something grants it, every fault is
#   positively ruled out and nobody needs to be asked first; where a rule is silent, errs or
#   is missing, its fault stands and the answer is no.
# related_resources:
#   - ref: https://openid.net/specs/authorization-api-1_0.html
#     description: AuthZEN Authorization API 1.0
package inbounds.main

import data.inbounds.lib.approvals
import data.inbounds.lib.live
import data.inbounds.lib.sessions

# METADATA
# title: Decision
# description: The decision and its reasons, in the shape of an AuthZEN evaluation response
# entrypoint: true
decision := {
	"decision": outcome == "allow",
	"context": object.union_n([
		{
			"outcome": outcome,
			"reasons": reasons,
			"grants": sort(grants),
			"obligations": obligations,
			"session": session,
			"policy": {
				"revision": _revision,
				"deployment": _deployment,
				"live_as_of": _live_as_of,
			},
		},
		_access_request,
		_approved,
	]),
}

# METADATA
# scope: document
# description: |
#   Every fault that is not ruled out, and every obligation that is not there. The catalogue,
#   generated from the rules' annotations, is what is walked: what is missing from the bundle
#   denies.
denials contains code if {
	some code, about in data.inbounds.catalogue.rules
	not data.inbounds.rules[about.category][about.fault].ruled_out == true
}

denials contains code if {
	some code, about in data.inbounds.build.site.rules
	not data.site.rules[about.category][about.fault].ruled_out == true
}

# An obligation that is missing would let a call run without what it owes.
denials contains code if {
	some code, _ in data.inbounds.catalogue.obligations
	not code in _kept
}

denials contains code if {
	some code, _ in data.inbounds.build.site.obligations
	not code in _kept
}

# METADATA
# scope: document
# description: Every fault that is not ruled out and that a person may lift
escalated contains code if {
	some code, about in data.inbounds.catalogue.escalations
	not data.inbounds.escalations[about.category][about.fault].ruled_out == true
}

escalated contains code if {
	some code, about in data.inbounds.build.site.escalations
	not data.site.escalations[about.category][about.fault].ruled_out == true
}

# METADATA
# description: What a person still has to be asked; an approval speaks for what it names alone
asked := escalated - object.keys(_silenced)

# METADATA
# description: Everything that speaks for this request
grants contains entitlement if {
	some source, title, entitlement
	data.inbounds.grants[source][title].grant[entitlement]
}

# METADATA
# description: What a PEP must do for an allow to hold, in a fixed order
obligations := [obligation |
	outcome == "allow"
	some obligation in sort(_obliged)
]

# METADATA
# scope: document
# description: One of `allow`, `deny` and `ask`
default outcome := "deny"

outcome := "allow" if {
	count(denials) == 0
	count(asked) == 0
	count(grants) > 0
	_sound
}

outcome := "ask" if {
	count(denials) == 0
	count(asked) > 0
	count(grants) > 0
	_sound
}

# METADATA
# description: The faults that stand with their words, by severity and then by code
reasons := [reason |
	some [_, code] in sort({[_severities[_about[code].severity], code] | some code in _shown})
	about := _about[code]
	reason := {
		"code": code,
		"message": about.message,
		"remedy": about.remedy,
		"severity": about.severity,
		"details": _sorted(object.get(_details, code, set())),
	}
]

# METADATA
# scope: document
# description: The session's next state, whole; empty where the question holds no session
default session := {}

session := sessions.after_permit_by(approvals.used(_used)) if outcome == "allow"

session := sessions.after_refusal if outcome != "allow"

_sound if {
	count(data.inbounds.catalogue.rules) > 0
	_revision != ""

	# What a call takes is taken when it is permitted, or it is not permitted.
	sessions.after_permit_by(approvals.used(_used))
}

default _revision := ""

_revision := data.inbounds.build.revision

default _deployment := ""

_deployment := data.deployment.revision

default _live_as_of := 0

# Whole seconds, and none of a head that says no time or one to come.
_live_as_of := floor(live.head.as_of) if live.age

default _access_request := {}

_access_request := {"access_request": {
	"decision": input.context.decision.id,
	"codes": sort(asked),
	"nonce": input.context.decision.id,
	"four_eyes": approvals.four_eyes,
	"plan": count(asked - approvals.planned) == 0,
	"label": approvals.label,
	"environment": approvals.environment,
}} if {
	outcome == "ask"
}

# The approval that stands for each reason that one does stand for.
_silenced[code] := index if {
	some code in escalated
	index := approvals.silencing(code)
}

# Only what was needed is used up.
_used := {index | some index in _silenced}

default _approved := {}

_approved := {"approvals": approvals.record(_used)} if {
	outcome == "allow"
	count(_used) > 0
}

_obliged contains obligation if {
	some type, title, obligation
	data.inbounds.obligations[type][title].oblige[obligation]
}

_obliged contains obligation if {
	some type, title, obligation
	data.site.obligations[type][title].oblige[obligation]
}

# The obligations that are there. `not is_set(…)` of one that is not would be undefined.
_kept contains code if {
	some code, about in data.inbounds.catalogue.obligations
	is_set(data.inbounds.obligations[about.category][about.fault].oblige)
}

_kept contains code if {
	some code, about in data.inbounds.build.site.obligations
	is_set(data.site.obligations[about.category][about.fault].oblige)
}

_standing := denials | asked

# A fault that only follows from another one that stands is left out of what is shown. It
# is counted all the same.
_shown contains code if {
	some code in _standing
	every cause in object.get(_about[code], "depends_on", []) {
		not cause in _standing
	}
}

_about[code] := data.inbounds.catalogue.rules[code] if some code in denials

_about[code] := data.inbounds.build.site.rules[code] if some code in denials

_about[code] := _lacking(data.inbounds.catalogue.obligations[code]) if some code in denials

_about[code] := _lacking(data.inbounds.build.site.obligations[code]) if some code in denials

_about[code] := data.inbounds.catalogue.escalations[code] if some code in escalated

_about[code] := data.inbounds.build.site.escalations[code] if some code in escalated

# An obligation's own words say what is owed, not what is wrong.
_lacking(about) := object.union(about, {
	"message": concat(": ", ["Obligation missing from the policy", about.message]),
	"remedy": "Put the bundle that holds it in force again, whole",
	"severity": "critical",
	"depends_on": [],
})

# Looked up for what is shown alone, and apart from the decision: a rule without details,
# or one whose details fail, denies all the same.
_details[code] := data.inbounds.rules[about.category][about.fault].details if {
	some code in _shown
	about := data.inbounds.catalogue.rules[code]
}

_details[code] := data.site.rules[about.category][about.fault].details if {
	some code in _shown
	about := data.inbounds.build.site.rules[code]
}

_details[code] := data.inbounds.escalations[about.category][about.fault].details if {
	some code in _shown
	about := data.inbounds.catalogue.escalations[code]
}

_details[code] := data.site.escalations[about.category][about.fault].details if {
	some code in _shown
	about := data.inbounds.build.site.escalations[code]
}

# What is neither a set nor a list does not count as details; the fault stands without them.
_sorted(details) := sort(details) if {
	type_name(details) in {"set", "array"}
	count(details) <= _most_details
}

_sorted(details) := [{"count": count(details)}] if {
	type_name(details) in {"set", "array"}
	count(details) > _most_details
}

_sorted(details) := [] if not type_name(details) in {"set", "array"}

# The module takes the square of their number to sort them.
_most_details := 256

_severities := {"critical": 0, "high": 1, "medium": 2, "low": 3}
