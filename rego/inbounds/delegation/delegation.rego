# METADATA
# description: |
#   Delegating a task: how much of it another agent may have, before its holder signs that; and
#   what its delegate has. Neither makes anything hold: every action is judged by
#   the whole chain again.
# scope: package
# schemas:
#   - input: schema.delegation_question
package inbounds.delegation

import data.inbounds.lib.agents
import data.inbounds.lib.attenuation
import data.inbounds.lib.clock
import data.inbounds.lib.delegation
import data.inbounds.lib.labels
import data.inbounds.lib.narrowing
import data.inbounds.lib.shape.issuance as shape
import data.inbounds.lib.task
import data.inbounds.standing

# METADATA
# title: Child
# description: The authority that can be delegated, what was cut off, or why there is none
# entrypoint: true
child := {"issued": true, "authority": authority, "cut": sort(cut), "reasons": []} if {
	count(refusals) == 0
} else := {"issued": false, "cut": [], "reasons": standing.worded(refusals, _issuance)}

# METADATA
# title: Accepted
# description: The authority that a chain gives to its last agent, or the reasons why it gives none
# entrypoint: true
accepted := {
	"issued": true,
	"authority": task.authority,
	"cut": [],
	"reasons": [],
	"task": task.claims.task,
	"sid": task.claims.sid,
	"tenant": task.claims.tenant,
	"subject": task.claims.sub,
	"agents": delegation.actors,
	"delegation": delegation.last.claims.delegation,
	"expires": min(array.concat([task.claims.exp], [link.claims.exp | some link in delegation.links])),
} if {
	count(standing.faults) == 0
} else := {"issued": false, "cut": [], "reasons": standing.worded(standing.faults, _issuance)}

# METADATA
# description: The one `authorization_details` entry of the token that the holder signs
authority := {
	"type": task.authority.type,
	"intent": task.authority.intent,
	"effects": sort(_effects),
	"tools": _tools,
	"resources": _resources,
	"destinations": sort(_destinations),
	"label": labels.name(_label),
	"bounds": _bounds,
	"windows": _windows,
	"delegated": task.authority.delegated,
	"budgets": _budgets,
	"environment": task.authority.environment,
	"deadline": min([task.authority.deadline, clock.now + _question.seconds]),
}

# METADATA
# description: What was asked for by name and cannot be delegated
# scope: document
cut contains {"effect": effect} if {
	some effect in _asked.effects
	not effect in _effects
}

cut contains {"tool": name} if {
	some name, _ in _asked.tools
	not _tools[name]
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
	some role, bound in _asked.bounds
	some member, stated in bound
	stated != _bounds[role][member]
}

cut contains {"window": window} if {
	some window in _asked.windows
	not window in _windows
}

cut contains {"budget": name} if {
	some name, most in _asked.budgets
	most > _budgets[name]
}

cut contains {"budget": name} if some name in attenuation.currencies(_asked.budgets, task.authority.budgets)

cut contains {"label": _asked.label} if labels.rank(_asked.label) > _label

# METADATA
# description: |
#   The codes of all that speaks against it. What only follows from something else is left out.
# scope: document
refusals := standing.faults if count(standing.faults) > 0

refusals := _against if count(standing.faults) == 0

_against contains "issuance.malformed" if not _question

_against contains "issuance.agent" if {
	_question
	not _receiver.state == "active"
}

_against contains "issuance.tenant" if {
	_receiver
	not _of_the_tenant
}

_against contains "delegation.not_permitted" if {
	_question
	not _permitted
}

_against contains "delegation.loop" if _question.agent in delegation.actors

_against contains "delegation.too_deep" if not _one_more

_against contains "issuance.label" if {
	_receiver
	not _label
}

_against contains "issuance.empty" if {
	_receiver
	_permitted
	not _something_left
}

# Everything else is read from here: of another shape, or of another task, it asks for nothing.
_question := input.asked if {
	# The shape is that of the issuer's own question, which is asked here for somebody else.
	# regal ignore:with-outside-test-context
	shape.ordinary with input as input.asked
	input.asked.subject == task.claims.sub
	input.asked.tenant == task.claims.tenant
	input.asked.intent == task.authority.intent
	input.asked.environment == task.authority.environment
}

