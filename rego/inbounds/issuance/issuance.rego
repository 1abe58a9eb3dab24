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
import data.inbounds.lib.narrowing as bounds
import data.inbounds.lib.resources
import data.inbounds.lib.shape.issuance as shape
import data.inbounds.lib.subjects

# METADATA
# title: Task
# description: The authority that can be had, what was cut off, or why there is none
# entrypoint: true
task := {"issued": true, "authority": authority, "depth": _depth, "cut": sort(cut), "reasons": []} if {
	count(refusals) == 0
} else := {"issued": false, "cut": [], "reasons": sort(refusals)}

# METADATA
# description: |
#   Everything that speaks against a task. What only follows from something else is said only
#   where nothing else explains it.
# scope: document
refusals := _unknown if count(_unknown) > 0

refusals := _without_reach if count(_unknown) == 0

# METADATA
# description: The one `authorization_details` entry of the task's token (RFC 9396)
authority := {
	"type": "inbounds_task",
	"intent": _question.intent,
	"effects": sort(_effects),
	"tools": {name: _bounds(name) | some name in _tools},
	"resources": _resources,
	"destinations": sort(_destinations),
	"label": labels.name(_label),
	"bounds": _within,
	"windows": _windows,
	"delegated": _asked.delegated,
	"budgets": _budgets,
	"environment": _question.environment,
	"deadline": clock.now + min([_seconds, _question.seconds]),
}

# METADATA
# description: What was asked for by name, or is named by the intent, and cannot be given
# scope: document
cut contains {"effect": effect} if {
	some effect in _wanted(_asked.effects, _intent.effects)
	not effect in _effects
}

cut contains {"tool": name} if {
	some name in _wanted(object.keys(_asked.tools), _intent.tools)
	not name in _tools
}

cut contains {"destination": name} if {
	some name in _asked.destinations
	not name in _destinations
}

cut contains {"resource": bound.type} if {
	some bound in _asked.resources
	not bound in _resources
}

cut contains {"bound": role} if {
	some role in bounds.cut(_intent_bounds, _asked.bounds)
}

cut contains {"window": window} if {
	some window in _asked.windows
	not window in _windows
}

cut contains {"budget": name} if {
	some name, most in _asked.budgets
	most > _budgets[name]
}

cut contains {"label": label} if {
	some label in _wanted({_asked.label} - {""}, {_intent.label})
	labels.rank(label) > _label
}

_unknown contains _refusal(
	"issuance.malformed",
	"the question does not match its JSON Schema",
	"Agent author: ask with the SDK, or compare the question with schemas/issuance_question.json",
) if {
	not _question
}

_unknown contains _refusal(
	"issuance.agent",
	"the agent is not registered or not active",
	"Operator: register the agent in deployment/agents.yaml",
) if {
	_question
	not _agent.state == "active"
}

_unknown contains _refusal(
	"issuance.subject",
	"the subject is not registered",
	"Operator: register the subject in deployment/subjects.yaml",
) if {
	_question
	not data.deployment.subjects[_question.subject]
}

_unknown contains _refusal(
	"issuance.intent",
	"the intent is not in the deployment",
	"Agent author: use an intent of deployment/intents.yaml. Operator: add this one there",
) if {
	_question
	not _intent
}

_unknown contains _refusal(
	"issuance.environment",
	"the environment is not in the deployment",
	"Agent author: use an environment of deployment/environments.yaml. Operator: add this one there",
) if {
	_question
	not data.deployment.environments[_question.environment]
}

_unknown contains _refusal(
	"issuance.tenant",
	"the agent or the subject does not belong to this tenant",
	"Agent author: use a tenant of both. Operator: add it to them in deployment/agents.yaml and subjects.yaml",
) if {
	_question
	not _same_tenant
}

_without_reach contains _refusal(
	"issuance.label",
	"a label or a clearance is not in deployment/labels.yaml",
	"Operator: use a label of deployment/labels.yaml for the intent, the agent, the subject and the request",
) if {
	not _label
}

