# METADATA
# title: Environment differs from the task's
# description: |
#   A task acts in the environment that it was begun for. A call is denied if its resource is in
#   another environment, or if no environment is stated for the resource.
# custom:
#   severity: high
#   remedy: >-
#     The user can begin a task for this environment; the operator can state the tool's `environment` in
#     deployment/tools.yaml
#   controls: ["owasp_nhi:NHI8:2025", "nist_800_53:AC-3(13)", "csa_atf:S-5"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
package inbounds.rules.environment.other_than_task

import data.inbounds.lib.resources
import data.inbounds.lib.task

# METADATA
# description: The resource is known to live in the environment of the task
ruled_out if resources.environment == task.authority.environment

# METADATA
# description: The environment of the resource where it is known, and where it can be said
# scope: document
details contains {"environment": resources.environment}

details contains {"place": "/resource/properties/environment"}
