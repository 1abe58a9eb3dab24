# METADATA
# description: |
#   What has been ended, revoked or stopped, from the baseline in the bundle and from the
#   feed. Nothing here can be ruled out without the feed's signed, fresh head and every list
#   of both: that a token is not in a list says nothing when the list may be missing.
package inbounds.lib.live

import data.inbounds.lib.clock
import data.inbounds.lib.jwt

# METADATA
# description: |
#   The claims of the feed's head, signed by the feed's own key and of this very feed; only
#   where every list is there, the feed's and the baseline's
head := claims if {
	claims := jwt.claims(
		data.live.now.head,
		"live-head+jwt",
		data.deployment.feed.keys,
		data.deployment.feed.algorithms,
	)
	claims.generation == data.live.now.generation
	claims.seq == data.live.now.seq

	# Each list carries a sentinel: at constant cost it shows that the list is there. Without
	# the baseline's own, a bundle that is missing would take what it lists with it. Compared
	# one by one with a constant, OPA would read each list whole for its index of rules.
	[
		data.live.now.ended[_sentinel],
		data.live.now.revoked[_sentinel],
		data.live.now.switches[_sentinel],
		data.live.baseline.ended[_sentinel],
		data.live.baseline.revoked[_sentinel],
		data.live.baseline.switches[_sentinel],
	] == [0, 0, 0, 0, 0, 0]
}

# METADATA
# description: The age of the feed in seconds; undefined when it lies over 5 s in the future
age := clock.now - head.as_of if {
	is_number(head.as_of)
	head.as_of <= clock.now + 5
}

# METADATA
# description: Whether a task or a session has been ended, by its id
# scope: document
ended(id) if _ = data.live.baseline.ended[id]

ended(id) if _ = data.live.now.ended[id]

# METADATA
# description: Whether the token has been revoked, by its `jti`
# scope: document
revoked(jti) if _ = data.live.baseline.revoked[jti]

revoked(jti) if _ = data.live.now.revoked[jti]

# METADATA
# description: |
#   Whether what was issued at `iat` came after all that was revoked of `name`: `agent:…`, a SPIFFE
#   ID, or `issuer:…`, a name in issuers.yaml. A clock that is 30 s ahead brings nothing back.
issued_after(name, iat) if {
	is_number(iat)
	is_string(name)
	not _revoked_since(data.live.baseline.revoked, name, iat)
	not _revoked_since(data.live.now.revoked, name, iat)
}

# METADATA
# description: Whether a kill switch is thrown; `name` is `fleet`, `agent:…` or `task:…`
# scope: document
switched(name) if _ = data.live.baseline.switches[name]

switched(name) if _ = data.live.now.switches[name]

_revoked_since(revoked, name, iat) if {
	at := revoked[name]
	not _before(at, iat)
}

_before(at, iat) if {
	is_number(at)
	at + 30 < iat
}

_sentinel := "_"
