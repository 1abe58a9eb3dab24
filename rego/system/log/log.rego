# METADATA
# description: |
#   What may reach a decision log. Question and answer are replaced by what is written here,
#   so that a field nobody thought of stays out. Of the question that is only what this
#   deployment knows by name, never text that whoever asks could choose: no argument, no
#   token, no digest, nothing of a result. The decision's id joins the rest, which is in the
#   PEP's own evidence log.
# related_resources:
#   - ref: https://www.openpolicyagent.org/docs/management-decision-logs#masking-sensitive-data
#     description: OPA's masking of decision logs
package system.log

# METADATA
# title: Mask
# description: |
#   What is taken out of an event, which is this rule's input. Where it were undefined the
#   event would be logged whole, so every member is there whatever the event holds.
mask := [
	{"op": "upsert", "path": "/input", "value": _question},
	{"op": "upsert", "path": "/result", "value": _answer},
	{"op": "remove", "path": "/nd_builtin_cache"},
]

# METADATA
# title: Drop
# description: |
#   Whatever has an answer is logged, but for what the owner of the feed reads back twice a second
#   and for the version of OPA. A path comes here as it was spelt, and OPA answers it in other
#   spellings too (`decisio%6e`), so those paths alone are listed: another spelling of them, or of
#   a question, is logged. An event without an answer is not logged. It has the error of an
#   evaluation, whose text can hold a value: `to_number` quotes its operand. OPA masks no error,
#   and before 1.22.2 it does not show one to this rule, so the missing answer is what tells such
#   an event.
# scope: document
# related_resources:
#   - ref: https://www.openpolicyagent.org/docs/management-decision-logs#drop-decision-logs
#     description: OPA's dropping of decision logs
default drop := true

drop := false if {
	is_object(input)
	object.get(input, "result", null) != null
	object.get(input, "error", null) == null
	not object.get(input, "path", "") in _unlogged
}

_unlogged := {
	"live/now",
	"live/now/generation",
	"live/now/seq",
	"system/version/version",
}

_question["decision"] := id if {
	id := input.input.context.decision.id
	regex.match(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`, id)
}

_question["tool"] := _tool

_question["agent"] := _agent

_question["pep"] := id if {
	id := input.input.context.pep.id
	data.deployment.peps[id]
}

_tool := name if {
	name := input.input.action.name
	data.deployment.tools[name]
} else := name if {
	name := input.input.tool
	data.deployment.tools[name]
}

_agent := id if {
	id := input.input.context.agent
	data.deployment.agents[id]
} else := id if {
	id := input.input.agent
	data.deployment.agents[id]
}

_answer[name] := value if {
	some name in ["decision", "issued", "registered"]
	value := input.result[name]
	is_boolean(value)
}

_answer["outcome"] := input.result.context.outcome

_answer["policy"] := input.result.context.policy

_answer["reasons"] := [reason.code | some reason in _reasons]

default _reasons := []

_reasons := input.result.context.reasons if {
	is_array(input.result.context.reasons)
} else := input.result.reasons if {
	is_array(input.result.reasons)
}
