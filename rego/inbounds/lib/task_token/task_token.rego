# METADATA
# description: |
#   The task's own token, which the issuer signed, once its signature has been verified. What a
#   call may do is less where the task was delegated: rules read that from lib/task.
package inbounds.lib.task_token

import data.inbounds.lib.issuers
import data.inbounds.lib.jwt

# METADATA
# description: |
#   The verified token: the name of the issuer whose key signed it, that issuer's entry in
#   the deployment, and the claims. Undefined when no signature of a known key holds.
verified := {"name": signer.name, "issuer": signer.issuer, "claims": payload} if {
	parts := jwt.read(input.context.credentials.task)
	signer := issuers.of(parts.header.kid)
	payload := jwt.verified(parts, "task+jwt", signer.issuer.keys, signer.issuer.algorithms)
}

# METADATA
# description: The claims of the token
claims := verified.claims

# METADATA
# description: |
#   What was approved: the one entry of `authorization_details` (RFC 9396). Undefined when
#   there is none, when there are several, or when it is of another type.
authority := entry if {
	is_array(claims.authorization_details)
	count(claims.authorization_details) == 1
	entry := claims.authorization_details[0]
	entry.type == "inbounds_task"
}
