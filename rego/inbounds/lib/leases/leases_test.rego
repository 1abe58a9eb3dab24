package inbounds.lib.leases_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.leases

_credential := "/deployment/tools/mail.read/credential"

_lease(credential) := {"credential": credential, "handle": "lease-1", "task": "task-1", "expires": 1800000060}

test_a_tool_that_names_no_credential_needs_none if {
	every patches in [[], fixtures.putting(_credential, "")] {
		_needed(patches) == ""
		_none(patches)
		not _static(patches)
		not _entry(patches)
		not _held(patches)
	}
}

test_a_credential_without_a_name_is_none if {
	nameless := fixtures.putting("/deployment/credentials/", {"kind": "lease"})

	_none(nameless)
	not _entry(nameless)
	not _held(nameless)
}

test_what_is_needed_is_what_the_registry_says if {
	_needed(fixtures.putting(_credential, "mail-store")) == "mail-store"
	not _none(fixtures.putting(_credential, "mail-store"))
	_entry(fixtures.putting(_credential, "mail-store")) == {"kind": "lease"}
	not _entry(fixtures.putting(_credential, "unknown"))
	not _static(fixtures.putting(_credential, "mail-store"))
	_static(fixtures.putting(_credential, "mail-key"))
}

test_nobody_knows_what_is_needed_of_what_is_no_registered_tool_or_no_name if {
	every patches in [
		fixtures.putting("/question/action/name", "mail.unregistered"),
		fixtures.putting("/deployment/tools/mail.read", null),
		fixtures.putting(_credential, null),
		fixtures.putting(_credential, ["mail-store"]),
		fixtures.putting(_credential, {"mail-store": 1}),
		fixtures.putting(_credential, 0),
	] {
		not _needed(patches)
		not _none(patches)
		not _held(patches)
	}
}

test_what_is_no_entry_is_not_known if {
	every value in [null, "lease", ["lease"], 0, true] {
		patches := fixtures.joined([
			fixtures.putting(_credential, "mail-store"),
			fixtures.putting("/deployment/credentials/mail-store", value),
		])
		not _entry(patches)
		not _held(patches)
	}
}

test_only_leases_of_this_credential_are_held if {
	patches := fixtures.joined([
		fixtures.putting(_credential, "mail-store"),
		fixtures.putting("/question/context/leases", [_lease("other"), _lease("mail-store"), _lease(""), 7]),
	])

	_held(patches) == {1: _lease("mail-store")}
}

test_nothing_is_held_where_nothing_is_leased if {
	_held(fixtures.putting(_credential, "mail-store")) == {}
	leased := fixtures.putting("/question/context/leases", [_lease("mail-key"), _lease("mail-store")])
	not _held(fixtures.joined([fixtures.putting(_credential, "mail-key"), leased]))
	not _held(leased)
}

test_what_is_no_list_holds_nothing if {
	every value in [null, 0, true, "x", {}, {"0": _lease("mail-store")}] {
		not _held(fixtures.joined([
			fixtures.putting(_credential, "mail-store"),
			fixtures.putting("/question/context/leases", value),
		]))
	}
}

test_what_is_no_context_holds_nothing if {
	not _held(fixtures.joined([
		fixtures.putting(_credential, "mail-store"),
		fixtures.putting("/question/context", [_lease("mail-store")]),
	]))
}

_needed(patches) := found if {
	stage := fixtures.staged(patches)
	found := leases.needed with input as stage.question with data.deployment as stage.deployment
}

_entry(patches) := found if {
	stage := fixtures.staged(patches)
	found := leases.entry with input as stage.question with data.deployment as stage.deployment
}

_held(patches) := found if {
	stage := fixtures.staged(patches)
	found := leases.held with input as stage.question with data.deployment as stage.deployment
}

_none(patches) if {
	stage := fixtures.staged(patches)
	leases.none with input as stage.question with data.deployment as stage.deployment
}

_static(patches) if {
	stage := fixtures.staged(patches)
	leases.static with input as stage.question with data.deployment as stage.deployment
}
