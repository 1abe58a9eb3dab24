# METADATA
# description: |
#   Proof that whoever asks holds the key that the task's last token names, made for this call and
#   for this state of the session alone: a token that was stolen is worth nothing without the key,
#   and a proof that was seen is worth nothing to anybody.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc7800
#     description: Proof-of-Possession Key Semantics for JSON Web Tokens
#   - ref: https://datatracker.ietf.org/doc/draft-niyikiza-oauth-attenuating-agent-tokens-01/
#     description: Attenuating Authorization Tokens, section 5.2
package inbounds.lib.proof

import data.inbounds.lib.holder
import data.inbounds.lib.jwt
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The proof that the question carries, empty for none; undefined for what is not text
given := token if {
	is_object(input.context.credentials)
	token := object.get(input.context.credentials, "proof", "")
	is_string(token)
}

# METADATA
# description: |
#   Whether the deployment asks for a proof. Unless it is positively shown not to, it does.
# scope: document
default required := true

required := false if {
	is_object(data.deployment.settings)
	listed := object.get(data.deployment.settings, "proof", [])
	is_array(listed)
	count(tools.effects) > 0
	count({effect | some effect in listed} & tools.effects) == 0
}

# METADATA
# description: The claims of a proof that the holder of the task's last token has signed
claims := jwt.signed_by(parts, "task-pop+jwt", task.holder, holder.algorithms) if {
	given != ""
	holder.public(task.holder)
	parts := jwt.read(given)
	object.keys(parts.header) == {"alg", "typ"}
}
