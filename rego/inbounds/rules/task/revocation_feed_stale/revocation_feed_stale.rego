# METADATA
# title: Revocation feed missing or stale
# description: |
#   The revocation feed shows whether a task was ended or a token revoked. Its owner signs it anew
#   every few seconds. If its signed head is missing, too old for the effects of the tool, or dated in
#   the future, this is unknown, and no call runs.
# custom:
#   severity: high
#   remedy: The operator must run `inbounds live serve`, and check its connection to the policy and the clocks of both
#   controls: ["nist_800_53:AC-3(8)", "owasp_aisvs:v1.0-C9.5.6", "csa_atf:R-5"]
package inbounds.rules.task.revocation_feed_stale

import data.inbounds.lib.jwt
import data.inbounds.lib.live
import data.inbounds.lib.tools

# METADATA
# description: The feed's head is signed, and young enough for what the tool does
ruled_out if {
	bound := data.deployment.feed.max_age[_kind]
	is_number(bound)
	live.age <= bound
}

# METADATA
# description: |
#   The head's age, and the most it may be, in seconds; or that there is no head that counts,
#   and the key that it names where the deployment does not name that key for the feed
# scope: document
details contains {"age": live.age, "at_most": data.deployment.feed.max_age[_kind]}

details contains {"head": "unverified"} if not live.head

details contains {"unknown_key": key} if {
	key := jwt.header(data.live.now.head).kid
	not _names_key(key)
}

details contains {"head": "ahead"} if {
	live.head
	not live.age
}

_names_key(key) if _ = data.deployment.feed.keys[key]

# What is not known to read alone is taken to do more.
default _kind := "other"

_kind := "read" if tools.effects == {"read"}
