# METADATA
# description: |
#   The two tokens of a question, for what is asked of both alike. A token whose signature
#   does not hold is missing here, so a rule asks for each by its name.
package inbounds.lib.tokens

import data.inbounds.lib.clock
import data.inbounds.lib.identity
import data.inbounds.lib.task

# METADATA
# description: What the tokens are called, in the details of a fault as well
names := {"identity", "task"}

# METADATA
# description: The verified identity token, as lib/identity gives it
verified["identity"] := identity.verified

# METADATA
# description: The verified task token, as lib/task gives it
verified["task"] := task.verified

# METADATA
# description: |
#   Whether the token is in force now. Its end is exact; that it begins or was issued up to
#   30 s ahead is put down to clocks that differ.
in_force(name) if {
	claims := verified[name].claims
	is_number(claims.exp)
	claims.exp > clock.now
	is_number(claims.iat)
	claims.iat <= clock.now + 30

	start := object.get(claims, "nbf", 0)
	is_number(start)
	start <= clock.now + 30
}
