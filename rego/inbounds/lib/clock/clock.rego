# METADATA
# description: The one place where the policy reads the time.
package inbounds.lib.clock

# METADATA
# description: Whole seconds since 1970-01-01T00:00:00Z
now := floor(time.now_ns() / 1000000000)
