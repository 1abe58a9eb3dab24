# METADATA
# description: |
#   How far a task may reach, before its token is signed: the meet of what the user is
#   entitled to, what the agent was built to do, what the intent names and what was asked
#   for. What is cut off is said, never dropped in silence.
# scope: package
# schemas:
#   - input: schema.issuance_question
package inbounds.issuance

import data.inbounds.lib.clock
import data.inbounds.lib.labels
import data.inbounds.lib.subjects

# METADATA
# title: Task
# description: The authority that can be had, what was cut off, or why there is none
# entrypoint: true
task := {"issued": true, "authority": authority, "cut": sort(cut), "reasons": []} if {
	count(refusals) == 0
	authority
} else := {"issued": false, "cut": [], "reasons": sort(refusals)}

# METADATA
# description: |
#   Everything that speaks against a task. That nothing is left of it is said only where
#   nothing else explains it.
refusals := _unknown if count(_unknown) > 0

refusals := {refusal |
	not _something_left
	refusal := _refusal("issuance.empty", "nothing is left of what was asked for")
} if {
	count(_unknown) == 0
}

_unknown contains _refusal("issuance.agent", "the agent is not registered or not active") if {
	not _agent.state == "active"
}

_unknown contains _refusal("issuance.subject", "the subject is not registered") if {
	not data.deployment.subjects[input.subject]
}

_unknown contains _refusal("issuance.intent", "the deployment knows no such intent") if {
	not data.deployment.intents[input.intent]
}

_unknown contains _refusal("issuance.environment", "the deployment knows no such environment") if {
	not data.deployment.environments[input.environment]
}

_unknown contains _refusal("issuance.tenant", "agent and subject are not both of this tenant") if {
	not _same_tenant
}

# METADATA
# description: The one `authorization_details` entry of the task's token (RFC 9396)
authority := {
	"type": "inbounds_task",
	"intent": input.intent,
	"effects": sort(_effects),
	"tools": {name: _bounds(name) | some name in _tools},
	"resources": _resources,
	"destinations": sort(_destinations),
	"label": data.deployment.labels.order[_label],
	"budgets": object.get(_intent, "budgets", {}),
	"environment": input.environment,
	"deadline": clock.now + min([_intent.seconds, input.seconds]),
}

# METADATA
# description: What was asked for by name and cannot be given
cut contains {"effect": effect} if {
	some effect in input.narrower.effects
	not effect in _effects
}

cut contains {"tool": name} if {
	some name, _ in input.narrower.tools
	not name in _tools
}

cut contains {"destination": name} if {
	some name in input.narrower.destinations
	not name in _destinations
}

cut contains {"resource": bound.type} if {
	some bound in input.narrower.resources
	not bound in _resources
}

# What the intent names and this user or agent lacks.
cut contains {"tool": name} if {
	count(input.narrower.tools) == 0
	some name in _intent.tools
	not name in _tools
}

cut contains {"effect": effect} if {
	count(input.narrower.effects) == 0
	some effect in _intent.effects
	not effect in _effects
}

_agent := data.deployment.agents[input.agent]

_intent := data.deployment.intents[input.intent]

_same_tenant if {
	input.tenant in _agent.tenants
	input.tenant in subjects.tenants(input.subject)
}

_something_left if {
	count(_effects) > 0
	count(_tools) > 0
	count(_resources) > 0
}

_effects := {effect |
	some effect in _intent.effects
	effect in _agent.manifest.effects
	effect in subjects.effects(input.subject)
	_asked(effect, input.narrower.effects)
}

_tools := {name |
	some name in _intent.tools
	name in _agent.manifest.tools
	count(subjects.tools(input.subject) & {name, "*"}) > 0
	_asked(name, object.keys(input.narrower.tools))
}

_destinations := {name |
	some name in _intent.destinations
	_asked(name, input.narrower.destinations)
}

# Narrower bounds hold as far as they lie within the intent's.
_resources := _intent.resources if count(input.narrower.resources) == 0

_resources := [bound |
	some bound in input.narrower.resources
	_inside(bound)
] if {
	count(input.narrower.resources) > 0
}

_inside(bound) if {
	count(bound.prefixes) > 0

	every prefix in bound.prefixes {
		some outer in _intent.resources
		outer.type == bound.type
		some wider in outer.prefixes
		startswith(prefix, wider)
	}
}

_label := min({labels.rank(_intent.label), labels.rank(_agent.clearance), subjects.clearance(input.subject), _asked_label})

_asked_label := labels.highest if input.narrower.label == ""

_asked_label := labels.rank(input.narrower.label) if input.narrower.label != ""

_bounds(name) := {"arguments": object.get(input.narrower.tools, [name, "arguments"], {})}

# Nothing named asks for all that can be had.
_asked(_, wanted) if count(wanted) == 0

_asked(word, wanted) if word in wanted

_refusal(code, message) := {"code": code, "message": message, "remedy": "Ask the owner of the deployment", "severity": "high"}
