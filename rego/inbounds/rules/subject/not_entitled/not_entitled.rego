# METADATA
# title: Subject not entitled
# description: |
#   An agent never has more rights than the subject that it acts for. The deployment must list the
#   subject of the task, and the subject must be entitled to this tool and to each of its effects,
#   itself or through its groups.
# custom:
#   severity: high
#   remedy: Ask somebody who is entitled to it; the operator can entitle the subject in subjects.yaml or groups.yaml
#   controls: ["owasp_asi:ASI03", "owasp_t:T3", "nist_800_53:AC-6", "owasp_aisvs:v1.0-C5.2.2"]
#   depends_on: [request.malformed, task.unverified, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.subject.not_entitled

import data.inbounds.lib.subjects
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The subject is entitled to the tool, and to every effect of it
ruled_out if {
	_has_tool
	count(tools.effects) > 0
	count(tools.effects - subjects.effects(task.claims.sub)) == 0
}

# METADATA
# description: The tool or the effects that the subject is not entitled to
# scope: document
details contains {"tool": input.action.name} if not _has_tool

details contains {"effect": effect} if {
	some effect in (tools.effects - subjects.effects(task.claims.sub))
}

_has_tool if count({input.action.name, "*"} & subjects.tools(task.claims.sub)) > 0
