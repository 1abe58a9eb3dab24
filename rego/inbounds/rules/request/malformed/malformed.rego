# METADATA
# title: Malformed question
# description: |
#   A question has a closed schema: every member is known, has the right type and is within its range.
#   A question that does not fit the schema is denied, because no other rule could rely on it.
# custom:
#   severity: high
#   remedy: The agent author must ask with the SDK, or compare the question with its JSON Schema
#   controls: ["nist_800_53:SI-10", "owasp_aisvs:v1.0-C10.4.3", "csa_atf:D-1"]
package inbounds.rules.request.malformed

import data.inbounds.lib.shape

# METADATA
# description: The question has the shape that the SDK's models give it
ruled_out if shape.ordinary

# METADATA
# description: The places that have not, `*` standing for any index or key
details contains {"place": place} if some place in shape.faults
