# METADATA
# title: Proof of possession missing
# description: |
#   The deployment's settings list effects in `proof`. A call with such an effect must carry a proof
#   of possession: a signature with the key that the task's token names. Without it, anybody who has
#   copied the token could use it.
# custom:
#   severity: critical
#   remedy: >-
#     Use an SDK that signs a proof for each call; the operator lists the effects in `proof` of
#     deployment/settings.yaml
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI2:2025"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.identity.pop_missing

import data.inbounds.lib.proof

# METADATA
# description: There is a proof, or the effects of the tool need none
# scope: document
ruled_out if proof.given != ""

ruled_out if {
	proof.given == ""
	proof.required == false
}

# METADATA
# description: Nothing beyond the code
details := set()
