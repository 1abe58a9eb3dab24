package inbounds.rules.supply.descriptor_changed_test

import data.inbounds.lib.fixtures_test as fixtures

_pinned(pin) := [{"op": "add", "path": "/deployment/tools/mail.read/pin", "value": pin}]

_seen(digest) := [{"op": "add", "path": "/question/resource/properties/descriptor", "value": digest}]

test_ruled_out_where_there_is_neither_descriptor_nor_pin if {
	every patches in [[], _pinned(""), _seen(""), array.concat(_pinned(""), _seen(""))] {
		fixtures.ruled_out("supply", "descriptor_changed", patches)
		fixtures.details("supply", "descriptor_changed", patches) == set()
	}
}

test_ruled_out_for_the_pinned_descriptor if {
	patches := array.concat(_pinned("sha256:aa"), _seen("sha256:aa"))
	fixtures.ruled_out("supply", "descriptor_changed", patches)
	fixtures.details("supply", "descriptor_changed", patches) == set()
}

test_stands_for_another_descriptor if {
	every digest in ["sha256:ab", "sha256:a", "SHA256:aa", "aa"] {
		patches := array.concat(_pinned("sha256:aa"), _seen(digest))
		fixtures.stands("supply", "descriptor_changed", patches)
		fixtures.details("supply", "descriptor_changed", patches) == {{
			"tool": "mail.read",
			"pinned": "sha256:aa",
			"seen": digest,
		}}
	}
}

test_stands_where_nobody_has_seen_what_is_pinned if {
	every patches in [_pinned("sha256:aa"), array.concat(_pinned("sha256:aa"), _seen(""))] {
		fixtures.stands("supply", "descriptor_changed", patches)
		fixtures.details("supply", "descriptor_changed", patches) == {{
			"tool": "mail.read",
			"pinned": "sha256:aa",
			"seen": "",
		}}
	}
}

test_stands_for_a_descriptor_that_nobody_has_pinned if {
	every patches in [_seen("sha256:aa"), array.concat(_pinned(""), _seen("sha256:aa"))] {
		fixtures.stands("supply", "descriptor_changed", patches)
		fixtures.details("supply", "descriptor_changed", patches) == {{
			"tool": "mail.read",
			"seen": "sha256:aa",
			"place": "/resource/properties/descriptor",
		}}
	}
}

test_stands_for_what_is_of_another_form if {
	fixtures.stands("supply", "descriptor_changed", [{"op": "remove", "path": "/question/resource"}])
	fixtures.stands("supply", "descriptor_changed", [{"op": "remove", "path": "/deployment/tools/mail.read"}])
	every entry in [[], null, "pin"] {
		fixtures.stands("supply", "descriptor_changed", fixtures.putting("/deployment/tools/mail.read", entry))
	}
	every odd in [null, 4, true, ["sha256:aa"], {"sha256:aa": true}] {
		fixtures.stands("supply", "descriptor_changed", array.concat(_pinned("sha256:aa"), _seen(odd)))
		fixtures.stands("supply", "descriptor_changed", array.concat(_pinned(odd), _seen("sha256:aa")))
		fixtures.stands("supply", "descriptor_changed", array.concat(_pinned(odd), _seen(odd)))
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("supply", "descriptor_changed", anything)
	}
}
