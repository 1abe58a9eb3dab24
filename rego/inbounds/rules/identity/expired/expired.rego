# METADATA
# title: Identity token not in force
# description: |
#   An identity token is valid from its beginning to its end. The end is exact. For the beginning and
#   the issue time, clocks may differ by 30 seconds.
# custom:
#   severity: high
#   remedy: The agent must fetch a fresh identity token; the operator compares the clocks of issuer and policy
#   controls: ["owasp_asi:ASI03", "owasp_aisvs:v1.0-C5.1.2", "owasp_nhi:NHI7:2025"]
#   depends_on: [request.malformed, identity.unverified]
package inbounds.rules.identity.expired

import data.inbounds.lib.tokens

# METADATA
# description: The token has begun, has been issued, and has not come to its end
ruled_out if tokens.in_force("identity")

# METADATA
# description: Nothing beyond the code
details := set()