_without_reach contains _refusal(
	"issuance.bounds",
	"bounds or budgets of the intent or the deployment cannot be read",
	"Operator: fix them in deployment/intents.yaml or budgets.yaml; `inbounds bundle build` shows where",
) if {
	not _limited
}

_without_reach contains _refusal(
	"issuance.empty",
	"the task would have no authority left",
	"Agent author: ask for something that the subject, the agent and the intent all allow",
) if {
	not _something_left
}

# Everything else is read from here: a question of another shape yields nothing at all.
_question := input if shape.ordinary

_asked := object.union(
	{
		"effects": [], "tools": {}, "resources": [], "destinations": [], "label": "",
		"bounds": {}, "budgets": {}, "windows": [], "delegated": [],
	},
	_question.scope,
)

_agent := data.deployment.agents[_question.agent]

_intent := data.deployment.intents[_question.intent]

_seconds := object.get(_intent, "seconds", 3600)

_same_tenant if {
	_question.tenant in _agent.tenants
	_question.tenant in subjects.tenants(_question.subject)
}

_something_left if {
	count(_effects) > 0
	count(_tools) > 0
	count(_resources) > 0
	not _no_time_left
}

# Windows that have nothing in common leave none, and none would mean always.
_no_time_left if {
	count(_windows) == 0
	count(array.concat(_asked.windows, object.get(_intent, "windows", []))) > 0
}

_effects contains effect if {
	some effect in _wanted(_asked.effects, _intent.effects)
	effect in _intent.effects
	effect in _agent.manifest.effects
	effect in subjects.effects(_question.subject)
}

_tools contains name if {
	some name in _wanted(object.keys(_asked.tools), _intent.tools)
	name in _intent.tools
	name in _agent.manifest.tools
	count(subjects.tools(_question.subject) & {name, "*"}) > 0
}

_destinations contains name if {
	some name in _wanted(_asked.destinations, _intent.destinations)
	name in _intent.destinations
}

# Narrower bounds hold as far as they lie within the intent's.
_resources := [bound |
	some bound in _wanted(_asked.resources, _intent.resources)
	_inside(bound)
]

_inside(bound) if {
	prefixes := resources.prefixes(bound)
	count(prefixes) > 0

	every prefix in prefixes {
		some outer in _intent.resources
		outer.type == bound.type
		resources.holds_effects(outer, bound)
		some wider in resources.prefixes(outer)
		startswith(prefix, wider)
	}
}

_within := bounds.narrowest(_intent_bounds, _asked.bounds)

_windows := bounds.windows(object.get(_intent, "windows", []), _asked.windows)

_intent_bounds := object.get(_intent, "bounds", {})

# What could not be read would bound nothing.
_limited if {
	is_object(_within)
	is_object(_budgets)
	is_array(_windows)
}

# The least that anybody sets is what there is. What could not be read would set nothing.
_budgets := {name: least |
	some name in {name | some budgets in _all_budgets; some name, _ in budgets}
	least := min({most | some source in _all_budgets; most := source[name]})
} if {
	every budgets in _all_budgets {
		is_object(budgets)
	}
}

_all_budgets := [
	_asked.budgets,
	object.get(_intent, "budgets", {}),
	object.get(data.deployment, "budgets", {}),
]

# How often a task may be delegated: twice unless its budget says otherwise, and four times at
# most. Never, if the agent may not delegate.
_depth := 0 if count(object.get(_agent, "may_delegate_to", [])) == 0

_depth := min([4, object.get(_budgets, "depth", 2)]) if count(object.get(_agent, "may_delegate_to", [])) > 0

_label := min([
	labels.rank(_intent.label),
	labels.rank(_agent.clearance),
	subjects.clearance(_question.subject),
	_asked_label,
])

_asked_label := labels.highest if _asked.label == ""

_asked_label := labels.rank(_asked.label) if _asked.label != ""

_bounds(name) := {"arguments": object.get(_asked.tools, [name, "arguments"], {})}

# Nothing named asks for all that can be had.
_wanted(named, had) := had if count(named) == 0

_wanted(named, _) := named if count(named) > 0

_refusal(code, message, remedy) := {"code": code, "message": message, "remedy": remedy, "severity": "high"}
