# METADATA
# title: Tenant differs from the task's
# description: |
#   A task acts in the tenant that it was begun for, and its agent and subject must both belong to
#   that tenant. A call is denied if its resource is of another tenant, or if no tenant is stated for
#   it.
# custom:
#   severity: critical
#   remedy: >-
#     The user can begin a task in this tenant; the operator can state the tool's `tenant` in
#     deployment/tools.yaml
#   controls: ["owasp_asi:ASI03", "owasp_mcp:MCP10:2025", "owasp_aisvs:v1.0-C5.3.1", "owasp_aisvs:v1.0-C10.2.5"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - identity.agent_unregistered
#     - task.unverified
#     - capability.unregistered_tool
#     - subject.not_entitled
package inbounds.rules.tenant.other_than_task

import data.inbounds.lib.agents
import data.inbounds.lib.resources
import data.inbounds.lib.subjects
import data.inbounds.lib.task

# METADATA
# description: Resource, agent and subject are all of the task's tenant
ruled_out if {
	_resource
	_agent
	_subject
}

# METADATA
# description: Who or what is not of the task's tenant
# scope: document
details contains {"of": "resource", "place": "/resource/properties/tenant"} if not _resource

details contains {"of": "agent"} if not _agent

details contains {"of": "subject"} if not _subject

_resource if resources.tenant == task.claims.tenant

_agent if task.claims.tenant in agents.entry.tenants

_subject if task.claims.tenant in subjects.tenants(task.claims.sub)
