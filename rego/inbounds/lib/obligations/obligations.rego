# METADATA
# description: What a PEP is obliged to, in the one form that it has.
package inbounds.lib.obligations

# METADATA
# description: |
#   An obligation of a type, under an id that names it and the decision. Undefined where the
#   question holds no decision to name.
of(type, properties) := {
	"id": concat(":", [type, input.context.decision.id]),
	"type": type,
	"properties": properties,
} if {
	# Of another type, and the question malformed, it would make `concat` fail.
	is_string(input.context.decision.id)
}
