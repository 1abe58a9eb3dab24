# METADATA
# description: |
#   Which hosts are on the public Internet, by their name or address alone. Every other host is
#   this machine, this network, a platform's metadata, or not known to be anything else: the
#   wildcard of a destination never stands for it. What a name resolves to cannot be seen here.
# related_resources:
#   - ref: https://www.iana.org/assignments/iana-ipv4-special-registry
#     description: IPv4 addresses with a special purpose
#   - ref: https://www.iana.org/assignments/iana-ipv6-special-registry
#     description: IPv6 addresses with a special purpose
#   - ref: https://www.iana.org/assignments/special-use-domain-names
#     description: Names with a special use
package inbounds.lib.hosts

# METADATA
# description: |
#   Whether a host in canonical form is public. A spelling that is not canonical is not public.
# scope: document
public(host) if {
	is_string(host)
	regex.match(_name, host)
	labels := split(host, ".")
	not labels[count(labels) - 1] in _local_domains
}

public(host) if {
	is_string(host)
	regex.match(_ipv4, host)

	every range in _special_ipv4 {
		net.cidr_contains(range, host) == false
	}
}

# Global unicast is 2000::/3. Loopback, mapped, NAT64, unique local, link-local and multicast
# addresses all lie outside of it.
public(host) if {
	is_string(host)
	regex.match(`^\[[23][0-9a-f]{3}:[0-9a-f:]*\]$`, host)
	not regex.match(_special_ipv6, host)
}

# At least two labels. The last one begins with a letter, or it would be read as an address.
_name := `^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`

# No leading zero, which some readers take for octal.
_ipv4 := `^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$`

# A group with a leading zero, and in 2000::/3: 2001::/23, which holds Teredo, benchmarking and
# ORCHID; 2001:db8::/32 and 3fff::/16, documentation; 2002::/16, 6to4.
_special_ipv6 := `:0[0-9a-f]|^\[(2002|3fff|2001:(|[0-9a-f]{1,2}|1[0-9a-f]{2}|db8)):`

# RFC 6761, RFC 6762 with appendix G, RFC 8375, and what clusters use.
_local_domains := {
	"arpa", "cluster", "consul", "corp", "default", "dmz", "docker", "home", "homenet", "internal", "intra",
	"intranet", "lan", "local", "localdomain", "localhost", "localnet", "private", "svc",
}

# 168.63.129.16 is a public address by which a cloud answers its own machines.
_special_ipv4 := [
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
	"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
]
