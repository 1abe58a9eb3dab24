# METADATA
# title: Session state missing
# description: |
#   The decision depends on the data that a session has seen and on the budgets that it has spent. If
#   a part of this state is missing, or its label is not one of the deployment's, no call runs.
# custom:
#   severity: high
#   remedy: The user must begin another session; a lost state is not restored
#   controls: ["owasp_asi:ASI06", "nist_800_53:AC-4(3)", "owasp_mcp:MCP10:2025"]
#   depends_on: [request.malformed]
package inbounds.rules.session.missing

import data.inbounds.lib.labels
import data.inbounds.lib.spending

# METADATA
# description: Every part of the state is there and can be reckoned with
ruled_out if _sound == _places

# METADATA
# description: The places of the state that are not
details contains {"place": concat("", ["/context/session", place])} if {
	some place in _places
	not place in _sound
}

_places := {
	"/id", "/version", "/trust", "/label", "/effects",
	"/spent", "/tasks", "/approvals", "/last", "/repeats", "/refusals",
	"/tainted_stores", "/decisions",
}

_sound contains "/id" if is_string(input.context.session.id)

_sound contains "/version" if _counted(input.context.session.version)

_sound contains "/trust" if input.context.session.trust in {"trusted", "untrusted"}

_sound contains "/label" if is_number(labels.rank(input.context.session.label))

_sound contains "/effects" if is_array(input.context.session.effects)

_sound contains "/spent" if _reckoned(input.context.session.spent)

_sound contains "/tasks" if {
	is_object(input.context.session.tasks)

	every entry in input.context.session.tasks {
		_counted(entry.deadline)
		_reckoned(entry)
	}
}

_sound contains "/approvals" if {
	is_object(input.context.session.approvals)

	every used in input.context.session.approvals {
		_counted(used.until)
		_counted(used.times)
	}
}

_sound contains "/last" if is_string(input.context.session.last)

_sound contains "/repeats" if _counted(input.context.session.repeats)

_sound contains "/refusals" if _counted(input.context.session.refusals)

_sound contains "/tainted_stores" if {
	is_array(input.context.session.tainted_stores)

	every name in input.context.session.tainted_stores {
		is_string(name)
	}
}

_sound contains "/decisions" if is_array(input.context.session.decisions)

_reckoned(spent) if {
	counts := spending.counts(spent)
	min(counts) >= 0
	max(counts) < ""
}

_counted(value) if {
	is_number(value)
	value >= 0
}
