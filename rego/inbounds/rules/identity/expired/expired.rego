# METADATA
# title: Identity token not in force
# description: |
#   An identity token holds from its beginning to its end. Its end is exact; a beginning or an
#   issue up to 30 seconds ahead is put down to clocks that differ.
# custom:
#   severity: high
#   remedy: Fetch a fresh identity token, and compare the clocks of issuer and policy
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
