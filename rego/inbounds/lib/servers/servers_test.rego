package inbounds.lib.servers_test

import data.inbounds.lib.servers

_called(name) := {"action": {"name": name}, "resource": {"properties": {"server": "https://files.example/mcp"}}}

test_name_is_the_first_part_of_the_tools if {
	servers.name == "files" with input as _called("files.read_file")
	servers.name == "files" with input as _called("files")
	servers.name == "" with input as _called(".read_file")
	servers.name == "files" with input as _called("files.read.all")
	every odd in [null, 4, ["files.read"], {}] {
		not servers.name with input as _called(odd)
		not servers.listed with input as _called(odd) with data.deployment.servers as {"files": {"at": []}}
	}
}

test_listed_is_what_has_an_entry_of_whatever_form if {
	every entry in [{"at": ["https://files.example/mcp"]}, {}, null, false] {
		servers.listed with input as _called("files.read_file") with data.deployment.servers as {"files": entry}
	}
}

test_not_listed if {
	every known in [{}, {"file": {"at": []}}, {"files.read_file": {"at": []}}, null, "files", ["files"]] {
		not servers.listed with input as _called("files.read_file") with data.deployment.servers as known
	}
}

test_places_are_those_of_its_entry if {
	known := {"files": {"at": ["https://files.example/mcp", "npx files /work"]}, "git": {"at": ["uvx git"]}}
	not servers.places with input as _called("mail.read") with data.deployment.servers as known
	places := servers.places with input as _called("files.read_file") with data.deployment.servers as known
	places == {"https://files.example/mcp", "npx files /work"}
	every entry in [{}, null, {"at": null}, {"at": 4}] {
		none := servers.places with input as _called("files.read_file") with data.deployment.servers as {"files": entry}
		none == set()
	}
}

test_what_the_pep_says_is_empty_where_it_says_nothing if {
	servers.runs_at == "https://files.example/mcp" with input as _called("files.read_file")
	servers.descriptor == "" with input as _called("files.read_file")
	servers.descriptor == "sha256:a" with input as {"resource": {"properties": {"descriptor": "sha256:a"}}}
	not servers.runs_at with input as {}
	every resource in [{}, {"properties": {}}, {"properties": null}, {"properties": []}] {
		servers.runs_at == "" with input as {"resource": resource}
		servers.descriptor == "" with input as {"resource": resource}
	}
}

test_what_the_pep_says_of_no_resource if {
	every odd in [null, "files", [], 4] {
		not servers.runs_at with input as {"resource": odd}
		not servers.descriptor with input as {"resource": odd}
	}
}
