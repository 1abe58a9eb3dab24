# METADATA
# description: |
#   The task a call is made in, once every signature has been verified. Rules read the task
#   from here and never from what the caller asserts. Where the task was delegated, what the
#   call may do is what the last holder was given; whose task it is stays what the issuer said.
package inbounds.lib.task

import data.inbounds.lib.delegation
import data.inbounds.lib.task_token

# METADATA
# description: The verified token that the issuer signed, as lib/task_token gives it
verified := task_token.verified

# METADATA
# description: The claims of the task token
claims := task_token.claims

# METADATA
# description: What the issuer approved. What vouches for an argument is read from here alone.
granted := task_token.authority

# METADATA
# description: |
#   What the call may do: the authority of the task, or what is left of it in the last hop. Undefined
#   if either cannot be read.
# scope: document
authority := granted if delegation.given == []

authority := delegation.last.authority

# METADATA
# description: The agent that acts, whom the task was begun for or delegated to last
# scope: document
actor := claims.act.sub if delegation.given == []

actor := delegation.last.claims.act.sub

# METADATA
# description: The public key of who holds the task, by its last token
# scope: document
holder := claims.cnf.jwk if delegation.given == []

holder := delegation.last.claims.cnf.jwk if delegation.hops > 0

# METADATA
# description: The `jti` of the task's last token
# scope: document
jti := claims.jti if delegation.given == []

jti := delegation.last.claims.jti if delegation.hops > 0

# METADATA
# description: How many hops the task has been through
depth := claims.del_depth + delegation.hops if is_number(claims.del_depth)

# METADATA
# description: |
#   The accounts that the call is charged to: that of the task and of each hop, each with its id and
#   its authority. Undefined if one of them cannot be read.
accounts := all_of if {
	all_of := array.concat(
		[{"id": claims.task, "authority": granted}],
		[{"id": link.account, "authority": link.authority} | some link in delegation.links],
	)

	# Nobody is left out, and no two keep one account.
	count({account.id | some account in all_of} - {""}) == delegation.hops + 1
}