_asked := object.union(
	{
		"effects": [], "tools": {}, "resources": [], "destinations": [], "label": "",
		"bounds": {}, "budgets": {}, "windows": [],
	},
	_question.scope,
)

_receiver := data.deployment.agents[_question.agent]

# Asked for by itself: where the agent has no tenants, a negation of it would say nothing.
_of_the_tenant if task.claims.tenant in _receiver.tenants

_permitted if _question.agent in data.deployment.agents[task.actor].may_delegate_to

_one_more if {
	delegation.hops < delegation.most
	every most in array.concat(
		[task.claims.del_max_depth],
		[link.claims.del_max_depth | some link in delegation.links],
	) {
		task.depth < most
	}
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
	count(array.concat(_asked.windows, task.authority.windows)) > 0
}

_effects contains effect if {
	some effect in _wanted(_asked.effects, task.authority.effects)
	effect in task.authority.effects
	effect in _receiver.manifest.effects

	every agent in agents.chain {
		effect in agent.manifest.effects
	}
}

_tools[name] := bounds if {
	some name in _wanted(object.keys(_asked.tools), object.keys(task.authority.tools))
	name in _receiver.manifest.tools
	every agent in agents.chain {
		name in agent.manifest.tools
	}
	held := task.authority.tools[name].arguments
	bounds := {"arguments": object.union(held, object.get(_asked.tools, [name, "arguments"], {}))}
	attenuation.tool_within(bounds, held)
}

_destinations contains name if {
	some name in _wanted(_asked.destinations, task.authority.destinations)
	name in task.authority.destinations
}

_resources := [bound |
	some bound in _wanted(_asked.resources, task.authority.resources)
	attenuation.resource_within(bound, task.authority.resources)
]

_bounds[role] := _bound(task.authority.bounds, role) if {
	some role in (object.keys(task.authority.bounds) | object.keys(_asked.bounds))
}

_bound(held, role) := held[role] if not role in object.keys(_asked.bounds)

_bound(held, role) := _asked.bounds[role] if not role in object.keys(held)

_bound(held, role) := {
	"values": _within("values", held, role),
	"domains": _within("domains", held, role),
	"origins": _within("origins", held, role),
	"up_to": min([object.get(_asked.bounds[role], "up_to", 0), object.get(held[role], "up_to", 0)]),
}

_within(member, held, role) := [stated |
	some stated in object.get(_asked.bounds[role], member, [])
	attenuation.member_within(member, [stated], {"role": role, "bound": held[role]})
]

_windows := narrowing.windows(task.authority.windows, _asked.windows)

_budgets[name] := min({most | some source in [task.authority.budgets, _asked.budgets]; most := source[name]}) if {
	some name in (object.keys(task.authority.budgets) | object.keys(_asked.budgets))
	not name in attenuation.currencies(_asked.budgets, task.authority.budgets)
}

_label := min(array.concat(
	[labels.rank(task.authority.label), labels.rank(_receiver.clearance), _asked_label],
	[labels.rank(agent.clearance) | some agent in agents.chain],
))

_asked_label := labels.highest if _asked.label == ""

_asked_label := labels.rank(_asked.label)

# Nothing named asks for all that can be had.
_wanted(named, had) := had if count(named) == 0

_wanted(named, _) := named if count(named) > 0

_issuance := {
	"issuance.malformed": {
		"message": "the question does not match its JSON Schema, or names another task than the one that is delegated",
		"remedy": "Agent author: ask with the SDK, or compare the question with schemas/delegation_question.json",
		"severity": "high",
	},
	"issuance.agent": {
		"message": "the agent is not registered or not active",
		"remedy": "Operator: register the agent in deployment/agents.yaml",
		"severity": "high",
	},
	"issuance.tenant": {
		"message": "the agent does not belong to the task's tenant",
		"remedy": "Agent author: delegate to an agent of the tenant. Operator: add it in deployment/agents.yaml",
		"severity": "high",
	},
	"issuance.label": {
		"message": "a label or a clearance is not in deployment/labels.yaml",
		"remedy": "Operator: use a label of deployment/labels.yaml for the agent and the request",
		"severity": "high",
	},
	"issuance.empty": {
		"message": "the delegate would have no authority left",
		"remedy": "Agent author: ask for something that the task and the agent both allow",
		"severity": "high",
	},
}
