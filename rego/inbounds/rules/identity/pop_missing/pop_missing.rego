# METADATA
# title: Proof of possession missing
# description: |
#   The deployment names effects for which each call proves that its sender holds the key that the
#   task's token names. Without that, whoever has copied the token could act.
# custom:
#   severity: critical
#   remedy: Ask with an SDK that signs a proof for each call; which effects need one is in deployment/settings.yaml
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
