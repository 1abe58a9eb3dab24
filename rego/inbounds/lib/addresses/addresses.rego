# METADATA
# description: |
#   The leaves of the arguments that name somebody or somewhere: by what the registry says of them,
#   or by their own value.
package inbounds.lib.addresses

import data.inbounds.lib.arguments
import data.inbounds.lib.code
import data.inbounds.lib.kinds

# METADATA
# description: |
#   The pointers of the leaves that name a destination. Where null may stand it names none;
#   that a call which sends names none at all is for the rule to see.
named contains pointer if {
	some pointer, leaf in arguments.leaves
	leaf.value != null
	_names_somewhere(arguments.spec(leaf.pattern), leaf.value)
}

# METADATA
# description: Whether a value of a kind names another host by itself
# scope: document
names_host("path", value) if kinds.path_names_host(value)

names_host(kind, value) if {
	kind != "path"
	kinds.names_host(value)
}

_names_somewhere(spec, _) if spec.role == "recipient"

_names_somewhere(spec, _) if spec.kind in {"url", "host"}

_names_somewhere(spec, _) if {
	spec.kind in {"email", "phone", "iban"}
	not spec.role in {"query", "content"}
}

# A value whose kind does not say what it is says it itself. What is only looked for or written down
# is not followed, but for a path.
_names_somewhere(spec, value) if {
	spec.kind in {"none", "text"}
	not spec.role in {"query", "content"}
	names_host(spec.kind, value)
}

# What is run reaches each host that it names, wherever in it.
_names_somewhere(spec, value) if {
	spec.role == "code"
	spec.kind in {"none", "text"}
	code.names_host(value)
}

_names_somewhere(spec, value) if {
	spec.kind in {"none", "text"}
	not spec.role in {"query", "content", "code"}
	kinds.has_scheme(value)
}

# A target is one value. What names a host anywhere else in it is followed as well, by a tool that
# splits it or looks for links in it.
_names_somewhere(spec, value) if {
	spec.role == "target"
	spec.kind in {"none", "text"}
	kinds.names_host_within(value)
}

_names_somewhere(spec, value) if {
	spec.kind == "path"
	names_host("path", value)
}
